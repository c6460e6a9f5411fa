"""The public first page: who are you, and where do you log in?"""

from typing import Any
from urllib.parse import quote

import pytest

from app import db
from app.models import FrontPage, LoginWay, Shown
from tests.browser import Browser, Page
from tests.facts import fact
from tests.people import PUBLIC_URL, Observer, School, Student

pytestmark = pytest.mark.both_databases

KENJI = 105
UNKNOWN = "Canvas doesn't have an account for user: mio@families.example"


def saml(world: dict[str, Any]) -> None:
    """A school whose students and staff come by the school's own login."""
    row = {"parent_registration": False, "workflow_state": "active", "settings": {}}
    world["accounts"][0]["authentication_providers"] = [
        {"id": 12, "auth_type": "saml", "position": 1, **row},
        {"id": 1, "auth_type": "canvas", "position": 2, **row},
        {"id": 3, "auth_type": "google", "position": 3, **row},
    ]


def ways(school: School, *kinds: tuple[str, str, Shown]) -> None:
    """What an admin has decided about the ways to log in."""
    with db.transaction() as session:
        for place, (number, kind, shown) in enumerate(kinds, 1):
            session.add(
                LoginWay(
                    institution_id=school.institution_id,
                    provider_id=number,
                    type=kind,
                    shown=shown,
                    position=place,
                )
            )


def says(school: School, **values: Any) -> None:
    with db.transaction() as session:
        session.merge(FrontPage(institution_id=school.institution_id, **values))


@pytest.fixture
def visitor(school: School) -> Browser:
    return school.browser()


def opens(school: School, browser: Browser, query: str = "") -> Page:
    return browser.open(f"{school.base}/{query}")


class TestWhoAreYou:
    def test_asks_and_asks_canvas_nothing(self, school: School, visitor: Browser) -> None:
        school.forgets_calls()

        page = opens(school, visitor)

        words = [text for text, _ in page.links]
        for choice in (
            "Student or staff",
            "Parent with an account",
            "Parent without an account",
            "Help me choose",
        ):
            assert choice in words
        assert "Welcome to Maple Grove Schools" in page.text
        assert school.canvas.log() == []

    @pytest.mark.parametrize("who", ["school", "parent", "new", "unsure", "wrong", "", "again"])
    def test_no_link_leads_to_where_canvas_would_lead_back(
        self, school: School, visitor: Browser, who: str
    ) -> None:
        page = opens(school, visitor, f"?who={who}")

        assert page.status_code == 200
        ours = [href for _, href in page.links if href.startswith(school.canvas.url)]
        assert f"{school.canvas.url}/login" not in ours
        assert school.canvas.url not in ours
        assert f"{school.canvas.url}/" not in ours

    def test_remembers_the_answer_until_it_is_changed(self, school: School, visitor: Browser) -> None:
        visitor.follow(opens(school, visitor), "Parent with an account")

        again = opens(school, visitor)
        assert "Parents and other observers: log in" in again.text
        changed = visitor.follow(again, "I am somebody else: choose again")
        assert "Student or staff" in changed.text
        assert "Student or staff" in opens(school, visitor).text

    def test_shows_each_kind_of_person_their_own_logins(self, school: School, visitor: Browser) -> None:
        ways(
            school,
            ("12", "saml", Shown.SCHOOL),
            ("1", "canvas", Shown.OBSERVERS),
            ("3", "google", Shown.EVERYBODY),
            ("4", "ldap", Shown.NOBODY),
        )
        url = school.canvas.url

        staff = opens(school, visitor, "?who=school").links
        parents = opens(school, visitor, "?who=parent").links

        assert [href for _, href in staff if "/login/" in href and href.startswith(url)] == [
            f"{url}/login/saml/12",
            f"{url}/login/google",
        ]
        assert [href for _, href in parents if "/login/" in href and href.startswith(url)] == [
            f"{url}/login/canvas",
            f"{url}/login/google",
        ]

    def test_logins_that_would_look_alike_are_numbered(self, school: School, visitor: Browser) -> None:
        ways(school, ("12", "saml", Shown.SCHOOL), ("13", "saml", Shown.SCHOOL), ("4", "cas", Shown.SCHOOL))

        words = [text for text, href in opens(school, visitor, "?who=school").links if "/login/" in href]

        one = "Log in with the school's login"
        assert words == [one, f"{one} (2)", f"{one} (3)"]

    def test_shows_canvas_own_login_before_anything_was_read(self, school: School, visitor: Browser) -> None:
        page = opens(school, visitor, "?who=school")

        assert ("Log in to Canvas", f"{school.canvas.url}/login/canvas") in page.links

    def test_helps_whoever_is_not_sure(self, school: School, visitor: Browser) -> None:
        page = visitor.follow(opens(school, visitor), "Help me choose")

        page = visitor.follow(page, "Yes, and I have no account")

        assert ("Make an account with my code", "/sign-up") in page.links

    def test_leads_to_the_office_where_nobody_may_sign_up(self, school: School, visitor: Browser) -> None:
        says(school, self_registration="none")

        page = opens(school, visitor, "?who=new")

        assert "the office makes the accounts" in page.text
        assert "/sign-up" not in [href for _, href in page.links]

    def test_leads_a_signed_in_observer_to_their_students(self, school: School, parent: Observer) -> None:
        parent.enters()

        assert ("My students", "/observer/") in parent.browser.open(f"{PUBLIC_URL}/?who=again").links

    def test_forgets_the_answer_on_signing_out_but_not_how_to_sign_out_of_canvas(
        self, school: School, parent: Observer
    ) -> None:
        page = parent.press(parent.enters().portal(), "Sign out")

        assert ("Sign out of Canvas", f"{school.canvas.url}/logout") in page.links


