"""Chromium with its own rules for cookies, and a page that shows which cookies a frame brings back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright

from tests.chromium import launch_options

ALLOWED, THIRD_PARTY_BLOCKED = 0, 1  # profile.cookie_controls_mode
BLOCK = 2  # a content setting


@contextmanager
def profile(
    driver: Playwright, directory: Path, mode: int, *blocked: tuple[str, str]
) -> Iterator[BrowserContext]:
    """A browser with a profile of its own; `blocked` are pairs of a site and the site around it, or `*`."""
    preferences = {
        "profile": {
            "cookie_controls_mode": mode,
            "content_settings": {
                "exceptions": {"cookies": {",".join(pair): {"setting": BLOCK} for pair in blocked}}
            },
        }
    }
    (directory / "Default").mkdir(parents=True)
    (directory / "Default" / "Preferences").write_text(json.dumps(preferences))
    context = driver.chromium.launch_persistent_context(directory, **launch_options())
    try:
        yield context
    finally:
        context.close()


class _Echo(BaseHTTPRequestHandler):
    """Sets a cookie of the plain kind, and says which cookies came."""

    def do_GET(self) -> None:  # noqa: N802
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Set-Cookie", "plain=1; Path=/; Secure; SameSite=None")
        self.end_headers()
        self.wfile.write(f"cookies: {self.headers['Cookie'] or ''}".encode())

    def log_message(self, format: str, *args: Any) -> None:
        return


def plain_cookie_comes_back(page: Page) -> bool:
    """Whether a frame of another site gets back the plain cookie it was given a moment ago."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            return [_shown(page, url), _shown(page, url)][1] == "cookies: plain=1"
        finally:
            server.shutdown()


def _shown(page: Page, url: str) -> str:
    page.evaluate(
        """url => new Promise(done => {
          const frame = document.createElement("iframe")
          Object.assign(frame, {name: "echo", src: url, onload: done})
          document.body.append(frame)
        })""",
        url,
    )
    text = page.frame_locator("iframe[name=echo]").locator("body").inner_text()
    page.evaluate("document.querySelector('iframe[name=echo]').remove()")
    return text
