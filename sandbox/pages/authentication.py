"""An account's Authentication page: who may sign up, where people log in."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import providers
from sandbox.pages import blueprint, navigation
from sandbox.pages.viewing import refuse, the_account, viewer
from sandbox.permissions import granted
from sandbox.world import Account, current_world

CHOICES = {"none": "None", "observer": "Observers", "all": "All"}


@blueprint.get("/accounts/<int:account_id>/authentication_providers")
def authentication(account_id: int) -> str:
    """The providers in their order, self-registration and the discovery URL."""
    root = managed(account_id)
    return render_template(
        "authentication.html",
        account=root,
        nav=navigation.of_account(root, viewer()),
        providers=[(each, providers.login_path(each)) for each in providers.offered(root)],
        has_canvas=providers.find(root, "canvas") is not None,
        choices=CHOICES,
    )


@blueprint.post("/accounts/<int:account_id>/authentication_providers")
def change_authentication(account_id: int) -> Response:
    """Keep what was chosen; blank addresses are taken away."""
    root, form = managed(account_id), request.form
    with current_world().lock:
        if form.get("self_registration") in CHOICES and providers.find(root, "canvas"):
            root.self_registration = form["self_registration"]
        if "auth_discovery_url" in form:
            root.discovery_url = form["auth_discovery_url"].strip() or None
        if "unknown_user_url" in form:
            root.unknown_user_url = form["unknown_user_url"].strip() or None
    return redirect(url_for("pages.authentication", account_id=root.id), 303)


def managed(account_id: int) -> Account:
    """A root account whose settings the viewer manages; sub-accounts have no such page."""
    account = the_account(account_id)
    right = "manage_account_settings"
    if account.parent_account_id is not None or not granted(current_world(), viewer().id, right, account.id):
        refuse()
    return account
