"""A student is asked before somebody sees them through a teacher's code."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import update

from app import db
from app.models import AuditEvent, Link, LinkState, Role
from app.tasks import TASKS
from tests.browser import Page
from tests.journeys.families import EVERYWHERE, give_code
from tests.journeys.rows import change, rows, uses
from tests.journeys.ruling import rule
from tests.people import MATHS, Admin, Observer, School, Student, Teacher, codes_on
from tests.records import all_links, at_once, only_link, states
from tests.workers import Runner

pytestmark = pytest.mark.both_databases

KENJI = 105
YES, NO = "Yes, they may", "No"
QUESTION = "May Aiko Tanaka see your course?"
PAST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def college(school: School) -> School:
    rule(school, approval=True)
    return school


@pytest.fixture
def kenji(college: School) -> Student:
    return Student(college, KENJI)


@pytest.fixture
def code(college: School, teacher: Teacher) -> str:
    return teacher.issues([KENJI])[0]


def do(school: School, name: str) -> None:
    with school.app.app_context():
        TASKS[name]()


def events() -> list[str]:
    return [row.event for row in rows(AuditEvent) if row.event.startswith(("link:", "code:redeem"))]


def test_nothing_reaches_canvas_before_the_yes(
    college: School, kenji: Student, parent: Observer, code: str, run_jobs: Runner
) -> None:
    college.forgets_calls()

    page = parent.redeems(code)
    run_jobs()

    assert "Waiting for the student" in page.text
    assert "Now Kenji Tanaka is asked; until they say yes, you see nothing." in page.text
    assert "we are waiting for the student's yes." in parent.portal().text
    assert college.writes() == []
    assert (states(), uses()) == ([LinkState.WAITING], [1])
    assert events() == ["link:ask", "code:redeem"]


def test_the_student_says_yes(college: School, kenji: Student, parent: Observer, code: str) -> None:
    waiting = parent.redeems(code)
    page = kenji.opens()
    assert QUESTION in page.text
    assert "Aiko Tanaka has used a code for Mathematics 7 and would see this course" in page.text

    page = kenji.press(page, YES)

    assert "You said yes." in page.text
    assert QUESTION not in page.text
    assert college.observing(44) == [
        (MATHS, section, KENJI) for _, section in college.sections_of(KENJI, MATHS)
    ]
    assert "You are connected to Kenji Tanaka" in parent.browser.open(waiting.url).text
    assert uses() == [1]
    assert "link:approve" in events()


def test_the_student_says_no(college: School, kenji: Student, parent: Observer, code: str) -> None:
    waiting = parent.redeems(code)

    page = kenji.press(kenji.opens(), NO)

    assert "You said no. Nobody was connected." in page.text
    assert college.observing(44) == []
    assert uses() == [0]
    assert "The student did not agree to this connection." in parent.browser.open(waiting.url).text
    assert "The student did not agree" in parent.redeems(code).text  # nobody is asked twice
    assert QUESTION not in kenji.opens().text
    assert "Waiting for the student" in Observer(college, 43).redeems(code).text


def test_a_students_own_code_needs_no_yes(college: School, kenji: Student, parent: Observer) -> None:
    assert "You are connected" in parent.redeems(kenji.issues()).text


def test_the_time_to_answer_ends(college: School, kenji: Student, parent: Observer, code: str) -> None:
    waiting = parent.redeems(code)
    page = kenji.opens()
    change(Link, answer_by=PAST)

    assert QUESTION not in kenji.opens().text
    assert "There is nothing to answer any more." in kenji.press(page, YES).text
    do(college, "lapse_due")
    do(college, "lapse_due")

    assert (states(), uses()) == ([LinkState.FAILED], [0])
    assert "The student has not answered in time." in parent.browser.open(waiting.url).text
    assert "Waiting for the student" in parent.redeems(code).text


def test_a_code_can_be_used_again_before_the_job_has_noticed(
    college: School, parent: Observer, code: str
) -> None:
    parent.redeems(code)
    change(Link, answer_by=PAST)

    assert "Waiting for the student" in parent.redeems(code).text
    assert (states(), uses()) == ([LinkState.FAILED, LinkState.WAITING], [1])


def test_typing_the_code_again_asks_nobody_again(college: School, parent: Observer, code: str) -> None:
    parent.redeems(code)

    assert "Waiting for the student" in parent.redeems(code).text
    assert (states(), uses()) == ([LinkState.WAITING], [1])


def test_the_observer_takes_it_back(college: School, kenji: Student, parent: Observer, code: str) -> None:
    waiting = parent.redeems(code)
    page = kenji.opens()

    assert "You have taken it back" in parent.press(waiting, "Take it back").text

    assert "There is nothing to answer any more." in kenji.press(page, YES).text
    assert (states(), uses(), college.observing(44)) == ([LinkState.ENDED], [0], [])


def test_several_codes_tell_apart_who_waits(
    college: School, kenji: Student, parent: Observer, code: str
) -> None:
    page = parent.redeems(f"{code}, {Student(college, 106).issues()}")

    assert "Kenji Tanaka: we are waiting for the student's yes." in page.text
    assert "Zola Mbeki: connected." in page.text


def test_a_student_answers_for_nobody_else(
    college: School, kenji: Student, parent: Observer, code: str
) -> None:
    parent.redeems(code)
    other = Student(college, 106)
    page = other.opens()

    for answer in ("yes", "no"):
        assert "nothing to answer" in other.forges(page, f"/student/asked/{only_link().id}/{answer}").text
    assert states() == [LinkState.WAITING]


def test_somebody_acting_as_the_student_answers_nothing(college: School, parent: Observer, code: str) -> None:
    parent.redeems(code)
    admin = Admin(college, 10)
    admin.acts_as(KENJI)
    page = admin.launches(f"/users/{KENJI}")

    assert QUESTION in page.text
    assert not page.has_button(YES)
    assert admin.forges(page, f"/student/asked/{only_link().id}/yes").status_code == 403


def test_a_student_who_left_the_course_meanwhile_gives_the_use_back(
    college: School, kenji: Student, parent: Observer, code: str
) -> None:
    parent.redeems(code)
    page = kenji.opens()

    def leaves(world: dict[str, list[dict[str, object]]]) -> None:
        world["enrollments"] = [row for row in world["enrollments"] if row["user_id"] != KENJI]

    college.changes(leaves)
    kenji.press(page, YES)

    assert (states(), uses(), college.observing(44)) == ([LinkState.FAILED], [0], [])
    assert only_link().reason == "student_left_course"


def test_an_all_course_connection_made_meanwhile_is_enough(
    college: School, kenji: Student, parent: Observer, code: str
) -> None:
    parent.redeems(code)
    parent.redeems(kenji.issues())

    kenji.press(kenji.opens(), YES)

    assert (44, KENJI) in college.links()
    assert uses() == [0, 1]


def test_leaving_the_all_course_connection_does_not_answer_for_the_student(
    college: School, kenji: Student, parent: Observer, code: str, run_jobs: Runner
) -> None:
    parent.redeems(code)
    parent.redeems(kenji.issues())

    parent.leaves("Leave Kenji Tanaka")
    run_jobs()

    assert college.observing(44) == []
    assert states() == [LinkState.WAITING, LinkState.ENDED]


def test_an_answer_long_after_waits_for_canvas_as_long_as_others(
    college: School, kenji: Student, parent: Observer, code: str, run_jobs: Runner
) -> None:
    parent.redeems(code)
    change(Link, created_at=PAST)
    college.canvas.fault(method="POST", route="/api/v1/sections/", status=503)

    kenji.press(kenji.opens(), YES)

    assert (states(), uses()) == ([LinkState.PENDING], [1])


def test_who_waits_still_waits_when_the_policy_asks_no_longer(
    college: School, kenji: Student, parent: Observer, code: str
) -> None:
    parent.redeems(code)
    rule(college)

    assert states() == [LinkState.WAITING]
    assert "Waiting for the student" in parent.redeems(code).text
    kenji.press(kenji.opens(), YES)
    assert len(college.observing(44)) == 1


def test_a_connection_made_otherwise_meanwhile_stands(
    college: School, kenji: Student, parent: Observer, teacher: Teacher, code: str
) -> None:
    parent.redeems(code)
    change(Link, state=LinkState.ENDED)
    rule(college)
    parent.redeems(code)
    waiting, _ = all_links()
    with_state(waiting.id, LinkState.WAITING)

    kenji.press(kenji.opens(), YES)

    assert states() == [LinkState.ENDED, LinkState.ACTIVE]
    assert len(college.observing(44)) == 1


def with_state(link_id: int, state: LinkState) -> None:
    with db.transaction() as session:
        session.execute(update(Link).where(Link.id == link_id).values(state=state))


@pytest.mark.parametrize("others", ["yes", "no", "back", "lapse"])
def test_of_two_answers_at_once_one_counts(
    college: School, kenji: Student, parent: Observer, code: str, run_jobs: Runner, others: str
) -> None:
    waiting = parent.redeems(code)
    page = kenji.opens()
    if others == "lapse":
        change(Link, answer_by=datetime.now(UTC) + timedelta(seconds=0.2))
    second: Callable[[], object] = {
        "yes": partial(kenji.press, page, YES),
        "no": partial(kenji.press, page, NO),
        "back": partial(parent.press, waiting, "Take it back"),
        "lapse": partial(do, college, "lapse_due"),
    }[others]
    first: Callable[[], Page] = partial(kenji.press, page, YES)

    at_once([first, second])
    run_jobs()
    if others == "lapse" and states() == [LinkState.WAITING]:
        change(Link, answer_by=PAST)
        do(college, "lapse_due")

    linked = len(college.observing(44)) == 1
    assert (states() == [LinkState.ACTIVE]) == linked
    assert uses() == [1 if linked else 0]
    assert len([one for one in events() if one in ("link:approve", "link:decline", "link:fail")]) <= 1


def test_a_teacher_sees_no_observer_while_the_student_is_asked(
    college: School, teacher: Teacher, parent: Observer, code: str
) -> None:
    parent.redeems(code)

    page = teacher.sees_students()

    assert "Aiko Tanaka" not in page.text
    assert code in codes_on(page)


def test_the_office_gets_a_code_of_its_own_that_asks_the_student(
    college: School, kenji: Student, parent: Observer
) -> None:
    own = kenji.issues()

    office = give_code(college, KENJI, EVERYWHERE, Role.ADMIN)

    assert office != own
    assert codes_on(kenji.opens()) == [own]
    assert "Waiting for the student" in parent.redeems(office).text
    assert "You are connected" in Observer(college, 43).redeems(own).text
