"""Counting who has observers, a while at a time: people's own jobs come in between."""

from datetime import UTC, datetime, timedelta

from app import db
from app.pairing import census
from app.tasks.pairing import BUDGET, access

TURN = timedelta(seconds=20)


def begin_counting() -> None:
    """Begin where a day has passed since the last time."""
    with db.transaction() as session:
        census.begin_due(session, _clock())


def count(run_id: int) -> timedelta | None:
    """Count on."""
    with access().in_a_row(BUDGET) as ready:
        return census.turn(run_id, ready, _clock, TURN)


def _clock() -> datetime:
    return datetime.now(UTC)
