"""Where Canvas knocks: login, launch, our keys and our configuration."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import cast
from urllib.parse import urlencode

import structlog
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from app import db
from app.lti import appearance, configuration, keys
from app.lti import launch as launches
from app.lti import login as logins
from app.lti.keysets import KeySets
from app.lti.launch import Answer, Pending
from app.lti.login import Begun, Storage
from app.lti.refusals import Reason, Refusal
from app.models import LtiLaunch, Role
from app.settings import Settings, origin
from app.web import headers, visit

log = structlog.get_logger()
bp = Blueprint("lti", __name__, url_prefix="/lti")

PATH = "/lti"  # of our cookies
PROBE = "observatory_probe"  # holds nothing; that it comes back shows that cookies do
PROBE_LIFE = timedelta(days=180)
KEY_SET_LIFE = timedelta(hours=1)
THEME_LIFE = timedelta(days=30)  # a color is what its name says
KEY_FETCH = timedelta(seconds=5)  # a person is waiting
KEY_SETS = "lti_key_sets"
LONGEST_DETAIL = 200  # characters in the log; some of it anybody can send us
IN_A_FRAME = frozenset({"iframe", "frame", "embed", "object"})
STATUS = {
    Reason.TOKEN_OVERSIZED: 413,
    Reason.CLIENT_OFF: 403,
    Reason.DEPLOYMENT_UNKNOWN: 403,
    Reason.DEPLOYMENT_WAITING: 403,
}


class Portal(StrEnum):
    """A portal that a launch can lead to."""

    INSTRUCTOR = "instructor"
    STUDENT = "student"
    ADMIN = "admin"


# The first page of each portal; it is of the launch that app.web.visit names. Filled by app.web.assemble.
portals: dict[Portal, Callable[[], ResponseReturnValue]] = {}

# Which portal a role opens, by placement. An account's admin looks at a course with an instructor's eyes.
COURSE = {
    Role.INSTRUCTOR: Portal.INSTRUCTOR,
    Role.TA: Portal.INSTRUCTOR,
    Role.ADMIN: Portal.INSTRUCTOR,
    Role.STUDENT: Portal.STUDENT,
}
ELSEWHERE = {
    "account_navigation": {Role.ADMIN: Portal.ADMIN},
    "user_navigation": {Role.STUDENT: Portal.STUDENT},
    "global_navigation": {},
}


@bp.record_once
def prepare(state: BlueprintSetupState) -> None:
    """Give this process its cache of platforms' keys."""
    settings = cast(Settings, state.app.extensions["settings"])
    state.app.extensions[KEY_SETS] = KeySets(min(settings.canvas_timeout, KEY_FETCH))


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Begin a login, and send the browser on to Canvas if it will surely bring our cookie back.

    In a frame that may not be so. The page shown there finds out before Canvas's hint, good for one use only,
    is spent, and else keeps the secret in Canvas's storage or offers a new tab.
    """
    params = request.form if request.method == "POST" else request.args
    with db.transaction() as session:
        begun = logins.begin(session, visit.settings(), params.to_dict(), visit.now())
    if isinstance(begun, Refusal):
        return refuse(begun)
    framed = request.headers.get("Sec-Fetch-Dest") in IN_A_FRAME
    response = (
        _frame_page(begun) if framed and PROBE not in request.cookies else redirect(begun.authorize_url)
    )
    _set_cookie(response, begun.cookie, begun.browser, logins.LIFETIME, httponly=True)
    _set_cookie(response, PROBE, "1", PROBE_LIFE, httponly=False)  # the page's script looks for it
    return response


@bp.post("/launch")
def launch() -> ResponseReturnValue:
    """Check what Canvas posted back, and show the first page at once: a redirect cannot carry the handle."""
    answer = launches.answer(request.form.to_dict())
    if isinstance(answer, Refusal):
        return refuse(answer)
    with db.reading() as session:
        pending = launches.find(session, answer, visit.now())
    if isinstance(pending, Refusal):
        return refuse(pending)

    browser = _browser(answer)
    storage = logins.storage_for(
        request.form.get("lti_storage_target"), pending.platform.authorize_url, answer.state
    )
    if browser is None and storage and "browser" not in request.form:
        return _storage_page(answer, pending, storage)

    verified = launches.verify(pending, answer, browser, current_app.extensions[KEY_SETS], visit.now())
    if isinstance(verified, Refusal):
        return refuse(verified)
    with db.transaction() as session:
        accepted = launches.accept(session, pending, verified, visit.settings().launch_life, visit.now())
    if isinstance(accepted, Refusal):
        return refuse(accepted)
    visit.enter(accepted.row, accepted.handle)
    response = make_response(_first_page(accepted.row))
    _forget_cookie(response, logins.cookie_name(answer.state))
    return response


@bp.get("/jwks.json")
def jwks() -> Response:
    """Our public keys."""
    with db.reading() as session:
        response = jsonify(keys.jwks(session, visit.now()))
    response.headers["Cache-Control"] = f"public, max-age={int(KEY_SET_LIFE.total_seconds())}"
    return response


@bp.get("/config.json")
def config() -> Response:
    """What an admin pastes into Canvas when the LTI key is made; `?placements=a,b` leaves the others out."""
    asked = request.args.get("placements", "")
    chosen = set(asked.split(",")) if asked else set(configuration.PLACEMENTS)
    if not chosen <= set(configuration.PLACEMENTS):
        abort(400)
    return jsonify(configuration.canvas_json(visit.settings().public_url, chosen))


@bp.get("/theme/<color>.css")
def theme(color: str) -> Response:
    """An account's main color as a style sheet, for a policy that lets no page bring its own."""
    if not appearance.COLOR.fullmatch(color) or not appearance.readable(color):
        abort(404)
    sheet = f":root {{ --accent: #{color}; --wash: #{appearance.GROUND}; }}\n"
    response = Response(sheet, mimetype="text/css")
    response.headers["Cache-Control"] = f"public, max-age={int(THEME_LIFE.total_seconds())}"
    return response


