"""Admins connect Canvas; and until they have, every page says what is missing and who can help."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.models import Institution, OAuthPurpose, PortalSession, Token
from tests.journeys.families import EVERYWHERE, give_code
from tests.journeys.rows import change, rows, uses
from tests.people import (
    ADMIN,
    ADVISOR,
    PUBLIC_URL,
    SERVICE,
    TEACHER,
    Admin,
    Observer,
    Page,
    Person,
    School,
    Student,
    Teacher,
    field,
)

pytestmark = pytest.mark.both_databases

KENJI = 105


def connects(school: School, page: Page, account: int = SERVICE) -> Page:
    """In the new tab, somebody signs in as the account to be lent."""
    tab = Person(school, account)
    return tab.press(tab.press(page, tab_button(page)), "Authorize")


def tab_button(page: Page) -> str:
    return "Connect an account" if page.has_button("Connect an account") else "Connect another account"


def service_tokens() -> list[Token]:
    return [row for row in rows(Token) if row.purpose is OAuthPurpose.SERVICE]


def test_an_admin_connects_a_service_account_and_then_codes_work(registered: School) -> None:
    admin = Admin(registered, ADMIN)
    page = admin.opens()
    assert "Without it, only Canvas's own codes can be used." in page.text

    done = connects(registered, page)

    assert "Observatory is connected" in done.text
    assert "From now on Observatory acts in Canvas as Observatory Service." in done.text
    assert "tried out just now. Observatory acts in Canvas as Observatory Service." in admin.opens().text
    (code,) = Teacher(registered, TEACHER).issues([KENJI])
    assert "You are connected" in Observer(registered, 44).redeems(code).text
    assert "Aiko Tanaka sees Mathematics 7 only" in Student(registered, KENJI).sees_observers()
    assert len(rows(PortalSession)) == 1  # the parent's: lending an account signs nobody in


def test_another_account_takes_the_place_of_the_first(school: School) -> None:
    admin = Admin(school, ADMIN)

    connects(school, admin.opens(), ADMIN)

    assert len(service_tokens()) == 1
    assert "acts in Canvas as Helen Whitfield" in admin.opens().text


def test_saying_no_leaves_everything_as_it_was(school: School) -> None:
    page = Admin(school, ADMIN).opens()
    tab = Person(school, SERVICE)

    refused = tab.follow(tab.press(page, "Connect another account"), "Cancel")

    assert "Observatory is not connected" in refused.text
    assert "Nothing was changed." in refused.text
    assert "go back to Canvas and open Observatory in your account" in refused.text
    assert len(service_tokens()) == 1


def test_an_account_that_somebody_acts_as_is_not_lent(registered: School) -> None:
    page = Admin(registered, ADMIN).opens()
    tab = Person(registered, ADMIN)
    tab.acts_as(SERVICE)

    refused = tab.press(tab.press(page, "Connect an account"), "Authorize")

    assert refused.status_code == 403
    assert rows(Token) == []


def test_the_admin_of_a_part_looks_but_may_not_connect(registered: School) -> None:
    advisor = Admin(registered, ADVISOR)

    page = advisor.opens(account=2)

    assert "An administrator of the whole institution has to connect it." in page.text
    assert not page.has_button("Connect an account")


@pytest.mark.parametrize("who", ["part", "acting", "teacher", "nobody"])
def test_nobody_else_connects_by_a_forged_form(registered: School, who: str) -> None:
    person = Admin(registered, {"part": ADVISOR, "acting": ADMIN, "teacher": TEACHER, "nobody": 44}[who])
    if who == "acting":
        registered.changes(
            lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})
        )
        person.logs_in()
        person.acts_as(20)
    if who == "nobody":
        answer = person.browser.http.post(f"{PUBLIC_URL}/canvas/connect", data={"launch": "made up"})
        assert answer.status_code == 401
    else:
        place = {"part": "/accounts/2", "acting": "/accounts/1", "teacher": "/courses/101"}[who]
        assert person.forges(with_proof(person, place), "/canvas/connect").status_code == 403
    assert rows(Token) == []


def with_proof(person: Person, place: str) -> Page:
    """A page that carries the handle in a form; the admin's may have none, so take it from the frame."""
    import re

    page = person.launches(place)
    if not page.forms:
        from tests.browser import Form

        found = re.search(r'"X-Observatory-Launch": "([^"]+)"', page.response.text)
        assert found
        page.forms.append(Form("", "post", [("launch", found[1])]))
    return page


def test_an_admin_acting_as_another_admin_is_told_so(school: School) -> None:
    school.changes(
        lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})
    )
    admin = Admin(school, ADMIN)
    admin.acts_as(20)

    page = admin.opens()

    assert "You are acting as Amara Okafor." in page.text
    assert not page.has_button("Connect another account")


