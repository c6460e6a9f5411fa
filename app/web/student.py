"""The student's portal: a code for all courses, and who can see me."""

from flask import abort, render_template, request
from werkzeug.wrappers import Response

from app import db, policy
from app.inspector import service
from app.models import Code, LtiLaunch, Scope
from app.pairing import approvals, codes, ending, lists, rules
from app.web import canvas, connect, guard, headers, qr, tenants, visit

bp = guard.portal("student", __name__, "/student")

Page = str | tuple[str, int]


@bp.post("/")
def home() -> Page:
    """The live code, if there is one. Who can see me follows in a second request to Canvas."""
    return show_home(visit.launch())


@bp.post("/codes")
def issue() -> Page:
    """Make an all-course code, or show the one that is live."""
    launch = visit.launch()
    with db.transaction() as session:
        rule = policy.of(session, launch.institution_id)
        if rules.bar_to_codes(launch, Scope.ALL, lambda: rule) is not None:
            abort(403)
        codes.issue(
            session,
            visit.keyring(),
            issuer=launch.person,
            role=launch.role,
            student=launch.person,
            reach=codes.ALL_COURSES,
            policy=rule,
            now=visit.now(),
        )
    return show_home(launch)


@bp.post("/codes/<row:code_id>/revoke")
def revoke(code_id: int) -> Page:
    """End one's own code."""
    launch = visit.acting()
    with db.transaction() as session:
        if not codes.revoke(session, launch, code_id, visit.now()):
            abort(404)
    return show_home(launch, done="revoked")


@bp.post("/canvas-code")
def make_in_canvas() -> Page | Response:
    """Go to Canvas and make one of its own codes: it needs nothing but the student's own sign-in."""
    launch = visit.launch()
    if _bar(launch) is not None:
        abort(403)
    return connect.student_to_canvas(launch)


@bp.post("/observers")
def observers() -> Page:
    """Everybody who can see me in Canvas now; only the list when a script asks."""
    launch = visit.launch()
    with db.reading() as session:
        ours = lists.links_to(session, launch.person)
        rule = policy.of(session, launch.institution_id)
        asked = ending.asked_about(session, launch.person)
    lent = canvas.service(launch.institution_id)
    watchers = lists.watchers(lent, launch.person.canvas_user_id, ours)
    fragment = "HX-Request" in request.headers
    template = "student/watchers.html" if fragment else "student/observers.html"
    return render_template(template, launch=launch, watchers=watchers, rule=rule, asked=asked)


def _bar(launch: LtiLaunch) -> rules.IssuingBar | None:
    with db.reading() as session:
        return rules.bar_to_codes(launch, Scope.ALL, lambda: policy.of(session, launch.institution_id))


def show_home(launch: LtiLaunch, done: str | None = None) -> Page:
    """The first page, with what was just done."""
    with db.reading() as session:
        live: list[Code] = list(codes.live(session, launch, visit.now()))
        lent = service.lent(session, launch.institution_id)
        rule = policy.of(session, launch.institution_id)
        waiting = approvals.asked(session, launch.person, visit.now())
    code = live[0] if live else None
    text = codes.text_of(visit.keyring(), code) if code else None
    connected = lent is not None and lent.dead_since is None
    if not connected:
        headers.lead_out(launch.institution.canvas_url)
    return render_template(
        "student/home.html",
        launch=launch,
        code=code,
        text=text,
        qr=qr.svg(f"{tenants.address(launch.institution, 'pair')}#{text}") if text else None,
        done=done,
        bar=rules.bar_to_codes(launch, Scope.ALL, lambda: rule),
        waiting=waiting,
        connected=connected,
        key=launch.institution.oauth_client_id is not None,
    )
