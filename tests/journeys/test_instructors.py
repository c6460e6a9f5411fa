"""What instructors, and those who look over their shoulders, see and do in a course."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from app.models import Code, CodeSection
from tests.journeys.rows import change, codes_with_students, decide, rows, uses
from tests.people import (
    ADMIN,
    BIOLOGY,
    DRAFT,
    LIMITED,
    MATHS,
    OVER,
    READING,
    TA,
    TEACHER,
    TWO_SIDED,
    Admin,
    Observer,
    Page,
    School,
    Student,
    Teacher,
    codes_on,
    row_of,
)

pytestmark = pytest.mark.both_databases

READING_TEACHER = 23
SECTION_B = ("Sofia Alvarez", "Freya Lindqvist", "Emma Johansson")


def ids_on(page: Page) -> set[str]:
    """The students that can be ticked."""
    return {value for form in page.forms for name, value in form.boxes if name == "students"}


def test_a_teacher_sees_every_student_with_their_observers(teacher: Teacher) -> None:
    page = teacher.sees_students()

    assert "24 students. 22 have no observer yet." in page.text
    assert row_of(page, "Lucas Novak").endswith("Lucas Novak Elena Novak none")
    assert "Marcus Bennett" in row_of(page, "Ava Bennett")
    assert "nobody yet" in row_of(page, "Kenji Tanaka")


def test_an_observer_of_nobody_is_nobodys_observer(school: School) -> None:
    def comes(world: dict[str, Any]) -> None:
        row = {"user_id": 43, "course_id": MATHS, "section_id": 1011, "type": "ObserverEnrollment"}
        world["enrollments"].append({**row, "state": "active", "associated_user_id": None})

    school.changes(comes)

    page = Teacher(school, TEACHER).sees_students()

    assert "22 have no observer yet." in page.text
    assert "Jorge Alvarez" not in page.text


def test_codes_are_made_for_the_ticked_students_only(school: School, teacher: Teacher) -> None:
    page = teacher.press(teacher.sees_students(), "Make codes for the ticked students", ticked=[105, 103])

    assert "2 codes for Mathematics 7" in page.text
    assert "see this course only" in page.text
    assert page.text.index("Omar Haddad") < page.text.index("Kenji Tanaka")
    assert page.text.count("Works 2 times") == 2
    omar, kenji = codes_on(page)
    roster = teacher.sees_students()
    assert omar in row_of(roster, "Omar Haddad")
    assert kenji in row_of(roster, "Kenji Tanaka")
    assert "2 uses left" in row_of(roster, "Kenji Tanaka")
    assert "none" in row_of(roster, "Zola Mbeki")
    assert school.writes() == []


def test_everybody_without_an_observer_gets_a_code_by_one_button(school: School, teacher: Teacher) -> None:
    page = teacher.press(teacher.sees_students(), "Make codes for all 22 without an observer")

    assert "22 codes for Mathematics 7" in page.text
    assert len(codes_on(page)) == len(rows(Code)) == 22
    assert "Lucas Novak" not in page.text
    assert "Ava Bennett" not in page.text
    assert school.writes() == []


def test_ticking_nobody_is_explained(teacher: Teacher) -> None:
    page = teacher.press(teacher.sees_students(), "Make codes for the ticked students")

    assert page.status_code == 422
    assert "No student was ticked." in page.text
    assert "24 students" in teacher.press(page, "Back to the students").text
    assert rows(Code) == []


def test_a_course_without_students_teaches_what_will_be_there(school: School) -> None:
    school.changes(
        lambda world: world.update(
            enrollments=[row for row in world["enrollments"] if row["type"] != "StudentEnrollment"]
        )
    )

    assert "There are no active students here yet." in Teacher(school, TEACHER).sees_students().text


def test_the_whole_course_gets_codes_by_one_button(school: School, teacher: Teacher) -> None:
    page = teacher.press(teacher.sees_students(), "Make codes for all 24 students")

    assert len(codes_on(page)) == 24
    assert "Lucas Novak" in page.text, "who has an observer already may need a code for the other parent"


def test_when_everybody_has_an_observer_there_is_nothing_to_make(school: School) -> None:
    def only_lucas(world: dict[str, Any]) -> None:
        world["enrollments"] = [
            row for row in world["enrollments"] if row["type"] != "StudentEnrollment" or row["user_id"] == 101
        ]

    school.changes(only_lucas)
    teacher = Teacher(school, TEACHER)
    page = teacher.sees_students()

    assert "1 student. Every one of them has an observer." in page.text
    assert not page.has_button("Make a code for the student without an observer")
    refused = teacher.forges(page, "/instructor/codes", whom="nobody_yet")
    assert refused.status_code == 422
    assert "Every student here has an observer already." in refused.text


def test_issuing_again_shows_the_same_code(teacher: Teacher) -> None:
    assert teacher.issues([105]) == teacher.issues([105])
    assert len(rows(Code)) == 1


def test_life_and_uses_come_from_the_policy(school: School, teacher: Teacher) -> None:
    decide(school.institution_id, days=3, uses=5)

    page = teacher.press(teacher.sees_students(), "Make codes for the ticked students", ticked=[105])

    assert "Works 5 times" in page.text
    (code,) = rows(Code)
    assert (code.expires_at - code.created_at).days == 3


def test_a_code_that_is_taken_back_is_replaced_by_another(teacher: Teacher, parent: Observer) -> None:
    (first,) = teacher.issues([105])

    page = teacher.press(teacher.sees_students(), "Take back the code of Kenji Tanaka")

    assert "The code was taken back." in page.text
    roster = teacher.press(page, "Show the students")
    assert "none" in row_of(roster, "Kenji Tanaka")
    (second,) = teacher.issues([105])
    assert second != first
    assert "taken back by the person who made it" in parent.redeems(first).text
    assert "You are connected" in parent.redeems(second).text


def test_a_used_up_code_is_replaced_by_another(teacher: Teacher) -> None:
    (first,) = teacher.issues([105])
    change(Code, uses=2)

    (second,) = teacher.issues([105])

    assert second != first
    assert uses() == [2, 0]


def test_a_teacher_takes_back_what_another_teacher_of_the_course_made(school: School) -> None:
    Teacher(school, TEACHER).issues([107])
    other = Teacher(school, TWO_SIDED)

    assert "taken back" in other.press(other.sees_students(), "Take back the code of Freya Lindqvist").text


@pytest.mark.parametrize("of", ["another course", "a student"])
def test_a_code_from_elsewhere_cannot_be_taken_back(school: School, parent: Observer, of: str) -> None:
    code = (
        Teacher(school, TEACHER).issues([105])[0] if of == "another course" else Student(school, 105).issues()
    )
    biologist = Teacher(school, LIMITED)
    (row,) = rows(Code)

    page = biologist.forges(biologist.opens_course(BIOLOGY), f"/instructor/codes/{row.id}/revoke")

    assert page.status_code == 404
    assert "You are connected" in parent.redeems(code).text


def test_a_code_cannot_be_taken_back_twice(teacher: Teacher) -> None:
    teacher.issues([105])
    page = teacher.sees_students()
    teacher.press(page, "Take back the code of Kenji Tanaka")

    assert teacher.press(page, "Take back the code of Kenji Tanaka").status_code == 404


def test_a_made_up_student_in_the_form_chooses_nobody(teacher: Teacher) -> None:
    roster = teacher.sees_students()
    for who in ("999999", "40", "20", "0", "-1", "101,102", "📚", ""):
        page = teacher.forges(roster, "/instructor/codes", whom="ticked", students=who)

        assert page.status_code == 422, who
        assert "No code was made" in page.text
    assert rows(Code) == []


def test_a_student_who_is_inactive_in_the_course_gets_no_code(school: School) -> None:
    teacher = Teacher(school, LIMITED)  # of Biology, where Emma's enrollment is inactive

    page = teacher.sees_students(BIOLOGY)

    assert "Emma Johansson" not in page.text
    assert teacher.forges(page, "/instructor/codes", whom="ticked", students="124").status_code == 422
    assert rows(Code) == []


def test_a_student_who_is_only_invited_gets_no_code(school: School) -> None:
    teacher = Teacher(school, READING_TEACHER)

    page = teacher.sees_students(READING)

    assert "Tane Ngata" not in page.text
    assert teacher.forges(page, "/instructor/codes", whom="ticked", students="121").status_code == 422
    assert rows(Code) == []


class TestATeacherOfOneSection:
    """Daniel, whom Canvas shows only section B of Mathematics 7."""

    def test_sees_only_their_own_section(self, school: School) -> None:
        page = Teacher(school, TWO_SIDED).sees_students()

        assert "13 students." in page.text
        assert all(name in page.text for name in SECTION_B)
        assert "Kenji Tanaka" not in page.text
        assert "Lucas Novak" not in page.text

    def test_issues_for_their_own_section_only(self, school: School) -> None:
        teacher = Teacher(school, TWO_SIDED)

        page = teacher.press(teacher.sees_students(), "Make codes for all 12 without an observer")

        assert "12 codes" in page.text
        forged = teacher.forges(teacher.sees_students(), "/instructor/codes", whom="ticked", students="105")
        assert forged.status_code == 422
        assert {int(code.student.canvas_user_id) for code in codes_with_students()} == {
            102, 106, 107, 108, 110, 112, 114, 116, 118, 120, 122, 124,
        }  # fmt: skip

    def test_neither_sees_nor_takes_back_the_codes_of_other_sections(self, school: School) -> None:
        in_both, in_a = Teacher(school, TEACHER).issues([105, 107])
        teacher = Teacher(school, TWO_SIDED)

        page = teacher.sees_students()

        assert in_a not in page.text
        assert in_both in row_of(page, "Freya Lindqvist")
        other = next(code for code in codes_with_students() if code.student.canvas_user_id == "105")
        assert teacher.forges(page, f"/instructor/codes/{other.id}/revoke").status_code == 404
        assert not any(code.revoked_at for code in rows(Code))

    def test_gets_the_code_of_a_student_who_moved_into_it(self, school: School) -> None:
        (code,) = Teacher(school, TEACHER).issues([105])

        def moves(world: dict[str, Any]) -> None:
            (row,) = [
                row for row in world["enrollments"] if row["user_id"] == 105 and row["section_id"] == 1011
            ]
            row["section_id"] = 1012

        school.changes(moves)
        teacher = Teacher(school, TWO_SIDED)

        assert teacher.issues([105]) == [code]
        assert code in row_of(teacher.sees_students(), "Kenji Tanaka")
        assert [row.section_id for row in rows(CodeSection)] == ["1012"]


def test_a_ta_looks_but_makes_no_codes_unless_the_policy_lets_them(school: School) -> None:
    ta = Teacher(school, TA)

    page = ta.sees_students()

    assert "At this school only teachers make codes." in page.text
    assert "Elena Novak" in row_of(page, "Lucas Novak")
    assert not page.has_button("Make codes for the ticked students")
    assert ids_on(page) == set()
    forged = ta.forges(page, "/instructor/codes", whom="ticked", students="105")
    assert forged.status_code == 403
    assert rows(Code) == []
    decide(school.institution_id, tas=True)
    assert len(ta.issues([105])) == 1


def test_a_ta_who_may_make_no_codes_is_shown_none(school: School) -> None:
    (code,) = Teacher(school, TEACHER).issues([105])

    page = Teacher(school, TA).sees_students()

    assert "Kenji Tanaka" in page.text
    assert code not in page.text


def test_a_ta_cannot_take_back_a_code_unless_the_policy_lets_them(school: School) -> None:
    Teacher(school, TEACHER).issues([105])
    (code,) = rows(Code)
    ta = Teacher(school, TA)

    assert ta.forges(ta.opens_course(), f"/instructor/codes/{code.id}/revoke").status_code == 403
    assert rows(Code)[0].revoked_at is None


def test_an_admin_who_is_not_enrolled_looks_but_makes_no_codes(school: School) -> None:
    admin = Teacher(school, ADMIN)

    page = admin.sees_students()

    assert "You are an administrator and not a teacher of this course." in page.text
    assert "24 students." in page.text
    assert admin.forges(page, "/instructor/codes", whom="nobody_yet").status_code == 403
    assert rows(Code) == []


def test_somebody_who_teaches_elsewhere_is_a_student_where_they_are_one(school: School) -> None:
    school.changes(lambda world: world["courses"][4].update(workflow_state="available"))

    page = Teacher(school, LIMITED).opens_course(DRAFT)

    assert "Who can see my courses" in page.text
    assert not page.has_button("Show the students")
    assert page.has_button("Make a code")


def test_an_observer_is_shown_the_way_to_their_own_page(school: School) -> None:
    page = Teacher(school, 40).opens_course()

    assert "In this course you are an observer." in page.text
    assert ("Open the observers' page", "/at/maple/pair") in page.links


@pytest.mark.parametrize("course", [MATHS, OVER])
def test_a_designer_or_former_teacher_is_told_that_there_is_nothing_to_do(
    school: School, course: int
) -> None:
    def designs(world: dict[str, Any]) -> None:
        enrollment = next(row for row in world["enrollments"] if row["user_id"] == TEACHER)
        enrollment["type"] = "DesignerEnrollment"

    school.changes(designs)

    page = Teacher(school, TEACHER if course == MATHS else READING_TEACHER).opens_course(course)

    assert page.status_code == 403
    assert "There is nothing to do for you here" in page.text


def test_the_test_student_sees_what_a_student_sees_and_can_issue_nothing(school: School) -> None:
    teacher = Teacher(school, TEACHER)
    teacher.looks_as_student()

    page = teacher.opens_course()

    assert "This is Canvas's test student." in page.text
    assert "Who can see my courses" in page.text
    assert not page.has_button("Make a code")
    assert teacher.forges(page, "/student/codes").status_code == 403
    assert teacher.forges(page, "/student/codes/1/revoke").status_code == 403
    assert teacher.forges(page, "/instructor/codes", whom="nobody_yet").status_code == 403
    assert rows(Code) == []


def test_an_admin_acting_as_a_teacher_is_told_so_and_can_issue_nothing(school: School) -> None:
    Teacher(school, TEACHER).issues([105])
    (code,) = rows(Code)
    admin = Teacher(school, ADMIN)
    admin.acts_as(TEACHER)

    page = admin.sees_students()

    assert "You are acting as Amara Okafor." in page.text
    assert not page.has_button("Make codes for the ticked students")
    assert not page.has_button("Take back the code of Kenji Tanaka")
    assert admin.forges(page, "/instructor/codes", whom="nobody_yet").status_code == 403
    assert admin.forges(page, f"/instructor/codes/{code.id}/revoke").status_code == 403
    assert len(rows(Code)) == 1
    assert rows(Code)[0].revoked_at is None


def test_an_admin_acting_as_a_student_can_issue_nothing(school: School) -> None:
    admin = Admin(school, ADMIN)
    admin.acts_as(105)

    page = admin.launches("/users/105")

    assert "You are acting as Kenji Tanaka." in page.text
    assert not page.has_button("Make a code")
    assert admin.forges(page, "/student/codes").status_code == 403
    assert rows(Code) == []


def test_a_canvas_that_does_not_answer_can_be_asked_again(school: School, teacher: Teacher) -> None:
    page = teacher.opens_course()
    school.canvas.fault(route="/api/v1/courses", status=404, html_error=True)

    away = teacher.press(page, "Show the students")

    assert away.status_code == 503
    assert "Canvas does not answer" in away.text
    school.mended()
    assert "24 students" in teacher.press(away, "Try again").text


def test_dates_are_shown_in_the_zone_of_the_person_who_looks(school: School) -> None:
    def far_apart(world: dict[str, Any]) -> None:
        zones = {TEACHER: "Pacific/Honolulu", TWO_SIDED: "Asia/Tokyo"}
        for user in world["users"]:
            user["time_zone"] = zones.get(user["id"])

    school.changes(far_apart)
    teacher = Teacher(school, TEACHER)
    teacher.issues([107])
    change(Code, expires_at=datetime(2031, 1, 1, 2, tzinfo=UTC))

    assert "until December 31, 2030" in row_of(teacher.sees_students(), "Freya")
    other = Teacher(school, TWO_SIDED)
    assert "until January 1, 2031" in row_of(other.sees_students(), "Freya")


def test_the_table_alone_comes_when_a_script_asks(teacher: Teacher) -> None:
    page = teacher.opens_course()
    handle = re.search(r'"X-Observatory-Launch": "([^"]+)"', page.response.text)
    assert handle

    answer = teacher.browser.http.post(
        page.url.replace("/lti/launch", "/instructor/students"),
        headers={"HX-Request": "true", "X-Observatory-Launch": handle[1]},
    )

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Kenji Tanaka" in answer.text
