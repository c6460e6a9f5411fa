"""CPU per LTI launch: login and launch, as an instructor from the course navigation."""

from datetime import UTC, datetime
from pathlib import Path

import httpx

from app import create_app, db
from app.lti import platforms
from bench.databases import Database
from bench.serving import PUBLIC_URL, Cost, Meter, serving
from bench.serving import measure as measured
from tests.conftest import settings_for
from tests.lti import platform as lti

LAUNCH_URL = f"{PUBLIC_URL}/lti/launch"


def measure(database: Database, folder: Path, count: int, rounds: int) -> Cost:
    """A launch; signing the token is the platform's work and not counted."""
    with lti.serving(lti.Platform()) as platform:
        platform.publishes(lti.jwk(lti.KEY, "k1"))
        _register(database, platform.url)
        with (
            serving("app.wsgi:create", database, folder) as pid,
            httpx.Client(base_url=PUBLIC_URL, trust_env=False) as browser,
        ):
            return measured("LTI launch", Meter(database, pid), lambda: _launch(browser), count, rounds)


def _register(database: Database, jwks_url: str) -> None:
    app = create_app(settings_for(database.url))
    with app.app_context(), db.transaction() as session:
        complaints = platforms.add(
            session,
            app.extensions["keyring"],
            slug="bench",
            name="The School",
            canvas_url=lti.CANVAS_URL,
            issuer=lti.ISSUER,
            client_id=lti.CLIENT,
            deployment_id=lti.DEPLOYMENT,
            authorize_url=lti.AUTHORIZE,
            token_url="https://sso.canvas.test/login/oauth2/token",
            jwks_url=jwks_url,
            now=datetime.now(UTC),
        )
        assert complaints == []


def _launch(browser: httpx.Client) -> None:
    given = {
        "iss": lti.ISSUER,
        "client_id": lti.CLIENT,
        "login_hint": "9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d",
        "lti_deployment_id": lti.DEPLOYMENT,
        "target_link_uri": LAUNCH_URL,
        "lti_message_hint": "hint.of.canvas" * 20,
    }
    begun = browser.post("/lti/login", data=given)
    sent = lti.sent_to(begun.headers["location"])
    cookies = "; ".join(c.partition(";")[0] for c in begun.headers.get_list("set-cookie"))
    token = lti.signed(lti.claims(sent.nonce, LAUNCH_URL))
    form = {"id_token": token, "state": sent.state}
    answer = browser.post("/lti/launch", data=form, headers={"Cookie": cookies})
    assert answer.status_code == 200, answer.text
    browser.cookies.clear()
