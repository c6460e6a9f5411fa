"""After Canvas's own importer: what it made of the rows whose lines it was handed is seen for many at once.

Whatever the importer said, Canvas is asked: one list for each observer of a batch. The rows that are as they
should be are written down in one transaction; the others are begun, and so are done next, row by row.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app import db, people
from app.canvas import Canvas, observees
from app.errors import RETRYABLE, CanvasThrottled
from app.models import Import, ImportRow, RowState, Way
from app.pairing import bars, links
from app.pairing.imports import accounts, progress, running
from app.pairing.imports.directory import Directory
from app.pairing.imports.linking import BUDGET, Doer, Outcome
from app.pairing.imports.verdicts import Verdict

AT_ONCE = 100
LINKING = (Verdict.NEW, Verdict.MATCHED)

Observers = Mapping[int, str | None]  # by row, in Canvas's numbers; None: nobody is there
Observed = Mapping[str, frozenset[str] | None]  # students by observer; None: Canvas gives no answer


def settle_some(doer: Doer, lane: int) -> bool:
    """Write down of some rows of a lane that they are done; False: none is left to be looked at so."""
    rows = _rows(doer.of, lane)
    if not rows:
        return False
    canvas = doer.access.service(doer.of.institution_id)
    observers = _recognize(rows, Directory(canvas, doer.of))
    pairs = {row.id: one for row in rows if row.pair_line is not None and (one := observers.get(row.id))}
    observed = _ask(canvas, pairs.values())
    unasked = {row_id for row_id, observer in pairs.items() if observer not in observed}
    _write(doer, [row.id for row in rows if row.id not in unasked], observers, observed)
    return True


def _rows(of: Import, lane: int) -> Sequence[ImportRow]:
    link = and_(
        ImportRow.verdict.in_(LINKING), ImportRow.pair_line.isnot(None), ImportRow.course_id.is_(None)
    )
    account = and_(ImportRow.verdict == Verdict.ACCOUNT, ImportRow.user_line.isnot(None))
    with db.reading() as session:
        return session.scalars(
            select(ImportRow)
            .where(
                ImportRow.import_id == of.id,
                ImportRow.state == RowState.SEEN,
                ImportRow.lane == lane,
                ImportRow.told.is_(None),  # else the importer had something to say
                or_(link, account),
            )
            .order_by(ImportRow.id)
            .limit(AT_ONCE)
        ).all()


def _recognize(rows: Sequence[ImportRow], directory: Directory) -> Observers:
    """The observers by the rows they are of; up to one about whom Canvas gives no answer."""
    directory.foresee([accounts.names_of(row) for row in rows if not row.observer_id])
    found: dict[int, str | None] = {}
    for row in rows:
        try:
            found[row.id] = accounts.recognize(row, directory)
        except (*RETRYABLE, *running.ABOUT_THE_ROW):
            break
    return found


def _ask(canvas: Canvas, observers: Iterable[str]) -> Observed:
    """Whom each observes; up to one about whom Canvas gives no answer."""
    observed: dict[str, frozenset[str] | None] = {}
    for observer in dict.fromkeys(observers):
        try:
            students = observees.list_observees(canvas.within(BUDGET), observer)
        except CanvasThrottled:
            if not observed:
                raise
            break
        except (*RETRYABLE, *running.ABOUT_THE_ROW):
            observed[observer] = None
            break
        observed[observer] = frozenset(one.id for one in students)
    return observed


def _write(doer: Doer, row_ids: Sequence[int], observers: Observers, observed: Observed) -> None:
    with db.transaction() as session:
        rows = [row for row in progress.hold(session, row_ids) if row.state is RowState.SEEN]
        for row in rows:
            if observer := observers.get(row.id):
                accounts.keep(row, observer, handed_in=row.user_line is not None)
        linked = _link(session, doer, rows, observed, doer.clock())
        for row in rows:
            if row.id in linked:
                row.link_id = linked[row.id]
                running.settle(row, Outcome(True))
            elif row.verdict == Verdict.ACCOUNT and row.observer_id:
                running.settle(row, Outcome(False))
            elif doer.of.canceling and _is_untouched(row, observers, observed):
                running.settle(row, Outcome(False, progress.CANCELED))
            else:
                row.state = RowState.DOING
        progress.count(session, doer.of.id, sum(row.state is not RowState.DOING for row in rows))


def _is_untouched(row: ImportRow, observers: Observers, observed: Observed) -> bool:
    """Whether Canvas says that it holds no link of the row, or not even an observer."""
    if row.id not in observers:
        return False
    if row.observer_id is None:
        return True
    students = observed.get(row.observer_id)
    return students is not None and row.student_id not in students


def _link(
    session: Session, doer: Doer, rows: Iterable[ImportRow], observed: Observed, now: datetime
) -> dict[int, int]:
    """New links, by the rows they are of; none where there is one, or the do-not-pair list has an entry."""
    school = doer.of.institution_id
    held = {
        (row.observer_id, row.student_id): row
        for row in rows
        if row.observer_id and row.student_id and row.student_id in (observed.get(row.observer_id) or ())
    }
    barred = bars.barred(session, school, {student for _, student in held})
    names: dict[str, str | None] = {}
    for (observer, student), row in held.items():
        told = row.before or {}
        names |= {observer: told.get("observer_name"), student: told.get("student_name")}
    known = people.remember_all(session, school, names, now)
    pairs = {
        row.id: (known[observer], known[student])
        for (observer, student), row in held.items()
        if student not in barred
    }
    made = links.note_held(session, pairs.values(), Way.IMPORT, now, doer.actor)
    found = {row_id: made.get((one.id, other.id)) for row_id, (one, other) in pairs.items()}
    return {row_id: link.id for row_id, link in found.items() if link is not None}
