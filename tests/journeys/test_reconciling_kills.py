"""kill -9 between any two steps of putting a link right: whoever comes after finishes it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.models import LinkState, Person
from app.pairing import findings, reconciling
from app.tasks.reconcile import reconcile
from tests import valve
from tests.journeys.drifting import connects, drifts, removes, runs, with_an_admin
from tests.journeys.families import EVERYWHERE, ONE_COURSE, in_both_sections, linked
from tests.journeys.test_kills import Death, Programs, begin, kill, pipe
from tests.people import School
from tests.programs import eventually
from tests.records import states, time_passes
from tests.valve import Valve

__all__ = ["pipe"]
pytestmark = pytest.mark.slow

PARENT, NAMES = 44, ("Parent", "Student")
SECOND = 1012
# A course's list; then one link's student, observer, and whether the two are linked; then the row goes.
MOVING = [
    Death(ONE_COURSE, valve.AFTER, 4),
    Death(ONE_COURSE, valve.BEFORE, 5),
    Death(ONE_COURSE, valve.AFTER, 5),
]
# Is it linked, the student's rows, the observer's; then it is ended, looked for and made again.
HEALING = [
    Death(EVERYWHERE, valve.BEFORE, 4),
    Death(EVERYWHERE, valve.AFTER, 4),
    Death(EVERYWHERE, valve.BEFORE, 6),
    Death(EVERYWHERE, valve.AFTER, 6),
]
STUDENTS = range(105, 105 + len(HEALING))


@pytest.fixture
def programs(
    app: Flask, database_url: str, school: School, pipe: Valve, tmp_path: Path
) -> Iterator[Programs]:
    in_both_sections(school, STUDENTS)
    with_an_admin(school)
    programs = Programs(app, database_url, pipe, tmp_path / "note")
    yield programs
    for process in programs.started:
        kill(process)


def test_a_worker_that_dies_while_following_a_student(school: School, programs: Programs) -> None:
    worker, heir = programs.worker(), programs.worker()
    begin(worker)
    for death, student in zip(MOVING, STUDENTS, strict=False):
        connected(school, student, ONE_COURSE)
        removes(school, student, SECOND, "Student")
        programs.doom(death)
        with db.transaction() as session:
            assert reconciling.begin(session, school.institution_id, datetime.now(UTC))
        programs.die(death, worker)

        time_passes()
        begin(heir)
        eventually(lambda: runs()[-1].ended_at is not None)
        time_passes()
        with db.transaction() as session:  # a link whose holder died was busy; the next look does it
            reconciling.begin(session, school.institution_id, datetime.now(UTC))
        eventually(lambda: runs()[-1].ended_at is not None)

        assert linked(school, PARENT, student, ONE_COURSE), death
        assert set(states()) == {LinkState.ACTIVE}, death
        worker, heir = heir, programs.worker()


@pytest.mark.both_databases
def test_a_worker_that_dies_while_healing(school: School, programs: Programs) -> None:
    worker, heir = programs.worker(), programs.worker()
    begin(worker)
    for death, student in zip(HEALING, STUDENTS, strict=True):
        connected(school, student, EVERYWHERE)
        removes(school, PARENT, SECOND, whom=student)
        found(school)
        programs.doom(death)
        with db.transaction() as session:
            admin = session.scalars(select(Person.id).limit(1)).one()
            findings.ask(session, school.institution_id, admin, datetime.now(UTC))
        programs.die(death, worker)

        time_passes()
        begin(heir)
        eventually(lambda: healed(school, student))  # noqa: B023 - asked at once
        assert set(states()) == {LinkState.ACTIVE}, death
        worker, heir = heir, programs.worker()


def connected(school: School, student: int, reach: str) -> None:
    """A link that nobody has to do with any more; the worker may have helped."""
    connects(school, PARENT, student, reach, NAMES)
    eventually(lambda: states()[-1] is LinkState.ACTIVE)


def found(school: School) -> None:
    """Look for what is missing, in this process or by the worker."""
    with db.transaction() as session:
        assert reconciling.begin(session, school.institution_id, datetime.now(UTC))
    reconcile(runs()[-1].id)
    eventually(lambda: runs()[-1].ended_at is not None)
    assert [drift.kind for drift in drifts() if drift.settled_at is None] == ["missing_enrollment"]


def healed(school: School, student: int) -> bool:
    open_now = [drift for drift in drifts() if drift.settled_at is None]
    both = [section for _, section, whom in school.observing(PARENT) if whom == student]
    return not open_now and len(both) == 2 and set(states()) == {LinkState.ACTIVE}
