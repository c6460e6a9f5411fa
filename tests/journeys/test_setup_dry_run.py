"""The dry run: a code's whole life with two people made for testing, and nothing left of it."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.inspector import dry_run, service
from app.models import Code, Institution, Link, LinkState, Person
from app.pairing import links
from tests.conftest import TEST_KEY
from tests.journeys.rows import change, hurry, rows
from tests.people import ADMIN, Admin, Observer, Page, School, Student
from tests.programs import observatory

LEARNER, WATCHER = 201, 202  # made for testing
pytestmark = pytest.mark.both_databases


@pytest.fixture
def school(school: School) -> School:
    """With a test student in one course, and a test observer."""

    def more(world: dict[str, Any]) -> None:
        world["users"] += [
            {"id": LEARNER, "name": "Test Student", "logins": [{"unique_id": "test.student"}]},
            {"id": WATCHER, "name": "Test Observer", "logins": [{"unique_id": "test.observer"}]},
        ]
        world["enrollments"].append(
            {"user_id": LEARNER, "course_id": 101, "section_id": 1011, "type": "StudentEnrollment"}
        )

    school.changes(more)
    return school


def tries(school: School, student: object = LEARNER, observer: object = WATCHER) -> Page:
    admin = Admin(school, ADMIN)
    page = admin.press(admin.opens(), "Check the setup")
    return admin.press(page, "Try it out and undo it", student=str(student), observer=str(observer))


def stage(school: School) -> dry_run.Stage:
    app = school.app
    settings, keyring = app.extensions["settings"], app.extensions["keyring"]
    with db.reading() as session:
        institution = session.scalars(select(Institution)).one()
        director = session.scalars(select(Person)).first()
    _found, canvas = service.examine(institution, keyring, settings, clock())
    assert canvas is not None
    assert director is not None
    return dry_run.Stage(institution.id, director.id, str(LEARNER), str(WATCHER), canvas, keyring, clock)


def clock() -> datetime:
    return datetime.now(UTC)


def nothing_is_left(school: School) -> bool:
    links = {pair for pair in school.links() if WATCHER in pair or LEARNER in pair}
    return not links and not school.observing(WATCHER)


def test_a_code_is_made_used_and_undone(school: School) -> None:
    before = school.links()

    page = tries(school)

    assert "in order: Both people are for testing only" in page.text
    assert "in order: A code was made and used" in page.text
    assert "in order: Canvas connected the two" in page.text
    assert "in order: The connection was ended; nothing is left of it" in page.text
    assert "No problem." in page.text
    assert school.links() == before
    assert nothing_is_left(school)
    assert [row["path"].rpartition("/")[2] for row in school.writes()] == [str(LEARNER)] * 2  # made and ended
    (link,) = rows(Link)
    assert link.state is LinkState.ENDED
    (code,) = rows(Code)
    assert code.revoked_at is not None
    assert code.expires_at - code.created_at == timedelta(minutes=10)


def test_it_can_be_done_again(school: School) -> None:
    tries(school)

    assert "No problem." in tries(school).text


def test_the_job_that_was_promised_finds_nothing_to_do(school: School, run_jobs: Callable[[], None]) -> None:
    tries(school)
    school.forgets_calls()

    hurry()
    run_jobs()

    assert school.writes() == []
    assert [link.state for link in rows(Link)] == [LinkState.ENDED]


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_process_that_dies_in_between_leaves_nothing_behind(
    school: School, run_jobs: Callable[[], None], dies_at: int
) -> None:
    steps = dry_run.perform(stage(school))
    for _ in range(dies_at):
        next(steps)
    steps.close()

    for _ in range(2):
        hurry()
        run_jobs()
        change(Link, leased_until=None)  # so much time has passed that nobody can still be at it

    assert nothing_is_left(school)
    assert all(link.state is LinkState.ENDED for link in rows(Link))
    assert "No problem." in tries(school).text


@pytest.mark.parametrize(
    ("student", "observer", "why"),
    [
        (LEARNER, LEARNER, "The student and the observer are the same person."),
        (LEARNER, 40, "This observer observes somebody already."),
        (104, 41, "This observer observes somebody in Mathematics 7 already."),
        (LEARNER, 999_999, "Canvas knows nobody with the observer's number."),
        (999_999, WATCHER, "Canvas knows nobody with the student's number."),
    ],
)
def test_people_who_will_not_do_are_refused(school: School, student: int, observer: int, why: str) -> None:
    page = tries(school, student, observer)

    assert why in page.text
    assert school.writes() == []
    assert rows(Code) == []


def test_a_student_whose_code_somebody_may_hold_is_refused(school: School) -> None:
    code = Student(school, 105).issues()

    page = tries(school, 105)

    assert "This student has a code that somebody may want to use." in page.text
    assert "You are connected" in Observer(school, 44).redeems(code).text


def test_an_observer_with_a_connection_under_way_is_refused(school: School) -> None:
    code = Student(school, 105).issues()
    school.canvas.fault(method="PUT", route="/api/v1/users", status=503)
    Observer(school, WATCHER).redeems(code)

    page = tries(school)

    assert "This observer has a connection already." in page.text
    school.mended()


def test_a_missing_permission_is_told_and_undone(school: School) -> None:
    school.canvas.fault(method="PUT", route="/api/v1/users", status=403)

    page = tries(school)

    assert "problem: Canvas connected the two" in page.text
    assert "The service account lacks a scope or a permission for this." in page.text
    assert nothing_is_left(school)
    assert all(link.state is LinkState.FAILED for link in rows(Link))
    school.mended()


def test_a_canvas_that_breaks_in_between_is_told_and_undone_later(
    school: School, run_jobs: Callable[[], None]
) -> None:
    school.canvas.fault(method="DELETE", route="/api/v1/users", status=503)

    page = tries(school)

    assert "in order: Canvas connected the two" in page.text
    assert "Canvas was not told yet. The worker goes on trying until it is." in page.text
    assert (WATCHER, LEARNER) in school.links()
    school.mended()
    hurry()
    run_jobs()
    assert nothing_is_left(school)


def test_without_a_service_account_it_says_so(registered: School) -> None:
    assert "There is none. Only Canvas's own codes work" in tries(registered, 105, 44).text


@pytest.mark.parametrize("typed", ["", "abc", "12 34", "1" * 40])
def test_numbers_that_are_none_are_asked_for_again(school: School, typed: str) -> None:
    page = tries(school, student=typed)

    assert page.status_code == 422
    assert "Please give both numbers." in page.text
    assert rows(Code) == []


def test_the_command_does_a_dry_run_too(school: School, database_url: str) -> None:
    people = ("--dry-run", str(LEARNER), str(WATCHER))

    ran = observatory("doctor", *people, **server(database_url))

    assert "ok       Canvas connected the two" in ran.stdout, ran.stderr
    assert "ok       The connection was ended; nothing is left of it" in ran.stdout
    assert nothing_is_left(school)


def server(database_url: str) -> dict[str, str]:
    """What tells a command of the server these journeys run on."""
    keys = "t1:" + base64.urlsafe_b64encode(TEST_KEY).decode()
    return {"DATABASE_URL": database_url, "OBSERVATORY_SECRET_KEYS": keys}


def test_an_ended_dry_run_is_not_ended_again(school: School) -> None:
    tries(school)
    (link,) = rows(Link)
    with db.transaction() as session:
        again = links.note_native(
            session,
            session.get_one(Person, link.observer_id),
            session.get_one(Person, link.student_id),
            clock(),
        )

    with db.transaction() as session:
        dry_run.end(session, link.id, clock())

    assert [one.state for one in rows(Link) if one.id == again.id] == [LinkState.ACTIVE]
