"""Canceling while Canvas's own importer has the files: it is stopped, and then seen what it did until then.

Only an import whose number is known is stopped: others of the account are somebody else's. Where the number
was lost, as the worker died in that moment, Canvas is waited for instead.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import takewhile

from app import db
from app.canvas import Canvas, sis_imports
from app.canvas.sis_imports import SisImport
from app.errors import CanvasForbids, CanvasMissing, ScopeMissing
from app.models import Import, ImportState
from app.pairing.imports import directory, progress, running
from app.pairing.imports.directory import HERE

IN_FLIGHT = timedelta(minutes=11)  # handing in takes ten at most (turns.LONG)
REST = timedelta(minutes=2)  # Canvas may finish the rows that were under way when it was told to stop
SKEW = timedelta(hours=1)  # between Canvas's clock and ours


def before_following(of: Import, canvas: Canvas, now: datetime) -> bool:
    """Cancel while no number is known; False: Canvas may still take files in, or work on them."""
    if not of.cursor:  # nothing was handed in
        with db.transaction() as session:
            return running.end(session, session.get_one(Import, of.id), ImportState.CANCELED, now)
    sent = datetime.fromisoformat(of.cursor)
    if now < sent + IN_FLIGHT or not _is_at_rest(of, canvas, sent + IN_FLIGHT + SKEW):
        return False
    with db.transaction() as session:
        directory.forget(session, of.id)
        return progress.go_on(session, of, ImportState.FOLLOWING, now, total=100, cursor=directory.START)


def has_stopped(of: Import, canvas: Canvas, found: SisImport, now: datetime) -> bool:
    """Tell Canvas to stop, as often as it takes; whether it is at rest."""
    if not found.finished:
        with suppress(CanvasMissing, CanvasForbids, ScopeMissing):  # it is over; or not ours to stop: it ends
            sis_imports.abort(canvas, HERE, found.id)
        with db.transaction() as session:
            progress.advance(session, of, now, done=found.progress, pace_since=now)
        return False
    if found.state == sis_imports.ABORTED and now < of.pace_since + REST:
        return False
    with suppress(CanvasForbids, ScopeMissing):  # then the one whose number is known has to be enough
        return _is_at_rest(of, canvas, found.created_at)
    return True


def _is_at_rest(of: Import, canvas: Canvas, until: datetime) -> bool:
    """Whether Canvas is done with all that may be of this import: after a death it is handed in twice."""
    since = of.created_at - SKEW
    recent = takewhile(lambda one: one.created_at > since, sis_imports.of_account(canvas, HERE))
    return all(one.finished for one in recent if one.created_at <= until)
