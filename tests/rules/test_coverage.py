"""Small numbers are hidden, and cannot be worked out from those that are shown."""

from collections.abc import Iterator
from itertools import combinations, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.canvas.accounts import Account
from app.canvas.enrollments import ACTIVE, OBSERVER, STUDENT, Enrollment
from app.pairing import looking
from app.pairing.hiding import Cells, Hidden, Numbers, Shown, Told, alone, beside, cells

FEW, KEPT = Hidden.FEW, Hidden.KEPT
NAMES = ("total", "none", "some", "one", "several")


@pytest.mark.parametrize(
    ("numbers", "seen"),
    [
        ((0, 0, 1), (FEW, KEPT, KEPT, KEPT, KEPT)),
        ((2, 1, 1), (FEW, KEPT, KEPT, KEPT, KEPT)),
        ((5, 0, 0), (5, KEPT, KEPT, KEPT, KEPT)),
        ((4, 4, 0), (8, KEPT, KEPT, KEPT, KEPT)),
        ((9, 0, 0), (9, KEPT, FEW, KEPT, KEPT)),
        ((3, 20, 20), (43, FEW, KEPT, KEPT, KEPT)),
        ((20, 5, 0), (25, 20, 5, KEPT, KEPT)),
        ((20, 7, 2), (29, 20, 9, KEPT, FEW)),
        ((20, 1, 9), (30, 20, 10, FEW, KEPT)),
        ((12, 6, 5), (23, 12, 11, 6, 5)),
    ],
)
def test_a_group_by_itself(numbers: tuple[int, int, int], seen: tuple[object, ...]) -> None:
    shown = cells(Numbers(*numbers), alone(Numbers(*numbers)))

    assert tuple(getattr(shown, name) for name in NAMES) == seen


def test_a_small_school_takes_another_one_along() -> None:
    schools = [Numbers(2, 1, 0), Numbers(40, 30, 20), Numbers(300, 200, 100)]

    assert [shown.told for shown in beside(Told.ALL, schools)] == [Told.NOTHING, Told.NOTHING, Told.ALL]


def test_where_nothing_is_small_everything_is_told() -> None:
    schools = [Numbers(40, 30, 20), Numbers(300, 200, 100)]

    assert beside(Told.ALL, schools) == [Shown(Told.ALL)] * 2


def test_a_part_never_tells_more_than_the_whole() -> None:
    assert [shown.told for shown in beside(Told.TOTAL, [Numbers(40, 30, 20)])] == [Told.TOTAL]


def test_parts_that_are_all_as_large_as_small_can_be_are_not_called_small() -> None:
    parts = [Numbers(4, 0, 0), Numbers(0, 4, 0)]

    assert [
        cells(each, shown).total for each, shown in zip(parts, beside(Told.TOTAL, parts), strict=True)
    ] == [
        KEPT,
        KEPT,
    ]


groups = (
    st.tuples(*[st.one_of(st.integers(0, 6), st.integers(0, 30))] * 3).filter(any).map(lambda n: Numbers(*n))
)


@settings(deadline=None)
@given(st.lists(groups, min_size=1, max_size=4))
@example([Numbers(1, 0, 0), Numbers(5, 0, 0)])
@example([Numbers(4, 0, 0), Numbers(4, 0, 0)])
def test_no_hidden_number_can_be_worked_out(parts: list[Numbers]) -> None:
    whole = total(parts)
    top = alone(whole)
    if top.told is Told.NOTHING:
        return  # then the parts are not even listed
    shown = [top, *beside(top.told, parts)]
    page = [cells(each, how) for each, how in zip([whole, *parts], shown, strict=True)]
    open_ones = {
        (row, name)
        for row, seen in enumerate(page)
        for name in NAMES
        if isinstance(getattr(seen, name), Hidden)
    }

    for other in neighbors(parts):
        if not open_ones:
            break
        everything = [total(other), *other]
        if all(fits(each, seen) for each, seen in zip(everything, page, strict=True)):
            before = [whole, *parts]
            open_ones -= {
                (row, name)
                for row, name in open_ones
                if getattr(everything[row], name) != getattr(before[row], name)
            }

    assert open_ones == set()


