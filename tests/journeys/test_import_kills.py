"""kill -9 of the worker while an import runs: it ends complete, and no row is done twice."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.models import Import, ImportRoad, ImportRow, ImportState, LinkState, RowState
from app.pairing.imports import steering
from tests.journeys.importing import lend_all, memory, one, sheet, uploaded
from tests.journeys.test_kills import Programs, begin, kill, pipe
from tests.people import School
from tests.records import states
from tests.valve import Valve

__all__ = ["pipe"]
pytestmark = pytest.mark.both_databases

FEW = 24
MANY = int(os.environ.get("IMPORT_ROWS", "100"))  # 100,000 for the whole proof, which takes hours here
PATIENCE = 420  # seconds for the many


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
    world["settings"]["throttle"] = False
    world["developer_keys"][0]["scopes"] = None
    for token in world["access_tokens"]:
        token["scopes"] = None


def families(count: int) -> bytes:
    """Two rows for each new parent."""
    rows = [
        (f"Parent {n // 2}", f"parent{n // 2}@family.test", f"S{105 + (n * 7 + n // 12) % 12:06}")
        for n in range(count)
    ]
    return sheet(rows)


def until(import_id: int, wanted: ImportState, programs: Programs, seconds: float, deaths: int) -> None:
    """Wait for a state, killing each worker a random moment after it has done something."""
    chance = random.Random(7)  # noqa: S311 - moments, not secrets
    worker, heir = programs.worker(), programs.worker()
    begin(worker)
    deadline, seen, fate = time.monotonic() + seconds, place(import_id), None
    while one(import_id).state is not wanted:
        assert time.monotonic() < deadline, (place(import_id), one(import_id).problem)
        time.sleep(0.02)
        if fate is None and deaths and place(import_id) != seen:
            fate = time.monotonic() + chance.uniform(0, 1)
        if fate is not None and time.monotonic() > fate:
            kill(worker)
            worker, heir = heir, programs.worker()
            begin(worker)
            seen, fate, deaths = place(import_id), None, deaths - 1
    kill(worker)
    kill(heir)


def place(import_id: int) -> tuple[str, str, int]:
    """How far it is."""
    of = one(import_id)
    return of.state, of.cursor, of.done


def run(import_id: int, road: ImportRoad) -> None:
    with db.transaction() as session:
        assert steering.run(session, session.get_one(Import, import_id), road, datetime.now(UTC))


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
    of, after = one(import_id), memory(school)
    assert (of.done, of.total) == (count, count)
    logins = Counter(after["logins"]) - Counter(before["logins"])
    assert set(logins.values()) == {1}
    assert len(logins) == made == (count + 1) // 2
    links = set(after["links"]) - set(before["links"])
    assert len(links) == count
    assert Counter(states()) == {LinkState.ACTIVE: count}


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("road", list(ImportRoad))
def test_many_rows_survive_the_deaths_of_many_workers(
    school: School, programs: Programs, road: ImportRoad
) -> None:
    survives(school, programs, road, MANY, PATIENCE, deaths=3)


def survives(
    school: School, programs: Programs, road: ImportRoad, count: int, seconds: float, deaths: int
) -> None:
    before = memory(school)
    import_id = uploaded(school, families(count))
    until(import_id, ImportState.READY, programs, seconds, deaths)
    assert memory(school) == before

    run(import_id, road)
    until(import_id, ImportState.DONE, programs, seconds, deaths)

    all_is_done_once(school, import_id, count, before)


@pytest.mark.slow
def test_undoing_survives_the_death_of_its_worker(school: School, programs: Programs) -> None:
    before = memory(school)
    import_id = uploaded(school, families(FEW))
    until(import_id, ImportState.READY, programs, 120, 0)
    run(import_id, ImportRoad.API)
    until(import_id, ImportState.DONE, programs, 120, 0)

    with db.transaction() as session:
        assert steering.undo(session, session.get_one(Import, import_id), None, datetime.now(UTC))
    until(import_id, ImportState.UNDONE, programs, 120, 2)

    assert memory(school) == before
