"""At the counter: account, connection and letter in one go, and nothing lost when Canvas fails in between."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.models import AuditEvent, LinkState, Way
from app.pairing.counter import draw, make_login
from tests.browser import Page
from tests.facts import fact
from tests.journeys.families import EVERYWHERE, ONE_COURSE, linked
from tests.journeys.office import EVERYTHING, Office, allow
from tests.journeys.test_do_not_pair import bars_, hide_addresses
from tests.journeys.test_sign_up import everything
from tests.people import ADVISOR, MATHS, Admin, School, field
from tests.records import everything_settles, only_link, states
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
KENJI, AIKO = 105, 44
PASSPORT = "passport"


@pytest.fixture
def office(school: School) -> Office:
    allow(school, *EVERYTHING, permissions=("manage_user_logins", "manage_sis"))
    return Office(school)


def at_the_counter(office: Office) -> Page:
    """The page with Kenji chosen."""
    page = office.press(office.families(), "Help a family at the counter")
    found = office.press(page, "Find the student", student_term="kenji")
    return office.press(found, "Student: Kenji Tanaka")


def for_somebody_new(office: Office) -> Page:
    """The page with Kenji chosen and nobody found by the name of the observer."""
    return office.press(at_the_counter(office), "Find the observer", observer_term="Berit Holm")


def finishes(office: Office, page: Page, paper: str = PASSPORT, **typed: str) -> Page:
    return office.press(page, "Connect and make the letter", paper=paper, **typed)


def account(school: School, name: str) -> dict[str, Any]:
    (user,) = (row for row in school.canvas.state()["users"] if row["name"] == name)
    return dict(user)


def events() -> list[tuple[str, dict[str, Any]]]:
    with db.reading() as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        return [
            (row.event, row.facts)
            for row in rows
            if row.event in ("observer:make", "counter:check", "link:add")
        ]


@fact("rest 4.1", "An admin with manage_user_logins makes an account with a password, without an e-mail.")
def test_account_connection_and_letter_in_one_go(school: School, office: Office) -> None:
    letter = finishes(office, for_somebody_new(office), name="Berit Holm", sis_id="P77")

    made = account(school, "Berit Holm")
    (login,) = made["logins"]
    assert login["unique_id"].startswith("berit.holm.")
    assert login["sis_user_id"] == "P77"
    assert "was not taken" not in letter.text
    assert "The account was made. Papers seen: passport." in letter.text
    assert f"Sign in as {login['unique_id']} with the password {login['password']} ." in letter.text
    assert "You can follow all courses of Kenji Tanaka in Canvas." in letter.text
    assert linked(school, made["id"], KENJI, EVERYWHERE)
    assert only_link().way is Way.ADMIN
    assert [event for event, _ in events()] == ["observer:make", "counter:check", "link:add"]
    assert events()[1][1]["paper"] == PASSPORT


@fact(
    "rest 4.1",
    "Without skip_registration and a password the new account is pre-registered, and the e-mail leads on.",
)
def test_with_an_address_canvas_writes_to_it_and_no_password_is_made(school: School, office: Office) -> None:
    letter = finishes(office, for_somebody_new(office), name="Berit Holm", email="berit@home.example")

    made = account(school, "Berit Holm")
    assert (made["email"], made["workflow_state"]) == ("berit@home.example", "pre_registered")
    assert made["logins"][0]["password"] is None
    assert made["logins"][0]["unique_id"] == "berit@home.example"
    assert "Open the e-mail that Canvas sent you, and choose a password." in letter.text
    assert "with the password" not in letter.text
    assert linked(school, made["id"], KENJI, EVERYWHERE)


def test_somebody_who_has_an_account_is_connected_for_one_course(school: School, office: Office) -> None:
    page = office.press(at_the_counter(office), "Find the observer", observer_term="aiko")

    letter = finishes(office, office.press(page, "Observer: Aiko Tanaka"), course=str(MATHS))

    assert "You can follow Kenji Tanaka in Mathematics 7 in Canvas." in letter.text
    assert "Sign in as aiko.parent See or end" in letter.text
    assert "The account was made" not in letter.text
    assert linked(school, AIKO, KENJI, ONE_COURSE)
    assert [event for event, _ in events()] == ["counter:check", "link:add"]


def test_without_a_look_at_papers_nothing_happens(school: School, office: Office) -> None:
    page = finishes(office, for_somebody_new(office), paper="", name="Berit Holm")

    assert "Please say what you have seen. Nothing was done yet." in page.text
    assert field(page, "name") == "Berit Holm"
    assert field(page, "student") == str(KENJI)
    assert events() == []


def test_student_and_observer_must_be_there(school: School, office: Office) -> None:
    empty = office.press(office.families(), "Help a family at the counter")

    assert "Please choose the student first." in finishes(office, empty).text
    assert "Please choose the observer" in finishes(office, at_the_counter(office)).text
    assert "a whole e-mail address" in finishes(office, for_somebody_new(office), name="B", email="b").text
    assert events() == []


def test_a_login_that_is_taken_leads_to_its_owner(school: School, office: Office) -> None:
    page = finishes(office, for_somebody_new(office), name="Aiko Tanaka", new_login="aiko.parent")

    assert "Aiko Tanaka has this login already." in page.text
    letter = finishes(office, office.press(page, "Observer: Aiko Tanaka"))
    assert "Connected with Kenji Tanaka." in letter.text
    assert linked(school, AIKO, KENJI, EVERYWHERE)


@fact("rest 4.1", "A SIS id that is in use is refused by field, and no account is made.")
def test_what_canvas_does_not_take_is_told_by_field(school: School, office: Office) -> None:
    page = finishes(office, for_somebody_new(office), name="Berit Holm", sis_id="S000105")

    assert "Canvas does not take these details yet: SIS ID:" in page.text
    assert field(page, "sis_id") == "S000105"
    assert events() == []


@fact("rest 4.1", "A SIS id is ignored without manage_sis, and the account is made.")
def test_a_sis_id_that_canvas_drops_is_told(school: School) -> None:
    allow(school, *EVERYTHING, permissions=("manage_user_logins",))
    office = Office(school)

    letter = finishes(office, for_somebody_new(office), name="Berit Holm", sis_id="P77")

    (login,) = account(school, "Berit Holm")["logins"]
    assert login["sis_user_id"] is None
    assert "The SIS ID P77 was not taken" in letter.text
    assert f"Sign in as {login['unique_id']} with the password" in letter.text


def test_without_the_permission_the_page_says_what_is_missing(school: School) -> None:
    allow(school, *EVERYTHING)
    office = Office(school)

    page = finishes(office, for_somebody_new(office), name="Berit Holm")

    assert "the permission “Users - manage login details”. No account was made." in page.text


class TestWhenCanvasFails:
    ROUTE = "/api/v1/accounts/:account_id/users"

    def test_no_account_is_made_and_nothing_typed_is_lost(self, school: School, office: Office) -> None:
        page = for_somebody_new(office)
        school.canvas.fault(method="POST", route=self.ROUTE, html_error=True)

        page = finishes(office, page, name="Berit Holm")
        login = field(page, "new_login")
        school.mended()
        letter = finishes(office, page)

        assert "no account was made. Nothing you typed is lost" in page.text
        assert login.startswith("berit.holm.")
        assert f"Sign in as {login} with the password" in letter.text
        assert account(school, "Berit Holm")["logins"][0]["unique_id"] == login

    def test_a_no_that_names_no_field_is_told_and_nothing_typed_is_lost(
        self, school: School, office: Office
    ) -> None:
        page = for_somebody_new(office)
        school.canvas.fault(method="POST", route=self.ROUTE, status=400)

        page = finishes(office, page, name="Berit Holm")

        assert page.status_code == 422
        assert "Canvas does not take these details yet: Canvas: " in page.text
        assert field(page, "name") == "Berit Holm"

    def test_an_account_whose_answer_was_lost_is_found(self, school: School, office: Office) -> None:
        page = for_somebody_new(office)
        school.canvas.fault(method="POST", route=self.ROUTE, count=1, reset="after")

        letter = finishes(office, page, name="Berit Holm")

        (login,) = account(school, "Berit Holm")["logins"]
        assert f"Sign in as {login['unique_id']} with the password {login['password']} ." in letter.text

    def test_the_letter_is_printed_and_the_connection_made_later(
        self, school: School, office: Office, run_jobs: Runner
    ) -> None:
        page = for_somebody_new(office)
        route = "/api/v1/users/:user_id/observees/:observee_id"
        school.canvas.fault(method="PUT", route=route, html_error=True)

        letter = finishes(office, page, name="Berit Holm")
        school.mended()

        assert "Canvas could not be told yet. Observatory keeps trying by itself." in letter.text
        assert "It may take until tomorrow before you see them." in letter.text
        assert "with the password" in letter.text
        assert states() == [LinkState.PENDING]
        everything_settles(run_jobs)
        assert linked(school, account(school, "Berit Holm")["id"], KENJI, EVERYWHERE)


def test_the_first_password_is_kept_nowhere(school: School, office: Office) -> None:
    letter = finishes(office, for_somebody_new(office), name="Berit Holm")

    password = account(school, "Berit Holm")["logins"][0]["password"]
    assert letter.response.text.count(password) == 1
    assert password not in everything()
    assert all(password not in str(row) for row in school.canvas.log() if row["method"] == "GET")


def test_the_first_password_is_printed_though_the_connection_failed(school: School, office: Office) -> None:
    bars_(office, "kenji", "Kenji Tanaka", "email", email="father@home.example")
    hide_addresses(school)
    office.logs_in()

    letter = finishes(office, for_somebody_new(office), name="Berit Holm")

    (login,) = account(school, "Berit Holm")["logins"]
    assert "Not connected. Canvas or the do-not-pair list does not allow it." in letter.text
    assert f"Sign in as {login['unique_id']} with the password {login['password']} ." in letter.text
    assert "You can follow" not in letter.text


def test_courses_that_are_over_are_no_choice(school: School, office: Office) -> None:
    def is_over(world: dict[str, Any]) -> None:
        (maths,) = (row for row in world["courses"] if row["id"] == MATHS)
        maths["workflow_state"] = "completed"

    def courses_of(page: Page) -> list[str]:
        return re.findall(r'name="course" value="(\d+)"|<option value="(\d+)"', page.response.text)

    before = len(courses_of(at_the_counter(office)))
    school.changes(is_over)
    office.logs_in()

    counter, person = at_the_counter(office), office.finds("kenji", "Kenji Tanaka")
    pair = office.press(office.press(person, "Find the observer", term="aiko"), "Choose Aiko Tanaka")

    assert before > 0
    for page in (counter, person, pair):
        assert len(courses_of(page)) == before - 1


@pytest.mark.parametrize("button", ["Connect and make the letter", "Make the account only"])
def test_the_same_form_again_makes_no_second_account(school: School, office: Office, button: str) -> None:
    page = for_somebody_new(office)
    office.press(page, button, paper=PASSPORT, name="Berit Holm")

    again = office.press(page, button, paper=PASSPORT, name="Berit Holm")

    login = account(school, "Berit Holm")["logins"][0]["unique_id"]
    assert f"No second account was made: Berit Holm has the login {login}." in again.text
    assert "It is Berit Holm" not in again.text
    found = office.press(again, "Find the observer", observer_term=login)
    assert found.has_button("Observer: Berit Holm")
    assert [event for event, _ in events()].count("observer:make") == 1


def test_another_family_gets_another_login(school: School, office: Office) -> None:
    first = office.press(for_somebody_new(office), "Make the account only", name="Berit Holm")
    page = office.press(office.press(first, "Next family"), "Find the observer", observer_term="zzz")

    second = office.press(page, "Make the account only", name="Berit Holm")

    assert "The account was made." in second.text
    assert [event for event, _ in events()] == ["observer:make", "observer:make"]


def test_only_an_account_is_made(school: School, office: Office) -> None:
    letter = office.press(for_somebody_new(office), "Make the account only", name="Berit Holm")

    assert "The account was made." in letter.text
    assert "Papers seen" not in letter.text
    assert states() == []
    assert [event for event, _ in events()] == ["observer:make"]


@pytest.mark.parametrize("whom", ["email", "anyone"])
def test_the_do_not_pair_list_is_asked_before_an_account_is_made(
    school: School, office: Office, whom: str
) -> None:
    given = {"email": "berit@home.example"} if whom == "email" else {}
    bars_(office, "kenji", "Kenji Tanaka", whom, **given)

    page = finishes(office, for_somebody_new(office), name="Berit Holm", email="berit@home.example")

    assert "The do-not-pair list speaks against this. No account was made." in page.text
    assert "Berit Holm" not in {row["name"] for row in school.canvas.state()["users"]}
    assert "Somebody was kept away from a student." in office.opens().text


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("Åse Ødegård", "ase.degard."),
        ("小林 愛子", "observer."),
        ("Иван Петров 2", "observer."),
        ("O'Brien, Grace", "obrien.grace."),
    ],
)
def test_a_login_is_made_of_any_name(name: str, start: str) -> None:
    drawn = draw()
    login = make_login(name, drawn)

    assert login.startswith(start)
    assert login.removeprefix(start).isdigit()
    assert len(drawn) == 6
    assert login == make_login(name, drawn) != make_login(name, draw())


def test_nobody_else_stands_at_the_counter(school: School, office: Office) -> None:
    part = Admin(school, ADVISOR)
    school.changes(
        lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})
    )
    part.logs_in()
    acting = Office(school)
    acting.acts_as(20)

    assert part.forges(part.opens(account=2), "/admin/counter/").status_code == 403
    assert not acting.families().has_button("Help a family at the counter")
    assert acting.forges(acting.opens(), "/admin/counter/").status_code == 403