def total(parts: list[Numbers]) -> Numbers:
    return Numbers(*(sum(getattr(each, name) for each in parts) for name in ("none", "one", "several")))


def fits(numbers: Numbers, seen: Cells) -> bool:
    """Whether a page could show this of these numbers, as far as its reader can tell."""
    return numbers.total > 0 and all(possible(getattr(numbers, name), getattr(seen, name)) for name in NAMES)


def possible(number: int, seen: int | Hidden) -> bool:
    if seen is KEPT:
        return number >= 0
    return 0 <= number < 5 if seen is FEW else number == seen


def neighbors(parts: list[Numbers]) -> Iterator[list[Numbers]]:
    """Every school that differs by one student here and there: in up to four numbers."""
    flat = [number for each in parts for number in (each.none, each.one, each.several)]
    for size in (1, 2, 3, 4):
        for places in combinations(range(len(flat)), size):
            for signs in product((1, -1), repeat=size):
                if size > 1 and abs(sum(signs)) > 1:
                    continue
                other = list(flat)
                for place, sign in zip(places, signs, strict=True):
                    other[place] += sign
                if min(other) >= 0:
                    yield [Numbers(*other[at : at + 3]) for at in range(0, len(other), 3)]


def enrolled(
    user: str, kind: str, state: str = ACTIVE, whom: str | None = None, section: str = "1"
) -> Enrollment:
    return Enrollment(f"{user}{section}{whom}", user, "9", section, kind, state, whom, None, None, None, None)


@pytest.mark.parametrize(
    ("rows", "seats"),
    [
        ([], set()),
        ([enrolled("s", STUDENT)], {("s", "")}),
        ([enrolled("s", STUDENT), enrolled("s", STUDENT, section="2")], {("s", "")}),
        ([enrolled("s", STUDENT, "invited")], set()),
        ([enrolled("s", STUDENT, "invited"), enrolled("s", STUDENT, section="2")], {("s", "")}),
        ([enrolled("s", STUDENT), enrolled("o", OBSERVER, whom="s")], {("s", ""), ("s", "o")}),
        (
            [enrolled("s", STUDENT), *[enrolled("o", OBSERVER, whom="s", section=n) for n in "12"]],
            {("s", ""), ("s", "o")},
        ),
        ([enrolled("s", STUDENT), enrolled("o", OBSERVER, "invited", "s")], {("s", ""), ("s", "o")}),
        ([enrolled("s", STUDENT), enrolled("o", OBSERVER)], {("s", "")}),  # who observes nobody
        ([enrolled("o", OBSERVER, whom="gone")], set()),  # whom they observed has left
    ],
)
def test_a_student_sits_in_a_course_once_and_once_for_each_observer(
    rows: list[Enrollment], seats: set[tuple[str, str]]
) -> None:
    assert looking.seats(rows) == seats


@pytest.mark.parametrize(
    ("accounts", "paths"),
    [
        ([], {}),
        ([("2", "1")], {"1": "/1/", "2": "/1/2/"}),
        ([("3", "2"), ("2", "1")], {"1": "/1/", "2": "/1/2/", "3": "/1/2/3/"}),
        ([("3", "8")], {"1": "/1/", "3": "/1/3/"}),  # below one that we were not told of
        ([("2", "3"), ("3", "2")], {"1": "/1/", "2": "/1/3/2/", "3": "/1/2/3/"}),  # nonsense ends, too
    ],
)
def test_accounts_make_a_tree(accounts: list[tuple[str, str]], paths: dict[str, str]) -> None:
    rows = looking.tree(7, "All", [Account(one, one, parent, "1") for one, parent in accounts])

    assert {row.account_id: row.path for row in rows} == paths
