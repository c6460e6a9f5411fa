"""One sandbox for all tests of this folder, at its start before each of them."""

from collections.abc import Iterator

import pytest

from tests.sandbox.campus import Campus
from tests.sandbox.running import Sandbox, running
from tests.sandbox.worlds import small_world


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """A sandbox with the made-up school."""
    shared_sandbox.reset()
    shared_sandbox.http.cookies.clear()
    return shared_sandbox


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the small world of `worlds.py`."""
    sandbox.use(small_world())
    return sandbox


@pytest.fixture
def campus(sandbox: Sandbox) -> Campus:
    """The campus of `campus.py`, for whoever comes with a browser."""
    return Campus(sandbox).becomes()
