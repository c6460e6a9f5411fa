"""Writing files, row by row: for people, whose spreadsheet must not run what is in them, and for Canvas."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from app.sheets.troubles import Refused, Trouble

MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
RUNS = tuple("=+-@\t\r\n＝＋－＠")  # signs that make a spreadsheet take a cell for a formula


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def for_people(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file (RFC 4180, UTF-8 with a mark) in which an apostrophe keeps formulas from being run."""
    yield MARK.encode()
    yield from _written([_harmless(each) for each in cells] for cells in _all(header, rows))


def for_canvas(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file (RFC 4180, UTF-8 without a mark) with every value exactly as it is.

    A name that starts with "=" stays as it is: Canvas runs nothing, and an apostrophe would be stored.
    """
    yield from _written(_all(header, rows))


def _all(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    yield header
    yield from rows


def _written(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Each row as bytes; refuses what no CSV file can hold."""
    writer = csv.writer(Echo(), lineterminator="\r\n")
    for number, cells in enumerate(rows, start=1):
        if any("\0" in cell for cell in cells):
            raise Refused(Trouble.NUL, row=number)
        line: str = writer.writerow(cells)
        try:
            yield line.encode()
        except UnicodeEncodeError as fault:  # half a character
            raise Refused(Trouble.ENCODING, encoding="utf-8", row=number) from fault


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(RUNS) else cell
