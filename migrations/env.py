"""Runs migrations with one runner at a time, and without waiting long for locks others hold."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from app.models import UtcDateTime

LOCK = 0x0B5E  # one number for every Observatory, so that two servers starting together take turns
database = current_app.extensions["migrate"].db
options = current_app.extensions["migrate"].configure_args


def ours(obj: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """The job engine keeps tables of its own in the same database; they are not ours to compare."""
    return not (kind == "table" and reflected and compare_to is None)


def plain_types(kind: str, obj: object, autogen_context: object) -> str | bool:
    """Migrations stand by themselves: they name SQLAlchemy's types, never ours, which may change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(obj, UtcDateTime) else False


def take_turns(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return  # SQLite's BEGIN IMMEDIATE already lets in one writer at a time
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})  # however long it takes
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SET statement_timeout = '60s'"))


def run() -> None:
    with database.engine.connect() as connection, connection.begin():
        take_turns(connection)
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            include_object=ours,
            render_item=plain_types,
            transactional_ddl=True,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
