"""Why a file, or a row of it, is not read; and how much is read at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from app.errors import Failure


class Trouble(StrEnum):
    """Every reason for not reading, or not writing, a file. The comment names the facts that go with it.

    A refusal because of one file in a zip names it as `file`.
    """

    BYTES = "bytes"  # found, limit
    ROWS = "rows"  # limit
    COLUMNS = "columns"  # row, found, limit
    LONG_CELL = "long_cell"  # row, column, limit (row and column may be unknown)
    LONG_LINE = "long_line"  # row, limit
    OPEN_QUOTE = "open_quote"  # row: a quotation mark opens there and is never closed
    NUL = "nul"  # row, column (may be unknown)
    BINARY = "binary"  # a picture, a PDF, a program
    OTHER_PROGRAM = "other_program"  # a spreadsheet of another program: save as .xlsx or .csv
    OLD_OR_LOCKED = "old_or_locked"  # .xls, or a workbook with a password
    EMPTY = "empty"
    HEADER_ONLY = "header_only"
    ENCODING = "encoding"  # encoding: the text cannot be read in it (written: row)
    NO_SUCH_SHEET = "no_such_sheet"  # name
    DAMAGED_ZIP = "damaged_zip"
    DAMAGED_WORKBOOK = "damaged_workbook"
    UNSAFE_WORKBOOK = "unsafe_workbook"  # its inside is built to exhaust whoever reads it
    ZIP_ENTRIES = "zip_entries"  # found, limit
    ZIP_SIZE = "zip_size"  # found, limit: bytes when unpacked
    ZIP_RATIO = "zip_ratio"  # limit: times its own size when unpacked
    ZIP_NESTED = "zip_nested"  # name
    ZIP_WORKBOOK = "zip_workbook"  # name: to be uploaded by itself
    ZIP_LOCKED = "zip_locked"  # name
    ZIP_NAME = "zip_name"  # name: leads out of the zip
    ZIP_NOTHING = "zip_nothing"  # no file in it is a Canvas file, and not exactly one is a sheet


class Refused(Failure):
    """A file that is not read, or not written. `said` is the key of its sentence, `facts` what it names."""

    def __init__(self, trouble: Trouble, **facts: str | int) -> None:
        super().__init__(f"{trouble}: {facts}")
        self.trouble = trouble
        self.facts = facts

    @property
    def said(self) -> str:
        """The key under which templates keep the sentence."""
        return f"sheets.{self.trouble}"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read. Sizes are in bytes, lengths in characters."""

    bytes: int = 100 * 1024**2
    rows: int = 200_000  # rows with anything in them, the header not counted
    columns: int = 200
    cell: int = 2_000
    line: int = 200_000  # of a CSV file; a row with line ends inside its cells counts as one
    zip_entries: int = 1_000
    zip_size: int = 256 * 1024**2
    zip_ratio: int = 100  # Canvas refuses more than that, too
    zip_ratio_from: int = 1024**2  # a small file may be as repetitive as it likes


LIMITS = Limits()


@contextmanager
def refusing(trouble: Trouble, **facts: str | int) -> Iterator[None]:
    """Whatever a parser of foreign bytes raises becomes this refusal.

    The parsers document no closed list of what a file made with bad intent can make them raise.
    """
    try:
        yield
    except Refused:
        raise
    except Exception as fault:
        raise Refused(trouble, **facts) from fault
