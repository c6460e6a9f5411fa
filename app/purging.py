"""Deleting everything of one person, or of a whole institution."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    CursorResult,
    Table,
    delete,
    func,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from app import audit, db
from app.exporting import BY_NUMBER, people_in
from app.models import (
    Acceptance,
    AuditHead,
    Base,
    Code,
    EndRequest,
    ImportRow,
    Institution,
    Link,
    LinkState,
    LtiLaunch,
    OAuthAttempt,
    Person,
    PortalSession,
    Proof,
    Seat,
    SignUp,
    Token,
)

# What goes with a person, by the columns that name them; what others point at goes last.
GOES: dict[type[Base], tuple[str, ...]] = {
    LtiLaunch: ("person_id",),
    PortalSession: ("person_id",),
    Token: ("person_id",),
    Acceptance: ("person_id",),
    Seat: ("observer_id", "student_id"),
    ImportRow: ("observer_id", "student_id"),
    Proof: ("observer_id",),
    SignUp: ("person_id",),
    Link: ("observer_id", "student_id"),
    Code: ("student_id",),
    EndRequest: ("observer_id", "student_id"),
}
OPEN = (LinkState.WAITING, LinkState.PENDING, LinkState.ACTIVE, LinkState.ENDING)
AT_ONCE = 500  # rows in one transaction: others wait for it
Counts = dict[str, int]  # rows, by the name of their table


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted of a person; `kept`: rows that still name their number, and why they stay."""

    deleted: Counts
    kept: Counts


@dataclass(frozen=True, slots=True)
class StillConnected:
    """A person with connections is not forgotten: Canvas would go on holding what nobody here could end."""

    connections: int


def forget(
    session: Session, person: Person, now: datetime, *, really: bool = True
) -> Forgotten | StillConnected:
    """Delete what is kept of a person, or only count it.

    What others did, or had to be told, stays: audit events, the do-not-pair list. There the person is no
    more than a number.
    """
    mine = Link.institution_id == person.institution_id
    theirs = or_(Link.observer_id == person.id, Link.student_id == person.id)
    still = session.scalars(select(func.count()).where(mine, theirs, Link.state.in_(OPEN))).one()
    if still:
        return StillConnected(still)
    with session.begin_nested() as attempt:
        deleted = Counter[str]()
        for name, count in _forget(session, person):
            deleted[name] += count
        kept = dict(_still_naming(session, person))
        if kept:
            person.name, person.time_zone, person.locale = person.canvas_user_id, None, None
        else:
            session.delete(person)
        session.flush()
        if not really:
            attempt.rollback()
    if really:
        audit.record(
            session, person.institution_id, audit.Event.DATA_PURGED, now,
            what="person", student=person.id, rows=sum(deleted.values()),
        )  # fmt: skip
    return Forgotten({name: count for name, count in deleted.items() if count}, kept)


def _forget(session: Session, person: Person) -> Iterator[tuple[str, int]]:
    launches = select(LtiLaunch.id).where(_named(LtiLaunch, person))
    links, codes = (select(model.id).where(_named(model, person)) for model in (Link, Code))
    going: list[tuple[type[Base], ColumnElement[bool]]] = [
        (OAuthAttempt, OAuthAttempt.launch_id.in_(launches)),
        (SignUp, or_(SignUp.link_id.in_(links), SignUp.code_id.in_(codes))),
        *((model, _named(model, person)) for model in GOES),
    ]
    for model, which in going:
        table = cast(Table, model.__table__)
        here = table.c.institution_id == person.institution_id
        yield table.name, _count(session.execute(delete(table).where(here, which)))


def _named(model: type[Base], person: Person) -> ColumnElement[bool]:
    table = cast(Table, model.__table__)
    name = person.canvas_user_id if table.name in BY_NUMBER else person.id
    return or_(*(table.c[column] == name for column in GOES[model]))


def _still_naming(session: Session, person: Person) -> Iterator[tuple[str, int]]:
    """How many rows of each table point at a person."""
    for table in Base.metadata.sorted_tables:
        if columns := people_in(table):
            here = table.c.institution_id == person.institution_id
            naming = or_(*(table.c[name] == person.id for name in columns))
            count = session.scalars(select(func.count()).select_from(table).where(here, naming)).one()
            if count:
                yield table.name, count


def named(institution_id: int) -> CompoundSelect[int]:
    """The people.id of an institution that any row points at, for one look at everything."""
    return union_all(
        *(
            select(table.c[name]).where(table.c.institution_id == institution_id, table.c[name].is_not(None))
            for table in Base.metadata.sorted_tables
            for name in people_in(table)
        )
    )


def of_institution(session: Session, institution_id: int) -> Counts:
    """How many rows of an institution there are, by table."""
    counts = {
        table.name: session.scalars(
            select(func.count()).select_from(table).where(table.c.institution_id == institution_id)
        ).one()
        for table in _tables()
    }
    return {name: count for name, count in counts.items() if count}


def remove(institution_id: int) -> Counts:
    """Delete an institution and everything of it, a piece at a time. Safe to repeat.

    Canvas keeps what it holds: nothing is ended there.
    """
    deleted: Counts = {}
    with db.transaction() as session:  # the database deletes only events that are cut off
        session.execute(
            update(AuditHead).where(AuditHead.institution_id == institution_id).values(cut_number=2**31 - 1)
        )
    for table in _tables():
        while True:
            with db.transaction() as session:
                count = _some(session, table, institution_id)
            deleted[table.name] = deleted.get(table.name, 0) + count
            if count < AT_ONCE:
                break
    with db.transaction() as session:
        session.execute(delete(Institution).where(Institution.id == institution_id))
    return {name: count for name, count in deleted.items() if count}


def _tables() -> list[Table]:
    """The tables of institutions, those others point at last, and audit heads after their events."""
    found = [table for table in reversed(Base.metadata.sorted_tables) if "institution_id" in table.c]
    return sorted(found, key=lambda table: table.name == "audit_heads")


def _some(session: Session, table: Table, institution_id: int) -> int:
    some = select(*table.primary_key).where(table.c.institution_id == institution_id).limit(AT_ONCE)
    return _count(session.execute(delete(table).where(tuple_(*table.primary_key).in_(some))))


def _count(result: Any) -> int:
    return cast(CursorResult[Any], result).rowcount
