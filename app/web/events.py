"""Audit events as somebody asks for them: what they typed, and what they get as a file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy.orm import Session

from app import db, trail
from app.chain import TOLD
from app.models import Person
from app.pairing import disclosures
from app.sheets.writing import for_people
from app.trail import MOST_COURSES, MOST_PEOPLE, Named, Wanted
from app.web import regional, trail_words
from app.web.trail_words import name


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody looks for, as they typed it."""

    kind: str
    person: str
    course: str
    since: str
    until: str


def wanted(session: Session, institution_id: int, typed: Typed) -> Wanted | str:
    """What is looked for; or a sentence that says why that cannot be."""
    people = courses = None
    if typed.person:
        found = trail.people_called(session, institution_id, typed.person)
        if len(found) > MOST_PEOPLE:
            return str(
                gettext("Too many people have such a name. Please type more of it, or a Canvas number.")
            )
        people = tuple(person.id for person in found)
    if typed.course:
        courses = tuple(trail.courses_called(session, institution_id, typed.course))
        if len(courses) > MOST_COURSES:
            return str(
                gettext("Too many courses have such a name. Please type more of it, or a Canvas number.")
            )
    try:
        since, until = _day(typed.since), _day(typed.until, later=timedelta(days=1))
    except (ValueError, OverflowError):
        return str(gettext("Please type a date as year, month and day: 2026-01-31."))
    return Wanted(
        institution_id,
        trail_words.events_of(typed.kind),
        people,
        courses,
        since,
        until,
    )


def _day(typed: str, later: timedelta = timedelta()) -> datetime | None:
    """The beginning of a day where the person who looks lives."""
    if not typed:
        return None
    day = datetime.strptime(typed, "%Y-%m-%d").date() + later
    return datetime.combine(day, time(), ZoneInfo(regional.time_zone() or "UTC"))


HEADER = (
    "number", "at", "what", "who", "who: Canvas id", "student", "student: Canvas id",
    "observer", "observer: Canvas id", "course", "event", "policy", "facts",
)  # fmt: skip


def csv(wanted: Wanted) -> Iterator[bytes]:
    """For people and their spreadsheets."""
    yield from for_people(HEADER, _rows(wanted))


def _rows(wanted: Wanted) -> Iterator[list[str]]:
    for event, named in _everything(wanted):
        people = [named.people.get(id) for id in (event.actor_id, event.student_id, event.observer_id)]
        told = [cell for one in people for cell in ((name(one), one.canvas_user_id) if one else ("", ""))]
        facts = json.dumps(event.facts, ensure_ascii=False)
        course, policy = event.course_id or "", str(event.policy or "")
        what = trail_words.sentence(event, named)
        yield [str(event.number), event.at.isoformat(), what, *told, course, event.event, policy, facts]


def json_lines(wanted: Wanted) -> Iterator[bytes]:
    """Exactly what the digests cover, so that the chain can be followed without us; and Canvas's numbers."""
    for event, named in _everything(wanted):
        told = {column: getattr(event, column) for column in (*TOLD, "digest")}
        told["at"] = event.at.isoformat()
        for who in ("actor", "student", "observer"):
            person = named.people.get(told[f"{who}_id"])
            told[f"{who}_canvas_id"] = person.canvas_user_id if person else None
        yield json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _everything(wanted: Wanted) -> Iterator[tuple[Any, Named]]:
    with db.snapshot() as session:
        for named in trail.everything(session, wanted):
            for event in named.events:
                yield event, named


DISCLOSED = (
    "student", "student: Canvas id", "observer", "observer: Canvas id", "access to", "course: Canvas id",
    "purpose", "from", "seen in Canvas", "until", "how", "given by", "ended by", "ended by whom",
)  # fmt: skip


def disclosures_csv(student: Person, record: list[disclosures.Disclosure]) -> Iterator[bytes]:
    """Who had access to a student, for people and their spreadsheets."""
    rows = [[cell or "" for cell in disclosure(student, one)] for one in record]
    yield from for_people(DISCLOSED, rows)


def disclosure(student: Person, one: disclosures.Disclosure) -> list[str | None]:
    """The cells of one line; DISCLOSED names them."""
    reach = (one.course_name or one.course_id) if one.course_id else gettext("all courses")
    return [
        name(student), student.canvas_user_id,
        name(one.observer), one.observer.canvas_user_id if one.observer else None,
        reach, one.course_id, one.purpose,
        one.begun_at.isoformat() if one.begun_at else None,
        one.seen_at.isoformat() if one.seen_at else None,
        one.ended_at.isoformat() if one.ended_at else None,
        one.way, name(one.giver) if one.giver else None,
        one.ended_by, name(one.ender) if one.ender else None,
    ]  # fmt: skip
