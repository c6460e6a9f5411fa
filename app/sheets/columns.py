"""What the columns of a sheet mean: guessed, shown, corrected, kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from app.sheets import contents, words
from app.sheets.kinds import Kind
from app.sheets.tables import Table
from app.sheets.vocabulary import What, spelled
from app.sheets.words import IGNORED, Side

SAMPLE = 200  # rows that are looked at


class Meaning(StrEnum):
    """Everything a column can mean. The importer looks up whoever is given by any of the identifiers."""

    OBSERVER_SIS_ID = "observer.sis_id"
    OBSERVER_LOGIN = "observer.login"
    OBSERVER_EMAIL = "observer.email"
    OBSERVER_FIRST_NAME = "observer.first_name"
    OBSERVER_LAST_NAME = "observer.last_name"
    OBSERVER_NAME = "observer.name"
    OBSERVER_CANVAS_ID = "observer.canvas_id"
    STUDENT_SIS_ID = "student.sis_id"
    STUDENT_LOGIN = "student.login"
    STUDENT_EMAIL = "student.email"
    STUDENT_FIRST_NAME = "student.first_name"
    STUDENT_LAST_NAME = "student.last_name"
    STUDENT_NAME = "student.name"
    STUDENT_CANVAS_ID = "student.canvas_id"
    COURSE = "course"  # its SIS id, code or Canvas id
    COURSE_SIS_ID = "course.sis_id"
    COURSE_CODE = "course.code"
    COURSE_CANVAS_ID = "course.canvas_id"
    SECTION = "section"
    SECTION_SIS_ID = "section.sis_id"
    SECTION_CANVAS_ID = "section.canvas_id"
    ACTION = "action"
    RELATIONSHIP = "relationship"
    LANGUAGE = "language"
    END_DATE = "end_date"
    ROLE = "role"
    ROLE_ID = "role_id"

    @property
    def side(self) -> Side | None:
        """Whom it is about, if about a person."""
        first = self.value.partition(".")[0]
        return Side(first) if first in set(Side) else None


@dataclass(frozen=True, slots=True)
class Column:
    """One column (counted from 0) and its meaning; `nth` counts the parents, or students, of a row from 1."""

    index: int
    meaning: Meaning
    nth: int = 1
    confidence: float = 1.0  # 1 when a person said so or Canvas defines it


@dataclass(frozen=True, slots=True)
class Mapping:
    """The columns that mean something."""

    columns: tuple[Column, ...]

    @property
    def missing(self) -> tuple[Side, ...]:
        """The sides no column identifies; nothing can be paired while there is one."""
        names = {What.FIRST_NAME, What.LAST_NAME, What.NAME}
        there = {
            each.meaning.side for each in self.columns if each.meaning.value.partition(".")[2] not in names
        }
        return tuple(side for side in Side if side not in there)

    def of(self, index: int) -> Column | None:
        """What this column means."""
        return next((each for each in self.columns if each.index == index), None)

    def corrected(self, index: int, meaning: Meaning | None, nth: int = 1) -> "Mapping":
        """The same with one column decided by a person; another that meant the same means nothing now."""
        kept = [
            each
            for each in self.columns
            if each.index != index and (each.meaning, each.nth) != (meaning, nth)
        ]
        if meaning is not None:
            kept.append(Column(index, meaning, nth))
        return Mapping(tuple(sorted(kept, key=lambda each: each.index)))

    def to_json(self) -> list[dict[str, str | int | float]]:
        """As a list that JSON can hold."""
        return [
            {
                "index": each.index,
                "meaning": each.meaning.value,
                "nth": each.nth,
                "confidence": each.confidence,
            }
            for each in self.columns
        ]

    @classmethod
    def from_json(cls, kept: list[dict[str, Any]]) -> "Mapping":
        """From `to_json`; ValueError when it is something else."""
        try:
            return cls(tuple(_column(each) for each in kept))
        except (KeyError, TypeError) as fault:
            raise ValueError("not a mapping of columns") from fault


def _column(kept: dict[str, Any]) -> Column:
    index, nth = int(kept["index"]), int(kept["nth"])
    if index < 0 or nth < 1:
        raise ValueError("not a mapping of columns")
    return Column(index, Meaning(kept["meaning"]), nth, float(kept["confidence"]))


CANVAS: dict[Kind, dict[str, Meaning]] = {
    Kind.USERS: {},
    Kind.USER_OBSERVERS: {
        "observer_id": Meaning.OBSERVER_SIS_ID,
        "student_id": Meaning.STUDENT_SIS_ID,
        "status": Meaning.ACTION,
    },
    Kind.ENROLLMENTS: {
        "user_id": Meaning.OBSERVER_SIS_ID,
        "associated_user_id": Meaning.STUDENT_SIS_ID,
        "course_id": Meaning.COURSE_SIS_ID,
        "section_id": Meaning.SECTION_SIS_ID,
        "status": Meaning.ACTION,
        "role": Meaning.ROLE,
        "role_id": Meaning.ROLE_ID,
        "end_date": Meaning.END_DATE,
    },
}


def guess(table: Table) -> Mapping:
    """The meanings of a table's columns: Canvas's files define theirs, others tell by header and contents."""
    if table.kind is not Kind.SHEET:
        defined = CANVAS[table.kind]
        names = [each.strip().lower() for each in table.header]
        return Mapping(tuple(Column(at, defined[name]) for at, name in enumerate(names) if name in defined))
    rows = [row.cells for row in islice(table.rows(), SAMPLE)]
    width = max([len(table.header), *(len(cells) for cells in rows)])
    headers = [*table.header, *[""] * (width - len(table.header))]
    looks = [contents.look([cells[at] for cells in rows if at < len(cells)]) for at in range(width)]
    return Mapping(tuple(_decided(_candidates(headers, looks))))


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    side: Side | None
    topic: str
    person: str
    confidence: float


def _candidates(headers: Sequence[str], looks: Sequence[contents.Look | None]) -> list[_Candidate]:
    found = []
    seen: dict[str, int] = {}
    for index, (header, look) in enumerate(zip(headers, looks, strict=True)):
        said = words.read(header)
        topic, confidence = _judged(said, look)
        if topic is None:
            continue
        spelling = spelled(header)
        seen[spelling] = repeated = seen.get(spelling, 0) + 1
        person = said.person if said else ""
        again = f"#{repeated}" if spelling and repeated > 1 else ""  # the same header again: the next person
        found.append(_Candidate(index, said.side if said else None, topic, person + again, confidence))
    return _with_sides(found)


def _judged(said: words.Said | None, look: contents.Look | None) -> tuple[str | None, float]:
    """The topic by header and contents, and how sure that is."""
    by_look = look.what if look else None
    if said is None:
        return by_look, 0.4
    if said.topic == IGNORED:
        return None, 0.0
    if said.topic is None:  # only "Student": what stands in the column decides
        return _of_a_person(said.side, by_look)
    if said.topic == What.EMAIL or by_look is What.EMAIL:
        return _email_or_not(said.topic, by_look, look is None)
    return said.topic, 0.7 if look is None else 0.9


def _of_a_person(side: Side | None, by_look: What | None) -> tuple[str | None, float]:
    """What a header that only names a person tells; "Parent consent" holds no ids, and would make all one."""
    if by_look is None:
        return (None, 0.0) if side is Side.OBSERVER else (What.SIS_ID, 0.3)
    return by_look, 0.7


def _email_or_not(topic: str, by_look: What | None, blank: bool) -> tuple[str, float]:
    if topic == by_look:
        return topic, 0.95
    if topic == What.EMAIL:
        return topic, 0.7 if blank else 0.4
    # Logins and SIS ids may well look like e-mail addresses; a column of names does not.
    return (topic, 0.8) if topic in (What.LOGIN, What.SIS_ID) else (What.EMAIL, 0.6)


def _with_sides(found: list[_Candidate]) -> list[_Candidate]:
    """Columns that name nobody are about the side that no other column names, as in a class list."""
    people = [each for each in found if each.topic in set(What)]
    named = {each.side for each in people} - {None}
    if len(named) == 1:
        other = Side.STUDENT if Side.OBSERVER in named else Side.OBSERVER
        return [replace(each, side=each.side or other) if each in people else each for each in found]
    return [each for each in found if each.side is not None or each not in people]


def _decided(found: Iterable[_Candidate]) -> list[Column]:
    """One column for each meaning of each person, the surest."""
    order: dict[Side, list[str]] = {side: [] for side in Side}
    best: dict[tuple[Meaning, int], Column] = {}
    for each in found:
        person = each.topic in set(What) and each.side is not None
        meaning = Meaning(f"{each.side}.{each.topic}" if person else each.topic)
        nth = 1
        if person and each.side is not None:
            people = order[each.side]
            if each.person not in people:
                people.append(each.person)
            nth = people.index(each.person) + 1
        column = Column(each.index, meaning, nth, each.confidence)
        if (meaning, nth) not in best or best[meaning, nth].confidence < column.confidence:
            best[meaning, nth] = column
    return sorted(best.values(), key=lambda column: column.index)
