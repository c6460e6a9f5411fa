"""What observers agree to before they use a code."""

from functools import partial

import pytest

from app.models import Acceptance, AuditEvent
from tests.browser import Page
from tests.journeys.rows import rows, uses
from tests.journeys.ruling import rule
from tests.people import Observer, School, Student, field
from tests.records import all_links, at_once

pytestmark = pytest.mark.both_databases

KENJI = 105
AGREE = "I agree; connect me"


@pytest.fixture
def kenji(school: School) -> Student:
    return Student(school, KENJI)


def test_an_observer_agrees_once_and_is_connected(school: School, kenji: Student, parent: Observer) -> None:
    rule(school, agreement="Be kind.\nTell nobody.")
    code = kenji.issues()

    page = parent.redeems(code)

    assert "Maple Grove Schools asks everybody who observes a student to agree to this." in page.text
    assert "Be kind. Tell nobody. Version 1" in page.text
    assert (all_links(), uses()) == ([], [0])
    page = parent.press(page, AGREE)

    assert "You are connected" in page.text
    (row,) = rows(Acceptance)
    (event,) = [one for one in rows(AuditEvent) if one.event == "agreement:accept"]
    assert event.actor_id == row.person_id
    assert event.facts["version"] == 1
    assert "You were connected already" in parent.redeems(code).text


def test_whoever_does_not_agree_keeps_the_code(school: School, kenji: Student, parent: Observer) -> None:
    rule(school, agreement="Be kind.")
    code = kenji.issues()

    page = parent.press(parent.redeems(code), "Not now")

    assert field(page) == code
    assert (rows(Acceptance), all_links()) == ([], [])


def test_a_new_text_asks_again_at_the_next_code(school: School, kenji: Student, parent: Observer) -> None:
    rule(school, agreement="One.")
    parent.press(parent.redeems(kenji.issues()), AGREE)
    rule(school, agreement="Two.")
    assert (44, KENJI) in school.links()

    page = parent.redeems(Student(school, 106).issues())

    assert "Two. Version 2" in page.text
    assert "You are connected" in parent.press(page, AGREE).text


def test_a_text_that_changes_meanwhile_is_shown_before_it_counts(
    school: School, kenji: Student, parent: Observer
) -> None:
    rule(school, agreement="One.")
    code = kenji.issues()
    old = parent.redeems(code)
    rule(school, agreement="Two.")

    page = parent.press(old, AGREE)

    assert "Two. Version 2" in page.text
    assert field(page) == code
    assert (rows(Acceptance), all_links()) == ([], [])


def test_nobody_is_asked_where_there_is_no_text(school: School, kenji: Student, parent: Observer) -> None:
    rule(school, agreement="One.")
    rule(school)

    assert "You are connected" in parent.redeems(kenji.issues()).text


def test_agreeing_in_two_windows_is_written_down_once(
    school: School, kenji: Student, parent: Observer
) -> None:
    rule(school, agreement="One.")
    page = parent.redeems(kenji.issues())

    pages: list[Page] = at_once([partial(parent.press, page, AGREE)] * 2)

    assert all(one.status_code == 200 for one in pages)
    assert len(rows(Acceptance)) == len(all_links()) == 1


def test_several_codes_are_all_kept(school: School, kenji: Student, parent: Observer) -> None:
    rule(school, agreement="One.")
    typed = f"{kenji.issues()}, {Student(school, 106).issues()}"

    page = parent.press(parent.redeems(typed), AGREE)

    assert page.text.count("connected.") == 2
