"""The admin's page about accounts for families, the first page, and where Canvas leads."""

from typing import Any

import pytest

from app import tasks
from app.canvas.oauth import KEY_SCOPES, SERVICE_SCOPES, SIGN_UP_SCOPES
from app.models import AuditEvent, FrontPage, Institution, LoginWay, Shown
from tests.browser import Page
from tests.facts import fact
from tests.journeys.rows import change, rows
from tests.journeys.test_discovery import saml
from tests.journeys.test_sign_up import grown
from tests.people import ADMIN, ADVISOR, PUBLIC_URL, SERVICE, Admin, Person, School

pytestmark = pytest.mark.both_databases

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture"
AREA = "/admin/registration"
SAML = {
    "id": 12,
    "auth_type": "saml",
    "parent_registration": False,
    "workflow_state": "active",
    "settings": {},
}


class Head(Admin):
    """An admin on that page."""

    def looks(self) -> Page:
        return self.press(self.opens(), "See accounts and first page")

    def uploads(self, page: Page, content: bytes, **typed: str) -> Page:
        form, button = page.form_with("Save the first page")
        data = {name: typed.pop(name, value) for name, value in form.fields if name != "logo"} | typed
        files = {"logo": ("logo.png", content, "image/png")}
        answer = self.browser.http.post(f"{PUBLIC_URL}{form.action}", data=data, files=files)
        return Page(answer)


@pytest.fixture
def head(school: School) -> Head:
    grown(school, "manage_account_settings", "manage_user_logins")
    return Head(school, ADMIN)


def account(school: School) -> dict[str, Any]:
    found: dict[str, Any] = school.canvas.state()["accounts"][0]
    return found


def events() -> list[tuple[str, dict[str, Any]]]:
    return [(row.event, row.facts) for row in rows(AuditEvent)]


class TestWhoMaySignUp:
    def test_is_read_from_canvas_with_what_each_choice_means(self, head: Head) -> None:
        page = head.looks()

        assert "In Canvas now: Parents and other observers, with a code" in page.text
        assert "Nobody gets in without a code." in page.text
        assert "Anybody on the internet can make an account here" in page.text
        assert "What the service account still needs" not in page.text

    @fact("rest 5", "Who may sign up is set on the canvas provider, and read from the terms of service.")
    @pytest.mark.parametrize("choice", ["none", "all"])
    def test_is_changed_in_canvas(self, head: Head, choice: str) -> None:
        page = head.press(head.looks(), "Change it in Canvas", self_registration=choice)

        assert "Done: Canvas has changed who may sign up." in page.text
        assert account(head.school)["self_registration"] == choice
        assert [row.self_registration for row in rows(FrontPage)] == [choice]
        assert events()[-1] == ("registration:change", {"who": choice})

    def test_nonsense_changes_nothing(self, head: Head) -> None:
        assert head.forges(head.looks(), f"{AREA}/who", self_registration="teachers").status_code == 400
        assert account(head.school)["self_registration"] == "observer"

    def test_without_the_right_it_says_what_is_needed_and_how_to_do_without(self, school: School) -> None:
        head = Head(school, ADMIN)
        page = head.looks()

        assert "Account-level settings - manage" in page.text
        assert "url:PUT|/api/v1/accounts/:account_id/sso_settings" in page.response.text
        refused = head.press(page, "Change it in Canvas", self_registration="none")
        assert "Canvas does not let the service account do this." in refused.text
        assert account(school)["self_registration"] == "observer"

    def test_a_canvas_that_is_away_is_told(self, head: Head) -> None:
        page = head.looks()
        head.school.canvas.fault(status=500)

        assert (
            "Nothing was changed; please try again"
            in head.press(page, "Change it in Canvas", self_registration="none").text
        )

    def test_a_canvas_without_a_login_of_its_own_is_told_what_it_lacks(self, head: Head) -> None:
        page = head.looks()
        head.school.changes(lambda world: world["accounts"][0].update(authentication_providers=[SAML]))
        head.logs_in()

        answer = head.press(page, "Change it in Canvas", self_registration="all")

        assert answer.status_code == 422
        assert "Your Canvas has no login of the type “Canvas”" in answer.text


