"""People who do things in the same moment: real threads, real routes, real connections."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.models import Guesses, LinkState
from app.pairing import spelling
from app.pairing.rules import LIMITS
from app.tasks.pairing import finish_link
from app.web import canvas as web_canvas
from tests.browser import Page
from tests.people import MATHS, PUBLIC_URL, Observer, School, Student, Teacher
from tests.records import all_codes, all_links, at_once, only_link, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases(always=True)

KENJI, FREYA = 105, 107  # one section of mathematics; both of them
CROWD = 50
FIRST_OF_CROWD = 9000


def crowd_of(school: School, size: int) -> list[Observer]:
    """So many parents who have come to the school, each signed in."""

    def arrive(world: dict[str, Any]) -> None:
        for number in range(FIRST_OF_CROWD, FIRST_OF_CROWD + size):
            login = {"account_id": 1, "unique_id": f"parent{number}", "password": "pw"}
            world["users"].append({"id": number, "name": f"Parent {number}", "logins": [login]})

    school.changes(arrive)
    addresses = (f"203.0.113.{number + 1}" for number in range(size))
    return [
        Observer(school, FIRST_OF_CROWD + number, address).enters()
        for number, address in enumerate(addresses)
    ]


def ready(observer: Observer, code: str) -> Callable[[], Page]:
    """The page is open and the code typed; calling this presses the button."""
    page = observer.browser.open(f"{PUBLIC_URL}/pair")
    return partial(observer.press, page, "Connect me", code=code)


def wrong_codes(number: int) -> list[str]:
    """Codes that are spelled well, and that nobody has."""
    return [spelling.show(spelling.make()) for _ in range(number)]


@pytest.mark.parametrize("whose", ["the student's", "the teacher's"])
def test_of_fifty_observers_with_one_code_two_are_connected(
    school: School, teacher: Teacher, student: Student, run_jobs: Runner, whose: str
) -> None:
    code = student.issues() if whose == "the student's" else teacher.issues([FREYA])[0]
    crowd = crowd_of(school, CROWD)

    pages = at_once([ready(observer, code) for observer in crowd])
    run_jobs()

    assert Counter(page.status_code for page in pages) == {200: 2, 422: CROWD - 2}
    assert all("already been used as often" in page.text for page in pages if page.status_code == 422)
    winners = sorted(o.id for o, page in zip(crowd, pages, strict=True) if page.status_code == 200)
    if whose == "the student's":
        assert sorted(link for link in school.links() if link[0] >= FIRST_OF_CROWD) == [
            (winner, student.id) for winner in winners
        ]
    else:
        sections = school.sections_of(FREYA, MATHS)
        assert len(sections) == 2
        assert {o.id: school.observing(o.id) for o in crowd if school.observing(o.id)} == {
            winner: [(course, section, FREYA) for course, section in sections] for winner in winners
        }
    assert [link.state for link in all_links()] == [LinkState.ACTIVE] * 2
    assert uses() == [2]


@pytest.mark.parametrize("times", [2, 8])
@pytest.mark.parametrize("whose", ["the student's", "the teacher's"])
def test_one_observer_who_sends_a_code_several_times_at_once_spends_one_use(
    school: School,
    teacher: Teacher,
    student: Student,
    parent: Observer,
    run_jobs: Runner,
    whose: str,
    times: int,
) -> None:
    code = student.issues() if whose == "the student's" else teacher.issues([FREYA])[0]
    parent.enters()
    writes = 1 if whose == "the student's" else 2

    pages = at_once([ready(parent, code)] * times)
    run_jobs()

    assert {page.status_code for page in pages} == {200}
    assert only_link().state is LinkState.ACTIVE
    assert uses() == [1]
    assert len(school.writes()) == writes


def test_a_student_who_asks_eight_times_at_once_gets_one_code(student: Student) -> None:
    page = student.opens()

    pages = at_once([partial(student.press, page, "Make a code")] * 8)

    assert {page.status_code for page in pages} == {200}
    assert len(all_codes()) == 1


def test_teachers_who_issue_for_the_whole_course_at_once_make_one_code_each(
    school: School, teacher: Teacher
) -> None:
    page = teacher.sees_students()
    students = [student["id"] for student in school.canvas.state()["users"] if 101 <= student["id"] <= 124]
    issue = partial(teacher.press, page, "Make codes for the ticked students", ticked=students)

    pages = at_once([issue] * 4)

    assert {page.status_code for page in pages} == {200}
    assert len(all_codes()) == len({code.student_id for code in all_codes()}) > 20


def test_a_code_revoked_while_it_is_redeemed_is_either_spent_or_refused(
    school: School, student: Student, parent: Observer, run_jobs: Runner
) -> None:
    parent.enters()
    for _ in range(4):
        code = student.issues()
        page = student.opens()
        take_back = partial(student.press, page, "Take the code back")

        redeemed, revoked = at_once([ready(parent, code), take_back])
        run_jobs()

        assert revoked.status_code == 200
        spent = all_codes()[-1].uses == 1
        assert redeemed.status_code == (200 if spent else 422)
        assert ("taken back" in redeemed.text) is not spent
        assert ((parent.id, student.id) in school.links()) is spent
        if spent:
            parent.leaves("Leave Lucas Novak")
            run_jobs()


def test_leaving_while_the_code_is_sent_again_ends_as_one_of_the_two_wanted(
    school: School, student: Student, parent: Observer, run_jobs: Runner
) -> None:
    code = student.issues()
    parent.redeems(code)
    for _ in range(3):
        sure = parent.press(parent.portal(), "Leave Lucas Novak")

        left, again = at_once([partial(parent.press, sure, "Yes, leave"), ready(parent, code)])
        run_jobs()

        assert left.status_code == 200
        assert again.status_code in (200, 422)
        open_links = [link.state for link in all_links() if link.state is not LinkState.ENDED]
        connected = (parent.id, student.id) in school.links()
        assert open_links == ([LinkState.ACTIVE] if connected else [])
        if not connected:
            break
    assert uses() == [len(all_links())]


def test_two_leaves_at_once_end_a_link_that_canvas_made(
    school: School, run_jobs: Runner, new_parent: Callable[[int], Observer]
) -> None:
    elena = new_parent(40).enters()  # whom the school itself has linked to Lucas
    sure = elena.press(elena.portal(), "Leave Lucas Novak")

    pages = at_once([partial(elena.press, sure, "Yes, leave")] * 4)
    run_jobs()

    assert {page.status_code for page in pages} == {200}
    assert {link.state for link in all_links()} == {LinkState.ENDED}
    assert school.observing(elena.id) == []


@pytest.mark.parametrize("whose", ["the student's", "the teacher's"])
def test_workers_and_a_page_that_apply_one_link_at_once_write_it_once(
    app: Flask, school: School, teacher: Teacher, student: Student, parent: Observer, whose: str
) -> None:
    code = student.issues() if whose == "the student's" else teacher.issues([KENJI])[0]
    school.canvas.fault(method="PUT", route="/api/v1/users/:user_id/observees/:observee_id", status=500)
    school.canvas.fault(method="POST", route="/api/v1/sections/:section_id/enrollments", status=500)
    parent.redeems(code)
    link = only_link()
    assert link.state is LinkState.PENDING
    school.mended()

    def worker() -> None:
        with app.app_context():
            finish_link(link.id)

    def page() -> None:
        with app.test_request_context():
            web_canvas.attempt(link.id)

    at_once([worker, page, worker])

    assert only_link().state is LinkState.ACTIVE
    assert len(school.writes()) == 1
    assert uses() == [1]


def test_one_observers_guesses_at_once_are_all_counted(school: School, parent: Observer) -> None:
    parent.enters()

    pages = at_once([ready(parent, code) for code in wrong_codes(12)])

    answers = Counter("do not know this code" in page.text for page in pages)
    assert {page.status_code for page in pages} == {422}
    free = LIMITS["observer"].free
    assert answers == {True: free + 1, False: 12 - free - 1}  # the one that is too many starts the wait
    assert all("too many wrong codes" in p.text for p in pages if "do not know this code" not in p.text)
    assert misses("observer") == [free + 1]


def test_observers_who_miss_at_once_do_not_block_each_other(school: School) -> None:
    crowd = crowd_of(school, 8)

    pages = at_once([ready(o, code) for o, code in zip(crowd, wrong_codes(8), strict=True)])

    assert all("do not know this code" in page.text for page in pages)
    assert misses("observer") == [1] * 8
    assert misses("institution") == [8]


def misses(kind: str) -> list[int]:
    with db.reading() as session:
        return list(session.scalars(select(Guesses.misses).where(Guesses.kind == kind)))
