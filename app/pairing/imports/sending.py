"""The road by Canvas's own importer: files are handed in, followed, and what it says is brought to its rows.

Noted first is when they are handed in (`cursor`), then Canvas's number. Killed in between, they are handed in
again: a line that was imported changes nothing the second time. What Canvas holds in the end is asked of it,
whatever the importer said (app.pairing.imports.handed).
"""

from datetime import datetime

from sqlalchemy import func, literal, select, true, update
from sqlalchemy.orm import Session

from app import db
from app.canvas import Canvas, sis_imports
from app.canvas.sis_imports import RowError, SisImport
from app.errors import CanvasForbids, CanvasMissing, CanvasRejects
from app.models import Import, ImportRow, ImportState
from app.pairing.imports import directory, files, progress, stopping
from app.pairing.imports.directory import HERE
from app.pairing.imports.progress import Problem
from app.pairing.imports.reading import LANES

NAME = "observatory.zip"
MOST_WORDS = 50  # that are kept of what concerns no row in particular
LINES = {  # the rows a line of a file can be about; one about a course is kept with the last of its lines
    "users.csv": (ImportRow.user_line, true()),
    "user_observers.csv": (ImportRow.pair_line, ImportRow.course_id.is_(None)),
    "enrollments.csv": (ImportRow.pair_line, ImportRow.course_id.isnot(None)),
}


def send(of: Import, canvas: Canvas, now: datetime) -> Problem | None:
    """Hand the files in; without a line for them the rows go through the API at once."""
    earlier = of.cursor
    if not earlier:
        _forget_lines(of)
    with files.zipped(of, number=True) as content:
        if _nothing(of):
            go_on(of, now, of.listed)
            return None
        if not _note(of, now):
            return None
        try:
            begun = sis_imports.start(canvas, HERE, NAME, content)
        except (CanvasForbids, CanvasRejects, CanvasMissing):
            _take_back_note(of, now, earlier)
            return Problem.SIS_REFUSED
    with db.transaction() as session:
        progress.go_on(session, of, ImportState.FOLLOWING, now, sis_import_id=begun.id, total=100)
    return None


def _forget_lines(of: Import) -> None:
    with db.transaction() as session:
        session.execute(
            update(ImportRow).where(ImportRow.import_id == of.id).values(user_line=None, pair_line=None)
        )


def _note(of: Import, now: datetime) -> bool:
    """Write down that the files are handed in now; False: the import was stopped meanwhile."""
    with db.transaction() as session:
        held = session.get_one(Import, of.id, with_for_update=True)
        if held.paused or held.canceling:
            return False
        noted = progress.advance(session, of, now, cursor=now.isoformat())
    of.cursor = now.isoformat()
    return noted


def _take_back_note(of: Import, now: datetime, earlier: str) -> None:
    """Canvas took nothing in this time."""
    with db.transaction() as session:
        progress.advance(session, of, now, cursor=earlier)
    if not earlier:
        _forget_lines(of)


def _nothing(of: Import) -> bool:
    with db.reading() as session:
        asked = select(func.max(ImportRow.pair_line), func.max(ImportRow.user_line))
        return not any(session.execute(asked.where(ImportRow.import_id == of.id)).one())


def follow(of: Import, canvas: Canvas, now: datetime) -> Problem | None:
    """Look how far Canvas is; when it is done, bring back what it said."""
    found = sis_imports.get(canvas, HERE, of.sis_import_id or "0")
    if of.canceling and not stopping.has_stopped(of, canvas, found, now):
        return None
    if not found.finished:
        with db.transaction() as session:
            progress.advance(session, of, now, done=found.progress)
        return None
    _bring_back(of, canvas, found)
    if not found.worked and not of.canceling:
        return Problem.SIS_FAILED
    with db.transaction() as session:
        directory.forget(session, of.id)  # it has made people
        progress.advance(session, of, now, cursor=directory.START, done=of.total)
    return None


def _bring_back(of: Import, canvas: Canvas, found: SisImport) -> None:
    others: list[str] = []
    with db.transaction() as session:  # killed half way, it is all said again
        heard = (ImportRow.import_id == of.id, ImportRow.said.isnot(None))
        session.execute(update(ImportRow).where(*heard).values(said=None))
    for error in sis_imports.errors(canvas, HERE, found.id):
        with db.transaction() as session:
            if not _to_its_row(session, of, error) and len(others) < MOST_WORDS:
                others.append(error.message)
    with db.transaction() as session:
        session.execute(update(Import).where(Import.id == of.id).values(sis_words=others))


def _to_its_row(session: Session, of: Import, error: RowError) -> bool:
    """Write a message to the row whose line it is about; Canvas tells the last one first."""
    name = error.file.rpartition("/")[2]
    if name not in LINES or error.row is None:
        return False
    column, which = LINES[name]
    row_id = session.scalar(
        select(ImportRow.id)
        .where(ImportRow.import_id == of.id, column >= error.row, which)
        .order_by(column)
        .limit(1)
    )
    if row_id is None:
        return False
    said = literal(error.message).concat(func.coalesce(literal("\n").concat(ImportRow.said), ""))
    session.execute(update(ImportRow).where(ImportRow.id == row_id).values(told=error.message, said=said))
    return True


def newcomers(of: Import) -> int:
    """How many accounts were to be made."""
    with db.reading() as session:
        asked = select(func.count(ImportRow.user_line)).where(ImportRow.import_id == of.id)
        return session.scalars(asked).one()


def go_on(of: Import, now: datetime, listed: bool) -> None:
    """See row by row what Canvas holds, and do what the files could not say."""
    with db.transaction() as session:
        total = progress.doable(session, of.id)
        progress.go_on(session, of, ImportState.RUNNING, now, LANES, total=total, listed=listed)
