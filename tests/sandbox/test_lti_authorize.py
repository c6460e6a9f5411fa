"""What Canvas checks in a tool's authentication request, and how it refuses."""

import time

import jwt
import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import Campus, Form

COURSE = f"/courses/{c.COURSE}/external_tools/1/launch"


@fact(
    "lti 1.3",
    "A bad, expired or garbled hint is plain 400 `Invalid lti_message_hint`, no redirect to the tool.",
)
@pytest.mark.parametrize(
    "hint",
    [None, "", "garbage", jwt.encode({"verifier": "v", "exp": time.time() + 60}, "x" * 32, "HS256")],
)
def test_a_hint_that_is_not_canvas_own_ends_in_plain_text(campus: Campus, hint: str | None) -> None:
    browser = campus.browser(c.TEACHER)
    request = browser.request_for(COURSE, lti_message_hint=hint)

    for path in ("/api/lti/authorize_redirect", "/api/lti/authorize"):
        answer = browser.get(path, params=request)
        assert (answer.status_code, answer.text) == (400, "Invalid lti_message_hint")


@fact("lti 1.1", "lti_message_hint expires 5 minutes after it is made.")
def test_a_hint_lives_five_minutes(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    request = browser.request_for(COURSE)

    campus.waits(299)
    assert browser.get("/api/lti/authorize_redirect", params=request).status_code == 302
    campus.waits(2)
    assert browser.get("/api/lti/authorize_redirect", params=request).text == "Invalid lti_message_hint"


@fact(
    "lti 1.3",
    "authorize_redirect takes GET and POST, needs no session, and redirects to the domain of the hint.",
)
@fact("lti 1.3", "The permitted parameters alone are passed on in the query.")
def test_the_redirect_step_needs_no_session_and_takes_get_and_post(campus: Campus) -> None:
    request = campus.browser(c.TEACHER).request_for(COURSE)
    nobody = campus.browser()

    by_get = nobody.get("/api/lti/authorize_redirect", params=request | {"extra": "1"})
    by_post = nobody.post("/api/lti/authorize_redirect", data=request)

    assert by_get.headers["location"].startswith(f"{campus.url}/api/lti/authorize?")
    assert c.query(by_get) == c.query(by_post) == request


@fact("lti 1.3", "A redirect_uri that is not the key's is plain 400 `Invalid redirect_uri`.")
@pytest.mark.parametrize(
    "redirect_uri",
    [None, "", "http://evil.test/lti/launch", "http://tool.test/lti/launch/more", "http://tool.test/lti"],
)
def test_an_unknown_redirect_uri_gets_nothing(campus: Campus, redirect_uri: str | None) -> None:
    browser = campus.browser(c.TEACHER)

    answer = browser.authorize(browser.request_for(COURSE, redirect_uri=redirect_uri))

    assert (answer.status_code, answer.text) == (400, "Invalid redirect_uri")


@fact("lti 1.3", "A registered redirect URI without query allows any query.")
@fact("lti 1.3", "A registered redirect URI with a query asks that its parameters be there.")
@pytest.mark.parametrize(
    ("registered", "asked", "allowed"),
    [
        (["http://tool.test/a"], "http://tool.test/a?any=thing", True),
        (["http://tool.test/a?x=1"], "http://tool.test/a?y=2&x=1", True),
        (["http://tool.test/a?x=1"], "http://tool.test/a?x=2", False),
        (["http://tool.test/a"], c.LAUNCH, False),
    ],
)
def test_the_developer_keys_redirect_uris_win_over_the_configuration(
    campus: Campus, registered: list[str], asked: str, *, allowed: bool
) -> None:
    key = {"client_id": c.TOOL, "client_secret": "s", "redirect_uris": registered}
    browser = campus.becomes(developer_keys=[key]).browser(c.TEACHER)

    answer = browser.authorize(browser.request_for(COURSE, redirect_uri=asked))

    assert (answer.status_code == 200) == allowed


@fact("lti 1.3", "Missing parameters are posted as invalid_request_object, with their names.")
@fact("lti 1.3", "A scope other than openid is invalid_request_object.")
@fact("lti 1.3", "Another or no Canvas user is login_required, `Must have an active user session`.")
@fact("lti 1.3", "A key that is not for the context is unauthorized_client.")
@fact("lti 1.3", "The checks run in order, and a later failure hides an earlier one.")
@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"nonce": None, "prompt": ""}, "invalid_request_object", "missing: nonce,prompt"),
        ({"client_id": None}, "unauthorized_client", "Client not authorized in requested context"),
        ({"scope": "openid profile"}, "invalid_request_object", "The 'scope' must be 'openid'"),
        ({"login_hint": "0" * 40}, "login_required", "Must have an active user session"),
        (
            {"client_id": "10000000000009"},
            "unauthorized_client",
            "Client not authorized in requested context",
        ),
        ({"scope": "email", "login_hint": "0"}, "login_required", "Must have an active user session"),
    ],
)
def test_errors_are_posted_to_the_tool_the_later_check_first(
    campus: Campus, changes: dict[str, str | None], error: str, description: str
) -> None:
    browser = campus.browser(c.TEACHER)

    form = Form(browser.authorize(browser.request_for(COURSE, **changes)).text)

    assert form.action == c.LAUNCH + "?placement=course"
    assert form.fields["error"] == error
    assert description in form.fields["error_description"]
    assert form.fields["state"] == "state-1"
    assert "id_token" not in form.fields


