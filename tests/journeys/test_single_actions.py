"""An administrator finds one person, sees all that connects them, and changes one thing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.models import AuditEvent, Code, LinkState, Way
from tests.browser import Page
from tests.facts import fact
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, linked
from tests.journeys.office import EVERYTHING, NATIVE, PROVE, SEARCH, Office, allow
from tests.journeys.rows import rows
from tests.journeys.test_sign_up import everything
from tests.people import ADMIN, ADVISOR, MATHS, SERVICE, Admin, Observer, Person, School, codes_on, field
from tests.records import everything_settles, only_link, states, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
KENJI, AIKO, ELENA, LUCAS = 105, 44, 40, 101


@pytest.fixture
def office(school: School) -> Office:
    allow(school, *EVERYTHING)
    return Office(school)


def written() -> list[tuple[str, int | None]]:
    """Every event about connections and codes, with who did it."""
    with db.reading() as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        return [(row.event, row.actor_id) for row in rows if row.event.startswith(("link:", "code:"))]


@fact("rest 4.3", "The people of an account are found by a part of name, login, SIS id or e-mail.")
@fact(
    "rest 7",
    "A scoped key leaves out what include[] asks for, so the e-mail is told by the profile alone.",
    uncertain="from memory: it depends on whether the key allows include parameters",
)
@pytest.mark.parametrize("term", ["tanaka", "kenji.student", "S000105", "kenji.student@maple", "105"])
def test_a_student_is_found_by_name_login_sis_id_email_and_number(office: Office, term: str) -> None:
    page = office.searches(term)

    assert "Kenji Tanaka" in page.text
    assert "kenji.student · S000105" in page.text
    one = office.press(page, "Open Kenji Tanaka")
    assert "kenji.student · S000105 · kenji.student@maplegrove.example" in one.text


def test_without_the_scope_known_people_are_searched_and_the_page_says_so(school: School) -> None:
    office = Office(school)
    give_code(school, KENJI, EVERYWHERE)  # Observatory has met "Student 105"

    met, exact, nobody = office.searches("student 10"), office.searches("S000106"), office.searches("zzz")

    assert "Student 105" in met.text
    assert "Only people Observatory has met were searched by name" in met.text
    assert SEARCH in met.text
    assert "Zola Mbeki" in exact.text
    assert "Nobody was found for “zzz”." in nobody.text


def test_an_admin_lends_more_and_then_everybody_is_found(school: School) -> None:
    office = Office(school)

    def tick(world: dict[str, Any]) -> None:
        world["developer_keys"][0]["scopes"] += EVERYTHING

    school.changes(tick)
    office.logs_in()
    page = office.families()
    tab = Person(school, SERVICE)

    tab.press(tab.press(page, "Connect the account with these"), "Authorize")

    found = office.searches("lindq")
    assert "Freya Lindqvist" in found.text
    assert "Only people Observatory has met" not in found.text


def test_one_letter_is_too_little(office: Office) -> None:
    assert "Please type at least 2 characters." in office.searches("k").text


def test_a_students_page_shows_links_in_both_directions_with_origin_and_history(
    school: School, office: Office
) -> None:
    aiko = Observer(school, AIKO).enters()
    aiko.redeems(give_code(school, KENJI, EVERYWHERE))
    aiko.leaves("Leave Kenji Tanaka")
    aiko.redeems(give_code(school, KENJI, ONE_COURSE))

    kenji, parent = office.finds("kenji", "Kenji Tanaka"), office.finds("aiko", "Aiko Tanaka")
    lucas, elena = office.finds("lucas", "Lucas Novak"), office.finds("elena", "Elena Novak")

    assert "Who observes Kenji Tanaka Aiko Tanaka Mathematics 7 by a code · since" in kenji.text
    assert "1 earlier connection" in kenji.text
    assert "Aiko Tanaka, who observes Student 105 all courses by a code · from" in kenji.text
    assert "Whom Aiko Tanaka observes Kenji Tanaka Mathematics 7 by a code" in parent.text
    assert "Elena Novak all courses made in Canvas" in lucas.text
    assert "Whom Elena Novak observes Lucas Novak all courses made in Canvas" in elena.text


def test_a_one_course_connection_made_in_canvas_is_seen_from_both_sides(office: Office) -> None:
    marcus, ava = office.finds("marcus", "Marcus Bennett"), office.finds("ava.st", "Ava Bennett")

    assert "Whom Marcus Bennett observes Ava Bennett Mathematics 7 made in Canvas" in marcus.text
    assert "Who observes Ava Bennett Marcus Bennett Mathematics 7 made in Canvas" in ava.text


def test_an_admin_connects_two_people_for_all_courses(school: School, office: Office) -> None:
    page = office.adds_observer(office.finds("kenji", "Kenji Tanaka"), "aiko", "Aiko Tanaka")

    assert "Connected with Aiko Tanaka." in page.text
    assert "Aiko Tanaka all courses by an administrator here" in page.text
    assert linked(school, AIKO, KENJI, EVERYWHERE)
    link = only_link()
    assert (link.way, link.state, link.holds_use) == (Way.ADMIN, LinkState.ACTIVE, False)
    (added, by), (connected, nobody) = written()
    assert (added, connected, nobody) == ("link:add", "link:connect", None)
    assert by is not None
    assert by not in (link.observer_id, link.student_id)


def test_an_admin_connects_for_one_course_from_the_observers_side(school: School, office: Office) -> None:
    page = office.press(office.finds("aiko", "Aiko Tanaka"), "Find the student", term="S000105")
    page = office.press(office.press(page, "Choose Kenji Tanaka"), "Connect", course=str(MATHS))

    assert "Whom Aiko Tanaka observes Kenji Tanaka Mathematics 7 by an administrator here" in page.text
    assert linked(school, AIKO, KENJI, ONE_COURSE)


def test_connecting_twice_changes_nothing(school: School, office: Office) -> None:
    office.adds_observer(office.finds("kenji", "Kenji Tanaka"), "aiko", "Aiko Tanaka")

    again = office.adds_observer(office.finds("kenji", "Kenji Tanaka"), "aiko", "Aiko Tanaka")

    assert "This connection was there already." in again.text
    assert states() == [LinkState.ACTIVE]


def test_nobody_is_connected_with_themself(school: School, office: Office) -> None:
    page = office.finds("kenji", "Kenji Tanaka")

    answer = office.forges(
        page, "/admin/people/connect", person="105", observer="105", student="105", course=""
    )

    assert "Somebody cannot observe themself." in answer.text
    assert states() == []


def test_a_course_the_student_is_not_in_is_no_choice(school: School, office: Office) -> None:
    page = office.finds("kenji", "Kenji Tanaka")
    two = {"person": "105", "observer": "44", "student": "105"}

    assert office.forges(page, "/admin/people/connect", course="999", **two).status_code == 404
    assert (
        office.forges(page, "/admin/people/connect", person="x", observer="y", student="z").status_code == 400
    )
    two["observer"] = "999999"
    assert office.forges(page, "/admin/people/connect", course="", **two).status_code == 404
    assert states() == []


def test_while_canvas_is_away_the_connection_is_written_down_and_made_later(
    school: School, office: Office, run_jobs: Runner
) -> None:
    page = office.press(office.finds("kenji", "Kenji Tanaka"), "Find the observer", term="aiko")
    page = office.press(page, "Choose Aiko Tanaka")
    school.canvas.fault(route="/api/v1/users/:user_id/observees/:observee_id", html_error=True)

    told = office.press(page, "Connect")
    school.mended()

    assert "Canvas could not be told yet. Observatory keeps trying by itself." in told.text
    assert states() == [LinkState.PENDING]
    everything_settles(run_jobs)
    assert linked(school, AIKO, KENJI, EVERYWHERE)


class TestEnding:
    def test_an_admin_ends_a_connection_after_a_second_look(self, school: School, office: Office) -> None:
        Observer(school, AIKO).enters().redeems(give_code(school, KENJI, EVERYWHERE))

        sure = office.press(office.finds("kenji", "Kenji Tanaka"), "End: Aiko Tanaka, all courses")
        page = office.press(sure, "Yes, end it")

        assert "Aiko Tanaka will no longer see any course of Kenji Tanaka." in sure.text
        assert "The connection with Aiko Tanaka has ended." in page.text
        assert "ended by an administrator" in page.text
        assert not linked(school, AIKO, KENJI, EVERYWHERE)
        assert uses() == [1]
        link = only_link()
        assert link.state is LinkState.ENDED
        leave, end = written()[-2:]
        assert leave[0] == "link:leave"
        assert leave[1] not in (None, link.observer_id)
        assert end == ("link:end", None)

    def test_what_was_made_in_canvas_is_ended_too(self, school: School, office: Office) -> None:
        page = office.finds("marcus", "Marcus Bennett")

        page = office.press(office.press(page, "End: Ava Bennett, Mathematics 7"), "Yes, end it")

        assert "The connection with Ava Bennett has ended." in page.text
        assert school.observing(41) == []

    def test_changing_ones_mind_changes_nothing(self, school: School, office: Office) -> None:
        sure = office.press(office.finds("elena", "Elena Novak"), "End: Lucas Novak, all courses")

        page = office.press(sure, "No, go back")

        assert "Lucas Novak all courses made in Canvas" in page.text
        assert (ELENA, LUCAS) in school.links()

    def test_what_is_gone_already_is_told(self, school: School, office: Office) -> None:
        sure = office.press(office.finds("elena", "Elena Novak"), "End: Lucas Novak, all courses")
        school.changes(lambda world: world.update(observation_links=[], enrollments=[]))

        office.logs_in()
        page = office.press(sure, "Yes, end it")

        assert "There was no such connection with Lucas Novak any more." in page.text
        assert states() == []


class TestCodesAtTheCounter:
    def test_a_code_for_one_course_may_say_who_the_observer_is_and_until_when(
        self, school: School, office: Office
    ) -> None:
        day = (datetime.now(UTC) + timedelta(days=40)).date()
        page = office.finds("kenji", "Kenji Tanaka")
        given = {"purpose": "coach", "last_day": day.isoformat()}

        everywhere = office.press(page, "Make a code", course="", **given)
        assert everywhere.status_code == 422
        assert "choose the course, and a day to come." in everywhere.text
        assert field(everywhere, "last_day") == day.isoformat()
        over = office.press(page, "Make a code", course=str(MATHS), last_day="2020-01-01")
        assert "This day is over." in over.text
        assert rows(Code) == []

        made = office.press(everywhere, "Make a code", course=str(MATHS), **given)

        assert f"Coach, sees the course until {day:%B} {day.day}, {day.year}" in made.text
        (code,) = rows(Code)
        assert (code.purpose, code.link_ends_on, code.course_id) == ("coach", day, str(MATHS))

    def test_a_code_the_family_has_connects_the_observer(self, school: School, office: Office) -> None:
        code = give_code(school, KENJI, EVERYWHERE)

        page = office.press(office.finds("aiko", "Aiko Tanaka"), "Use the code", code=code.lower())

        assert "Connected with" in page.text
        assert linked(school, AIKO, KENJI, EVERYWHERE)
        assert uses() == [1]
        assert "code:use-for" in {event for event, _ in written()}

    def test_a_code_of_canvas_connects_the_observer(self, school: School, office: Office) -> None:
        native(school)
        office.logs_in()

        page = office.press(office.finds("aiko", "Aiko Tanaka"), "Use the code", code="aB3dE9")

        assert "Connected with" in page.text
        assert only_link().way is Way.NATIVE_CODE
        assert linked(school, AIKO, KENJI, EVERYWHERE)

    @pytest.mark.parametrize(
        ("code", "words"),
        [("K7Q2M-9XWPA", "This code has a typing mistake."), ("zzzzz9", "Canvas does not accept this code.")],
    )
    def test_a_wrong_code_is_told(self, office: Office, code: str, words: str) -> None:
        page = office.press(office.finds("aiko", "Aiko Tanaka"), "Use the code", code=code)

        assert f"Not connected. {words}" in page.text

    def test_an_admin_makes_a_code_for_anyone(self, school: School, office: Office) -> None:
        page = office.press(office.finds("kenji", "Kenji Tanaka"), "Make a code", course=str(MATHS))

        (code,) = codes_on(page)
        assert "It opens Mathematics 7." in page.text
        assert "You are connected" in Observer(school, AIKO).redeems(code).text
        assert linked(school, AIKO, KENJI, ONE_COURSE)

    def test_an_admin_makes_a_code_of_canvas(self, school: School, office: Office) -> None:
        page = office.press(office.finds("kenji", "Kenji Tanaka"), "Make a code of Canvas")

        (made,) = school.canvas.state()["pairing_codes"]
        assert made["code"] in page.text
        assert ("code:make-in-canvas") in {event for event, _ in written()}

    @pytest.mark.parametrize(
        ("button", "scope"), [("Make a code of Canvas", NATIVE), ("Use the code", PROVE)]
    )
    def test_a_scope_that_is_missing_is_named(self, school: School, button: str, scope: str) -> None:
        allow(school, SEARCH)
        office = Office(school)
        typed = {"code": "aB3dE9"} if button == "Use the code" else {}

        page = office.press(office.finds("kenji", "Kenji Tanaka"), button, **typed)

        assert f"lacks the scope {scope}." in page.text


class TestCredentials:
    SECRET = "password"  # of everybody in the made-up school

    def types(self, office: Office, login: str, password: str) -> Page:
        page = office.finds("aiko", "Aiko Tanaka")
        return office.press(page, "Connect the student", login=login, password=password)

    @fact("rest 1.3", "An admin links a student to an observer by the student's login and password.")
    def test_a_student_at_the_counter_signs_in_for_the_observer(self, school: School, office: Office) -> None:
        page = self.types(office, "kenji.student", self.SECRET)

        assert "Whom Aiko Tanaka observes Kenji Tanaka all courses by an administrator here" in page.text
        assert linked(school, AIKO, KENJI, EVERYWHERE)
        assert only_link().way is Way.ADMIN
        assert [event for event, _ in written()] == ["link:connect", "link:add"]

    @pytest.mark.parametrize(("login", "password"), [("kenji.student", "guess-17"), ("nobody", "guess-17")])
    def test_wrong_ones_connect_nobody_and_are_shown_nowhere(
        self, school: School, office: Office, login: str, password: str
    ) -> None:
        page = self.types(office, login, password)

        assert "Canvas does not know this login and password." in page.text
        assert password not in page.response.text + everything()
        assert states() == []

    def test_guessing_has_to_wait(self, school: School, office: Office) -> None:
        for _ in range(6):
            self.types(office, "kenji.student", "guess-17")

        assert "There were too many wrong tries." in self.types(office, "kenji.student", self.SECRET).text
        assert states() == []


def native(school: School) -> None:
    row = {"user_id": KENJI, "code": "aB3dE9", "expires_at": "2035-01-01T00:00:00Z"}
    school.changes(lambda world: world.update(pairing_codes=[row]))


def test_the_admin_of_a_part_and_a_stand_in_change_nothing(school: School, office: Office) -> None:
    part = Admin(school, ADVISOR)
    page = part.opens(account=2)
    assert not page.has_button("Find somebody")
    assert "An administrator of the whole institution can open it" in part.forges(page, "/admin/people/").text
    school.changes(
        lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})
    )
    acting = Office(school, ADMIN)
    acting.acts_as(20)

    seen = acting.finds("kenji", "Kenji Tanaka")

    assert not seen.has_button("Find the observer")
    two = {"person": "105", "observer": "44", "student": "105", "course": ""}
    assert acting.forges(seen, "/admin/people/connect", **two).status_code == 403
    assert states() == []
