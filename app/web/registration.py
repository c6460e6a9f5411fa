"""How families come in, for the admin: who may sign up, the first page, and whether Canvas leads there."""

from dataclasses import dataclass

from flask import abort, render_template, request

from app import audit, db
from app.canvas import Canvas, accounts, authentication_providers, tokens
from app.canvas.authentication_providers import SelfRegistration, SsoSettings
from app.canvas.oauth import EXTRA_SCOPES, Extra
from app.errors import CanvasFailure, CanvasMissing, Failure
from app.models import FrontPage, Institution, LoginWay, LtiLaunch, Shown
from app.pairing import front
from app.people import Actor
from app.web import canvas, errors, guard, headers, tenants, visit

bp = guard.portal("registration", __name__, "/admin/registration")

Page = str | tuple[str, int]
# Canvas's names and labels of what the service account's role needs for all of this.
RIGHTS = {
    "generate_observer_pairing_code": "Users - generate observer pairing codes for students",
    "manage_user_logins": "Users - manage login details",
    "manage_account_settings": "Account-level settings - manage",
}
MOST_WAYS = 50


@dataclass(frozen=True, slots=True)
class Sight:
    """What Canvas lets the service account see; `problem` is the word for what keeps it from more."""

    sso: SsoSettings | None = None
    rights: frozenset[str] = frozenset()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What to say above the page: a word of templates/admin/registration_words.html."""

    word: str
    good: bool = True


@bp.before_request
def lead_out() -> None:
    """Each page leads to pages of Canvas."""
    headers.lead_out(visit.launch().institution.canvas_url)


@bp.post("/")
def home() -> Page:
    """Everything as it is in Canvas now, and as it is kept here."""
    return _page()


@bp.post("/who")
def choose() -> Page:
    """Set in Canvas who may sign up."""
    launch = visit.acting()
    wanted = request.form.get("self_registration", "")
    if wanted not in tuple(SelfRegistration):
        abort(400)
    try:
        done = let_sign_up(_service(launch), SelfRegistration(wanted), launch.person)
    except CanvasMissing:
        return _page(Notice("no_own_login", good=False), 422)
    except Failure as failure:
        return _failed(failure)
    return _page(Notice("chosen")) if done else _page(Notice("unchanged", good=False), 503)


def let_sign_up(service: Canvas, who: SelfRegistration, by: Actor) -> bool:
    """Set in Canvas who may sign up. False: it answered, but did not do it."""
    provider = authentication_providers.set_self_registration(service, "self", who)
    if provider.self_registration != who:
        return False
    _write_down(by, audit.Event.REGISTRATION_CHANGED, who=who)
    return True


@bp.post("/ways")
def read_ways() -> Page:
    """Read the ways to log in from Canvas."""
    launch = visit.acting()
    try:
        _read_ways(_service(launch), launch.person)
    except Failure as failure:
        return _failed(failure)
    return _page(Notice("read"))


def _read_ways(service: Canvas, by: Actor) -> None:
    providers = authentication_providers.of_account(service)
    with db.transaction() as session:
        front.follow(session, by, providers, visit.now())


@bp.post("/page")
def save() -> Page:
    """Keep the text, the picture, and how the ways to log in are shown."""
    launch = visit.acting()
    picture = request.files.get("logo")
    content = picture.read() if picture else b""
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    wrong = front.wrong_with(text, content)
    if wrong is not None:
        return _page(Notice(wrong, good=False), 422)
    new = content if content or "no_logo" in request.form else None
    with db.transaction() as session:
        front.keep(session, launch.person, text, new, visit.now())
        _keep_ways({way.id: way for way in front.ways(session, launch.institution_id)})
    return _page(Notice("saved"))


@bp.post("/discovery")
def lead_here() -> Page:
    """Say what will happen; once they are sure, have Canvas lead to the first page, or no longer."""
    launch = visit.acting()
    wanted = tenants.address(launch.institution) if "lead" in request.form else None
    try:
        service = _service(launch)
        before = authentication_providers.sso_settings(service).discovery_url
        if "sure" not in request.form:
            return render_template(
                "admin/registration_discovery.html",
                launch=launch,
                wanted=wanted,
                before=before,
                escape=front.canvas_login(launch.institution.canvas_url),
            )
        done = lead(service, wanted, before, launch.person)
    except Failure as failure:
        return _failed(failure)
    if not done:
        return _page(Notice("unchanged", good=False), 503)
    return _page(Notice("leads" if wanted else "leads_no_more"))


def lead(service: Canvas, wanted: str | None, before: str | None, by: Actor) -> bool:
    """Have Canvas lead to this address, or to its own login. False: it answered, but did not do it.

    Whoever is led there needs their login on it, so the ways to log in are read first if they never were.
    """
    with db.reading() as session:
        unread = not front.ways(session, by.institution_id)
    if wanted and unread:
        _read_ways(service, by)
    now = authentication_providers.set_discovery_url(service, "self", wanted).discovery_url
    if (now or None) != wanted:
        return False
    _write_down(by, audit.Event.DISCOVERY_CHANGED, address=wanted, before=before)
    return True


def _keep_ways(known: dict[int, LoginWay]) -> None:
    """Labels, order and to whom each is shown; what is nonsense is left as it is."""
    form = request.form
    columns = (form.getlist(name)[:MOST_WAYS] for name in ("way", "label", "shown", "place"))
    for way_id, label, shown, place in zip(*columns, strict=False):
        way = known.get(int(way_id)) if way_id.isdecimal() and len(way_id) < 10 else None
        if way is None:
            continue
        way.label = front.as_label(label)
        way.shown = Shown(shown) if shown in tuple(Shown) else way.shown
        way.position = int(place) if place.isdecimal() and len(place) < 4 else way.position


def _service(launch: LtiLaunch) -> Canvas:
    return canvas.service(launch.institution_id).within(visit.settings().redeem_budget)


def _failed(failure: Failure) -> Page:
    word, status = errors.kind_of(failure)
    return _page(Notice(word, good=False), 403 if word == "not_allowed" else status)


def _write_down(by: Actor, event: audit.Event, **facts: audit.Fact) -> None:
    with db.transaction() as session:
        audit.record(session, by.institution_id, event, visit.now(), by.id, **facts)


def _look(launch: LtiLaunch) -> Sight:
    try:
        service = _service(launch)
        rights = accounts.permissions(service, RIGHTS)
    except Failure as failure:
        return Sight(problem=errors.kind_of(failure)[0])
    try:
        return Sight(authentication_providers.sso_settings(service), rights)
    except Failure as failure:
        return Sight(None, rights, errors.kind_of(failure)[0])


def learned(institution: Institution) -> FrontPage:
    """The page, with what Canvas says right now about signing up, if it answers."""
    nobody = tokens.nobody(institution.canvas_url, visit.settings())
    try:
        return front.ask(institution.id, nobody.within(visit.settings().redeem_budget), visit.now())
    except CanvasFailure:
        with db.reading() as session:
            return front.of(session, institution.id)


def _page(notice: Notice | None = None, status: int = 200) -> tuple[str, int]:
    launch = visit.launch()
    page, sight = learned(launch.institution), _look(launch)
    with db.reading() as session:
        ways = front.ways(session, launch.institution_id)
    if notice and not notice.good:
        _keep_ways({way.id: way for way in ways})  # shown as they were typed, but not saved
    rendered = render_template(
        "admin/registration.html",
        launch=launch,
        institution=launch.institution,
        notice=notice,
        page=page,
        text=request.form.get("text") if notice and not notice.good else None,
        sight=sight,
        ways=[(way, front.address(launch.institution.canvas_url, way)) for way in ways],
        choices=list(SelfRegistration),
        shown=list(Shown),
        address=tenants.address(launch.institution),
        rights=RIGHTS,
        scopes=EXTRA_SCOPES[Extra.SIGN_UP],
        escape=front.canvas_login(launch.institution.canvas_url),
        longest=front.LONGEST_TEXT,
    )
    return rendered, status
