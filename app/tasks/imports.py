"""Working on imports, a while at a time, and throwing away what has served its time."""

from datetime import UTC, datetime, timedelta

from app.pairing.imports import keeping, turns
from app.tasks.pairing import access

TURN = timedelta(seconds=20)


def work_on(import_id: int, lane: int, state: str) -> timedelta | None:
    """Go on with an import, in one of its lanes, as long as it is in this state."""
    return turns.turn(import_id, lane, state, access(), _clock, TURN)


def tidy_imports() -> None:
    """Throw away the rows of imports that can no longer be undone, and files that nobody went on with."""
    keeping.tidy(_clock())


def _clock() -> datetime:
    return datetime.now(UTC)
