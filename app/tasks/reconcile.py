"""Comparing our links with Canvas, a while at a time: people's own jobs come in between."""

from datetime import UTC, datetime, timedelta

from app import db
from app.pairing import clicks, reconciling
from app.tasks.pairing import BUDGET, access

TURN = timedelta(seconds=20)


def begin_due() -> None:
    """Begin where a day has passed since the last time."""
    with db.transaction() as session:
        reconciling.begin_due(session, _clock())


def reconcile(run_id: int) -> timedelta | None:
    """Walk on."""
    with access().in_a_row(BUDGET) as ready:
        return reconciling.turn(run_id, ready, _clock, TURN)


def mend(institution_id: int) -> timedelta | None:
    """Mend what an admin has clicked."""
    with access().in_a_row(BUDGET) as ready:
        return clicks.mend_asked(institution_id, ready, _clock, TURN)


def _clock() -> datetime:
    return datetime.now(UTC)