class TestWhatTheSchoolSays:
    def test_its_words_are_shown_as_plain_text(self, school: School, visitor: Browser) -> None:
        says(school, text="Dear families,\n\n<b>welcome</b> & hello")

        page = opens(school, visitor)

        assert "Dear families, <b>welcome</b> & hello" in page.text
        assert "<b>welcome" not in page.response.text
        assert page.response.text.count('<p class="lead">') == 2

    def test_its_picture_is_served_as_a_picture_and_nothing_else(
        self, school: School, visitor: Browser
    ) -> None:
        picture = b"\x89PNG\r\n\x1a\n" + b"<script>alert(1)</script>"
        says(school, logo=picture, logo_type="image/png")

        page = opens(school, visitor)
        answer = visitor.http.get(f"{school.base}/logo")

        assert '<img class="logo" src="/logo?v=' in page.response.text
        assert answer.content == picture
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]

    def test_without_a_picture_there_is_none(self, school: School, visitor: Browser) -> None:
        assert "/logo" not in opens(school, visitor).response.text
        assert visitor.http.get(f"{school.base}/logo").status_code == 404


class TestAsCanvasDiscoveryAddress:
    @pytest.fixture(autouse=True)
    def leads_here(self, school: School) -> None:
        def lead(world: dict[str, Any]) -> None:
            saml(world)
            world["accounts"][0]["discovery_url"] = f"{PUBLIC_URL}/"

        school.changes(lead)
        ways(school, ("12", "saml", Shown.SCHOOL), ("1", "canvas", Shown.OBSERVERS))

    @fact("rest 5", "With a discovery URL whoever opens Canvas is led there, and its links do not lead back.")
    def test_whoever_opens_canvas_comes_here_and_gets_in(self, school: School, visitor: Browser) -> None:
        page = visitor.open(f"{school.canvas.url}/login")
        assert page.url == f"{PUBLIC_URL}/"

        page = visitor.follow(page, "Parent with an account")
        form = visitor.follow(page, "Log in with a Canvas password")

        assert form.url == f"{school.canvas.url}/login/canvas"

    @fact(
        "rest 5",
        "Canvas keeps where somebody wanted to go while they choose their login on a discovery page.",
    )
    def test_signing_in_to_observatory_comes_by_here_and_goes_on(
        self, school: School, visitor: Browser
    ) -> None:
        page = visitor.open(f"{PUBLIC_URL}/pair")
        page = visitor.press(page, "Sign in with Canvas and go on", code="K7Q2M-9XWPT")
        assert page.url == f"{PUBLIC_URL}/"
        assert "Parents and other observers: log in" in page.text  # for they came to use a code
        assert "If you have typed a code, it is kept ready" in page.text
        words = [text for text, _ in page.links]
        assert not {"Use my code", "My students"} & set(words)  # which would lead here again

        visitor.follow(page, "Log in with a Canvas password")
        answer = visitor.http.post(f"{school.canvas.url}/login/canvas", data={"user_id": 44})
        page = visitor.press(Page(answer), "Authorize")

        assert page.has_button("Connect me")

    @fact("rest 5", "When a login failed, Canvas adds its text to the discovery URL as message.")
    def test_a_login_that_canvas_does_not_know_is_told_in_words(
        self, school: School, visitor: Browser
    ) -> None:
        page = opens(school, visitor, f"?message={quote(UNKNOWN)}")

        assert "The login worked, but Canvas has no account for it." in page.text
        assert "mio@families.example" in page.text
        assert "Student or staff" in page.text

    @pytest.mark.parametrize(
        "words", ["<img src=x onerror=alert(1)>", "You are locked out: call 1-555", f"{UNKNOWN} call 1-555"]
    )
    def test_no_words_of_the_address_are_repeated(self, school: School, visitor: Browser, words: str) -> None:
        page = opens(school, visitor, f"?message={quote(words)}")

        assert "1-555" not in page.text
        assert "<img src=x" not in page.response.text
        told = words.startswith(UNKNOWN)
        assert ("Canvas has no account for it." if told else "Canvas could not log you in.") in page.text

    def test_with_the_message_whoever_is_remembered_may_choose_again(
        self, school: School, visitor: Browser
    ) -> None:
        opens(school, visitor, "?who=school")

        page = opens(school, visitor, f"?message={quote(UNKNOWN)}")

        assert "choose below who you are" in page.text
        assert "Parent with an account" in [words for words, _ in page.links]

    def test_a_parent_with_a_code_is_led_past_what_a_child_chose_before(
        self, school: School, visitor: Browser
    ) -> None:
        opens(school, visitor, "?who=school")
        page = visitor.open(f"{PUBLIC_URL}/pair")

        page = visitor.press(page, "Sign in with Canvas and go on", code="K7Q2M-9XWPT")

        assert "Parents and other observers: log in" in page.text
        again = visitor.follow(page, "I am somebody else: choose again")
        visitor.follow(again, "Student or staff")
        assert "Students and staff: log in" in opens(school, visitor).text


