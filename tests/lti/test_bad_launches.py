"""Launches that are not as they should be: one claim or step each, and each with its own reason."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app import create_app, db
from app.lti.launch import LARGEST
from app.models import LtiLogin
from tests.conftest import settings_for
from tests.facts import fact
from tests.lti import platform as lti
from tests.lti.conftest import IMPATIENT, launches_recorded
from tests.lti.forging import Claims, Forgery, assert_refused, cookies, forgery
from tests.lti.platform import CLAIM, CLIENT, LIS, Browser, Platform, encoded, signed


def claim(name: str, value: object) -> Callable[[Forgery], None]:
    return lambda forged: forged.claims.update({name: value})


def at(name: str, seconds: int) -> Callable[[Forgery], None]:
    return lambda forged: forged.claims.update({name: time.time() + seconds})


def without(name: str) -> Callable[[Forgery], None]:
    return lambda forged: forged.claims.pop(name) and None


def custom(**values: object) -> Callable[[Forgery], None]:
    return lambda forged: forged.claims[CLAIM + "custom"].update(values)


def by(sign: Callable[[Claims], str]) -> Callable[[Forgery], None]:
    return lambda forged: setattr(forged, "sign", sign)


def token(change: Callable[[str], str | None]) -> Callable[[Forgery], None]:
    return lambda forged: setattr(forged, "token", change)


def state(value: str | None) -> Callable[[Forgery], None]:
    return lambda forged: setattr(forged, "state", value)


def keys(*published: dict[str, Any]) -> Callable[[Forgery], None]:
    return lambda forged: forged.platform.publishes(*published)


def key_address(**answer: Any) -> Callable[[Forgery], None]:
    return lambda forged: forged.platform.breaks(**answer)


def hanging_keys(forged: Forgery) -> None:
    forged.platform.delay = 2


def other_browser(forged: Forgery) -> None:
    forged.browser = Browser(forged.browser.app)
    forged.browser.begins()  # it has cookies of its own login


def without_cookies(forged: Forgery) -> None:
    forged.browser = Browser(forged.browser.app)


def cookie_of_another_login(forged: Forgery) -> None:
    """The right cookie's name with a wrong secret."""
    mine = next(c for c in cookies(forged.browser) if c.key.startswith("observatory_lti"))
    forged.browser.client.set_cookie(mine.key, "stolen", domain=mine.domain, path=mine.path)


def token_of_another_login(forged: Forgery) -> None:
    forged.claims["nonce"] = forged.browser.begins().nonce


def expired_login(forged: Forgery) -> None:
    with db.transaction() as session:
        session.execute(update(LtiLogin).values(expires_at=datetime.now(UTC)))


def spent_login(forged: Forgery) -> None:
    with db.transaction() as session:
        session.execute(update(LtiLogin).values(spent_at=datetime.now(UTC)))


def short_key(forged: Forgery) -> None:
    forged.platform.publishes(lti.jwk(lti.SHORT_KEY, "short"))
    forged.sign = lambda body: lti.jws(body, {"alg": "RS256", "kid": "short"}, lti.SHORT_KEY)


def tampered(text: str) -> str:
    head, body, signature = text.split(".")
    return f"{head}.{body}.{signature[::-1]}"


def changed_body(forged: Forgery) -> None:
    def sign(body: Claims) -> str:
        head, _, signature = signed(body).split(".")
        return f"{head}.{encoded({**body, 'sub': 'somebody else'})}.{signature}"

    forged.sign = sign


DEEP = "[" * 30_000

