"""One turn of an import's job: a while of work at the stage it is at."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from app import db
from app.canvas import Canvas
from app.errors import RETRYABLE, CanvasThrottled, Failure
from app.models import Import, ImportRoad, ImportRow, ImportState, RowState
from app.pairing.applying import Access, Clock
from app.pairing.imports import (
    directory,
    looking,
    progress,
    reading,
    rights,
    running,
    sending,
    unasked,
    undoing,
)
from app.pairing.imports.courses import Atlas
from app.pairing.imports.directory import Directory
from app.pairing.imports.linking import Doer, NotYet
from app.pairing.imports.progress import Problem
from app.sheets.troubles import Refused

S = ImportState
MOMENT = timedelta(0)  # between two turns
A_WHILE = timedelta(seconds=2)  # until Canvas is asked again how far its importer is, or a pair is free

Step = Callable[[Import], timedelta | None]


def turn(
    import_id: int, lane: int, state: str, access: Access, clock: Clock, lasting: timedelta
) -> timedelta | None:
    """Work on for a while. How long to wait for the next turn; None: this job is done."""
    until = time.monotonic() + lasting.total_seconds()
    eyes: list[looking.Eyes] = []
    while time.monotonic() < until:
        with db.reading() as session:
            of = session.get(Import, import_id)
        if of is None or not _is_mine(of, lane, state):
            return None
        try:
            wait = _step(of, lane, access, clock, eyes)
        except NotYet:
            return A_WHILE
        except CanvasThrottled as full:
            return full.wait
        except RETRYABLE:
            raise
        except Refused:
            progress.stop(of, Problem.UNREADABLE)
            return None
        except Failure as failure:
            progress.stop(of, progress.problem_of(failure))
            return None
        if wait is None or wait:
            return wait
    return MOMENT


def _is_mine(of: Import, lane: int, state: str) -> bool:
    """Whether this job still has something to do; a row that was begun is finished even when stopped."""
    if of.state.value == state and not of.paused:
        return True
    begun = {S.RUNNING.value: RowState.DOING, S.UNDOING.value: RowState.UNDOING}.get(state)
    if begun is None or of.emptied_at is not None:
        return False
    stopped = of.state is S.CANCELED or (of.state.value == state and of.paused and of.problem is None)
    if not stopped:
        return False
    with db.reading() as session:
        asked = select(ImportRow.id).where(
            ImportRow.import_id == of.id, ImportRow.lane == lane, ImportRow.state == begun
        )
        return session.scalar(asked.limit(1)) is not None


def _step(of: Import, lane: int, access: Access, clock: Clock, eyes: list[looking.Eyes]) -> timedelta | None:
    """One piece of work. None: this job is done; a time: come again after it; none at all: at once."""
    match of.state:
        case S.READING:
            return _read(of, clock())
        case S.LISTING:
            return _list(of, access.service(of.institution_id), clock())
        case S.LOOKING if of.road is ImportRoad.FILES:
            return _look(of, unasked.see, clock())
        case S.LOOKING:
            eyes = eyes or _open_eyes(of, access.service(of.institution_id), eyes)
            eyes[0].directory.of = of
            return _look(of, eyes[0].see, clock())
        case S.SENDING:
            return _after(of, sending.send(of, access.service(of.institution_id), clock()))
        case S.FOLLOWING:
            problem = sending.follow(of, access.service(of.institution_id), clock())
            return _after(of, problem) or A_WHILE
        case S.RUNNING | S.CANCELED if of.road is not None:
            return _do(Doer(of, access, clock), lane)
        case S.UNDOING:
            return _undo(Doer(of, access, clock), lane)
    return None


def _after(of: Import, problem: Problem | None) -> timedelta:
    if problem is not None:
        progress.stop(of, problem)
    return MOMENT


def _read(of: Import, now: datetime) -> timedelta:
    if reading.read_on(of, now):
        asks = of.road is not ImportRoad.FILES
        with db.transaction() as session:
            read = session.get_one(Import, of.id)
            total = 0 if asks else read.done
            progress.begin(session, read, S.LISTING if asks else S.LOOKING, now, total=total)
    return MOMENT


def _list(of: Import, canvas: Canvas, now: datetime) -> timedelta:
    """List the account's people while that is cheaper than a question for each row; else ask."""
    with db.reading() as session:
        rows, listed = _rows(of, RowState.READ), directory.how_many(session, of.id)
    few = rows < directory.LIST_FROM or listed > rows * directory.A_PAGE
    found, following = ([], None) if few else directory.list_on(of, canvas)
    with db.transaction() as session:
        directory.keep(session, of.id, found)
        if following is not None:
            progress.advance(session, of, now, cursor=following, done=listed + len(found))
            return MOMENT
        lacking = {"listed": False} if few else {"listed": True}
        progress.begin(session, of, S.LOOKING, now, total=rows, **lacking)
    return MOMENT


def _rows(of: Import, state: RowState) -> int:
    with db.reading() as session:
        asked = select(func.count()).where(ImportRow.import_id == of.id, ImportRow.state == state)
        return session.scalars(asked.select_from(ImportRow)).one()


def _open_eyes(of: Import, canvas: Canvas, eyes: list[looking.Eyes]) -> list[looking.Eyes]:
    """Look at Canvas anew in each turn; what the account may do is seen at the beginning of the first."""
    if not of.cursor:
        of.rights = rights.lacking(canvas)
        with db.transaction() as session:
            session.execute(update(Import).where(Import.id == of.id).values(rights=of.rights))
    with db.reading() as session:
        emails = directory.tells_emails(session, of.id)
    eyes.append(looking.Eyes(canvas, Directory(canvas, of, emails), Atlas(canvas)))
    return eyes


def _look(of: Import, see: Callable[[ImportRow], looking.Seen], now: datetime) -> timedelta:
    if looking.look_on(of, see, now):
        with db.transaction() as session:
            progress.enter(session, session.get_one(Import, of.id), S.READY, now)
    return MOMENT


def _do(doer: Doer, lane: int) -> timedelta | None:
    if running.do_next(doer, lane):
        return MOMENT
    with db.transaction() as session:
        running.finish(session, session.get_one(Import, doer.of.id), doer.clock())
    return None


def _undo(doer: Doer, lane: int) -> timedelta | None:
    if undoing.undo_next(doer, lane):
        return MOMENT
    with db.transaction() as session:
        undoing.finish(session, session.get_one(Import, doer.of.id), doer.clock())
    return None
