"""What the cells of a column look like."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.sheets.vocabulary import What

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
NUMBER = re.compile(r"[A-Za-z]{0,3}[-_]?\d+")
NAME = re.compile(r"[^\W\d_][^\d@_]*[\s,][^\d@_]*[^\W\d_.]\.?")
MOST = 0.6
DISTINCT = 0.4  # of ids, as brothers and sisters, or both parents, have a row each; of "1" and "0" far less


@dataclass(frozen=True, slots=True)
class Look:
    """What most of a column's cells could be; None when they have nothing in common."""

    what: What | None


def look(cells: Sequence[str]) -> Look | None:
    """The look of a column by some of its cells; None when they are all blank."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return None
    for what, shape in ((What.EMAIL, EMAIL), (What.SIS_ID, NUMBER), (What.NAME, NAME)):
        if sum(shape.fullmatch(cell) is not None for cell in filled) > MOST * len(filled):
            few = len(set(filled)) < DISTINCT * len(filled)
            return Look(None if few and what is What.SIS_ID else what)
    return Look(None)
