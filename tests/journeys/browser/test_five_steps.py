"""Codes issued, redeemed, Canvas holds exactly that, the student sees it, the parent leaves."""

import pytest

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.stage import Stage
from tests.journeys.browser.visitors import code_in
from tests.people import MATHS, TEACHER

pytestmark = pytest.mark.browser

LEILA, CHIDI = 111, 113
PARENT = 60


def test_from_the_first_code_to_leaving(meet: Meet, stage: Stage) -> None:
    teacher, student, parent = meet(TEACHER), meet(CHIDI), meet(PARENT)

    frame = teacher.launches(f"/courses/{MATHS}", "Observers in Mathematics 7")
    frame.get_by_role("checkbox", name="Leila Haddad").check()
    frame.get_by_role("button", name="Make codes for the ticked").first.click()
    frame.get_by_role("heading", name="1 code for Mathematics 7").wait_for()
    of_course = code_in(frame)

    frame = student.launches(f"/users/{CHIDI}", "Who can see my courses")
    frame.get_by_role("button", name="Make a code").click()
    frame.get_by_role("img", name="QR code").wait_for()
    of_student = code_in(frame)

    page = parent.redeems(of_course.lower().replace("-", "  "))
    page.get_by_role("heading", name="You are connected to Leila Haddad").wait_for()
    page.get_by_text("You can see one course: Mathematics 7.").wait_for()
    assert stage.observing(PARENT) == {(MATHS, LEILA)}
    assert stage.linked(PARENT) == set()

    page.goto("about:blank")
    parent.opens(f"/pair#{of_student}")  # what the QR code says
    page.get_by_role("button", name="Connect me").click()
    page.get_by_role("heading", name="You are connected to Chidi Nwosu").wait_for()
    assert stage.linked(PARENT) == {CHIDI}
    assert stage.observing(PARENT) == {(MATHS, LEILA), *courses_of(stage, CHIDI)}

    frame = student.launches(f"/users/{CHIDI}", "Who can see my courses")
    frame.get_by_text("Robin Parent 60").wait_for()
    assert frame.get_by_text("sees all your courses").is_visible()

    parent.opens("/observer/")
    page.get_by_role("button", name="Leave Mathematics 7").click()
    page.get_by_role("button", name="Yes, leave").click()
    page.get_by_text("You no longer observe Leila Haddad in Mathematics 7.").wait_for()
    parent.opens("/observer/")
    page.get_by_role("button", name="Leave Chidi Nwosu").click()
    page.get_by_role("button", name="Yes, leave").click()
    page.get_by_text("You no longer observe Chidi Nwosu.").wait_for()
    assert stage.linked(PARENT) == set()
    assert stage.observing(PARENT) == set()


def courses_of(stage: Stage, student: int) -> set[tuple[int, int]]:
    return {
        (row["course_id"], student)
        for row in stage.canvas.state()["enrollments"]
        if (row["user_id"], row["type"], row["state"]) == (student, "StudentEnrollment", "active")
    }
