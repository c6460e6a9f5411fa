"""Launches that are as they should be: who comes in, and as what."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from app import db
from app.crypto import fingerprint
from app.lti import configuration
from app.models import AuditEvent, LtiLaunch, LtiLogin, Person, Role, ToolKey
from app.web import visit
from tests.facts import fact
from tests.lti.conftest import add_platform, launches_recorded
from tests.lti.platform import CLAIM, CLIENT, LIS, PLACEMENT, Browser, Platform, claims, signed

MEMBER = LIS + "membership#"
TA = LIS + "membership/Instructor#TeachingAssistant"
PERSON = LIS + "institution/person#"
USER = LIS + "system/person#User"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
ACCOUNT = {"id": "cd34" * 10, "title": "The School", "type": ["Account"]}
MYSELF = {"id": "ef56" * 10, "title": "Ida", "type": ["User"]}
IN_ACCOUNT = {CLAIM + "context": ACCOUNT, PLACEMENT: "account_navigation"}
IN_MENU = {CLAIM + "context": MYSELF, PLACEMENT: "user_navigation"}


def launched(browser: Browser, changes: dict[str, Any] | None = None, **custom: object) -> LtiLaunch:
    sent = browser.begins()
    body = {**claims(sent.nonce, browser.launch_url, **custom), **(changes or {})}
    page = browser.returns(signed(body), sent.state)
    assert page.status_code in (200, 403), page.text
    return launches_recorded(browser.app)[-1]


def person_of(launch: LtiLaunch) -> Person:
    with db.reading() as session:
        return session.get_one(Person, launch.person_id)


def test_an_instructor_who_opens_the_tool_sees_its_first_page_at_once(browser: Browser) -> None:
    page = browser.launches()

    assert page.status_code == 200
    (launch,) = launches_recorded(browser.app)
    assert (launch.role, launch.placement) == (Role.INSTRUCTOR, "course_navigation")
    assert (launch.course_id, launch.course_name, launch.section_ids) == ("77", "Biology 101", None)
    assert (launch.account_id, launch.root_admin, launch.stand_in) == ("3", False, None)
    assert launch.expires_at - launch.created_at == timedelta(hours=8)
    person = person_of(launch)
    assert (person.canvas_user_id, person.name) == ("1042", "Ida Teacher")
    assert (person.time_zone, person.locale) == ("America/Denver", "en")


def test_a_launch_is_written_down_without_names(browser: Browser) -> None:
    launch = launched(browser)

    with db.reading() as session:
        (row,) = session.query(AuditEvent).filter_by(event="launch:accept")
    assert row.actor_id == launch.person_id
    assert row.facts == {
        "role": "instructor",
        "placement": "course_navigation",
        "course": "77",
        "stand_in": None,
    }


def test_the_handle_of_a_launch_is_random_and_kept_as_a_digest(browser: Browser) -> None:
    seen: list[visit.Visit] = []

    @browser.app.after_request
    def look(response: Any) -> Any:
        from flask import g

        if "visit" in g:
            seen.append(g.visit)
        return response

    browser.launches()
    browser.launches()

    first, second = launches_recorded(browser.app)
    assert [fingerprint(entered.handle) for entered in seen] == [first.handle_digest, second.handle_digest]
    assert first.handle_digest != second.handle_digest
    assert seen[0].launch.institution.name == "The School"  # at hand without asking the database again
    assert seen[0].launch.person.name == "Ida Teacher"


@fact(
    "lti 2.2",
    "Only membership roles are of this course, institution roles of anywhere; a TA is an Instructor, too.",
)
@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([PERSON + "Instructor", MEMBER + "Instructor", USER], Role.INSTRUCTOR),
        ([TA, MEMBER + "Instructor", PERSON + "Instructor", USER], Role.TA),
        ([PERSON + "Student", MEMBER + "Learner", USER], Role.STUDENT),
        ([MEMBER + "Mentor", USER], Role.OBSERVER),
        ([MEMBER + "ContentDeveloper", PERSON + "Instructor", USER], Role.NOBODY),
        ([MEMBER + "Learner", PERSON + "Instructor", USER], Role.STUDENT),
        ([PERSON + "Instructor", USER], Role.NOBODY),
        ([PERSON + "Administrator", USER], Role.NOBODY),
        ([MEMBER + "Mentor", MEMBER + "Learner"], Role.STUDENT),
        ([MEMBER + "Instructor", MEMBER + "Learner"], Role.INSTRUCTOR),
        ([MEMBER + "Instructor", PERSON + "Administrator"], Role.INSTRUCTOR),
        (["Instructor"], Role.NOBODY),
        ([USER], Role.NOBODY),
        ([], Role.NOBODY),
    ],
    ids=[
        "a teacher",
        "a TA",
        "a student",
        "an observer",
        "a designer",
        "a student who teaches elsewhere",
        "somebody who teaches elsewhere only",
        "an administrator of who knows which account",
        "an observer who studies here too",
        "a teacher who studies here too",
        "a teacher who administers too",
        "a bare word",
        "a visitor",
        "nobody at all",
    ],
)
def test_in_a_course_only_its_own_memberships_count(browser: Browser, roles: list[str], role: Role) -> None:
    assert launched(browser, {CLAIM + "roles": roles}).role == role


@fact("lti 2.7", "$Canvas.user.adminableAccounts lists accounts with commas, and is cut with ',truncated'.")
@pytest.mark.parametrize(
    ("custom", "role"),
    [
        ({"canvas_adminable_accounts": "1,3,4"}, Role.ADMIN),
        ({"canvas_adminable_accounts": "1,4,truncated", "canvas_is_root_account_admin": True}, Role.ADMIN),
        ({"canvas_adminable_accounts": "13,33"}, Role.NOBODY),
        ({"canvas_adminable_accounts": "$Canvas.user.adminableAccounts"}, Role.NOBODY),
        ({"canvas_is_root_account_admin": "true"}, Role.ADMIN),
        ({"canvas_is_root_account_admin": "$Canvas.user.isRootAccountAdmin"}, Role.NOBODY),
    ],
)
@pytest.mark.parametrize("changes", [IN_ACCOUNT, {}], ids=["in an account", "in a course"])
def test_an_admin_is_whoever_administers_this_account(
    browser: Browser, changes: dict[str, Any], custom: dict[str, object], role: Role
) -> None:
    changes = {**changes, CLAIM + "roles": [PERSON + "Administrator", USER]}

    assert launched(browser, changes, **custom).role == role


def test_a_root_admin_is_known_as_one(browser: Browser) -> None:
    root = launched(browser, IN_ACCOUNT, canvas_is_root_account_admin=True)
    part = launched(browser, IN_ACCOUNT, canvas_adminable_accounts="3")

    assert (root.role, root.root_admin) == (Role.ADMIN, True)
    assert (part.role, part.root_admin) == (Role.ADMIN, False)


@fact("lti 2.3", "Account navigation launches with the account as context, of type Account.")
def test_a_teacher_in_the_account_menu_is_nobody(browser: Browser) -> None:
    assert launched(browser, IN_ACCOUNT).role == Role.NOBODY


@fact(
    "lti 2.3",
    "A person's own menu launches with the person as context; course variables stay unfilled.",
    uncertain="the context's form is inferred from Canvas's source, not from a capture",
)
@pytest.mark.parametrize(
    ("roles", "role"),
    [([PERSON + "Student", USER], Role.STUDENT), ([PERSON + "Instructor", USER], Role.NOBODY)],
)
def test_in_ones_own_menu_students_are_students(browser: Browser, roles: list[str], role: Role) -> None:
    launch = launched(
        browser,
        {**IN_MENU, CLAIM + "roles": roles},
        canvas_course_id="$Canvas.course.id",
        canvas_section_ids="$Canvas.course.sectionIds",
        canvas_section_restricted="$Canvas.course.sectionRestricted",
    )

    assert (launch.role, launch.course_id) == (role, None)


def test_another_placement_without_a_course_is_for_nobody(browser: Browser) -> None:
    changes = {CLAIM + "context": ACCOUNT, PLACEMENT: "global_navigation"}

    assert launched(browser, changes, canvas_is_root_account_admin=True).role == Role.NOBODY


def test_an_observer_is_sent_to_the_public_site(browser: Browser) -> None:
    sent = browser.begins()
    body = {**claims(sent.nonce, browser.launch_url), CLAIM + "roles": [MEMBER + "Mentor"]}

    page = browser.returns(signed(body), sent.state)

    assert page.status_code == 200
    assert "/at/school/pair" in page.text


def test_a_designer_gets_a_kind_page(browser: Browser) -> None:
    sent = browser.begins()
    body = {**claims(sent.nonce, browser.launch_url), CLAIM + "roles": [MEMBER + "ContentDeveloper"]}

    page = browser.returns(signed(body), sent.state)

    assert page.status_code == 403
    assert "design the course" in page.text


@fact("lti 2.2", "The test student has the system role TestUser beside Learner.")
@fact("lti 2.7", "$Canvas.masqueradingUser.id is filled in only while somebody acts as somebody else.")
@pytest.mark.parametrize(
    ("roles", "custom", "stand_in"),
    [
        ([MEMBER + "Learner", TEST_USER], {}, "test_student"),
        ([MEMBER + "Learner"], {"canvas_student_view": True}, "test_student"),
        ([MEMBER + "Learner"], {"canvas_student_view": "true"}, "test_student"),
        ([MEMBER + "Learner"], {"canvas_student_view": "$com.instructure.User.student_view"}, None),
        ([MEMBER + "Learner"], {"canvas_masquerading_user_id": "9"}, "masquerade"),
        ([MEMBER + "Learner"], {"canvas_masquerading_user_id": 9}, "masquerade"),
        ([MEMBER + "Learner", TEST_USER], {"canvas_masquerading_user_id": "9"}, "test_student"),
        ([MEMBER + "Learner"], {}, None),
    ],
)
def test_who_is_not_who_they_seem_is_known(
    browser: Browser, roles: list[str], custom: dict[str, object], stand_in: str | None
) -> None:
    assert launched(browser, {CLAIM + "roles": roles}, **custom).stand_in == stand_in


@fact(
    "lti 2.7",
    "$Canvas.course.sectionIds is a comma list without blanks; sectionRestricted: only those count.",
)
@pytest.mark.parametrize(
    ("restricted", "sections", "seen"),
    [
        (False, "701,702", None),
        ("false", "", None),
        (True, "701,702", ["701", "702"]),
        ("true", "701", ["701"]),
        (True, 701, ["701"]),
        (True, "", []),
        ("$Canvas.course.sectionRestricted", "701", ["701"]),
        (None, "$Canvas.course.sectionIds", []),
    ],
)
def test_only_a_clear_no_opens_every_section(
    browser: Browser, restricted: object, sections: object, seen: list[str] | None
) -> None:
    launch = launched(browser, canvas_section_restricted=restricted, canvas_section_ids=sections)

    assert launch.section_ids == seen


@fact("lti 2.6", "Canvas's numbers come by custom variables; sub is another id.")
def test_numbers_may_come_as_numbers(browser: Browser) -> None:
    launch = launched(browser, canvas_user_id=1042, canvas_course_id=77, canvas_account_id=3)

    assert (launch.course_id, launch.account_id) == ("77", "3")
    assert person_of(launch).canvas_user_id == "1042"


@fact("lti 2.7", "A variable that Canvas cannot fill in arrives as its literal name, as null or empty.")
@pytest.mark.parametrize("unsaid", ["$Person.name.full", None, "", "  ", "\u0000"])
def test_a_name_that_canvas_does_not_say_changes_nothing(browser: Browser, unsaid: object) -> None:
    nameless = launched(browser, canvas_user_id="55", canvas_user_name=unsaid)
    assert person_of(nameless).name == "55"

    named = launched(browser, canvas_user_id="55", canvas_user_name="Ida\u0000 Teacher")
    assert person_of(named).name == "Ida Teacher"

    launched(browser, {"locale": None}, canvas_user_id="55", canvas_user_name=unsaid, canvas_time_zone=None)
    known = person_of(named)
    assert (known.name, known.locale, known.time_zone) == ("Ida Teacher", "en", "America/Denver")


@pytest.mark.both_databases
def test_a_person_is_one_row_however_often_they_come(browser: Browser) -> None:
    first = launched(browser)
    again = launched(browser, canvas_user_name="Ida Newname")

    assert first.person_id == again.person_id
    assert person_of(first).name == "Ida Newname"


@fact("lti 2.1", "aud is a text equal to azp; the placement is null for links outside of menus.")
@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "1"], "azp": CLIENT},
        {"aud": ["1", CLIENT], "azp": CLIENT},
        {"azp": None},
        {PLACEMENT: None},
        {CLAIM + "launch_presentation": None},
    ],
    ids=[
        "an audience in a list",
        "an audience of two, us first",
        "an audience of two, us last",
        "no authorized party",
        "no placement",
        "no presentation",
    ],
)
def test_it_is_still_a_good_launch_with(browser: Browser, changes: dict[str, Any]) -> None:
    assert launched(browser, changes).role == Role.INSTRUCTOR


@fact(
    "lti 1.4", "A token lives an hour from the start of the launch, which may be minutes before it is signed."
)
@pytest.mark.parametrize(
    ("claim", "seconds"),
    [("exp", -30), ("iat", 30), ("nbf", 30), ("iat", -1800)],
    ids=[
        "a clock half a minute fast",
        "a clock half a minute slow",
        "a beginning half a minute ahead",
        "a tab left open for half an hour",
    ],
)
def test_it_is_still_in_time_with(browser: Browser, claim: str, seconds: int) -> None:
    assert launched(browser, {claim: time.time() + seconds}).role == Role.INSTRUCTOR


@fact("lti 2.1", "Each deployment of a key has an id of its own in the launch.")
def test_a_second_deployment_of_the_same_key_may_launch(browser: Browser, platform: Platform) -> None:
    assert add_platform(browser.app, platform, deployment_id="42:second") == []

    changes = {CLAIM + "deployment_id": "42:second"}
    assert launched(browser, changes).deployment_id != launched(browser).deployment_id


def test_a_launch_costs_one_query_and_one_commit(browser: Browser) -> None:
    browser.launches()  # the key set is fetched now
    sent = browser.begins()
    statements: list[str] = []
    commits: list[str] = []
    engine = db.database.engine
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2].split()[0]))
    event.listen(engine, "commit", lambda _: commits.append("commit"))

    browser.returns(signed(claims(sent.nonce, browser.launch_url)), sent.state)

    written = ["UPDATE", "INSERT", "INSERT"]  # the login is spent; the person and the launch are kept
    chained = ["SELECT", "INSERT", "UPDATE"]  # the end of the audit chain, one event, the new end
    assert statements == ["BEGIN", "SELECT", "BEGIN", *written, *chained]
    assert commits == ["commit"]


def test_a_login_costs_one_query_and_one_commit(browser: Browser) -> None:
    browser.begins()
    statements: list[str] = []
    event.listen(
        db.database.engine,
        "before_cursor_execute",
        lambda *call: statements.append(call[2].split()[0]),
    )

    browser.begins()

    assert statements == ["BEGIN", "SELECT", "INSERT"]


def test_our_keys_are_published_without_their_private_part(browser: Browser) -> None:
    answer = browser.request("GET", "/lti/jwks.json")

    (key,) = answer.get_json()["keys"]
    assert set(key) == {"kty", "kid", "use", "alg", "n", "e"}
    assert "max-age" in answer.headers["Cache-Control"]
    with db.transaction() as session:
        session.execute(update(ToolKey).values(retired_at=datetime.now(UTC)))
    assert browser.request("GET", "/lti/jwks.json").get_json() == {"keys": []}


@fact(
    "lti 4.1", "A key's JSON needs title, description, target link, login address and a JWK or its address."
)
def test_the_configuration_names_our_addresses_and_what_we_need_to_know(browser: Browser) -> None:
    config = browser.request("GET", "/lti/config.json").get_json()

    assert config["oidc_initiation_url"] == "https://observatory.test/lti/login"
    assert config["target_link_uri"] == browser.launch_url
    assert config["public_jwk_url"] == "https://observatory.test/lti/jwks.json"
    (extension,) = config["extensions"]
    assert extension["platform"] == "canvas.instructure.com"
    assert extension["domain"] == "observatory.test"
    placements = [place["placement"] for place in extension["settings"]["placements"]]
    assert placements == list(configuration.PLACEMENTS)
    assert set(config["custom_fields"]) == set(claims("", "")[CLAIM + "custom"])


def test_expired_logins_do_not_stop_new_ones(browser: Browser) -> None:
    browser.begins()
    with db.transaction() as session:
        session.execute(update(LtiLogin).values(expires_at=datetime.now(UTC)))

    assert browser.launches().status_code == 200
