"""The files for Canvas's own importer, with only what an import adds and removes.

Rows come from the database a page at a time, and go into a zip on disk. Source: "SIS Import Format
Documentation", users.csv, user_observers.csv, enrollments.csv.
"""

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from sqlalchemy import ColumnElement, exists, not_, or_, select, update
from sqlalchemy.orm import aliased

from app import db
from app.models import Import, ImportRow, RowKind
from app.pairing import bars
from app.pairing.imports import accounts, progress, terms
from app.pairing.imports.given import Wanted
from app.pairing.imports.verdicts import Verdict
from app.sheets import writing
from app.sheets.pairs import Given

PAGE = 500
EXTRA = ("short_name", "sortable_name", "integration_id", "authentication_provider_id", "pronouns")
USERS = (
    "user_id",
    "login_id",
    "status",
    "first_name",
    "last_name",
    "full_name",
    "email",
    "declared_user_type",
)
LINKS = ("observer_id", "student_id", "status")
ENROLLMENTS = ("course_id", "section_id", "user_id", "role", "status", "associated_user_id")
DATES = ("start_date", "end_date")
MAKING = (Verdict.ACCOUNT, Verdict.NEW, Verdict.CONSENT)
LINKING = (Verdict.NEW, Verdict.MATCHED, Verdict.REMOVE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, and the row it is for."""

    row_id: int
    cells: tuple[str, ...]


def sis_id_of(person: Given) -> str:
    """The SIS id of a new observer; without one of their own always the same for the same address."""
    if person.sis_id:
        return person.sis_id
    name = accounts.login_of(person).lower()
    return f"observer-{hashlib.sha256(name.encode()).hexdigest()[:12]}" if name else ""


def every_row(of: Import, *which: ColumnElement[bool]) -> Iterator[ImportRow]:
    """Rows in their order, fetched a page at a time by one query: there may be 100,000."""
    rows = select(ImportRow).where(ImportRow.import_id == of.id, *which).order_by(ImportRow.id)
    with db.reading() as session:
        yield from session.scalars(rows.execution_options(yield_per=PAGE))


def _open_rows(of: Import, *which: ColumnElement[bool]) -> Iterator[ImportRow]:
    return every_row(of, ImportRow.state.in_(progress.OPEN_ROWS), *which)


def may_be_written() -> ColumnElement[bool]:
    """Whether a file may hold the pair of a row: Canvas's importer asks no do-not-pair list.

    Whom an entry is about is connected row by row, and the list is asked right before.
    """
    apart = bars.is_about(ImportRow.institution_id, ImportRow.student_id)
    return or_(ImportRow.verdict == Verdict.REMOVE, not_(apart))


def users(of: Import) -> Iterator[Line]:
    """A line for each account that is to be made."""
    earlier = aliased(ImportRow)
    first = ~exists().where(
        earlier.import_id == of.id,
        earlier.observer_key == ImportRow.observer_key,
        earlier.verdict.in_(MAKING),
        earlier.id < ImportRow.id,
    )
    for row in _open_rows(of, ImportRow.verdict.in_(MAKING), ImportRow.observer_id.is_(None), first):
        wanted = Wanted.from_json(row.given)
        person = wanted.observer
        told = (sis_id_of(person), accounts.login_of(person), "active", person.first_name, person.last_name)
        full = person.name if person.name else ""
        extra = tuple(wanted.extra.get(name, "") for name in EXTRA)
        yield Line(row.id, (*told, full, person.email, "observer", *extra))


def _observer_of(row: ImportRow, wanted: Wanted) -> str:
    told: str | None = (row.before or {}).get("observer_sis")
    return told or ("" if row.observer_id else sis_id_of(wanted.observer))


def links(of: Import) -> Iterator[Line]:
    """A line for each pair over all courses whose two people have SIS ids."""
    which = (ImportRow.verdict.in_(LINKING), ImportRow.kind == RowKind.PAIR, ImportRow.course_id.is_(None))
    for row in _open_rows(of, *which, may_be_written()):
        observer = _observer_of(row, Wanted.from_json(row.given))
        student = (row.before or {}).get("student_sis")
        if observer and student:
            yield Line(row.id, (observer, student, _status(row)))


def enrollments(of: Import, dated: bool) -> Iterator[Line]:
    """A line for each section of each pair in one course; with its end, where we shall not end it ourselves.

    An end date counts only beside a start date ("SIS Import Format", enrollments.csv).
    """
    which = (ImportRow.verdict.in_(LINKING), ImportRow.course_id.isnot(None))
    for row in _open_rows(of, *which, may_be_written()):
        wanted, told = Wanted.from_json(row.given), row.before or {}
        observer = _observer_of(row, wanted)
        student = told.get("student_sis")
        if not observer or not student:
            continue
        dates = _dates(of, wanted) if dated else ()
        for place in told.get("places", ()):
            yield Line(row.id, (*place, observer, "observer", _status(row), student, *dates))


def _dates(of: Import, wanted: Wanted) -> tuple[str, str]:
    with db.reading() as session:
        end = terms.ends_at(session, of, wanted)
    return ("", "") if end is None else (_moment(of.created_at), _moment(end))


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _status(row: ImportRow) -> str:
    return "deleted" if row.verdict == Verdict.REMOVE else "active"


@contextmanager
def zipped(of: Import, *, number: bool = False) -> Iterator[IO[bytes]]:
    """A zip of the files that have a line; with `number` each row learns where its lines are."""
    user_line, pair_line = ("user_line", "pair_line") if number else (None, None)
    dates = () if number else DATES
    with tempfile.TemporaryFile() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            _put(archive, "users.csv", (*USERS, *EXTRA), users(of), user_line)
            _put(archive, "enrollments.csv", (*ENROLLMENTS, *dates), enrollments(of, not number), pair_line)
            _put(archive, "user_observers.csv", LINKS, links(of), pair_line)
        target.seek(0)
        yield target


def _put(
    archive: zipfile.ZipFile, name: str, header: tuple[str, ...], lines: Iterator[Line], column: str | None
) -> None:
    first = next(lines, None)
    if first is None:
        return
    with archive.open(name, "w", force_zip64=True) as entry:
        out = io.BufferedWriter(entry, 65_536)
        for piece in writing.for_canvas(header, _cells(_after(first, lines), column)):
            out.write(piece)
        out.flush()
        out.detach()


def _after(first: Line, rest: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from rest


def _cells(lines: Iterator[Line], column: str | None) -> Iterator[tuple[str, ...]]:
    """The cells of each line; lines are counted as Canvas does, the header being the first."""
    numbered: list[dict[str, int]] = []
    for number, line in enumerate(lines, start=2):
        if column is not None:
            numbered.append({"id": line.row_id, column: number})
            if len(numbered) == PAGE:
                _write(numbered)
                numbered = []
        yield line.cells
    _write(numbered)


def _write(numbered: list[dict[str, int]]) -> None:
    if numbered:
        with db.transaction() as session:
            session.execute(update(ImportRow), [{**one, "told": None} for one in numbered])
