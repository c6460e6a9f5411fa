"""Whoever is on the do-not-pair list as a person is known by their addresses, too, if they come anew."""

from datetime import UTC, datetime

import pytest

from app import db, people
from app.models import Bar, BarHit, EndedBy, Link, LinkState
from app.pairing import bars
from tests.journeys import test_sign_up
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, linked
from tests.journeys.office import EVERYTHING, Office, allow
from tests.journeys.rows import rows
from tests.journeys.test_counter import finishes, for_somebody_new
from tests.journeys.test_do_not_pair import NEUTRAL, PERSON, bars_, keeps_away
from tests.people import Observer, School
from tests.records import everything_settles, states, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
KENJI, AIKO, JORGE = 105, 44, 43
HERS = "aiko.parent@maplegrove.example"


@pytest.fixture
def office(school: School) -> Office:
    """Aiko must not observe Kenji, and the office may make accounts."""
    allow(school, *EVERYTHING, permissions=("manage_user_logins", "manage_sis"))
    office = Office(school)
    keeps_away(office, PERSON)
    return office


def names(school: School) -> list[str]:
    return [row["name"] for row in school.canvas.state()["users"]]


@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_no_account_is_made_with_a_code_and_their_own_address(
    school: School, office: Office, reach: str
) -> None:
    test_sign_up.grown(school)

    page = test_sign_up.Family(school).signs_up(give_code(school, KENJI, reach), email=HERS.upper())

    assert NEUTRAL in page.text
    assert "Mio Tanaka" not in names(school)
    assert uses() == [0]
    assert [hit.observer_id for hit in rows(BarHit)] == [None]


def test_an_account_made_with_a_code_of_canvas_is_disconnected(
    school: School, office: Office, run_jobs: Runner
) -> None:
    test_sign_up.native_code(school)

    test_sign_up.Family(school).signs_up(test_sign_up.NATIVE, email=HERS)
    everything_settles(run_jobs)

    assert (test_sign_up.made(school, HERS)["id"], KENJI) not in school.links()
    assert states() == [LinkState.ENDED]
    assert [link.ended_by for link in rows(Link)] == [EndedBy.OFFICE]
    assert len(rows(BarHit)) == 1


def test_at_the_counter_no_account_is_made_for_them(school: School, office: Office) -> None:
    page = finishes(office, for_somebody_new(office), name="Aiko T.", email=HERS)

    assert "The do-not-pair list speaks against this. No account was made." in page.text
    assert "Aiko T." not in names(school)


def test_a_second_account_with_the_same_address_does_not_help(school: School, office: Office) -> None:
    def moves(world: dict[str, list[dict[str, object]]]) -> None:
        (jorge,) = (row for row in world["users"] if row["id"] == JORGE)
        jorge["email"] = HERS

    school.changes(moves)

    page = Observer(school, JORGE).enters().redeems(give_code(school, KENJI, EVERYWHERE))

    assert NEUTRAL in page.text
    assert not linked(school, JORGE, KENJI, EVERYWHERE)


def test_the_entry_says_by_what_they_are_known_until_it_ends(school: School, office: Office) -> None:
    page = bars_(office, "lucas", "Lucas Novak", PERSON, person="elena")
    assert "Also whoever has: elena.parent, elena.parent@maplegrove.example" in page.text

    office.press(office.press(page, "End this entry"), "Yes, end it")

    assert [bar.addresses for bar in rows(Bar)] == [["aiko.parent", HERS], []]


def test_hidden_addresses_make_nobody_else_that_person(school: School, office: Office) -> None:
    now = datetime.now(UTC)
    with db.transaction() as session:
        kenji = people.remember(session, school.institution_id, str(KENJI), None, now)
        aiko = people.remember(session, school.institution_id, str(AIKO), None, now)

        entries = bars.against(session, school.institution_id, kenji.id)

        assert bars.match(entries, None, None) is None
        assert bars.match(entries, aiko.id, None) is not None