class TestTheWrongLogin:
    def test_says_how_to_change_it(self, school: School, visitor: Browser) -> None:
        page = visitor.follow(opens(school, visitor, "?who=parent"), "I got the wrong person's pages")

        assert "Sign out of Canvas:" in page.text
        assert f"{school.canvas.url}/logout" in [href for _, href in page.links]

    def test_a_code_used_with_the_students_login_leads_there(self, school: School) -> None:
        code = Student(school, KENJI).issues()

        page = Observer(school, KENJI).redeems(code)

        assert page.status_code == 422
        assert ("How to change to your own account", "/?who=wrong") in page.links

    def test_a_student_in_the_observers_portal_is_told(self, school: School) -> None:
        page = Observer(school, KENJI).enters().portal()

        assert "You are signed in as Kenji Tanaka, who takes courses here." in page.text
        assert ("How to change to your own account", "/?who=wrong") in page.links

    def test_a_parent_is_not(self, school: School, parent: Observer) -> None:
        assert "who takes courses here" not in parent.enters().portal().text


def test_the_pages_of_two_institutions_do_not_mix(school: School, visitor: Browser) -> None:
    page = visitor.open(f"{PUBLIC_URL}/at/maple/?who=new")

    assert ("Make an account with my code", "/at/maple/sign-up") in page.links
    assert visitor.open(f"{PUBLIC_URL}/at/nowhere/").status_code == 404
