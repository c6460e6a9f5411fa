"""Students end what others can see of them, or ask the office to."""

import pytest

from app.models import EndRequest, Link, LinkState
from tests.browser import Page
from tests.journeys.rows import change, rows
from tests.journeys.ruling import rule
from tests.people import ADMIN, Admin, Observer, School, Student, Teacher
from tests.records import all_links, states, time_passes
from tests.workers import Runner

pytestmark = pytest.mark.both_databases

LUCAS, AVA, KENJI = 101, 104, 105
OFFICE = "Room 12, 555-0100"


@pytest.fixture
def kenji(school: School) -> Student:
    return Student(school, KENJI)


def sees(student: Student) -> Page:
    return student.press(student.opens(), "Show who can see me")


class TestAtACollege:
    @pytest.fixture(autouse=True)
    def college(self, school: School) -> None:
        rule(school, students_end=True)

    def test_an_all_course_link_is_ended(self, school: School, kenji: Student, parent: Observer) -> None:
        parent.redeems(kenji.issues())

        page = kenji.press(sees(kenji), "End the connection of Aiko Tanaka")
        assert "Aiko Tanaka sees all your courses, with your grades." in page.text
        assert (44, KENJI) in school.links()
        page = kenji.press(page, "Yes, end it")

        assert "The connection is being ended." in page.text
        assert (44, KENJI) not in school.links()
        assert school.observing(44) == []
        assert states() == [LinkState.ENDED]
        assert "You no longer observe Kenji Tanaka. If you have questions, ask the school." in (
            parent.browser.open(f"{school.base}/observer/pairings/1").text
        )
        assert "this connection was ended on" in parent.portal().text

    def test_a_one_course_link_is_ended(
        self, school: School, kenji: Student, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])

        kenji.press(kenji.press(sees(kenji), "End the connection of Aiko Tanaka"), "Yes, end it")

        assert school.observing(44) == []

    def test_everything_of_the_two_ends(
        self, school: School, kenji: Student, teacher: Teacher, parent: Observer, run_jobs: Runner
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])
        parent.redeems(kenji.issues())

        kenji.press(kenji.press(sees(kenji), "End the connection of Aiko Tanaka"), "Yes, end it")
        change(Link, leased_until=None)
        time_passes()
        run_jobs()

        assert (school.links() & {(44, KENJI)}, school.observing(44)) == (set(), [])
        assert states() == [LinkState.ENDED] * 2

    @pytest.mark.parametrize(("who", "name"), [(LUCAS, "Elena Novak"), (AVA, "Marcus Bennett")])
    def test_what_canvas_made_without_us_is_ended(self, school: School, who: int, name: str) -> None:
        student = Student(school, who)

        student.press(student.press(sees(student), f"End the connection of {name}"), "Yes, end it")

        assert name not in sees(student).text

    def test_nobody_else_can_be_named(self, school: School, kenji: Student, parent: Observer) -> None:
        parent.redeems(kenji.issues())
        page = sees(kenji)

        for stranger in ("40", "999", "", "x"):
            assert kenji.forges(page, "/student/end", observer=stranger, sure="end").status_code == 404
        assert school.links() >= {(40, LUCAS), (44, KENJI)}

    def test_somebody_acting_as_the_student_ends_nothing(
        self, school: School, kenji: Student, parent: Observer
    ) -> None:
        parent.redeems(kenji.issues())
        admin = Student(school, ADMIN)
        admin.acts_as(KENJI)
        admin.id = KENJI
        page = sees(admin)

        assert not page.has_button("End the connection of Aiko Tanaka")
        assert admin.forges(page, "/student/end", observer="44", sure="end").status_code == 403
        assert (44, KENJI) in school.links()


class TestAtASchool:
    @pytest.fixture(autouse=True)
    def at_school(self, school: School) -> None:
        rule(school, office=OFFICE)

    def ask(self, student: Student) -> Page:
        page = student.press(sees(student), "Ask to end the connection of Aiko Tanaka")
        assert f"You can ask there yourself: {OFFICE}." in page.text
        return student.press(page, "Tell the office")

    def test_the_office_is_named_and_told(self, school: School, kenji: Student, parent: Observer) -> None:
        parent.redeems(kenji.issues())
        assert f"Ask your school office to end it. {OFFICE}" in sees(kenji).text

        assert "Your wish was passed on." in self.ask(kenji).text

        assert (44, KENJI) in school.links()
        assert "You have asked the office to end this." in sees(kenji).text
        assert len(rows(EndRequest)) == 1

    @pytest.mark.parametrize("answer", ["End the connection", "Leave it as it is"])
    def test_an_admin_settles_it(self, school: School, kenji: Student, parent: Observer, answer: str) -> None:
        parent.redeems(kenji.issues())
        self.ask(kenji)
        admin = Admin(school, ADMIN)
        page = admin.opens()
        assert "One student asks you to end a connection." in page.text
        page = admin.press(page, "See and change the policy")
        assert "Kenji Tanaka asks that Aiko Tanaka sees nothing any more." in page.text

        again = admin.press(page, answer)

        assert "Students ask you to end connections" not in again.text
        assert ((44, KENJI) in school.links()) == (answer != "End the connection")
        assert "Somebody else has settled this already." in admin.press(page, answer).text

    def test_a_forged_ending_asks_instead(self, school: School, kenji: Student, parent: Observer) -> None:
        parent.redeems(kenji.issues())

        page = kenji.forges(sees(kenji), "/student/end", observer="44", sure="end")

        assert page.has_button("Tell the office")
        assert (44, KENJI) in school.links()
        assert [link.state for link in all_links()] == [LinkState.ACTIVE]


def test_observers_are_told_only_where_the_school_wants_it(
    school: School, kenji: Student, parent: Observer
) -> None:
    rule(school, students_end=True, notices=False)
    parent.redeems(kenji.issues())
    kenji.press(kenji.press(sees(kenji), "End the connection of Aiko Tanaka"), "Yes, end it")

    assert "this connection was ended" not in parent.portal().text
