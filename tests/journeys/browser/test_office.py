"""The office's pages in a real browser: a person, a question about the policy, the counter, the list."""

import pytest
from playwright.sync_api import Frame

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.stage import Stage
from tests.journeys.browser.visitors import Visitor, press
from tests.people import ADMIN

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STRICT = (
    "INSERT INTO policies (institution_id, version, code_life_days, code_uses, tas_issue, observers_most,"
    " approval) VALUES (1, 1, 30, 2, 0, 1, 1)"
)


@pytest.fixture
def strict(stage: Stage) -> None:
    """One observer for each student, and students are asked."""
    stage.change("DELETE FROM policies")
    stage.change(STRICT)


def finds(admin: Visitor, term: str, name: str) -> Frame:
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "Find somebody", "Families")
    frame.get_by_label("Name, login, SIS ID or e-mail").fill(term)
    press(frame, "Search", "Families")
    frame.get_by_text("was found").or_(frame.get_by_text("were found")).first.wait_for()
    press(frame, f"Open {name}", name)
    return frame


@pytest.mark.usefixtures("strict")
def test_the_office_connects_a_family(meet: Meet, look: Looker) -> None:
    admin = meet(ADMIN)
    frame = finds(admin, "lucas", "Lucas Novak")
    frame.get_by_label("For", exact=True).first.wait_for()
    press(frame, "Make a code", "A code for")
    look("office-code", admin.page, frame)
    press(frame, "Back to Lucas Novak", "Lucas Novak")
    look("office-person", admin.page, frame)

    frame.get_by_label("Add an observer").fill("marcus")
    press(frame, "Find the observer", "An observer for")
    look("office-choose", admin.page, frame)
    press(frame, "Choose Marcus Bennett", "Connect Marcus Bennett")
    look("office-pair", admin.page, frame)
    press(frame, "Connect", "Connect Marcus Bennett")
    frame.get_by_text("Nothing was done yet").wait_for()
    frame.get_by_label("Connect one more all the same").check()
    press(frame, "Connect", "Lucas Novak")
    frame.get_by_text("The student is asked first.").wait_for()
    look("office-asked", admin.page, frame)

    press(frame, "End: Marcus Bennett, all courses", "End this connection?")
    look("office-end", admin.page, frame)
    press(frame, "Yes, end it", "Lucas Novak")
    press(frame, "Revoke the code for all courses", "Lucas Novak")
    frame.get_by_text("The code does not work any more.").wait_for()
    frame.get_by_text("earlier connection").click()
    look("office-history", admin.page, frame)


@pytest.mark.usefixtures("strict")
def test_a_family_stands_at_the_counter(meet: Meet, look: Looker) -> None:
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "Find somebody", "Families")
    look("office-families", admin.page, frame)
    press(frame, "Help a family at the counter", "At the counter")
    look("counter-empty", admin.page, frame)
    frame.get_by_label("Name, login or SIS ID").fill("lucas")
    press(frame, "Find the student", "At the counter")
    press(frame, "Student: Lucas Novak", "At the counter")
    frame.get_by_label("Look first whether they have an account").fill("Berit Holm")
    press(frame, "Find the observer", "At the counter")
    frame.get_by_label("Full name").fill("Berit Holm")
    frame.get_by_label("What have you seen?").select_option("passport")
    look("counter-full", admin.page, frame)
    press(frame, "Connect and make the letter", "At the counter")
    frame.get_by_text("Nothing was done yet: say below").wait_for()
    look("counter-enough", admin.page, frame)
    frame.get_by_label("Connect one more all the same").check()
    press(frame, "Connect and make the letter", "Letter for Berit Holm")
    look("counter-letter", admin.page, frame)


def test_an_entry_of_the_list_is_made(meet: Meet, look: Looker) -> None:
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "Open the do-not-pair list", "Do-not-pair list")
    look("list-empty", admin.page, frame)
    frame.get_by_label("Student: name, login, SIS ID or e-mail").fill("lucas")
    press(frame, "Find the student", "Which student?")
    press(frame, "Choose Lucas Novak", "Who must not observe")
    look("list-new", admin.page, frame)
    frame.get_by_label("whoever has this e-mail address or login").check()
    frame.get_by_label("E-mail address", exact=True).fill("elena.parent@maplegrove.example")
    frame.get_by_label("Document that says so").fill("Court order 12/2026, folder 7")
    press(frame, "Put on the list", "must not observe Lucas Novak")
    look("list-entry", admin.page, frame)
    press(frame, "Back to the list", "Do-not-pair list")
    look("list-one", admin.page, frame)


def test_whom_the_office_connected_is_asked_to_agree(meet: Meet, look: Looker, stage: Stage) -> None:
    stage.change("DELETE FROM policies")
    stage.change(
        "INSERT INTO agreements (id, institution_id, version, text, created_at)"
        " VALUES (1, 1, 1, 'I use what I see to support the student.\nI show it to nobody else.',"
        " '2026-09-01 08:00:00')"
    )
    stage.change(
        "INSERT INTO policies (institution_id, version, code_life_days, code_uses, tas_issue, agreement_id)"
        " VALUES (1, 1, 30, 2, 0, 1)"
    )
    admin = meet(ADMIN)
    frame = finds(admin, "kenji", "Kenji Tanaka")
    frame.get_by_label("Add an observer").fill("jorge")
    press(frame, "Find the observer", "An observer for")
    press(frame, "Choose Jorge Alvarez", "Connect Jorge Alvarez")
    assert frame.get_by_text("Jorge Alvarez has not agreed to the text of the policy yet.").is_visible()
    press(frame, "Connect", "Kenji Tanaka")

    jorge = meet(43).signs_in()
    look("portal-agreement", jorge.page)
    jorge.page.get_by_role("button", name="I agree").click()
    jorge.page.get_by_role("heading", name="Please agree to this").wait_for(state="detached")
    assert jorge.page.get_by_role("heading", name="Kenji Tanaka").is_visible()