BAD = {
    "the state is missing": (state(None), "state_missing"),
    "the state is empty": (state(""), "state_missing"),
    "the state is unknown": (state("state-of-nobody"), "state_unknown"),
    "the state has expired": (expired_login, "state_expired"),
    "the state is spent": (spent_login, "state_spent"),
    "the browser is another": (cookie_of_another_login, "browser_other"),
    "the browser began another login": (other_browser, "browser_missing"),
    "the browser sends no cookie": (without_cookies, "browser_missing"),
    "the token answers another login": (token_of_another_login, "nonce"),
    "the nonce is wrong": (claim("nonce", "guessed"), "nonce"),
    "the nonce is missing": (without("nonce"), "nonce"),
    "the nonce is a number": (claim("nonce", 5), "nonce"),
    "the nonce is a list": (claim("nonce", ["x"]), "nonce"),
    "the issuer is another": (claim("iss", "https://canvas.beta.instructure.com"), "issuer"),
    "the issuer is missing": (without("iss"), "issuer"),
    "the audience is another tool": (claim("aud", "10000000000778"), "audience"),
    "the audience is missing": (without("aud"), "audience"),
    "the audience is an object": (claim("aud", {CLIENT: 1}), "audience"),
    "the audience is a list without us": (claim("aud", ["1", "2"]), "audience"),
    "the audience is an empty list": (claim("aud", []), "audience"),
    "we are one of several, and nobody is authorized": (
        lambda f: f.claims.update(aud=["1", CLIENT], azp=None),
        "audience",
    ),
    "the authorized party is another": (claim("azp", "10000000000778"), "audience"),
    "the authorized party of a list is another": (
        lambda f: f.claims.update(aud=[CLIENT, "1"], azp="1"),
        "audience",
    ),
    "the token has expired": (at("exp", -90), "expired"),
    "the expiry is missing": (without("exp"), "claim_missing"),
    "the expiry is a word": (claim("exp", "tomorrow"), "claim_malformed"),
    "the expiry is true": (claim("exp", True), "claim_malformed"),
    "the expiry is beyond all time": (claim("exp", 10**30), "claim_malformed"),
    "the time of issue is missing": (without("iat"), "claim_missing"),
    "the time of issue is in the future": (at("iat", 90), "not_yet"),
    "the time of issue is a word": (claim("iat", "now"), "claim_malformed"),
    "the token is not to be used yet": (at("nbf", 90), "not_yet"),
    "the subject is missing": (without("sub"), "claim_missing"),
    "the subject is empty": (claim("sub", ""), "claim_missing"),
    "the subject is a number": (claim("sub", 7), "claim_malformed"),
    "the deployment is missing": (without(CLAIM + "deployment_id"), "claim_missing"),
    "the deployment is unknown": (claim(CLAIM + "deployment_id", "99:other"), "deployment_unknown"),
    "the deployment is a number": (claim(CLAIM + "deployment_id", 41), "claim_malformed"),
    "the deployment holds a null character": (
        claim(CLAIM + "deployment_id", "41\x00"),
        "deployment_unknown",
    ),
    "the version is another": (claim(CLAIM + "version", "1.1"), "version"),
    "the version is missing": (without(CLAIM + "version"), "version"),
    "the message is for deep linking": (
        claim(CLAIM + "message_type", "LtiDeepLinkingRequest"),
        "message_type",
    ),
    "the message type is unknown": (claim(CLAIM + "message_type", "Hello"), "message_type"),
    "the message type is missing": (without(CLAIM + "message_type"), "message_type"),
    "the roles are missing": (without(CLAIM + "roles"), "claim_missing"),
    "the roles are a word": (claim(CLAIM + "roles", LIS + "membership#Instructor"), "claim_malformed"),
    "the roles are numbers": (claim(CLAIM + "roles", [1]), "claim_malformed"),
    "the resource link is missing": (without(CLAIM + "resource_link"), "claim_missing"),
    "the resource link has no id": (claim(CLAIM + "resource_link", {"title": "x"}), "claim_missing"),
    "the resource link is a word": (claim(CLAIM + "resource_link", "x"), "claim_malformed"),
    "the link is one in a course's content": (
        claim(CLAIM + "resource_link", {"id": "3f8a2c1e-6a52-4a0e-9d55-0b1f4f6c2a11"}),
        "placement",
    ),
    "the context is a word": (claim(CLAIM + "context", "BIO101"), "claim_malformed"),
    "the placement is a number": (claim(lti.PLACEMENT, 3), "claim_malformed"),
    "the target link is missing": (without(CLAIM + "target_link_uri"), "claim_missing"),
    "the target link is foreign": (claim(CLAIM + "target_link_uri", "https://evil.test/"), "target_foreign"),
    "the custom fields are a word": (claim(CLAIM + "custom", "x"), "claim_malformed"),
    "the custom fields are missing": (without(CLAIM + "custom"), "ids_missing"),
    "the user id is not expanded": (custom(canvas_user_id="$Canvas.user.id"), "ids_missing"),
    "the user id is a list": (custom(canvas_user_id=["1042"]), "claim_malformed"),
    "the user id is a word": (custom(canvas_user_id="self"), "claim_malformed"),
    "the user id is true": (custom(canvas_user_id=True), "claim_malformed"),
    "the user id is a fraction": (custom(canvas_user_id=10.5), "claim_malformed"),
    "the course id is not expanded": (custom(canvas_course_id="$Canvas.course.id"), "ids_missing"),
    "the course id is an object": (custom(canvas_course_id={"id": 77}), "claim_malformed"),
    "the sections are words": (
        custom(canvas_section_ids="A,B", canvas_section_restricted=True),
        "claim_malformed",
    ),
    "the restriction is a number": (custom(canvas_section_restricted="5"), "claim_malformed"),
    "the key is not published": (by(lambda b: signed(b, lti.OTHER_KEY, "k2")), "key_unknown"),
    "the key has no name": (by(lambda b: signed(b, kid=None)), "key_unknown"),
    "the key's name is a number": (by(lambda b: lti.jws(b, {"alg": "RS256", "kid": 1})), "key_unknown"),
    "the signature is by another key": (by(lambda b: signed(b, lti.OTHER_KEY)), "signature"),
    "the signature is mangled": (token(tampered), "signature"),
    "the body was changed after signing": (changed_body, "signature"),
    "the token is not signed": (by(lti.unsigned), "algorithm"),
    "the token is signed with the public key as a secret": (by(lti.signed_with_the_public_key), "algorithm"),
    "the algorithm is RS512": (by(lambda b: lti.jws(b, {"alg": "RS512", "kid": "k1"})), "algorithm"),
    "the algorithm is missing": (by(lambda b: lti.jws(b, {"kid": "k1"})), "algorithm"),
    "the header demands what nobody understands": (
        by(lambda b: lti.jws(b, {"alg": "RS256", "kid": "k1", "crit": ["exp2"], "exp2": 1})),
        "signature",
    ),
    "the key is too short": (short_key, "key_short"),
    "the key address fails": (key_address(status=500), "keys_unreachable"),
    "the key address answers an error as JSON": (
        key_address(status=200, body=b'{"errors": [{"message": "An error occurred."}]}'),
        "keys_unreachable",
    ),
    "the key address shows a web page": (
        key_address(status=200, body=b"<html>", kind="text/html"),
        "keys_unreachable",
    ),
    "the key address sends us elsewhere": (key_address(status=302), "keys_unreachable"),
    "the key address publishes nothing": (keys(), "keys_unreachable"),
    "the key address publishes nonsense": (keys({"kid": "k1"}), "keys_unreachable"),
    "the key address lists no objects": (
        key_address(status=200, body=b'{"keys": ["k1", null]}'),
        "keys_unreachable",
    ),
    "the key address is deeply nested": (key_address(status=200, body=DEEP.encode()), "keys_unreachable"),
    "the key address hangs": (hanging_keys, "keys_unreachable"),
    "the token is missing": (token(lambda _: None), "token_missing"),
    "the token is empty": (token(lambda _: ""), "token_missing"),
    "the token is oversized": (token(lambda t: t + "A" * LARGEST), "token_oversized"),
    "the token has two parts": (token(lambda t: t.rpartition(".")[0]), "token_malformed"),
    "the token is a word": (token(lambda _: "hello"), "token_malformed"),
    "the token is not base64": (token(lambda _: "{.}.x"), "token_malformed"),
    "the token is not text": (
        token(lambda _: f"{encoded(b'{}')}.{encoded(bytes([255, 254]))}.x"),
        "token_malformed",
    ),
    "the token is not JSON": (token(lambda _: f"{encoded(b'x')}.{encoded(b'y')}.x"), "token_malformed"),
    "the token is a list": (token(lambda _: f"{encoded(b'[]')}.{encoded(b'[]')}.x"), "token_malformed"),
    "the token holds NaN": (token(lambda _: f"{encoded(b'{}')}.{encoded(b'NaN')}.x"), "token_malformed"),
    "the token is deeply nested": (
        token(lambda _: f"{encoded(b'{}')}.{encoded(DEEP.encode())}.x"),
        "token_malformed",
    ),
}


