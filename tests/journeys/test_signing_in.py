"""Signing in with Canvas: the ways it goes wrong, and what is told then."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.models import Institution, OAuthAttempt, Person, PortalSession, Token
from tests.journeys.rows import change, rows
from tests.people import ADMIN, PUBLIC_URL, Observer, Page, School, Student, Teacher, field

pytestmark = pytest.mark.both_databases

KENJI = 105


def callback_of(observer: Observer) -> str:
    """Where Canvas sends a browser back to once its owner has consented; not yet gone there."""
    consent = observer.browser.open(f"{PUBLIC_URL}/canvas/login")
    action, _ = consent.form_with("Authorize")
    url = str(httpx.URL(consent.url).join(action.action))
    answer = observer.browser.http.post(url, follow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["location"]


def test_somebody_who_says_no_is_not_signed_in_and_keeps_what_they_typed(parent: Observer) -> None:
    page = parent.browser.open(f"{PUBLIC_URL}/pair")
    consent = parent.press(page, "Sign in with Canvas and go on", code="k7q2m 9xwpt")

    page = parent.follow(consent, "Cancel")

    assert page.status_code == 400
    assert "You chose not to let Observatory use your Canvas account." in page.text
    assert "k7q2m 9xwpt" in page.text
    assert rows(PortalSession) == []
    page = parent.signs_in(parent.press(page, "Try again"))
    assert field(page) == "k7q2m 9xwpt"


def test_somebody_who_says_no_without_a_code_can_try_again(parent: Observer) -> None:
    page = parent.follow(parent.browser.open(f"{PUBLIC_URL}/canvas/login"), "Cancel")

    assert "You are not signed in" in page.text
    assert parent.signs_in(parent.follow(page, "Try again")).url == f"{PUBLIC_URL}/observer/"


SENTENCES = {
    "access_denied": "You chose not to let Observatory use your Canvas account.",
    "invalid_scope": "Canvas does not accept Observatory's developer key.",
    "unauthorized_client": "Canvas does not accept Observatory's developer key.",
    "login_required": "Canvas wants you to sign in first.",
    "interaction_required": "Canvas wants you to sign in first.",
    "server_error": "Canvas did not let this sign-in pass.",
    "<script>": "Canvas did not let this sign-in pass.",
    None: "Canvas did not let this sign-in pass.",
}


def test_each_no_of_canvas_has_its_sentence(parent: Observer) -> None:
    for word, sentence in SENTENCES.items():
        consent = parent.browser.http.get(f"{PUBLIC_URL}/canvas/login", follow_redirects=False)
        (state,) = parse_qs(urlsplit(consent.headers["location"]).query)["state"]
        params = {"state": state, **({"error": word} if word else {})}

        answer = parent.browser.http.get(f"{PUBLIC_URL}/canvas/callback", params=params)

        assert answer.status_code == 400
        assert sentence in Page(answer).text


def test_a_way_back_works_once(parent: Observer) -> None:
    callback = callback_of(parent)
    assert parent.browser.open(callback).status_code == 200

    again = parent.browser.open(callback)

    assert again.status_code == 400
    assert "Each sign-in works once." in again.text
    assert "Please begin again." in again.text
    assert parent.follow(again, "Begin again").status_code == 200


def test_a_way_back_works_only_in_the_browser_it_began_in(school: School, parent: Observer) -> None:
    callback = callback_of(parent)
    stranger = Observer(school, 43)

    page = stranger.browser.open(callback)

    assert page.status_code == 400
    assert "The sign-in was begun in another browser, or this browser blocks cookies." in page.text
    assert rows(PortalSession) == []
    assert "works once" in parent.browser.open(callback).text


def test_a_way_back_that_took_too_long(parent: Observer) -> None:
    callback = callback_of(parent)
    change(OAuthAttempt, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert "The sign-in took longer than half an hour." in parent.browser.open(callback).text


def test_a_way_back_that_nobody_was_sent_on(parent: Observer) -> None:
    for query in ("", "?state=", "?state=abc&code=def", "?error=x", "?state=%00"):
        page = parent.browser.open(f"{PUBLIC_URL}/canvas/callback{query}")

        assert page.status_code == 400
        assert "We do not know the sign-in this page belongs to." in page.text


def test_a_code_that_canvas_does_not_know(parent: Observer) -> None:
    state = parse_qs(urlsplit(callback_of(parent)).query)["state"][0]

    page = parent.browser.open(f"{PUBLIC_URL}/canvas/callback?state={state}&code=made-up")

    assert page.status_code == 400
    assert "Canvas did not let this sign-in pass." in page.text


def test_a_canvas_that_does_not_answer_keeps_what_was_typed(school: School, parent: Observer) -> None:
    page = parent.browser.open(f"{PUBLIC_URL}/pair")
    consent = parent.press(page, "Sign in with Canvas and go on", code="K7Q2M-9XWPT")
    school.canvas.fault(route="/login/oauth2/token", status=500)

    page = parent.signs_in(consent)

    assert page.status_code == 503
    assert "Canvas does not answer at the moment." in page.text
    assert "K7Q2M-9XWPT" in page.text
    school.mended()
    assert field(parent.signs_in(parent.press(page, "Try again"))) == "K7Q2M-9XWPT"


def test_an_admin_acting_as_a_parent_is_not_signed_in_as_them(school: School) -> None:
    admin = Observer(school, ADMIN)
    admin.acts_as(44)

    page = admin.signs_in(admin.browser.open(f"{PUBLIC_URL}/canvas/login"))

    assert page.status_code == 403
    assert "In Canvas you are acting as another person." in page.text
    assert "Stop acting as them in Canvas, then try again." in page.text
    assert rows(PortalSession) == []
    assert len(rows(Token)) == 1  # the service account's


def test_nobody_is_kept_out_because_canvas_hides_their_profile(school: School, parent: Observer) -> None:
    school.canvas.fault(route="/api/v1/users/self/profile", status=403)

    assert "You are not connected to any student yet." in parent.enters().portal().text


def test_without_a_developer_key_the_sign_in_says_who_can_help(school: School, parent: Observer) -> None:
    change(Institution, oauth_client_id=None, oauth_client_secret=None)

    page = parent.redeems("K7Q2M-9XWPT")

    assert page.status_code == 503
    assert "Observatory is not connected to Canvas" in page.text
    assert "An administrator of your institution has to connect it" in page.text


def test_a_second_sign_in_replaces_the_first(school: School, parent: Observer) -> None:
    code = Student(school, KENJI).issues()
    parent.redeems(code)
    first = dict(parent.browser.http.cookies)
    parent.enters()

    assert "Kenji Tanaka" in parent.portal().text
    assert dict(parent.browser.http.cookies) != first
    assert len([row for row in rows(Token) if row.purpose == "observer"]) == 1


def test_names_and_zones_follow_canvas(school: School) -> None:
    def zone(world: dict[str, Any]) -> None:
        for user in world["users"]:
            user["time_zone"] = "Europe/Berlin"

    school.changes(zone)
    Observer(school, 44).enters()
    Teacher(school, 20).opens_course()

    zones = {row.canvas_user_id: row.time_zone for row in rows(Person)}
    assert zones["44"] == zones["20"] == "Europe/Berlin"


def test_the_front_page_leads_each_person_where_they_belong(school: School, parent: Observer) -> None:
    page = parent.browser.open(f"{PUBLIC_URL}/")

    assert "Welcome to Maple Grove Schools" in page.text
    assert parent.follow(page, "Use my code").has_button("Sign in with Canvas and go on")
    staff = parent.follow(page, "Student or staff")
    assert ("Log in to Canvas", f"{school.canvas.url}/login/canvas") in staff.links
    parents = parent.follow(page, "Parent with an account")
    assert parent.signs_in(parent.follow(parents, "My students")).url == f"{PUBLIC_URL}/observer/"
    signed_in = parent.browser.open(f"{PUBLIC_URL}/")
    assert ("My students", "/observer/") in signed_in.links
