"""A hostile Canvas, and ways to reach it."""

from collections.abc import Iterator

import pytest

from app.canvas import Canvas, tokens
from app.canvas.oauth import OBSERVER_SCOPES, SERVICE_SCOPES
from app.settings import Settings
from tests.canvas.remote import Remote, serve
from tests.conftest import settings_for
from tests.sandbox.running import Sandbox, running
from tests.sandbox.worlds import small_world

TOKEN = "secret-access-token"
KEY_SECRET = "key-secret"
CALLBACK = "https://observatory.test/canvas/callback"


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
def patient() -> Settings:
    """Settings as they are out of the box; no database."""
    return settings_for("sqlite://")


@pytest.fixture
def canvas(remote: Remote, quick: Settings) -> Canvas:
    """The hostile Canvas, with a token given by hand."""
    return tokens.given(remote.url, TOKEN, quick)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """A sandbox with the small world, and developer keys: one that may do all, one for each purpose."""
    sandbox_process.reset()
    sandbox_process.http.cookies.clear()
    sandbox_process.use({**small_world(), "developer_keys": developer_keys()})
    sandbox_process.call("DELETE", "/_sandbox/log")
    return sandbox_process


def developer_keys() -> list[dict[str, object]]:
    scopes = {"any": None, "observer": list(OBSERVER_SCOPES), "service": list(SERVICE_SCOPES)}
    common = {"client_secret": KEY_SECRET, "redirect_uris": [CALLBACK]}
    return [{"client_id": name, "scopes": allowed, **common} for name, allowed in scopes.items()]