@fact("lti 1.3", "login_hint must be the id of whoever is logged in to Canvas in that browser.")
def test_another_persons_browser_cannot_finish_a_launch(campus: Campus) -> None:
    request = campus.browser(c.TEACHER).request_for(COURSE)

    for browser in (campus.browser(c.STUDENT), campus.browser()):
        assert Form(browser.authorize(request).text).fields["error"] in (
            "login_required",
            "launch_no_longer_valid",
        )


@fact("lti 1.3", "The cached launch is deleted when it is read: a hint used twice is launch_no_longer_valid.")
def test_a_launch_can_be_had_once(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    request = browser.request_for(COURSE)

    first, second = (Form(browser.authorize(request).text).fields for _ in range(2))

    assert "id_token" in first
    assert second["error"] == "launch_no_longer_valid"
    assert second["error_description"] == "The launch has either expired or already been consumed"


@fact("lti 1.3", "A launch that was refused is used up as well.")
def test_a_refused_launch_is_used_up_too(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    request = browser.request_for(COURSE)

    browser.authorize(request | {"scope": "email"})

    assert Form(browser.authorize(request).text).fields["error"] == "launch_no_longer_valid"


@fact("lti 1.3", "prompt, response_mode and response_type need only be there.")
@pytest.mark.parametrize("name", ["prompt", "response_mode", "response_type"])
def test_only_the_presence_of_these_is_checked(campus: Campus, name: str) -> None:
    browser = campus.browser(c.TEACHER)

    assert (
        "id_token" in Form(browser.authorize(browser.request_for(COURSE, **{name: "whatever"})).text).fields
    )


@fact("lti 1.3", "`state` is optional for Canvas.")
def test_state_is_optional(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)

    form = Form(browser.authorize(browser.request_for(COURSE, state=None)).text)

    assert "id_token" in form.fields
    assert "state" not in form.fields


@fact("lti 1.4", "Keys rotate: the header has typ JWT, alg RS256 and a kid of time and UUID.")
def test_keys_rotate_and_old_tokens_stay_verifiable(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    old = Form(browser.authorize(browser.request_for(COURSE)).text).fields["id_token"]

    new_kid = browser.post("/_sandbox/rotate_keys").json()["kid"]
    new = Form(browser.authorize(browser.request_for(COURSE)).text).fields["id_token"]

    assert jwt.get_unverified_header(new) == {"alg": "RS256", "typ": "JWT", "kid": new_kid}
    assert browser.verified(old)["sub"] == browser.verified(new)["sub"]
    assert jwt.get_unverified_header(old)["kid"] != new_kid


@fact("lti 1.4", "The key set carries Cache-Control with max-age.")
def test_the_key_set_may_be_cached_and_holds_strong_keys(campus: Campus) -> None:
    answer = campus.browser().get("/api/lti/security/jwks")

    assert "max-age" in answer.headers["cache-control"]
    for key in answer.json()["keys"]:
        assert {"kty": "RSA", "alg": "RS256", "use": "sig"}.items() <= key.items()
        assert len(key["n"]) >= 342  # 256 bytes
