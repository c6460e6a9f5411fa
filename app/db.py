"""The database: one engine, and the only place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from app.models import Base

database = SQLAlchemy(metadata=Base.metadata)

READ_ONLY = "observatory_read_only"
KEYRING = "keyring"  # where a session keeps the secret keys, for app.chain to sign with
BY = "by"  # and what acts here where no person does, for app.audit to write down
COMMAND = "cli"
_by: ContextVar[str | None] = ContextVar(BY, default=None)


@contextmanager
def acting_by(what: str | None) -> Iterator[None]:
    """What acts in the block where no person does."""
    token = _by.set(what)
    try:
        yield
    finally:
        _by.reset(token)


@contextmanager
def transaction() -> Iterator[Session]:
    """A session whose work is committed at the end of the block, or undone if the block raises.

    Never open one while Canvas is called. On SQLite the write lock is taken at once, so that a
    transaction that reads before it writes waits for its turn instead of failing.
    """
    known = {KEYRING: current_app.extensions["keyring"], BY: _by.get()}
    with Session(database.engine, expire_on_commit=False, info=known) as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A session for queries only: takes no write lock, commits nothing."""
    engine = database.engine.execution_options(**{READ_ONLY: True})
    with Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def snapshot() -> Iterator[Session]:
    """A session for long queries only, which sees everything as it was at one moment."""
    options: dict[str, Any] = {READ_ONLY: True}
    if database.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"  # in SQLite every transaction is like that
    engine = database.engine.execution_options(**options)
    with Session(engine, expire_on_commit=False) as session:
        yield session


def learn_sizes() -> None:
    """Let SQLite look at its tables, or it takes wrong indexes of big ones; PostgreSQL does so by itself."""
    if database.engine.dialect.name != "sqlite":
        return
    with transaction() as session:
        session.execute(text("PRAGMA analysis_limit = 1000"))  # rows of an index: it takes no time
        session.execute(text("ANALYZE"))


def engine_options(url: str) -> dict[str, Any]:
    """How the engine of this URL is made. Values of rows never get into the text of an error."""
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "pool_recycle": 3600}  # a connection learns sizes when it is made
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 10,
        "connect_args": {"connect_timeout": 10},
    }


def prepare(engine: Engine) -> None:
    """Give SQLite what PostgreSQL has by itself: foreign keys, readers beside a writer, honest BEGIN."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin or commit behind our back
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
