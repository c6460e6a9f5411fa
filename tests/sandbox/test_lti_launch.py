"""What a tool is told when somebody opens it."""

from typing import Any

import jwt
import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import CLAIM, Campus

COURSE = f"/courses/{c.COURSE}/external_tools/1/launch"
ACCOUNT = "/accounts/2/external_tools/1/launch"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
USER = LIS + "system/person#User"


@fact("lti 5", "Platform storage is a sibling frame called post_message_forwarding.")
def test_a_tool_page_holds_the_tool_in_a_frame_beside_the_storage_frame(campus: Campus) -> None:
    page = campus.browser(c.TEACHER).get(COURSE.removesuffix("/launch")).text

    assert f'name="tool_content" title="Pairing" src="{COURSE}"' in page
    assert '<iframe name="post_message_forwarding"' in page


@fact(
    "lti 1.1",
    "Canvas posts a form to the login address with iss, login_hint, client_id, target_link_uri and the hint.",
)
@fact("lti 1.1", "The deployment comes as lti_deployment_id and, from older code, as deployment_id too.")
@fact("lti 1.1", "login_hint is a 40-hex id and not `sub`; client_id the global id of the key as a text.")
@fact("lti 1.1", "lti_storage_target is post_message_forwarding.")
def test_login_initiation_is_a_form_post_with_every_parameter(campus: Campus) -> None:
    form = campus.browser(c.TEACHER).initiation(COURSE)

    hint = jwt.decode(form.fields.pop("lti_message_hint"), options={"verify_signature": False})
    assert form.action == "http://tool.test/lti/login"
    assert len(form.fields.pop("login_hint")) == 40
    assert form.fields == {
        "iss": "https://canvas.instructure.com",
        "client_id": c.TOOL,
        "lti_deployment_id": "1:abcd",
        "deployment_id": "1:abcd",
        "target_link_uri": c.LAUNCH + "?placement=course",
        "canvas_environment": "prod",
        "canvas_region": "not_configured",
        "lti_storage_target": "post_message_forwarding",
    }
    assert len(hint["verifier"]) == 128
    assert hint["context_type"] == "Course"
    assert hint["context_id"] == 10_000_000_000_000 + c.COURSE
    assert campus.url.endswith(hint["canvas_domain"])


@fact("lti 1.1", "Where there is no platform storage, lti_storage_target is left out.")
def test_a_canvas_without_platform_storage_offers_none(campus: Campus) -> None:
    browser = campus.becomes(settings={"platform_storage": False}).browser(c.TEACHER)

    assert "lti_storage_target" not in browser.initiation(COURSE).fields
    assert "lti_storage_target" not in c.Form(browser.authorize(browser.request_for(COURSE)).text).fields


@fact(
    "lti 1.4",
    "The answer is a form post of id_token, state and lti_storage_target, with utf8 and authenticity_token.",
)
def test_the_answer_is_a_form_post_with_token_state_and_storage_target(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)

    form = c.Form(browser.authorize(browser.request_for(COURSE)).text)

    assert form.action == c.LAUNCH + "?placement=course"
    assert set(form.fields) == {"utf8", "authenticity_token", "id_token", "state", "lti_storage_target"}
    assert form.fields["state"] == "state-1"


