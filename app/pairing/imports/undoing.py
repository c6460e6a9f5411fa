"""Undoing an import: what it made is ended, what it ended is made again, what was there before is spared.

Rows are undone from the last to the first, in the lanes they were done in, so that an account goes last.
Calls to Canvas: as for making or ending one link, one more where an enrollment was there before, and four
for an account.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app import audit, db
from app.canvas import Canvas, enrollments, observees, users
from app.canvas.enrollments import OBSERVER
from app.canvas.users import SignedIn
from app.errors import CanvasForbids, CanvasMissing, CanvasRejects
from app.models import EndedBy, Import, ImportRow, ImportState, Link, LinkState, RowState
from app.pairing import bars, links
from app.pairing.imports import progress
from app.pairing.imports.directory import HERE
from app.pairing.imports.linking import Doer, NotYet, begin_to_end, held_before
from app.pairing.rules import Reason

IN_USE, MAYBE_IN_USE, NOT_ALLOWED = "in_use", "maybe_in_use", "not_allowed"  # why something is kept
REFUSALS = (CanvasForbids, CanvasRejects, CanvasMissing)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What undoing will do: links to end and to make again, accounts to take away where nobody uses them."""

    made: int
    ended: int
    accounts: int
    rows: int


def _changed() -> ColumnElement[bool]:
    return or_(ImportRow.made_link, ImportRow.ended_link, ImportRow.made_account)


def _touched(import_id: int) -> ColumnElement[bool]:
    """The rows that changed something in Canvas and are not undone yet."""
    return and_(
        ImportRow.import_id == import_id,
        ImportRow.state.in_([RowState.DONE, RowState.FAILED, RowState.UNDOING]),
        _changed(),
    )


def outlook(session: Session, import_id: int) -> Outlook:
    """Count what undoing will do, before it is begun."""

    def count(*more: ColumnElement[bool]) -> int:
        asked = select(func.count()).select_from(ImportRow).where(_touched(import_id), *more)
        return session.scalars(asked).one()

    return Outlook(
        count(ImportRow.made_link.is_(True)),
        count(ImportRow.ended_link.is_(True)),
        count(ImportRow.made_account.is_(True)),
        count(),
    )


def undo_next(doer: Doer, lane: int, before: int | None) -> int | None:
    """Undo one row of a lane, and tell which; None when there is none left.

    `before` is the one that was undone last: those after it need not be looked at again.
    """
    going = doer.of.state is ImportState.UNDOING and not doer.of.paused
    with db.transaction() as session:
        row = _next(session, doer.of.id, lane, before, going)
        if row is None:
            return None
        row.state = RowState.UNDOING
    try:
        kept = _undo(doer, row)
    except CanvasForbids:
        kept = NOT_ALLOWED
    with db.transaction() as session:
        result = session.execute(
            update(ImportRow)
            .where(ImportRow.id == row.id, ImportRow.state == RowState.UNDOING)
            .values(state=RowState.KEPT if kept else RowState.UNDONE, told=kept)
        )
        assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
        if result.rowcount:
            progress.count(session, doer.of.id)
    return row.id


def _next(session: Session, import_id: int, lane: int, before: int | None, going: bool) -> ImportRow | None:
    """One that was begun, else the last one; each state is asked for by itself: so there is an index."""

    def last(state: RowState) -> ImportRow | None:
        which = [ImportRow.lane == lane, ImportRow.state == state, _changed()]
        if before is not None:
            which.append(ImportRow.id <= before)
        rows = select(ImportRow).where(ImportRow.import_id == import_id, *which)
        return session.scalar(rows.order_by(ImportRow.id.desc()).limit(1))

    begun = last(RowState.UNDOING)
    if begun is not None or not going:
        return begun
    found = (last(state) for state in (RowState.DONE, RowState.FAILED))
    return max(filter(None, found), key=lambda row: row.id, default=None)


def _undo(doer: Doer, row: ImportRow) -> str | None:
    """Undo what a row did; a word if something has to be kept. What others have ended since stays ended."""
    kept = None
    if row.made_link and _end(doer, row):
        kept = _restore(doer, row)
    if row.ended_link:
        kept = _restore(doer, row) if doer.connect_again(row) else Reason.CANVAS_REFUSED
    return (_take_away(doer, row) if row.made_account else None) or kept


def _end(doer: Doer, row: ImportRow) -> bool:
    """End the link a row made. False: others have ended it, or Canvas never held it."""
    now = doer.clock()
    with db.transaction() as session:
        link = session.get(Link, row.link_id, with_for_update=True) if row.link_id else None
        if link is None or link.state in (LinkState.ENDED, LinkState.FAILED):
            return link is not None and link.ended_by is EndedBy.UNDO  # before a kill
        if link.state is LinkState.WAITING:
            link.state, link.ended_at, link.ended_by = LinkState.ENDED, now, EndedBy.UNDO
            links.record(session, link, audit.Event.LINK_ENDED, now, doer.actor)
            return False
        if link.state is not LinkState.ENDING or link.again:
            begin_to_end(session, link, EndedBy.UNDO, now, doer.actor)
    if not doer.tell(link.id):
        raise NotYet
    return link.ended_by is EndedBy.UNDO


def _restore(doer: Doer, row: ImportRow) -> str | None:
    """Put back the observer enrollments of this pair that were there before, and went with the link.

    A word if the do-not-pair list forbids it by now.
    """
    before = held_before(row)
    if not before or not row.observer_id or not row.student_id:
        return None
    canvas = doer.access.service(doer.of.institution_id)
    if _is_barred(canvas, row):
        return Reason.CANVAS_REFUSED
    held = {
        one.section_id
        for one in enrollments.of_user(canvas, row.observer_id, [OBSERVER])
        if one.associated_user_id == row.student_id
    }
    for one in before:
        if one["section"] not in held:
            try:
                enrollments.observe_section(canvas, one["section"], row.observer_id, row.student_id)
            except REFUSALS:
                continue  # the course or the section is over or gone
    return None


def _is_barred(canvas: Canvas, row: ImportRow) -> bool:
    with db.reading() as session:
        link = session.get(Link, row.link_id) if row.link_id else None
        entries = bars.against(session, link.institution_id, link.student_id) if link else ()
    if link is None or not entries:
        return False
    return (
        bars.match(entries, link.observer_id, bars.addresses(canvas, row.observer_id or "", entries))
        is not None
    )


def _take_away(doer: Doer, row: ImportRow) -> str | None:
    """Take away the account that was made, unless somebody uses it by now, or nobody can tell."""
    canvas, observer = doer.access.service(doer.of.institution_id), row.observer_id or ""
    try:
        if observees.list_observees(canvas, observer) or enrollments.of_user(canvas, observer):
            return IN_USE
        match users.signed_in(canvas, observer):
            case SignedIn.EVER:
                return IN_USE
            case SignedIn.UNTOLD:
                return MAYBE_IN_USE
        users.remove(canvas, HERE, observer)
    except CanvasMissing:
        return None
    return None


def finish(session: Session, of: Import, now: datetime) -> bool:
    """End the undoing when no lane has a row left."""
    if of.state is not ImportState.UNDOING or session.scalar(select(exists().where(_touched(of.id)))):
        return False
    return progress.enter(session, of, ImportState.UNDONE, now, paused=False)
