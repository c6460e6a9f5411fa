"""What a tool is told when somebody opens it."""

from typing import Any

import jwt
import pytest

from tests.sandbox import campus as c
from tests.sandbox.campus import CLAIM, Campus

COURSE = f"/courses/{c.COURSE}/external_tools/1/launch"
ACCOUNT = "/accounts/2/external_tools/1/launch"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
USER = LIS + "system/person#User"


def test_a_tool_page_holds_the_tool_in_a_frame_beside_the_storage_frame(campus: Campus) -> None:
    page = campus.browser(c.TEACHER).get(COURSE.removesuffix("/launch")).text

    assert f'name="tool_content" title="Pairing" src="{COURSE}"' in page
    assert '<iframe name="post_message_forwarding"' in page


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


def test_a_canvas_without_platform_storage_offers_none(campus: Campus) -> None:
    browser = campus.becomes(settings={"platform_storage": False}).browser(c.TEACHER)

    assert "lti_storage_target" not in browser.initiation(COURSE).fields
    assert "lti_storage_target" not in c.Form(browser.authorize(browser.request_for(COURSE)).text).fields


def test_the_answer_is_a_form_post_with_token_state_and_storage_target(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)

    form = c.Form(browser.authorize(browser.request_for(COURSE)).text)

    assert form.action == c.LAUNCH + "?placement=course"
    assert set(form.fields) == {"utf8", "authenticity_token", "id_token", "state", "lti_storage_target"}
    assert form.fields["state"] == "state-1"


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


def test_a_masquerade_shows_the_real_person_in_the_custom_variables_only(campus: Campus) -> None:
    browser = campus.browser(c.ADMIN)
    browser.post(f"/users/{c.STUDENT}/masquerade")

    claims = browser.launch(COURSE)

    admin = campus.browser(c.ADMIN).launch(COURSE)
    assert claims["name"] == "Lin Learner"
    assert claims[CLAIM + "custom"]["masquerader"] == str(c.ADMIN)
    assert claims[CLAIM + "custom"]["masquerader_sub"] == admin["sub"]


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


def test_required_permissions_hide_the_link_and_stop_the_launch(campus: Campus) -> None:
    placement = {"placement": "course_navigation", "text": "Pairing", "required_permissions": "manage_grades"}
    campus.becomes(lti_tools=c.tool(placements=[placement]))
    student, teacher = campus.browser(c.STUDENT), campus.browser(c.TEACHER)

    assert "Pairing" not in student.get(f"/courses/{c.COURSE}").text
    assert student.get(COURSE).status_code == 403
    assert "Pairing" in teacher.get(f"/courses/{c.COURSE}").text
    assert teacher.get(COURSE).status_code == 200


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


def test_a_tool_that_wants_a_window_of_its_own_gets_one(campus: Campus) -> None:
    placement = {"placement": "user_navigation", "text": "My pairings", "windowTarget": "_blank"}
    browser = campus.becomes(lti_tools=c.tool(placements=[placement])).browser(c.PARENT)

    page = browser.get("/profile/settings").text
    opened = browser.get(f"/users/{c.PARENT}/external_tools/1?display=borderless")

    assert 'target="_blank" rel="opener"' in page
    assert '<iframe name="post_message_forwarding"' in page
    assert opened.headers["location"] == f"/users/{c.PARENT}/external_tools/1/launch?display=borderless"


def test_a_full_window_launch_goes_to_the_url_that_was_asked_for(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    url = f"{c.LAUNCH}?full_win_launch_requested=1"

    form = browser.initiation(f"/courses/{c.COURSE}/external_tools/retrieve?display=borderless&url={url}")
    unknown = browser.get(f"/courses/{c.COURSE}/external_tools/retrieve?url=http://other.test/")

    assert form.fields["target_link_uri"] == url
    assert unknown.status_code == 404
