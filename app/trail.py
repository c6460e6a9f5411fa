"""Looking through audit events: which of them, a page at a time, and the names that belong to them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, true, union
from sqlalchemy.orm import Session

from app.chain import AT_ONCE, COLUMNS, EVENTS
from app.models import Code, Link, Person

MOST_PEOPLE = 50  # that one name may mean
MOST_COURSES = 50
NONE: Mapping[str, str] = {}
BY_WHOM = (EVENTS.c.actor_id, EVENTS.c.student_id, EVENTS.c.observer_id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events of an institution; what is empty does not matter."""

    institution_id: int
    events: tuple[str, ...] = ()
    people: tuple[int, ...] | None = None  # people.id: whoever did it, and whom it was about
    courses: tuple[str, ...] | None = None  # Canvas's numbers
    since: datetime | None = None
    until: datetime | None = None  # this moment itself is out
    hidden: tuple[str, ...] = ()  # events that are not theirs to see

    def condition(self) -> ColumnElement[bool]:
        """The same as a condition of a query."""
        return and_(self._everywhere(), or_(*self._ways()))

    @property
    def impossible(self) -> bool:
        """Whether nothing can be meant: looking for that would take the longest."""
        return () in (self.people, self.courses)

    def newest(self, before: int | None, size: int) -> Select[int]:
        """The numbers of the newest events, or of those before a number; and some more."""
        earlier = EVENTS.c.number < before if before is not None else true()
        few = [
            select(EVENTS.c.number)
            .where(self._everywhere(), way, earlier)
            .order_by(EVENTS.c.number.desc())
            .limit(size)
            .subquery()
            for way in self._ways()
        ]
        return select(union(*(select(some.c.number) for some in few)).subquery().c.number)

    def _ways(self) -> list[ColumnElement[bool]]:
        """Conditions of which one has to hold: each has an index by number, of which the end is read."""
        if self.people is not None:
            return [column == one for column in BY_WHOM for one in self.people]
        return [EVENTS.c.event == one for one in self.events] or [true()]

    def _everywhere(self) -> ColumnElement[bool]:
        """The conditions that all have to hold."""
        said = [EVENTS.c.institution_id == self.institution_id]
        if self.hidden:
            said.append(EVENTS.c.event.not_in(self.hidden))
        if self.people is not None and self.events:
            said.append(EVENTS.c.event.in_(self.events))
        if self.courses is not None:
            said.append(EVENTS.c.course_id.in_(self.courses))
        if self.since is not None:
            said.append(EVENTS.c.at >= self.since)
        if self.until is not None:
            said.append(EVENTS.c.at < self.until)
        return and_(*said)


@dataclass(frozen=True, slots=True)
class Named:
    """Events with the people they name, by people.id, and the courses, by Canvas's numbers."""

    events: Sequence[Row[Any]]
    people: dict[int, Person]
    courses: dict[str, str]


def page(session: Session, wanted: Wanted, before: int | None, size: int) -> Named:
    """The newest events, or those before a number, the newest first."""
    if wanted.impossible:
        return Named((), {}, {})
    mine = EVENTS.c.institution_id == wanted.institution_id
    query = select(*COLUMNS).where(mine, EVENTS.c.number.in_(wanted.newest(before, size)))
    query = query.order_by(EVENTS.c.number.desc()).limit(size)
    return named(session, wanted.institution_id, session.execute(query).all())


def everything(session: Session, wanted: Wanted) -> Iterator[Named]:
    """Every event that is wanted, the oldest first, in batches that need little memory."""
    if wanted.impossible:
        return
    query = select(*COLUMNS).where(wanted.condition()).order_by(EVENTS.c.number)
    courses: dict[str, str] = {}
    with session.execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        for batch in rows.partitions():
            some = named(session, wanted.institution_id, batch, courses)
            courses = some.courses
            yield some


def named(
    session: Session, institution_id: int, events: Sequence[Row[Any]], courses: Mapping[str, str] = NONE
) -> Named:
    """Events with the names that belong to them, for they hold none; of courses some may be known already."""
    ids = {id for one in events for id in (one.actor_id, one.student_id, one.observer_id) if id is not None}
    others = {one.course_id for one in events if one.course_id is not None} - courses.keys()
    return Named(
        events,
        people_by_id(session, institution_id, ids),
        {**courses, **course_names(session, institution_id, others)},
    )


def people_by_id(session: Session, institution_id: int, ids: Iterable[int]) -> dict[int, Person]:
    """The people of an institution with these numbers of ours."""
    query = select(Person).where(Person.institution_id == institution_id, Person.id.in_(list(ids)))
    return {person.id: person for person in session.scalars(query)}


def course_names(session: Session, institution_id: int, numbers: Iterable[str]) -> dict[str, str]:
    """The names of courses, as far as a code or a connection tells them."""
    wanted = list(numbers)
    told = union(
        *(
            select(table.course_id, table.course_name).where(
                table.institution_id == institution_id,
                table.course_id.in_(wanted),
                table.course_name.is_not(None),
            )
            for table in (Code, Link)
        )
    )
    rows = session.execute(told) if wanted else ()
    return {str(number): str(name) for number, name in rows}


def people_called(session: Session, institution_id: int, term: str) -> list[Person]:
    """The people a Canvas number or a part of a name may mean; more than MOST_PEOPLE: too many."""
    meant = Person.canvas_user_id == term
    if not term.isdigit():
        meant = Person.name.icontains(term, autoescape=True)
    query = select(Person).where(Person.institution_id == institution_id, meant)
    return list(session.scalars(query.order_by(Person.name, Person.id).limit(MOST_PEOPLE + 1)))


def courses_called(session: Session, institution_id: int, term: str) -> list[str]:
    """The numbers of the courses a term may mean; more than MOST_COURSES: too many."""
    if term.isdigit():
        return [term]
    told = union(
        *(
            select(table.course_id).where(
                table.institution_id == institution_id, table.course_name.icontains(term, autoescape=True)
            )
            for table in (Code, Link)
        )
    )
    return [number for number in session.scalars(told.limit(MOST_COURSES + 1)) if number is not None]