class TestMoreScopes:
    def test_are_asked_for_when_an_account_is_connected_with_them(self, school: School) -> None:
        def widen(world: dict[str, Any]) -> None:
            world["developer_keys"][0]["scopes"] = [*KEY_SCOPES, *SIGN_UP_SCOPES]

        school.changes(widen)
        head = Head(school, ADMIN)
        tab = Person(school, SERVICE)

        tab.press(tab.press(head.looks(), "Connect an account with these scopes"), "Authorize")

        granted = school.canvas.state()["access_tokens"][-1]["scopes"]
        assert "url:PUT|/api/v1/accounts/:account_id/sso_settings" in granted
        assert [row.extras for row in rows(Institution)] == [["sign_up"]]

    def test_a_key_that_lacks_them_leaves_everything_as_it_was(self, school: School) -> None:
        head = Head(school, ADMIN)
        tab = Person(school, SERVICE)

        page = tab.press(head.looks(), "Connect an account with these scopes")

        assert "The API key lacks a scope that is needed for more than pairing." in page.text
        assert [row.extras for row in rows(Institution)] == [None]
        again = tab.press(tab.press(head.opens(), "Connect another account"), "Authorize")
        assert "Observatory is connected" in again.text

    def test_the_setup_check_looks_at_them_only_where_they_are_wanted(self, school: School) -> None:
        head = Head(school, ADMIN)

        def found() -> str:
            return head.press(head.press(head.opens(), "Check the setup"), "Look at everything").text

        assert f"all {len(SERVICE_SCOPES)} in order" in found()
        change(Institution, extras=["sign_up"])
        assert "The API key has the scope url:PUT|/api/v1/accounts/:account_id/sso_settings" in found()


class TestTheFirstPage:
    def test_logins_are_read_and_shown_to_the_right_people(self, head: Head) -> None:
        head.school.changes(saml)
        head.logs_in()
        page = head.press(head.looks(), "Read the logins from Canvas")

        assert "Look below whether each login is shown to the right people." in page.text
        assert [(row.type, row.shown, row.position) for row in rows(LoginWay)] == [
            ("saml", Shown.SCHOOL, 1),
            ("canvas", Shown.EVERYBODY, 2),
            ("google", Shown.SCHOOL, 3),
        ]
        assert f"{head.school.canvas.url}/login/saml/12" in page.text

    def test_what_was_decided_stays_when_they_are_read_again(self, head: Head) -> None:
        head.school.changes(saml)
        head.logs_in()
        page = head.press(head.looks(), "Read the logins from Canvas")
        first = str(rows(LoginWay)[0].id)
        head.forges(page, f"{AREA}/page", way=first, label=" Our  login ", shown="everybody", place="9")

        def fewer(world: dict[str, Any]) -> None:
            world["accounts"][0]["authentication_providers"].pop()

        head.school.changes(fewer)
        head.logs_in()
        page = head.press(head.looks(), "Read the logins from Canvas")

        assert [(row.type, row.label, row.shown, row.position) for row in rows(LoginWay)] == [
            ("saml", "Our login", Shown.EVERYBODY, 9),
            ("canvas", None, Shown.EVERYBODY, 2),
        ]

    def test_words_and_a_picture_are_kept(self, head: Head) -> None:
        page = head.uploads(head.looks(), PNG, text="Welcome,\r\n\r\nfamilies.")

        assert "The first page is saved." in page.text
        public = head.browser.open(f"{PUBLIC_URL}/?who=again")
        assert "Welcome, families." in public.text
        assert head.browser.http.get(f"{PUBLIC_URL}/logo").content == PNG
        page = head.uploads(head.looks(), b"", no_logo="1")
        assert [row.logo for row in rows(FrontPage)] == [None]
        assert "Welcome, families." in head.browser.open(f"{PUBLIC_URL}/").text
        assert events()[-1][0] == "front-page:change"

    @pytest.mark.parametrize(
        "content",
        [b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"GIF89a", PNG + b"x" * 200 * 1024],
        ids=["svg", "gif", "large"],
    )
    def test_what_is_no_small_picture_is_not_kept_and_the_words_stay(
        self, head: Head, content: bytes
    ) -> None:
        head.press(head.looks(), "Read the logins from Canvas")
        typed = {"text": "Our long words", "label": "For families", "place": "7", "shown": "observers"}
        page = head.uploads(head.looks(), content, **typed)

        assert "The picture cannot be used." in page.text
        assert page.status_code == 422
        assert typed.items() <= dict(page.form_with("Save the first page")[0].fields).items()
        assert [row.text for row in rows(FrontPage)] == [None]
        assert [(row.label, row.position) for row in rows(LoginWay)] == [(None, 1)]


