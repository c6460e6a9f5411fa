"""What happened: the audit events in plain words, saved as files, proved, and a record of one student."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, abort, render_template, request, stream_with_context
from flask_babel import format_datetime, gettext

from app import audit, db, trail, verifying
from app.chain import TOLD
from app.models import LtiLaunch, Person
from app.pairing import disclosures
from app.sheets.writing import for_people
from app.trail import MOST_PEOPLE, Named, Wanted
from app.web import guard, regional, trail_words, visit
from app.web.trail_words import name

bp = guard.portal("trail", __name__, "/admin/audit")

Page = str | tuple[str, int]
SIZE = 50  # events on one page
LONGEST = 200  # characters of a field
PROVED_AT_ONCE = 20_000  # events; more takes too long for a page


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody looks for, as they typed it."""

    kind: str
    person: str
    course: str
    since: str
    until: str


@bp.post("/")
def home() -> Page:
    """The newest events, those that are looked for, or older ones."""
    return _home()


@bp.post("/check")
def check() -> Page:
    """Whether the newest events are as they were written."""
    with db.snapshot() as session:
        proof = verifying.verify(session, visit.keyring(), visit.launch().institution_id, PROVED_AT_ONCE)
    return _home(proof)


def _home(proof: verifying.Proof | None = None) -> Page:
    launch, typed = visit.launch(), _typed()
    with db.reading() as session:
        wanted = _wanted(session, typed)
        shown = trail.page(session, wanted, _before(), SIZE + 1) if isinstance(wanted, Wanted) else None
    more = shown is not None and len(shown.events) > SIZE
    return render_template(
        "admin/audit.html",
        launch=launch,
        typed=typed,
        trouble=wanted if isinstance(wanted, str) else None,
        told=_told(shown)[:SIZE] if shown else [],
        more=shown.events[SIZE - 1].number if shown and more else None,
        older=_before() is not None,
        looking=any((typed.kind, typed.person, typed.course, typed.since, typed.until)),
        kinds=trail_words.kinds(),
        proof=proof,
    )


def _told(shown: Named) -> list[tuple[str, str, list[str]]]:
    """When, what, and what else is known of it."""
    return [
        (_moment(event.at), trail_words.sentence(event, shown), trail_words.details(event, shown))
        for event in shown.events
    ]


def _moment(when: datetime) -> str:
    return " ".join([format_datetime(when, "medium"), *([] if regional.time_zone() else ["UTC"])])


@bp.post("/events.<any(csv, jsonl):kind>")
def save(kind: str) -> Response | Page:
    """The events that are looked for, all of them, as a file."""
    launch, typed = _may_save(), _typed()
    with db.reading() as session:
        wanted = _wanted(session, typed)
    if isinstance(wanted, str):
        return _home()
    facts = {"what": "audit", "kind": typed.kind or None, "since": typed.since, "until": typed.until}
    with db.transaction() as session:
        audit.record(
            session, launch.institution_id, audit.Event.DATA_EXPORTED, visit.now(), launch.person_id, **facts
        )
    lines = for_people(HEADER, _rows(wanted)) if kind == "csv" else _lines(wanted)
    return _file(lines, "audit", kind)


HEADER = (
    "number", "at", "what", "who", "who: Canvas id", "student", "student: Canvas id",
    "observer", "observer: Canvas id", "course", "event", "policy", "facts",
)  # fmt: skip


def _rows(wanted: Wanted) -> Iterator[list[str]]:
    for event, named in _everything(wanted):
        people = [named.people.get(id) for id in (event.actor_id, event.student_id, event.observer_id)]
        told = [cell for one in people for cell in ((name(one), one.canvas_user_id) if one else ("", ""))]
        facts = json.dumps(event.facts, ensure_ascii=False)
        course, policy = event.course_id or "", str(event.policy or "")
        what = trail_words.sentence(event, named)
        yield [str(event.number), event.at.isoformat(), what, *told, course, event.event, policy, facts]


def _lines(wanted: Wanted) -> Iterator[bytes]:
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


@bp.post("/student")
def student() -> Page:
    """Who had access to one student, and when; whom to choose from, if several are meant."""
    launch, term = visit.launch(), _field("student")
    with db.reading() as session:
        found = trail.people_called(session, launch.institution_id, term) if term else []
        if len(found) != 1:
            return render_template(
                "admin/audit_students.html", launch=launch, term=term, found=found, most=MOST_PEOPLE
            )
        record = disclosures.disclosures(session, found[0])
    return render_template(
        "admin/audit_student.html",
        launch=launch,
        student=found[0],
        record=record,
        name=name,
        now=visit.now(),
        ways=trail_words.WAYS,
    )


@bp.post("/student.csv")
def save_student() -> Response:
    """The same as a file."""
    launch = _may_save()
    with db.reading() as session:
        found = trail.people_called(session, launch.institution_id, _field("student"))
        if len(found) != 1:
            abort(404)
        record = disclosures.disclosures(session, found[0])
    with db.transaction() as session:
        audit.record(
            session, launch.institution_id, audit.Event.DATA_EXPORTED, visit.now(), launch.person_id,
            what="disclosures", student=found[0].id,
        )  # fmt: skip
    rows = [[cell or "" for cell in _disclosure(found[0], one)] for one in record]
    return _file(for_people(DISCLOSED, rows), f"access-{found[0].canvas_user_id}", "csv")


DISCLOSED = (
    "student", "student: Canvas id", "observer", "observer: Canvas id", "access to", "course: Canvas id",
    "purpose", "from", "until", "how", "given by", "ended by", "ended by whom",
)  # fmt: skip


def _disclosure(student: Person, one: disclosures.Disclosure) -> list[str | None]:
    reach = (one.course_name or one.course_id) if one.course_id else gettext("all courses")
    return [
        name(student), student.canvas_user_id,
        name(one.observer), one.observer.canvas_user_id if one.observer else None,
        reach, one.course_id, one.purpose,
        one.begun_at.isoformat() if one.begun_at else None,
        one.ended_at.isoformat() if one.ended_at else None,
        one.way, name(one.giver) if one.giver else None,
        one.ended_by, name(one.ender) if one.ender else None,
    ]  # fmt: skip


def _may_save() -> LtiLaunch:
    launch = visit.launch()
    if launch.stand_in:
        abort(403)
    return launch


def _file(lines: Iterator[bytes], what: str, kind: str) -> Response:
    launch = visit.launch()
    file = f"observatory-{launch.institution.slug}-{what}-{visit.now():%Y-%m-%d}.{kind}"
    return Response(
        stream_with_context(lines),
        mimetype="text/csv" if kind == "csv" else "application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


def _field(field: str) -> str:
    return " ".join(request.form.get(field, "").split())[:LONGEST]


def _typed() -> Typed:
    return Typed(*(_field(field) for field in ("kind", "person", "course", "since", "until")))


def _before() -> int | None:
    typed = _field("before")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else None


def _wanted(session: Any, typed: Typed) -> Wanted | str:
    """What is looked for; or a sentence that says why that cannot be."""
    institution_id = visit.launch().institution_id
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