@fact("lti 1.4", "An id_token lives for 3600 seconds.")
@fact("lti 2.1", "`aud` is a text, the global id of the key, and the same as `azp`.")
@fact("lti 2.1", "The context of a course has id, label, title and the type CourseOffering.")
@fact("lti 2.1", "A navigation placement's resource link has the id of the context and no description.")
@fact("lti 2.1", "message_type, version, target_link_uri and the placement are in every launch.")
def test_a_course_launch_names_course_person_and_platform(campus: Campus) -> None:
    claims = campus.browser(c.TEACHER).launch(COURSE)

    assert claims["iss"] == "https://canvas.instructure.com"
    assert claims["aud"] == claims["azp"] == c.TOOL
    assert claims["exp"] == claims["iat"] + 3600
    assert claims["nonce"] == "nonce-1"
    assert claims[CLAIM + "message_type"] == "LtiResourceLinkRequest"
    assert claims[CLAIM + "version"] == "1.3.0"
    assert claims[CLAIM + "deployment_id"] == "1:abcd"
    assert claims[CLAIM + "target_link_uri"] == c.LAUNCH + "?placement=course"
    context = claims[CLAIM + "context"]
    assert (context["label"], context["title"]) == ("BIO101", "Biology 101")
    assert context["type"] == [LIS + "course#CourseOffering"]
    assert claims[CLAIM + "resource_link"] == {
        "id": context["id"],
        "title": "Biology 101",
        "description": None,
    }
    assert claims[CLAIM + "tool_platform"]["product_family_code"] == "canvas"
    assert claims[CLAIM + "launch_presentation"]["document_target"] == "iframe"
    assert claims[CLAIM + "lti11_legacy_user_id"] == claims[CLAIM + "lti1p1"]["user_id"]
    assert claims["https://www.instructure.com/placement"] == "course_navigation"


@fact("lti 2.1", "The context of an account has the type Account and no label.")
@fact(
    "lti 2.3",
    "A user_navigation launch has the person as context, of type User.",
    uncertain="inferred, no capture",
)
@fact("lti 2.3", "An account_navigation launch has the account that is looked at as context.")
@fact("lti 2.2", "Launches from accounts and from the own menu carry no membership role.")
@pytest.mark.parametrize(
    ("user_id", "path", "title", "kind", "placement"),
    [
        (c.ADMIN, ACCOUNT, "College", "Account", "account_navigation"),
        (c.PARENT, f"/users/{c.PARENT}/external_tools/1/launch", "Pat Parent", "User", "user_navigation"),
    ],
)
def test_other_placements_have_their_own_context(
    campus: Campus, user_id: int, path: str, title: str, kind: str, placement: str
) -> None:
    claims = campus.browser(user_id).launch(path)

    context = claims[CLAIM + "context"]
    assert (context["title"], context["type"]) == (title, [kind])
    assert "label" not in context
    assert claims[CLAIM + "resource_link"]["id"] == context["id"]
    assert claims["https://www.instructure.com/placement"] == placement
    assert not any("membership" in role for role in claims[CLAIM + "roles"])


@fact(
    "lti 2.2", "Teachers, TAs, designers, students, observers and admins have the roles of the table, sorted."
)
@fact("lti 2.2", "A TA is an Instructor too; only the sub-role tells them apart.")
@fact("lti 2.2", "An observer has no institution role.")
@fact("lti 2.2", "A concluded enrollment leaves no membership role.")
@pytest.mark.parametrize(
    ("user_id", "course_id", "roles"),
    [
        (c.TEACHER, c.COURSE, ["institution/person#Instructor", "membership#Instructor"]),
        (
            c.TA,
            c.COURSE,
            [
                "institution/person#Instructor",
                "membership#Instructor",
                "membership/Instructor#TeachingAssistant",
            ],
        ),
        (c.DESIGNER, c.COURSE, ["institution/person#Instructor", "membership#ContentDeveloper"]),
        (c.STUDENT, c.COURSE, ["institution/person#Student", "membership#Learner"]),
        (
            c.BOTH,
            c.COURSE,
            ["institution/person#Instructor", "institution/person#Student", "membership#Learner"],
        ),
        (c.PARENT, c.COURSE, ["membership#Mentor"]),
        (c.COURSE_OBSERVER, c.COURSE, ["membership#Mentor"]),
        (c.ADMIN, c.COURSE, ["institution/person#Administrator"]),
        (c.SUB_ADMIN, c.COURSE, ["institution/person#Administrator"]),
        (c.FORMER_STUDENT, c.COURSE, []),
        (c.TEACHER, c.CONCLUDED, ["institution/person#Instructor"]),
    ],
)
def test_roles_say_what_a_person_is_here_and_anywhere(
    campus: Campus, user_id: int, course_id: int, roles: list[str]
) -> None:
    claims = campus.browser(user_id).launch(f"/courses/{course_id}/external_tools/1/launch")

    assert claims[CLAIM + "roles"] == [*(LIS + role for role in roles), USER]


@fact("lti 2.1", "The privacy level decides about names, lis, email, picture and role_scope_mentor.")
@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("anonymous", set()),
        ("name_only", {"name", "given_name", "family_name", CLAIM + "lis"}),
        ("email_only", {"email"}),
        (
            "public",
            {
                "name",
                "given_name",
                "family_name",
                CLAIM + "lis",
                "email",
                "picture",
                CLAIM + "role_scope_mentor",
            },
        ),
    ],
)
def test_the_privacy_level_decides_what_is_told(campus: Campus, level: str, shown: set[str]) -> None:
    private = {
        "name",
        "given_name",
        "family_name",
        "email",
        "picture",
        CLAIM + "lis",
        CLAIM + "role_scope_mentor",
    }
    campus.becomes(lti_tools=c.tool(privacy_level=level))

    claims = campus.browser(c.PARENT).launch(COURSE)

    assert private & set(claims) == shown
    assert claims["sub"]


@fact("lti 2.1", "role_scope_mentor lists the `sub` of each student observed in the course.")
@fact("lti 2.7", "$com.instructure.User.observees lists the `sub` of each student observed.")
def test_an_observer_is_told_with_the_students_observed(campus: Campus) -> None:
    parent = campus.browser(c.PARENT).launch(COURSE)
    student = campus.browser(c.STUDENT).launch(COURSE)

    assert parent[CLAIM + "role_scope_mentor"] == [student["sub"]]
    assert parent[CLAIM + "custom"]["observees"] == student["sub"]
    assert parent[CLAIM + "lis"]["person_sourcedid"] == "S-pat"
    assert parent[CLAIM + "lis"]["course_offering_sourcedid"] == "$CourseSection.sourcedId"


TEACHER_IN_COURSE = {
    "user": "20",
    "course_id": "100",
    "account": "2",
    "root": "1",
    "sections": "1001,1002",
    "section_names": '["A", "B"]',
    "restricted": False,
    "roles": "TeacherEnrollment",
    "permissions": "read_roster,manage_grades",
    "state": "active",
    "root_admin": False,
    "adminable": "",
    "login": "ida",
    "sis": "S-ida",
    "observees": "",
    "observee_sis": "",
    "masquerader": "$Canvas.masqueradingUser.id",
    "masquerader_sub": "$Canvas.masqueradingUser.userId",
    "student_view": False,
    "term_end": "$Canvas.term.endAt",
    "email": "ida@campus.example",
    "unknown": "$No.such.variable",
    "mixed": "u=20&c=100",
    "plain": "text",
}
IN_NO_COURSE = {
    "course_id": "$Canvas.course.id",
    "sections": "$Canvas.course.sectionIds",
    "restricted": "$Canvas.course.sectionRestricted",
    "observees": "$com.instructure.User.observees",
}


