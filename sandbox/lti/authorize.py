"""The authentication request of a tool and its answer (OpenID Connect Core 3.2; canvas-lms,
authentication_controller.rb).
"""

import secrets
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from sandbox import sessions
from sandbox.lti import blueprint, keys, launches, tools
from sandbox.lti.configurations import ConfigurationError
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
    for found in (_parameters(), _user(waiting), _client(world, waiting)):
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
    named = request.args.get("client_id", "")
    client_id = waiting.tool.client_id if waiting and named not in world.registrations else named
    registration = world.registrations.get(client_id)
    try:
        asked = request.args.get("redirect_uri", "")
        return registration is not None and tools.redirect_allowed(world, registration, asked)
    except ConfigurationError:
        return False


def _parameters() -> Problem | None:
    missing = [name for name in REQUIRED if not request.args.get(name)]
    if missing:
        return "invalid_request_object", f"The following parameters are missing: {','.join(missing)}"
    # Canvas checks no other value: any prompt, response_mode and response_type will do.
    if request.args["scope"] != "openid":
        return "invalid_request_object", "The 'scope' must be 'openid'"
    return None


def _user(waiting: Prepared | None) -> Problem | None:
    user = sessions.current_user()
    if waiting and waiting.anonymous and user is None:
        return None
    if user is None or user.lti_context_id != request.args.get("login_hint"):
        return "login_required", "Must have an active user session"
    return None


def _client(world: World, waiting: Prepared | None) -> Problem | None:
    """The key must be on in the account of the launch."""
    client_id = request.args.get("client_id", "")
    known = [tool for tool in world.deployments(client_id) if world.registrations[client_id].enabled]
    if waiting:
        known = [tool for tool in tools.tools_in(world, waiting.context, waiting.root) if tool in known]
    return None if known else ("unauthorized_client", "Client not authorized in requested context")


def _failure(problem: Problem) -> dict[str, str]:
    return {"error": problem[0], "error_description": problem[1]}


def _success(hint: Hint, prepared: Prepared) -> dict[str, str]:
    answer = {"id_token": keys.sign(prepared.claims | {"nonce": request.args["nonce"]})}
    return answer | ({"lti_storage_target": STORAGE_TARGET} if hint.storage_target else {})
