"""The do-not-pair list: whoever is on it is connected by no way, and reads nothing of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import db, people
from app.models import AuditEvent, Bar, BarHit, LinkState, Person, Role
from app.pairing import approvals, bars
from tests.browser import Page
from tests.facts import fact
from tests.journeys import test_sign_up
from tests.journeys.drifting import AN_ADMIN, reconcile, with_an_admin
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, linked
from tests.journeys.office import EVERYTHING, Office, allow
from tests.journeys.rows import change, rows
from tests.journeys.ruling import rule
from tests.journeys.test_end_dates import day, issues
from tests.people import ADMIN, ADVISOR, MATHS, SERVICE, Admin, Observer, School, Teacher, codes_on, field
from tests.records import everything_settles, only_link, states, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
KENJI, AIKO, LUCAS, ELENA = 105, 44, 101, 40
NEUTRAL = "This connection could not be made."
PERSON, EMAIL, ANYONE = "person", "email", "anyone"


@pytest.fixture
def office(school: School) -> Office:
    allow(school, *EVERYTHING)
    return Office(school)


def the_list(office: Office) -> Page:
    return office.press(office.opens(), "Open the do-not-pair list")


def bars_(office: Office, student: str, name: str, whom: str, **given: str) -> Page:
    """Put an entry on the list."""
    found = office.press(the_list(office), "Find the student", term=student)
    form = office.press(found, f"Choose {name}")
    return office.press(form, "Put on the list", whom=whom, document="Court order 12/2026", **given)


def keeps_away(office: Office, whom: str) -> Page:
    """Aiko, in one of three ways, from Kenji."""
    given = {PERSON: {"person": "aiko"}, EMAIL: {"email": "Aiko.Parent@maplegrove.example"}, ANYONE: {}}
    return bars_(office, "kenji", "Kenji Tanaka", whom, **given[whom])


def told(event: str) -> list[AuditEvent]:
    with db.reading() as session:
        found = select(AuditEvent).where(AuditEvent.event == event).order_by(AuditEvent.id)
        return list(session.scalars(found))


@pytest.mark.parametrize("whom", [PERSON, EMAIL, ANYONE])
@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_whoever_is_on_the_list_cannot_use_a_code_and_reads_nothing_of_it(
    school: School, office: Office, whom: str, reach: str
) -> None:
    keeps_away(office, whom)
    code = give_code(school, KENJI, reach)
    aiko = Observer(school, AIKO).enters()

    page = aiko.redeems(code)

    assert page.status_code == 422
    assert f"{NEUTRAL} Please ask the school office." in page.text
    assert field(page) == code
    assert "pair list" not in page.text.lower()
    assert not linked(school, AIKO, KENJI, reach)
    assert uses() == [0]
    assert "Kenji" not in aiko.portal().text
    (hit,) = rows(BarHit)
    assert hit.times == 1


def test_others_are_not_kept_away(school: School, office: Office) -> None:
    keeps_away(office, EMAIL)
    keeps_away(office, PERSON)

    page = Observer(school, 43).enters().redeems(give_code(school, KENJI, EVERYWHERE))
    other = Observer(school, AIKO).enters().redeems(give_code(school, 106, EVERYWHERE))

    assert "You are connected" in page.text
    assert "You are connected" in other.text


@pytest.mark.parametrize("whom", [PERSON, EMAIL, ANYONE])
def test_a_newer_code_does_not_prolong_a_connection_that_is_there(
    school: School, office: Office, teacher: Teacher, whom: str
) -> None:
    aiko = Observer(school, AIKO).enters()
    aiko.redeems(codes_on(issues(teacher, 20))[0])
    keeps_away(office, whom)

    page = aiko.redeems(codes_on(issues(teacher, 40, purpose="mentor"))[0])

    assert only_link().ends_on == day(20)
    assert "You were connected already, so your code is not used up." in page.text
    assert [hit.times for hit in rows(BarHit)] == [1]


@pytest.mark.parametrize("whom", [PERSON, EMAIL, ANYONE])
def test_a_code_of_canvas_is_ended_at_once(
    school: School, office: Office, run_jobs: Runner, whom: str
) -> None:
    keeps_away(office, whom)
    row = {"user_id": KENJI, "code": "aB3dE9", "expires_at": "2035-01-01T00:00:00Z"}
    school.changes(lambda world: world.update(pairing_codes=[row]))

    page = Observer(school, AIKO).enters().redeems("aB3dE9")

    assert NEUTRAL in page.text
    assert (AIKO, KENJI) not in school.links()
    everything_settles(run_jobs)
    assert states() == [LinkState.ENDED]
    assert [hit.times for hit in rows(BarHit)] == [1]


@pytest.mark.parametrize("whom", [PERSON, EMAIL, ANYONE])
def test_an_entry_made_while_canvas_was_away_stops_what_waits(
    school: School, office: Office, run_jobs: Runner, whom: str
) -> None:
    aiko = Observer(school, AIKO).enters()
    school.canvas.fault(method="PUT", route="/api/v1/users/:user_id/observees/:observee_id", html_error=True)
    aiko.redeems(give_code(school, KENJI, EVERYWHERE))
    assert states() == [LinkState.PENDING]
    keeps_away(office, whom)
    school.mended()

    everything_settles(run_jobs)

    assert states() == [LinkState.FAILED]
    assert not linked(school, AIKO, KENJI, EVERYWHERE)
    assert uses() == [0]
    assert NEUTRAL in aiko.browser.open(f"{school.base}/observer/pairings/1").text
    assert len(rows(BarHit)) == 1


def test_the_students_yes_does_not_help(school: School, office: Office, run_jobs: Runner) -> None:
    rule(school, approval=True)
    (code,) = codes_on(office.press(office.finds("kenji", "Kenji Tanaka"), "Make a code"))
    Observer(school, AIKO).enters().redeems(code)
    assert states() == [LinkState.WAITING]
    keeps_away(office, EMAIL)

    with db.transaction() as session:
        kenji = people.remember(session, school.institution_id, str(KENJI), None, datetime.now(UTC))
        assert approvals.say_yes(session, kenji, only_link().id, datetime.now(UTC), timedelta(0))
    everything_settles(run_jobs)

    assert states() == [LinkState.FAILED]
    assert not linked(school, AIKO, KENJI, EVERYWHERE)
    assert uses() == [0]


def hide_addresses(school: School) -> None:
    """The lent account may not see them any more."""

    def hide(world: dict[str, Any]) -> None:
        for row in world["admins"]:
            if row["user_id"] == SERVICE:
                row["permissions"].remove("read_email_addresses")

    school.changes(hide)


class TestByAddress:
    def test_no_link_is_begun_where_the_observer_tells_the_address(
        self, school: School, office: Office
    ) -> None:
        keeps_away(office, EMAIL)
        code = give_code(school, KENJI, EVERYWHERE)
        aiko = Observer(school, AIKO).enters()

        for _ in range(2):
            assert NEUTRAL in aiko.redeems(code).text

        assert states() == []
        assert [hit.times for hit in rows(BarHit)] == [2]

    def test_while_canvas_is_away_the_link_waits_and_is_refused_later(
        self, school: School, office: Office, run_jobs: Runner
    ) -> None:
        keeps_away(office, EMAIL)
        code = give_code(school, KENJI, EVERYWHERE)
        aiko = Observer(school, AIKO).enters()
        school.canvas.fault(html_error=True)

        aiko.redeems(code)
        school.mended()
        everything_settles(run_jobs)

        assert states() == [LinkState.FAILED]
        assert [hit.times for hit in rows(BarHit)] == [1]

    @fact("rest 4.3", "Everybody is told their own e-mail address; another's needs read_email_addresses.")
    def test_where_canvas_hides_addresses_observers_tell_their_own(
        self, school: School, office: Office
    ) -> None:
        keeps_away(office, EMAIL)
        hide_addresses(school)
        code = give_code(school, KENJI, EVERYWHERE)

        other = Observer(school, 43).enters().redeems(code)
        kept = Observer(school, AIKO).enters().redeems(code)

        assert "You are connected" in other.text
        assert NEUTRAL in kept.text
        assert not linked(school, AIKO, KENJI, EVERYWHERE)

    def test_and_whoever_has_not_signed_in_is_kept_away(self, school: School, office: Office) -> None:
        keeps_away(office, EMAIL)
        hide_addresses(school)
        office.logs_in()

        page = office.adds_observer(office.finds("kenji", "Kenji Tanaka"), "jorge", "Jorge Alvarez")

        assert not linked(school, 43, KENJI, EVERYWHERE)
        assert states() == [LinkState.FAILED]
        assert "Not connected. Canvas or the do-not-pair list does not allow it." in page.text

    def test_a_code_the_office_uses_is_refused_before_anything_begins(
        self, school: School, office: Office
    ) -> None:
        keeps_away(office, EMAIL)
        code = give_code(school, KENJI, EVERYWHERE)

        page = office.press(office.finds("aiko", "Aiko Tanaka"), "Use the code", code=code)

        assert "the do-not-pair list keeps these two apart" in page.text
        assert states() == []
        assert len(rows(BarHit)) == 1


def test_an_admin_is_told_the_reason(school: School, office: Office) -> None:
    keeps_away(office, PERSON)

    page = office.adds_observer(office.finds("kenji", "Kenji Tanaka"), "aiko", "Aiko Tanaka")
    sign_in = office.press(
        office.finds("aiko", "Aiko Tanaka"), "Connect the student", login="kenji.student", password="password"
    )

    assert "the do-not-pair list keeps these two apart" in page.text
    assert "the do-not-pair list keeps these two apart" in sign_in.text
    code = give_code(school, KENJI, EVERYWHERE)
    office.press(office.finds("aiko", "Aiko Tanaka"), "Use the code", code=code)
    assert (AIKO, KENJI) not in school.links()
    with db.reading() as session:
        admin = session.scalars(select(Person.id).where(Person.canvas_user_id == str(ADMIN))).one()
    assert [event.actor_id for event in told("bar:hit")] == [admin] * 3


def test_the_office_is_alerted_until_somebody_has_seen_it(school: School, office: Office) -> None:
    keeps_away(office, PERSON)
    code = give_code(school, KENJI, EVERYWHERE)
    aiko = Observer(school, AIKO).enters()
    aiko.redeems(code)
    aiko.redeems(code)

    assert "Somebody was kept away from a student. Please look." in office.opens().text
    page = the_list(office)
    assert "Aiko Tanaka must not observe Student 105 Aiko Tanaka tried 2 times." in page.text
    seen = office.press(page, "I have seen this")

    assert "tried" not in seen.text
    assert "kept away" not in office.opens().text
    assert len(told("bar:hit")) == 2
    assert len(told("bar:see")) == 1


@pytest.mark.parametrize(
    ("whom", "given"),
    [(PERSON, {"person": "elena"}), (EMAIL, {"email": "elena.parent@maplegrove.example"}), (ANYONE, {})],
)
def test_connections_that_are_there_already_are_shown_and_ended_with_one_click(
    school: School, office: Office, whom: str, given: dict[str, str]
) -> None:
    page = bars_(office, "lucas", "Lucas Novak", whom, **given)
    assert "The entry is in force." in page.text
    assert "Elena Novak all courses" in page.text
    assert (ELENA, LUCAS) in school.links()

    page = office.press(page, "End: Elena Novak, all courses")

    assert "None. Nobody whom this entry means is connected with Lucas Novak." in page.text
    assert school.links() == set()
    assert school.observing(ELENA) == []


@pytest.mark.parametrize("whom", [PERSON, EMAIL, ANYONE])
@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_somebody_who_is_connected_in_canvas_all_the_same_is_found(
    school: School, whom: str, reach: str
) -> None:
    allow(school, *EVERYTHING)
    with_an_admin(school)
    office = Office(school)
    keeps_away(office, whom)
    if reach == EVERYWHERE:
        school.canvas.put(f"/users/{AIKO}/observees/{KENJI}", AN_ADMIN)
    else:
        row = {"type": "ObserverEnrollment", "user_id": AIKO, "associated_user_id": KENJI}
        told_ = {
            f"enrollment[{name}]": value for name, value in {**row, "enrollment_state": "active"}.items()
        }
        section = school.sections_of(KENJI, MATHS).pop()[1]
        assert school.canvas.post(f"/sections/{section}/enrollments", AN_ADMIN, **told_).status_code == 200

    assert reconcile(school).problem is None
    assert reconcile(school).problem is None

    assert len(told("bar:stand")) == 1
    assert "Somebody is connected with a student against the list. Please look." in office.opens().text
    page = the_list(office)
    assert "Aiko Tanaka is connected all the same, in Canvas. Open the entry to end that." in page.text
    course = "all courses" if reach == EVERYWHERE else "Mathematics 7"
    assert office.press(page, "Open the entry").has_button(f"End: Aiko Tanaka, {course}")
    office.press(the_list(office), "I have seen this")
    reconcile(school)
    assert "against the list" not in office.opens().text

    change(BarHit, last_at=datetime.now(UTC) - timedelta(days=4))
    reconcile(school)
    assert "Somebody is connected with a student against the list. Please look." in office.opens().text


def test_a_one_course_connection_is_shown_and_ended_too(school: School, office: Office) -> None:
    page = bars_(office, "ava.st", "Ava Bennett", ANYONE)

    page = office.press(page, "End: Marcus Bennett, Mathematics 7")

    assert school.observing(41) == []
    assert "Nobody whom this entry means is connected" in page.text


def test_a_connection_that_waits_for_the_student_is_shown_and_taken_back(
    school: School, office: Office
) -> None:
    rule(school, approval=True)
    Observer(school, AIKO).enters().redeems(give_code(school, KENJI, EVERYWHERE, role=Role.ADMIN))
    office.logs_in()
    page = keeps_away(office, EMAIL)
    assert "Aiko Tanaka all courses · waits for the student's yes" in page.text

    page = office.press(page, "End: Aiko Tanaka, all courses")

    assert "None. Nobody whom this entry means is connected" in page.text
    assert (states(), uses()) == ([LinkState.ENDED], [0])


def test_an_ended_entry_keeps_nobody_away(school: School, office: Office) -> None:
    page = keeps_away(office, PERSON)

    page = office.press(page, "End this entry")
    assert "Aiko Tanaka must not observe Kenji Tanaka" in page.text
    assert "Document: Court order 12/2026" in page.text
    assert told("bar:end") == []
    page = office.press(office.press(page, "No, go back"), "End this entry")
    page = office.press(page, "Yes, end it")

    assert "It stays on the list as history." in page.text
    assert "· ended on" in the_list(office).text
    assert "You are connected" in Observer(school, AIKO).redeems(give_code(school, KENJI, EVERYWHERE)).text


def test_an_entry_sent_twice_is_one_and_is_told_while_canvas_is_away(school: School, office: Office) -> None:
    found = office.press(the_list(office), "Find the student", term="kenji")
    form = office.press(found, "Choose Kenji Tanaka")
    given = {"whom": ANYONE, "document": "Court order 12/2026"}
    school.canvas.fault(method="GET", route="/api/v1/users/:user_id/observers", html_error=True)

    page = office.press(form, "Put on the list", **given)
    assert "The entry is in force. " in page.text
    assert "Canvas did not answer, so they cannot be shown now." in page.text
    office.press(form, "Put on the list", **given)
    school.mended()

    assert len(rows(Bar)) == len(told("bar:make")) == 1
    assert "Nobody whom this entry means is connected" in office.press(page, "Look again").text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"whom": PERSON, "person": "nobody"}, "Nobody was found."),
        ({"whom": PERSON, "person": "tanaka"}, "Several people may be meant."),
        ({"whom": PERSON, "person": "kenji"}, "This is the student."),
        ({"whom": EMAIL, "email": "aiko"}, "give a whole e-mail address"),
    ],
)
def test_an_entry_that_is_not_complete_is_asked_for_again(
    office: Office, given: dict[str, str], words: str
) -> None:
    page = bars_(office, "kenji", "Kenji Tanaka", **given)

    assert words in page.text
    assert field(page, "document") == "Court order 12/2026"
    assert told("bar:make") == []


def test_of_several_people_one_is_chosen(school: School, office: Office) -> None:
    page = bars_(office, "kenji", "Kenji Tanaka", PERSON, person="tanaka")

    page = office.press(page, "Put on the list", whom=PERSON, observer=str(AIKO))

    assert "Aiko Tanaka must not observe Kenji Tanaka" in page.text


def test_who_was_chosen_stays_chosen_while_the_document_is_asked_for(office: Office) -> None:
    page = bars_(office, "kenji", "Kenji Tanaka", PERSON, person="tanaka")
    page = office.press(page, "Put on the list", whom=PERSON, observer=str(AIKO), document="")
    assert "Please name the document" in page.text

    page = office.press(page, "Put on the list", document="Court order 12/2026")

    assert "Aiko Tanaka must not observe Kenji Tanaka" in page.text


def test_every_look_is_written_down(office: Office) -> None:
    keeps_away(office, ANYONE)
    office.press(the_list(office), "Open: Nobody may observe Kenji Tanaka")

    looks = told("bar:look")

    assert [look.facts.get("bar") for look in looks] == [None, 1, None, 1]
    assert all(look.actor_id for look in looks)


def test_nobody_else_sees_the_list(school: School, office: Office) -> None:
    keeps_away(office, PERSON)
    part = Admin(school, ADVISOR)
    school.changes(
        lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})
    )
    acting = Office(school, ADMIN)
    acting.acts_as(20)
    part.logs_in()

    for person, page in ((part, part.opens(account=2)), (acting, acting.opens())):
        assert not page.has_button("Open the do-not-pair list")
        refused = person.forges(page, "/admin/do-not-pair/")
        assert refused.status_code == 403
        assert "Aiko" not in refused.text
        assert person.forges(page, "/admin/do-not-pair/1").status_code == 403
    events = acting.press(acting.opens(), "See what happened")
    assert "opened Observatory in Canvas" in events.text
    assert "do-not-pair" not in events.text.replace("Do-not-pair", "")


@pytest.mark.parametrize("email", ["aiko.parent@maplegrove.example", "AIKO.parent@MapleGrove.example "])
def test_imports_and_sign_ups_ask_by_person_or_address(school: School, office: Office, email: str) -> None:
    keeps_away(office, EMAIL)
    now = datetime.now(UTC)
    with db.transaction() as session:
        kenji = people.remember(session, school.institution_id, str(KENJI), None, now)
        aiko = people.remember(session, school.institution_id, str(AIKO), None, now)

        typed = bars.as_listed(email)

        assert bars.forbids(session, school.institution_id, kenji, None, typed) is not None
        assert bars.forbids(session, school.institution_id, kenji, aiko, typed) is not None
        assert bars.forbids(session, school.institution_id, kenji, aiko) is None
        assert bars.forbids(session, school.institution_id, aiko, kenji, typed) is None
        assert bars.forbids(session, school.institution_id + 1, kenji, aiko, typed) is None


class TestSigningUp:
    @pytest.mark.parametrize("whom", [EMAIL, ANYONE])
    def test_no_account_is_made_with_a_code(self, school: School, office: Office, whom: str) -> None:
        given = {"email": test_sign_up.EMAIL} if whom == EMAIL else {}
        bars_(office, "kenji", "Kenji Tanaka", whom, **given)
        test_sign_up.grown(school, "manage_user_logins")

        page = test_sign_up.Family(school).signs_up(give_code(school, KENJI, EVERYWHERE))

        assert NEUTRAL in page.text
        assert test_sign_up.account(school) is None
        assert uses() == [0]
        assert [hit.observer_id for hit in rows(BarHit)] == [None]

    @pytest.mark.parametrize("whom", [EMAIL, ANYONE])
    def test_an_account_made_with_a_code_of_canvas_is_disconnected(
        self, school: School, office: Office, run_jobs: Runner, whom: str
    ) -> None:
        given = {"email": test_sign_up.EMAIL} if whom == EMAIL else {}
        bars_(office, "kenji", "Kenji Tanaka", whom, **given)
        test_sign_up.native_code(school)

        test_sign_up.Family(school).signs_up(test_sign_up.NATIVE)
        everything_settles(run_jobs)

        assert (test_sign_up.made(school)["id"], KENJI) not in school.links()
        assert states() == [LinkState.ENDED]
        assert len(rows(BarHit)) == 1
