"""A registered platform and a browser."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from app import db
from app.lti import platforms
from app.models import LtiLaunch
from app.settings import Settings
from app.web import lti
from tests.conftest import settings_for
from tests.lti import platform as lti_platform
from tests.lti.platform import Browser, Platform
from tests.sandbox.running import Sandbox, running

IMPATIENT = {"OBSERVATORY_CANVAS_TIMEOUT": "0.5"}  # key addresses have half a second


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url, **IMPATIENT)


@pytest.fixture
def platform() -> Iterator[Platform]:
    with lti_platform.serving(Platform()) as platform:
        platform.publishes(lti_platform.jwk(lti_platform.KEY, "k1"))
        yield platform


@pytest.fixture
def registered(app: Flask, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with one platform, and portals that ask nothing of Canvas."""
    for portal in lti.Portal:
        monkeypatch.setitem(lti.portals, portal, lambda portal=portal: f"the {portal} portal")
    assert add_platform(app, platform) == []
    return app


def add_platform(app: Flask, platform: Platform, **changes: str) -> list[str]:
    words = {
        "slug": "school",
        "name": "The School",
        "canvas_url": lti_platform.CANVAS_URL,
        "issuer": lti_platform.ISSUER,
        "client_id": lti_platform.CLIENT,
        "deployment_id": lti_platform.DEPLOYMENT,
        "authorize_url": lti_platform.AUTHORIZE,
        "token_url": "https://sso.canvas.test/login/oauth2/token",
        "jwks_url": platform.url,
        **changes,
    }
    with db.transaction() as session:
        return platforms.add(session, app.extensions["keyring"], now=datetime.now(UTC), **words)


@pytest.fixture
def browser(registered: Flask) -> Browser:
    return Browser(registered)


def launches_recorded(app: Flask) -> list[LtiLaunch]:
    with app.app_context(), db.reading() as session:
        return list(session.query(LtiLaunch))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox
