"""How long an import's rows, which are personal data, are kept."""

from datetime import datetime

from sqlalchemy import delete, or_, select

from app import db
from app.models import Import, ImportRow, ImportState
from app.pairing.imports import progress, running

S = ImportState
UNTOUCHED = (S.COLUMNS, S.READY)  # nothing of it is in Canvas
AT_ONCE = 10_000


def tidy(now: datetime) -> None:
    """Empty the imports whose time is over; what remains of them is who did it, when, and how many rows."""
    over = or_(
        Import.undo_until < now,
        (Import.state.in_((*UNTOUCHED, S.CANCELED)) & Import.undo_until.is_(None))
        & (Import.created_at < now - progress.ABANDONED),
    )
    with db.reading() as session:
        due = session.scalars(
            select(Import.id).where(over, Import.emptied_at.is_(None), Import.state != S.UNDOING)
        ).all()
    for import_id in due:
        _empty(import_id, now)


def _empty(import_id: int, now: datetime) -> None:
    left = True
    while left:  # in pieces, so that nobody waits long for the database
        with db.transaction() as session:
            some = select(ImportRow.id).where(ImportRow.import_id == import_id).limit(AT_ONCE)
            ids = session.scalars(some).all()
            session.execute(delete(ImportRow).where(ImportRow.id.in_(ids)))
            left = len(ids) == AT_ONCE
    with db.transaction() as session:
        of = session.get_one(Import, import_id, with_for_update=True)
        running.tidy(session, of)
        of.emptied_at = now
        if of.state in UNTOUCHED:
            of.state = S.CANCELED
