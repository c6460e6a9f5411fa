"""Whether the XML inside a workbook may be given to a parser that builds it up in memory.

Reads it once in small pieces and builds nothing. What is not XML at all is left to the parser, which stops
at the same place.
"""

from typing import IO
from xml.parsers import expat

from app.sheets.troubles import Refused, Trouble

PIECE = 65_536
DEPTH = 64
TOKEN = 1024**2  # bytes of one tag, with its attributes
UNITS = ("row", "si")  # what the reader of workbooks takes up, and lets go again, one at a time
UNITS_IN_A_PART = 1_200_000  # a worksheet of Excel ends at row 1,048,576
UNIT_ELEMENTS = 100_000  # a worksheet of Excel ends at column 16,384
UNIT_BYTES = 8 * 1024**2
OTHER_ELEMENTS = 500_000  # links, merged cells, styles
OTHER_BYTES = 32 * 1024**2
TEXT = 64 * 1024**2  # characters between all tags


class Scale:
    """Counts what one part of a workbook would put into memory."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity
        self.depth = 0
        self.unit_depth = 0  # 0: outside of any
        self.unit_start = 0
        self.unit_elements = 0
        self.units = 0
        self.units_bytes = 0
        self.others = 0
        self.text = 0

    def weigh(self, source: IO[bytes]) -> None:
        """Read all of it; refuses what is too heavy."""
        fed = 0
        try:
            while piece := source.read(PIECE):
                fed += len(piece)
                self.parser.Parse(piece)
                self._check(fed)
        except expat.ExpatError:
            return

    def _check(self, fed: int) -> None:
        now = self.parser.CurrentByteIndex
        unit = now - self.unit_start if self.unit_depth else 0
        _refuse_if(
            fed - now > TOKEN
            or unit > UNIT_BYTES
            or now - self.units_bytes - unit > OTHER_BYTES
            or self.text > TEXT
        )

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.unit_depth:
            self.unit_elements += 1
        elif tag.rpartition(":")[2] in UNITS:
            self.unit_depth, self.unit_start, self.unit_elements = self.depth, self.parser.CurrentByteIndex, 0
            self.units += 1
        else:
            self.others += 1
        _refuse_if(
            self.depth > DEPTH
            or self.unit_elements > UNIT_ELEMENTS
            or self.units > UNITS_IN_A_PART
            or self.others > OTHER_ELEMENTS
        )

    def _end(self, _tag: str) -> None:
        if self.depth == self.unit_depth:
            self.units_bytes += self.parser.CurrentByteIndex - self.unit_start
            self.unit_depth = 0
        self.depth -= 1

    def _text(self, text: str) -> None:
        self.text += len(text)

    def _entity(self, *_declared: object) -> None:
        _refuse_if(True)


def _refuse_if(heavy: bool) -> None:
    if heavy:
        raise Refused(Trouble.UNSAFE_WORKBOOK)
