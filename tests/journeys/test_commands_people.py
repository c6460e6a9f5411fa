"""From the command line: somebody is found, connected, disconnected, given an account or a code."""

from datetime import UTC, datetime

import pytest

from app import db
from app.models import AuditEvent, BarHit, Code, EndedBy, Link, LinkState, Way
from app.pairing import ending
from tests.commands import Terminal, command
from tests.journeys.office import EVERYTHING, allow
from tests.journeys.rows import rows
from tests.people import MATHS, Observer, School

__all__ = ["command"]
pytestmark = pytest.mark.both_databases
ELENA, AIKO, LUCAS, KENJI = 40, 44, 101, 105


@pytest.fixture
def office(school: School) -> School:
    allow(school, *EVERYTHING)
    return school


def doings() -> list[tuple[str, int | None, str | None]]:
    """What was written down, with who did it."""
    return [(row.event, row.actor_id, row.facts.get("by")) for row in rows(AuditEvent)]


def test_people_are_found_and_shown_with_all_that_connects_them(office: School, command: Terminal) -> None:
    assert command.done("people", "find", "tanaka").split() == [
        *("44", "Aiko", "Tanaka", "aiko.parent"),
        *("105", "Kenji", "Tanaka", "kenji.student,", "S000105"),
    ]
    assert command.done("people", "find", "zzzz") == "Nobody was found.\n"

    assert command.done("people", "show", LUCAS).splitlines()[1:] == [
        "Observed by:",
        "        40  Elena Novak: all courses, made in Canvas",
        "Observes:",
        "  nobody",
    ]
    told = command("people", "show", "sis_user_id:S000101", "--json").json
    assert told["person"]["id"] == str(LUCAS)
    assert [(one["observer"], one["in_canvas"]) for one in told["observers"]] == [(str(ELENA), True)]


def test_two_people_are_connected_and_disconnected_again(office: School, command: Terminal) -> None:
    assert command.done("people", "connect", AIKO, KENJI) == "Aiko Tanaka: Connected with Kenji Tanaka.\n"
    assert (AIKO, KENJI) in office.links()
    assert "This connection was there already" in command.done("people", "connect", AIKO, KENJI)

    told = command.done("people", "disconnect", AIKO, KENJI)
    assert told.startswith("Aiko Tanaka observes Kenji Tanaka: all courses, by an administrator here, since ")
    assert told.endswith("Nothing was ended yet. Add --yes to do it.\n")
    assert (AIKO, KENJI) in office.links()

    command.done("people", "disconnect", AIKO, KENJI, "--yes")
    assert (AIKO, KENJI) not in office.links()
    assert "ended by: office" in command.done("people", "show", KENJI)
    assert doings()[-4:] == [
        ("link:add", None, "cli"),
        ("link:connect", None, "cli"),
        ("link:leave", None, "cli"),
        ("link:end", None, "cli"),
    ]


def test_a_connection_is_for_one_course_if_that_is_said(office: School, command: Terminal) -> None:
    command.done("people", "connect", AIKO, KENJI, "--course", MATHS)

    assert {course for course, _section, _student in office.observing(AIKO)} == {MATHS}
    assert rows(Link)[0].way is Way.ADMIN
    assert command("people", "disconnect", AIKO, KENJI, "--yes").status == 1
    command.done("people", "disconnect", AIKO, KENJI, "--course", MATHS, "--yes")
    assert office.observing(AIKO) == []


def test_an_observer_gets_an_account_and_a_password_to_begin_with(office: School, command: Terminal) -> None:
    allow(office, permissions=("manage_user_logins",))

    told = command("people", "create-observer", "--name", "Rosa Diaz", "--login", "rosa", "--json").json

    made = next(user for user in office.canvas.state()["users"] if user["name"] == "Rosa Diaz")
    assert (told["id"], told["login"]) == (str(made["id"]), "rosa")
    assert len(told["password"]) == 14
    assert doings()[-1] == ("observer:make", None, "cli")
    again = command.refused("people", "create-observer", "--name", "Rosa Diaz", "--login", "rosa")
    assert "has this login already" in again
    mailed = command.done("people", "create-observer", "--name", "Jon Diaz", "--email", "jon@family.test")
    assert mailed.endswith("Canvas writes to them.\n")


def test_a_sis_id_that_canvas_drops_is_told_beside_the_account(office: School, command: Terminal) -> None:
    allow(office, permissions=("manage_user_logins",))

    ran = command("people", "create-observer", "--name", "Rosa Diaz", "--sis-id", "P77", "--json")

    assert "The SIS ID P77 was not taken" in ran.err
    assert ran.json["sis_user_id"] is None
    assert len(ran.json["password"]) == 14


