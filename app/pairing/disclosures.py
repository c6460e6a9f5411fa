"""Who had access to what of a student, from when to when: the record a registrar has to keep.

Put together from the connections and from the audit events about them, so that it outlives the connections.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, joinedload

from app.audit import Event
from app.chain import COLUMNS, EVENTS
from app.models import Code, EndedBy, Link, LinkState, Person, Way
from app.pairing.drift import Kind
from app.trail import course_names, people_by_id

About = tuple[int, int | None, str | None]  # a link, its observer and its course
Life = tuple[About, int]  # and how many came to their end before it
TELLING = (
    Event.LINK_CONNECTED, Event.LINK_ENDING, Event.LINK_ENDED, Event.LINK_ADDED, Event.LINK_FAILED,
)  # fmt: skip
HAS_HELD = (LinkState.ACTIVE, LinkState.ENDING, LinkState.ENDED)  # once it was settled
NOT_AGAIN = "not_again"  # ended_by: it was to be made anew, and Canvas did not
OVER = (Event.LINK_ENDED, Event.LINK_FAILED)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One observer's access to one course of a student, or to all of them."""

    observer: Person | None  # None: their row is gone
    course_id: str | None  # None: all courses
    course_name: str | None
    purpose: str | None
    way: str
    giver: Person | None  # who made the code, or the connection
    begun_at: datetime | None  # None: made in Canvas, before Observatory knew of it
    seen_at: datetime | None  # when it was seen there, if it was made there
    over: bool
    ended_at: datetime | None
    ended_by: str | None  # a word of EndedBy or of app.pairing.drift.Kind, or NOT_AGAIN
    ender: Person | None  # who that was, if it was a person


def disclosures(session: Session, student: Person) -> list[Disclosure]:
    """Everybody who has had access to a student by a connection we know of, the oldest first."""
    events, lives = _by_life(_events(session, student))
    links = {_life(link, lives): link for link in _links(session, student)}
    people = _people(session, student.institution_id, links.values(), events)
    courses = {event.course_id for told in events.values() for event in told if event.course_id}
    names = course_names(session, student.institution_id, courses)
    order = sorted(dict.fromkeys([*events, *links]), key=lambda life: life[0][0])
    found = [_told(links.get(life), events[life], people, names) for life in order]
    return [one for one in found if one is not None]


def _by_life(told: Iterable[Row[Any]]) -> tuple[dict[Life, list[Row[Any]]], Counter[About]]:
    """The events of each connection, and how many have ended: SQLite gives a deleted link's number again."""
    events: dict[Life, list[Row[Any]]] = defaultdict(list)
    lives = Counter[About]()
    for event in told:
        if isinstance(event.facts.get("link"), int):
            about = (event.facts["link"], event.observer_id, event.course_id)
            events[about, lives[about]].append(event)
            lives[about] += event.event in OVER
    return events, lives


def _life(link: Link, lives: Counter[About]) -> Life:
    """The last one that has ended, if it has; else the one after."""
    about = (link.id, link.observer_id, link.course_id)
    over = link.state in (LinkState.ENDED, LinkState.FAILED)
    return about, max(lives[about] - over, 0)


def _events(session: Session, student: Person) -> Sequence[Row[Any]]:
    query = select(*COLUMNS).where(
        EVENTS.c.institution_id == student.institution_id,
        EVENTS.c.student_id == student.id,
        EVENTS.c.event.in_(TELLING),
    )
    return session.execute(query.order_by(EVENTS.c.number)).all()


def _links(session: Session, student: Person) -> Sequence[Link]:
    query = (
        select(Link)
        .where(Link.institution_id == student.institution_id, Link.student_id == student.id)
        .options(joinedload(Link.code).joinedload(Code.issuer))
        .order_by(Link.id)
    )
    return session.scalars(query).all()


def _people(
    session: Session, institution_id: int, links: Iterable[Link], events: dict[Life, list[Row[Any]]]
) -> dict[int, Person]:
    ids = {link.observer_id for link in links}
    for event in (event for told in events.values() for event in told):
        ids |= {id for id in (event.actor_id, event.observer_id) if id is not None}
    return people_by_id(session, institution_id, ids)


def _told(
    link: Link | None, events: list[Row[Any]], people: dict[int, Person], names: dict[str, str]
) -> Disclosure | None:
    """What is known of one connection. None: Canvas has never held it."""
    first = {event.event: event for event in reversed(events)}
    last = {event.event: event for event in events}
    connected, added = first.get(Event.LINK_CONNECTED), first.get(Event.LINK_ADDED)
    way = link.way if link else events[0].facts.get("way", Way.CODE)
    in_canvas = way == Way.CANVAS
    if not connected and not in_canvas and not (link and _was_held(link)):
        return None
    course_id = link.course_id if link else events[0].course_id
    ended_at, ended_by, ender = _end(link, last, people)
    issuer = link.code.issuer if link and link.code else None
    return Disclosure(
        observer=people.get(link.observer_id if link else events[0].observer_id or 0),
        course_id=course_id,
        course_name=(link.course_name if link else None) or names.get(course_id or ""),
        purpose=link.purpose if link else None,
        way=way,
        giver=issuer or (people.get(added.actor_id or 0) if added else None),
        begun_at=connected.at if connected else link.settled_at if link else None,
        seen_at=(link.created_at if link else events[0].at) if in_canvas else None,
        over=ended_at is not None,
        ended_at=ended_at,
        ended_by=ended_by,
        ender=ender,
    )


def _was_held(link: Link) -> bool:
    """Whether Canvas has held a connection, by its row alone: the event may have been kept long enough."""
    return link.state in HAS_HELD and link.settled_at is not None


def _end(
    link: Link | None, last: dict[str, Row[Any]], people: dict[int, Person]
) -> tuple[datetime | None, str | None, Person | None]:
    """When it ended, by what and by whom; nothing of it while Canvas still holds the connection."""
    if failed := last.get(Event.LINK_FAILED):
        return failed.at, NOT_AGAIN, None
    ended, asked = last.get(Event.LINK_ENDED), last.get(Event.LINK_ENDING)
    ended_at = link.ended_at if link else ended.at if ended else None
    if ended_at is None:
        return None, None, None
    if (link and link.gone) or (ended and ended.facts.get("gone")):
        why = ended.facts.get("why") if ended else None
        return ended_at, why or Kind.ENDED_IN_CANVAS, None
    by = link.ended_by if link and link.ended_by else EndedBy.OBSERVER
    return ended_at, by, people.get(asked.actor_id or 0) if asked else None
