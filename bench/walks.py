"""`python -m bench.walks`: counting and comparing a district of 100,000 students, by a worker that is killed.

The sandbox holds what the database says. Comparing takes hours in a district, so that it is measured for a
while at its beginning and near its end.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import create_app, db, jobs
from app.models import Census, Coverage, Link, Reconciliation, Scope, Stage
from app.pairing import census, reconciling
from bench import databases, rows
from bench.databases import Database
from bench.district import allow_everything
from bench.memory import peak
from bench.rows import DISTRICT, FIRST_OBSERVER, FIRST_STUDENT, SCHOOL, Size, courses_of
from bench.serving import environment
from tests.conftest import settings_for
from tests.journeys.conftest import lend_service_account, register, with_our_key
from tests.people import ADMIN, SERVICE
from tests.sandbox.running import Sandbox, running

WHILE = 60.0  # seconds of comparing
KILLED_AFTER = 0.3  # of the courses


def main() -> None:
    """Measure one size on one database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--school", action="store_true", help="a school of 50 instead")
    chosen = parser.parse_args()
    size = SCHOOL if chosen.school else DISTRICT
    print(f"{chosen.database}, {os.cpu_count()} cores, {size.students} students, {size.links} connections")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
        (folder / "world.json").write_text(json.dumps(_world(size)))
        begun = time.perf_counter()
        canvas = stack.enter_context(running("--world", str(folder / "world.json")))
        print(f"sandbox: ready after {time.perf_counter() - begun:.1f} s", flush=True)
        database = stack.enter_context(databases.fresh(chosen.database, folder))
        app = create_app(settings_for(database.url))
        stack.enter_context(app.app_context())
        jobs.migrate()
        school = register(app, canvas)
        lend_service_account(school)
        rows.fill(app.extensions["keyring"], school.institution_id, replace(size, events=0))
        _count(school.institution_id, size, database, folder, canvas)
        for part in (0.0, 0.9):
            _compare(school.institution_id, part, database, folder, canvas)
        db.database.engine.dispose()


def _world(size: Size) -> dict[str, Any]:
    people = [(ADMIN, "Helen Whitfield"), (SERVICE, "Observatory Service")]
    for n in range(size.students):
        people += [(FIRST_STUDENT + n, f"Student {n}"), (FIRST_OBSERVER + n, f"Observer {n}")]
    courses = sorted({int(one) for n in range(size.students) for one in courses_of(n, size)})
    links = [
        (FIRST_OBSERVER + one.observer, FIRST_STUDENT + one.student, one.course)
        for one in rows.pairs(size)
        if not one.over
    ]
    world = {
        "accounts": [
            {"id": 1, "name": "The District", "domain": "localhost"},
            *({"id": n, "name": f"School {n}", "parent_account_id": 1} for n in range(2, size.accounts + 2)),
        ],
        "users": [
            {"id": number, "name": name, "logins": [{"account_id": 1, "unique_id": f"u{number}"}]}
            for number, name in people
        ],
        "admins": [{"user_id": number, "account_id": 1} for number in (ADMIN, SERVICE)],
        "courses": [
            {
                "id": one,
                "account_id": 2 + (one - courses[0]) % size.accounts,
                "name": f"Course {one}",
                "workflow_state": "available",
                "sections": [{"id": one * 10, "name": "A"}],
            }
            for one in courses
        ],
        "enrollments": [
            *(
                _enrollment(FIRST_STUDENT + n, int(one))
                for n in range(size.students)
                for one in courses_of(n, size)
            ),
            *(_enrollment(observer, int(course), student) for observer, student, course in links if course),
        ],
        "observation_links": [
            {"observer_id": observer, "student_id": student}
            for observer, student, course in links
            if not course
        ],
    }
    return allow_everything(with_our_key(world))


def _enrollment(user: int, course: int, observed: int | None = None) -> dict[str, Any]:
    kind = "StudentEnrollment" if observed is None else "ObserverEnrollment"
    row = {"user_id": user, "course_id": course, "section_id": course * 10, "type": kind, "state": "active"}
    return row if observed is None else row | {"associated_user_id": observed}


