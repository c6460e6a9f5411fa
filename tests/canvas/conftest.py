"""A hostile Canvas, and ways to reach it."""

from collections.abc import Iterator

import pytest

from app.canvas import Canvas, tokens
from app.settings import Settings
from tests.canvas.remote import Remote, serve
from tests.conftest import settings_for

TOKEN = "secret-access-token"


@pytest.fixture
def remote() -> Iterator[Remote]:
    server, remote = serve()
    yield remote
    server.shutdown()
    server.server_close()


@pytest.fixture
def quick() -> Settings:
    """Settings of an impatient server; no database."""
    return settings_for("sqlite://", OBSERVATORY_CANVAS_TIMEOUT="1.5")


@pytest.fixture
def canvas(remote: Remote, quick: Settings) -> Canvas:
    """The hostile Canvas, with a token given by hand."""
    return tokens.given(remote.url, TOKEN, quick)
