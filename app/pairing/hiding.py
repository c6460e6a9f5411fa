"""Which numbers of a group are shown, so that none tells about fewer than five students.

A group is told in steps: how many students; how many of them have nobody; how many one, how many several. A
step that has a number under five is not told, nor those after it. Where the sum over groups is told, a second
group goes untold with the first: else a subtraction would give the number away. A number is given away if
what is shown, and the words that stand for hidden ones, leave only one value for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

SMALL = 5
SAFE = 2 * SMALL - 1  # of two parts of so many at most one is small, whatever their sizes


class Told(IntEnum):
    """How much of a group is told; each includes those before it."""

    NOTHING = 0
    TOTAL = 1  # how many students there are
    NOBODY = 2  # how many of them have nobody, and so how many somebody
    ALL = 3  # how many of these have one, and how many several


class Hidden(StrEnum):
    """What stands for a number that is not shown."""

    FEW = "few"  # it is under five
    KEPT = "kept"  # it says nothing: small, or would give a small one away


@dataclass(frozen=True, slots=True)
class Numbers:
    """The students of a group with no, one and several observers."""

    none: int
    one: int
    several: int

    @property
    def some(self) -> int:
        """Those with at least one observer."""
        return self.one + self.several

    @property
    def total(self) -> int:
        """All of them."""
        return self.none + self.some


@dataclass(frozen=True, slots=True)
class Shown:
    """How much is told, and whether a hidden number may be called small."""

    told: Told
    named: bool = True


Cell = int | Hidden


@dataclass(frozen=True, slots=True)
class Cells:
    """The numbers as people see them."""

    total: Cell
    none: Cell
    some: Cell
    one: Cell
    several: Cell


def alone(numbers: Numbers) -> Shown:
    """What a group by itself allows."""
    return Shown(_by_itself(numbers))


def beside(parent: Told, groups: Sequence[Numbers]) -> list[Shown]:
    """What groups allow that together make up another, of which this much is told; none of them is empty."""
    own = [_by_itself(each) for each in groups]
    told = [min(each, parent) for each in own]
    named = [True] * len(groups)
    for step in (Told.TOTAL, Told.NOBODY, Told.ALL):
        hidden = [at for at, each in enumerate(told) if each < step]
        if step > parent or not hidden or any(own[at] >= step for at in hidden):
            continue
        open_ones = [at for at, each in enumerate(told) if each >= step]
        if open_ones:
            partner = min(open_ones, key=lambda at: (-own[at], groups[at].total, at))
            told[partner] = Told(step - 1)
        else:
            for at in hidden:
                named[at] = False
    return [Shown(one, two) for one, two in zip(told, named, strict=True)]


def cells(numbers: Numbers, shown: Shown) -> Cells:
    """What people see of a group."""
    told, total, some = shown.told, numbers.total, numbers.some
    parts = shown.named and told is Told.TOTAL and total >= SAFE
    finer = shown.named and told is Told.NOBODY and some >= SAFE
    return Cells(
        total=total if told >= Told.TOTAL else _word(total, shown.named),
        none=numbers.none if told >= Told.NOBODY else _word(numbers.none, parts),
        some=some if told >= Told.NOBODY else _word(some, parts),
        one=numbers.one if told >= Told.ALL else _word(numbers.one, finer),
        several=numbers.several if told >= Told.ALL else _word(numbers.several, finer),
    )


def _word(number: int, named: bool) -> Hidden:
    return Hidden.FEW if named and number < SMALL else Hidden.KEPT


def _by_itself(numbers: Numbers) -> Told:
    if numbers.total < SMALL:
        return Told.NOTHING
    if min(numbers.none, numbers.some) < SMALL:
        return Told.TOTAL
    if min(numbers.one, numbers.several) < SMALL:
        return Told.NOBODY
    return Told.ALL
