"""Codes for one course with a purpose and a last day: "coach until March 12"."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask_babel import format_date
from sqlalchemy import update

from app import db
from app.models import Code, EndedBy, Link, LinkState
from app.pairing import links
from app.tasks import TASKS
from tests.browser import Page
from tests.journeys.rows import change, rows, uses
from tests.journeys.ruling import rule
from tests.people import MATHS, Observer, School, Student, Teacher, codes_on, row_of
from tests.records import all_links, only_link, states
from tests.workers import Runner

pytestmark = pytest.mark.both_databases

KENJI = 105
MAKE = "Make codes for the ticked students"
PAST = datetime(2026, 1, 1, tzinfo=UTC)


def day(ahead: int) -> date:
    return (datetime.now(UTC) + timedelta(days=ahead)).date()


def written(school: School, when: date) -> str:
    with school.app.test_request_context():
        return str(format_date(when, "long"))


def issues(teacher: Teacher, ahead: int | None, purpose: str = "coach") -> Page:
    last = day(ahead).isoformat() if ahead is not None else ""
    return teacher.press(teacher.sees_students(), MAKE, ticked=[KENJI], purpose=purpose, last_day=last)


@pytest.fixture
def code(teacher: Teacher) -> str:
    return codes_on(issues(teacher, 20))[0]


@pytest.fixture
def kenji(school: School) -> Student:
    return Student(school, KENJI)


def ends(school: School) -> None:
    """The last day of every link that has one is over."""
    with db.transaction() as session:
        session.execute(update(Link).where(Link.ends_at.is_not(None)).values(ends_at=PAST))
    TASKS["end_due"]()


def test_a_coach_sees_a_course_until_a_day(
    school: School, teacher: Teacher, parent: Observer, kenji: Student
) -> None:
    page = issues(teacher, 20)
    until = written(school, day(20))
    assert f"Coach, sees the course until {until}" in page.text
    assert f"Coach, sees the course until {until}" in row_of(teacher.sees_students(), "Kenji Tanaka")

    page = parent.redeems(codes_on(page)[0])

    assert f"This lasts until {until}." in page.text
    assert "Your code was made for: Coach." in page.text
    assert f"Coach, until {until}" in parent.portal().text
    assert f"Mathematics 7: Coach until {until}" in kenji.sees_observers()
    assert len(school.observing(44)) == 1


def test_its_day_comes(school: School, parent: Observer, code: str, run_jobs: Runner) -> None:
    page = parent.redeems(code)
    TASKS["end_due"]()
    assert states() == [LinkState.ACTIVE]

    ends(school)
    run_jobs()
    TASKS["end_due"]()
    run_jobs()

    assert (states(), school.observing(44), uses()) == ([LinkState.ENDED], [], [1])
    assert only_link().ended_by is EndedBy.DATE
    assert "This connection is over It lasted until" in parent.browser.open(page.url).text
    assert "this connection lasted until" in parent.portal().text


def test_days_end_where_the_school_is(school: School, teacher: Teacher) -> None:
    rule(school, time_zone="America/Denver")
    issues(teacher, 20)

    (code,) = rows(Code)
    assert code.link_ends_on == day(20)
    assert code.link_ends_at is not None
    assert code.link_ends_at.date() == day(21)
    assert code.link_ends_at.hour in (6, 7)
    assert code.expires_at == code.link_ends_at  # a code does not outlast what it opens


def test_a_code_for_a_coach_leaves_the_parents_code_alone(teacher: Teacher, parent: Observer) -> None:
    (first,) = teacher.issues([KENJI])
    (second,) = codes_on(issues(teacher, 20))

    assert first != second
    assert codes_on(issues(teacher, 20)) == [second]
    assert teacher.issues([KENJI]) == [first]
    row = row_of(teacher.sees_students(), "Kenji Tanaka")
    assert first in row
    assert second in row
    assert "You are connected" in parent.redeems(first).text


def test_a_longer_code_lets_it_last_longer(
    school: School, teacher: Teacher, parent: Observer, code: str
) -> None:
    parent.redeems(code)
    (longer,) = teacher.issues([KENJI])

    page = parent.redeems(longer)

    assert "You are connected to Kenji Tanaka" in page.text
    assert "This lasts until" not in page.text
    assert (only_link().ends_at, uses()) == (None, [1, 1])
    TASKS["end_due"]()
    assert states() == [LinkState.ACTIVE]


def test_a_shorter_code_takes_nothing_away(teacher: Teacher, parent: Observer) -> None:
    parent.redeems(teacher.issues([KENJI])[0])

    page = parent.redeems(codes_on(issues(teacher, 20))[0])

    assert "You were connected already" in page.text
    assert (only_link().ends_at, uses()) == (None, [1, 0])


def test_what_canvas_held_before_is_not_ended(
    school: School, parent: Observer, code: str, run_jobs: Runner
) -> None:
    def observes(world: dict[str, list[dict[str, object]]]) -> None:
        (section,) = [section for _, section in school.sections_of(KENJI, MATHS)]
        row = {"id": 7001, "user_id": 44, "course_id": MATHS, "section_id": section, "state": "active"}
        world["enrollments"].append({**row, "type": "ObserverEnrollment", "associated_user_id": KENJI})

    parent.enters()
    school.changes(observes)
    parent.redeems(code)

    assert (only_link().ends_at, uses()) == (None, [0])
    TASKS["end_due"]()
    run_jobs()
    assert len(school.observing(44)) == 1


def test_an_all_course_connection_outlasts_it(
    school: School, parent: Observer, kenji: Student, code: str, run_jobs: Runner
) -> None:
    parent.redeems(code)
    parent.redeems(kenji.issues())

    ends(school)
    run_jobs()

    assert (44, KENJI) in school.links()
    assert school.observing(44) == sorted((c, s, KENJI) for c, s in school.sections_of(KENJI))


def test_leaving_all_courses_keeps_the_last_day(
    school: School, parent: Observer, kenji: Student, code: str, run_jobs: Runner
) -> None:
    parent.redeems(code)
    parent.redeems(kenji.issues())
    parent.leaves("Leave Kenji Tanaka")
    run_jobs()
    assert len(school.observing(44)) == 1

    ends(school)
    run_jobs()

    assert school.observing(44) == []


def test_a_connection_made_again_keeps_its_last_day(school: School, parent: Observer, code: str) -> None:
    parent.redeems(code)
    change(Link, state=LinkState.ENDED, gone=True)

    with db.transaction() as session:
        again = links.reconnect(session, session.get_one(Link, 1), datetime.now(UTC))
        assert again is not None
        assert (again.ends_on, again.purpose) == (day(20), "coach")
        assert again.ends_at is not None


def test_somebody_who_leaves_on_the_last_day_is_ended_once(
    school: School, parent: Observer, code: str, run_jobs: Runner
) -> None:
    parent.redeems(code)
    parent.leaves("Leave Mathematics 7")

    ends(school)
    run_jobs()

    assert states() == [LinkState.ENDED]
    assert only_link().ended_by is EndedBy.OBSERVER


def test_many_days_after_everything_over_is_ended_at_once(
    school: School, teacher: Teacher, run_jobs: Runner
) -> None:
    page = teacher.press(
        teacher.sees_students(), MAKE, ticked=[KENJI, 106, 107], purpose="tutor", last_day=day(9).isoformat()
    )
    tutor = Observer(school, 44)
    tutor.redeems(", ".join(codes_on(page)))
    assert len(school.observing(44)) == 4

    ends(school)
    run_jobs()

    assert school.observing(44) == []
    assert set(states()) == {LinkState.ENDED}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2020-01-01", "This day is over."),
        ("someday", "Please give a day like 2027-06-30."),
        ("9999-12-31", "more than three years away"),
    ],
)
def test_a_day_that_makes_no_sense_is_told_and_nothing_is_lost(
    teacher: Teacher, typed: str, words: str
) -> None:
    page = teacher.press(teacher.sees_students(), MAKE, ticked=[KENJI], purpose="coach", last_day=typed)

    assert page.status_code == 422
    assert words in page.text
    form = page.form_with(MAKE)[0]
    assert dict(form.fields)["last_day"] == typed
    assert dict(form.fields)["purpose"] == "coach"
    assert ("students", str(KENJI)) in form.checked
    assert rows(Code) == []


def test_only_purposes_of_the_policy_are_offered(school: School, teacher: Teacher) -> None:
    rule(school, purposes=("coach",))
    page = teacher.sees_students()
    assert "Coach" in page.text
    assert "Mentor" not in page.text

    issues(teacher, None, purpose="mentor")

    assert rows(Code)[0].purpose is None


def test_a_purpose_is_said_to_student_and_teacher(
    school: School, teacher: Teacher, parent: Observer, kenji: Student
) -> None:
    rule(school, approval=True)
    parent.redeems(codes_on(issues(teacher, 20))[0])

    page = kenji.opens()

    assert "The code was made for: Coach." in page.text
    assert f"It would end after {written(school, day(20))}." in page.text


def test_a_last_day_that_comes_before_the_answer_ends_the_question(
    school: School, teacher: Teacher, parent: Observer, kenji: Student
) -> None:
    rule(school, approval=True)
    parent.redeems(codes_on(issues(teacher, 3))[0])
    change(Link, ends_at=PAST)

    TASKS["end_due"]()
    TASKS["lapse_due"]()

    assert "May Aiko" not in kenji.opens().text
    assert [link.state for link in all_links()] == [LinkState.FAILED]
    assert uses() == [0]
