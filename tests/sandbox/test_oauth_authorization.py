"""Asking a person for access: every outcome of /login/oauth2/auth and its pages."""

import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import Campus, query

ASKED = {"client_id": c.KEY, "response_type": "code", "redirect_uri": c.CALLBACK, "state": "st ate"}
SCOPED = ASKED | {"client_id": c.SCOPED_KEY}


@fact("lti 7.1", "After the confirm page, accept redirects with code and state; the code has 128 hex digits.")
def test_a_person_who_says_yes_brings_code_and_state_back(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)

    asked = browser.get("/login/oauth2/auth", params=ASKED)
    page = browser.get(asked.headers["location"])
    granted = browser.post("/login/oauth2/accept")

    assert asked.headers["location"] == "/login/oauth2/confirm"
    assert "Pairing wants to use your account" in page.text
    assert "Pat Parent" in page.text
    assert granted.headers["location"].startswith(c.CALLBACK + "?")
    assert len(query(granted)["code"]) == 128
    assert query(granted)["state"] == "st ate"


@fact("lti 7.1", "A refusal comes back as access_denied.")
def test_a_person_who_says_no_brings_an_error_back(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    browser.get("/login/oauth2/auth", params=ASKED)

    answer = query(browser.get("/login/oauth2/deny"))

    assert (answer["error"], answer["state"]) == ("access_denied", "st ate")
    assert browser.post("/login/oauth2/accept").status_code == 400


@fact("lti 7.1", "Who is not logged in logs in first; unique_id prefills the name.")
def test_somebody_unknown_logs_in_first_and_comes_back(campus: Campus) -> None:
    browser = campus.browser()

    asked = browser.get("/login/oauth2/auth", params=ASKED | {"unique_id": "pat"})
    form = browser.get(asked.headers["location"])
    page = browser.get(form.headers["location"])
    logged_in = browser.post("/login/canvas", data={"user_id": c.PARENT})

    assert asked.headers["location"] == "/login?unique_id=pat"
    assert 'value="pat"' in page.text
    assert logged_in.headers["location"] == "/login/oauth2/confirm"
    assert query(browser.post("/login/oauth2/accept"))["code"]


@fact("lti 7.1", "force_login=1 asks for a log-in in spite of a session.")
def test_force_login_asks_who_it_is_again(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)

    asked = browser.get("/login/oauth2/auth", params=ASKED | {"force_login": "1"})
    form = browser.get(asked.headers["location"])

    assert asked.headers["location"] == "/login?force_login=1"
    assert form.headers["location"] == "/login/canvas"
    assert browser.log_in(c.STUDENT).get("/login/oauth2/confirm").text.count("Lin Learner")


@fact("lti 7.1", "An unknown key is 401 invalid_client as JSON, with WWW-Authenticate `Canvas OAuth 2.0`.")
@fact("lti 7.1", "A redirect_uri of another domain is 400 invalid_request as JSON.")
@pytest.mark.parametrize(
    ("changes", "status", "error", "description"),
    [
        ({"client_id": "1"}, 401, "invalid_client", "unknown client"),
        ({"client_id": ""}, 401, "invalid_client", "unknown client"),
        (
            {"redirect_uri": "http://evil.test/"},
            400,
            "invalid_request",
            "redirect_uri does not match client settings",
        ),
        (
            {"redirect_uri": "http://evilapp.test/"},
            400,
            "invalid_request",
            "redirect_uri does not match client settings",
        ),
        ({"redirect_uri": ""}, 400, "invalid_request", "redirect_uri does not match client settings"),
    ],
)
def test_an_unknown_client_or_redirect_is_not_redirected(
    campus: Campus, changes: dict[str, str], status: int, error: str, description: str
) -> None:
    answer = campus.browser(c.PARENT).get("/login/oauth2/auth", params=ASKED | changes)

    assert answer.status_code == status
    assert answer.json() == {"error": error, "error_description": description}
    assert answer.headers.get("www-authenticate") == ("Canvas OAuth 2.0" if status == 401 else None)


@fact(
    "lti 7.1",
    "Scope, account, response_type, prompt and silent log-in problems come back to the client with state.",
)
@fact(
    "lti 7.1", "prompt=none without session is login_required; without a remembered yes interaction_required."
)
@pytest.mark.parametrize(
    ("user_id", "asked", "error"),
    [
        (c.PARENT, SCOPED, "invalid_scope"),
        (c.PARENT, SCOPED | {"scope": "url:GET|/api/v1/courses url:GET|/api/v1/nothing"}, "invalid_scope"),
        (c.OUTSIDER, ASKED, "unauthorized_client"),
        (c.PARENT, ASKED | {"response_type": "token"}, "unsupported_response_type"),
        (c.PARENT, ASKED | {"prompt": "login"}, "unsupported_prompt_type"),
        (None, ASKED | {"prompt": "none"}, "login_required"),
        (c.PARENT, ASKED | {"prompt": "none"}, "interaction_required"),
    ],
)
def test_other_refusals_go_back_to_the_client(
    campus: Campus, user_id: int | None, asked: dict[str, str], error: str
) -> None:
    answer = campus.browser(user_id).get("/login/oauth2/auth", params=asked)

    assert answer.headers["location"].startswith(c.CALLBACK + "?")
    assert query(answer)["error"] == error
    assert query(answer)["error_description"]
    assert query(answer)["state"] == "st ate"


@fact("lti 7.1", "redirect_uri may be on the key's domain or a sub-domain of it.")
@pytest.mark.parametrize(
    "redirect_uri", [c.CALLBACK, "http://app.test/other", "https://sub.app.test:8443/x?y=1"]
)
def test_the_registered_host_and_those_below_it_are_allowed(campus: Campus, redirect_uri: str) -> None:
    browser = campus.browser(c.PARENT)
    browser.get("/login/oauth2/auth", params=ASKED | {"redirect_uri": redirect_uri})

    answer = browser.post("/login/oauth2/accept")

    assert answer.headers["location"].startswith(redirect_uri + ("&" if "?" in redirect_uri else "?"))


@fact("lti 7.1", "prompt=none gives a code at once to a remembered authorization.")
def test_a_known_client_may_ask_without_a_word_who_somebody_is(campus: Campus) -> None:
    browser, asked = campus.browser(c.PARENT), ASKED | {"scope": "/auth/userinfo"}
    browser.get("/login/oauth2/auth", params=asked)
    browser.post("/login/oauth2/accept", data={"remember_access": "1"})

    silent = query(browser.get("/login/oauth2/auth", params=asked | {"prompt": "none"}))
    browser.get("/login/oauth2/auth", params=asked)
    quick = query(browser.get("/login/oauth2/confirm"))

    assert silent["code"] != quick["code"]


@fact("lti 7.1", "urn:ietf:wg:oauth:2.0:oob shows the code on a page.")
def test_a_program_without_a_server_shows_its_code(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)
    browser.get("/login/oauth2/auth", params=ASKED | {"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"})

    answer = browser.post("/login/oauth2/accept")

    assert answer.headers["location"].startswith("/login/oauth2/auth?code=")
    assert query(answer)["code"] in browser.get(answer.headers["location"]).text


def test_the_buttons_mean_nothing_without_a_request(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)

    for answer in (
        browser.get("/login/oauth2/confirm"),
        browser.post("/login/oauth2/accept"),
        browser.get("/login/oauth2/deny"),
    ):
        assert answer.status_code == 400
        assert "No application is waiting" in answer.text
