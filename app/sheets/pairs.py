"""The pairs that the rows of a table ask for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.sheets import words
from app.sheets.columns import Mapping, Meaning
from app.sheets.tables import Row
from app.sheets.vocabulary import What
from app.sheets.words import Side


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
    raw: tuple[str, ...]  # the whole row, for the file of results


def pairs(rows: Iterable[Row], mapping: Mapping) -> Iterator[Pair]:
    """Every row's pairs, each of its observers with each of its students; at least one for every row.

    Rows with a role are those of enrollments.csv, where only the observers' rows are about pairs.
    """
    for row in rows:
        told = {
            (each.meaning, each.nth): row.cells[each.index].strip()
            for each in mapping.columns
            if each.index < len(row.cells)
        }
        if told.get((Meaning.ROLE, 1), "observer").lower() not in ("observer", "observerenrollment", ""):
            continue
        yield from _pairs(row, told)


def _pairs(row: Row, told: dict[tuple[Meaning, int], str]) -> Iterator[Pair]:
    def said(meaning: Meaning) -> str:
        return told.get((meaning, 1), "")

    action_given = said(Meaning.ACTION)
    for observer in _people(told, Side.OBSERVER):
        for student in _people(told, Side.STUDENT):
            yield Pair(
                row=row.number,
                observer=observer,
                student=student,
                course=Place(
                    said(Meaning.COURSE),
                    said(Meaning.COURSE_SIS_ID),
                    said(Meaning.COURSE_CODE),
                    said(Meaning.COURSE_CANVAS_ID),
                ),
                section=Place(
                    said(Meaning.SECTION),
                    said(Meaning.SECTION_SIS_ID),
                    canvas_id=said(Meaning.SECTION_CANVAS_ID),
                ),
                action=_action(action_given),
                action_given=action_given,
                relationship=said(Meaning.RELATIONSHIP),
                language=said(Meaning.LANGUAGE),
                end_date=said(Meaning.END_DATE),
                raw=row.cells,
            )


def _people(told: dict[tuple[Meaning, int], str], side: Side) -> list[Given]:
    """Those of one side that the row identifies; failing that, one of whom at most a name is known."""
    nths = sorted({nth for meaning, nth in told if meaning.side is side})
    people = [
        Given(**{what.value: told.get((Meaning(f"{side}.{what}"), nth), "") for what in What}) for nth in nths
    ]
    return [each for each in people if each.identified] or people[:1] or [Given()]


def _action(given: str) -> Action:
    match words.adds(given):
        case True:
            return Action.ADD
        case False:
            return Action.REMOVE
        case None:
            return Action.UNCLEAR
