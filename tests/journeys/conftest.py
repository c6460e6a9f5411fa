"""A school: the sandbox with its made-up people, the app, and a service account between them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.canvas import grants
from app.canvas.oauth import OBSERVER_SCOPES, SERVICE_SCOPES
from app.lti import configuration, platforms
from app.models import Institution
from tests.people import ADMIN, PUBLIC_URL, SERVICE, Admin, Observer, Person, School, Student, Teacher
from tests.sandbox.running import Sandbox, running

KEY, SECRET = "10000000000001", "a secret of the tests"
TOOL, DEPLOYMENT, TOOL_ID = "10000000000002", "7:observatory", 7


@pytest.fixture(scope="session")
def made_up_world() -> dict[str, Any]:
    """The sandbox's own school, with our key and tool in it."""
    dumped = subprocess.run(
        [sys.executable, "-m", "sandbox", "--dump-world"], capture_output=True, check=True, text=True
    )
    world: dict[str, Any] = json.loads(dumped.stdout)
    world["developer_keys"] = [
        {
            "client_id": KEY,
            "client_secret": SECRET,
            "redirect_uris": [f"{PUBLIC_URL}/canvas/callback"],
            "scopes": [*OBSERVER_SCOPES, *SERVICE_SCOPES],
            "name": "Observatory",
        }
    ]
    world["lti_tools"] = [
        {
            "id": TOOL_ID,
            "client_id": TOOL,
            "deployment_id": DEPLOYMENT,
            "account_id": 1,
            "configuration": configuration.canvas_json(PUBLIC_URL),
        }
    ]
    return world


@pytest.fixture(scope="session")
def shared_canvas() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def canvas(shared_canvas: Sandbox, made_up_world: dict[str, Any]) -> Sandbox:
    """A Canvas as it is on the first day."""
    shared_canvas.reset()
    shared_canvas.use(made_up_world)
    return shared_canvas


@pytest.fixture
def registered(app: Flask, canvas: Sandbox) -> School:
    """Both sides know each other; nobody has lent a service account yet."""
    with db.transaction() as session:
        complaints = platforms.add(
            session,
            app.extensions["keyring"],
            slug="maple",
            name="Maple Grove Schools",
            canvas_url=canvas.url,
            issuer="https://canvas.instructure.com",
            client_id=TOOL,
            deployment_id=DEPLOYMENT,
            authorize_url=f"{canvas.url}/api/lti/authorize_redirect",
            token_url=f"{canvas.url}/login/oauth2/token",
            jwks_url=f"{canvas.url}/api/lti/security/jwks",
            now=datetime.now(UTC),
        )
        institution = session.scalars(select(Institution)).one()
        grants.keep_key(app.extensions["keyring"], institution, KEY, SECRET)
    assert complaints == []
    return School(app, canvas, TOOL_ID)


@pytest.fixture
def school(registered: School) -> School:
    """A school whose administrator has connected a service account, by clicking."""
    connect_service_account(registered)
    registered.canvas.call("DELETE", "/_sandbox/log")
    return registered


def connect_service_account(school: School) -> None:
    admin = Admin(school, ADMIN)
    page = admin.opens()
    service = Person(school, SERVICE)  # the new tab, in which somebody signs in as the service account
    consent = service.press(page, "Connect an account")
    done = service.press(consent, "Authorize")
    assert "Observatory is connected" in done.text


@pytest.fixture
def teacher(school: School) -> Teacher:
    return Teacher(school, 20)


@pytest.fixture
def student(school: School) -> Student:
    return Student(school, 101)


@pytest.fixture
def parent(school: School) -> Observer:
    return Observer(school, 44)


@pytest.fixture
def new_parent(school: School) -> Callable[[int], Observer]:
    return lambda user_id: Observer(school, user_id)
