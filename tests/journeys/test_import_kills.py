"""kill -9 of the worker while an import runs: it ends complete, and no row is done twice."""

import os
import random
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import db
from app.models import Import, ImportRoad, ImportRow, ImportState, Institution, Link, LinkState, RowState
from app.pairing.imports import steering
from tests.journeys.importing import (
    OTHER,
    PARENT,
    PARENTS,
    ROADS,
    add_students,
    admin_token,
    lend_all,
    memory,
    one,
    prepare,
    rows,
    sheet,
    sis_id_of_student,
    uploaded,
)
from tests.journeys.test_kills import Programs, begin, kill, pipe
from tests.people import MATHS, School
from tests.valve import Valve

__all__ = ["pipe"]
pytestmark = pytest.mark.both_databases

S = ImportState
MANY = 100  # by the API
DISTRICT = int(os.environ.get("IMPORT_ROWS", "100000"))
PATIENCE = 420  # seconds for the many
LONG_PATIENCE = 2400  # for the district, which takes 550 seconds of CPU, workers, Canvas and all
TWELVE = [f"S{number:06}" for number in range(105, 117)]
OBSERVED, TAUGHT = range(105, 111), range(111, 115)
EVERY_KIND = [
    *[(f"Parent {n}", f"parent{n}@home.test", TWELVE[n], "", "add") for n in range(6)],
    *[("", f"parent{PARENT}@family.test", f"S{n:06}", "", "remove") for n in OBSERVED],
    *[("", f"parent{OTHER}@family.test", f"S{n:06}", f"C{MATHS}", "add") for n in TAUGHT],
]
PREVIEW = (S.READING, S.LISTING, S.LOOKING)
DEATHS = (S.READING, S.LISTING, S.LOOKING, S.LOOKING, S.SENDING, S.FOLLOWING, *[S.RUNNING] * 3)


@pytest.fixture
def programs(
    app: Flask, database_url: str, school: School, pipe: Valve, tmp_path: Path
) -> Iterator[Programs]:
    school.changes(tell_addresses)
    programs = Programs(app, database_url, pipe, tmp_path / "note")
    yield programs
    for process in programs.started:
        kill(process)


def tell_addresses(world: dict[str, Any]) -> None:
    """The service account may do everything, and lists tell addresses; nobody is slowed down."""
    lend_all(world)
    world["settings"] |= {"throttle": False, "extra_cost": -0.1}
    world["developer_keys"][0]["scopes"] = None
    for token in world["access_tokens"]:
        token["scopes"] = None


