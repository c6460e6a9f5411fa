"""Doing the rows of an import through the API: in lanes side by side, each row once, and paced.

The rows of one observer are in one lane and done in order, so that an account is made once. A row's state is
its lane's place: whoever goes on after a death finds the row that was begun, and finishes it.
"""

from datetime import datetime

from sqlalchemy import exists, or_, select, true
from sqlalchemy.orm import Session

from app import audit, db
from app.errors import (
    RETRYABLE,
    CanvasFailure,
    CanvasForbids,
    CanvasMissing,
    CanvasRejects,
    CanvasThrottled,
)
from app.models import Import, ImportRow, ImportState, RowState
from app.pairing.applying import why
from app.pairing.imports import accounts, directory, intake, progress
from app.pairing.imports.linking import Doer, Outcome, Settled
from app.pairing.imports.verdicts import DOES, Verdict
from app.pairing.rules import Reason

PATIENCE = 6  # attempts at one row, with growing waits between
STUMBLES = "stumbles"
HANDED_IN = or_(ImportRow.user_line.isnot(None), ImportRow.pair_line.isnot(None))
ABOUT_THE_ROW = (CanvasForbids, CanvasRejects, CanvasMissing)


def do_next(doer: Doer, lane: int, state: RowState, after: int = 0) -> int | None:
    """Do one row of a lane that is in this state; which it was, or None when there is none left."""
    row = _next(doer.of, lane, state, after)
    if row is None:
        return None
    canvas = doer.access.service(doer.of.institution_id)
    try:
        observer = accounts.ensure(doer.of, row, canvas)
        outcome = _do(doer, row, observer)
    except Settled:
        return row.id
    except CanvasThrottled:
        raise
    except RETRYABLE:
        if _stumbles(row) < PATIENCE:
            raise
        outcome = Outcome(row.link_id is not None, Reason.CANVAS_AWAY)  # it may have happened all the same
    except ABOUT_THE_ROW as refusal:
        outcome = Outcome(False, _words(refusal, row))
    with db.transaction() as session:
        for held in progress.hold(session, [row.id]):
            settle(held, outcome)
            progress.count(session, doer.of.id)
    return row.id


def _next(of: Import, lane: int, state: RowState, after: int) -> ImportRow | None:
    with db.reading() as session:
        return session.scalar(
            select(ImportRow)
            .where(
                ImportRow.import_id == of.id,
                ImportRow.state == state,
                ImportRow.lane == lane,
                ImportRow.id > after,
                ImportRow.verdict.in_(DOES),
                HANDED_IN if of.canceling and state is RowState.SEEN else true(),
            )
            .order_by(ImportRow.id)
            .limit(1)
        )


def _stumbles(row: ImportRow) -> int:
    """Count once more that Canvas gave no answer about this row: one row shall not hold up all others."""
    with db.transaction() as session:
        now = session.get_one(ImportRow, row.id, with_for_update=True)
        row.link_id = now.link_id
        count = int((now.before or {}).get(STUMBLES, 0)) + 1
        now.before = {**(now.before or {}), STUMBLES: count}
    return count


def _words(refusal: CanvasFailure, row: ImportRow) -> str:
    reason = why(refusal, row.course_id is not None)
    return refusal.message if isinstance(refusal, CanvasRejects) and refusal.message else reason


def _do(doer: Doer, row: ImportRow, observer: str | accounts.Refused) -> Outcome:
    if isinstance(observer, accounts.Refused):
        return Outcome(False, observer.why)
    if doer.of.canceling and row.verdict != Verdict.ACCOUNT and not doer.has_begun(row):
        return Outcome(False, row.told or progress.CANCELED)
    match row.verdict:
        case Verdict.ACCOUNT:
            return Outcome(False)
        case Verdict.REMOVE:
            return doer.disconnect(row)
        case Verdict.CONSENT:
            return doer.ask(row)
        case _ if observer == row.student_id:
            return Outcome(False, "own_code")
        case _:
            return doer.connect(row)


def settle(row: ImportRow, outcome: Outcome) -> None:
    """Write down what came of a row that is held."""
    if outcome.why == progress.CANCELED and not row.made_account:
        row.state, row.user_line, row.pair_line = RowState.SEEN, None, None  # as if never handed in
        return
    removed = row.verdict == Verdict.REMOVE
    row.state = RowState.DONE if outcome.why is None else RowState.FAILED
    row.made_link, row.ended_link = outcome.made and not removed, outcome.made and removed
    row.told = outcome.why or (row.told if row.user_line or row.pair_line else None)


def finish(session: Session, of: Import, now: datetime) -> bool:
    """End the import when no lane has a row left; its file is no longer needed."""
    left = exists().where(
        ImportRow.import_id == of.id,
        ImportRow.state.in_(progress.OPEN_ROWS),
        ImportRow.verdict.in_(DOES),
        or_(HANDED_IN, ImportRow.state == RowState.DOING) if of.canceling else true(),
    )
    if of.state is not ImportState.RUNNING or session.scalar(select(left)):
        return False
    if of.canceling:
        return end(session, of, ImportState.CANCELED, now)
    if not end(session, of, ImportState.DONE, now):
        return False
    audit.record(
        session, of.institution_id, audit.Event.IMPORT_DONE, now, of.run_by, batch=of.id, road=of.road
    )
    return True


def end(session: Session, of: Import, state: ImportState, now: datetime) -> bool:
    """It is done, or given up: what is written down of it can be undone from now on."""
    over = {"finished_at": now, "undo_until": now + progress.KEPT}
    if not progress.enter(session, of, state, now, paused=False, problem=None, canceling=False, **over):
        return False
    tidy(session, of)
    return True


def tidy(session: Session, of: Import) -> None:
    """Throw away what only the way there needed."""
    intake.forget_file(session, of)
    directory.forget(session, of.id)
