"""The office and a family act in the same moment: there is one connection, or the list wins or shows it."""

import pytest

from app.models import LinkState
from tests.browser import Page
from tests.journeys.families import EVERYWHERE, give_code, linked
from tests.journeys.office import EVERYTHING, Office, allow
from tests.people import Observer, School
from tests.records import at_once, everything_settles, states, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases(always=True)
KENJI, AIKO = 105, 44


@pytest.fixture
def offices(school: School) -> list[Office]:
    allow(school, *EVERYTHING)
    return [Office(school), Office(school)]


def ready(office: Office) -> Page:
    """One press before Aiko and Kenji are connected."""
    page = office.press(office.finds("kenji", "Kenji Tanaka"), "Find the observer", term="aiko")
    return office.press(page, "Choose Aiko Tanaka")


def test_two_admins_make_one_connection(school: School, offices: list[Office], run_jobs: Runner) -> None:
    pages = [(office, ready(office)) for office in offices]

    told = at_once([lambda o=office, p=page: o.press(p, "Connect") for office, page in pages])
    everything_settles(run_jobs)

    assert all(page.status_code == 200 for page in told)
    assert states() == [LinkState.ACTIVE]
    assert linked(school, AIKO, KENJI, EVERYWHERE)


def test_an_admin_and_the_family_make_one_connection(
    school: School, offices: list[Office], run_jobs: Runner
) -> None:
    office, page = offices[0], ready(offices[0])
    code, aiko = give_code(school, KENJI, EVERYWHERE), Observer(school, AIKO).enters()

    at_once([lambda: office.press(page, "Connect"), lambda: aiko.redeems(code)])
    everything_settles(run_jobs)

    assert states() == [LinkState.ACTIVE]
    assert uses() in ([0], [1])
    assert linked(school, AIKO, KENJI, EVERYWHERE)


def test_an_admin_ends_while_the_observer_leaves(
    school: School, offices: list[Office], run_jobs: Runner
) -> None:
    aiko = Observer(school, AIKO).enters()
    aiko.redeems(give_code(school, KENJI, EVERYWHERE))
    office = offices[0]
    sure = office.press(office.finds("kenji", "Kenji Tanaka"), "End: Aiko Tanaka, all courses")
    leaving = aiko.press(aiko.portal(), "Leave Kenji Tanaka")

    at_once([lambda: office.press(sure, "Yes, end it"), lambda: aiko.press(leaving, "Yes, leave")])
    everything_settles(run_jobs)

    assert set(states()) == {LinkState.ENDED}
    assert not linked(school, AIKO, KENJI, EVERYWHERE)


def test_an_entry_made_while_the_code_is_used_wins_or_shows_the_connection(
    school: School, offices: list[Office], run_jobs: Runner
) -> None:
    office = offices[0]
    found = office.press(
        office.press(office.opens(), "Open the do-not-pair list"), "Find the student", term="kenji"
    )
    form = office.press(found, "Choose Kenji Tanaka")
    code, aiko = give_code(school, KENJI, EVERYWHERE), Observer(school, AIKO).enters()

    at_once(
        [
            lambda: office.press(form, "Put on the list", whom="anyone", document="Court order 12/2026"),
            lambda: aiko.redeems(code),
        ]
    )
    everything_settles(run_jobs)

    listed = office.press(office.opens(), "Open the do-not-pair list")
    entry = office.press(listed, "Open: Nobody may observe Kenji Tanaka")
    connected = linked(school, AIKO, KENJI, EVERYWHERE)
    assert connected == entry.has_button("End: Aiko Tanaka, all courses")
    assert uses() == [int(connected)]
