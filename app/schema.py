"""Whether the database has the tables of this release, and making them."""

from enum import StrEnum
from functools import cache
from pathlib import Path

import flask_migrate
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.exc import DBAPIError

from app import jobs
from app.db import READ_ONLY, database


class Problem(StrEnum):
    """What is wrong with the database, in words for whoever runs the server."""

    UNREACHABLE = "the database does not answer"
    NOT_MIGRATED = "the database lacks tables of this release; run: observatory db upgrade"


def upgrade() -> None:
    """Make or change the tables, ours and the job engine's. Safe to repeat, and for two at a time."""
    _sqlite_file().parent.mkdir(parents=True, exist_ok=True)
    flask_migrate.upgrade()
    jobs.migrate()


def problem() -> Problem | None:
    """What keeps a server from using this database, if anything does."""
    engine = database.engine
    if engine.dialect.name == "sqlite" and not _sqlite_file().exists():
        return Problem.NOT_MIGRATED  # connecting would make an empty file
    try:
        with engine.execution_options(**{READ_ONLY: True}).connect() as connection:
            current = set(MigrationContext.configure(connection).get_current_heads())
    except DBAPIError:
        return Problem.UNREACHABLE
    config = current_app.extensions["migrate"].migrate.get_config()
    known, heads = _revisions(config.get_main_option("script_location"))
    # A revision we do not know is a newer release's: its migrations keep this one working.
    tables = current >= heads or bool(current - known)
    return None if tables and jobs.ready() else Problem.NOT_MIGRATED


def _sqlite_file() -> Path:
    url = database.engine.url
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else Path()


@cache
def _revisions(directory: str) -> tuple[frozenset[str], frozenset[str]]:
    scripts = ScriptDirectory(directory)
    known = frozenset(script.revision for script in scripts.walk_revisions())
    return known, frozenset(scripts.get_heads())
