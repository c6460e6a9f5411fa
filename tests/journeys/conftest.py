"""A school: the sandbox with its made-up people, the app, and a service account between them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, NullPool, create_engine, select, text
from sqlalchemy.orm import Session

from app import create_app, db
from app import people as app_people
from app.canvas import grants, tokens
from app.canvas.grants import Tokens
from app.canvas.oauth import KEY_SCOPES, SERVICE_SCOPES
from app.lti import configuration, keys, platforms
from app.lti.keysets import KeySets
from app.models import Institution, OAuthPurpose, ToolKey
from app.settings import Settings
from app.web.lti import KEY_SETS
from tests.conftest import named
from tests.people import PUBLIC_URL, SERVICE, TEACHER, Observer, School, Student, Teacher
from tests.sandbox.running import Sandbox, running

KEY, SECRET = "10000000000001", "a secret of the tests"
TOOL, DEPLOYMENT, TOOL_ID = "10000000000002", "7:observatory", 7
LENT = Tokens(access="the service account's token", refresh="what renews it")


KEPT: dict[Settings, Flask] = {}
KEY_PAIRS: dict[Settings, dict[str, Any]] = {}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journeys")


# Far quicker than a new database. What the migrations wrote stays.
EMPTY = """
DO $$ DECLARE one record; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET session_replication_role = replica;
  FOR one IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')
    AND tablename NOT IN ('alembic_version', 'dbos_migrations', 'queues') LOOP
    EXECUTE format('DELETE FROM %I.%I', one.schemaname, one.tablename);
  END LOOP;
  FOR one IN SELECT schemaname, sequencename FROM pg_sequences LOOP
    PERFORM setval(format('%I.%I', one.schemaname, one.sequencename)::regclass, 1, false);
  END LOOP;
END $$
"""


@pytest.fixture(scope="session")
def postgres_place(postgres: str) -> Iterator[Engine]:
    """One database for all journeys, to be emptied between them."""
    admin, own = engine_of(postgres), engine_of(named(postgres, "journeys"))
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE journeys TEMPLATE template"))
    yield own
    own.dispose()
    admin.dispose()


def engine_of(uri: str) -> Engine:
    url = uri.replace("postgresql://", "postgresql+psycopg://")
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, home: Path) -> str:
    """A migrated database without a row, each time in the same place."""
    if request.param == "sqlite":
        for old in home.glob("observatory.db*"):
            old.unlink()
        shutil.copy(request.getfixturevalue("sqlite_template"), home / "observatory.db")
        return f"sqlite:///{home / 'observatory.db'}"
    with request.getfixturevalue("postgres_place").connect() as connection:
        connection.execute(text(EMPTY))
    return named(request.getfixturevalue("postgres"), "journeys")


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """One application for all journeys: building one, and warming it up, takes longer than a journey."""
    app = KEPT.get(settings) or KEPT.setdefault(settings, create_app(settings))
    app.extensions[KEY_SETS] = KeySets(timedelta(seconds=5))  # every test's Canvas has keys of its own
    with app.app_context():
        yield app
        db.database.engine.dispose()


def with_our_key(world: dict[str, Any]) -> dict[str, Any]:
    """The same world, where our key, the service account's token and our tool are known."""
    world["developer_keys"] = [
        {
            "client_id": KEY,
            "client_secret": SECRET,
            "redirect_uris": [f"{PUBLIC_URL}/canvas/callback"],
            "scopes": list(KEY_SCOPES),
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
def made_up_world() -> dict[str, Any]:
    """The sandbox's own school, with our key and tool in it."""
    dumped = subprocess.run(
        [sys.executable, "-m", "sandbox", "--dump-world"], capture_output=True, check=True, text=True
    )
    world: dict[str, Any] = json.loads(dumped.stdout)
    return with_our_key(world)


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


def hand_key_pair(session: Session, app: Flask) -> None:
    """One pair of our own keys for all journeys: to make one takes longer than many a journey."""
    settings, now = app.extensions["settings"], datetime.now(UTC)
    if settings in KEY_PAIRS:
        session.add(ToolKey(**KEY_PAIRS[settings], created_at=now))
    else:
        made = keys.make(session, app.extensions["keyring"], now)
        KEY_PAIRS[settings] = {name: getattr(made, name) for name in ("kid", "public_jwk", "private_pem")}
    session.flush()


def register(app: Flask, canvas: Sandbox) -> School:
    with db.transaction() as session:
        hand_key_pair(session, app)
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
