"""`python -m bench.coverage`: the coverage pages and the adding up of a large district, in seconds.

Nothing is asked of Canvas: the seats are made up, as a census would have met them.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import insert, select

from app import create_app, db
from app.models import Census, CountedAccount, CountedCourse, Counting, Institution, LtiLaunch, Role, Seat
from app.pairing import adding_up, coverage
from bench import databases
from tests.conftest import settings_for

COURSES_EACH = 6  # of a student
OBSERVED = 0.6


def main() -> None:
    """Make up a district, add it up, and time the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=100_000)
    parser.add_argument("--courses", type=int, default=4_000)
    parser.add_argument("--schools", type=int, default=100)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
        database = stack.enter_context(databases.fresh(chosen.database, folder))
        stack.enter_context(create_app(settings_for(database.url)).app_context())
        run_id = _make_up(chosen.students, chosen.courses, chosen.schools)
        _time("adding up and hiding", lambda: _add_up(run_id))
        for words, account in (("the whole", None), ("a school", "2")):
            _time(f"page of {words}", lambda account=account: _look(account))
            _time(f"page of {words}, again", lambda account=account: _look(account))
        print(f"memory: {psutil.Process().memory_info().rss / 2**20:.0f} MB")
        db.database.engine.dispose()


def _time(words: str, what: Callable[[], object]) -> None:
    begun = time.perf_counter()
    what()
    print(f"{words}: {time.perf_counter() - begun:.3f} s", flush=True)


def _make_up(students: int, courses: int, schools: int) -> int:
    now = datetime.now(UTC)
    with db.transaction() as session:
        place = Institution(slug="big", name="Big", canvas_url="https://big.test", created_at=now)
        session.add(place)
        session.flush()
        counts = {"looked": courses, "skipped": 0, "stumbles": 0}
        run = Census(
            institution_id=place.id,
            begun_at=now,
            seen_at=now,
            stage=Counting.GROUPS,
            cursor="",
            only_ours=False,
            **counts,
        )
        session.add(run)
        session.flush()
        own = {"institution_id": place.id}
        session.add(CountedAccount(**own, account_id="1", parent_id=None, name="Big", path="/1/"))
        for school in range(2, schools + 2):
            path = f"/1/{school}/"
            row = CountedAccount(
                **own, account_id=str(school), parent_id="1", name=f"School {school}", path=path
            )
            session.add(row)
        zero = {"none": 0, "one": 0, "several": 0, "told": 0, "named": True, "census_id": run.id}
        rows = [
            own | zero | {"course_id": str(n), "account_id": str(2 + n % schools), "name": f"Course {n}"}
            for n in range(courses)
        ]
        session.execute(insert(CountedCourse), rows)
        for some in _seats(place.id, students, courses, schools):
            session.execute(insert(Seat), some)
        return run.id


def _seats(
    institution_id: int, students: int, courses: int, schools: int
) -> Iterator[list[dict[str, object]]]:
    dice, per_school = random.Random(7), courses // schools  # noqa: S311 - the same district every time
    for first in range(0, students, 1000):
        some = []
        for student in range(first, min(first + 1000, students)):
            observers = [
                "",
                *(["o1"] if dice.random() < OBSERVED else []),
                *(["o2"] if dice.random() < 0.2 else []),
            ]
            for turn in dice.sample(range(per_school), min(COURSES_EACH, per_school)):
                fixed = {
                    "institution_id": institution_id,
                    "course_id": str(student % schools + schools * turn),
                }
                some += [
                    fixed | {"student_id": str(student), "observer_id": one and f"{student}{one}"}
                    for one in observers
                ]
        yield some


def _add_up(run_id: int) -> None:
    for stage, each in (
        (Counting.GROUPS, lambda run, unit: adding_up.count(run, unit, datetime.now(UTC))),
        (Counting.HIDING, adding_up.hide),
    ):
        _note(run_id, stage=stage, cursor="")
        while True:
            with db.reading() as session:
                run = session.get_one(Census, run_id)
            unit = adding_up.following(run)
            if unit is None:
                break
            each(run, unit)
            _note(run_id, cursor=unit)
    _note(run_id, ended_at=datetime.now(UTC))


def _note(run_id: int, **values: object) -> None:
    with db.transaction() as session:
        run = session.get_one(Census, run_id)
        for name, value in values.items():
            setattr(run, name, value)


def _look(account: str | None) -> None:
    now = datetime.now(UTC)
    with db.reading() as session:
        place = session.scalars(select(Institution.id)).one()
        launch = LtiLaunch(
            institution_id=place, role=Role.ADMIN, root_admin=account is None, account_id=account
        )
        at, last = coverage.account(session, launch, account), coverage.last(session, place)
        assert last is not None  # noqa: S101 - it was just counted
        coverage.view(session, launch, last, at, 0, now)


if __name__ == "__main__":
    main()
