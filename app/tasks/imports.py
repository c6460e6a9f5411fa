"""Working on imports, a while at a time, and throwing away what has served its time."""

from datetime import UTC, datetime, timedelta

from app import db
from app.models import Import
from app.pairing.imports import keeping, progress, turns
from app.tasks.pairing import access

TURN = timedelta(seconds=20)


def work_on(import_id: int, lane: int, state: str) -> timedelta | None:
    """Go on with an import, in one of its lanes, as long as it is in this state."""
    with db.acting_by(_by(import_id)):
        return turns.turn(import_id, lane, state, access(), _clock, TURN)


def _by(import_id: int) -> str | None:
    with db.reading() as session:
        of = session.get(Import, import_id)
    return db.COMMAND if of is not None and progress.actor(of) is None else None


def tidy_imports() -> None:
    """Throw away the rows of imports that can no longer be undone, and files that nobody went on with."""
    keeping.tidy(_clock())


def _clock() -> datetime:
    return datetime.now(UTC)
