"""Where Observatory appears in Canvas, and what a launch from there means."""

from typing import Any

import pytest

from app.lti import configuration
from app.models import LtiLaunch, Role
from tests.facts import fact
from tests.lti.conftest import launches_recorded
from tests.lti.platform import CLAIM, LIS, PLACEMENT, Browser, claims, signed

STUDENT = "https://www.instructure.com/lti_student_id"
SHARD = 10**13
USER = LIS + "system/person#User"
PERSON = LIS + "institution/person#"
ROOT = {"id": "cd34" * 10, "title": "The School", "type": ["Account"]}
MYSELF = {"id": "ef56" * 10, "title": "Ida", "type": ["User"]}


def launched(browser: Browser, changes: dict[str, Any], **custom: object) -> LtiLaunch:
    sent = browser.begins()
    page = browser.returns(
        signed({**claims(sent.nonce, browser.launch_url, **custom), **changes}), sent.state
    )
    assert page.status_code in (200, 403), page.text
    return launches_recorded(browser.app)[-1]


def from_card(browser: Browser, student: object, **custom: object) -> LtiLaunch:
    return launched(browser, {PLACEMENT: "student_context_card", STUDENT: student}, **custom)


@fact(
    "lti 2.4",
    "The student of a card comes as a global id: the shard times 10^13, plus the local id.",
    uncertain="the newest Canvas hands over the user object, so the form may differ; local ids are taken too",
)
@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (str(7 * SHARD + 1042), "1042"),  # of the same shard as the account
        (7 * SHARD + 1042, "1042"),
        ("1042", "1042"),
        ("0001042", "1042"),
        (
            str(8 * SHARD + 1042),
            str(8 * SHARD + 1042),
        ),  # somebody else's 1042, in a school that trusts this one
        (None, None),
        ("", None),
        ("$Canvas.student", None),
    ],
)
def test_the_student_of_a_card(browser: Browser, said: object, meant: str | None) -> None:
    assert from_card(browser, said).student_id == meant


def test_without_a_shard_of_ones_own_a_global_number_stays_one(browser: Browser) -> None:
    launch = from_card(browser, str(7 * SHARD + 5), canvas_root_account_global_id=None)

    assert launch.student_id == str(7 * SHARD + 5)


@pytest.mark.parametrize("said", ["anna", "-1", "1~2", True, ["1"], {"id": 1}, "9" * 21])
def test_a_card_of_nobody_we_could_mean_is_refused(browser: Browser, said: object) -> None:
    sent = browser.begins()
    body = {**claims(sent.nonce, browser.launch_url), PLACEMENT: "student_context_card", STUDENT: said}

    page = browser.returns(signed(body), sent.state)

    assert page.status_code == 400
    assert "<code>claim_malformed</code>" in page.text


def test_a_student_named_elsewhere_than_on_a_card_means_nothing(browser: Browser) -> None:
    assert launched(browser, {STUDENT: "1042"}).student_id is None


@fact("lti 2.3", "A card's launch has the course as its context, and the viewer's roles in it.")
@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([LIS + "membership#Instructor"], Role.INSTRUCTOR),
        ([LIS + "membership/Instructor#TeachingAssistant", LIS + "membership#Instructor"], Role.TA),
        ([LIS + "membership#Learner"], Role.STUDENT),
        ([LIS + "membership#Mentor"], Role.OBSERVER),
        ([PERSON + "Instructor", USER], Role.NOBODY),
    ],
)
def test_rights_on_a_card_are_those_in_the_course(browser: Browser, roles: list[str], role: Role) -> None:
    changes = {PLACEMENT: "student_context_card", STUDENT: "1042", CLAIM + "roles": roles}

    assert launched(browser, changes).role == role


@fact(
    "lti 2.3", "The main menu launches with the root account as its context, a person's menu with the person."
)
@pytest.mark.parametrize(("placement", "context"), [("global_navigation", ROOT), ("user_navigation", MYSELF)])
@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([USER], Role.OBSERVER),
        ([PERSON + "Instructor", USER], Role.NOBODY),
        ([PERSON + "Administrator", USER], Role.NOBODY),
        ([LIS + "system/person#None"], Role.NOBODY),
        ([], Role.NOBODY),
    ],
)
def test_outside_of_courses_whoever_has_no_other_role_may_observe(
    browser: Browser, placement: str, context: dict[str, Any], roles: list[str], role: Role
) -> None:
    changes = {PLACEMENT: placement, CLAIM + "context": context, CLAIM + "roles": roles}

    assert launched(browser, changes).role == role


@fact("lti 3.3", "Course navigation can be off until a teacher turns it on.")
@fact("lti 3.1", "A global navigation placement may have an icon, and open in a new window.")
@fact("lti 3.2", "Permissions a placement requires stop launches, too; visibility is for show.")
def test_the_configuration_says_where_and_for_whom(browser: Browser) -> None:
    (extension,) = browser.request("GET", "/lti/config.json").get_json()["extensions"]

    assert extension["privacy_level"] == "anonymous"
    places = {one["placement"]: one for one in extension["settings"]["placements"]}
    assert places["course_navigation"]["default"] == "disabled"
    card = places["student_context_card"]
    assert (card["visibility"], card["required_permissions"]) == ("admins", "view_all_grades")
    assert card["labels"]["en"] == card["text"]
    assert places["global_navigation"]["windowTarget"] == "_blank"
    assert places["global_navigation"]["icon_svg_path_64"].startswith("M")
    assert places["account_navigation"]["root_account_only"] is False
    assert {one["message_type"] for one in places.values()} == {"LtiResourceLinkRequest"}
    assert {one["target_link_uri"] for one in places.values()} == {browser.launch_url}


def test_an_admin_may_ask_for_some_placements_only(browser: Browser) -> None:
    page = browser.request("GET", "/lti/config.json?placements=user_navigation,account_navigation")

    (extension,) = page.get_json()["extensions"]
    placed = [one["placement"] for one in extension["settings"]["placements"]]
    assert placed == ["user_navigation", "account_navigation"]
    assert browser.request("GET", "/lti/config.json?placements=editor_button").status_code == 400


def test_every_custom_field_is_a_variable_of_canvas() -> None:
    assert all(value.startswith("$") for value in configuration.CUSTOM_FIELDS.values())
