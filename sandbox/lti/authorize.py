"""The authentication request of a tool and its answer (OpenID Connect Core 3.2; canvas-lms,
authentication_controller.rb).
"""

import secrets
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from sandbox import sessions
from sandbox.lti import blueprint, keys, launches, tools
from sandbox.lti.launches import STORAGE_TARGET, Hint, InvalidHint, Prepared
from sandbox.world import World, current_world

REQUIRED = (
    "client_id",
    "login_hint",
    "lti_message_hint",
    "nonce",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
)
PERMITTED = (*REQUIRED, "state", "lti_storage_target")
Problem = tuple[str, str]
NO_LONGER_VALID: Problem = (
    "launch_no_longer_valid",
    "The launch has either expired or already been consumed",
)


@blueprint.route("/api/lti/authorize_redirect", methods=["GET", "POST"])
def authorize_redirect() -> WerkzeugResponse:
    """Go on at the school's own domain, which the hint names."""
    try:
        hint = launches.read_hint(current_world(), request.values.get("lti_message_hint", ""))
    except InvalidHint:
        return _plain("Invalid lti_message_hint")
    passed = {name: request.values[name] for name in PERMITTED if name in request.values}
    return redirect(f"{request.scheme}://{hint.canvas_domain}/api/lti/authorize?{urlencode(passed)}")


@blueprint.get("/api/lti/authorize")
def authorize() -> Response | str:
    """Check the request in Canvas's order; a later failure hides an earlier one."""
    world = current_world()
    try:
        hint = launches.read_hint(world, request.args.get("lti_message_hint", ""))
    except InvalidHint:
        return _plain("Invalid lti_message_hint")
    waiting = launches.peek(world, hint.verifier)
    if not _redirect_allowed(world, waiting):
        return _plain("Invalid redirect_uri")

    prepared = launches.consume(world, hint.verifier)
    problem = None
    for found in (_parameters(), _user(), _client(world, waiting)):
        problem = found or problem
    if prepared is None:
        answer = _failure(NO_LONGER_VALID)
    else:
        answer = _failure(problem) if problem else _success(hint, prepared)
    if "state" in request.args:
        answer["state"] = request.args["state"]
    # Rails puts these two into every form; tools have to ignore them.
    fields = {"utf8": "✓", "authenticity_token": secrets.token_urlsafe(32), **answer}
    return render_template(
        "lti/form.html", action=request.args["redirect_uri"], fields=fields, title="Opening the tool"
    )


def _plain(text: str) -> Response:
    return Response(text, 400, mimetype="text/plain")


def _redirect_allowed(world: World, waiting: Prepared | None) -> bool:
    """Judged by the named client's key; a nameless or unknown client's by the launch's own tool."""
    tool = world.tools.get(request.args.get("client_id", "")) or (waiting.tool if waiting else None)
    try:
        return tool is not None and tools.redirect_allowed(world, tool, request.args.get("redirect_uri", ""))
    except tools.ConfigurationError:
        return False


def _parameters() -> Problem | None:
    missing = [name for name in REQUIRED if not request.args.get(name)]
    if missing:
        return "invalid_request_object", f"The following parameters are missing: {','.join(missing)}"
    # Canvas checks no other value: any prompt, response_mode and response_type will do.
    if request.args["scope"] != "openid":
        return "invalid_request_object", "The 'scope' must be 'openid'"
    return None


def _user() -> Problem | None:
    user = sessions.current_user()
    if user is None or user.lti_context_id != request.args.get("login_hint"):
        return "login_required", "Must have an active user session"
    return None


def _client(world: World, waiting: Prepared | None) -> Problem | None:
    tool = world.tools.get(request.args.get("client_id", ""))
    account_id = waiting.account_id if waiting else None
    if tool is None or (account_id is not None and tool not in tools.tools_for(world, account_id)):
        return "unauthorized_client", "Client not authorized in requested context"
    return None


def _failure(problem: Problem) -> dict[str, str]:
    return {"error": problem[0], "error_description": problem[1]}


def _success(hint: Hint, prepared: Prepared) -> dict[str, str]:
    answer = {"id_token": keys.sign(prepared.claims | {"nonce": request.args["nonce"]})}
    return answer | ({"lti_storage_target": STORAGE_TARGET} if hint.storage_target else {})
