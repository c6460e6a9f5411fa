"""The office and a family act in the same moment: there is one connection, or the list wins or shows it."""

import pytest

from app.models import LinkState
from tests.browser import Page
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, linked
from tests.journeys.office import EVERYTHING, Office, allow
from tests.journeys.ruling import rule
from tests.people import Observer, School, Student
from tests.records import at_once, everything_settles, states, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases(always=True)
KENJI, AIKO = 105, 44


@pytest.fixture
def offices(school: School) -> list[Office]:
    allow(school, *EVERYTHING)
    return [Office(school), Office(school)]


def ready(office: Office, term: str = "aiko", name: str = "Aiko Tanaka") -> Page:
    """One press before somebody and Kenji are connected."""
    page = office.press(office.finds("kenji", "Kenji Tanaka"), "Find the observer", term=term)
    return office.press(page, f"Choose {name}")


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


def test_an_admin_ends_while_the_observer_uses_another_code(
    school: School, offices: list[Office], run_jobs: Runner
) -> None:
    aiko = Observer(school, AIKO).enters()
    aiko.redeems(give_code(school, KENJI, EVERYWHERE))
    office, course = offices[0], give_code(school, KENJI, ONE_COURSE)
    sure = office.press(office.finds("kenji", "Kenji Tanaka"), "End: Aiko Tanaka, all courses")

    at_once([lambda: office.press(sure, "Yes, end it"), lambda: aiko.redeems(course)])
    everything_settles(run_jobs)

    assert LinkState.ACTIVE not in states()[:1]  # the one that was ended
    assert (AIKO, KENJI) not in school.links()
    assert linked(school, AIKO, KENJI, ONE_COURSE) == (LinkState.ACTIVE in states())
    assert uses()[1] == int(LinkState.ACTIVE in states())


def test_of_two_admins_one_gets_the_last_place(
    school: School, offices: list[Office], run_jobs: Runner
) -> None:
    rule(school, observers_most=1)
    pages = [(offices[0], ready(offices[0])), (offices[1], ready(offices[1], "jorge", "Jorge Alvarez"))]

    told = at_once([lambda o=office, p=page: o.press(p, "Connect") for office, page in pages])
    everything_settles(run_jobs)

    assert sorted(page.status_code for page in told) == [200, 422]
    assert states() == [LinkState.ACTIVE]


class TestAsking:
    """The policy has students say yes."""

    @pytest.fixture(autouse=True)
    def students_are_asked(self, school: School) -> None:
        rule(school, approval=True)

    def test_two_admins_ask_once(self, school: School, offices: list[Office]) -> None:
        pages = [(office, ready(office)) for office in offices]

        told = at_once([lambda o=office, p=page: o.press(p, "Connect") for office, page in pages])

        assert all("The student is asked first." in page.text for page in told)
        assert states() == [LinkState.WAITING]

    def test_the_student_says_yes_while_the_office_takes_the_question_back(
        self, school: School, offices: list[Office], run_jobs: Runner
    ) -> None:
        office = offices[0]
        office.press(ready(office), "Connect")
        sure = office.press(office.finds("kenji", "Kenji Tanaka"), "End: Aiko Tanaka, all courses")
        kenji = Student(school, KENJI)
        asked = kenji.opens()

        at_once([lambda: office.press(sure, "Yes, end it"), lambda: kenji.press(asked, "Yes, they may")])
        everything_settles(run_jobs)

        (state,) = states()
        assert linked(school, AIKO, KENJI, EVERYWHERE) == (state is LinkState.ACTIVE)
        assert state in (LinkState.ACTIVE, LinkState.ENDED)


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
