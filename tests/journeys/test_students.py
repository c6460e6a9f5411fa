"""The student's portal: one's own code, and who can see one."""

from datetime import UTC, datetime

import pytest

from app.models import Code, Scope
from tests.journeys.rows import change, rows, uses
from tests.people import MATHS, TEACHER, Observer, School, Student, Teacher, codes_on

pytestmark = pytest.mark.both_databases

LUCAS, AVA, KENJI = 101, 104, 105


@pytest.fixture
def kenji(school: School) -> Student:
    return Student(school, KENJI)


def test_a_student_makes_a_code_for_all_courses(school: School, kenji: Student) -> None:
    page = kenji.opens()
    assert "You decide whom you give it to." in page.text

    page = kenji.press(page, "Make a code")

    assert len(codes_on(page)) == 1
    assert "They will see all your courses , with your grades." in page.text
    assert "2 people can still use it." in page.text
    assert "QR code that opens the page where your code is used" in page.response.text
    (code,) = rows(Code)
    assert (code.scope, code.course_id) == (Scope.ALL, None)
    assert school.writes() == []


def test_the_code_is_there_when_the_student_comes_back(kenji: Student) -> None:
    code = kenji.issues()

    assert codes_on(kenji.opens()) == [code]
    assert codes_on(kenji.launches(f"/courses/{MATHS}")) == [code]


def test_making_a_code_twice_shows_the_same_one(kenji: Student) -> None:
    page = kenji.opens()

    assert codes_on(kenji.press(page, "Make a code")) == codes_on(kenji.press(page, "Make a code"))
    assert len(rows(Code)) == 1


def test_one_use_less_is_shown(kenji: Student, parent: Observer) -> None:
    parent.redeems(kenji.issues())

    assert "One person can still use it." in kenji.opens().text


@pytest.mark.parametrize(
    "death", [{"uses": 2}, {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}], ids=["used up", "expired"]
)
def test_a_dead_code_makes_room_for_a_new_one(kenji: Student, death: dict[str, object]) -> None:
    first = kenji.issues()
    change(Code, **death)

    page = kenji.opens()

    assert codes_on(page) == []
    assert codes_on(kenji.press(page, "Make a code")) != [first]


def test_a_code_is_taken_back(kenji: Student, parent: Observer) -> None:
    first = kenji.issues()

    page = kenji.press(kenji.opens(), "Take the code back")

    assert "Your code was taken back. Nobody can use it any more." in page.text
    assert kenji.press(page, "Make a code").status_code == 200
    assert "taken back by the person who made it" in parent.redeems(first).text


def test_nobody_elses_code_can_be_taken_back(school: School, kenji: Student, teacher: Teacher) -> None:
    Student(school, LUCAS).issues()
    teacher.issues([KENJI])

    for code in rows(Code):
        assert kenji.forges(kenji.opens(), f"/student/codes/{code.id}/revoke").status_code == 404
    assert not any(code.revoked_at for code in rows(Code))
    assert codes_on(kenji.opens()) == []


class TestWhoCanSeeMe:
    def test_nobody(self, kenji: Student) -> None:
        assert "Nobody observes you. When somebody uses a code for you, they appear here." in (
            kenji.sees_observers()
        )

    def test_somebody_by_a_code_for_all_courses(self, kenji: Student, parent: Observer) -> None:
        parent.redeems(kenji.issues())

        seen = kenji.sees_observers()

        today = f"{datetime.now(UTC):%B} {datetime.now(UTC).day}, {datetime.now(UTC).year}"
        assert f"Aiko Tanaka sees all your courses by a code, since {today}" in seen
        assert "Ask your school office to end it." in seen

    def test_somebody_by_a_code_for_one_course(
        self, kenji: Student, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])

        assert "Aiko Tanaka sees Mathematics 7 only by a code, since" in kenji.sees_observers()

    def test_somebody_by_canvas_for_all_courses(self, school: School) -> None:
        assert "Elena Novak sees all your courses set up by your school or in Canvas" in (
            Student(school, LUCAS).sees_observers()
        )

    def test_somebody_by_canvas_for_one_course(self, school: School) -> None:
        assert "Marcus Bennett sees Mathematics 7 only set up by your school or in Canvas" in (
            Student(school, AVA).sees_observers()
        )

    def test_each_person_once_whatever_they_used(
        self, school: School, kenji: Student, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])
        code = kenji.issues()
        parent.redeems(code)
        Observer(school, 43).redeems(code)

        seen = kenji.sees_observers()

        assert seen.count("Aiko Tanaka") == 1
        assert "Aiko Tanaka sees all your courses" in seen
        assert seen.index("Aiko Tanaka") < seen.index("Jorge Alvarez")

    def test_nobody_who_has_left(self, kenji: Student, parent: Observer) -> None:
        parent.redeems(kenji.issues())
        parent.leaves("Leave Kenji Tanaka")

        assert "Nobody observes you." in kenji.sees_observers()

    def test_the_way_back_leads_to_the_code(self, kenji: Student) -> None:
        code = kenji.issues()
        page = kenji.press(kenji.opens(), "Show who can see me")

        assert codes_on(kenji.press(page, "Back to my code")) == [code]


def test_dates_are_shown_in_the_students_zone(school: School) -> None:
    def far_west(world: dict[str, list[dict[str, object]]]) -> None:
        for user in world["users"]:
            user["time_zone"] = "Pacific/Honolulu"

    school.changes(far_west)
    kenji = Student(school, KENJI)
    kenji.issues()
    change(Code, expires_at=datetime(2031, 1, 1, 2, tzinfo=UTC))

    assert "It ends on December 31, 2030." in kenji.opens().text


def test_somebody_who_is_no_student_is_shown_the_way_in_their_menu(school: School) -> None:
    parent, teacher = Student(school, 44).opens(), Student(school, TEACHER).opens()

    assert "Observers have their own page" in parent.text
    assert "Where to find Observatory" in teacher.text
    for page in (parent, teacher):
        assert page.status_code == 200
        assert not page.has_button("Make a code")


def test_making_a_code_costs_canvas_nothing(school: School, kenji: Student) -> None:
    school.forgets_calls()
    kenji.issues()

    assert uses() == [0]
    assert not [row for row in school.canvas.log() if row["path"].startswith("/api/v1/")]
