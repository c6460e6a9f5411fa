"""Every address has an audience, and an address without one opens for nobody."""

import inspect

from flask import Blueprint, Flask

from app.web import guard

PUBLIC = {"health", "lti", "discovery", "connect", "observer", "sign_up"}


def test_every_route_has_an_audience(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        blueprint, _, _name = rule.endpoint.rpartition(".")
        assert blueprint in guard.AUDIENCES, f"{rule} is of nobody's"


def test_every_audience_has_routes(app: Flask) -> None:
    assert set(app.blueprints) == set(guard.AUDIENCES)


def test_only_the_named_audiences_are_everybody(app: Flask) -> None:
    open_to_all = {name for name, one in guard.AUDIENCES.items() if one.check is guard.everybody}

    assert open_to_all == PUBLIC
    assert all(one.words for one in guard.AUDIENCES.values())


def test_a_route_without_an_audience_opens_for_nobody(app: Flask) -> None:
    stray = Blueprint("stray", __name__)
    stray.add_url_rule("/stray", view_func=lambda: "open")
    app.register_blueprint(stray)
    app.add_url_rule("/bare", view_func=lambda: "open")

    for path in ("/stray", "/bare"):
        assert app.test_client().get(path).status_code == 403


def test_no_route_changes_anything_on_a_get(app: Flask) -> None:
    """What changes something is posted; a crawler, a preview or a prefetch changes nothing."""
    changing = ("issue", "revoke", "leave", "logout", "redeem", "launch", "connect")
    for rule in app.url_map.iter_rules():
        name = rule.endpoint.rpartition(".")[2]
        if name in changing:
            assert rule.methods is not None
            assert "GET" not in rule.methods, rule
            assert inspect.getdoc(app.view_functions[rule.endpoint])
