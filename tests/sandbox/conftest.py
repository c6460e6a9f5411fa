"""One sandbox for all tests of this folder, at its start before each of them."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.chromium import launch_options
from tests.sandbox import campus as c
from tests.sandbox.campus import Campus
from tests.sandbox.framed import Tool
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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, campus: Campus) -> Iterator[Page]:
    context = chromium.new_context(base_url=campus.url, viewport={"width": 320, "height": 700})
    yield context.new_page()
    context.close()


@pytest.fixture
def tool(campus: Campus) -> Iterator[str]:
    """A tool at 127.0.0.1, which to a browser is another site than localhost."""
    Tool.canvas = campus.url
    with ThreadingHTTPServer(("127.0.0.1", 0), Tool) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        placements = [
            {"placement": "course_navigation", "text": "Pairing"},
            {"placement": "user_navigation", "text": "My pairings", "windowTarget": "_blank"},
        ]
        urls = {"target_link_uri": f"{url}/lti/launch", "oidc_initiation_url": f"{url}/lti/login"}
        campus.becomes(lti_tools=c.tool(placements=placements, **urls))
        yield url
        server.shutdown()