def test_a_code_is_printed_that_an_observer_can_use(office: School, command: Terminal) -> None:
    code = command.done("people", "code", KENJI).strip()

    assert command.done("people", "code", KENJI).strip() == code  # the one there is
    assert (rows(Code)[0].issuer_id, doings()[-1]) == (None, ("code:issue", None, "cli"))
    Observer(office, AIKO).enters().redeems(code)
    assert (AIKO, KENJI) in office.links()


def test_a_code_of_canvas_is_made_on_request(office: School, command: Terminal) -> None:
    code = command.done("people", "code", KENJI, "--native").strip()

    assert code in {row["code"] for row in office.canvas.state()["pairing_codes"]}
    assert doings()[-1] == ("code:make-in-canvas", None, "cli")


def test_the_codes_of_a_student_are_listed_without_their_text_and_revoked(
    office: School, command: Terminal
) -> None:
    text = command.done("people", "code", KENJI).strip()
    command.done("people", "code", KENJI, "--course", MATHS)
    everywhere, maths = (row.id for row in rows(Code))

    listed = command.done("people", "codes", KENJI)
    assert f"{everywhere}  all courses, used 0 of " in listed
    assert f"{maths}  Mathematics 7, used 0 of " in listed
    assert text not in listed
    told = command("people", "codes", "sis_user_id:S000105", "--json").json
    assert [(one["number"], one["course"], one["uses"]) for one in told] == [
        (everywhere, None, 0),
        (maths, str(MATHS), 0),
    ]

    said = command("people", "revoke", everywhere, 999, maths)
    assert (said.status, said.out) == (1, "Revoked: 2. Connections that were made with them stay.\n")
    assert said.err == "observatory: not a code that can be revoked: 999.\n"
    assert command.done("people", "codes", KENJI) == "There are none.\n"
    assert doings()[-2:] == [("code:revoke", None, "cli")] * 2
    assert "This code was taken back" in Observer(office, AIKO).enters().redeems(text).text
    assert (AIKO, KENJI) not in office.links()


def test_a_code_of_the_family_is_used_in_the_name_of_the_observer(office: School, command: Terminal) -> None:
    code = command.done("people", "code", KENJI)

    told = command.done("people", "connect", AIKO, "--code", typed=code.lower())

    assert told == "Aiko Tanaka: Connected with Kenji Tanaka.\n"
    assert (AIKO, KENJI) in office.links()
    assert rows(Link)[0].way is Way.CODE
    assert ("code:use-for", None, "cli") in doings()
    assert "was there already" in command.done("people", "connect", AIKO, "--code", typed=code)


def test_a_code_of_canvas_is_used_in_the_name_of_the_observer(office: School, command: Terminal) -> None:
    code = command.done("people", "code", KENJI, "--native")

    told = command.done("people", "connect", AIKO, "--code", typed=code)

    assert told == "Aiko Tanaka: Connected with Kenji Tanaka.\n"
    assert (AIKO, KENJI) in office.links()
    assert rows(Link)[0].way is Way.NATIVE_CODE
    assert doings()[-1] == ("code:use-for", None, "cli")


@pytest.mark.parametrize("native", [(), ("--native",)])
def test_a_code_connects_nobody_whom_the_do_not_pair_list_keeps_apart(
    office: School, command: Terminal, native: tuple[str, ...]
) -> None:
    code = command.done("people", "code", KENJI, *native)
    command.done("do-not-pair", "add", KENJI, "--observer", AIKO, "--document", "binder 4")

    told = command.refused("people", "connect", AIKO, "--code", typed=code)

    assert "the do-not-pair list keeps these two apart" in told
    assert (AIKO, KENJI) not in office.links()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "This code has a typing mistake."),
        ("K7Q2M-9XWPA", "This code has a typing mistake."),
        ("00000-00000", "We do not know this code."),
        ("zzzzz9", "Canvas does not accept this code."),
    ],
)
def test_a_wrong_code_of_the_family_is_told(office: School, command: Terminal, code: str, told: str) -> None:
    said = command.refused("people", "connect", AIKO, "--code", typed=code)

    assert said.startswith(f"Aiko Tanaka: Not connected. {told}")
    assert rows(Link) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("find", "t"), "type at least 2 letters"),
        (("show", "999"), "Canvas knows nobody as 999"),
        (("connect", AIKO, AIKO), "Somebody cannot observe themself"),
        (("connect", AIKO, KENJI, "--course", 999), "is not in a course with the number 999"),
        (("connect", AIKO), "say which STUDENT, or --code"),
        (("connect", AIKO, KENJI, "--code"), "a code says by itself whom it connects"),
        (("connect", AIKO, "--code", "--more"), "a code says by itself whom it connects"),
        (("codes", 999), "Canvas knows nobody as 999"),
        (("revoke", 999), "not a code that can be revoked: 999"),
        (("disconnect", AIKO, KENJI, "--yes"), "There was no such connection"),
        (("create-observer", "--name", "A", "--email", "a b"), "this is no e-mail address"),
        (("code", KENJI, "--native", "--course", MATHS), "Canvas's own codes are for all courses"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    office: School, command: Terminal, words: tuple[object, ...], told: str
) -> None:
    office.forgets_calls()

    assert told in command.refused("people", *words)
    assert office.writes() == []
    assert [row.state for row in rows(Link)] == []