@fact(
    "lti 2.7",
    "Course, account, section, role and permission variables give what the table says, by place and person.",
)
@fact(
    "lti 2.7",
    "$Canvas.membership.permissions gives the granted part; elsewhere its literal with empty brackets.",
)
@fact(
    "lti 2.7",
    "$Canvas.user.adminableAccounts lists the accounts with all sub-accounts; it is empty for others.",
)
@fact("lti 2.3", "In the own menu $Canvas.account.id is the root account, and course variables stay literal.")
@pytest.mark.parametrize(
    ("user_id", "path", "expected"),
    [
        (c.TEACHER, COURSE, TEACHER_IN_COURSE),
        (c.TA, COURSE, {"sections": "1001", "restricted": True, "roles": "TaEnrollment"}),
        (c.STUDENT, COURSE, {"permissions": "read_roster", "roles": "StudentEnrollment"}),
        (c.PARENT, COURSE, {"observee_sis": "S-lin", "permissions": "", "sections": "1001"}),
        (c.FORMER_STUDENT, COURSE, {"state": "", "roles": "", "sections": ""}),
        (
            c.ADMIN,
            COURSE,
            {"sections": "", "roles": "Account Admin", "root_admin": True, "adminable": "1,2"},
        ),
        (
            c.ADMIN,
            ACCOUNT,
            IN_NO_COURSE | {"account": "2", "roles": "Account Admin", "mixed": "u=10&c=${Canvas.course.id}"},
        ),
        (
            c.PARENT,
            f"/users/{c.PARENT}/external_tools/1/launch",
            IN_NO_COURSE
            | {
                "account": "1",
                "roles": "$Canvas.membership.roles",
                "permissions": "$Canvas.membership.permissions<>",
                "plain": "of placement",
            },
        ),
        (c.SUB_ADMIN, ACCOUNT, {"root_admin": False, "adminable": "2"}),
    ],
)
def test_custom_variables_are_filled_in_or_stay_as_they_are(
    campus: Campus, user_id: int, path: str, expected: dict[str, Any]
) -> None:
    custom = campus.browser(user_id).launch(path)[CLAIM + "custom"]

    assert {name: custom[name] for name in expected} == expected
    assert custom["api"] == campus.url


@fact("lti 2.7", "$Canvas.masqueradingUser tells the real person, while masquerading only.")
def test_a_masquerade_shows_the_real_person_in_the_custom_variables_only(campus: Campus) -> None:
    browser = campus.browser(c.ADMIN)
    browser.post(f"/users/{c.STUDENT}/masquerade")

    claims = browser.launch(COURSE)

    admin = campus.browser(c.ADMIN).launch(COURSE)
    assert claims["name"] == "Lin Learner"
    assert claims[CLAIM + "custom"]["masquerader"] == str(c.ADMIN)
    assert claims[CLAIM + "custom"]["masquerader_sub"] == admin["sub"]


