"""What a file is: a sheet, one of Canvas's own files, or a zip of them."""

from dataclasses import dataclass, replace
from pathlib import Path

from app.sheets.decoding import ENCODINGS, encoding_of
from app.sheets.delimited import DELIMITERS, Text, delimiter_of
from app.sheets.kinds import Kind
from app.sheets.places import EMPTY_ZIP, ZIP, Place, entries, refuse_nested, start_of
from app.sheets.tables import Table, table_of
from app.sheets.troubles import LIMITS, Limits, Refused, Trouble
from app.sheets.workbooks import OTHER_PROGRAMS, WORKBOOK, Workbook, sheets_of

BLANK = (Trouble.EMPTY, Trouble.HEADER_ONLY)
UNKNOWN = (Trouble.BINARY, *BLANK)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person decides instead of a guess. `header_row` 0 says that there is no header."""

    encoding: str | None = None  # one of decoding.ENCODINGS
    delimiter: str | None = None  # one of delimited.DELIMITERS
    sheet: str | None = None
    header_row: int | None = None
    day_first: bool | None = None  # whether 3/12/2027 is the third of December
    own_sheet: bool | None = None  # whether it is no file of Canvas, though its header is that of one


GUESS = Choices()


@dataclass(frozen=True, slots=True)
class Recognized:
    """What was found: one table, or those of a zip; the workbook's sheets; the zip's files left aside."""

    tables: tuple[Table, ...]
    sheets: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def canvas(self) -> bool:
        """Whether these are Canvas's own files."""
        return all(table.kind is not Kind.SHEET for table in self.tables)


def open_file(path: Path, choices: Choices = GUESS, limits: Limits = LIMITS) -> Recognized:
    """Recognize a file by what is in it, whatever it is called; raises Refused."""
    size = path.stat().st_size
    if size > limits.bytes:
        raise Refused(Trouble.BYTES, found=size, limit=limits.bytes)
    place = Place(path)
    start = start_of(place, len(ZIP))
    if not start:
        raise Refused(Trouble.EMPTY)
    if start == EMPTY_ZIP:
        raise Refused(Trouble.ZIP_NOTHING)
    if start != ZIP:
        return Recognized((_text_table(place, choices, limits),))
    names = {each.filename for each in entries(path, limits)}
    if WORKBOOK in names or names & set(OTHER_PROGRAMS) or "[Content_Types].xml" in names:
        return _workbook(place, choices, limits)
    return _zip(path, choices, limits)


def as_sheet(table: Table) -> Table:
    """The same table read as any sheet, though its header is that of a Canvas file."""
    return replace(table, kind=Kind.SHEET)


def _text_table(place: Place, choices: Choices, limits: Limits) -> Table:
    encoding = choices.encoding or encoding_of(place)
    if encoding not in ENCODINGS:
        raise Refused(Trouble.ENCODING, encoding=encoding)
    delimiter = choices.delimiter
    if delimiter not in DELIMITERS:
        delimiter = delimiter_of(place, encoding, limits)
    return _table(Text(place, encoding, delimiter, limits), choices)


def _table(source: Text | Workbook, choices: Choices) -> Table:
    table = table_of(source, choices.header_row)
    return as_sheet(table) if choices.own_sheet else table


def _workbook(place: Place, choices: Choices, limits: Limits) -> Recognized:
    sheets = sheets_of(place, limits)
    if choices.sheet is not None and choices.sheet not in sheets:
        raise Refused(Trouble.NO_SUCH_SHEET, name=choices.sheet)
    *before, last = sheets if choices.sheet is None else (choices.sheet,)
    for sheet in before:  # the first may be blank, or explain the others
        try:
            return Recognized((_table(Workbook(place, sheet, limits), choices),), sheets)
        except Refused as refused:
            if refused.trouble not in BLANK:
                raise
    return Recognized((_table(Workbook(place, last, limits), choices),), sheets)


def _zip(path: Path, choices: Choices, limits: Limits) -> Recognized:
    """Canvas's files among those in a zip; failing that, the one sheet in it."""
    tables: list[Table] = []
    skipped: list[str] = []
    for entry in entries(path, limits):
        place = Place(path, entry.filename)
        refuse_nested(place)
        try:
            tables.append(_text_table(place, choices, limits))
        except Refused as refused:
            if refused.trouble not in UNKNOWN:
                refused.facts.setdefault("file", entry.filename)
                raise
            skipped.append(entry.filename)
    canvas = [table for table in tables if table.kind is not Kind.SHEET]
    others = [table.source.place.entry or "" for table in tables if table.kind is Kind.SHEET]
    if canvas:
        return Recognized(tuple(canvas), skipped=(*skipped, *others))
    if len(tables) == 1:
        return Recognized((tables[0],), skipped=tuple(skipped))
    raise Refused(Trouble.ZIP_NOTHING)
