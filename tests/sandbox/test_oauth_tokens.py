"""Trading codes for tokens, refreshing them, and giving them up."""

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import Campus

VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def me(campus: Campus, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "campus tests"}
    return httpx.get(f"{campus.url}/api/v1/users/self", headers=headers)


@fact(
    "lti 7.2",
    "The answer has token, type, user with global_id and locale, region, refresh_token and 3600 seconds.",
)
def test_a_code_becomes_a_token_for_an_hour(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)

    body = browser.trade(browser.code()).json()

    access, refresh = body.pop("access_token"), body.pop("refresh_token")
    assert body == {
        "token_type": "Bearer",
        "user": {"id": 40, "name": "Pat Parent", "global_id": "10000000000040", "effective_locale": "en"},
        "canvas_region": "unknown",
        "expires_in": 3600,
    }
    assert access != refresh
    assert me(campus, access).json()["id"] == c.PARENT
    campus.waits(3601)
    assert me(campus, access).status_code == 401


@fact("lti 7.2", "A code without grant_type counts as authorization_code; the client may come by HTTP Basic.")
def test_a_client_may_use_basic_authentication_and_leave_the_grant_type_out(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    form = {"code": browser.code(), "redirect_uri": c.CALLBACK}

    answer = httpx.post(f"{campus.url}/login/oauth2/token", data=form, auth=(c.KEY, c.SECRET))

    assert answer.json()["user"]["id"] == c.PARENT


@fact("lti 7.2", "Unknown client and wrong secret are 401 invalid_client, with WWW-Authenticate.")
@fact("lti 7.2", "A bad code is invalid_grant; a bad refresh token is invalid_request.")
@fact("lti 7.2", "A missing parameter is named; another grant is unsupported_grant_type.")
@fact("lti 7.2", "redirect_uri must be repeated.")
@pytest.mark.parametrize(
    ("form", "status", "error", "description"),
    [
        ({"client_id": "1"}, 401, "invalid_client", "unknown client"),
        ({"client_secret": "wrong"}, 401, "invalid_client", "invalid client"),
        ({"client_secret": ""}, 401, "invalid_client", "invalid client"),
        ({"code": "0" * 128}, 400, "invalid_grant", "authorization_code not found"),
        ({"client_id": c.SCOPED_KEY}, 400, "invalid_grant", "incorrect client"),
        (
            {"redirect_uri": "http://app.test/x"},
            400,
            "invalid_request",
            "redirect_uri does not match client settings",
        ),
        (
            {"code": ""},
            400,
            "invalid_request",
            "You must provide the code parameter when using the authorization_code grant type",
        ),
        (
            {"grant_type": "refresh_token"},
            400,
            "invalid_request",
            "You must provide the refresh_token parameter when using the refresh_token grant type",
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "dead"},
            400,
            "invalid_request",
            "refresh_token not found",
        ),
        (
            {"grant_type": "password"},
            400,
            "unsupported_grant_type",
            "The grant_type you requested is not currently supported",
        ),
    ],
)
def test_token_errors_are_canvas_own(
    campus: Campus, form: dict[str, str], status: int, error: str, description: str
) -> None:
    browser = campus.browser(c.PARENT)
    code = browser.code()

    answer = browser.trade(code, **form)

    assert answer.status_code == status
    assert answer.json() == {"error": error, "error_description": description}
    assert answer.headers.get("www-authenticate") == ("Canvas OAuth 2.0" if status == 401 else None)
    assert browser.trade(code).status_code == 200


