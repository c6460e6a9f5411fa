"""To Canvas's OAuth page and back."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.canvas import oauth, tokens, users
from app.canvas.oauth import Attempt, CallbackProblem, Refusal
from app.crypto import Keyring
from app.errors import CanvasFailure, CanvasNonsense, CanvasRejects, NotConnected, TokenDead
from app.models import Institution, OAuthAttempt, OAuthPurpose
from app.settings import Settings
from tests.canvas.conftest import CALLBACK, KEY_SECRET
from tests.canvas.remote import Remote, Reply
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import ADMIN, PARENT

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
SERVICE, OBSERVER = OAuthPurpose.SERVICE, OAuthPurpose.OBSERVER
BROWSER = "browser-secret"
ATTEMPT = Attempt(1, OBSERVER, "the-verifier", None, None)


@pytest.fixture
def keyring(app: Flask) -> Keyring:
    kept: Keyring = app.extensions["keyring"]
    return kept


def school(keyring: Keyring, canvas_url: str, client_id: str | None = "any") -> Institution:
    sealed = keyring.seal(KEY_SECRET, "institutions.oauth_client_secret:school")
    institution = Institution(
        slug="school",
        name="School",
        canvas_url=canvas_url,
        oauth_client_id=client_id,
        oauth_client_secret=sealed,
        created_at=NOW,
    )
    with db.transaction() as session:
        session.add(institution)
    return institution


def begin(
    keyring: Keyring,
    institution: Institution,
    purpose: OAuthPurpose = OBSERVER,
    typed: str | None = "AB3DE-9FGH2",
) -> str:
    with db.transaction() as session:
        return oauth.begin(session, keyring, institution, purpose, CALLBACK, BROWSER, typed, None, NOW)


def take(keyring: Keyring, state: str, browser: str = BROWSER, now: datetime = NOW) -> Attempt | Refusal:
    with db.transaction() as session:
        return oauth.take(session, keyring, state, browser, now)


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_address_asks_for_little_and_proves_much(keyring: Keyring) -> None:
    url = begin(keyring, school(keyring, "https://school.test"))
    asked = query(url)
    assert url.startswith("https://school.test/login/oauth2/auth?")
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", "any", CALLBACK)
    assert asked["scope"].split() == list(oauth.OBSERVER_SCOPES)
    with db.reading() as session:
        row = session.scalars(select(OAuthAttempt)).one()
    kept = repr({name: value for name, value in vars(row).items() if not name.startswith("_")})
    for secret in (asked["state"], BROWSER, "AB3DE-9FGH2"):
        assert secret not in kept
    attempt = take(keyring, asked["state"])
    assert isinstance(attempt, Attempt)
    assert (attempt.purpose, attempt.typed, attempt.launch_id) == (OBSERVER, "AB3DE-9FGH2", None)
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert asked["code_challenge_method"] == "S256"
    assert attempt.verifier not in url + repr(attempt)
    assert "AB3DE" not in repr(attempt)


def test_an_address_fits_into_a_header(keyring: Keyring) -> None:
    url = begin(keyring, school(keyring, "https://school.test"), SERVICE)
    assert query(url)["scope"].split() == list(oauth.SERVICE_SCOPES)
    assert len(url) < 4000


def test_without_a_developer_key_nobody_is_sent(keyring: Keyring) -> None:
    with pytest.raises(NotConnected):
        begin(keyring, school(keyring, "https://school.test", client_id=None))


def test_a_return_is_taken_once_in_time_and_in_its_browser(keyring: Keyring) -> None:
    institution = school(keyring, "https://school.test")

    def state() -> str:
        return query(begin(keyring, institution, typed=None))["state"]

    assert take(keyring, "made up") is Refusal.UNKNOWN
    assert take(keyring, "") is Refusal.UNKNOWN
    assert take(keyring, state(), now=NOW + oauth.ATTEMPT_LIFE) is Refusal.EXPIRED
    good = state()
    assert isinstance(take(keyring, good, now=NOW + timedelta(minutes=29)), Attempt)
    assert take(keyring, good) is Refusal.SPENT
    stolen = state()
    assert take(keyring, stolen, browser="another") is Refusal.OTHER_BROWSER
    assert take(keyring, stolen) is Refusal.SPENT


@pytest.mark.both_databases
def test_of_eight_who_bring_one_state_one_is_let_in(app: Flask, keyring: Keyring) -> None:
    state = query(begin(keyring, school(keyring, "https://school.test")))["state"]

    def bring(_: int) -> Attempt | Refusal:
        with app.app_context():
            return take(keyring, state)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(bring, range(8)))
    assert sum(isinstance(outcome, Attempt) for outcome in outcomes) == 1
    assert outcomes.count(Refusal.SPENT) == 7


def test_canvas_s_words_are_known() -> None:
    assert CallbackProblem("access_denied") is CallbackProblem.ACCESS_DENIED
    assert CallbackProblem("<script>") is CallbackProblem.OTHER


USER = {"id": 42, "name": "Ida", "global_id": "10000000000042"}
GRANT = {"access_token": "acc", "token_type": "Bearer", "user": USER, "refresh_token": "ref"}


def exchange(
    keyring: Keyring, settings: Settings, remote: Remote, reply: Reply, code: str = "c0de"
) -> oauth.Grant:
    remote.says(reply)
    institution = school(keyring, remote.url)
    return oauth.exchange(settings, keyring, institution, ATTEMPT, code, CALLBACK, NOW)


def test_a_code_is_exchanged_in_the_body_only(keyring: Keyring, settings: Settings, remote: Remote) -> None:
    odd = "c0de &+%ü"
    grant = exchange(keyring, settings, remote, Reply(data={**GRANT, "expires_in": 3600}), odd)
    (seen,) = remote.seen
    assert seen.target == "/login/oauth2/token"
    assert seen.form == {
        "grant_type": ["authorization_code"],
        "code": [odd],
        "code_verifier": ["the-verifier"],
        "redirect_uri": [CALLBACK],
        "client_id": ["any"],
        "client_secret": [KEY_SECRET],
    }
    assert seen.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert seen.headers["user-agent"].startswith("Observatory/")
    assert "authorization" not in seen.headers
    assert (grant.access, grant.refresh, grant.expires_at) == ("acc", "ref", NOW + timedelta(hours=1))
    assert (grant.canvas_user_id, grant.name, grant.masquerading) == ("42", "Ida", False)
    assert "acc" not in repr(grant).replace("access", "")


def test_an_admin_who_acts_as_somebody_is_seen(keyring: Keyring, settings: Settings, remote: Remote) -> None:
    grant = exchange(keyring, settings, remote, Reply(data={**GRANT, "real_user": {"id": 1, "name": "A"}}))
    assert grant.masquerading
    assert grant.expires_at is None


WRONG = {
    "spent": (Reply(400, {"error": "invalid_grant", "error_description": "not found"}), CanvasRejects),
    "key": (Reply(401, {"error": "invalid_client", "error_description": "unknown client"}), CanvasRejects),
    "userinfo": (Reply(data={**GRANT, "access_token": None}), CanvasNonsense),
    "nobody": (Reply(data={**GRANT, "user": None}), CanvasNonsense),
    "no id": (Reply(data={**GRANT, "user": {"name": "Ida"}}), CanvasNonsense),
    "a list": (Reply(data=[GRANT]), CanvasNonsense),
    "a page": (Reply(200, body=b"<html>"), CanvasNonsense),
    "a redirect": (Reply(302, body=b"", headers={"Location": "/login"}), CanvasNonsense),
    "an error in a 200": (Reply(data={"error": "invalid_grant"}), CanvasNonsense),
}


@pytest.mark.parametrize(("reply", "failure"), WRONG.values(), ids=WRONG.keys())
def test_an_exchange_that_fails_says_why(
    keyring: Keyring, settings: Settings, remote: Remote, reply: Reply, failure: type[CanvasFailure]
) -> None:
    with pytest.raises(CanvasFailure) as caught:
        exchange(keyring, settings, remote, reply)
    assert type(caught.value) is failure
    assert len(remote.seen) == 1, "a code works once"


def test_an_exchange_tells_no_secret(
    keyring: Keyring, settings: Settings, remote: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    echo = f"{KEY_SECRET} c0de the-verifier"
    with pytest.raises(CanvasRejects) as caught:
        exchange(keyring, settings, remote, Reply(400, {"error": "invalid_grant", "error_description": echo}))
    told = repr(caught.value) + str(caught.value) + caplog.text
    for secret in (KEY_SECRET, "c0de", "the-verifier"):
        assert secret not in told


def walk(sandbox: Sandbox, user_id: int, url: str) -> dict[str, str]:
    """Sign in at Canvas and say yes; what comes back to the callback."""
    sandbox.call("POST", "/login/canvas", data={"user_id": user_id})
    sandbox.http.get(url)
    answer = sandbox.call("POST", "/login/oauth2/accept")
    return query(answer.headers["location"])


@pytest.mark.parametrize(
    ("purpose", "key", "user_id"),
    [(OBSERVER, "observer", PARENT), (SERVICE, "service", ADMIN), (OBSERVER, "any", PARENT)],
)
def test_a_person_connects_and_gives_the_token_up_again(
    keyring: Keyring,
    settings: Settings,
    sandbox: Sandbox,
    purpose: OAuthPurpose,
    key: str,
    user_id: int,
) -> None:
    institution = school(keyring, sandbox.url, client_id=key)
    back = walk(sandbox, user_id, begin(keyring, institution, purpose))
    attempt = take(keyring, back["state"])
    assert isinstance(attempt, Attempt)
    wrong = replace(attempt, verifier="another" * 8)
    with pytest.raises(CanvasRejects):
        oauth.exchange(settings, keyring, institution, wrong, back["code"], CALLBACK, NOW)
    grant = oauth.exchange(settings, keyring, institution, attempt, back["code"], CALLBACK, NOW)
    with pytest.raises(CanvasRejects, match="authorization_code not found"):
        oauth.exchange(settings, keyring, institution, attempt, back["code"], CALLBACK, NOW)
    assert grant.canvas_user_id == str(user_id)
    assert grant.expires_at == NOW + timedelta(hours=1)
    canvas = tokens.given(sandbox.url, grant.access, settings)
    assert users.profile(canvas).id == str(user_id)
    assert oauth.revoke(canvas)
    assert not oauth.revoke(canvas)
    with pytest.raises(TokenDead):
        users.profile(canvas)


def test_a_key_without_our_scopes_sends_the_person_back(keyring: Keyring, sandbox: Sandbox) -> None:
    url = begin(keyring, school(keyring, sandbox.url, client_id="observer"), SERVICE)
    sandbox.call("POST", "/login/canvas", data={"user_id": ADMIN})
    back = query(sandbox.http.get(url).headers["location"])
    assert CallbackProblem(back["error"]) is CallbackProblem.INVALID_SCOPE
    assert isinstance(take(keyring, back["state"]), Attempt)
