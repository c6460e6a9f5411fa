"""Running commands as whoever runs the server does."""

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from app.cli import main
from app.settings import Settings
from tests.conftest import PUBLIC_URL, TEST_KEY


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    status: int
    out: str
    err: str
    raw: bytes  # of out

    @property
    def json(self) -> Any:
        assert self.status == 0, self
        return json.loads(self.out)


class Terminal:
    """Runs commands here and not as programs of their own, which would take seconds each time."""

    def __init__(self, settings: Settings) -> None:
        self.environment = {
            "DATABASE_URL": settings.database_url,
            "OBSERVATORY_SECRET_KEYS": "t1:" + base64.urlsafe_b64encode(TEST_KEY).decode(),
            "OBSERVATORY_PUBLIC_URL": PUBLIC_URL,
            "OBSERVATORY_LOG_LEVEL": "ERROR",
        }

    def __call__(self, *words: object, typed: str | None = None) -> Ran:
        ran = CliRunner(env=self.environment).invoke(main, [str(word) for word in words], input=typed)
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Ran(ran.exit_code, ran.stdout, ran.stderr, ran.stdout_bytes)

    def done(self, *words: object, typed: str | None = None) -> str:
        """What a command says that does not fail."""
        ran = self(*words, typed=typed)
        assert ran.status == 0, ran
        return ran.out

    def refused(self, *words: object, typed: str | None = None) -> str:
        """What a command says that fails, which is all it says."""
        ran = self(*words, typed=typed)
        assert ran.status == 1, ran
        return ran.err


@pytest.fixture
def command(settings: Settings) -> Iterator[Terminal]:
    """A command prepares the logs of its whole process, which here is that of the tests."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Terminal(settings)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
