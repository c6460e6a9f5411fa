"""Logging in by one click or by password, and out."""

from urllib.parse import quote, urlencode, urlsplit

from flask import abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import providers, sessions
from sandbox.answers import Refused
from sandbox.pages import blueprint
from sandbox.pages.personas import personas
from sandbox.pages.viewing import root_account
from sandbox.rest import api
from sandbox.rest.signing_up import with_session_token
from sandbox.world import Account, AuthenticationProvider, Login, User, World, current_world

WRONG_PASSWORD = "Please verify your username or password and try again."  # noqa: S105


@blueprint.before_app_request
def open_with_token() -> Response | None:
    """A `session_token` in a page's address opens a session, once (Canvas API docs, "OAuth2 Endpoints")."""
    token = request.args.get("session_token")
    if token is None or request.method != "GET" or request.path.startswith(("/api/", "/_sandbox")):
        return None
    user_id = sessions.redeem_token(token)
    if user_id is not None:
        sessions.log_in(user_id)
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "session_token"]
    return redirect(f"{request.path}?{urlencode(kept)}" if kept else request.path)


@blueprint.get("/login/session_token")
def session_token() -> Response:
    """A link that opens a session of the token's person, at `return_to` on this host or the dashboard."""
    try:
        api.authenticate("url:GET|/login/session_token")
        wanted = request.args.get("return_to") or request.host_url
        if not wanted.startswith(request.host_url):
            api.refuse()
        return jsonify({"session_url": with_session_token(wanted, api.caller())})
    except Refused as refused:
        return refused.response()


@blueprint.get("/login")
def login() -> Response | str:
    """To the discovery page if the account has one, else to a provider's own page (login_controller.rb)."""
    forced = request.args.get("force_login") == "1"
    if sessions.current_user_id() is not None and not forced:
        return redirect(url_for("pages.home"))
    root = root_account()
    wanted = request.args.get("authentication_provider") or request.args.get("id")
    if root.discovery_url and not wanted:
        return redirect(_with_message(root.discovery_url, take_message()))
    provider = providers.find(root, wanted) if wanted else next(iter(providers.offered(root)), None)
    if wanted and provider is None:
        abort(404)
    path = providers.login_path(provider)
    if path != url_for("pages.login_form") and (message := take_message()):
        return render_template("sso_failed.html", message=message, path=path)
    hints = {name: value for name in ("unique_id", "login_hint") if (value := request.args.get(name))}
    return redirect(f"{path}?{urlencode(hints)}" if hints else path)


def _with_message(url: str, message: str | None) -> str:
    if message is None:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}message={quote(message)}"


def take_message() -> str | None:
    """What the next page about logging in has to say; it is said once."""
    session = sessions.current()
    if session is None:
        return None
    message, session.message = session.message, None
    return message


@blueprint.get("/login/canvas")
def login_form() -> str:
    """The personas and the password form."""
    return _form(request.args.get("unique_id") or request.args.get("login_hint", ""), take_message())


@blueprint.post("/login/canvas")
def log_in() -> Response | tuple[str, int]:
    """Become a persona, or prove to be somebody with a password."""
    world = current_world()
    if "user_id" in request.form:
        user = world.users.get(request.form.get("user_id", type=int) or 0)
    else:
        user = _by_password(world)
    if user is None:
        return _form(request.form.get("pseudonym_session[unique_id]", ""), WRONG_PASSWORD), 400
    return enter(user)


def enter(user: User) -> Response:
    """Begin a person's session and go where they wanted to go."""
    session = sessions.log_in(user.id)
    user.last_login = current_world().clock.now()
    target, session.return_to = session.return_to or url_for("pages.home"), None
    return redirect(target, 303 if request.path == "/users" else 302)


def _by_password(world: World) -> User | None:
    """Whose name and password these are; a login of another provider has no password here."""
    unique_id = request.form.get("pseudonym_session[unique_id]", "").strip()
    password = request.form.get("pseudonym_session[password]", "")
    root = root_account()
    user = world.user_by_login(root.id, unique_id)
    login = usable_login(root, user, unique_id, providers.find(root, "canvas")) if user else None
    return user if login and login.password and login.password == password else None


def usable_login(
    root: Account, user: User, unique_id: str, provider: AuthenticationProvider | None
) -> Login | None:
    """The login of this name that a provider may open; a suspended one opens nothing."""
    for login in user.logins:
        named = login.account_id == root.id and login.unique_id.lower() == unique_id.lower()
        if named and login.workflow_state == "active":
            opens = login.authentication_provider_id in (None, provider.id if provider else None)
            return login if opens else None
    return None


def _form(unique_id: str, problem: str | None = None) -> str:
    world = current_world()
    with world.lock:
        groups = personas(world)
    return render_template(
        "login.html",
        groups=groups,
        unique_id=unique_id,
        problem=problem,
        may_register=root_account().self_registration != "none",
    )


@blueprint.route("/logout", methods=["GET", "POST"])
def logout() -> Response | str:
    """Ask on GET, as Canvas does; leave on POST."""
    if request.method == "GET":
        return render_template("logout.html")
    sessions.log_out()
    return redirect(url_for("pages.login"))
