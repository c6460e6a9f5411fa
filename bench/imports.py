"""`python -m bench.imports`: an import of many new parents by Canvas's own importer, stage by stage.

Real programs: a worker, and the sandbox as Canvas, whose budget is never short. The most memory the worker
ever had says whether it grows with the file.
"""

import argparse
import io
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app import create_app, db
from app.models import Import, ImportRoad, ImportState
from app.pairing.imports import intake, steering
from bench import databases
from bench.databases import Database
from bench.memory import peak
from bench.serving import Meter, working
from tests.conftest import settings_for
from tests.journeys.conftest import lend_service_account, register, with_our_key
from tests.journeys.importing import add_students, lend_all, sis_id_of_student
from tests.sandbox.running import Sandbox, running

HEADER = "Parent Name,Parent Email,Student ID"
S = ImportState


@dataclass
class Stage:
    """What one stage took."""

    name: str
    seconds: float
    cpu: float
    calls: int


class Watch:
    """Notes what a worker uses until an import is in a state."""

    def __init__(self, import_id: int, canvas: Sandbox, database: Database, worker: int) -> None:
        self.import_id, self.canvas = import_id, canvas
        self.meter = Meter(database, worker)

    def until(self, wanted: ImportState) -> Iterable[Stage]:
        """Each stage on the way there."""
        at = self._state()
        while at is not wanted:
            begun, cpu = time.perf_counter(), self.meter.seconds()
            self.canvas.call("DELETE", "/_sandbox/log")
            while (now := self._state()) is at:
                time.sleep(0.02)
            calls = len(self.canvas.log())
            yield Stage(at, time.perf_counter() - begun, self.meter.seconds() - cpu, calls)
            at = now

    def _state(self) -> ImportState:
        with db.reading() as session:
            of = session.get_one(Import, self.import_id)
        if of.paused:
            raise RuntimeError(f"the import waits: {of.problem}")
        return of.state


def main() -> None:
    """Import so many rows on each database, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--road", choices=[road.value for road in ImportRoad], default=ImportRoad.SIS.value)
    parser.add_argument("--undo", action="store_true", help="undo it, too")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()};", end=" ")
    print("CPU of the worker and the database")
    print()
    print("| database | rows | stage | s | rows/s | CPU s | calls to Canvas | peak MB |")
    print("|---|---:|---|---:|---:|---:|---:|---:|")
    for kind in chosen.database or ["sqlite", "postgresql"]:
        for rows in chosen.rows or [1_000, 10_000, 100_000]:
            _measure(kind, rows, ImportRoad(chosen.road), chosen.undo)


def _measure(kind: str, rows: int, road: ImportRoad, undo: bool) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
        database = stack.enter_context(databases.fresh(kind, folder))
        canvas = stack.enter_context(running())
        canvas.http.timeout = 120
        canvas.use(_world(with_our_key(canvas.state()), rows))
        app = create_app(settings_for(database.url))
        stack.enter_context(app.app_context())
        school = register(app, canvas)
        lend_service_account(school)
        worker = stack.enter_context(working(database, folder))
        import_id = _begin(school.institution_id, rows)
        watch = Watch(import_id, canvas, database, worker)

        def tell(wanted: ImportState) -> None:
            for stage in watch.until(wanted):
                print(
                    f"| {kind} | {rows} | {stage.name} | {stage.seconds:.1f} | {rows / stage.seconds:.0f} "
                    f"| {stage.cpu:.1f} | {stage.calls} | {peak(worker):.0f} |",
                    flush=True,
                )

        tell(S.READY)
        _go_on(import_id, lambda session, of: steering.run(session, of, road, None, datetime.now(UTC)))
        tell(S.DONE)
        if undo:
            _go_on(import_id, lambda session, of: steering.undo(session, of, None, datetime.now(UTC)))
            tell(S.UNDONE)
        db.database.engine.dispose()


def _world(world: dict[str, Any], rows: int) -> dict[str, Any]:
    """The made-up school with many more students, where the service account may do everything."""
    add_students(world, _students(rows))
    lend_all(world)
    world["settings"]["extra_cost"] = -0.1  # nothing: the budget of the token is never short
    for row in (world["developer_keys"][0], world["access_tokens"][0]):
        row["scopes"] = None
    return world


def _students(rows: int) -> int:
    return max(rows // 2, 1)


def _begin(institution_id: int, rows: int) -> int:
    """Each parent has two rows."""
    lines = [
        f"Parent {n // 2},parent{n // 2}@family.test,{sis_id_of_student(n % max(rows // 2, 1))}"
        for n in range(rows)
    ]
    content, now = io.BytesIO("\r\n".join([HEADER, *lines]).encode()), datetime.now(UTC)
    with db.transaction() as session:
        of = intake.take_in(session, institution_id, None, "parents.csv", content, now)
        assert steering.preview(session, of, None, now)
    return of.id


def _go_on(import_id: int, what: Callable[[Any, Import], bool]) -> None:
    with db.transaction() as session:
        assert what(session, session.get_one(Import, import_id))


if __name__ == "__main__":
    main()
