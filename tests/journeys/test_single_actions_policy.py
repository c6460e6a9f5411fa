"""What the policy asks, where the office connects people: it is told before the click, and decides."""

import pytest

from app.models import Acceptance, AuditEvent, EndedBy, LinkState, Role, Way
from tests.browser import Page
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, linked
from tests.journeys.office import EVERYTHING, Office, allow
from tests.journeys.rows import rows
from tests.journeys.ruling import rule
from tests.journeys.test_counter import at_the_counter, finishes
from tests.people import MATHS, Observer, School, Student
from tests.records import all_links, only_link, states, uses

pytestmark = pytest.mark.both_databases
KENJI, AIKO, JORGE = 105, 44, 43
ASK, AGREED = "", "agreed"


@pytest.fixture
def office(school: School) -> Office:
    allow(school, *EVERYTHING, permissions=("manage_user_logins", "manage_sis"))
    return Office(school)


def before_the_click(office: Office, term: str = "jorge", name: str = "Jorge Alvarez") -> Page:
    """Asked whether to connect somebody with Kenji."""
    page = office.press(office.finds("kenji", "Kenji Tanaka"), "Find the observer", term=term)
    return office.press(page, f"Choose {name}")


def facts(event: str) -> list[dict[str, object]]:
    return [row.facts for row in rows(AuditEvent) if row.event == event]


class TestTheLimit:
    @pytest.fixture(autouse=True)
    def one_is_enough(self, school: School) -> None:
        """Aiko observes Kenji, and there shall be one observer for each student."""
        Observer(school, AIKO).enters().redeems(give_code(school, KENJI, EVERYWHERE))
        rule(school, observers_most=1)

    def test_the_office_is_told_and_connects_one_more(self, school: School, office: Office) -> None:
        page = before_the_click(office)
        assert "Kenji Tanaka has 1 observer already, and the policy allows no more." in page.text

        page = office.press(page, "Connect", more="1")

        assert "Connected with Jorge Alvarez." in page.text
        assert linked(school, JORGE, KENJI, EVERYWHERE)
        assert facts("link:add")[0]["limit"] == "passed"

    def test_without_a_word_about_it_nobody_is_connected(self, school: School, office: Office) -> None:
        page = office.press(before_the_click(office), "Connect")

        assert page.status_code == 422
        assert "has 1 observer already" in page.text
        assert len(all_links()) == 1
        assert facts("link:add") == []

    def test_asked_about_one_more_the_page_keeps_the_course_that_was_chosen(
        self, school: School, office: Office
    ) -> None:
        page = office.press(before_the_click(office), "Connect", course=str(MATHS))

        page = office.press(page, "Connect", more="1")

        assert "Jorge Alvarez Mathematics 7" in page.text
        assert linked(school, JORGE, KENJI, ONE_COURSE)
        assert (JORGE, KENJI) not in school.links()

    def test_who_observes_already_may_do_so_further(self, school: School, office: Office) -> None:
        page = before_the_click(office, "aiko", "Aiko Tanaka")

        assert "the policy allows no more" not in page.text
        assert "This connection was there already." in office.press(page, "Connect").text

    def test_those_whom_only_canvas_knows_count(self, school: School, office: Office) -> None:
        page = office.press(office.finds("lucas", "Lucas Novak"), "Find the observer", term="jorge")

        page = office.press(page, "Choose Jorge Alvarez")

        assert "Lucas Novak has 1 observer already" in page.text

    def test_a_code_that_the_office_uses_is_held_to_it(self, school: School, office: Office) -> None:
        code = give_code(school, 101, EVERYWHERE)  # Lucas, whom Elena observes in Canvas

        page = office.press(office.finds("jorge", "Jorge Alvarez"), "Use the code", code=code)

        assert "The student has as many observers as the policy allows." in page.text
        assert uses() == [1, 0]

    def test_at_the_counter_it_is_told_before_an_account_is_made(
        self, school: School, office: Office
    ) -> None:
        page = office.press(at_the_counter(office), "Find the observer", observer_term="Berit Holm")

        told = finishes(office, page, name="Berit Holm")

        assert "Nothing was done yet: say below whether there shall be one observer more." in told.text
        assert facts("observer:make") == []
        letter = finishes(office, told, more="1")
        assert "Connected with Kenji Tanaka." in letter.text
        assert facts("link:add")[0]["limit"] == "passed"


