"""What happened: the audit events in plain words, saved as files, proved, and a record of one student."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from flask import Response, abort, render_template, request, stream_with_context
from flask_babel import format_datetime

from app import db, trail, verifying
from app.pairing import disclosures
from app.trail import MOST_PEOPLE, Named, Wanted
from app.web import copies, events, guard, regional, trail_words, visit
from app.web.trail_words import name

bp = guard.portal("trail", __name__, "/admin/audit")

Page = str | tuple[str, int]
SIZE = 50  # events on one page
LONGEST = 200  # characters of a field
PROVED_AT_ONCE = 20_000  # events; more takes too long for a page


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
        wanted = events.wanted(session, visit.launch().institution_id, typed)
        if isinstance(wanted, Wanted) and launch.stand_in:
            wanted = replace(wanted, hidden=trail_words.OF_THE_LIST)
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
    typed = _typed()
    with db.reading() as session:
        wanted = events.wanted(session, visit.launch().institution_id, typed)
    if isinstance(wanted, str):
        return _home()
    copies.note("audit", kind=typed.kind or None, since=typed.since, until=typed.until)
    lines = events.csv(wanted) if kind == "csv" else events.json_lines(wanted)
    return _file(lines, "audit", kind)


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
    launch = visit.launch()
    with db.reading() as session:
        found = trail.people_called(session, launch.institution_id, _field("student"))
        if len(found) != 1:
            abort(404)
        record = disclosures.disclosures(session, found[0])
    copies.note("disclosures", student=found[0].id)
    lines = events.disclosures_csv(found[0], record)
    return _file(lines, f"access-{found[0].canvas_user_id}", "csv")


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


def _typed() -> events.Typed:
    return events.Typed(*(_field(field) for field in ("kind", "person", "course", "since", "until")))


def _before() -> int | None:
    typed = _field("before")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else None
