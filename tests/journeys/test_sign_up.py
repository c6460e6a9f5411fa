"""Families without an account make one with a code."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app import db, people, policy, tasks
from app.canvas.oauth import KEY_SCOPES, SERVICE_SCOPES, SIGN_UP_SCOPES
from app.models import (
    Acceptance,
    AuditEvent,
    Code,
    FrontPage,
    Guesses,
    Link,
    LinkState,
    PolicyRow,
    SignUp,
    SignUpState,
)
from tests.facts import fact
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code
from tests.journeys.rows import change, decide, hurry, rows, uses
from tests.people import ADMIN, MATHS, PUBLIC_URL, SERVICE, Page, School
from tests.workers import Runner

pytestmark = pytest.mark.both_databases

KENJI, AVA = 105, 104
NATIVE = "aB3dE9"
EMAIL, PASSWORD = "mio@families.example", "correct horse battery"
BUTTON = "Make my account"
USERS = "/api/v1/accounts/self/users"


def grown(school: School, *permissions: str) -> None:
    """The service account may do more, and its token and the key have the scopes for it."""

    def change(world: dict[str, Any]) -> None:
        for admin in world["admins"]:
            if admin["user_id"] == SERVICE:
                admin["permissions"] += list(permissions)
        world["developer_keys"][0]["scopes"] = [*KEY_SCOPES, *SIGN_UP_SCOPES]
        world["access_tokens"][0]["scopes"] = [*SERVICE_SCOPES, *SIGN_UP_SCOPES]

    school.changes(change)


@pytest.fixture
def open_school(school: School) -> School:
    """A school whose service account was connected for signing up, too."""
    grown(school, "manage_user_logins")
    return school


class Family:
    """Somebody without an account in front of the form."""

    def __init__(self, school: School, address: str = "203.0.113.9") -> None:
        self.school = school
        self.browser = school.browser(address)

    def signs_up(self, code: str, **typed: str) -> Page:
        page = self.browser.open(f"{self.school.base}/sign-up")
        return self.sends(page, code=code, **typed)

    def sends(self, page: Page, **typed: str) -> Page:
        known = {"name": "Mio Tanaka", "email": EMAIL, "password": PASSWORD, "terms": "y"}
        return self.browser.press(page, BUTTON, **(known | typed))


@pytest.fixture
def family(open_school: School) -> Family:
    return Family(open_school)


def account(school: School, email: str = EMAIL) -> dict[str, Any] | None:
    """The person in Canvas who has this login."""
    for user in school.canvas.state()["users"]:
        if any(login["unique_id"] == email for login in user["logins"]):
            found: dict[str, Any] = user
            return found
    return None


def made(school: School, email: str = EMAIL) -> dict[str, Any]:
    found = account(school, email)
    assert found is not None
    return found


def creations(school: School) -> int:
    """How often Canvas was asked for an account."""
    return len([row for row in school.canvas.log() if row["method"] == "POST" and row["path"] == USERS])


def native_code(school: School, student: int = KENJI) -> None:
    row = {"user_id": student, "code": NATIVE, "expires_at": "2099-01-01T00:00:00Z"}
    school.changes(lambda world: world["pairing_codes"].append(row))


class TestWithACodeForAllCourses:
    @fact(
        "rest 4.1",
        "An observer signs up with name, login, password and a pairing code in one call, and is linked.",
    )
    def test_one_form_makes_the_account_and_the_connection(self, family: Family) -> None:
        school = family.school
        code = give_code(school, KENJI, EVERYWHERE)
        school.forgets_calls()

        page = family.signs_up(code, language="es")

        assert "Your account is made" in page.text
        assert "You are connected to Student 105. You can see all courses." in page.text
        user = made(school)
        assert (user["name"], user["email"], user["locale"]) == ("Mio Tanaka", EMAIL, "es")
        assert (user["id"], KENJI) in school.links()
        assert len(school.observing(user["id"])) == len(school.sections_of(KENJI))
        assert uses() == [1]
        assert [(link.state, link.holds_use) for link in rows(Link)] == [(LinkState.ACTIVE, False)]
        assert creations(school) == 1
        assert [row["path"] for row in school.writes()] == [
            f"/api/v1/users/{KENJI}/observer_pairing_codes",
            USERS,
        ]

    def test_they_sign_in_with_what_they_chose(self, family: Family) -> None:
        family.signs_up(give_code(family.school, KENJI, EVERYWHERE))
        canvas = family.school.canvas.url
        login = {"pseudonym_session[unique_id]": EMAIL, "pseudonym_session[password]": PASSWORD}
        assert family.browser.http.post(f"{canvas}/login/canvas", data=login).status_code == 200

        page = family.browser.open(f"{PUBLIC_URL}/canvas/login")
        page = family.browser.press(page, "Authorize")

        assert "Kenji Tanaka You see all courses" in page.text

    def test_the_password_is_kept_nowhere(self, family: Family) -> None:
        family.signs_up(give_code(family.school, KENJI, EVERYWHERE))

        assert PASSWORD not in everything()
        assert [row.asked for row in rows(SignUp)] == [""]

    def test_both_parents_use_one_letter_and_a_third_is_told(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        family.signs_up(code)

        second = Family(family.school).signs_up(code, email="dad@families.example", name="Ken Tanaka")
        third = Family(family.school).signs_up(code, email="x@families.example")

        assert "Your account is made" in second.text
        assert "This code has already been used as often as it can be." in third.text
        assert account(family.school, "x@families.example") is None
        assert uses() == [2]

    def test_it_is_written_down(self, family: Family) -> None:
        family.signs_up(give_code(family.school, KENJI, EVERYWHERE))

        events = [row.event for row in rows(AuditEvent)]
        assert events[-3:] == ["account:make", "code:redeem", "link:connect"]
        assert EMAIL not in repr([row.facts for row in rows(AuditEvent)])

    def test_a_job_finds_nothing_left_to_do(self, family: Family, run_jobs: Runner) -> None:
        family.signs_up(give_code(family.school, KENJI, EVERYWHERE))
        hurry()
        run_jobs()

        assert uses() == [1]
        assert creations(family.school) == 1
        assert [row.state for row in rows(SignUp)] == [SignUpState.MADE]


def everything() -> str:
    """All that is in the database, as text."""
    from sqlalchemy import MetaData

    found = MetaData()
    engine = db.database.engine
    found.reflect(engine)
    if engine.dialect.name == "postgresql":
        found.reflect(engine, schema="dbos")
    with db.reading() as session:
        return repr([session.execute(table.select()).all() for table in found.sorted_tables])


def test_upkeep_forgets_what_was_settled_long_ago(family: Family) -> None:
    family.signs_up(give_code(family.school, KENJI, EVERYWHERE))
    tasks.TASKS["upkeep"]()
    assert len(rows(SignUp)) == 1
    change(SignUp, created_at=datetime(2025, 1, 1, tzinfo=UTC))

    tasks.TASKS["upkeep"]()

    assert rows(SignUp) == []


class TestWithACodeForOneCourse:
    def test_the_account_is_connected_to_that_course_only(self, family: Family) -> None:
        school = family.school
        code = give_code(school, KENJI, ONE_COURSE)

        page = family.signs_up(code)

        assert "You can see one course: Mathematics 7." in page.text
        user = made(school)
        assert school.links().isdisjoint({(user["id"], KENJI)})
        assert school.observing(user["id"]) == [
            (MATHS, section, KENJI) for _, section in school.sections_of(KENJI, MATHS)
        ]
        assert uses() == [1]
        assert creations(school) == 1

    def test_where_that_is_not_allowed_nothing_is_made_and_the_code_stays_good(self, school: School) -> None:
        code = give_code(school, KENJI, ONE_COURSE)

        page = Family(school).signs_up(code)

        assert "Observatory may not make an account for that here." in page.text
        assert account(school) is None
        assert uses() == [0]

    def test_a_login_that_exists_is_not_touched(self, family: Family) -> None:
        code = give_code(family.school, KENJI, ONE_COURSE)

        page = family.signs_up(code, email="x@y.example")
        again = Family(family.school).signs_up(give_code(family.school, AVA, ONE_COURSE), email="x@y.example")

        assert "Your account is made" in page.text
        assert "Canvas did not make an account with this." in again.text
        assert {link.student_id for link in rows(Link)} == {rows(Code)[0].student_id}
        assert uses() == [1, 0]

    def test_the_answer_that_is_lost_is_found_again(self, family: Family) -> None:
        code = give_code(family.school, KENJI, ONE_COURSE)
        family.school.canvas.fault(method="POST", route=USERS, count=1, reset="after")

        page = family.signs_up(code)

        assert "You can see one course: Mathematics 7." in page.text
        assert creations(family.school) == 1
        assert uses() == [1]


class TestWithACodeOfCanvas:
    @fact("rest 4.1", "No token is needed to sign up as an observer.")
    def test_no_service_account_is_needed(self, registered: School) -> None:
        native_code(registered)

        page = Family(registered).signs_up(NATIVE)

        assert "Your account is made" in page.text
        assert (made(registered)["id"], KENJI) in registered.links()

    def test_the_connection_is_written_down_where_canvas_tells_it(self, family: Family) -> None:
        native_code(family.school)

        family.signs_up(NATIVE)

        assert [(link.way, link.state) for link in rows(Link)] == [("native_code", "active")]

    @fact("rest 4.1", "A wrong pairing code is refused with an error of its own.")
    def test_a_wrong_one_is_told_and_counted(self, family: Family) -> None:
        page = family.signs_up("zzzzz9")

        assert "Canvas does not accept this code." in page.text
        assert account(family.school) is None
        assert {row.kind: row.misses for row in rows(Guesses)}["institution"] == 1

    def test_an_answer_that_is_lost_is_told_honestly(self, registered: School) -> None:
        native_code(registered)
        registered.canvas.fault(method="POST", route=USERS, count=1, reset="after")

        page = Family(registered).signs_up(NATIVE)

        assert page.status_code == 503
        assert "we do not know whether there is an account now" in page.text


class TestWhenSomethingIsWrong:
    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"code": ""}, "Please type the code from your letter or message."),
            ({"code": "K7Q2M-9XWPP"}, "This code has a typing mistake."),
            ({"name": " "}, "Please type your name."),
            ({"email": "mio"}, "Please type a whole e-mail address"),
            ({"password": "short"}, "Please choose a password of at least 8 characters."),
            ({"terms": "n"}, "Please read this and tick the box, if you agree."),
        ],
    )
    def test_it_is_told_at_its_field_and_nothing_is_lost(
        self, family: Family, typed: dict[str, str], words: str
    ) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)

        page = family.signs_up(**{"code": code, **typed})

        assert page.status_code == 422
        assert page.text.count(words) == 2  # above the form, and at the field
        kept = dict(page.forms[-1].fields)
        expected = {"code": code, "name": "Mio Tanaka", "email": EMAIL} | typed
        assert [kept[name].strip() for name in ("code", "name", "email")] == [
            expected[name].strip() for name in ("code", "name", "email")
        ]
        assert kept["password"] == ""
        assert PASSWORD not in page.response.text
        assert uses() == [0]
        assert creations(family.school) == 0

    def test_it_is_corrected_with_the_password_alone(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        page = family.signs_up(code, password="short")

        page = family.browser.press(page, BUTTON, password=PASSWORD)

        assert "Your account is made" in page.text

    @pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
    def test_a_login_in_use_is_not_told_from_other_refusals(self, family: Family, reach: str) -> None:
        code = give_code(family.school, KENJI, reach)
        in_use = family.signs_up(code, email="aiko@families.example")
        assert "Your account is made" in in_use.text

        page = Family(family.school).signs_up(code, email="aiko@families.example", name="A Stranger")

        if "Your account is made" in page.text:  # taken for a second click; it tells nothing new
            assert creations(family.school) == 1
        change(SignUp, created_at=rows(SignUp)[0].created_at.replace(year=2025))
        page = Family(family.school).signs_up(code, email="aiko@families.example", name="A Stranger")
        assert "Canvas did not make an account with this. Perhaps you have an account already" in page.text
        assert "in use" not in page.text
        assert uses() == [1]

    def test_without_a_code_nobody_learns_who_has_an_account(self, family: Family) -> None:
        pages = [
            family.signs_up("K7Q2M-9XWPS", email=email)
            for email in ("aiko@families.example", "no@families.example")
        ]

        assert pages[0].text.replace("aiko", "no") == pages[1].text
        assert creations(family.school) == 0

    def test_asking_with_one_code_again_and_again_has_to_wait(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        family.school.canvas.fault(method="POST", route=USERS, status=400)

        for number in range(6):
            page = Family(family.school, f"203.0.113.{number}").signs_up(
                code, email=f"n{number}@families.example"
            )
            assert "Canvas did not make an account with this." in page.text
        page = family.signs_up(code, email="last@families.example")

        assert "An account was asked for very often." in page.text
        assert creations(family.school) == 6
        assert uses() == [0]

    def test_a_code_of_another_state_is_told_as_on_the_pairing_page(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        change(Code, revoked_at=rows(Code)[0].created_at)

        assert "This code was taken back by the person who made it." in family.signs_up(code).text

    def test_two_codes_are_not_called_a_typing_mistake(self, family: Family) -> None:
        codes = [give_code(family.school, student, ONE_COURSE) for student in (KENJI, AVA)]

        page = family.signs_up(", ".join(codes))

        assert "These are several codes, and an account is made with one." in page.text
        assert "When you have the account, sign in and use the others." in page.text
        assert uses() == [0, 0]


class TestManyFamilies:
    def test_those_who_got_their_account_are_not_held_against_their_address(self, family: Family) -> None:
        code = give_code(family.school, KENJI, ONE_COURSE)
        native_code(family.school)

        family.signs_up(code)
        Family(family.school).signs_up(NATIVE, email="dad@families.example")

        assert {row.kind: row.misses for row in rows(Guesses)}["sign_up_address"] == 0

    def test_those_who_got_none_are(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        family.school.canvas.fault(method="POST", route=USERS, status=400)

        family.signs_up(code)

        assert {row.kind: row.misses for row in rows(Guesses)}["sign_up_address"] == 1


class TestSentTwice:
    def test_two_parents_with_one_address_are_not_one_who_clicks_twice(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        family.signs_up(code)

        page = Family(family.school).signs_up(code, name="Ken Tanaka", password="another long one")

        assert "Canvas did not make an account with this. Perhaps you have an account already" in page.text
        assert uses() == [1]

    def test_a_second_click_makes_no_second_account(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        page = family.browser.open(f"{family.school.base}/sign-up")

        first, second = (family.sends(page, code=code) for _ in range(2))

        assert "Your account is made" in first.text
        assert "Your account is made" in second.text
        assert creations(family.school) == 1
        assert uses() == [1]


class TestWhenCanvasIsNotHeard:
    def test_an_account_whose_answer_was_lost_is_found_at_once(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        family.school.canvas.fault(method="POST", route=USERS, count=1, reset="after")

        page = family.signs_up(code)

        assert "Your account is made" in page.text
        assert creations(family.school) == 1
        assert uses() == [1]
        assert (made(family.school)["id"], KENJI) in family.school.links()

    def test_a_job_finds_the_account_when_the_request_could_not(
        self, family: Family, run_jobs: Runner
    ) -> None:
        school = family.school
        code = give_code(school, KENJI, EVERYWHERE)
        school.canvas.fault(method="POST", route=USERS, count=1, reset="after")
        school.canvas.fault(method="GET", route=f"/api/v1/users/{KENJI}/observers", after=1, status=500)

        page = family.signs_up(code)

        assert "Almost there" in page.text
        assert uses() == [1]
        school.mended()
        hurry()
        run_jobs()
        hurry()
        run_jobs()
        assert "You are connected to Student 105." in family.browser.open(page.url).text
        assert creations(school) == 1
        assert uses() == [1]

    def test_a_code_that_ends_while_canvas_is_silent_was_used_in_time(
        self, family: Family, run_jobs: Runner
    ) -> None:
        school = family.school
        code = give_code(school, KENJI, ONE_COURSE)
        school.canvas.fault(method="POST", route=USERS, count=1, reset="after")
        school.canvas.fault(method="GET", route="/api/v1/users/:id", status=500)
        school.canvas.fault(method="GET", route=USERS, after=1, status=500)
        page = family.signs_up(code)
        assert "Almost there" in page.text
        with db.transaction() as session:
            for each in session.scalars(select(Code)):
                each.expires_at = datetime.now(UTC)

        school.mended()
        for _ in range(2):
            hurry()
            run_jobs()

        assert "You can see one course: Mathematics 7." in family.browser.open(page.url).text
        assert uses() == [1]

    def test_what_never_reached_canvas_is_undone(self, family: Family, run_jobs: Runner) -> None:
        school = family.school
        code = give_code(school, KENJI, EVERYWHERE)
        school.canvas.fault(method="POST", route=USERS, count=1, reset="before")

        page = family.signs_up(code)
        assert "Almost there" in page.text
        change(SignUp, created_at=rows(SignUp)[0].created_at.replace(year=2025))
        hurry()
        run_jobs()

        page = family.browser.open(page.url)
        assert "No account was made" in page.text
        assert uses() == [0]
        assert account(school) is None
        assert "Your account is made" in family.signs_up(code).text

    def test_nobody_sends_it_again_while_it_is_not_known(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        family.school.canvas.fault(method="POST", route=USERS, count=1, reset="before")
        family.signs_up(code)

        page = Family(family.school).signs_up(code)

        assert "Almost there" in page.text
        assert uses() == [1]

    def test_a_canvas_that_is_away_costs_no_use(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        family.browser.open(f"{family.school.base}/sign-up")
        family.school.canvas.fault(route=f"/api/v1/users/{KENJI}", status=500)

        page = family.signs_up(code)

        assert "Canvas does not answer at the moment." in page.text
        assert uses() == [0]


class TestWhoMaySignUp:
    def test_where_nobody_may_the_way_to_the_office_is_told(self, school: School) -> None:
        school.changes(lambda world: world["accounts"][0].update(self_registration="none"))

        page = school.browser().open(f"{school.base}/sign-up")

        assert "the school makes the accounts for parents" in page.text
        assert "Keep your code. It is not used up." in page.text
        assert not page.has_button(BUTTON)

    @fact("rest 4.1", "Signing up is forbidden where the account's choice does not allow it.")
    def test_a_choice_made_in_canvas_meanwhile_is_learned_from_the_refusal(self, family: Family) -> None:
        code = give_code(family.school, KENJI, EVERYWHERE)
        page = family.browser.open(f"{family.school.base}/sign-up")

        def close(world: dict[str, Any]) -> None:
            world["accounts"][0]["self_registration"] = "none"

        family.school.changes(close)
        family.school.canvas.fault(route="/api/v1/accounts/self/terms_of_service", status=500)
        answer = family.sends(page, code=code)

        assert answer.status_code in (403, 422)
        assert uses() == [0]
        assert account(family.school) is None

    @pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
    def test_where_nobody_may_any_more_no_account_is_made(self, family: Family, reach: str) -> None:
        school = family.school
        code = give_code(school, KENJI, reach)
        page = family.browser.open(f"{school.base}/sign-up")
        school.changes(lambda world: world["accounts"][0].update(self_registration="none"))

        answer = family.sends(page, code=code)

        assert answer.status_code == 403
        assert "the school makes the accounts for parents" in answer.text
        assert account(school) is None
        assert uses() == [0]

    def test_the_form_asks_canvas_once_a_day_at_most(self, school: School) -> None:
        browser = school.browser()
        for _ in range(3):
            browser.open(f"{school.base}/sign-up")

        asked = [row for row in school.canvas.log() if row["path"].endswith("/terms_of_service")]
        assert len(asked) == 1
        assert [row.self_registration for row in rows(FrontPage)] == ["observer"]

    def test_without_a_service_account_the_code_stays_good(self, registered: School) -> None:
        code = give_code(registered, KENJI, EVERYWHERE)

        page = Family(registered).signs_up(code)

        assert "Observatory is not connected to Canvas at the moment." in page.text
        assert uses() == [0]

    def test_a_key_without_the_scopes_says_who_can_help(self, school: School) -> None:
        code = give_code(school, KENJI, EVERYWHERE)

        page = Family(school).signs_up(code)

        assert "Canvas does not let Observatory do this yet." in page.text
        assert uses() == [0]

    def test_the_page_of_what_became_of_it_is_its_makers_only(self, school: School) -> None:
        assert school.browser().open(f"{school.base}/sign-up/done").url == f"{PUBLIC_URL}/sign-up"


class TestWhatTheSchoolDecided:
    def test_what_they_agree_to_is_kept_with_a_code_of_canvas_too(self, family: Family) -> None:
        agree_to(family.school, "I will tell nobody.")
        native_code(family.school)

        assert "Your account is made" in family.signs_up(NATIVE, terms="y").text

        assert [row.agreement_id for row in rows(Acceptance)] == [1]

    def test_they_agree_to_the_schools_text_on_the_same_form(self, family: Family) -> None:
        agree_to(family.school, "I will tell nobody.")
        code = give_code(family.school, KENJI, EVERYWHERE)

        refused = family.signs_up(code, terms="n")
        assert "I will tell nobody." in refused.text
        assert "Please read this and tick the box, if you agree." in refused.text
        page = family.sends(refused, code=code)

        assert "You can see all courses." in page.text
        assert [(row.agreement_id, row.person_id) for row in rows(Acceptance)] == [
            (1, rows(SignUp)[0].person_id)
        ]

    def test_a_text_that_has_changed_meanwhile_is_shown_first(self, family: Family) -> None:
        agree_to(family.school, "The first text.")
        code = give_code(family.school, KENJI, EVERYWHERE)
        page = family.browser.open(f"{family.school.base}/sign-up")
        agree_to(family.school, "The second text.")

        page = family.sends(page, code=code)

        assert page.status_code == 422
        assert "The text was changed meanwhile." in page.text
        assert 'name="terms" value="y" checked' not in page.response.text
        assert "The second text." in page.text
        assert creations(family.school) == 0
        assert "Your account is made" in family.sends(page, code=code).text

    def test_where_the_student_has_to_say_yes_canvas_connects_nobody_before(self, family: Family) -> None:
        school = family.school
        code = give_code(school, KENJI, EVERYWHERE)
        change(Code, issuer_role="admin")
        decide(school.institution_id)
        change(PolicyRow, approval=True, approval_days=14)

        page = family.signs_up(code)

        assert "has to say yes first" in page.text
        user = made(school)
        assert (user["id"], KENJI) not in school.links()
        assert school.observing(user["id"]) == []
        assert [link.state for link in rows(Link)] == [LinkState.WAITING]
        assert uses() == [1]

    def test_who_would_be_one_observer_too_many_gets_the_account_only(self, family: Family) -> None:
        school = family.school
        code = give_code(school, KENJI, EVERYWHERE)
        decide(school.institution_id)
        change(PolicyRow, observers_most=1)
        assert "You can see all courses." in family.signs_up(code).text

        page = Family(school).signs_up(code, email="second@families.example")

        assert "You are not connected yet." in page.text
        assert uses() == [1]
        assert school.observing(made(school, "second@families.example")["id"]) == []


def agree_to(school: School, text: str) -> None:
    with db.transaction() as session:
        person = people.remember(session, school.institution_id, str(ADMIN), "Helen", datetime.now(UTC))
        seen = policy.in_force(session, school.institution_id)
        new = replace(seen.policy, agreement=text)
        assert policy.decide(session, school.institution_id, new, seen.version, person.id, datetime.now(UTC))
