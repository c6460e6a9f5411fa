"""A school: the sandbox with its made-up people, the app, and a service account between them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import select

from app import db
from app import people as app_people
from app.canvas import grants, tokens
from app.canvas.grants import Tokens
from app.canvas.oauth import OBSERVER_SCOPES, SERVICE_SCOPES
from app.lti import configuration, platforms
from app.models import Institution, OAuthPurpose
from tests.people import PUBLIC_URL, SERVICE, TEACHER, Observer, School, Student, Teacher
from tests.sandbox.running import Sandbox, running

KEY, SECRET = "10000000000001", "a secret of the tests"
TOOL, DEPLOYMENT, TOOL_ID = "10000000000002", "7:observatory", 7
LENT = Tokens(access="the service account's token", refresh="what renews it")


class Compiled(BytecodeCache):
    """Templates compiled once for all tests."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = Compiled()


@pytest.fixture
def app(app: Flask) -> Flask:
    app.jinja_env.bytecode_cache = TEMPLATES
    return app


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
    world["access_tokens"] = [
        {
            "token": LENT.access,
            "refresh_token": LENT.refresh,
            "user_id": SERVICE,
            "client_id": KEY,
            "scopes": list(SERVICE_SCOPES),
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
    return register(app, canvas)


def register(app: Flask, canvas: Sandbox) -> School:
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
    """A school whose administrator has lent a service account; test_admins.py does it by clicking."""
    lend_service_account(registered)
    return registered


def lend_service_account(school: School) -> None:
    now = datetime.now(UTC)
    with db.transaction() as session:
        institution = session.scalars(select(Institution)).one()
        person = app_people.remember(session, institution.id, str(SERVICE), "Observatory Service", now)
        keyring, purpose = school.app.extensions["keyring"], OAuthPurpose.SERVICE
        tokens.store(session, keyring, institution.id, person.id, purpose, LENT, now)


@pytest.fixture
def teacher(school: School) -> Teacher:
    return Teacher(school, TEACHER)


@pytest.fixture
def student(school: School) -> Student:
    return Student(school, 101)


@pytest.fixture
def parent(school: School) -> Observer:
    return Observer(school, 44)


@pytest.fixture
def new_parent(school: School) -> Callable[[int], Observer]:
    return lambda user_id: Observer(school, user_id)