@fact("lti 7.1", "A code is valid for ten minutes, once.")
def test_a_code_is_spent_once_and_lives_ten_minutes(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    spent, late = browser.code(), browser.code()
    browser.trade(spent)
    campus.waits(601)

    for code in (spent, late):
        assert browser.trade(code).json()["error_description"] == "authorization_code not found"


@fact("lti 7.2", "A refresh gives no refresh_token: the same one serves for ever.")
def test_refreshing_keeps_the_refresh_token_and_ends_the_old_access_token(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    first = browser.trade(browser.code()).json()
    grant = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    second = browser.token(**grant).json()
    campus.waits(7200)
    third = browser.token(**grant).json()

    assert "refresh_token" not in second
    assert second["expires_in"] == 3600
    assert me(campus, third["access_token"]).status_code == 200
    for old in (first, second):
        assert me(campus, old["access_token"]).status_code == 401


@fact("lti 7.2", "A code or refresh token of another client is invalid_grant, `incorrect client`.")
def test_another_client_cannot_use_a_refresh_token(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    refresh = browser.trade(browser.code()).json()["refresh_token"]

    answer = browser.token(grant_type="refresh_token", refresh_token=refresh, client_id=c.SCOPED_KEY)

    assert answer.json() == {"error": "invalid_grant", "error_description": "incorrect client"}


@fact("lti 7.1", "With PKCE a wrong verifier is invalid_grant.")
def test_pkce_binds_the_code_to_who_asked(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    code = browser.code(**PKCE)

    wrong = browser.trade(code, code_verifier="x" * 43)
    right = browser.trade(code, code_verifier=VERIFIER)

    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    assert right.status_code == 200


@fact("lti 7.1", "PKCE permits clients without a secret.")
def test_pkce_lets_a_public_client_do_without_a_secret(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)

    assert browser.trade(browser.code(**PKCE), client_secret="", code_verifier=VERIFIER).status_code == 200
    assert browser.trade(browser.code(), client_secret="", code_verifier=VERIFIER).status_code == 400


@fact("lti 7.1", "Only S256 counts: a plain challenge, or one without the feature flag, is ignored.")
@pytest.mark.parametrize(
    ("settings", "challenge"),
    [({"pkce": False}, PKCE), ({}, {"code_challenge": VERIFIER, "code_challenge_method": "plain"})],
)
def test_a_challenge_that_canvas_does_not_take_is_ignored(
    campus: Campus, settings: dict[str, Any], challenge: dict[str, str]
) -> None:
    browser = campus.becomes(settings=settings).browser(c.PARENT)

    assert browser.trade(browser.code(**challenge)).status_code == 200


@fact("lti 7.4", "Out of scope is 401 `Insufficient scopes on access token.` without WWW-Authenticate.")
def test_a_scoped_key_gets_the_scopes_that_were_asked_for(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    code = browser.code(client_id=c.SCOPED_KEY, scope="url:GET|/api/v1/courses")
    access = browser.trade(code, client_id=c.SCOPED_KEY).json()["access_token"]

    refused = me(campus, access)

    assert refused.json() == {"errors": [{"message": "Insufficient scopes on access token."}]}
    assert "www-authenticate" not in refused.headers


@fact("lti 7.2", "/auth/userinfo gives no token, only the user.")
def test_userinfo_alone_gives_no_token(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)

    body = browser.trade(browser.code(scope="/auth/userinfo")).json()

    assert body["access_token"] is None
    assert set(body) == {"access_token", "user"}


@fact("lti 7.2", "real_user is added to tokens got while masquerading.")
@fact("lti 7.6", "A token got while masquerading belongs to the masked user.")
def test_a_token_got_in_a_masquerade_names_the_real_person(campus: Campus) -> None:
    browser = campus.browser(c.ADMIN)
    browser.post(f"/users/{c.STUDENT}/masquerade")

    body = browser.trade(browser.code()).json()

    assert body["user"]["id"] == c.STUDENT
    assert body["real_user"] == {"id": c.ADMIN, "name": "Ada Admin", "global_id": "10000000000010"}


@fact("lti 7.3", "DELETE ends the token that authenticates the request, with an empty object.")
@fact("lti 7.5", 'A dead token is 401 with WWW-Authenticate `Bearer realm="canvas-lms"`.')
def test_a_deleted_token_is_dead_and_so_is_its_refresh_token(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    body = browser.trade(browser.code()).json()
    bearer = {"Authorization": f"Bearer {body['access_token']}"}

    deleted = campus.browser().http.delete("/login/oauth2/token", headers=bearer)
    again = campus.browser().http.delete("/login/oauth2/token", headers=bearer)
    refreshed = browser.token(grant_type="refresh_token", refresh_token=body["refresh_token"])

    assert (deleted.status_code, deleted.json()) == (200, {})
    assert again.status_code == 401
    assert again.headers["www-authenticate"] == 'Bearer realm="canvas-lms"'
    assert me(campus, body["access_token"]).status_code == 401
    assert refreshed.json()["error_description"] == "refresh_token not found"
    assert browser.get("/").status_code == 200


@fact("lti 7.3", "expire_sessions=1 ends the person's web sessions too.")
def test_deleting_a_token_can_end_the_browsers_sessions(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    bearer = {"Authorization": f"Bearer {browser.trade(browser.code()).json()['access_token']}"}

    campus.browser().http.delete("/login/oauth2/token", headers=bearer, params={"expire_sessions": "1"})

    assert browser.get("/").status_code == 302


@fact("lti 7.3", "Without a token DELETE answers 400 and says so.")
def test_deleting_without_a_token_is_explained(campus: Campus) -> None:
    answer = campus.browser(c.PARENT).http.delete("/login/oauth2/token")

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("can't delete OAuth access token when not using")