def test_who_is_on_the_do_not_pair_list_is_not_connected(office: School, command: Terminal) -> None:
    command.done("do-not-pair", "add", KENJI, "--observer", AIKO, "--document", "binder 4")

    assert "the do-not-pair list keeps these two apart" in command.refused("people", "connect", AIKO, KENJI)
    assert (AIKO, KENJI) not in office.links()
    (hit,) = rows(BarHit)
    alert = f"Alert {hit.id}, of entry {hit.bar_id}: Aiko Tanaka tried once, last 20"
    assert alert in command.done("do-not-pair", "list")
    command.done("do-not-pair", "seen", hit.id)
    assert alert not in command.done("do-not-pair", "list")
    assert "there is no open alert" in command.refused("do-not-pair", "seen", hit.id)


@pytest.mark.parametrize(("answer", "stays"), [("end", False), ("leave", True)])
def test_what_a_student_asks_the_office_for_is_settled(
    office: School, command: Terminal, answer: str, stays: bool
) -> None:
    command.done("people", "connect", AIKO, KENJI)
    with db.transaction() as session:
        (link,) = session.query(Link)
        ending.ask_office(session, link.student, link.observer, datetime.now(UTC))

    (wish,) = command("people", "requests", "--json").json
    assert (wish["student"], wish["observer"]) == (str(KENJI), str(AIKO))
    listed = command.done("people", "requests")
    assert "Kenji Tanaka asks that Aiko Tanaka sees nothing any more; since 20" in listed
    command.done("people", "settle", wish["number"], answer)
    assert ((AIKO, KENJI) in office.links()) == stays
    assert command.done("people", "requests") == "Nobody asks for that.\n"
    assert "there is no open request" in command.refused("people", "settle", wish["number"], answer)
    assert ("link:settle-request", None, "cli") in doings()


def test_what_still_waits_for_the_student_is_called_off_by_the_office(
    office: School, command: Terminal
) -> None:
    command.done("policy", "set", "approval=yes", "--yes")
    command.done("people", "connect", AIKO, KENJI)
    with db.transaction() as session:
        (link,) = session.query(Link)
        ending.ask_office(session, link.student, link.observer, datetime.now(UTC))

    (wish,) = command("people", "requests", "--json").json
    command.done("people", "settle", wish["number"], "end")

    assert [(row.state, row.ended_by) for row in rows(Link)] == [(LinkState.ENDED, EndedBy.OFFICE)]
    assert ("link:end", None, "cli") in doings()


def test_without_a_service_account_it_is_told_who_connects_one(registered: School, command: Terminal) -> None:
    told = command.refused("people", "connect", AIKO, KENJI)

    assert told.startswith("No service account is connected, or Canvas no longer accepts it.")
    assert told.endswith("connects one: in Canvas, Observatory in the account's menu.\n")


def test_what_the_account_may_not_do_is_told_with_the_call(school: School, command: Terminal) -> None:
    told = command.refused("people", "create-observer", "--name", "Rosa Diaz")

    assert "Canvas does not let the service account do this (POST" in told


def test_a_student_who_is_to_be_asked_is_asked_unless_they_have_agreed(
    office: School, command: Terminal
) -> None:
    command.done("policy", "set", "approval=yes", "--yes")

    assert "The student is asked first" in command.done("people", "connect", AIKO, KENJI)
    assert [row.state for row in rows(Link)] == [LinkState.WAITING]
    command.done("people", "connect", AIKO, KENJI, "--agreed")
    assert (AIKO, KENJI) in office.links()
