"""A launch works once."""

import threading

import pytest
from werkzeug.test import TestResponse

from tests.facts import fact
from tests.lti.conftest import launches_recorded
from tests.lti.forging import assert_refused, cookies, forgery
from tests.lti.platform import Browser, Platform


@fact("lti 1.3", "A launch can be consumed once.")
def test_the_same_launch_posted_again_is_refused(browser: Browser, platform: Platform) -> None:
    forged = forgery(browser, platform)
    kept = cookies(browser)
    assert forged.posted().status_code == 200
    for cookie in kept:  # a browser that kept the cookie we took away
        browser.client.set_cookie(cookie.key, cookie.value, domain=cookie.domain, path=cookie.path)

    assert_refused(forged.posted(), "state_spent")
    assert len(launches_recorded(browser.app)) == 1


def test_a_new_token_for_a_spent_state_is_refused(browser: Browser, platform: Platform) -> None:
    forged = forgery(browser, platform)
    assert forged.posted().status_code == 200
    forged.claims["sub"] = "somebody else"

    assert_refused(forged.posted(), "state_spent")


@pytest.mark.both_databases
def test_of_eight_equal_posts_at_once_exactly_one_wins(browser: Browser, platform: Platform) -> None:
    forged = forgery(browser, platform)
    text = forged.sign(forged.claims)
    browsers = [Browser(browser.app) for _ in range(8)]
    for other in browsers:
        for cookie in cookies(browser):
            other.client.set_cookie(cookie.key, cookie.value, domain=cookie.domain, path=cookie.path)
    start = threading.Barrier(len(browsers))
    pages: list[TestResponse] = []

    def post(other: Browser) -> None:
        start.wait()
        pages.append(other.returns(text, forged.state))

    threads = [threading.Thread(target=post, args=(other,)) for other in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(page.status_code for page in pages) == [200] + [400] * 7
    for page in pages:
        if page.status_code != 200:
            assert_refused(page, "state_spent")
    assert len(launches_recorded(browser.app)) == 1
