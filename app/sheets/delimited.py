"""Rows of a text file: its lines, however they end, and the sign between its cells."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from app.sheets.places import Place
from app.sheets.troubles import Limits, Refused, Trouble

DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 50  # rows that decide about the delimiter
BOM = "\ufeff"
SAYS_DELIMITER = "sep="  # Excel's own first line, which it does not show


@dataclass(frozen=True, slots=True)
class Text:
    """A file of rows, one to a line unless a line end is inside quotation marks."""

    place: Place
    encoding: str
    delimiter: str
    limits: Limits

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its number as a spreadsheet shows it: blank rows count, but are not given."""
        return _rows(self.place, self.encoding, self.delimiter, self.limits)


class Lines:
    """The lines of one file, refusing a row that is too long. Holds one line at a time."""

    def __init__(self, text: io.TextIOWrapper, limits: Limits) -> None:
        self.text = text
        self.limit = limits.line
        self.row = 1
        self.length = 0
        self.lines = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        line = self._line().removeprefix(BOM)
        if _said(line):
            self.next_row(1)
            line = self._line()
        while line:
            yield line
            line = self._line()
        self.ended = True

    def next_row(self, row: int) -> None:
        """A new row starts here."""
        self.row, self.length, self.lines = row, 0, 0

    def too_long(self) -> Refused:
        """What is wrong with the row that is being read."""
        trouble = Trouble.LONG_LINE if self.lines < 2 else Trouble.OPEN_QUOTE
        return Refused(trouble, row=self.row, limit=self.limit)

    def _line(self) -> str:
        line = self.text.readline(self.limit + 1)
        self.length += len(line)
        self.lines += 1
        if self.length > self.limit:
            raise self.too_long()
        if "\0" in line:
            raise Refused(Trouble.NUL, row=self.row)
        return line


@contextmanager
def _reading(place: Place, encoding: str) -> Iterator[io.TextIOWrapper]:
    with place.opened() as source, io.TextIOWrapper(source, encoding, newline="") as text:
        try:
            yield text
        except UnicodeError as fault:
            raise Refused(Trouble.ENCODING, encoding=encoding) from fault


def _rows(place: Place, encoding: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    with _reading(place, encoding) as text:
        lines = Lines(text, limits)
        rows = csv.reader(lines, delimiter=delimiter)
        number = 1
        try:
            for cells in rows:
                if lines.ended:  # a row is given before the next line is asked for, unless a quote is open
                    raise Refused(Trouble.OPEN_QUOTE, row=number, limit=limits.line)
                if any(cells):
                    yield number, cells
                number += 1
                lines.next_row(number)
        except csv.Error as fault:  # the module's own limit for one cell
            raise lines.too_long() from fault


def delimiter_of(place: Place, encoding: str, limits: Limits) -> str:
    """The sign the file names, or the one that cuts the first rows most evenly into more than one cell."""
    with _reading(place, encoding) as text:
        start = text.readline(len(SAYS_DELIMITER) + 4)
    said = _said(start.removeprefix(BOM))
    return said or max(DELIMITERS, key=lambda sign: _evenness(place, encoding, sign, limits))


def _said(line: str) -> str | None:
    said = line.rstrip("\r\n").lower().removeprefix(SAYS_DELIMITER)
    return said if said in DELIMITERS and line.lower().startswith(SAYS_DELIMITER) else None


def _evenness(place: Place, encoding: str, sign: str, limits: Limits) -> tuple[float, int]:
    """The share of rows of the most usual width, and that width; nothing for a single column."""
    widths = Counter[int]()
    try:
        widths.update(len(cells) for _, cells in islice(_rows(place, encoding, sign, limits), LOOKED_AT))
    except Refused as refused:
        if refused.trouble is not Trouble.OPEN_QUOTE:
            raise
    several = Counter({width: rows for width, rows in widths.items() if width > 1})
    if not several:
        return 0.0, 0
    width, rows = max(several.items(), key=lambda each: (each[1], each[0]))
    return rows / widths.total(), width
