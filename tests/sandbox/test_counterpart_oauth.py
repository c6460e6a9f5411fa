"""An OAuth client that somebody else wrote, requests-oauthlib, goes through the sandbox as it comes."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from oauthlib.oauth2 import InvalidGrantError, OAuth2Error, TokenExpiredError
from requests_oauthlib import OAuth2Session

from tests.facts import fact
from tests.sandbox.campus import CALLBACK, KEY, PARENT, SCOPED_KEY, SECRET, Campus


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback speaks plain HTTP; the library asks to be told that this is meant."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def session_of(campus: Campus, client_id: str = KEY, **more: object) -> OAuth2Session:
    found = OAuth2Session(client_id, redirect_uri=CALLBACK, **more)
    found.headers["User-Agent"] = "a client of other makers"
    return found


def allowed(campus: Campus, session: OAuth2Session, **more: str) -> str:
    """What the parent's browser comes back with after allowing what is asked for."""
    browser = campus.browser(PARENT)
    url, _state = session.authorization_url(f"{campus.url}/login/oauth2/auth", **more)
    page = browser.get(url)
    assert page.status_code in (200, 302), page.text
    return browser.post("/login/oauth2/accept").headers["location"]


def granted(campus: Campus, session: OAuth2Session, back: str) -> dict[str, object]:
    token: dict[str, object] = session.fetch_token(
        f"{campus.url}/login/oauth2/token",
        authorization_response=back,
        client_secret=SECRET,
        include_client_id=True,
    )
    return token


@fact("lti 7.1", "The code comes back to the redirect address with the state that was sent.")
@fact("lti 7.2", "A code is traded for a token of one hour, a refresh token and the user.")
def test_it_signs_a_parent_in_and_calls_the_api(campus: Campus) -> None:
    session = session_of(campus)

    token = granted(campus, session, allowed(campus, session))

    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 3600
    assert token["user"]["id"] == PARENT  # type: ignore[index]
    assert session.get(f"{campus.url}/api/v1/users/self/profile").json()["id"] == PARENT


@fact("lti 7.2", "A refresh gives a new access token and no new refresh token: the old one stays good.")
def test_it_renews_a_token_that_has_expired(campus: Campus) -> None:
    session = session_of(campus)
    token = granted(campus, session, allowed(campus, session))
    campus.waits(3601)
    assert session.get(f"{campus.url}/api/v1/users/self/profile").status_code == 401

    fresh = session.refresh_token(f"{campus.url}/login/oauth2/token", client_id=KEY, client_secret=SECRET)

    assert fresh["access_token"] != token["access_token"]
    assert fresh["refresh_token"] == token["refresh_token"]  # the library keeps it when none comes
    assert session.get(f"{campus.url}/api/v1/users/self/profile").status_code == 200


def test_it_renews_by_itself_what_it_knows_to_be_old(campus: Campus) -> None:
    kept: list[dict[str, object]] = []
    session = session_of(
        campus,
        auto_refresh_url=f"{campus.url}/login/oauth2/token",
        auto_refresh_kwargs={"client_id": KEY, "client_secret": SECRET},
        token_updater=kept.append,
    )
    granted(campus, session, allowed(campus, session))
    session.token = {**session.token, "expires_in": -1, "expires_at": 1}

    answer = session.get(f"{campus.url}/api/v1/users/self/profile")

    assert answer.status_code == 200
    assert len(kept) == 1


@fact(
    "lti 7.1",
    "PKCE with S256 is honored where it is on.",
    uncertain="Behind a feature flag, not in the public documentation.",
)
def test_it_proves_with_pkce_that_it_is_the_same_client(campus: Campus) -> None:
    session = session_of(campus, pkce="S256")

    token = granted(campus, session, allowed(campus, session))

    assert token["access_token"]


def test_a_wrong_verifier_is_refused(campus: Campus) -> None:
    session = session_of(campus, pkce="S256")
    back = allowed(campus, session)
    session._code_verifier = "x" * 60

    with pytest.raises(InvalidGrantError):
        granted(campus, session, back)


@fact("lti 7.2", "A code works once; then it is invalid_grant.")
def test_a_code_works_once(campus: Campus) -> None:
    session = session_of(campus)
    back = allowed(campus, session)
    granted(campus, session, back)

    with pytest.raises(InvalidGrantError):
        granted(campus, session, back)


@fact("lti 7.2", "A bad refresh token is invalid_request, not invalid_grant.")
def test_a_bad_refresh_token_is_an_invalid_request(campus: Campus) -> None:
    session = session_of(campus)
    granted(campus, session, allowed(campus, session))

    with pytest.raises(OAuth2Error) as refused:
        session.refresh_token(
            f"{campus.url}/login/oauth2/token", refresh_token="made up", client_id=KEY, client_secret=SECRET
        )

    assert refused.value.error == "invalid_request"


@fact("lti 7.4", "A scoped key must be asked for scopes it has; others come back as invalid_scope.")
def test_a_scope_that_the_key_lacks_is_told_on_the_way_back(campus: Campus) -> None:
    session = session_of(campus, SCOPED_KEY, scope=["url:GET|/api/v1/users/:id", "url:GET|/api/v1/nonsense"])
    url, _ = session.authorization_url(f"{campus.url}/login/oauth2/auth")

    answer = campus.browser(PARENT).get(url)

    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["invalid_scope"]
    with pytest.raises(OAuth2Error):
        session.fetch_token(
            f"{campus.url}/login/oauth2/token",
            authorization_response=answer.headers["location"],
            client_secret=SECRET,
        )


@fact("lti 7.3", "DELETE on the token's own address ends it at once.")
def test_a_token_that_was_given_back_is_dead(campus: Campus) -> None:
    session = session_of(campus)
    granted(campus, session, allowed(campus, session))

    assert session.delete(f"{campus.url}/login/oauth2/token").json() == {}

    answer = session.get(f"{campus.url}/api/v1/users/self/profile")
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_it_tells_a_token_that_it_knows_to_be_old(campus: Campus) -> None:
    session = session_of(campus)
    granted(campus, session, allowed(campus, session))
    session.token = {**session.token, "expires_in": -1, "expires_at": 1}

    with pytest.raises(TokenExpiredError):
        session.get(f"{campus.url}/api/v1/users/self/profile")
    assert requests.get(f"{campus.url}/login/canvas", timeout=5).status_code == 200
