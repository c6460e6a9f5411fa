"""An import is paused, goes on, is canceled, and in the end forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app import db
from app.models import Import, ImportChunk, ImportRoad, ImportState
from app.pairing.imports import keeping, steering, turns
from app.pairing.imports.reading import LANES
from app.tasks.pairing import access
from tests.journeys.importing import (
    FAMILY,
    memory,
    one,
    previewed,
    ran,
    ready,
    rows,
    sheet,
    undone,
    uploaded,
    work,
)
from tests.people import School

__all__ = ["ready"]
S = ImportState


def begun(import_id: int, road: ImportRoad = ImportRoad.API) -> None:
    with db.transaction() as session:
        assert steering.run(session, session.get_one(Import, import_id), road, None, datetime.now(UTC))


def step(import_id: int) -> None:
    """The least a job can do: one row, of the first lane that has one."""
    for lane in range(LANES):
        done = one(import_id).done
        turns.turn(import_id, lane, "running", access(), lambda: datetime.now(UTC), timedelta(milliseconds=1))
        if one(import_id).done > done:
            return


def steer(import_id: int, what: Any) -> bool:
    with db.transaction() as session:
        held: bool = what(session, session.get_one(Import, import_id), None, datetime.now(UTC))
        return held


def test_paused_it_does_nothing_and_goes_on_where_it_was(ready: School) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    begun(import_id)
    step(import_id)
    assert one(import_id).done == 1

    assert steer(import_id, steering.pause)
    step(import_id)
    assert one(import_id).done == 1

    assert steer(import_id, steering.resume)
    of = work(import_id)
    assert (of.state, of.done) == (ImportState.DONE, 3)


@pytest.mark.parametrize("stage", [S.READING, S.LISTING, S.SENDING, S.FOLLOWING])
def test_paused_at_the_end_of_a_stage_it_stays_so(ready: School, stage: ImportState) -> None:
    import_id = uploaded(ready, sheet(FAMILY))
    if stage in (S.SENDING, S.FOLLOWING):
        assert work(import_id).state is S.READY
        begun(import_id, ImportRoad.SIS)

    pressed: list[ImportState] = []

    def pausing() -> datetime:  # in the moment before the job writes down how far it is
        of = one(import_id)
        if of.state is stage and not pressed and (of.cursor or stage is not S.FOLLOWING):
            pressed.append(stage)
            assert steer(import_id, steering.pause)
        return datetime.now(UTC)

    while not pressed:
        turns.turn(import_id, 0, one(import_id).state, access(), pausing, timedelta(seconds=5))
    stopped = one(import_id)
    assert stopped.paused
    assert bool(stopped.sis_import_id) is (stage is S.FOLLOWING)
    for lane in range(LANES):
        turns.turn(import_id, lane, stopped.state, access(), pausing, timedelta(seconds=5))
    assert (one(import_id).state, one(import_id).done) == (stopped.state, stopped.done)

    assert steer(import_id, steering.resume)
    over = S.READY if stage in (S.READING, S.LISTING) else S.DONE
    assert (work(import_id).state, one(import_id).paused) == (over, False)


@pytest.mark.both_databases
def test_canceled_it_leaves_the_rest_and_what_was_done_can_be_undone(ready: School) -> None:
    before = memory(ready)
    import_id = previewed(ready, sheet(FAMILY))
    begun(import_id)
    step(import_id)

    assert steer(import_id, steering.cancel)
    step(import_id)

    assert sorted(row.state for row in rows(import_id)) == ["done", "seen", "seen"]
    assert undone(import_id).state is ImportState.UNDONE
    assert memory(ready) == before


@pytest.mark.both_databases
def test_after_thirty_days_it_cannot_be_undone_and_its_rows_are_thrown_away(ready: School) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    ran(import_id)
    later = datetime.now(UTC) + timedelta(days=31)

    keeping.tidy(datetime.now(UTC) + timedelta(days=29))
    assert len(rows(import_id)) == 3
    keeping.tidy(later)

    assert rows(import_id) == []
    assert one(import_id).emptied_at is not None
    with db.transaction() as session:
        assert not steering.may_undo(session, one(import_id), later)
        assert session.scalar(select(func.count()).select_from(ImportChunk)) == 0


@pytest.mark.parametrize("state", [S.COLUMNS, S.READY, S.LOOKING])
def test_one_that_nobody_ran_is_closed_before_its_rows_go(ready: School, state: ImportState) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    with db.transaction() as session:
        of = session.get_one(Import, import_id)
        of.state, of.paused = state, state is S.LOOKING

    keeping.tidy(datetime.now(UTC) + timedelta(days=6))
    assert len(rows(import_id)) == 3
    keeping.tidy(datetime.now(UTC) + timedelta(days=8))

    assert rows(import_id) == []
    assert (one(import_id).state, one(import_id).paused) == (S.CANCELED, False)
    assert not steer(import_id, lambda session, of, *click: steering.run(session, of, ImportRoad.API, *click))


@pytest.mark.parametrize("road", [ImportRoad.API, ImportRoad.SIS])
def test_one_that_stays_paused_is_given_up_and_can_be_undone(ready: School, road: ImportRoad) -> None:
    before = memory(ready)
    import_id = previewed(ready, sheet(FAMILY))
    begun(import_id, road)
    assert steer(import_id, steering.pause)

    keeping.tidy(datetime.now(UTC) + timedelta(days=29))
    assert one(import_id).paused
    keeping.tidy(datetime.now(UTC) + timedelta(days=31))

    assert work(import_id).state is S.CANCELED
    assert len(rows(import_id)) == 3
    assert undone(import_id).state is S.UNDONE
    assert memory(ready) == before


def test_an_undoing_that_stays_paused_ends_with_what_it_has_done(ready: School) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    ran(import_id)
    assert steer(import_id, steering.undo)
    assert steer(import_id, steering.pause)

    keeping.tidy(datetime.now(UTC) + timedelta(days=59))
    assert (one(import_id).state, len(rows(import_id))) == (S.UNDOING, 3)
    keeping.tidy(datetime.now(UTC) + timedelta(days=61))

    assert (one(import_id).state, rows(import_id)) == (S.UNDONE, [])
