"""A good launch about to be posted, for a test to spoil."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from tests.lti import platform as lti
from tests.lti.platform import Browser, Platform, claims, signed

Claims = dict[str, Any]


@dataclass
class Forgery:
    """A good launch about to be posted, for a case to spoil."""

    browser: Browser
    platform: Platform
    sent: lti.Sent
    claims: Claims
    sign: Callable[[Claims], str] = signed
    state: str | None = None
    token: Callable[[str], str | None] = field(default=lambda token: token)

    def posted(self) -> TestResponse:
        return self.browser.returns(self.token(self.sign(self.claims)), self.state)


def forgery(browser: Browser, platform: Platform) -> Forgery:
    sent = browser.begins()
    return Forgery(browser, platform, sent, claims(sent.nonce, browser.launch_url), state=sent.state)


def assert_refused(page: TestResponse, reason: str) -> None:
    assert 400 <= page.status_code < 500
    assert f"<code>{reason}</code>" in page.text
    assert "portal" not in page.text
    assert 'name="launch"' not in page.text


def cookies(browser: Browser) -> list[Any]:
    return list(browser.client._cookies.values())