class TestTheStudentsYes:
    @pytest.fixture(autouse=True)
    def students_are_asked(self, school: School) -> None:
        rule(school, approval=True, approval_days=9)

    def test_the_student_is_asked_first_and_says_yes(self, school: School, office: Office) -> None:
        page = before_the_click(office)
        assert "They answer on their own page, within 9 days." in page.text

        page = office.press(page, "Connect", yes=ASK)

        assert "The student is asked first." in page.text
        assert "waits for the student's yes" in page.text
        assert (states(), only_link().way) == ([LinkState.WAITING], Way.ADMIN)
        jorge = Observer(school, JORGE).enters()
        waits = jorge.browser.open(f"{school.base}/observer/pairings/{only_link().id}")
        assert "The school wants to connect you with Kenji Tanaka, who is asked first" in waits.text
        assert "your code" not in waits.text.lower()
        kenji = Student(school, KENJI)
        asked = kenji.opens()
        assert "The school would like to let Jorge Alvarez see all your courses" in asked.text
        kenji.press(asked, "Yes, they may")
        assert linked(school, JORGE, KENJI, EVERYWHERE)

    def test_the_office_says_that_they_have_agreed(self, school: School, office: Office) -> None:
        page = office.press(before_the_click(office), "Connect", yes=AGREED)

        assert "Connected with Jorge Alvarez." in page.text
        assert linked(school, JORGE, KENJI, EVERYWHERE)
        assert facts("link:add")[0]["yes"] == "told by the office"

    def test_a_yes_on_paper_overtakes_the_question(self, school: School, office: Office) -> None:
        office.press(before_the_click(office), "Connect", yes=ASK)

        office.press(before_the_click(office), "Connect", yes=AGREED)

        assert states() == [LinkState.ENDED, LinkState.ACTIVE]
        assert "Jorge" not in Student(school, KENJI).opens().text

    def test_asking_twice_asks_once(self, school: School, office: Office) -> None:
        for _ in range(2):
            page = office.press(before_the_click(office), "Connect", yes=ASK)

        assert "The student is asked first." in page.text
        assert states() == [LinkState.WAITING]

    def test_the_office_takes_the_question_back(self, school: School, office: Office) -> None:
        page = office.press(before_the_click(office), "Connect", yes=ASK)

        sure = office.press(page, "End: Jorge Alvarez, all courses")
        page = office.press(sure, "Yes, end it")

        assert "Kenji Tanaka is no longer asked about Jorge Alvarez" in sure.text
        assert "The student is no longer asked about this connection." in page.text
        assert "ended by an administrator" in page.text
        assert (states(), only_link().ended_by) == ([LinkState.ENDED], EndedBy.OFFICE)
        assert school.writes() == []

    def test_the_question_of_a_teachers_code_is_taken_back_and_the_use_is_free(
        self, school: School, office: Office
    ) -> None:
        code = give_code(school, KENJI, EVERYWHERE, role=Role.ADMIN)
        Observer(school, AIKO).enters().redeems(code)
        assert (states(), uses()) == ([LinkState.WAITING], [1])
        office.logs_in()

        sure = office.press(office.finds("aiko", "Aiko Tanaka"), "End: Student 105, all courses")
        office.press(sure, "Yes, end it")

        assert (states(), uses()) == ([LinkState.ENDED], [0])

    def test_the_letter_of_the_counter_says_that_they_are_asked(self, school: School, office: Office) -> None:
        page = office.press(at_the_counter(office), "Find the observer", observer_term="jorge")

        letter = finishes(office, office.press(page, "Observer: Jorge Alvarez"))

        assert "Kenji Tanaka is asked first whether you may follow them in Canvas." in letter.text
        assert states() == [LinkState.WAITING]


class TestTheAgreement:
    def test_whom_the_office_connects_is_asked_on_their_own_page(
        self, school: School, office: Office
    ) -> None:
        rule(school, agreement="Be kind.")
        page = before_the_click(office)
        assert "Jorge Alvarez has not agreed to the text of the policy yet." in page.text
        office.press(page, "Connect")

        jorge = Observer(school, JORGE).enters()
        page = jorge.press(jorge.portal(), "I agree")

        assert "Be kind." not in page.text
        assert "Kenji Tanaka You see all courses" in page.text
        assert len(rows(Acceptance)) == 1
        assert "has not agreed" not in before_the_click(Office(school)).text

    def test_a_text_that_changes_meanwhile_is_shown_before_it_counts(
        self, school: School, office: Office
    ) -> None:
        rule(school, agreement="One.")
        office.press(before_the_click(office), "Connect")
        jorge = Observer(school, JORGE).enters()
        old = jorge.portal()
        rule(school, agreement="Two.")

        page = jorge.press(old, "I agree")

        assert "Two." in page.text
        assert rows(Acceptance) == []

    def test_who_came_by_a_code_is_asked_at_the_next_one(self, school: School) -> None:
        aiko = Observer(school, AIKO).enters()
        aiko.redeems(give_code(school, KENJI, EVERYWHERE))
        rule(school, agreement="Be kind.")

        assert not aiko.portal().has_button("I agree")
