"""How long an import's rows, which are personal data, are kept."""

from datetime import datetime

from sqlalchemy import and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from app import db
from app.models import Import, ImportRow, ImportState
from app.pairing.imports import progress, running, steering

S = ImportState
BEFORE = (S.COLUMNS, S.READING, S.LISTING, S.LOOKING, S.READY)  # nothing of it is in Canvas
OVER = {S.DONE: S.DONE, S.UNDONE: S.UNDONE, S.UNDOING: S.UNDONE}  # what is left of it is; else canceled
AT_ONCE = 10_000


def tidy(now: datetime) -> None:
    """Empty the imports whose time is over; what remains of them is who did it, when, and how many rows.

    One that was stopped half way, and is not taken up again, is given up first.
    """
    _give_up(now)
    _close(now)
    with db.reading() as session:
        rows = exists().where(ImportRow.import_id == Import.id)
        closed = session.scalars(select(Import.id).where(Import.emptied_at.isnot(None), rows)).all()
    for import_id in closed:
        _empty(import_id)


def _give_up(now: datetime) -> None:
    """Cancel what waits in the middle of its work: from then on it can be undone as long as any other."""
    stopped = (Import.state.in_(progress.STOPPABLE), Import.paused, Import.pace_since < now - progress.KEPT)
    with db.transaction() as session:
        for of in session.scalars(select(Import).where(*stopped).with_for_update()):
            steering.cancel(session, of, None, now)


def _close(now: datetime) -> None:
    """From now on nobody can do anything with it: its rows are going."""
    idle = or_(Import.paused, Import.state.in_((S.COLUMNS, S.READY)))
    over = or_(
        and_(Import.undo_until < now, Import.state != S.UNDOING),
        and_(Import.undo_until < now - progress.KEPT, Import.paused),
        and_(Import.state.in_(BEFORE), idle, Import.created_at < now - progress.ABANDONED),
        and_(
            Import.state == S.CANCELED,
            Import.undo_until.is_(None),
            Import.created_at < now - progress.ABANDONED,
        ),
    )
    with db.transaction() as session:
        for of in session.scalars(select(Import).where(over, Import.emptied_at.is_(None)).with_for_update()):
            _put_away(session, of, now)


def _put_away(session: Session, of: Import, now: datetime) -> None:
    running.tidy(session, of)
    of.emptied_at, of.paused, of.problem = now, False, None
    of.state = OVER.get(of.state, S.CANCELED)


def _empty(import_id: int) -> None:
    left = True
    while left:  # in pieces, so that nobody waits long for the database
        with db.transaction() as session:
            some = select(ImportRow.id).where(ImportRow.import_id == import_id).limit(AT_ONCE)
            ids = session.scalars(some).all()
            session.execute(delete(ImportRow).where(ImportRow.id.in_(ids)))
            left = len(ids) == AT_ONCE