def test_a_service_account_that_canvas_dropped_is_told(school: School) -> None:
    school.changes(lambda world: world.update(access_tokens=[]))
    admin = Admin(school, ADMIN)

    page = admin.opens()

    assert "Canvas no longer accepts the account of Observatory Service." in page.text
    connects(school, page)
    assert "Connected, and tried out just now." in admin.opens().text


def test_the_first_page_leads_to_the_check_and_to_the_differences(school: School) -> None:
    admin = Admin(school, ADMIN)

    assert "What was found" in admin.press(admin.opens(), "Check the setup").text
    assert admin.press(admin.opens(), "See the differences").status_code == 200
    assert not Admin(school, ADVISOR).opens(account=2).has_button("See the differences")


def test_a_canvas_that_is_away_is_told(school: School) -> None:
    admin = Admin(school, ADMIN)
    school.canvas.fault(route="/api/v1/users/self/profile", html_error=True)

    assert "but Canvas did not answer as it should just now." in admin.opens().text


def test_a_missing_developer_key_is_told_with_who_can_add_it(registered: School) -> None:
    change(Institution, oauth_client_id=None, oauth_client_secret=None)

    page = Admin(registered, ADMIN).opens()

    assert "Observatory has no developer key for Canvas's API yet." in page.text
    assert "observatory platform add" in page.text
    assert not page.has_button("Connect an account")


class TestWithoutAServiceAccount:
    """Every page says plainly what is missing and who can switch it on."""

    MISSING = "An administrator of your institution has to connect it: in Canvas, open the account"

    def test_a_teacher_reads_who_can_help(self, registered: School) -> None:
        page = Teacher(registered, TEACHER).sees_students()

        assert page.status_code == 503
        assert "Observatory is not connected to Canvas" in page.text
        assert self.MISSING in page.text

    def test_a_parent_reads_on_the_first_look_which_codes_work(self, registered: School) -> None:
        page = registered.browser().open(f"{registered.base}/pair")

        assert "Codes of six characters, from Canvas itself, do work." in page.text

    def test_a_student_is_led_to_canvas_and_reads_who_can_help(self, registered: School) -> None:
        kenji = Student(registered, KENJI)

        page = kenji.opens()

        assert page.has_button("Make a code in Canvas")
        assert not page.has_button("Show who can see me")  # Canvas tells it beside the code

    def test_a_parent_keeps_their_code(self, registered: School) -> None:
        code = give_code(registered, KENJI, EVERYWHERE)

        page = Observer(registered, 44).redeems(code)

        assert page.status_code == 422
        assert "Observatory is not connected to Canvas at the moment." in page.text
        assert "A Canvas administrator can connect it again. Your code is not used up." in page.text
        assert field(page) == code
        assert uses() == [0]

    def test_a_parent_sees_their_students_and_leaves_by_themself(self, registered: School) -> None:
        elena = Observer(registered, 40).enters()
        assert "Lucas Novak" in elena.portal().text

        page = elena.leaves("Leave Lucas Novak")

        assert "You have left" in page.text
        assert registered.links() == set()

    def test_a_parent_leaves_a_single_course_as_soon_as_it_is_there(self, registered: School) -> None:
        marcus = Observer(registered, 41).enters()

        page = marcus.leaves("Leave Mathematics 7")

        assert "Leaving" in page.text
        assert registered.observing(41) != []


def test_a_dead_service_account_keeps_the_parents_code_usable(school: School) -> None:
    code = Student(school, KENJI).issues()
    parent = Observer(school, 44).enters()

    def dropped(world: dict[str, Any]) -> None:
        world["access_tokens"] = [row for row in world["access_tokens"] if row["user_id"] != SERVICE]

    school.changes(dropped)

    page = parent.redeems(code)

    assert "Observatory is not connected to Canvas at the moment." in page.text
    assert uses() == [0]
    assert service_tokens()[0].dead_since is not None
    assert "At the moment nobody can use this code" in Student(school, KENJI).opens().text
    stranger = school.browser().open(f"{school.base}/pair")
    assert "Codes of ten characters cannot be used at the moment" in stranger.text
    connects(school, Admin(school, ADMIN).opens())
    assert "cannot be used at the moment" not in school.browser().open(f"{school.base}/pair").text
    assert "You are connected" in parent.redeems(code).text


def test_a_service_token_that_has_run_out_is_renewed_without_a_word(school: School) -> None:
    change(Token, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert "24 students" in Teacher(school, TEACHER).sees_students().text
    assert service_tokens()[0].expires_at is not None
    assert service_tokens()[0].expires_at > datetime.now(UTC)