def _count(institution_id: int, size: Size, database: Database, folder: Path, canvas: Sandbox) -> None:
    """A whole census; its first worker is killed with kill -9."""
    with db.transaction() as session:
        reconciling.begin(session, institution_id, datetime.now(UTC))  # so that none begins meanwhile
        session.execute(update(Reconciliation).values(ended_at=datetime.now(UTC)))
        census.begin(session, institution_id, datetime.now(UTC))
    begun, killed_at = time.perf_counter(), int(KILLED_AFTER * size.courses)
    with _worker(database, folder, "first") as worker:
        _until(lambda: _census().looked > killed_at)
        most = peak(worker.pid)
    lost = time.perf_counter()
    with _worker(database, folder, "second") as worker:
        _until(lambda: _census().looked > killed_at + 1 or _census().ended_at is not None)
        again = time.perf_counter()
        print(f"census: killed after {lost - begun:.0f} s, goes on {again - lost:.0f} s later", flush=True)
        _until(lambda: _census().ended_at is not None)
        most = max(most, peak(worker.pid))
    run = _census()
    with db.reading() as session:
        whole = session.scalars(select(Coverage).where(Coverage.account_id == "")).one()
    assert run.problem is None, run.problem
    assert (whole.none, whole.one, whole.several) == _expected(size)
    print(
        f"census: {time.perf_counter() - begun:.0f} s, {run.looked} courses, {_calls(canvas)} calls,"
        f" worker at most {most:.0f} MB; the sums are right",
        flush=True,
    )


def _expected(size: Size) -> tuple[int, int, int]:
    """How many students have no, one and several observers."""
    links = [one for one in rows.pairs(size) if not one.over]
    watched = Counter(one.student for one in links)
    several = sum(count > 1 for count in watched.values())
    return size.students - len(watched), len(watched) - several, several


def _compare(institution_id: int, part: float, database: Database, folder: Path, canvas: Sandbox) -> None:
    """Compare all-course connections for a while from some place on."""
    with db.transaction() as session:
        session.execute(update(Reconciliation).values(ended_at=datetime.now(UTC)))
        reconciling.begin(session, institution_id, datetime.now(UTC))
        cursor = str(_observer_at(session, part)) if part else ""
        open_one = Reconciliation.ended_at.is_(None)
        session.execute(update(Reconciliation).where(open_one).values(stage=Stage.EVERYWHERE, cursor=cursor))
    canvas.call("DELETE", "/_sandbox/log")
    with _worker(database, folder, f"compare-{part}") as worker:
        _until(lambda: _comparison().looked > 0 or _comparison().ended_at is not None)
        begun = time.perf_counter()
        _until(lambda: time.perf_counter() - begun > WHILE or _comparison().ended_at is not None)
        seconds, run, most = time.perf_counter() - begun, _comparison(), peak(worker.pid)
    assert run.problem is None, run.problem
    print(
        f"comparing from {part:.0%} on: {run.looked / seconds:.0f} connections a second,"
        f" {_calls(canvas) / run.looked:.1f} calls each, {run.found} found, worker at most {most:.0f} MB",
        flush=True,
    )


def _observer_at(session: Session, part: float) -> int:
    query = select(Link.observer_id).where(Link.scope == Scope.ALL).order_by(Link.observer_id)
    count = session.scalars(select(func.count(Link.id)).where(Link.scope == Scope.ALL)).one()
    return session.scalars(query.offset(int(part * count)).limit(1)).one()


def _census() -> Census:
    with db.reading() as session:
        return session.scalars(select(Census)).one()


def _comparison() -> Reconciliation:
    with db.reading() as session:
        return session.scalars(select(Reconciliation).order_by(Reconciliation.id.desc()).limit(1)).one()


def _calls(canvas: Sandbox) -> int:
    return sum(row["path"].startswith("/api/") for row in canvas.log())


def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.2)


@contextmanager
def _worker(database: Database, folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker, which is killed in the end."""
    with (folder / "worker.log").open("ab") as log:
        command = [sys.executable, "-m", "app", "worker", "--name", name]
        process = subprocess.Popen(command, env=environment(database), stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


if __name__ == "__main__":
    main()
