"""One turn of an import's job: a while of work at the stage it is at."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from app import db
from app.canvas import Canvas
from app.errors import RETRYABLE, CanvasThrottled, Failure
from app.models import Import, ImportRoad, ImportRow, ImportState, RowState
from app.pairing.applying import Access, Clock
from app.pairing.imports import (
    directory,
    handed,
    looking,
    progress,
    reading,
    rights,
    running,
    seeing,
    sending,
    stopping,
    unasked,
    undoing,
)
from app.pairing.imports.courses import Atlas
from app.pairing.imports.directory import Directory
from app.pairing.imports.linking import BUDGET, Doer, NotYet
from app.pairing.imports.progress import Problem

S = ImportState
MOMENT = timedelta(0)  # between two turns
LONG = timedelta(minutes=10)  # for what is made, or asked, in one go: the files of 100,000 rows take a minute
A_WHILE = timedelta(seconds=2)  # until Canvas is asked again how far its importer is, or a pair is free


@dataclass(slots=True)
class Place:
    """What one turn remembers."""

    eyes: seeing.Eyes | None = None
    rows: int | None = None  # about whose people there is something to find out
    row: int = 0  # the last row of the lane that was done or undone


def turn(
    import_id: int, lane: int, state: str, access: Access, clock: Clock, lasting: timedelta
) -> timedelta | None:
    """Work on for a while. How long to wait for the next turn; None: this job is done."""
    with access.in_a_row(BUDGET) as ready:
        return _work(import_id, lane, state, ready, clock, lasting)


def _work(
    import_id: int, lane: int, state: str, access: Access, clock: Clock, lasting: timedelta
) -> timedelta | None:
    until = time.monotonic() + lasting.total_seconds()
    place = Place()
    while time.monotonic() < until:
        with db.reading() as session:
            of = session.get(Import, import_id)
        if of is None or not _is_mine(of, lane, state):
            return None
        try:
            wait = _step(of, lane, access, clock, place)
        except NotYet:
            return A_WHILE
        except CanvasThrottled as full:
            return full.wait
        except RETRYABLE:
            raise
        except Failure as failure:
            if progress.stop(of, progress.problem_of(failure)):
                return None
            continue
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


def _step(of: Import, lane: int, access: Access, clock: Clock, place: Place) -> timedelta | None:
    """One piece of work. None: this job is done; a time: come again after it; none at all: at once."""
    match of.state:
        case S.READING:
            return _read(of, clock())
        case S.LISTING:
            return _list(of, access.service(of.institution_id), place, clock())
        case S.LOOKING if of.road is ImportRoad.FILES:
            return _look(of, unasked.see_all, clock())
        case S.LOOKING:
            place.eyes = place.eyes or _open_eyes(of, access.service(of.institution_id).within(LONG))
            place.eyes.directory.of = of
            return _look(of, place.eyes.see_all, clock())
        case S.SENDING:
            return _send(of, access.service(of.institution_id).within(LONG), clock())
        case S.FOLLOWING if of.cursor:
            return _list(of, access.service(of.institution_id), place, clock())
        case S.FOLLOWING:
            problem = sending.follow(of, access.service(of.institution_id).within(LONG), clock())
            return _after(of, problem) or A_WHILE
        case S.RUNNING | S.CANCELED if of.road is not None:
            return _do(Doer(of, access, clock), lane, place)
        case S.UNDOING:
            return _undo(Doer(of, access, clock), lane, place)
    return None


def _send(of: Import, canvas: Canvas, now: datetime) -> timedelta:
    if of.canceling:
        return MOMENT if stopping.before_following(of, canvas, now) else A_WHILE
    return _after(of, sending.send(of, canvas, now))


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
            progress.go_on(session, read, S.LISTING if asks else S.LOOKING, now, total=total)
    return MOMENT


def _list(of: Import, canvas: Canvas, place: Place, now: datetime) -> timedelta:
    """List the account's people while that is cheaper than a question for each row; else ask.

    Once Canvas's importer has made accounts they are listed anew.
    """
    before = of.state is S.LISTING
    if place.rows is None:
        place.rows = _rows(of, RowState.READ) if before else sending.newcomers(of)
    listed = directory.list_some(of, canvas, place.rows, now)
    if listed is None:
        return MOMENT
    if not before:
        sending.go_on(of, now, listed)
        return MOMENT
    with db.transaction() as session:
        progress.go_on(session, of, S.LOOKING, now, total=place.rows, listed=listed)
    return MOMENT


def _rows(of: Import, state: RowState) -> int:
    with db.reading() as session:
        asked = select(func.count()).where(ImportRow.import_id == of.id, ImportRow.state == state)
        return session.scalars(asked.select_from(ImportRow)).one()


def _open_eyes(of: Import, canvas: Canvas) -> seeing.Eyes:
    """Look at Canvas anew in each turn; what the account may do is seen at the beginning of the first."""
    if not of.cursor:
        of.rights = rights.lacking(canvas)
        with db.transaction() as session:
            session.execute(update(Import).where(Import.id == of.id).values(rights=of.rights))
    with db.reading() as session:
        emails = directory.tells_emails(session, of.id)
    return seeing.Eyes(canvas, Directory(canvas, of, emails), Atlas(canvas))


def _look(of: Import, see: Callable[[Sequence[ImportRow]], list[seeing.Seen]], now: datetime) -> timedelta:
    if looking.look_on(of, see, now):
        with db.transaction() as session:
            progress.enter(session, session.get_one(Import, of.id), S.READY, now, paused=False)
    return MOMENT


def _do(doer: Doer, lane: int, place: Place) -> timedelta | None:
    """What was begun comes first, and is finished even when the import was stopped."""
    if running.do_next(doer, lane, RowState.DOING):
        return MOMENT
    if doer.of.state is S.RUNNING and not doer.of.paused:
        if doer.of.road is ImportRoad.SIS and handed.settle_some(doer, lane):
            return MOMENT
        place.row = running.do_next(doer, lane, RowState.SEEN, place.row) or 0
        if place.row:
            return MOMENT
    with db.transaction() as session:
        running.finish(session, session.get_one(Import, doer.of.id), doer.clock())
    return None


def _undo(doer: Doer, lane: int, place: Place) -> timedelta | None:
    place.row = undoing.undo_next(doer, lane, place.row or None) or 0
    if place.row:
        return MOMENT
    with db.transaction() as session:
        undoing.finish(session, session.get_one(Import, doer.of.id), doer.clock())
    return None
