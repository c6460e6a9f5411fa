"""The three ways in, in a real browser: a frame of the sandbox's Canvas, with and without cookies."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from playwright.sync_api import BrowserContext, FrameLocator, Page, sync_playwright
from werkzeug.serving import make_server

from app import create_app, db
from app.lti import configuration
from app.web import lti
from tests.chromium import launch_options
from tests.conftest import settings_for
from tests.facts import fact
from tests.lti.conftest import add_platform, launches_recorded
from tests.lti.platform import Platform
from tests.sandbox import campus
from tests.sandbox.running import Sandbox

pytestmark = pytest.mark.browser

BLOCK = 2  # Chromium's word for a content setting
DEPLOYMENT = "1:abcd"
THIRD_PARTY_BLOCKED = 1
Browse = Callable[..., Page]


@dataclass
class Site:
    """Our server at 127.0.0.1, which to a browser is another site than the sandbox's localhost."""

    app: Flask
    url: str
    sandbox: Sandbox

    def without_storage(self) -> None:
        self.sandbox.use({**self.sandbox.state(), "settings": {"platform_storage": False}})


@pytest.fixture
def site(sandbox: Sandbox, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    app = create_app(settings_for(database_url, OBSERVATORY_PUBLIC_URL=url))
    for portal in lti.Portal:
        monkeypatch.setitem(lti.portals, portal, lambda portal=portal: first_page(portal))
    tool = {**campus.WORLD["lti_tools"][0], "configuration": configuration.canvas_json(url)}
    sandbox.use({**campus.WORLD, "lti_tools": [tool]})
    with app.app_context():
        platform = Platform(url=f"{sandbox.url}/api/lti/security/jwks")
        words = {
            "canvas_url": sandbox.url,
            "client_id": campus.TOOL,
            "deployment_id": DEPLOYMENT,
            "authorize_url": f"{sandbox.url}/api/lti/authorize_redirect",
        }
        assert add_platform(app, platform, **words) == []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    with app.app_context():
        yield Site(app, url, sandbox)
        server.shutdown()
        thread.join()
        server.server_close()
        db.database.engine.dispose()


def first_page(portal: lti.Portal) -> str:
    launch = g.visit.launch
    return f"<title>x</title><h1>{portal} portal for {launch.person.name}</h1>"


@contextmanager
def chromium(profile: Path, cookies: dict[str, Any]) -> Iterator[BrowserContext]:
    """A browser with its own rules for cookies: pairs of our address and the page around it."""
    preferences = {
        "profile": {
            "cookie_controls_mode": THIRD_PARTY_BLOCKED,
            "content_settings": {"exceptions": {"cookies": cookies}},
        }
    }
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(profile, **launch_options())
        yield context
        context.close()


@pytest.fixture
def browse(site: Site, tmp_path: Path) -> Iterator[Browse]:
    """Sign in to Canvas as the instructor, in a browser that blocks our cookies where it is told to."""
    with ExitStack() as stack:

        def start(*blocked: str) -> Page:
            context = stack.enter_context(
                chromium(tmp_path / "profile", {pattern: {"setting": BLOCK} for pattern in blocked})
            )
            page = context.pages[0]
            page.goto(f"{site.sandbox.url}/login/canvas")
            page.get_by_role("button", name="Ida Teacher").click()
            return page

        yield start


def opened(page: Page, site: Site) -> FrameLocator:
    """The tool's page in Canvas, by the course's own menu; its teacher has it switched on there."""
    page.goto(f"{site.sandbox.url}/courses/{campus.COURSE}/settings")
    shown = page.get_by_role("button", name="Show Observatory")
    if shown.is_visible():
        shown.click()
    page.get_by_role("navigation", name="Course").get_by_role("link", name="Observatory").click()
    return page.frame_locator("iframe[name=tool_content]")


def arrives(frame: FrameLocator | Page) -> None:
    frame.get_by_role("heading", name="instructor portal for Ida Teacher").wait_for()


@fact("lti 5", "A partitioned cookie comes back in Canvas's frame where browsers block other sites' cookies.")
def test_a_partitioned_cookie_carries_the_login_through_the_frame(site: Site, browse: Browse) -> None:
    site.without_storage()
    page = browse()

    arrives(opened(page, site))
    arrives(opened(page, site))  # and again, now that the browser is known

    names = [cookie["name"] for cookie in page.context.cookies() if cookie["path"] == "/lti"]
    assert names == ["observatory_probe"]  # the logins' own are gone


@fact("lti 5", "lti.put_data and lti.get_data keep a value in Canvas for the tool's origin.")
def test_without_cookies_canvas_storage_carries_it(site: Site, browse: Browse) -> None:
    page = browse(f"{site.url},*")

    arrives(opened(page, site))

    assert page.context.cookies(site.url + "/lti") == []


def test_without_cookies_and_storage_a_new_tab_opens(site: Site, browse: Browse) -> None:
    site.without_storage()
    page = browse(f"{site.url},{site.sandbox.url}")
    frame = opened(page, site)
    button = frame.get_by_role("link", name="Open in a new tab")
    button.wait_for()
    assert frame.get_by_text("keeps this frame from remembering").is_visible()
    assert frame.get_by_role("link", name="Continue here").is_hidden()
    assert launches_recorded(site.app) == []

    with page.context.expect_page() as tab:
        button.click()

    arrives(tab.value)


def test_no_page_of_the_login_breaks_its_own_policy(site: Site, browse: Browse) -> None:
    page = browse(f"{site.url},*")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    arrives(opened(page, site))

    assert [line for line in said if "Content Security Policy" in line] == []
