"""The pages for signing up, for an account's logins, and a person's settings."""

from typing import Any

import httpx
import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import Browser, Campus

AUTHENTICATION = "/accounts/1/authentication_providers"
LINK = "Parent of a Canvas user?"


def open_to(campus: Campus, who: str, **account: Any) -> Campus:
    first = c.WORLD["accounts"][0] | {"self_registration": who} | account
    return campus.becomes(accounts=[first, *c.WORLD["accounts"][1:]])


def parent(**changes: str) -> dict[str, str]:
    form = {
        "user[initial_enrollment_type]": "observer",
        "user[name]": "Ola Holm",
        "user[terms_of_use]": "1",
        "pseudonym[unique_id]": "ola@home.test",
        "pseudonym[password]": "long enough",
        "pairing_code[code]": "aB3dE9",
    }
    return form | changes


@fact("rest 2", "/register is there while self-registration is on; the login page leads to it.")
@pytest.mark.parametrize(("who", "shown"), [("none", False), ("observer", True), ("all", True)])
def test_parents_find_the_way_to_sign_up(campus: Campus, who: str, shown: bool) -> None:
    browser = open_to(campus, who).browser()
    assert (LINK in browser.get("/login/canvas").text) is shown
    answer = browser.get("/register")
    assert answer.status_code == (200 if shown else 302)
    if not shown:
        assert browser.post("/users", data=parent()).headers["location"] == "/"
        assert "Self registration has not been enabled" in browser.get("/login/canvas").text


@fact("rest 2", "/register posts to /users with the parameters of the API, and the parent is logged in.")
def test_a_parent_signs_up_on_the_page(campus: Campus) -> None:
    browser = open_to(campus, "observer").browser()
    answer = browser.post("/users", data=parent())
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = browser.get("/").text
    assert "Ola Holm" in page
    assert "Observing Max Learner" in page


def test_mistakes_come_back_with_what_was_typed(campus: Campus) -> None:
    browser = open_to(campus, "observer").browser()
    form = parent(**{"pairing_code[code]": "wrong1", "pseudonym[password]": "short"})
    answer = browser.post("/users", data=form)
    assert answer.status_code == 400
    for text in (
        "Your pairing code is invalid",
        "at least 8 characters",
        'value="ola@home.test"',
        'value="wrong1"',
    ):
        assert text in answer.text
    assert "long enough" not in answer.text
    assert browser.get("/").status_code == 302


@fact(
    "rest 2",
    "POST /users answers JSON to a script as the API does.",
    uncertain="the web's own body was not read",
)
def test_a_script_signs_up_with_json(campus: Campus) -> None:
    url = open_to(campus, "observer").url
    headers = {"Accept": "application/json", "User-Agent": "script"}
    bad = httpx.post(f"{url}/users", data=parent(**{"pairing_code[code]": "x"}), headers=headers)
    assert (bad.status_code, list(bad.json()["errors"]["pairing_code"])) == (400, ["code"])
    good = httpx.post(f"{url}/users", data=parent(), headers=headers)
    assert (good.status_code, good.json()["name"]) == (200, "Ola Holm")


@fact("rest 5", "An account's Authentication page sets self-registration and the discovery URL.")
def test_an_admin_sets_how_people_log_in(campus: Campus) -> None:
    admin = campus.browser(c.ADMIN)
    assert AUTHENTICATION in admin.get("/accounts/1").text
    assert "/login/canvas" in admin.get(AUTHENTICATION).text
    form = {"self_registration": "all", "auth_discovery_url": "https://pair.test/", "unknown_user_url": " "}
    assert admin.post(AUTHENTICATION, data=form).status_code == 303
    (first, *_) = campus.state()["accounts"]
    assert (first["self_registration"], first["discovery_url"]) == ("all", "https://pair.test/")
    assert first["unknown_user_url"] is None
    assert Browser(campus.url).get("/login").headers["location"] == "https://pair.test/"


@pytest.mark.parametrize(
    ("user_id", "path", "status"),
    [
        (c.ADMIN, "/accounts/2/authentication_providers", 403),
        (c.ADMIN, "/accounts/3/authentication_providers", 403),
        (c.SUB_ADMIN, AUTHENTICATION, 403),
        (c.TEACHER, AUTHENTICATION, 403),
    ],
)
def test_authentication_is_for_admins_of_the_root(
    campus: Campus, user_id: int, path: str, status: int
) -> None:
    browser = campus.browser(user_id)
    assert browser.get(path).status_code == status
    assert browser.post(path, data={"self_registration": "all"}).status_code == status
    assert AUTHENTICATION not in browser.get("/accounts/2").text


@fact("rest 4.3", "effective_locale is the person's language, else the account's, else English.")
def test_a_person_chooses_language_time_zone_and_contrast(campus: Campus) -> None:
    open_to(campus, "none", default_locale="de", default_time_zone="Europe/Vienna")
    browser = campus.browser(c.PARENT)
    before = browser.get("/api/v1/users/self/profile").json()
    found = before["locale"], before["effective_locale"], before["time_zone"]
    assert found == (None, "de", "Europe/Vienna")
    form = {"locale": "nb", "time_zone": "Europe/Oslo", "high_contrast": "1"}
    assert browser.post("/profile/settings", data=form).status_code == 303
    after = browser.get("/api/v1/users/self/profile").json()
    assert (after["locale"], after["effective_locale"], after["time_zone"]) == ("nb", "nb", "Europe/Oslo")
    user = next(user for user in campus.state()["users"] if user["id"] == c.PARENT)
    assert user["high_contrast"] is True
    page = browser.get("/profile/settings").text
    assert '<option value="nb" selected>' in page
    assert 'name="high_contrast" value="1" checked' in page
    browser.post("/profile/settings", data={"locale": "", "time_zone": ""})
    assert browser.get("/api/v1/users/self").json()["effective_locale"] == "de"


@pytest.mark.parametrize("form", [{"locale": "<x>"}, {"time_zone": "Mars/Base"}])
def test_nonsense_is_not_kept(campus: Campus, form: dict[str, str]) -> None:
    assert campus.browser(c.PARENT).post("/profile/settings", data=form).status_code == 400
