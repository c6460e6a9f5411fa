"""The login: in a new tab, in a frame, with and without cookies, and turned away."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from app import db
from app.models import LtiLogin
from tests.facts import fact
from tests.lti import platform as lti
from tests.lti.conftest import add_platform, launches_recorded
from tests.lti.platform import Browser, Platform, claims, sent_to, signed

IN_A_FRAME = {"Sec-Fetch-Dest": "iframe"}


def logins_recorded() -> list[LtiLogin]:
    with db.reading() as session:
        return list(session.query(LtiLogin))


def attribute(page: TestResponse, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', page.text)
    assert found, f"no {name} in {page.text}"
    return html.unescape(found[1])


@fact("lti 1.1", "Canvas begins a login by POST, and by GET in some versions.")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_canvas_may_knock_with_get_and_with_post(browser: Browser, method: str) -> None:
    answer = browser.knocks(method=method)

    assert answer.status_code == 302
    assert answer.location.startswith(lti.AUTHORIZE + "?")
    query = parse_qs(urlsplit(answer.location).query)
    assert query["redirect_uri"] == [browser.launch_url]
    assert query["client_id"] == [lti.CLIENT]
    assert query["login_hint"] == ["9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d"]
    assert query["lti_message_hint"] == ["hint.of.canvas"]
    for name, value in (
        ("scope", "openid"),
        ("response_type", "id_token"),
        ("response_mode", "form_post"),
        ("prompt", "none"),
    ):
        assert query[name] == [value]


def test_the_database_keeps_neither_state_nor_nonce_nor_secret(browser: Browser) -> None:
    sent = browser.begins()
    (row,) = logins_recorded()
    secret = next(c.value for c in browser.client._cookies.values() if c.key.startswith("observatory_lti"))

    kept = " ".join(str(value) for value in vars(row).values())
    for word in (sent.state, sent.nonce, secret):
        assert word not in kept
    assert sent.state.removeprefix("state-") not in kept


def test_two_logins_share_nothing(browser: Browser) -> None:
    first, second = browser.begins(), browser.begins()

    assert first.state != second.state
    assert first.nonce != second.nonce


def test_the_cookie_is_for_frames_and_scripts_cannot_read_it(browser: Browser) -> None:
    answer = browser.knocks()

    login, probe = sorted(answer.headers.getlist("Set-Cookie"))
    assert login.startswith("observatory_lti_")
    for part in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/lti", "Max-Age=600"):
        assert part in login
    assert probe.startswith("observatory_probe=1;")
    for part in ("Secure", "SameSite=None", "Partitioned", "Path=/lti"):
        assert part in probe
    assert "HttpOnly" not in probe


def test_the_cookie_is_taken_away_once_it_has_served(browser: Browser) -> None:
    page = browser.launches()

    (gone,) = page.headers.getlist("Set-Cookie")
    assert gone.startswith("observatory_lti_")
    assert "Max-Age=0" in gone
    assert "Partitioned" in gone


@pytest.mark.parametrize("dest", ["document", None, "empty"])
def test_outside_a_frame_the_browser_is_sent_on_at_once(browser: Browser, dest: str | None) -> None:
    answer = browser.knocks(headers={"Sec-Fetch-Dest": dest} if dest else None)

    assert answer.status_code == 302


def test_in_a_frame_that_brought_a_cookie_back_the_browser_is_sent_on_at_once(browser: Browser) -> None:
    browser.knocks()

    assert browser.knocks(headers=IN_A_FRAME).status_code == 302


def test_in_an_unknown_frame_nothing_is_sent_to_canvas_before_the_script_has_looked(browser: Browser) -> None:
    page = browser.knocks(headers=IN_A_FRAME)

    assert page.status_code == 200
    assert "location" not in page.headers
    assert attribute(page, "data-probe") == "observatory_probe"
    assert attribute(page, "data-authorize-url").startswith(lti.AUTHORIZE + "?")
    assert len(page.headers.getlist("Set-Cookie")) == 2
    assert page.headers["Cache-Control"] == "no-store"


def test_the_frame_page_works_without_scripts(browser: Browser) -> None:
    page = browser.knocks(headers=IN_A_FRAME)
    go_on = html.unescape(re.search(r'href="(https://sso[^"]*)"', page.text)[1])  # type: ignore[index]

    sent = sent_to(go_on)
    launched = browser.returns(signed(claims(sent.nonce, browser.launch_url)), sent.state)

    assert launched.status_code == 200


def test_the_frame_page_holds_no_inline_script_or_style(browser: Browser) -> None:
    page = browser.knocks(headers=IN_A_FRAME, lti_storage_target="post_message_forwarding")

    assert re.findall(r"<script(?![^>]* src=)", page.text) == []
    assert "style=" not in page.text
    assert re.findall(r"\son\w+=", page.text) == []


def test_a_new_tab_begins_again_with_the_same_words(browser: Browser) -> None:
    page = browser.knocks(headers=IN_A_FRAME)
    again = html.unescape(re.search(r'href="(/lti/login[^"]*)"', page.text)[1])  # type: ignore[index]
    assert 'target="_blank"' in page.text

    tab = Browser(browser.app)  # other cookies than in the frame, where there are none
    answer = tab.request("GET", again, headers={"Sec-Fetch-Dest": "document"})
    sent = sent_to(answer.location)
    assert parse_qs(urlsplit(sent.location).query)["lti_message_hint"] == ["hint.of.canvas"]

    launched = tab.returns(signed(claims(sent.nonce, tab.launch_url)), sent.state)
    assert launched.status_code == 200
    assert len(launches_recorded(browser.app)) == 1


@fact("lti 1.1", "lti_storage_target is left out where Canvas has no storage for tools.")
def test_without_an_offer_of_storage_the_secret_is_not_on_the_page(browser: Browser) -> None:
    page = browser.knocks(headers=IN_A_FRAME)

    assert "data-browser" not in page.text
    assert "data-storage" not in page.text


def offered(browser: Browser) -> tuple[lti.Sent, str]:
    """A login in a frame without cookies: where it goes, and the secret for Canvas's storage."""
    page = browser.knocks(headers=IN_A_FRAME, lti_storage_target="post_message_forwarding")
    assert attribute(page, "data-storage-target") == "post_message_forwarding"
    assert attribute(page, "data-storage-origin") == "https://sso.canvas.test"
    return sent_to(attribute(page, "data-authorize-url")), attribute(page, "data-browser")


