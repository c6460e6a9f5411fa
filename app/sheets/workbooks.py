"""Rows of a workbook (.xlsx, .xlsm): its values as a person sees them, as text. Macros are never run."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from app.sheets.places import Place, entries
from app.sheets.troubles import Limits, Refused, Trouble, refusing
from app.sheets.weighing import Scale

if TYPE_CHECKING:
    from openpyxl import Workbook as OpenedWorkbook

WORKBOOK = "xl/workbook.xml"
OTHER_PROGRAMS = ("content.xml", "Index.zip", "Index/Document.iwa", "xl/workbook.bin", "word/document.xml")
LAST_ROW = 1_048_576
ERROR = "e"  # the type of a cell with "#N/A", which is nobody's id

warnings.filterwarnings("ignore", module=r"openpyxl\.")  # about looks that are dropped, or quoting cells


@dataclass(frozen=True, slots=True)
class Workbook:
    """One sheet of a workbook."""

    place: Place
    sheet: str
    limits: Limits

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its number; blank rows count, but are not given."""
        with refusing(Trouble.DAMAGED_WORKBOOK), _opened(self.place) as book:
            sheet: Any = book[self.sheet]
            sheet.reset_dimensions()  # what a file says of its own size is not to be relied on
            for number, row in enumerate(sheet.iter_rows(), start=1):
                if number > LAST_ROW:
                    raise Refused(Trouble.ROWS, limit=self.limits.rows)
                if any(cells := [_text(cell) for cell in row]):
                    yield number, cells


def sheets_of(place: Place, limits: Limits) -> tuple[str, ...]:
    """The names of the sheets a person sees, in their order, after making sure that it is safe to open."""
    names = [each.filename for each in entries(place.path, limits)]
    if WORKBOOK not in names and any(each in names for each in OTHER_PROGRAMS):
        raise Refused(Trouble.OTHER_PROGRAM)
    for name in names:
        with Place(place.path, name).opened() as source:
            Scale().weigh(source)
    with refusing(Trouble.DAMAGED_WORKBOOK), _opened(place) as book:
        sheets = [(sheet.title, sheet.sheet_state) for sheet in book.worksheets]
    seen = tuple(title for title, state in sheets if state == "visible")
    if not sheets:
        raise Refused(Trouble.EMPTY)
    return seen or tuple(title for title, _ in sheets)


@contextmanager
def _opened(place: Place) -> Iterator["OpenedWorkbook"]:
    with place.path.open("rb") as source:
        book = load_workbook(source, read_only=True, data_only=True, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _text(cell: Any) -> str:
    """The value as text: whole numbers without a point, leading zeros that the format shows, ISO dates."""
    match None if cell.data_type == ERROR else cell.value:
        case None:
            return ""
        case str(value):
            return value
        case bool(value):
            return str(value).upper()
        case int(value):
            return _padded(str(value), cell.number_format)
        case float(value) if value.is_integer() and abs(value) < 1e15:
            return _padded(str(int(value)), cell.number_format)
        case float(value):
            return format(Decimal(repr(value)), "f")
        case datetime() as value if value.time() == time():
            return value.date().isoformat()
        case datetime() as value:
            return value.isoformat(sep=" ", timespec="seconds")
        case date() | time() as value:
            return value.isoformat()
        case value:
            return str(value)


def _padded(digits: str, number_format: str) -> str:
    """A number format of zeros only is how people give an id its leading zeros."""
    return digits.zfill(len(number_format)) if set(number_format) == {"0"} else digits
