"""Rows of an import as pages list them and as files hold them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from flask_babel import format_date
from flask_babel import gettext as _

from app.models import Import, ImportRow, RowKind, RowState
from app.pairing.imports import files, overview
from app.pairing.imports.given import Wanted
from app.pairing.imports.verdicts import Verdict
from app.sheets.pairs import Given
from app.sheets.vocabulary import What
from app.sheets.writing import for_people
from app.web.import_verdicts import STATES, reason_of, why_unwritten
from app.web.import_words import GIVEN
from app.web.policy_form import purpose


@dataclass(frozen=True, slots=True)
class Shown:
    """One row as a page shows it."""

    row: ImportRow
    observer: str
    student: str
    course: str
    terms: str
    reason: str
    canvas_would_say: str
    canvas_said: str
    by: str


def row(of: ImportRow, unwritten: bool = False) -> Shown:
    """A row as a page shows it; one that the files cannot say, with the reason for that."""
    wanted, told = Wanted.from_json(of.given), of.before or {}
    finished = of.state in (RowState.FAILED, RowState.KEPT)
    return Shown(
        of,
        _observer(of, wanted),
        ""
        if of.kind is RowKind.ACCOUNT or wanted.of_others
        else _person(told.get("student_name"), wanted.student),
        told.get("course_name") or wanted.course.given or wanted.course.sis_id or wanted.course.code,
        _terms(of, wanted),
        why_unwritten(of) if unwritten else reason_of(of) if finished else "",
        _foretold(of),
        "" if finished and of.said == of.told else _said(of),
        str(GIVEN[What(told["by"])]) if told.get("by") else "",
    )


def _foretold(of: ImportRow) -> str:
    return of.told or "" if of.state is RowState.SEEN and not of.said else ""


def _said(of: ImportRow) -> str:
    return " ".join((of.said or "").splitlines())


def _terms(of: ImportRow, wanted: Wanted) -> str:
    """Until when, and what for, in words; for one course only, as everything else of it is not kept."""
    if of.course_id is None:
        return ""
    until = _("until %(day)s", day=format_date(wanted.until, "long", rebase=False)) if wanted.until else ""
    return " · ".join(filter(None, (until, purpose(wanted.purpose) if wanted.purpose else "")))


def _observer(of: ImportRow, wanted: Wanted) -> str:
    """Whoever was found; where that is in doubt, whoever the row names."""
    person = wanted.observer
    if of.verdict == Verdict.SHARED_EMAIL:
        return _person(person.full_name, replace(person, sis_id=""))
    return _person((of.before or {}).get("observer_name"), person)


def _person(name: str | None, person: Given) -> str:
    known = person.sis_id or person.email or person.login or person.canvas_id
    return f"{name} ({known})" if name and known else name or known or _("nobody named")


Ends = dict[str, Callable[[ImportRow], str]]  # columns behind those of the sheet


def problems(of: Import) -> Iterator[bytes]:
    """The rows with a problem as they were given, with a column that says why."""
    ends = {_("Reason"): reason_of, _("Canvas says"): lambda row: _said(row) or _foretold(row)}
    return _file(of, overview.problem_rows(of), ends)


def unwritten(of: Import) -> Iterator[bytes]:
    """The rows that Canvas's files cannot say, and why."""
    return _file(of, overview.unwritten_rows(of), {_("Reason"): why_unwritten})


def results(of: Import) -> Iterator[bytes]:
    """Every row as it was given, and what became of it."""
    ends: Ends = {
        _("Result"): lambda row: str(STATES[row.state]),
        _("Reason"): reason_of,
        _("Canvas says"): _said,
        _("Observer's number in Canvas"): lambda row: row.observer_id or "",
        _("Student's number in Canvas"): lambda row: row.student_id or "",
    }
    return _file(of, files.every_row(of), ends)


def _file(of: Import, rows: Iterable[ImportRow], ends: Ends) -> Iterator[bytes]:
    header, width = _header(of)
    lines = (
        [*_padded(row.raw, width), str(row.number), *(end(row) for end in ends.values())] for row in rows
    )
    return for_people([*header, _("Row"), *ends], lines)


def _header(of: Import) -> tuple[list[str], int]:
    """The header of a sheet; the files of a zip have several, and then none of them is right for all."""
    if len(of.headers) == 1:
        (header,) = of.headers.values()
        width = max(len(header), 1)
        return (header or [""] * width), width
    width = max((len(header) for header in of.headers.values()), default=1)
    return [f"{_('Column')} {number}" for number in range(1, width + 1)], width


def _padded(raw: list[str], width: int) -> list[str]:
    return [*raw, *[""] * (width - len(raw))][:width]
