"""An account's Apps page: registering LTI apps, confirming them, and where they are deployed."""

import json
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.lti import installing, registering
from sandbox.lti.configurations import (
    PRIVACY_LEVELS,
    ConfigurationError,
    fetch_json,
    full_configuration,
    parse,
)
from sandbox.lti.installing import new_client_id
from sandbox.pages import blueprint, navigation
from sandbox.pages.viewing import refuse, root_account, the_account, viewer
from sandbox.permissions import granted
from sandbox.world import Account, Registration, User, World, current_world, global_id


def may_manage(world: World, user: User, account: Account) -> bool:
    """Whether a person holds "LTI Registrations - Manage" in an account."""
    return granted(world, user.id, "manage_lti_registrations", account_id=account.id)


def managed_account(account_id: int) -> Account:
    """An account whose apps the viewer manages."""
    account = the_account(account_id)
    if not may_manage(current_world(), viewer(), account):
        refuse()
    return account


def managed_root(account_id: int) -> Account:
    """The root account, where alone apps are registered and confirmed."""
    account = managed_account(account_id)
    if account.parent_account_id is not None:
        abort(404)
    return account


def managed_app(account: Account, client_id: str) -> Registration:
    """An app of this account's root account."""
    world = current_world()
    found = world.registrations.get(client_id)
    if found is None or found.root_account_id != world.root_account(account.id).id:
        abort(404, "No app has this client ID.")
    return found


def title_of(world: World, registration: Registration) -> str:
    """An app's own name, or its client ID while it cannot be asked."""
    try:
        return full_configuration(world, registration).title
    except ConfigurationError:
        return f"App {registration.client_id}"


@blueprint.get("/accounts/<int:account_id>/apps")
def apps(account_id: int) -> str:
    """All apps of the root account, and the ways to register one."""
    return _list(managed_account(account_id))


def _list(account: Account, problem: str | None = None) -> str:
    world = current_world()
    root = world.root_account(account.id)
    own = [app for app in world.registrations.values() if app.root_account_id == root.id]
    return render_template(
        "apps.html",
        account=account,
        nav=navigation.of_account(account, viewer()),
        apps=[(app, title_of(world, app), len(world.deployments(app.client_id))) for app in own],
        may_register=account.id == root.id,
        privacy_levels=PRIVACY_LEVELS,
        problem=problem,
    )


@blueprint.post("/accounts/<int:account_id>/apps/<any(url, json, manual):method>")
def register_app(account_id: int, method: str) -> Response | tuple[str, int]:
    """Register by the address of a configuration, by the configuration itself, or by hand."""
    world, account = current_world(), managed_root(account_id)
    address = request.form.get("url", "").strip() if method == "url" else None
    try:
        document = {"url": _from_url, "json": _from_json, "manual": _by_hand}[method]()
        parse(document)
    except ConfigurationError as problem:
        return _list(account, f"This app cannot be registered: {problem}"), 422
    with world.lock:
        app = Registration(
            client_id=new_client_id(world),
            root_account_id=account.id,
            configuration_url=address,
            configuration=None if address else document,
            enabled=False,
            redirect_uris=request.form.get("redirect_uris", "").split(),
        )
        installing.register(world, account, app)
    return redirect(url_for("pages.app", account_id=account.id, client_id=app.client_id), 303)


def _from_url() -> Any:
    return fetch_json(request.form.get("url", "").strip())


def _from_json() -> Any:
    return _json_field("configuration")


def _json_field(name: str) -> Any:
    try:
        return json.loads(request.form.get(name) or "null")
    except ValueError as problem:
        raise ConfigurationError(f"'{name}' is no JSON: {problem}") from None


def _by_hand() -> dict[str, Any]:
    """The fields of the form as a developer-key JSON; custom fields are lines of `name=value`."""
    form = request.form
    lines = [line.partition("=") for line in form.get("custom_fields", "").splitlines() if "=" in line]
    placements = [{"placement": name} for name in form.get("placements", "").split()]
    return {
        "title": form.get("title") or None,
        "description": form.get("description", ""),
        "target_link_uri": form.get("target_link_uri") or None,
        "oidc_initiation_url": form.get("oidc_initiation_url") or None,
        "public_jwk_url": form.get("public_jwk_url") or None,
        "public_jwk": _json_field("public_jwk"),
        "scopes": form.get("scopes", "").split(),
        "custom_fields": {name.strip(): value.strip() for name, _, value in lines},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "privacy_level": form.get("privacy_level", "anonymous"),
                "settings": {"placements": placements},
            }
        ],
    }


@blueprint.post("/accounts/<int:account_id>/apps/dynamic")
def register_dynamically(account_id: int) -> str | tuple[str, int]:
    """The tool's own registration page in a frame (LTI Dynamic Registration 1.0, section 3.2)."""
    world, account = current_world(), managed_root(account_id)
    address = request.form.get("url", "").strip()
    if not address.startswith(("http://", "https://")):
        return _list(account, "A registration address begins with https://."), 422
    uuid, target = registering.begin(world, viewer(), account, address, request.host_url.rstrip("/"))
    return render_template(
        "registering.html",
        account=account,
        nav=navigation.of_account(account, viewer()),
        target=target,
        closes=url_for("pages.registered", account_id=account.id, uuid=uuid),
    )


@blueprint.get("/accounts/<int:account_id>/apps/dynamic/<uuid>")
def registered(account_id: int, uuid: str) -> Response | tuple[str, int]:
    """Where the closed frame leads: to the app if there is one now."""
    account, found = managed_root(account_id), registering.begun(current_world()).get(uuid)
    if found is None or found.client_id is None:
        return _list(account, "The tool closed its page before it had registered."), 422
    return redirect(url_for("pages.app", account_id=account.id, client_id=found.client_id))


@blueprint.get("/api/lti/registrations/<int:number>/view")
def view_registration(number: int) -> Response:
    """Where `registration_config_url` leads: the app's page."""
    root = root_account()
    return redirect(url_for("pages.app", account_id=root.id, client_id=str(global_id(number))))
