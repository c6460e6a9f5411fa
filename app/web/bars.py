"""The do-not-pair list: for admins of the whole institution, as themselves; every look is written down."""

import re

from flask import abort, render_template, request

from app import db, people
from app.canvas import Canvas
from app.errors import CanvasFailure, NotConnected
from app.models import Bar, LinkState
from app.pairing import approvals, bars, connections, links
from app.pairing.connections import Connection
from app.pairing.directory import Somebody
from app.web import canvas, guard, visit
from app.web.people import asked, search, service, somebody, typed

bp = guard.portal("bars", __name__, "/admin/do-not-pair")

Page = str | tuple[str, int]
EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\Z")
WHOM = ("person", "email", "anyone")


@bp.post("/")
def home() -> Page:
    """The alerts, and the list."""
    return _home()


@bp.post("/student")
def student() -> Page:
    """Whom the new entry shall protect: a search."""
    term = typed("term")
    return render_template(
        "admin/bars_student.html", launch=visit.launch(), term=term, found=search(term), shortest=2
    )


@bp.post("/new")
def new() -> Page:
    """Who is to be kept away from this student, and by which document."""
    return _form(somebody(asked("student")))


@bp.post("/add")
def add() -> Page:
    """Put the entry on the list, and show what already connects them."""
    launch, who = visit.launch(), somebody(asked("student"))
    whom, document, email = request.form.get("whom"), typed("document"), typed("email")
    if whom not in WHOM or not document or (whom == "email" and not EMAIL.match(email)):
        return _form(who, "both", status=422)
    observer = _observer() if whom == "person" else None
    if whom == "person" and observer is None:
        return _form(who, "whom", status=422)
    if observer is not None and observer.id == who.id:
        return _form(who, "themself", status=422)
    with db.transaction() as session:
        now = visit.now()
        protected = people.remember(session, launch.institution_id, who.id, who.name, now)
        kept, addresses = None, frozenset[str]()
        if observer is not None:
            kept = people.remember(session, launch.institution_id, observer.id, observer.name, now)
            addresses = observer.addresses
        mail = email if whom == "email" else None
        bar = bars.make(session, launch.person, protected, kept, mail, document, now, addresses)
    return _entry(bar.id, "made")


@bp.post("/<row:bar_id>")
def entry(bar_id: int) -> Page:
    """One entry, with the connections it speaks against."""
    return _entry(bar_id)


@bp.post("/<row:bar_id>/end")
def end(bar_id: int) -> Page:
    """Ask first, then take an entry out of force."""
    launch = visit.launch()
    if "sure" not in request.form:
        bar = _one(bar_id)
        with db.transaction() as session:
            bars.looked(session, launch.person, bar, visit.now())
        return render_template("admin/bars_end.html", launch=launch, bar=bar)
    with db.transaction() as session:
        bar = bars.one(session, launch.institution_id, bar_id) or abort(404)
        bars.end(session, launch.person, bar, visit.now())
    return _entry(bar_id, "over")


@bp.post("/<row:bar_id>/unlink")
def unlink(bar_id: int) -> Page:
    """End one connection that the entry speaks against."""
    launch, observer_id, course = visit.launch(), asked("observer"), request.form.get("course") or None
    bar = _one(bar_id)
    against = (observer_id, course)
    found = next(
        (one for one in standing(service(), bar) if (one.observer, one.reach.course_id) == against), None
    )
    if found is None:
        return _entry(bar_id, "gone")
    if found.link is not None and found.link.state is LinkState.WAITING:
        with db.transaction() as session:
            approvals.call_off(session, launch.person, found.link.id, visit.now())
        return _entry(bar_id, "unlinked")
    with db.transaction() as session:
        observer = people.remember(session, launch.institution_id, observer_id, found.name, visit.now())
        link = links.leave(
            session, observer, bar.student, found.reach, visit.now(), visit.head_start(), launch.person
        )
    canvas.attempt(link.id)
    return _entry(bar_id, "unlinked")


@bp.post("/alerts/<row:hit_id>/seen")
def see(hit_id: int) -> Page:
    """An alert was seen, and need not be shown any more."""
    launch = visit.launch()
    with db.transaction() as session:
        if not bars.see(session, launch.person, hit_id, visit.now()):
            abort(404)
    return _home("seen")


def _home(done: str | None = None) -> Page:
    launch = visit.launch()
    with db.transaction() as session:
        bars.looked(session, launch.person, None, visit.now())
    with db.reading() as session:
        entries = bars.every(session, launch.institution_id)
        alerts = bars.unseen(session, launch.institution_id)
    return render_template("admin/bars.html", launch=launch, entries=entries, alerts=alerts, done=done)


def _form(who: Somebody, wrong: str | None = None, status: int = 200) -> Page:
    page = render_template(
        "admin/bars_new.html",
        launch=visit.launch(),
        who=who,
        wrong=wrong,
        found=search(typed("person")) if typed("person") else None,
        given=request.form,
    )
    return page, status


def _observer() -> Somebody | None:
    """The person who was chosen, or the only one that what was typed can mean."""
    if request.form.get("observer"):
        return somebody(asked("observer"))
    found = search(typed("person"))
    return somebody(found.people[0].id) if found and len(found.people) == 1 else None


def _entry(bar_id: int, done: str | None = None) -> Page:
    launch, bar = visit.launch(), _one(bar_id)
    with db.transaction() as session:
        bars.looked(session, launch.person, bar, visit.now())
    try:
        held = standing(service(), bar) if bar.ended_at is None else []
    except (CanvasFailure, NotConnected):
        held = None  # the entry is in force all the same
    return render_template("admin/bars_entry.html", launch=launch, bar=bar, standing=held, done=done)


def _one(bar_id: int) -> Bar:
    with db.reading() as session:
        return bars.one(session, visit.launch().institution_id, bar_id) or abort(404)


def standing(lent: Canvas, bar: Bar) -> list[Connection]:
    """The connections an entry speaks against, as Canvas holds them and as they are under way here."""
    who = bar.student.canvas_user_id
    with db.reading() as session:
        ours = connections.rows(session, bar.institution_id, who)
        ids = {link.observer.canvas_user_id: link.observer_id for link in ours}
    if bar.observer is not None:
        ids[bar.observer.canvas_user_id] = bar.observer.id
    return [
        one
        for one in connections.of(lent, who, ours).observers
        if bars.match([bar], ids.get(one.observer), bars.own_addresses(lent, one.observer, [bar]))
    ]
