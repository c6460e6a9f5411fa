"""How far an import is, and how it goes on: each change is made by one worker only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from app import db, jobs
from app.errors import CanvasForbids, Failure, NotConnected, ScopeMissing, TokenDead
from app.models import Import, ImportRow, ImportState, RowState
from app.pairing.imports.verdicts import DOES

S = ImportState
WORKING = frozenset({S.READING, S.LISTING, S.LOOKING, S.SENDING, S.FOLLOWING, S.RUNNING, S.UNDOING})
STOPPABLE = frozenset({S.SENDING, S.FOLLOWING, S.RUNNING})
UNDOABLE = frozenset({S.DONE, S.CANCELED})
KEPT = timedelta(days=30)  # how long an import can be undone, and its rows are kept
ABANDONED = timedelta(days=7)  # one that was never run
JOB = "import"
OPEN_ROWS = (RowState.SEEN, RowState.DOING)
CANCELED = "canceled"  # why a row was not done, or not as a whole


class Problem(StrEnum):
    """Why an import waits for somebody. Each has its sentence in admin/import_words.html."""

    NOT_CONNECTED = "not_connected"
    SCOPE = "scope"
    NOT_ALLOWED = "not_allowed"
    UNREADABLE = "unreadable"
    SIS_FAILED = "sis_failed"
    SIS_REFUSED = "sis_refused"


def actor(of: Import) -> int | None:
    """Who has an import do what it does (people.id); None: a command."""
    return of.undone_by if of.state is S.UNDOING else of.run_by


def problem_of(failure: Failure) -> Problem:
    """The word for what only a person can mend."""
    match failure:
        case NotConnected() | TokenDead():
            return Problem.NOT_CONNECTED
        case ScopeMissing():
            return Problem.SCOPE
        case CanvasForbids():
            return Problem.NOT_ALLOWED
    return Problem.UNREADABLE


@dataclass(frozen=True, slots=True)
class Pace:
    """How far the present stage is; `left` is None as long as nothing can be said."""

    done: int
    total: int
    left: timedelta | None


def pace(of: Import, now: datetime) -> Pace:
    """Done, of how many, and the time left at the pace since this stage began or was resumed."""
    since, did = now - of.pace_since, of.done - of.pace_from
    left = None
    if did > 0 and since > timedelta() and not of.paused:
        left = since / did * max(of.total - of.done, 0)
    return Pace(of.done, of.total, left)


def advance(session: Session, of: Import, now: datetime, **values: object) -> bool:
    """Write the place down unless somebody else has gone on from there, or it was stopped, meanwhile."""
    result = session.execute(
        update(Import)
        .where(Import.id == of.id, Import.state == of.state, Import.cursor == of.cursor)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
    return result.rowcount == 1


def enter(session: Session, of: Import, state: ImportState, now: datetime, **values: object) -> bool:
    """Go on to another state, unless somebody else did."""
    if "total" in values:
        values = {"done": 0, "pace_from": 0, "pace_since": now, **values}
    return advance(session, of, now, state=state, **{"cursor": "", **values})


def begin(
    session: Session, of: Import, state: ImportState, now: datetime, jobs_: int = 1, **values: object
) -> bool:
    """At somebody's word: enter a state that has jobs, paused no more, and promise them."""
    return go_on(session, of, state, now, jobs_, paused=False, problem=None, **values)


def go_on(
    session: Session, of: Import, state: ImportState, now: datetime, jobs_: int = 1, **values: object
) -> bool:
    """Enter a state that has jobs, and promise them, one for each lane, or one; if paused, it stays so."""
    if not enter(session, of, state, now, **values):
        return False
    for lane in range(jobs_):
        jobs.enqueue(session, JOB, of.id, lane, state.value)
    return True


def stop(of: Import, problem: Problem) -> bool:
    """Wait for somebody: paused, and why written down; False: it went on, or was canceled, in this moment."""
    with db.transaction() as session:
        result = session.execute(
            update(Import)
            .where(Import.id == of.id, Import.state == of.state, Import.canceling.is_(of.canceling))
            .values(paused=True, problem=problem)
        )
        assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
        return result.rowcount == 1


def hold(session: Session, row_ids: Iterable[int]) -> list[ImportRow]:
    """See rows as they are now, without those that are done, and keep them so until this transaction ends.

    A worker that seemed dead may still be at them: then both do the same, and only one writes it down.
    """
    rows = session.scalars(
        select(ImportRow)
        .where(ImportRow.id.in_(list(row_ids)))
        .order_by(ImportRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [row for row in rows if row.state in OPEN_ROWS]


def count(session: Session, import_id: int, by: int = 1) -> None:
    """So many rows more are done with."""
    session.execute(update(Import).where(Import.id == import_id).values(done=Import.done + by))


def doable(session: Session, import_id: int) -> int:
    """How many rows something is to be done about."""
    return session.scalars(
        select(func.count())
        .select_from(ImportRow)
        .where(
            ImportRow.import_id == import_id,
            ImportRow.state.in_(OPEN_ROWS),
            ImportRow.verdict.in_(DOES),
        )
    ).one()
