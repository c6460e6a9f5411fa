"""The pretended identity provider behind every provider but Canvas's own (Canvas's saml_controller.rb)."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import providers, sessions
from sandbox.pages import blueprint
from sandbox.pages.login import enter, usable_login
from sandbox.pages.personas import personas
from sandbox.pages.viewing import root_account
from sandbox.world import Account, AuthenticationProvider, current_world

UNKNOWN = "Canvas doesn't have an account for user: {}"


@blueprint.get("/login/<auth_type>")
@blueprint.get("/login/<auth_type>/<int:provider_id>")
def sso(auth_type: str, provider_id: int | None = None) -> str:
    """Choose whom the identity provider says to be, somebody unknown to Canvas included."""
    provider = _provider(root_account(), auth_type, provider_id)
    return identity_page(provider, request.path, request.args.get("login_hint", ""))


@blueprint.post("/login/<auth_type>")
@blueprint.post("/login/<auth_type>/<int:provider_id>")
def sso_return(auth_type: str, provider_id: int | None = None) -> Response:
    """Come back from the identity provider; who is unknown hears so, at `unknown_user_url` if it is set."""
    world, root = current_world(), root_account()
    provider = _provider(root, auth_type, provider_id)
    unique_id = asserted_id(root)
    user = world.user_by_login(root.id, unique_id)
    if user is not None and usable_login(root, user, unique_id, provider):
        return enter(user)
    if root.unknown_user_url:
        return redirect(root.unknown_user_url)
    sessions.begin().message = UNKNOWN.format(unique_id)
    return redirect(url_for("pages.login"))


def identity_page(provider: AuthenticationProvider, action: str, hint: str = "") -> str:
    """The identity provider's login page."""
    world = current_world()
    with world.lock:
        groups = personas(world)
    return render_template("sso.html", provider=provider, groups=groups, action=action, hint=hint)


def asserted_id(root: Account) -> str:
    """The log-in name the identity provider vouches for: a persona's in this account, or one typed."""
    if "user_id" not in request.form:
        return request.form.get("unique_id", "").strip()
    world = current_world()
    user = world.users.get(request.form.get("user_id", type=int) or 0)
    login = world.login_in(user, root.id) if user else None
    return login.unique_id if login else ""


def _provider(root: Account, auth_type: str, provider_id: int | None) -> AuthenticationProvider:
    found = (
        each
        for each in providers.offered(root)
        if each.auth_type == auth_type and provider_id in (None, each.id)
    )
    return next(found, None) or abort(404)
