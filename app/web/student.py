"""The student's portal: a code for all courses, and who can see me."""

from flask import Blueprint, abort, render_template, request, url_for

from app import db, policy
from app.models import Code, LtiLaunch
from app.pairing import codes, lists
from app.web import canvas, qr, visit

bp = Blueprint("student", __name__, url_prefix="/student")

Page = str | tuple[str, int]


@bp.get("/")
def closed() -> Page:
    """What somebody sees who comes by a bookmark; the guard answers before this does."""
    abort(401)


@bp.post("/")
def home() -> Page:
    """The live code, if there is one. Who can see me follows in a second request to Canvas."""
    return _home(visit.launch())


@bp.post("/codes")
def issue() -> Page:
    """Make an all-course code, or show the one that is live."""
    launch = visit.launch()
    if launch.stand_in:
        abort(403)
    with db.transaction() as session:
        codes.issue(
            session,
            visit.keyring(),
            issuer=launch.person,
            role=launch.role,
            student=launch.person,
            reach=codes.ALL_COURSES,
            policy=policy.of(session, launch.institution_id),
            now=visit.now(),
        )
    return _home(launch)


@bp.post("/codes/<row:code_id>/revoke")
def revoke(code_id: int) -> Page:
    """End one's own code."""
    launch = visit.launch()
    if launch.stand_in:
        abort(403)
    with db.transaction() as session:
        if not codes.revoke(session, launch, code_id, visit.now()):
            abort(404)
    return _home(launch, done="revoked")


@bp.post("/observers")
def observers() -> Page:
    """Everybody who can see me in Canvas now; only the list when a script asks."""
    launch = visit.launch()
    with db.reading() as session:
        ours = lists.links_to(session, launch.person)
    service = canvas.service(launch.institution_id)
    watchers = lists.watchers(service, launch.person.canvas_user_id, ours)
    fragment = "HX-Request" in request.headers
    template = "student/watchers.html" if fragment else "student/observers.html"
    return render_template(template, launch=launch, watchers=watchers)


def _home(launch: LtiLaunch, done: str | None = None) -> Page:
    with db.reading() as session:
        live: list[Code] = list(codes.live(session, launch, visit.now()))
    code = live[0] if live else None
    text = codes.text_of(visit.keyring(), code) if code else None
    return render_template(
        "student/home.html",
        launch=launch,
        code=code,
        text=text,
        qr=qr.svg(url_for("observer.pair", _external=True, _anchor=text)) if text else None,
        done=done,
    )