class TestWhereCanvasLeads:
    @fact("rest 5", "The discovery address is set and, by a blank one, unset.")
    def test_it_is_set_after_saying_what_will_happen_and_taken_away_again(self, head: Head) -> None:
        asked = head.press(head.looks(), "Set it in Canvas")
        assert "What will happen" in asked.text
        assert f"{head.school.canvas.url}/login/canvas" in asked.text
        assert account(head.school)["discovery_url"] is None

        page = head.press(asked, "Yes, set it in Canvas")

        assert "is led to the first page" in page.text
        assert account(head.school)["discovery_url"] == f"{PUBLIC_URL}/at/maple/"
        led = head.school.browser().open(f"{head.school.canvas.url}/login")
        assert led.url == f"{PUBLIC_URL}/at/maple/"
        page = head.press(head.press(page, "Take it away in Canvas"), "Yes, take it away")
        assert account(head.school)["discovery_url"] is None
        assert [event for event, _ in events()][-2:] == ["discovery:change"] * 2

    def test_the_logins_are_read_first_so_that_everybody_finds_theirs(self, head: Head) -> None:
        head.school.changes(saml)
        head.logs_in()

        head.press(head.press(head.looks(), "Set it in Canvas"), "Yes, set it in Canvas")

        page = head.school.browser().open(f"{PUBLIC_URL}/at/maple/?who=school")
        assert f"{head.school.canvas.url}/login/saml/12" in [href for _, href in page.links]

    def test_another_page_is_told_before_it_is_replaced(self, head: Head) -> None:
        other = "https://other.example/"
        head.school.changes(lambda world: world["accounts"][0].update(discovery_url=other))
        head.logs_in()

        asked = head.press(head.looks(), "Set it in Canvas")

        assert "Write its address down" in asked.text
        assert other in asked.text

    def test_saying_no_changes_nothing(self, head: Head) -> None:
        page = head.press(head.press(head.looks(), "Set it in Canvas"), "No, leave it")

        assert page.has_button("Set it in Canvas")
        assert account(head.school)["discovery_url"] is None


class TestOnceADay:
    """The first page asks Canvas nothing, so the worker does."""

    def test_the_first_page_follows_what_was_changed_in_canvas(self, head: Head) -> None:
        head.school.changes(saml)
        head.logs_in()
        page = head.press(head.looks(), "Read the logins from Canvas")
        first = str(rows(LoginWay)[0].id)
        head.forges(page, f"{AREA}/page", way=first, label="Our login", shown="everybody", place="1")

        def replace(world: dict[str, Any]) -> None:
            world["accounts"][0]["authentication_providers"][0]["id"] = 13
            world["accounts"][0]["self_registration"] = "none"

        head.school.changes(replace)
        tasks.TASKS["first_page"]()

        browser = head.school.browser()
        staff = browser.open(f"{PUBLIC_URL}/?who=school")
        assert f"{head.school.canvas.url}/login/saml/13" in [href for _, href in staff.links]
        assert "the office makes the accounts" in browser.open(f"{PUBLIC_URL}/?who=new").text
        assert events()[-1] == ("front-page:change", {"what": "ways", "count": 3})

    def test_nothing_changed_writes_nothing_down(self, head: Head) -> None:
        head.press(head.looks(), "Read the logins from Canvas")
        before = events()

        tasks.TASKS["first_page"]()

        assert events() == before

    def test_a_canvas_that_is_away_changes_nothing(self, head: Head) -> None:
        head.press(head.looks(), "Read the logins from Canvas")
        before = [(row.type, row.shown) for row in rows(LoginWay)]
        head.school.canvas.fault(status=500)

        tasks.TASKS["first_page"]()

        assert [(row.type, row.shown) for row in rows(LoginWay)] == before
        assert [row.self_registration for row in rows(FrontPage)] == ["observer"]


class TestWhoMayLook:
    def test_the_admin_of_a_part_is_told_who_decides(self, school: School) -> None:
        advisor = Admin(school, ADVISOR)
        home = advisor.opens(account=2)

        assert not home.has_button("See accounts and first page")
        refused = advisor.forges(home, f"{AREA}/") if home.forms else None
        assert refused is None or refused.status_code == 403

    @pytest.mark.parametrize("path", ["who", "ways", "page", "discovery"])
    def test_a_stand_in_changes_nothing(self, head: Head, path: str) -> None:
        def promote(world: dict[str, Any]) -> None:
            world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})

        head.school.changes(promote)
        head.logs_in()
        head.acts_as(20)
        page = head.looks()

        assert not page.has_button("Change it in Canvas")
        assert head.forges(page, f"{AREA}/{path}", self_registration="none", sure="1").status_code == 403
        assert account(head.school)["self_registration"] == "observer"

    def test_a_bookmark_says_where_to_open_it(self, school: School) -> None:
        assert school.browser().open(f"{PUBLIC_URL}{AREA}/").status_code == 401
