"""A school that has lent no service account: what works all the same, and what is said where it does not."""

from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.audit import Event
from app.models import AuditEvent, Institution, OAuthPurpose, Token
from tests.browser import Page
from tests.journeys.rows import change, rows
from tests.people import TEACHER, Observer, School, Student, Teacher

pytestmark = pytest.mark.both_databases

KENJI, ANOTHER = 105, 106


@pytest.fixture
def kenji(registered: School) -> Student:
    return Student(registered, KENJI)


def makes_in_canvas(student: Student) -> Page:
    page = student.press(student.opens(), "Make a code in Canvas")
    return student.press(page, "Authorize") if page.has_button("Authorize") else page


def made_in(school: School) -> list[dict[str, Any]]:
    return [row for row in school.canvas.state()["pairing_codes"] if row["user_id"] == KENJI]


def test_a_student_makes_a_code_of_canvas_and_a_parent_uses_it(registered: School, kenji: Student) -> None:
    page = makes_in_canvas(kenji)

    assert page.status_code == 200, page.text
    assert "Your code of Canvas" in page.text
    (made,) = made_in(registered)
    assert made["code"] in page.text
    parent = Observer(registered, 44).enters()
    assert "You are connected to Kenji Tanaka" in parent.redeems(made["code"]).text
    assert (44, KENJI) in registered.links()


def test_the_student_sees_who_watches_already(registered: School, kenji: Student) -> None:
    assert "Nobody yet." in makes_in_canvas(kenji).text
    link = {"observer_id": 44, "student_id": KENJI, "root_account_id": 1}
    registered.changes(lambda world: world["observation_links"].append(link))

    page = makes_in_canvas(Student(registered, KENJI))

    name = next(user["name"] for user in registered.canvas.state()["users"] if user["id"] == 44)
    assert name in page.text


def test_a_code_is_shown_even_if_canvas_does_not_say_who_watches(registered: School, kenji: Student) -> None:
    registered.canvas.fault(route="/api/v1/users/:user_id/observers", status=500)

    page = makes_in_canvas(kenji)

    assert page.status_code == 200
    assert "Who can see all your courses now" not in page.text


def test_what_the_student_allowed_is_given_back_at_once(registered: School, kenji: Student) -> None:
    makes_in_canvas(kenji)

    assert rows(Token) == []
    granted = [row for row in registered.canvas.state()["access_tokens"] if row["user_id"] == KENJI]
    assert all(row.get("revoked") for row in granted)


def test_it_is_written_down_that_a_code_was_made_and_not_which(registered: School, kenji: Student) -> None:
    makes_in_canvas(kenji)

    with db.reading() as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.event == Event.CODE_MADE_IN_CANVAS))
    assert event.facts == {}
    assert event.actor_id is not None


def test_somebody_who_signs_in_as_another_makes_no_code(registered: School, kenji: Student) -> None:
    page = kenji.opens()
    kenji.id = ANOTHER
    kenji.logs_in()

    page = kenji.press(page, "Make a code in Canvas")
    page = kenji.press(page, "Authorize") if page.has_button("Authorize") else page

    assert page.status_code == 403
    assert "sign in to Canvas as yourself" in page.text
    assert registered.canvas.state()["pairing_codes"] == []


def test_a_student_who_says_no_is_told_how_to_go_on(registered: School, kenji: Student) -> None:
    page = kenji.press(kenji.opens(), "Make a code in Canvas")

    page = kenji.follow(page, "Cancel")

    assert page.status_code == 400
    assert "open Observatory from your account menu again" in page.text
    assert made_in(registered) == []


def test_canvas_out_of_reach_is_said(registered: School, kenji: Student) -> None:
    registered.canvas.fault(route="/api/v1/users/:user_id/observer_pairing_codes", status=500)

    page = makes_in_canvas(kenji)

    assert page.status_code == 503
    assert "Canvas does not answer at the moment" in page.text


def test_without_a_developer_key_the_office_is_named(registered: School, kenji: Student) -> None:
    change(Institution, oauth_client_id=None)

    page = kenji.opens()

    assert not page.has_button("Make a code in Canvas")
    assert "The school office can have it connected." in page.text


def test_with_a_service_account_there_is_our_own_code_only(school: School) -> None:
    page = Student(school, KENJI).opens()

    assert page.has_button("Make a code")
    assert not page.has_button("Make a code in Canvas")


def test_when_the_service_account_is_lost_canvas_makes_the_codes(school: School) -> None:
    with db.transaction() as session:
        row = session.scalars(select(Token).where(Token.purpose == OAuthPurpose.SERVICE)).one()
        row.dead_since = row.created_at
    student = Student(school, KENJI)

    assert "Your code of Canvas" in makes_in_canvas(student).text


def test_a_teacher_is_told_who_can_connect_it(registered: School) -> None:
    page = Teacher(registered, TEACHER).sees_students()

    assert page.status_code == 503
    assert "An administrator of your institution has to connect it" in page.text
