"""The pairs that the rows of a table ask for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.sheets import words
from app.sheets.columns import Mapping, Meaning
from app.sheets.tables import Row
from app.sheets.words import Side

OBSERVERS = ("", "observer", "observerenrollment")  # roles, in lower case


class Action(StrEnum):
    """What a row asks for."""

    ADD = "add"
    REMOVE = "remove"
    UNCLEAR = "unclear"  # a word nobody taught us; `Pair.action_given` has it


@dataclass(frozen=True, slots=True)
class Given:
    """A person as a row gives them; blank where it says nothing."""

    sis_id: str = ""
    login: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    canvas_id: str = ""

    @property
    def identified(self) -> bool:
        """Whether anything is given that one person can be found by; a name is not enough."""
        return bool(self.sis_id or self.login or self.email or self.canvas_id)

    @property
    def full_name(self) -> str:
        """The name for showing."""
        return self.name or f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Place:
    """A course or section as a row gives it: `given` when the column did not say by which of its ids."""

    given: str = ""
    sis_id: str = ""
    code: str = ""
    canvas_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.given or self.sis_id or self.code or self.canvas_id)


@dataclass(frozen=True, slots=True)
class Pair:
    """One observer and one student of one row. A side the row leaves out is there, not `identified`."""

    row: int
    observer: Given
    student: Given
    course: Place
    section: Place
    action: Action
    action_given: str
    relationship: str
    language: str
    end_date: str
    role: str  # in a row of enrollments.csv, whose pair this is not; blank for an observer
    raw: tuple[str, ...]  # the whole row, for the file of results


Layout = list[dict[str, int]]  # for each person of a side, which column gives what


def pairs(rows: Iterable[Row], mapping: Mapping) -> Iterator[Pair]:
    """Every row's pairs, each of its observers with each of its students; at least one for every row.

    Rows of enrollments.csv about others are given, too, so that none is lost; their `role` says so.
    """
    observers, students = (_layout(mapping, side) for side in Side)
    once = {each.meaning: each.index for each in mapping.columns if each.meaning.side is None}
    for row in rows:
        told = {meaning: _cell(row, index) for meaning, index in once.items()}
        for observer in _people(row, observers):
            for student in _people(row, students):
                yield _pair(row, observer, student, told)


def _pair(row: Row, observer: Given, student: Given, told: dict[Meaning, str]) -> Pair:
    action_given = told.get(Meaning.ACTION, "")
    return Pair(
        row=row.number,
        observer=observer,
        student=student,
        course=Place(
            told.get(Meaning.COURSE, ""),
            told.get(Meaning.COURSE_SIS_ID, ""),
            told.get(Meaning.COURSE_CODE, ""),
            told.get(Meaning.COURSE_CANVAS_ID, ""),
        ),
        section=Place(
            told.get(Meaning.SECTION, ""),
            told.get(Meaning.SECTION_SIS_ID, ""),
            canvas_id=told.get(Meaning.SECTION_CANVAS_ID, ""),
        ),
        action=_action(action_given),
        action_given=action_given,
        relationship=told.get(Meaning.RELATIONSHIP, ""),
        language=told.get(Meaning.LANGUAGE, ""),
        end_date=told.get(Meaning.END_DATE, ""),
        role=_role(told.get(Meaning.ROLE, ""), told.get(Meaning.ROLE_ID, "")),
        raw=row.cells,
    )


def _layout(mapping: Mapping, side: Side) -> Layout:
    people: dict[int, dict[str, int]] = {}
    for each in mapping.columns:
        if each.meaning.side is side:
            people.setdefault(each.nth, {})[each.meaning.value.partition(".")[2]] = each.index
    return [people[nth] for nth in sorted(people)]


def _people(row: Row, layout: Layout) -> list[Given]:
    """Those of one side that the row identifies; failing that, one of whom at most a name is known."""
    people = [Given(**{what: _cell(row, index) for what, index in columns.items()}) for columns in layout]
    return [each for each in people if each.identified] or people[:1] or [Given()]


def _cell(row: Row, index: int) -> str:
    return row.cells[index].strip() if index < len(row.cells) else ""


def _role(name: str, number: str) -> str:
    """Blank for an observer; whose role a number is, only Canvas knows."""
    return (name or number) if (name or number).lower() not in OBSERVERS else ""


def _action(given: str) -> Action:
    match words.adds(given):
        case True:
            return Action.ADD
        case False:
            return Action.REMOVE
        case None:
            return Action.UNCLEAR
