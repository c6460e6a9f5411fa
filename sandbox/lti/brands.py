"""The theme of an account, as a tool may read it (Canvas's theme editor, "brand config")."""

import json
from typing import Any

from flask import Response, abort

from sandbox.lti import blueprint
from sandbox.world import Account, World, current_world

USUAL = {
    "ic-brand-primary": "#0374B5",
    "ic-brand-font-color-dark": "#2D3B45",
    "ic-link-color": "#0374B5",
    "ic-brand-button--primary-bgd": "#0374B5",
    "ic-brand-button--primary-text": "#ffffff",
    "ic-brand-global-nav-bgd": "#394B58",
}


def brand_of(world: World, account: Account) -> dict[str, Any]:
    """Canvas's own colors under those of the accounts from the root down."""
    brand: dict[str, Any] = dict(USUAL)
    for each in reversed(world.account_chain(account.id)):
        brand |= each.brand or {}
    return brand


def brand_url(base_url: str, account: Account, kind: str = "json") -> str:
    """Where the variables are served, as `json` or as a script."""
    return f"{base_url}/dist/brandable_css/account-{account.id}/variables.{kind}"


@blueprint.get("/dist/brandable_css/account-<int:account_id>/variables.<any(json, js):kind>")
def variables(account_id: int, kind: str) -> Response:
    """The theme, open to pages of every origin as on Canvas's file servers."""
    world = current_world()
    if account_id not in world.accounts:
        abort(404)
    text = json.dumps(brand_of(world, world.accounts[account_id]))
    if kind == "js":
        answer = Response(f"CANVAS_ACTIVE_BRAND_VARIABLES = {text};", mimetype="text/javascript")
    else:
        answer = Response(text, mimetype="application/json")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