def storage_page(browser: Browser) -> tuple[TestResponse, str]:
    """What comes back from Canvas to a browser without our cookie, and the secret in Canvas's storage."""
    sent, secret = offered(browser)
    blocked = Browser(browser.app)
    token = signed(claims(sent.nonce, browser.launch_url))
    return blocked.returns(token, sent.state, lti_storage_target="post_message_forwarding"), secret


def reposted(browser: Browser, page: TestResponse, secret: str, **headers: str) -> TestResponse:
    return Browser(browser.app).returns(
        attribute(page, 'name="id_token" value'),
        attribute(page, 'name="state" value'),
        browser=secret,
        lti_storage_target="post_message_forwarding",
        headers={"Origin": "https://observatory.test", **headers},
    )


@fact("lti 5", "post_message_forwarding names a frame of Canvas's login host that keeps values for tools.")
def test_without_cookies_the_secret_goes_through_canvas_storage(browser: Browser) -> None:
    page, secret = storage_page(browser)
    assert page.status_code == 200
    assert secret not in page.text
    assert attribute(page, "data-storage-key").startswith("observatory_lti_")
    assert page.headers["Referrer-Policy"] == "same-origin"  # else its post would come without an origin
    assert launches_recorded(browser.app) == []

    launched = reposted(browser, page, secret)

    assert launched.status_code == 200
    assert len(launches_recorded(browser.app)) == 1


def test_a_wrong_secret_from_storage_is_refused(browser: Browser) -> None:
    page, _ = storage_page(browser)

    refused = reposted(browser, page, "guessed")

    assert refused.status_code == 400
    assert "browser_other" in refused.text
    assert launches_recorded(browser.app) == []


def test_an_empty_storage_is_refused_with_the_next_step(browser: Browser) -> None:
    page, _ = storage_page(browser)

    refused = reposted(browser, page, "")

    assert refused.status_code == 400
    assert "browser_missing" in refused.text
    assert "new tab" in refused.text


@pytest.mark.parametrize("origin", ["https://evil.test", "null", ""])
def test_another_site_cannot_post_a_login_it_began_itself(browser: Browser, origin: str) -> None:
    page, secret = storage_page(browser)

    refused = reposted(browser, page, secret, Origin=origin)

    assert refused.status_code == 400
    assert "browser_missing" in refused.text
    assert launches_recorded(browser.app) == []


def test_without_cookie_and_without_storage_the_page_says_what_to_do(browser: Browser) -> None:
    sent = browser.begins()

    refused = Browser(browser.app).returns(signed(claims(sent.nonce, browser.launch_url)), sent.state)

    assert refused.status_code == 400
    assert "browser_missing" in refused.text
    assert "new tab" in refused.text


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"iss": "https://canvas.beta.instructure.com"}, "platform_unknown"),
        ({"client_id": "10000000000778"}, "platform_unknown"),
        ({"target_link_uri": "https://evil.test/lti/launch"}, "target_foreign"),
        ({"target_link_uri": "https://observatory.test.evil.test/lti/launch"}, "target_foreign"),
        ({"target_link_uri": "https://observatory.test/lti/launch@evil.test"}, "target_foreign"),
        ({"target_link_uri": "javascript:alert(1)"}, "target_foreign"),
        ({"target_link_uri": ""}, "login_incomplete"),
        ({"iss": ""}, "login_incomplete"),
        ({"login_hint": ""}, "login_incomplete"),
        ({"iss": "https://canvas\x00"}, "login_incomplete"),
        ({"lti_message_hint": "x" * 5000}, "login_incomplete"),
    ],
    ids=[
        "the issuer is unknown",
        "the client is unknown",
        "the target is on another host",
        "the target only begins like ours",
        "the target is another path",
        "the target is a script",
        "the target is missing",
        "the issuer is missing",
        "the login hint is missing",
        "a parameter holds a null character",
        "a parameter is too long",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_is_refused_when(browser: Browser, params: dict[str, str], reason: str, method: str) -> None:
    answer = browser.knocks(method=method, **params)

    assert answer.status_code == 400
    assert f"<code>{reason}</code>" in answer.text
    assert logins_recorded() == []
    assert "Set-Cookie" not in answer.headers


def test_a_target_with_a_query_is_ours_too(browser: Browser) -> None:
    assert browser.knocks(target_link_uri=browser.launch_url + "?placement=x").status_code == 302


@fact("lti 1.2", "A registration is found by issuer and client id.")
def test_the_client_may_be_left_out_while_the_issuer_has_only_one(
    browser: Browser, platform: Platform
) -> None:
    assert browser.knocks(client_id="").status_code == 302

    assert add_platform(browser.app, platform, client_id="2", slug="other", name="Other") == []
    assert "platform_unknown" in browser.knocks(client_id="").text