@pytest.fixture(scope="module")
def one_app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Launches that are refused leave nothing behind, so that all can share one application."""
    path = tmp_path_factory.mktemp("lti") / "observatory.db"
    shutil.copy(sqlite_template, path)
    return create_app(settings_for(f"sqlite:///{path}", **IMPATIENT))


@pytest.fixture
def app(one_app: Flask) -> Iterator[Flask]:
    with one_app.app_context():
        yield one_app
        db.database.engine.dispose()


@fact(
    "lti 1.4",
    "A token is an RS256 JWS by a key of Canvas's key set; one of 512 bits comes with a fresh Canvas.",
)
@pytest.mark.parametrize(("spoil", "reason"), BAD.values(), ids=BAD.keys())
def test_it_is_refused_when(
    spoil: Callable[[Forgery], None], reason: str, browser: Browser, platform: Platform
) -> None:
    forged = forgery(browser, platform)
    spoil(forged)

    page = forged.posted()

    assert_refused(page, reason)
    assert launches_recorded(browser.app) == []


@fact(
    "lti 1.3", "authorize posts its errors to the tool: error, error_description and state, without a token."
)
@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        ("login_required", "login_required", "Sign in to Canvas"),
        ("launch_no_longer_valid", "launch_used", "works once"),
        ("unauthorized_client", "client_off", "switched off"),
        ("invalid_request_object", "platform_refused", "Canvas said no"),
        ("<script>", "platform_refused", "Canvas said no"),
    ],
)
def test_an_error_of_canvas_becomes_a_sentence(browser: Browser, error: str, reason: str, words: str) -> None:
    sent = browser.begins()

    page = browser.returns(None, sent.state, error=error, error_description="<b>what Canvas says</b>")

    assert_refused(page, reason)
    assert words in page.text
    assert "<b>" not in page.text
    assert launches_recorded(browser.app) == []


@fact("lti 2.1", "deployment_id is the tool's number, a colon, and the opaque id of where it was deployed.")
def test_an_unknown_deployment_is_named_for_the_admin(browser: Browser, platform: Platform) -> None:
    forged = forgery(browser, platform)
    forged.claims[CLAIM + "deployment_id"] = "99:<new>"

    page = forged.posted()

    assert "99:&lt;new&gt;" in page.text
    assert "platform add" in page.text


def test_a_get_of_the_launch_address_is_no_launch(browser: Browser) -> None:
    assert browser.request("GET", "/lti/launch").status_code == 405
