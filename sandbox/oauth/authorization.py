"""Asking a person: `GET /login/oauth2/auth`, the confirm page, and its two buttons."""

from urllib.parse import urlencode, urlsplit

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from sandbox import sessions
from sandbox.oauth import blueprint, codes, errors
from sandbox.oauth.codes import USERINFO, Authorization
from sandbox.world import DeveloperKey, World, current_world

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@blueprint.get("/login/oauth2/auth")
def auth() -> WerkzeugResponse | str:
    """Begin an authorization; every outcome of the OAuth2 Endpoints page."""
    if "code" in request.args or "error" in request.args:
        return render_template("oauth/out_of_band.html", answer=request.args)
    world = current_world()
    key = world.developer_keys.get(request.args.get("client_id", ""))
    if key is None:
        return errors.UNKNOWN_CLIENT.response()
    if not redirect_fits(key, request.args.get("redirect_uri", "")):
        return errors.BAD_REDIRECT.response()

    asked = _asked(world)
    if problem := _problem(world, key, asked):
        return _answer(asked, error=problem[0], error_description=problem[1])
    if request.args.get("prompt") == "none":
        return _without_a_word(world, asked)
    return _ask(asked)


def _asked(world: World) -> Authorization:
    scopes = request.args.get("scope", request.args.get("scopes", "")).split()
    # A `plain` challenge is silently treated as none (canvas-lms, lib/canvas/oauth/pkce.rb).
    pkce = world.settings.pkce and request.args.get("code_challenge_method") == "S256"
    return Authorization(
        client_id=request.args["client_id"],
        redirect_uri=request.args["redirect_uri"],
        scopes=tuple(scopes),
        state=request.args.get("state"),
        challenge=request.args.get("code_challenge") if pkce else None,
    )


def redirect_fits(key: DeveloperKey, redirect_uri: str) -> bool:
    """Registered, or on the host of a registered one or below it."""
    if redirect_uri == OUT_OF_BAND or redirect_uri in key.redirect_uris:
        return True
    host = urlsplit(redirect_uri).hostname
    registered = [urlsplit(uri).hostname for uri in key.redirect_uris]
    return host is not None and any(
        name and (host == name or host.endswith(f".{name}")) for name in registered
    )


def _problem(world: World, key: DeveloperKey, asked: Authorization) -> tuple[str, str] | None:
    if key.scopes is not None:
        refused = [scope for scope in asked.scopes if scope not in {*key.scopes, USERINFO}]
        if refused or not asked.scopes:
            refusal = errors.scopes_refused(refused)
            return refusal.error, refusal.description
    user = sessions.current_user()
    if user and not world.login_in(user, world.account_for_host(request.host).id):
        return "unauthorized_client", "Client does not have access to the specified Canvas account."
    if request.args.get("response_type") != "code":
        return "unsupported_response_type", "Only response_type=code is permitted"
    if request.args.get("prompt", "none") != "none":
        return "unsupported_prompt_type", 'prompt must be "none" (or omitted)'
    return None


def _without_a_word(world: World, asked: Authorization) -> WerkzeugResponse:
    user_id = sessions.current_user_id()
    if user_id is None:
        return _answer(asked, error="login_required", error_description="prompt=none but there is no session")
    if not _remembered(world, user_id, asked):
        return _answer(asked, error="interaction_required", error_description="the user must be asked")
    return _grant(world, asked)


def _ask(asked: Authorization) -> WerkzeugResponse:
    session = sessions.begin()
    session.authorization = asked
    session.return_to = url_for("oauth.confirm")
    forced = request.args.get("force_login") == "1"
    if session.user_id is not None and not forced:
        return redirect(url_for("oauth.confirm"))
    unique_id = request.args.get("unique_id")
    return redirect(url_for("pages.login", force_login="1" if forced else None, unique_id=unique_id))


def _pending() -> Authorization:
    """The request this browser has come to decide."""
    session = sessions.current()
    asked = session.authorization if session else None
    if not isinstance(asked, Authorization):
        abort(400, "No application is waiting for your decision.")
    return asked


@blueprint.get("/login/oauth2/confirm")
def confirm() -> WerkzeugResponse | str:
    """Show who asks and for whom, unless the person said yes before and wanted that remembered."""
    asked, world, user = _pending(), current_world(), sessions.current_user()
    if user is None:
        return redirect(url_for("pages.login"))
    if _remembered(world, user.id, asked):
        return _grant(world, asked)
    key = world.developer_keys[asked.client_id]
    return render_template(
        "oauth/confirm.html", key=key, asked=asked, may_remember=asked.scopes == (USERINFO,)
    )


@blueprint.post("/login/oauth2/accept")
def accept() -> WerkzeugResponse:
    """The person says yes."""
    asked, world, user_id = _pending(), current_world(), sessions.current_user_id()
    if user_id is None:
        return redirect(url_for("pages.login"))
    if request.form.get("remember_access") == "1" and asked.scopes == (USERINFO,):
        _remembered_grants(world).add((user_id, asked.client_id))
    return _grant(world, asked)


@blueprint.get("/login/oauth2/deny")
def deny() -> WerkzeugResponse:
    """The person says no."""
    asked = _pending()
    _forget_pending()
    return _answer(
        asked,
        error="access_denied",
        error_description="The resource owner or authorization server denied the request",
    )


def _remembered_grants(world: World) -> set[tuple[int, str]]:
    remembered: set[tuple[int, str]] = world.memory.setdefault("oauth_remembered", set())
    return remembered


def _remembered(world: World, user_id: int, asked: Authorization) -> bool:
    # Canvas remembers a yes only for a client that merely wants to know who somebody is.
    return asked.scopes == (USERINFO,) and (user_id, asked.client_id) in _remembered_grants(world)


def _grant(world: World, asked: Authorization) -> WerkzeugResponse:
    session = sessions.begin()
    if session.user_id is None:
        abort(400)
    _forget_pending()
    return _answer(asked, code=codes.issue(world, asked, session.user_id, session.real_user_id))


def _forget_pending() -> None:
    session = sessions.begin()
    session.authorization = session.return_to = None


def _answer(asked: Authorization, **answer: str) -> WerkzeugResponse:
    """Send the browser back to the client (RFC 6749, 4.1.2)."""
    if asked.state is not None:
        answer["state"] = asked.state
    target = url_for("oauth.auth") if asked.redirect_uri == OUT_OF_BAND else asked.redirect_uri
    separator = "&" if urlsplit(target).query else "?"
    return redirect(f"{target}{separator}{urlencode(answer)}")
