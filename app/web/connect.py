"""To Canvas's sign-in and back: observers for themselves, an admin for the institution."""

from contextlib import suppress

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy import delete, update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import audit, db
from app.canvas import Canvas, lending, oauth, observees, tokens, users
from app.canvas.grants import Grant
from app.canvas.oauth import Attempt, CallbackProblem, Extra
from app.crypto import fingerprint, random_token
from app.errors import CanvasFailure, CanvasForbids, CanvasRejects
from app.models import Institution, LtiLaunch, OAuthPurpose, PortalSession, Role
from app.web import headers, qr, tenants, visit

bp = Blueprint("connect", __name__, url_prefix="/canvas")

LEFT = "left"  # in the cookie: when an observer left for Canvas's sign-in, in seconds since 1970
BROWSER = "browser"  # a secret that shows, on the way back, that it is the same browser

Page = str | Response | tuple[str, int]


@bp.get("/login")
def login() -> Page:
    """Send an observer to their Canvas."""
    return to_canvas(tenants.here())


@bp.post("/logout")
def logout() -> Page:
    """End the visit here, and have Canvas forget the token it gave us."""
    observer = visit.find_observer()
    cookie.clear()
    if observer is not None:
        _forget(observer)
        tenants.remember(observer.institution)
    return redirect(url_for("discovery.front", bye=1), 303)


@bp.post("/connect")
def connect() -> Page:
    """Send an admin of the root account to Canvas, to lend this institution a service account."""
    launch = visit.find_launch()
    if launch is None:
        abort(401)
    if launch.role is not Role.ADMIN or not launch.root_admin or launch.stand_in:
        abort(403)
    if request.form.get("extra", "") in tuple(Extra):
        _switch_on(launch.institution, Extra(request.form["extra"]))
    return _begin(launch.institution, OAuthPurpose.SERVICE, launch=launch)


def _switch_on(institution: Institution, extra: Extra) -> None:
    """From now on the service account is asked for these scopes, too."""
    with db.transaction() as session:
        row = session.get_one(Institution, institution.id, with_for_update=True)
        row.extras = sorted({*(row.extras or ()), extra})
    institution.extras = row.extras


def _switch_off(institution: Institution) -> None:
    """Canvas's key lacks a scope: without the extras an account can at least be connected as before."""
    with db.transaction() as session:
        session.get_one(Institution, institution.id).extras = None


def student_to_canvas(launch: LtiLaunch) -> Page:
    """Off to Canvas's sign-in with a student who will make one of Canvas's own codes."""
    return _begin(launch.institution, OAuthPurpose.STUDENT, launch=launch)


@bp.get("/callback")
def callback() -> Page:
    """Where Canvas sends the browser back to, with a code or with a problem."""
    browser = str(cookie.get(BROWSER, ""))
    stay()
    with db.transaction() as session:
        taken = oauth.take(session, visit.keyring(), request.args.get("state", ""), browser, visit.now())
    if not isinstance(taken, Attempt):
        return render_template("connect/refused.html", refusal=taken), 400
    with db.reading() as session:
        institution = session.get_one(Institution, taken.institution_id)
    if "error" in request.args or "code" not in request.args:
        return _problem(institution, taken, CallbackProblem(request.args.get("error", "other"))), 400
    try:
        grant = oauth.exchange(
            visit.settings(),
            visit.keyring(),
            institution,
            taken,
            request.args["code"],
            visit.settings().public_url + oauth.CALLBACK_PATH,
            visit.now(),
        )
    except CanvasRejects:
        return _problem(institution, taken, CallbackProblem.OTHER), 400
    except CanvasFailure:
        return _problem(institution, taken, None), 503
    if grant.masquerading:
        return render_template("connect/masquerading.html"), 403
    match taken.purpose:
        case OAuthPurpose.SERVICE:
            return _lend(institution, taken, grant)
        case OAuthPurpose.STUDENT:
            return _make_code(institution, taken, grant)
    return _sign_in(institution, taken, grant)


def _problem(institution: Institution, taken: Attempt, problem: CallbackProblem | None) -> str:
    """Why there is no sign-in, with the codes typed before it; no problem named: Canvas did not answer."""
    leads_to(institution)
    extras = institution.extras if taken.purpose is OAuthPurpose.SERVICE else None
    if extras and problem is CallbackProblem.INVALID_SCOPE:
        _switch_off(institution)
        scopes = [scope for extra in extras for scope in oauth.EXTRA_SCOPES[Extra(extra)]]
        return render_template("connect/extras.html", scopes=scopes)
    return render_template("connect/problem.html", problem=problem, attempt=taken)


def to_canvas(institution: Institution, typed: str | None = None) -> Response:
    """Off to Canvas's sign-in; what was typed waits here, sealed. It may come by our first page."""
    cookie[LEFT] = int(visit.now().timestamp())
    return _begin(institution, OAuthPurpose.OBSERVER, typed)


def under_way() -> bool:
    """Whether an observer is on the way to Canvas's sign-in, so that Canvas goes on after the login."""
    left = cookie.get(LEFT)
    return isinstance(left, int) and visit.now().timestamp() - left < oauth.ATTEMPT_LIFE.total_seconds()


def stay() -> None:
    """They are not on the way any more: they are back, or want something else."""
    cookie.pop(LEFT, None)