def refuse(refusal: Refusal) -> Response:
    """A plain page that says why, and what to do next."""
    log.info("launch refused", reason=refusal.reason, detail=refusal.detail[:LONGEST_DETAIL])
    g.frame_ancestors = ["*"]  # shown wherever it happens: nothing on it can be clicked
    page = render_template("lti/refused.html", reason=refusal.reason, deployment_id=refusal.deployment_id)
    return make_response(page, STATUS.get(refusal.reason, 400))


def _first_page(row: LtiLaunch) -> ResponseReturnValue:
    portal = ELSEWHERE.get(row.placement, COURSE).get(row.role)
    if portal:
        return portals[portal]()
    if row.role == Role.OBSERVER:
        return render_template("lti/observer.html", launch=row, institution=row.institution)
    if row.placement in ("user_navigation", "global_navigation"):
        return render_template("lti/ways.html", institution=row.institution)
    return render_template("lti/nobody.html"), 403


def _frame_page(begun: Begun) -> Response:
    headers.allow_frame(begun.canvas_url)
    return make_response(
        render_template(
            "lti/login.html",
            begun=begun,
            probe=PROBE,
            # A link, not a form: Chromium would hold the whole way through Canvas to our form-action.
            new_tab=f"{PATH}/login?{urlencode(begun.params)}",
        )
    )


def _storage_page(answer: Answer, pending: Pending, storage: Storage) -> Response:
    headers.allow_frame(pending.institution.canvas_url)
    page = render_template("lti/storage.html", token=answer.token.text, state=answer.state, storage=storage)
    response = make_response(page)
    response.headers["Referrer-Policy"] = "same-origin"  # else its form would come without an origin
    return response


def _browser(answer: Answer) -> str | None:
    """The browser's secret: from its cookie, or read from Canvas's storage by our own page.

    Only by our own: else another site could post a login that it began itself, with the secret.
    """
    cookie = request.cookies.get(logins.cookie_name(answer.state))
    ours = origin(visit.settings().public_url)
    if cookie is None and request.headers.get("Origin") == ours:
        return request.form.get("browser") or None
    return cookie


def _set_cookie(response: BaseResponse, name: str, value: str, life: timedelta, httponly: bool) -> None:
    response.set_cookie(
        name,
        value,
        max_age=life,
        path=PATH,
        secure=True,
        httponly=httponly,
        samesite="None",
        partitioned=True,
    )


def _forget_cookie(response: BaseResponse, name: str) -> None:
    response.delete_cookie(name, path=PATH, secure=True, httponly=True, samesite="None", partitioned=True)
