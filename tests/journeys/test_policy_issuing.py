"""Who may make codes, and how long they last: what the pages say to those who may and those who may not."""

from datetime import UTC, datetime, timedelta

import pytest

from app.models import Code, Scope
from tests.journeys.rows import rows
from tests.journeys.ruling import rule
from tests.people import MATHS, TA, Observer, School, Student, Teacher, codes_on

pytestmark = pytest.mark.both_databases

KENJI = 105


def test_teachers_who_may_not_see_their_students_and_no_button(school: School, teacher: Teacher) -> None:
    rule(school, teachers_issue=False)

    page = teacher.sees_students()

    assert "At this school teachers do not make codes." in page.text
    assert "Kenji Tanaka" in page.text
    assert not page.has_button("Make codes for the ticked students")
    assert teacher.forges(page, "/instructor/codes", students=str(KENJI), whom="ticked").status_code == 403
    assert rows(Code) == []


def test_who_may_make_none_any_more_takes_back_those_of_their_own(school: School, teacher: Teacher) -> None:
    rule(school, tas_issue=True)
    (own,) = teacher.issues([KENJI])
    (others,) = Teacher(school, TA).issues([106])
    rule(school, teachers_issue=False)

    page = teacher.sees_students()
    assert own not in page.text
    assert page.text.count("made by you") == 1
    of_others = max(code.id for code in rows(Code))
    assert teacher.forges(page, f"/instructor/codes/{of_others}/revoke").status_code == 403

    page = teacher.press(page, "Take back the code of Kenji Tanaka")

    assert "The code was taken back." in page.text
    assert [code.revoked_at is not None for code in rows(Code)] == [True, False]
    assert others not in teacher.sees_students().text


@pytest.mark.parametrize("allowed", [True, False])
def test_assistants_make_codes_where_they_may(school: School, allowed: bool) -> None:
    rule(school, tas_issue=allowed, teachers_issue=not allowed)

    page = Teacher(school, TA).sees_students()

    assert page.has_button("Make codes for the ticked students") == allowed
    assert ("At this school only teachers make codes." in page.text) == (not allowed)


def test_students_who_may_not_are_told_whom_to_ask(school: School, student: Student) -> None:
    rule(school, students_issue=False)

    page = student.opens()

    assert "At this school students do not make codes." in page.text
    assert not page.has_button("Make a code")
    for path in ("/student/codes", "/student/canvas-code"):
        assert student.forges(page, path).status_code == 403
    assert rows(Code) == []


def test_a_code_from_before_stays_good_and_can_be_taken_back(
    school: School, student: Student, parent: Observer
) -> None:
    code = student.issues()
    rule(school, students_issue=False)

    page = student.opens()

    assert codes_on(page) == [code]
    assert page.has_button("Take the code back")
    assert "You are connected" in parent.redeems(code).text


def test_codes_keep_the_life_and_uses_they_were_made_with(school: School, teacher: Teacher) -> None:
    teacher.issues([KENJI])
    day = (datetime.now(UTC) + timedelta(days=200)).date()
    rule(school, code_life=timedelta(days=3), code_uses=5, codes_until=day, time_zone="America/Denver")
    teacher.issues([KENJI, 106])

    old, new = rows(Code)

    assert (old.max_uses, old.expires_at - old.created_at) == (2, timedelta(days=30))
    assert new.max_uses == 5
    assert new.expires_at.date() == day + timedelta(days=1)
    assert (old.scope, old.course_id) == (Scope.COURSE, str(MATHS))
