"""The columns of an uploaded sheet, as they are shown to be corrected."""

from collections.abc import Iterable
from collections.abc import Mapping as Typed
from dataclasses import dataclass
from itertools import islice

from babel import Locale, UnknownLocaleError
from flask_babel import lazy_gettext as _

from app.models import Import
from app.pairing.imports import intake
from app.sheets.columns import Column, Mapping, Meaning
from app.sheets.decoding import ENCODINGS
from app.sheets.delimited import DELIMITERS, Text
from app.sheets.recognizing import Choices

SAMPLES = 3
LOOKED_AT = 100  # rows that samples are taken from
MOST_NTH = 3  # parents, or students, of one row
MEANINGS = {
    Meaning.OBSERVER_SIS_ID: _("Observer: SIS id"),
    Meaning.OBSERVER_LOGIN: _("Observer: login"),
    Meaning.OBSERVER_EMAIL: _("Observer: e-mail"),
    Meaning.OBSERVER_FIRST_NAME: _("Observer: first name"),
    Meaning.OBSERVER_LAST_NAME: _("Observer: last name"),
    Meaning.OBSERVER_NAME: _("Observer: name"),
    Meaning.OBSERVER_CANVAS_ID: _("Observer: number in Canvas"),
    Meaning.STUDENT_SIS_ID: _("Student: SIS id"),
    Meaning.STUDENT_LOGIN: _("Student: login"),
    Meaning.STUDENT_EMAIL: _("Student: e-mail"),
    Meaning.STUDENT_FIRST_NAME: _("Student: first name"),
    Meaning.STUDENT_LAST_NAME: _("Student: last name"),
    Meaning.STUDENT_NAME: _("Student: name"),
    Meaning.STUDENT_CANVAS_ID: _("Student: number in Canvas"),
    Meaning.COURSE: _("Course"),
    Meaning.COURSE_SIS_ID: _("Course: SIS id"),
    Meaning.COURSE_CODE: _("Course: code"),
    Meaning.COURSE_CANVAS_ID: _("Course: number in Canvas"),
    Meaning.SECTION: _("Section"),
    Meaning.SECTION_SIS_ID: _("Section: SIS id"),
    Meaning.SECTION_CANVAS_ID: _("Section: number in Canvas"),
    Meaning.ACTION: _("Add or remove"),
    Meaning.END_DATE: _("Last day, for one course"),
    Meaning.RELATIONSHIP: _("Purpose, for one course"),
}


@dataclass(frozen=True, slots=True)
class OneColumn:
    """A column: its header, some of its cells, and the choice that holds for it."""

    index: int
    header: str
    samples: list[str]
    choice: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a sheet, and how it is read."""

    columns: list[OneColumn]
    options: list[tuple[str, str]]
    sheets: tuple[str, ...]
    skipped: tuple[str, ...]
    header_row: int
    chosen: Choices
    encodings: tuple[str, ...]
    text: bool
    rows: int
    day_first: bool


def shown(of: Import, locale: str | None, mapping: Mapping | None = None) -> Columns:
    """What the page of columns shows; of Canvas's own files no column is to be decided."""
    with intake.recognized(of) as found:
        table = found.tables[0]
        first = list(islice(table.rows(), LOOKED_AT))
        columns = _columns(of, mapping, [row.cells for row in first]) if intake.is_sheet(of) else []
        return Columns(
            columns,
            _options(),
            found.sheets,
            found.skipped,
            table.header_row,
            intake.chosen(of),
            ENCODINGS,
            isinstance(table.source, Text),
            sum(each.count() for each in found.tables),
            day_first(locale),
        )


def day_first(locale: str | None) -> bool:
    """Whether somebody who speaks this language writes the day before the month."""
    try:
        short = Locale.parse((locale or "en").replace("-", "_")).date_formats["short"].pattern
    except (ValueError, UnknownLocaleError):
        return False
    return bool(short.index("d") < short.index("M"))


def _columns(of: Import, mapping: Mapping | None, cells: list[tuple[str, ...]]) -> list[OneColumn]:
    header = next(iter(of.headers.values()))
    mapping = mapping or intake.mapping_of(of)
    width = max([len(header), *(len(row) for row in cells)])
    return [
        OneColumn(
            index,
            header[index] if index < len(header) else "",
            _samples(row[index] for row in cells if index < len(row) and row[index]),
            _choice(mapping.of(index)),
        )
        for index in range(width)
    ]


def _samples(cells: Iterable[str]) -> list[str]:
    return list(islice(dict.fromkeys(cells), SAMPLES))


def _choice(column: Column | None) -> str:
    return f"{column.meaning}|{column.nth}" if column and column.meaning in MEANINGS else ""


def _options() -> list[tuple[str, str]]:
    found = [(f"{meaning}|1", str(words)) for meaning, words in MEANINGS.items()]
    for nth in range(2, MOST_NTH + 1):
        found += [
            (f"{meaning}|{nth}", f"{words} ({nth})") for meaning, words in MEANINGS.items() if meaning.side
        ]
    return found


def decided(of: Import, form: Typed[str, str]) -> Mapping:
    """The meanings that were chosen on the page; a column that is not in the form keeps its guess."""
    known = {value for value, _words in _options()}
    mapping = intake.mapping_of(of)
    for name, value in form.items():
        index = name.removeprefix("column-")
        if not name.startswith("column-") or not index.isdecimal() or len(index) > 3:
            continue
        if value in known:
            meaning, _bar, nth = value.partition("|")
            mapping = mapping.corrected(int(index), Meaning(meaning), int(nth))
        elif value == "":
            mapping = mapping.corrected(int(index), None)
    return mapping


def decided_days(form: Typed[str, str], locale: str | None) -> bool:
    """Which way round dates are written; who is not asked writes them as their language does."""
    chosen = form.get("day_first")
    return chosen == "yes" if chosen else day_first(locale)


def choices(form: Typed[str, str]) -> Choices:
    """How the sheet is to be read; blank is as guessed."""
    row = form.get("header_row", "").strip()
    encoding, delimiter = form.get("encoding") or None, form.get("delimiter") or None
    return Choices(
        encoding=encoding if encoding in ENCODINGS else None,
        delimiter=delimiter if delimiter in DELIMITERS else None,
        sheet=(form.get("sheet") or "")[:100] or None,
        header_row=int(row) if row.isdecimal() and len(row) < 6 else None,
        own_sheet="own_sheet" in form or None,
    )
