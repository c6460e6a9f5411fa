"""What an admin does with an import: preview, choose, run, pause, go on, cancel, undo."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import audit
from app.models import Import, ImportRoad, ImportRow, ImportState, RowState
from app.pairing.imports import choosing, progress, running, undoing
from app.pairing.imports.progress import Problem
from app.pairing.imports.reading import LANES
from app.sheets.columns import Mapping

S = ImportState


def find(session: Session, institution_id: int, import_id: int) -> Import | None:
    """An import of this institution, held."""
    return session.scalar(
        select(Import)
        .where(Import.id == import_id, Import.institution_id == institution_id)
        .with_for_update()
    )


def preview(
    session: Session, of: Import, mapping: Mapping | None, now: datetime, road: ImportRoad | None = None
) -> bool:
    """Begin the preview with these columns; for the road of files, of the sheet alone."""
    if of.state is not S.COLUMNS:
        return False
    if mapping is not None:
        of.mapping = mapping.to_json()
    of.road = road
    session.flush()
    return progress.begin(session, of, S.READING, now, total=0)


def ask_nobody(session: Session, of: Import, now: datetime) -> bool:
    """Have the preview made of the sheet alone, where Canvas could not be asked, or will not be told."""
    stopped = of.state in (S.LISTING, S.LOOKING) and of.paused
    if not stopped and of.state is not S.READY:
        return False
    of.road, of.rights = ImportRoad.FILES, {}
    rows = ImportRow.import_id == of.id
    session.execute(update(ImportRow).where(rows).values(state=RowState.READ, verdict=None))
    total = session.scalar(select(func.count()).select_from(ImportRow).where(rows))
    session.flush()
    return progress.begin(session, of, S.LOOKING, now, total=total)


def choose(
    session: Session, of: Import, choices: Iterable[tuple[int, str]], by: int | None, now: datetime
) -> int:
    """Take decisions about rows; these are looked at again."""
    if of.state is not S.READY:
        return 0
    taken = choosing.choose(session, of, choices)
    session.flush()
    if taken:
        _record(session, of, audit.Event.IMPORT_DECIDED, by, now, rows=taken)
        progress.begin(session, of, S.LOOKING, now, total=taken)
    return taken


def run(session: Session, of: Import, road: ImportRoad, by: int | None, now: datetime) -> bool:
    """Begin to do what the preview shows."""
    if of.state is not S.READY or ImportRoad.FILES in (road, of.road):
        return False
    rows = progress.doable(session, of.id)
    if not rows:
        return False
    of.road, of.run_by = road, by
    session.flush()
    _record(session, of, audit.Event.IMPORT_BEGUN, by, now, road=road, rows=rows)
    if road is ImportRoad.SIS:
        return progress.begin(session, of, S.SENDING, now, total=rows)
    return progress.begin(session, of, S.RUNNING, now, LANES, total=rows)


def pause(session: Session, of: Import, by: int | None, now: datetime) -> bool:
    """Stop after the rows that are being done."""
    if of.state not in progress.WORKING or of.canceling:
        return False
    of.paused, of.problem = True, None
    _record(session, of, audit.Event.IMPORT_PAUSED, by, now)
    return True


def resume(session: Session, of: Import, by: int | None, now: datetime) -> bool:
    """Go on; what Canvas's importer would not take goes through the API instead."""
    if of.state not in progress.WORKING or not of.paused:
        return False
    refused = of.problem in (Problem.SIS_FAILED, Problem.SIS_REFUSED)
    state = S.RUNNING if refused else of.state
    lanes = LANES if state in (S.RUNNING, S.UNDOING) else 1
    going = {"total": progress.doable(session, of.id)} if refused else {"cursor": of.cursor}
    session.flush()
    _record(session, of, audit.Event.IMPORT_RESUMED, by, now)
    return progress.begin(
        session, of, state, now, lanes, **going, pace_since=now, pace_from=0 if refused else of.done
    )


def cancel(session: Session, of: Import, by: int | None, now: datetime) -> bool:
    """Give it up. Before it has begun nothing was changed; later, what was done stays and can be undone."""
    if of.state in (S.DONE, S.CANCELED, S.UNDOING, S.UNDONE) or of.canceling:
        return False
    _record(session, of, audit.Event.IMPORT_CANCELED, by, now)
    if of.state not in progress.STOPPABLE:
        running.tidy(session, of)
        return progress.enter(session, of, S.CANCELED, now, finished_at=now, paused=False, problem=None)
    if of.road is ImportRoad.SIS:
        return _stop_canvas(session, of, now)
    return running.end(session, of, S.CANCELED, now)


def _stop_canvas(session: Session, of: Import, now: datetime) -> bool:
    """Have the jobs see first what Canvas's importer has done (app.pairing.imports.stopping)."""
    place = {"cursor": of.cursor, "canceling": True}
    if not of.paused:  # so they are at work
        return progress.enter(session, of, of.state, now, **place)
    lanes = LANES if of.state is S.RUNNING else 1
    return progress.begin(session, of, of.state, now, lanes, **place)


def may_undo(session: Session, of: Import, now: datetime) -> bool:
    """Whether it can be undone: it has ended, not too long ago, and nothing of it is under way."""
    if of.state not in progress.UNDOABLE or of.undo_until is None or now >= of.undo_until:
        return False
    doing = select(ImportRow.id).where(ImportRow.import_id == of.id, ImportRow.state == RowState.DOING)
    return session.scalar(doing.limit(1)) is None


def undo(session: Session, of: Import, by: int | None, now: datetime) -> bool:
    """Begin to undo it."""
    if not may_undo(session, of, now):
        return False
    of.undone_by = by
    session.flush()
    _record(session, of, audit.Event.IMPORT_UNDONE, by, now)
    return progress.begin(session, of, S.UNDOING, now, LANES, total=undoing.outlook(session, of.id).rows)


def _record(
    session: Session, of: Import, event: audit.Event, by: int | None, now: datetime, **facts: audit.Fact
) -> None:
    audit.record(session, of.institution_id, event, now, by, batch=of.id, **facts)