def leads_to(institution: Institution) -> None:
    """Tell the browser that a form of this page may end at this institution's Canvas."""
    headers.lead_out(institution.canvas_url)


def typed_before() -> str:
    """The codes typed before signing in, for the form they are needed in."""
    observer = visit.find_observer()
    if observer is None or observer.typed is None:
        return ""
    return visit.keyring().open(observer.typed, _place(observer.handle_digest))


def forget_typed(session: Session, observer: PortalSession) -> None:
    """The codes were sent in: keep them no longer."""
    session.execute(update(PortalSession).where(PortalSession.id == observer.id).values(typed=None))


def _place(handle_digest: str) -> str:
    return f"portal_sessions.typed:{handle_digest}"


def _begin(
    institution: Institution,
    purpose: OAuthPurpose,
    typed: str | None = None,
    launch: LtiLaunch | None = None,
) -> Response:
    browser = cookie.setdefault(BROWSER, random_token())
    tenants.remember(institution)
    with db.transaction() as session:
        url = oauth.begin(
            session,
            visit.keyring(),
            institution,
            purpose,
            visit.settings().public_url + oauth.CALLBACK_PATH,
            browser,
            typed,
            launch.id if launch else None,
            visit.now(),
        )
    return redirect(url, 303)


def _sign_in(institution: Institution, taken: Attempt, grant: Grant) -> Response:
    profile = _profile(institution, grant)
    handle = random_token()
    digest = fingerprint(handle)
    now = visit.now()
    with db.transaction() as session:
        person = lending.keep(
            session, visit.keyring(), institution.id, OAuthPurpose.OBSERVER, grant, profile, now
        )
        session.add(
            PortalSession(
                institution_id=institution.id,
                person_id=person.id,
                handle_digest=digest,
                typed=visit.keyring().seal(taken.typed, _place(digest)) if taken.typed else None,
                created_at=now,
                expires_at=now + visit.settings().session_life,
            )
        )
        audit.record(session, institution.id, audit.Event.OBSERVER_SIGNED_IN, now, person.id)
    cookie.clear()  # a new visit: nothing of the one before may be carried into it
    cookie[visit.SESSION_KEY] = handle
    tenants.remember(institution)
    return redirect(url_for("observer.pair" if taken.typed else "portal.home"), 303)


def _lend(institution: Institution, taken: Attempt, grant: Grant) -> str:
    profile = _profile(institution, grant)
    with db.transaction() as session:
        launch = session.get(LtiLaunch, taken.launch_id) if taken.launch_id else None
        by = launch.person_id if launch else None
        person = lending.lend(session, visit.keyring(), institution.id, grant, profile, visit.now(), by)
    return render_template("connect/connected.html", institution=institution, person=person)


def _make_code(institution: Institution, taken: Attempt, grant: Grant) -> Page:
    """Canvas's own code, made as the student who came; what Canvas granted for it is given back at once."""
    canvas = tokens.given(institution.canvas_url, grant.access, visit.settings())
    canvas = canvas.within(visit.settings().redeem_budget)
    with db.reading() as session:
        launch = session.get(LtiLaunch, taken.launch_id) if taken.launch_id else None
        student = launch.person if launch else None
    try:
        if student is None or student.canvas_user_id != grant.canvas_user_id:
            return render_template("connect/other_person.html", grant=grant, student=student), 403
        made = observees.make_pairing_code(canvas, "self")
        watchers = _watchers(canvas)
    except CanvasForbids:
        return render_template("connect/no_code.html"), 403
    except CanvasFailure:
        return _problem(institution, taken, None), 503
    finally:
        with suppress(CanvasFailure):  # it ends by itself within the hour
            oauth.revoke(canvas)
    with db.transaction() as session:
        audit.record(session, institution.id, audit.Event.CODE_MADE_IN_CANVAS, visit.now(), student.id)
    return render_template(
        "connect/code.html",
        made=made,
        student=student,
        institution=institution,
        qr=qr.svg(f"{tenants.address(institution, 'pair')}#{made.code}"),
        watchers=watchers,
    )


def _watchers(canvas: Canvas) -> list[users.User] | None:
    """Who can see all their courses; None if Canvas does not tell, for the code is made already."""
    try:
        return observees.list_observers(canvas, "self")
    except CanvasFailure:
        return None


def _profile(institution: Institution, grant: Grant) -> users.Profile | None:
    """Language and time zone, if Canvas tells them; nobody is kept out because it does not."""
    try:
        return users.profile(tokens.given(institution.canvas_url, grant.access, visit.settings()))
    except CanvasFailure:
        return None


def _forget(observer: PortalSession) -> None:
    person = observer.person
    with db.reading() as session:
        try:
            own = tokens.observer(
                session, visit.keyring(), visit.settings(), person.institution_id, person.id, visit.now()
            )
        except CanvasFailure:
            own = None
    if own is not None:
        with suppress(CanvasFailure):  # it ends by itself within the hour; what renews it goes below
            oauth.revoke(own.within(visit.settings().redeem_budget))
    with db.transaction() as session:
        tokens.forget(session, person.institution_id, person.id, OAuthPurpose.OBSERVER)
        session.execute(delete(PortalSession).where(PortalSession.id == observer.id))
