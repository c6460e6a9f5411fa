"""What the hourly upkeep throws away, and what it leaves."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app import db, tasks
from app.models import Code, Guesses, LtiLaunch, LtiLogin, OAuthAttempt, PortalSession
from app.pairing import spelling
from tests.journeys.rows import change, rows, uses
from tests.people import ADMIN, MATHS, Admin, Observer, Person, School, Student, Teacher

pytestmark = pytest.mark.both_databases

VISITS = (LtiLogin, LtiLaunch, OAuthAttempt, PortalSession)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def test_what_is_over_is_thrown_away(school: School, teacher: Teacher, parent: Observer) -> None:
    parent.redeems(teacher.issues([105])[0])
    parent.redeems(spelling.make())
    for table in VISITS:
        change(table, expires_at=LONG_AGO)
    change(Guesses, last_miss_at=LONG_AGO)
    change(Code, expires_at=LONG_AGO)

    tasks.TASKS["upkeep"]()
    tasks.TASKS["retention"]()

    assert [rows(table) for table in (*VISITS, Guesses)] == [[]] * 5
    assert [code.sealed for code in rows(Code)] == [""]
    assert uses() == [1]


def test_the_text_of_a_code_that_was_taken_back_goes_as_long_after_that(
    school: School, teacher: Teacher
) -> None:
    teacher.issues([105, 106])
    change(Code, expires_at=datetime.now(UTC) + timedelta(days=300))
    first = min(code.id for code in rows(Code))
    with db.transaction() as session:
        session.get_one(Code, first).revoked_at = datetime.now(UTC) - timedelta(days=91)
        session.get_one(Code, first + 1).revoked_at = datetime.now(UTC) - timedelta(days=80)

    tasks.TASKS["retention"]()

    assert [bool(code.sealed) for code in sorted(rows(Code), key=lambda code: code.id)] == [False, True]


def test_sqlite_learns_how_large_its_tables_are(school: School, teacher: Teacher) -> None:
    teacher.issues([105])

    tasks.TASKS["upkeep"]()

    if db.database.engine.dialect.name == "sqlite":
        with db.reading() as session:
            known = session.scalars(text("SELECT tbl FROM sqlite_stat1")).all()
        assert {"codes", "audit_events"} <= set(known)


def test_what_is_not_over_stays(school: School, teacher: Teacher, parent: Observer) -> None:
    code = teacher.issues([105])[0]
    parent.redeems(spelling.make())
    change(Code, expires_at=datetime.now(UTC) - timedelta(days=80))
    before = [len(rows(table)) for table in (*VISITS, Guesses)]

    tasks.TASKS["upkeep"]()
    tasks.TASKS["retention"]()

    assert [len(rows(table)) for table in (*VISITS, Guesses)] == before
    assert "This code ended on" in parent.redeems(code).text


def test_a_blanked_code_still_says_that_it_has_ended(school: School, parent: Observer) -> None:
    kenji = Student(school, 105)
    code = kenji.issues()
    change(Code, expires_at=LONG_AGO)
    tasks.TASKS["retention"]()

    assert "This code ended on January 1, 2025." in parent.redeems(code).text
    assert kenji.issues() != code


def test_an_admin_who_is_at_canvas_meanwhile_comes_back(school: School) -> None:
    page = Admin(school, ADMIN).opens()
    service = Person(school, 11)
    consent = service.press(page, "Connect another account")
    change(LtiLaunch, expires_at=LONG_AGO)

    tasks.TASKS["upkeep"]()

    assert "Observatory is connected" in service.press(consent, "Authorize").text


def test_the_course_of_a_forgotten_launch_opens_anew(school: School, teacher: Teacher) -> None:
    page = teacher.opens_course(MATHS)
    change(LtiLaunch, expires_at=LONG_AGO)
    tasks.TASKS["upkeep"]()

    assert "Please open Observatory from Canvas" in teacher.press(page, "Show the students").text
    assert "24 students" in teacher.sees_students().text