@fact("lti 2.2", "The test student is a Learner and lti/system/person#TestUser.")
def test_student_view_launches_as_the_test_student(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    browser.post(f"/courses/{c.COURSE}/student_view")

    claims = browser.launch(COURSE)

    assert claims["name"] == "Test Student"
    assert claims[CLAIM + "roles"][-1] == "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    assert LIS + "membership#Learner" in claims[CLAIM + "roles"]
    assert claims[CLAIM + "custom"]["student_view"] is True
    assert claims[CLAIM + "custom"]["masquerader"] == str(c.TEACHER)


def test_a_session_belongs_to_one_browser(campus: Campus) -> None:
    teacher, student = campus.browser(c.TEACHER), campus.browser(c.STUDENT)

    assert teacher.launch(COURSE)["name"] == "Ida Teacher"
    assert student.launch(COURSE)["name"] == "Lin Learner"


@pytest.mark.parametrize(
    ("user_id", "path", "status"),
    [
        (None, COURSE, 302),
        (c.STRANGER, COURSE, 403),
        (c.TEACHER, ACCOUNT, 403),
        (c.TEACHER, f"/users/{c.STUDENT}/external_tools/1/launch", 403),
        (c.STUDENT, f"/courses/{c.UNPUBLISHED}/external_tools/1/launch", 403),
        (c.TEACHER, f"/courses/{c.COURSE}/external_tools/9/launch", 404),
        (c.OUTSIDER, f"/courses/{c.FOREIGN_COURSE}/external_tools/1/launch", 404),
    ],
)
def test_nobody_launches_from_where_they_may_not_be(
    campus: Campus, user_id: int | None, path: str, status: int
) -> None:
    assert campus.browser(user_id).get(path).status_code == status


@fact("lti 3.2", "required_permissions hide the link and block the launch.")
def test_required_permissions_hide_the_link_and_stop_the_launch(campus: Campus) -> None:
    placement = {"placement": "course_navigation", "text": "Pairing", "required_permissions": "manage_grades"}
    campus.becomes(lti_tools=c.tool(placements=[placement]))
    student, teacher = campus.browser(c.STUDENT), campus.browser(c.TEACHER)

    assert "Pairing" not in student.get(f"/courses/{c.COURSE}").text
    assert student.get(COURSE).status_code == 403
    assert "Pairing" in teacher.get(f"/courses/{c.COURSE}").text
    assert teacher.get(COURSE).status_code == 200


@fact(
    "lti 3.2",
    "`admins` see what staff and account admins may; `members` adds students; `public` or none is everybody.",
)
@fact("lti 3.2", "Visibility alone blocks no launch.", uncertain="the show action was not read")
@pytest.mark.parametrize(
    ("visibility", "seen_by"),
    [
        (None, {c.TEACHER, c.TA, c.ADMIN, c.STUDENT, c.PARENT}),
        ("public", {c.TEACHER, c.TA, c.ADMIN, c.STUDENT, c.PARENT}),
        ("members", {c.TEACHER, c.TA, c.ADMIN, c.STUDENT}),
        ("admins", {c.TEACHER, c.TA, c.ADMIN}),
    ],
)
def test_visibility_decides_who_sees_the_link_but_stops_no_launch(
    campus: Campus, visibility: str | None, seen_by: set[int]
) -> None:
    placement = {"placement": "course_navigation", "text": "Pairing", "visibility": visibility}
    campus.becomes(lti_tools=c.tool(placements=[placement]))

    for user_id in (c.TEACHER, c.TA, c.ADMIN, c.STUDENT, c.PARENT):
        browser = campus.browser(user_id)
        assert ("Pairing" in browser.get(f"/courses/{c.COURSE}").text) == (user_id in seen_by)
        assert browser.get(COURSE).status_code == 200


def test_a_tool_for_the_root_account_only_is_not_in_sub_accounts(campus: Campus) -> None:
    placement = {"placement": "account_navigation", "text": "Pairing", "root_account_only": True}
    browser = campus.becomes(lti_tools=c.tool(placements=[placement])).browser(c.ADMIN)

    assert "Pairing" in browser.get("/accounts/1").text
    assert "Pairing" not in browser.get("/accounts/2").text


@fact("lti 3.1", "`windowTarget: _blank` opens the tool in a window of its own.")
def test_a_tool_that_wants_a_window_of_its_own_gets_one(campus: Campus) -> None:
    placement = {"placement": "user_navigation", "text": "My pairings", "windowTarget": "_blank"}
    browser = campus.becomes(lti_tools=c.tool(placements=[placement])).browser(c.PARENT)

    page = browser.get("/profile/settings").text
    opened = browser.get(f"/users/{c.PARENT}/external_tools/1?display=borderless")

    assert 'target="_blank" rel="opener"' in page
    assert '<iframe name="post_message_forwarding"' in page
    assert opened.headers["location"] == f"/users/{c.PARENT}/external_tools/1/launch?display=borderless"


@fact(
    "lti 5", "requestFullWindowLaunch opens external_tools/retrieve with display=borderless and the address."
)
def test_a_full_window_launch_goes_to_the_url_that_was_asked_for(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    url = f"{c.LAUNCH}?full_win_launch_requested=1"

    form = browser.initiation(f"/courses/{c.COURSE}/external_tools/retrieve?display=borderless&url={url}")
    unknown = browser.get(f"/courses/{c.COURSE}/external_tools/retrieve?url=http://other.test/")

    assert form.fields["target_link_uri"] == url
    assert unknown.status_code == 404
