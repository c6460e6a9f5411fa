"""One table of a file: its header and the rows below it, kept within the limits."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from app.sheets import words
from app.sheets.delimited import Text
from app.sheets.kinds import Kind, kind_of
from app.sheets.troubles import Refused, Trouble
from app.sheets.workbooks import Workbook

LOOKED_AT = 30  # rows among which the header is looked for
DATA = re.compile(r"@|\A[\d\s.,:/+-]+\Z")


@dataclass(frozen=True, slots=True)
class Row:
    """One row, with its number as a spreadsheet shows it. Blank cells at its end are left out."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows. `header_row` is 0, and `header` empty, when the first row is data already."""

    source: Text | Workbook
    kind: Kind
    header_row: int
    header: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.source.place.name

    def rows(self) -> Iterator[Row]:
        """The rows below the header, read from disk as they are asked for; any may raise Refused."""
        given = 0
        for row in checked(self.source):
            if row.number <= self.header_row:
                continue
            given += 1
            if given > self.source.limits.rows:
                raise Refused(Trouble.ROWS, limit=self.source.limits.rows)
            yield row

    def count(self) -> int:
        """How many rows there are; when it answers, `rows` will not refuse."""
        return sum(1 for _ in self.rows())

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Row number and trimmed values by column name in lower case, as Canvas reads its own files."""
        names = [each.strip().lower() for each in self.header]
        for row in self.rows():
            values = [each.strip() for each in row.cells]
            yield row.number, dict(zip(names, values + [""] * (len(names) - len(values)), strict=False))


def checked(source: Text | Workbook) -> Iterator[Row]:
    """All rows with anything in them, each within the limits."""
    limits = source.limits
    for number, cells in source.rows():
        while not cells[-1]:
            cells.pop()
        if len(cells) > limits.columns:
            raise Refused(Trouble.COLUMNS, row=number, found=len(cells), limit=limits.columns)
        for column, cell in enumerate(cells, start=1):
            if len(cell) > limits.cell:
                raise Refused(Trouble.LONG_CELL, row=number, column=column, limit=limits.cell)
            if "\0" in cell:
                raise Refused(Trouble.NUL, row=number, column=column)
        yield Row(number, tuple(cells))


def table_of(source: Text | Workbook, header_row: int | None = None) -> Table:
    """The table in this source; the header is looked for unless its row is given (0: there is none)."""
    first = list(islice(checked(source), LOOKED_AT))
    if not first:
        raise Refused(Trouble.EMPTY)
    number = _header_row(first) if header_row is None else header_row
    header = next((row.cells for row in first if row.number == number), ())
    if header and next((row for row in checked(source) if row.number > number), None) is None:
        raise Refused(Trouble.HEADER_ONLY)
    return Table(source, kind_of(header), number if header else 0, header)


def _header_row(rows: list[Row]) -> int:
    """The row with the most words that name a column; failing that, the first that is as wide as most."""
    if kind_of(rows[0].cells) is not Kind.SHEET:
        return rows[0].number
    best = max(rows, key=lambda row: _known(row.cells))
    if _known(best.cells) > (1 if len(best.cells) > 1 else 0):
        return best.number
    usual = Counter(_filled(row) for row in rows).most_common(1)[0][0]
    first = next(row for row in rows if _filled(row) >= usual)
    return 0 if any(DATA.search(cell) for cell in first.cells) else first.number


def _known(cells: tuple[str, ...]) -> int:
    return sum(words.read(cell) is not None for cell in cells if not DATA.search(cell))


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell)