def families(count: int, students: Sequence[str]) -> bytes:
    """Two rows for each new parent, about students by their SIS ids; nobody has two rows about one."""
    return sheet(
        (
            f"Parent {n // 2}",
            f"parent{n // 2}@family.test",
            students[(n + n // len(students)) % len(students)],
        )
        for n in range(count)
    )


def until(
    import_id: int, wanted: ImportState, programs: Programs, seconds: float, deaths: Sequence[ImportState]
) -> None:
    """Wait for a state. For each of these stages, in their order, a worker dies at a random place of it."""
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    worker, heir = programs.worker(), programs.worker()
    begin(worker)
    left = deque((stage, chance.random()) for stage in deaths)
    deadline = time.monotonic() + seconds
    while (of := one(import_id)).state is not wanted:
        assert not of.problem
        assert time.monotonic() < deadline, (of.state, of.done, of.total)
        if left and is_at(of, *left[0]):
            time.sleep(chance.uniform(0, 0.5))
            kill(worker)
            left.popleft()
            worker, heir = heir, programs.worker()
            begin(worker)
        time.sleep(0.02)
    kill(worker)
    kill(heir)
    assert not left, "not everybody has died"


def is_at(of: Import, stage: ImportState, part: float) -> bool:
    """Whether an import is so far in a stage, or already further; the files are sent in one piece."""
    order = list(ImportState)
    if of.state is stage:
        return stage is S.SENDING or of.done >= part * of.total
    return order.index(of.state) > order.index(stage)


def run(import_id: int, road: ImportRoad) -> None:
    with db.transaction() as session:
        assert steering.run(session, session.get_one(Import, import_id), road, None, datetime.now(UTC))


def all_is_done_once(school: School, import_id: int, count: int, before: dict[str, Any]) -> None:
    """Every row is done, every parent has one account, every pair one link."""
    with db.reading() as session:
        by_state = session.execute(
            select(ImportRow.state, func.count())
            .where(ImportRow.import_id == import_id)
            .group_by(ImportRow.state)
        )
        assert {state: number for state, number in by_state} == {RowState.DONE: count}
        made = session.scalars(
            select(func.count())
            .select_from(ImportRow)
            .where(ImportRow.import_id == import_id, ImportRow.made_account)
        ).one()
        links = session.execute(select(Link.state, func.count()).group_by(Link.state)).all()
    of, after = one(import_id), memory(school)
    assert (of.done, of.total) == (count, count)
    logins = Counter(after["logins"]) - Counter(before["logins"])
    assert set(logins.values()) == {1}
    assert len(logins) == made == (count + 1) // 2
    assert len(set(after["links"]) - set(before["links"])) == count
    assert [tuple(one) for one in links] == [(LinkState.ACTIVE, count)]


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE + 60)
def test_many_rows_survive_the_deaths_of_many_workers(school: School, programs: Programs) -> None:
    """By the API. Some 90 seconds, most of them until the lease on what the dead were at is over.

    So few rows are looked at in one moment, too short to die in; the district's are not.
    """
    survives(school, programs, ImportRoad.API, families(MANY, TWELVE), PATIENCE, [S.RUNNING])


@pytest.mark.slow
@pytest.mark.timeout(LONG_PATIENCE + 60)
def test_the_rows_of_a_district_survive_the_deaths_of_many_workers(
    school: School, programs: Programs
) -> None:
    """100,000 rows by Canvas's own importer, with as many students; IMPORT_ROWS asks for another number."""
    students = max(DISTRICT // 2, 12)
    school.canvas.http.timeout = 120
    school.changes(lambda world: add_students(world, students))
    with db.transaction() as session:
        session.execute(update(Institution).values(canvas_url=school.canvas.url))  # no valve: it only costs
    numbers = [sis_id_of_student(n) for n in range(students)]
    survives(school, programs, ImportRoad.SIS, families(DISTRICT, numbers), LONG_PATIENCE, DEATHS)


def survives(
    school: School,
    programs: Programs,
    road: ImportRoad,
    content: bytes,
    seconds: float,
    deaths: Sequence[ImportState],
) -> None:
    before, count = memory(school), content.count(b"\r\n") - 1
    import_id = uploaded(school, content)
    until(import_id, S.READY, programs, seconds, [stage for stage in deaths if stage in PREVIEW])
    assert memory(school) == before

    run(import_id, road)
    until(import_id, S.DONE, programs, seconds, [stage for stage in deaths if stage not in PREVIEW])

    all_is_done_once(school, import_id, count, before)


@pytest.mark.slow
@pytest.mark.parametrize("road", ROADS)
def test_rows_of_every_kind_survive_and_undoing_brings_everything_back(
    school: School, programs: Programs, road: ImportRoad
) -> None:
    """New and known observers, removals, and rows about one course; a worker dies here and there."""
    school.changes(prepare)
    school.changes(tell_addresses)
    for student in OBSERVED:
        school.canvas.put(f"/users/{PARENT}/observees/{student}", admin_token(school))
    before = memory(school)
    content = sheet(EVERY_KIND, (*PARENTS, "Course ID", "Action"))
    import_id = uploaded(school, content)
    until(import_id, S.READY, programs, 120, ())
    run(import_id, road)
    until(import_id, S.DONE, programs, 240, (S.RUNNING, S.RUNNING))

    done = rows(import_id)
    assert {(row.state, row.told) for row in done} == {(RowState.DONE, None)}
    assert [row.ended_link for row in done] == [row[4] == "remove" for row in EVERY_KIND]
    assert {student for observer, student in school.links() if observer == PARENT}.isdisjoint(OBSERVED)
    assert {(MATHS, student) for student in TAUGHT} <= {
        (course, whom) for course, _section, whom in school.observing(OTHER)
    }

    with db.transaction() as session:
        assert steering.undo(session, session.get_one(Import, import_id), None, datetime.now(UTC))
    until(import_id, S.UNDONE, programs, 240, (S.UNDOING, S.UNDOING))

    assert memory(school) == before
