"""Looking through audit events: which of them, a page at a time, and the names that belong to them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, union
from sqlalchemy.orm import Session

from app.chain import AT_ONCE, COLUMNS, EVENTS
from app.models import Code, Link, Person

MOST_PEOPLE = 200  # that one name may mean


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events of an institution; what is empty does not matter."""

    institution_id: int
    events: tuple[str, ...] = ()
    people: tuple[int, ...] | None = None  # people.id: whoever did it, and whom it was about
    courses: tuple[str, ...] | None = None  # Canvas's numbers
    since: datetime | None = None
    until: datetime | None = None  # this moment itself is out

    def condition(self) -> ColumnElement[bool]:
        """The same as a condition of a query."""
        said = [EVENTS.c.institution_id == self.institution_id]
        if self.events:
            said.append(EVENTS.c.event.in_(self.events))
        if self.people is not None:
            columns = (EVENTS.c.actor_id, EVENTS.c.student_id, EVENTS.c.observer_id)
            said.append(or_(*(column.in_(self.people) for column in columns)))
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
    query = select(*COLUMNS).where(wanted.condition()).order_by(EVENTS.c.number.desc()).limit(size)
    if before is not None:
        query = query.where(EVENTS.c.number < before)
    return named(session, wanted.institution_id, session.execute(query).all())


def everything(session: Session, wanted: Wanted) -> Iterator[Named]:
    """Every event that is wanted, the oldest first, in batches that need little memory."""
    query = select(*COLUMNS).where(wanted.condition()).order_by(EVENTS.c.number)
    with session.execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        for batch in rows.partitions():
            yield named(session, wanted.institution_id, batch)


def named(session: Session, institution_id: int, events: Sequence[Row[Any]]) -> Named:
    """Events with the names that belong to them; an event itself holds none."""
    ids = {id for one in events for id in (one.actor_id, one.student_id, one.observer_id) if id is not None}
    courses = {one.course_id for one in events if one.course_id is not None}
    return Named(
        events, people_by_id(session, institution_id, ids), course_names(session, institution_id, courses)
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
    """The numbers of the courses that a Canvas number or a part of a name may mean."""
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
    return [number for number in session.scalars(told.limit(MOST_PEOPLE)) if number is not None]
