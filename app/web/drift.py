"""Where Canvas and our links differ: what was found, what was done about it, and what an admin decides."""

from flask import abort, render_template

from app import db
from app.models import Drift
from app.pairing import findings, reconciling
from app.pairing.drift import CLICKS, Kind
from app.web import guard, visit

bp = guard.portal("drift", __name__, "/admin/drift")

Page = str | tuple[str, int]


@bp.post("/")
def home() -> Page:
    """The last comparison with Canvas, and everything it found."""
    return _home()


@bp.post("/look")
def look() -> Page:
    """Compare now; a job does it."""
    launch = visit.acting()
    with db.transaction() as session:
        reconciling.begin(session, launch.institution_id, visit.now())
    return _home(done="look")


@bp.post("/<row:drift_id>/mend")
def mend(drift_id: int) -> Page:
    """Put one thing right; a job does it."""
    return _ask(Drift.id == drift_id)


@bp.post("/mend/<kind>")
def mend_all(kind: str) -> Page:
    """Put right everything of one kind; a job does it."""
    if kind not in CLICKS:
        abort(404)
    return _ask(Drift.kind == kind)


@bp.post("/<row:drift_id>/leave")
def leave(drift_id: int) -> Page:
    """Leave one thing as it is in Canvas, and do not tell it again."""
    launch = visit.acting()
    with db.transaction() as session:
        if not findings.leave(session, launch.institution_id, drift_id, launch.person_id, visit.now()):
            abort(404)
    return _home(done="left")


def _ask(which: object) -> Page:
    launch = visit.acting()
    with db.transaction() as session:
        asked = findings.ask(session, launch.institution_id, launch.person_id, visit.now(), which)
    return _home(done="mend" if asked else "nothing")


def _home(done: str | None = None) -> Page:
    launch = visit.launch()
    with db.reading() as session:
        overview = findings.overview(session, launch.institution_id)
    return render_template(
        "admin/drift.html", launch=launch, overview=overview, done=done, now=visit.now(), Kind=Kind
    )
