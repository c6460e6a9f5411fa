"""A Canvas registers itself: what it says, what we send, and what can go wrong between."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import db
from app.lti import configuration, invitations, registration
from app.models import AuditEvent, Deployment, Institution, Invitation
from app.models import Platform as PlatformRow
from app.web import visit
from tests.facts import fact
from tests.lti import registrar as canvas
from tests.lti.platform import CLIENT, DEPLOYMENT, ISSUER, Browser
from tests.lti.registrar import CANVAS, TOOL, Registrar

PLACES = ["course_navigation", "student_context_card", "user_navigation", "global_navigation"]


@pytest.fixture
def registrar() -> Iterator[Registrar]:
    with canvas.serving() as registrar:
        yield registrar


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def invite(canvas_url: str, slug: str = "school") -> str:
    with db.transaction() as session:
        token = invitations.invite(session, slug, "The School", canvas_url, visit.clock())
    assert isinstance(token, str)
    return token


def installs(browser: Browser, registrar: Registrar, token: str, **changes: Any) -> TestResponse:
    form = {
        "invite": token,
        **registrar.offer,
        "name": "The School",
        "placements": PLACES,
        "privacy": "anonymous",
        **changes,
    }
    return browser.request("POST", "/lti/register", data=form)


def counts() -> list[int]:
    with db.reading() as session:
        return [session.query(table).count() for table in (Institution, PlatformRow, Deployment)]


def is_open() -> bool:
    with db.reading() as session:
        return session.query(Invitation).one().spent_at is None


@fact("lti 4.2", "New Canvas names the deployment in its answer to a registration.")
def test_what_canvas_says_is_kept(browser: Browser, registrar: Registrar) -> None:
    registrar.as_new_canvas()

    page = installs(browser, registrar, invite(registrar.url), name="  Maple  Grove ")

    assert page.status_code == 200
    with db.reading() as session:
        institution, platform = session.query(Institution).one(), session.query(PlatformRow).one()
        deployment = session.query(Deployment).one()
        events = [row.event for row in session.query(AuditEvent)]
    assert (institution.name, institution.slug) == ("Maple Grove", "school")
    assert (platform.issuer, platform.client_id, platform.adopts_until) == (ISSUER, CLIENT, None)
    assert platform.jwks_url == f"{registrar.url}/api/lti/security/jwks"
    assert platform.authorize_url == f"{registrar.url}/api/lti/authorize_redirect"
    assert deployment.deployment_id == DEPLOYMENT
    assert events == ["platform:invite", "platform:add"]
    assert len(browser.request("GET", "/lti/jwks.json").get_json()["keys"]) == 1


def test_a_deployment_may_be_named_beside_the_tool(browser: Browser, registrar: Registrar) -> None:
    registrar.answer[TOOL] = {"deployment_id": DEPLOYMENT}

    installs(browser, registrar, invite(registrar.url))

    with db.reading() as session:
        assert session.query(Deployment).one().deployment_id == DEPLOYMENT


@fact("lti 4.2", "Old Canvas answers a registration without a deployment id.")
def test_a_deployment_that_is_not_named_is_waited_for(browser: Browser, registrar: Registrar) -> None:
    page = installs(browser, registrar, invite(registrar.url))

    assert "within seven days" in page.text
    assert counts() == [1, 1, 0]
    with db.reading() as session:
        until = session.query(PlatformRow).one().adopts_until
    assert until is not None
    assert timedelta(days=6) < until - visit.clock() <= timedelta(days=7)


@fact("lti 4.2", "The OpenID configuration wants the token as a header or as a parameter, by version.")
@pytest.mark.parametrize("wants_header", [True, False])
@pytest.mark.parametrize("in_address", [True, False])
def test_the_token_goes_both_ways(
    browser: Browser, registrar: Registrar, wants_header: bool, in_address: bool
) -> None:
    registrar.wants_header = wants_header
    address = registrar.offer["openid_configuration"]
    given = address if in_address else address.partition("?")[0]

    page = installs(browser, registrar, invite(registrar.url), openid_configuration=given)

    assert page.status_code == 200
    assert [(method, bearer) for method, _, bearer, _ in registrar.seen] == [
        ("GET", f"Bearer {canvas.TOKEN}"),
        ("POST", f"Bearer {canvas.TOKEN}"),
    ]


@fact("lti 4.2", "A registration is JSON with fixed words, a JWKS address, and Canvas's own keys.")
def test_what_we_send_is_what_canvas_asks_for(browser: Browser, registrar: Registrar) -> None:
    installs(browser, registrar, invite(registrar.url))

    sent = registrar.registered
    base = "https://observatory.test"
    assert sent["application_type"] == "web"
    assert {"client_credentials", "implicit"} <= set(sent["grant_types"])
    assert sent["response_types"] == ["id_token"]
    assert sent["token_endpoint_auth_method"] == "private_key_jwt"
    assert sent["redirect_uris"] == [f"{base}/lti/launch"]
    assert sent["initiate_login_uri"] == f"{base}/lti/login"
    assert sent["jwks_uri"] == f"{base}/lti/jwks.json"
    assert "scope" not in sent
    tool = sent[TOOL]
    assert tool["domain"] == "observatory.test"
    assert tool["claims"] == ["sub"]
    assert tool[CANVAS + "privacy_level"] == "anonymous"
    assert tool["custom_parameters"] == configuration.CUSTOM_FIELDS
    messages = {message["placements"][0]: message for message in tool["messages"]}
    assert set(messages) == {*PLACES, "account_navigation"}
    assert messages["course_navigation"][CANVAS + "course_navigation/default_enabled"] is False
    assert messages["student_context_card"][CANVAS + "visibility"] == "admins"
    assert messages["global_navigation"][CANVAS + "display_type"] == "new_window"


@fact("lti 4.2", "New Canvas writes placements with its own prefix, and says which it has.")
def test_placements_are_written_as_canvas_writes_them(browser: Browser, registrar: Registrar) -> None:
    registrar.as_new_canvas()

    installs(browser, registrar, invite(registrar.url))

    placed = [message["placements"] for message in registrar.registered[TOOL]["messages"]]
    assert [CANVAS + "course_navigation"] in placed
    assert not [names for names in placed if "student_context_card" in names[0]]  # which it does not have


@pytest.mark.parametrize("privacy", list(registration.PRIVACY))
def test_the_admin_chooses_what_canvas_tells(browser: Browser, registrar: Registrar, privacy: str) -> None:
    installs(browser, registrar, invite(registrar.url), privacy=privacy, placements=[])

    tool = registrar.registered[TOOL]
    assert tool[CANVAS + "privacy_level"] == privacy
    assert [message["placements"] for message in tool["messages"]] == [["account_navigation"]]
    assert "email" not in tool["claims"]


@pytest.mark.parametrize(
    "changes",
    [
        {"openid_configuration": "https://elsewhere.example/api/lti/security/openid-configuration"},
        {"openid_configuration": "http://127.0.0.1:1/api/lti/security/openid-configuration"},
        {"openid_configuration": "file:///etc/passwd"},
        {"openid_configuration": "http://[::1"},
        {"openid_configuration": "http://user@127.0.0.1/x"},
    ],
)
def test_no_address_but_the_invited_canvas_is_ever_asked(
    browser: Browser, registrar: Registrar, changes: dict[str, str]
) -> None:
    page = installs(browser, registrar, invite(registrar.url), **changes)

    assert page.status_code == 422
    assert "this one is another" in page.text
    assert registrar.seen == []
    assert is_open()


@pytest.mark.parametrize(
    "told",
    [
        {"registration_endpoint": "https://elsewhere.example/api/lti/registrations"},
        {"registration_endpoint": "http://169.254.169.254/latest"},
        {"jwks_uri": "http://keys.example/jwks"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"issuer": None},
        {"token_endpoint": None},
        {"issuer": ""},
        {"jwks_uri": ["https://keys.example"]},
    ],
)
def test_a_canvas_that_points_elsewhere_is_not_followed(
    browser: Browser, registrar: Registrar, told: dict[str, Any]
) -> None:
    registrar.told = told

    page = installs(browser, registrar, invite(registrar.url))

    assert page.status_code == 422
    assert [method for method, *_ in registrar.seen] == ["GET"]
    assert counts() == [1, 0, 0]
    assert is_open()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": 302}, "does not understand"),
        ({"status": 500}, "does not understand"),
        ({"status": 401}, "did not take the registration"),
        ({"status": 422}, "did not take the registration"),
        ({"raw": b"[]"}, "does not understand"),
        ({"raw": b"<html>"}, "does not understand"),
        ({"raw": b'"' + b"x" * 300_000 + b'"'}, "does not understand"),
        ({"raw": b"[" * 100_000}, "does not understand"),
    ],
    ids=["a redirect", "a fault", "no right", "a no", "a list", "a page", "too much", "too deep"],
)
def test_an_answer_that_makes_no_sense_leaves_the_invitation_open(
    browser: Browser, registrar: Registrar, changes: dict[str, Any], says: str
) -> None:
    token = invite(registrar.url)
    for name, value in changes.items():
        setattr(registrar, name, value)

    page = installs(browser, registrar, token)

    assert page.status_code == 422
    assert says in page.text
    assert counts() == [1, 0, 0]
    assert is_open()
    registrar.status, registrar.raw = 200, None
    assert installs(browser, registrar, token).status_code == 200


@pytest.mark.parametrize("client_id", [None, "", " ", True, ["1"], {}])
def test_an_answer_without_a_client_id_registers_nothing(
    browser: Browser, registrar: Registrar, client_id: object
) -> None:
    registrar.answer = {"client_id": client_id}

    assert installs(browser, registrar, invite(registrar.url)).status_code == 422
    assert counts() == [1, 0, 0]


def test_a_canvas_that_is_away_is_told_as_such(browser: Browser, registrar: Registrar) -> None:
    token = invite("http://127.0.0.1:9")
    offer = {"openid_configuration": "http://127.0.0.1:9/api/lti/security/openid-configuration"}

    page = installs(browser, registrar, token, **offer)

    assert "could not reach this Canvas" in page.text
    assert is_open()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\u202eb"},
        {"privacy": "public"},
        {"privacy": ""},
        {"placements": ["editor_button"]},
    ],
)
def test_choices_that_were_not_offered_are_not_taken(
    browser: Browser, registrar: Registrar, changes: dict[str, Any]
) -> None:
    page = installs(browser, registrar, invite(registrar.url), **changes)

    assert page.status_code == 422
    assert registrar.seen == []
    assert is_open()


@pytest.mark.parametrize("token", ["a\u00e9", "line\nbreak"])
def test_a_token_that_cannot_be_one_is_not_sent(browser: Browser, registrar: Registrar, token: str) -> None:
    page = installs(browser, registrar, invite(registrar.url), registration_token=token)

    assert page.status_code == 422
    assert registrar.seen == []


def test_registering_again_brings_up_to_date(browser: Browser, registrar: Registrar) -> None:
    registrar.as_new_canvas()
    installs(browser, registrar, invite(registrar.url))

    installs(browser, registrar, invite(registrar.url), name="The New School")

    assert counts() == [1, 1, 1]
    with db.reading() as session:
        assert session.query(Institution).one().name == "The New School"


def test_a_client_of_another_school_is_not_taken_over(browser: Browser, registrar: Registrar) -> None:
    installs(browser, registrar, invite(registrar.url))

    page = installs(browser, registrar, invite(registrar.url, "other"))

    assert page.status_code == 422
    with db.reading() as session:
        school = session.query(Institution).filter_by(slug="school").one()
        assert session.query(PlatformRow).one().institution_id == school.id


def test_an_invitation_is_for_the_canvas_the_school_has(app: Flask) -> None:
    invite("https://school.canvas.test")

    with db.transaction() as session:
        said = invitations.invite(session, "school", None, "https://beta.canvas.test", visit.clock())

    assert isinstance(said, list)
    assert "needs a slug of its own" in said[0]


@pytest.mark.parametrize(("slug", "url"), [("a b", "https://x.test"), ("a", "http://x.test"), ("a", "")])
def test_an_invitation_must_make_sense(app: Flask, slug: str, url: str) -> None:
    with db.transaction() as session:
        assert isinstance(invitations.invite(session, slug, None, url, visit.clock()), list)
    assert counts() == [0, 0, 0]


def test_opening_the_link_outside_of_canvas_spends_nothing(browser: Browser, registrar: Registrar) -> None:
    token = invite(registrar.url)

    page = browser.request("GET", f"/lti/register?invite={token}")

    assert page.status_code == 200
    assert "This link belongs into Canvas" in page.text
    assert is_open()


def test_hosted_canvas_may_answer_at_its_common_hosts() -> None:
    school = "https://school.instructure.com"
    address = "/api/lti/security/openid-configuration?registration_token=x"

    assert registration.belongs(school + address, school)
    assert registration.belongs("https://SCHOOL.instructure.com" + address, school)
    assert registration.belongs("https://sso.canvaslms.com" + address, school)
    assert not registration.belongs("https://other.instructure.com" + address, school)
    assert not registration.belongs("http://school.instructure.com" + address, school)
    assert not registration.belongs("https://school.instructure.com:8443" + address, school)
    assert not registration.belongs("https://school.instructure.com@evil.example" + address, school)
