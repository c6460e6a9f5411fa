"""Every page and state: nothing sticks out or is too small, axe is content, and pictures where asked for."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Frame

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.stage import EMPTY_COURSE, WORDY_COURSE, Stage
from tests.journeys.browser.visitors import Visitor, code_in
from tests.people import ADMIN, MATHS, SERVICE, TA, TEACHER

pytestmark = pytest.mark.browser

FATHER, MOTHER, AUNT, COACH, NEIGHBOR, GRANDMOTHER = range(50, 56)
LUCAS, SOFIA, OMAR, ZOLA, FREYA, MATEO, ANJALI, NOAH = 101, 102, 103, 106, 107, 108, 109, 110
ROSTER = "Students"


def roster(visitor: Visitor, course: int = MATHS) -> Frame:
    frame = visitor.launches(f"/courses/{course}", "Observers in")
    frame.locator("[aria-busy]").wait_for(state="detached")
    return frame


def portal(visitor: Visitor) -> Frame:
    frame = visitor.launches(f"/users/{visitor.id}", "Who can see my courses")
    frame.locator("[aria-busy]").wait_for(state="detached")
    return frame


def make_codes(frame: Frame) -> None:
    frame.get_by_role("button", name="Make codes for the ticked").first.click()


def let_codes(stage: Stage, student: int, become: str) -> None:
    """Arrange what has become of a student's codes meanwhile."""
    stage.change(
        f"UPDATE codes SET {become} WHERE student_id = (SELECT id FROM people WHERE canvas_user_id = ?)",  # noqa: S608
        str(student),
    )


def student_code(meet: Meet, student: int) -> str:
    frame = portal(meet(student))
    if frame.get_by_role("button", name="Make a code").is_visible():
        frame.get_by_role("button", name="Make a code").click()
    frame.get_by_role("button", name="Take the code back").wait_for()
    return code_in(frame)


def test_the_teachers_pages(meet: Meet, look: Looker, stage: Stage) -> None:
    teacher = meet(TEACHER)
    frame = roster(teacher)
    look("teacher-roster", teacher.page, frame)

    make_codes(frame)
    frame.get_by_role("heading", name="No code was made").wait_for()
    look("teacher-nobody-ticked", teacher.page, frame)

    frame.get_by_role("button", name="Back to the students").click()
    for student in ("Kenji Tanaka", "Zola Mbeki", "Maria dos Santos"):
        frame.get_by_role("checkbox", name=student).check()
    look("teacher-roster-ticked", teacher.page, frame)
    make_codes(frame)
    frame.get_by_role("heading", name="3 codes for Mathematics 7").wait_for()
    look("teacher-issued", teacher.page, frame)

    frame.get_by_role("button", name="Back to the students").click()
    frame.get_by_role("button", name="Take back the code of Zola Mbeki").wait_for()
    look("teacher-roster-with-codes", teacher.page, frame)
    frame.get_by_role("button", name="Take back the code of Zola Mbeki").click()
    frame.get_by_text("The code was taken back").wait_for()
    frame.get_by_role("checkbox").first.wait_for()
    look("teacher-code-taken-back", teacher.page, frame)

    look("teacher-no-students", teacher.page, roster(teacher, EMPTY_COURSE))


def test_long_names_and_names_in_other_scripts(meet: Meet, look: Looker) -> None:
    teacher = meet(TEACHER)
    frame = roster(teacher, WORDY_COURSE)
    frame.get_by_role("button", name="Make codes for all 3").click()
    frame.get_by_role("button", name="Back to the students").wait_for()
    look("teacher-long-names-issued", teacher.page, frame)
    code = code_in(frame)
    look("teacher-long-names", teacher.page, roster(teacher, WORDY_COURSE))

    page = meet(56).redeems(code)
    page.get_by_role("heading", name="You are connected").wait_for()
    look("connected-long-names", page)
    page.get_by_role("link", name="My students").first.click()
    look("portal-long-names", page)


def test_the_teachers_pages_while_canvas_is_slow_and_when_it_fails(
    meet: Meet, look: Looker, stage: Stage
) -> None:
    teacher = meet(TEACHER)
    stage.canvas.fault(route="/api/v1/courses", delay=3, count=1)
    frame = teacher.launches(f"/courses/{MATHS}", "Observers in")
    look("teacher-waiting", teacher.page, frame)
    frame.get_by_role("checkbox").first.wait_for()

    stage.canvas.fault(route="/api/v1/courses", status=500, count=20)
    frame = teacher.launches(f"/courses/{MATHS}", "Observers in")
    frame.get_by_role("heading", name="Canvas does not answer").wait_for()
    stage.canvas.call("DELETE", "/_sandbox/faults")
    look("teacher-canvas-away", teacher.page, frame)


@pytest.mark.parametrize(("who", "person"), [("assistant", TA), ("admin", ADMIN)])
def test_the_teachers_pages_for_those_who_may_only_look(
    meet: Meet, look: Looker, who: str, person: int
) -> None:
    visitor = meet(person)
    look(f"teacher-seen-by-{who}", visitor.page, roster(visitor))


def test_the_students_pages(meet: Meet, look: Looker) -> None:
    student = meet(ANJALI)
    frame = portal(student)
    look("student-without-code", student.page, frame)

    frame.get_by_role("button", name="Make a code").click()
    frame.get_by_role("button", name="Take the code back").wait_for()
    frame.locator("[aria-busy]").wait_for(state="detached")
    look("student-with-code", student.page, frame)

    frame.get_by_role("button", name="Take the code back").click()
    frame.get_by_text("Your code was taken back").wait_for()
    frame.locator("[aria-busy]").wait_for(state="detached")
    look("student-code-taken-back", student.page, frame)

    watched = meet(LUCAS)
    look("student-watched", watched.page, portal(watched))


def test_the_students_page_seen_by_somebody_who_acts_as_them(meet: Meet, look: Looker, stage: Stage) -> None:
    admin = meet(ADMIN)
    admin.context.request.post(f"{stage.canvas.url}/courses/{MATHS}/student_view")
    look("student-test-student", admin.page, admin.launches(f"/courses/{MATHS}", "Who can see my courses"))


def test_the_public_pages_before_signing_in(meet: Meet, look: Looker, stage: Stage) -> None:
    visitor = meet()
    look("front", visitor.opens("/"))
    look("pair-empty", visitor.opens("/pair"))
    look("pair-from-qr", visitor.opens("/pair#K7Q2M-9XWPT"))
    visitor.page.get_by_label("Code from your letter").fill(", ".join(["a code too long"] * 40))
    visitor.page.locator("main button.primary").click()
    look("pair-too-long", visitor.page)


def test_the_refusals(meet: Meet, look: Looker, stage: Stage) -> None:
    code, spent, ended, mine = (student_code(meet, s) for s in (SOFIA, OMAR, FREYA, MATEO))
    parent = meet(FATHER).signs_in()
    pair = parent.redeems

    look("refused-typo", pair("K7Q2M-9XWPT"))
    look("refused-unknown", pair("00000-00000"))
    look("refused-native", pair("aB3dE9"))
    let_codes(stage, OMAR, "uses = max_uses")
    look("refused-used-up", pair(spent))
    let_codes(stage, FREYA, "expires_at = created_at")
    look("refused-expired", pair(ended))
    frame = portal(meet(MATEO))
    frame.get_by_role("button", name="Take the code back").click()
    frame.get_by_text("Your code was taken back").wait_for()
    look("refused-revoked", pair(mine))
    look("refused-several", pair(f"{code}, K7Q2M-9XWPT, {ended}"))

    student = meet(SOFIA).signs_in()
    look("refused-own-code", student.redeems(code))
    look("portal-empty", student.opens("/observer/"))
    asking = meet(NEIGHBOR).signs_in()
    for _ in range(7):
        asking.redeems("00000-00000")
    look("refused-too-many-tries", asking.page)


def test_the_observers_pages(meet: Meet, look: Looker, stage: Stage) -> None:
    first, second = student_code(meet, ANJALI), student_code(meet, NOAH)
    teacher = meet(TEACHER)
    frame = roster(teacher)
    frame.get_by_role("checkbox", name="Tomasz Kowalski").check()
    make_codes(frame)
    frame.get_by_role("heading", name="1 code for Mathematics 7").wait_for()
    third = code_in(frame)

    mother = meet(MOTHER)
    page = mother.redeems(first)
    page.get_by_role("heading", name="You are connected").wait_for()
    look("connected-all-courses", page)
    mother.redeems(third)
    page.get_by_role("heading", name="You are connected").wait_for()
    look("connected-one-course", page)
    mother.redeems(first)
    page.get_by_text("You were connected already, so your code is not used up.").wait_for()
    look("connected-already", page)

    stage.canvas.fault(method="PUT", route="observees", status=500, count=3)
    mother.redeems(second)
    page.get_by_role("heading", name="Almost there").wait_for()
    look("connected-waiting", page)
    look("portal-under-way", mother.opens("/observer/"))
    stage.canvas.call("DELETE", "/_sandbox/faults")
    page.get_by_role("link", name="See more").first.click()
    page.get_by_role("heading", name="You are connected").wait_for()

    look("portal", mother.opens("/observer/"))
    page.get_by_role("button", name="Leave Anjali Deshmukh").click()
    look("leave", page)
    page.get_by_role("button", name="Yes, leave").click()
    page.get_by_role("heading", name="You have left").wait_for()
    look("left", page)
    look("front-signed-in", mother.opens("/"))
    look("pair-signed-in", mother.opens("/pair"))
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out").wait_for()
    look("signed-out", page)


def test_a_connection_that_canvas_refuses(meet: Meet, look: Looker, stage: Stage) -> None:
    code = student_code(meet, ZOLA)
    aunt = meet(AUNT).signs_in()
    stage.canvas.fault(method="PUT", route="observees", status=403, count=20)
    page = aunt.redeems(code)
    page.get_by_role("alert").wait_for()
    stage.canvas.call("DELETE", "/_sandbox/faults")
    look("connected-refused", page)


def test_the_ways_to_and_from_canvas(meet: Meet, look: Looker, stage: Stage) -> None:
    visitor = meet(COACH)
    page = visitor.opens("/canvas/login")
    page.get_by_role("link", name="Cancel").click()
    look("sign-in-denied", page)
    look("sign-in-unknown", visitor.opens("/canvas/callback?state=x&code=y"))


def test_the_admins_pages(meet: Meet, look: Looker, stage: Stage) -> None:
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    look("admin-connected", admin.page, frame)

    stage.canvas.fault(route="/api/v1/users", status=500, count=20)
    look("admin-problem", admin.page, admin.launches("/accounts/1", "Observatory at"))
    stage.canvas.call("DELETE", "/_sandbox/faults")

    stage.change("UPDATE tokens SET purpose = 'observer' WHERE purpose = 'service'")
    frame = admin.launches("/accounts/1", "Observatory at")
    look("admin-not-connected", admin.page, frame)
    teacher = meet(TEACHER)
    frame_of_teacher = roster(teacher)
    look("teacher-not-connected", teacher.page, frame_of_teacher)

    service = meet(SERVICE)
    admin.logs_in(SERVICE)
    with admin.context.expect_page() as opened:
        frame.get_by_role("button", name="Connect an account").click()
    tab = opened.value
    tab.get_by_role("button", name="Authorize").click()
    tab.get_by_role("heading", name="Observatory is connected").wait_for()
    look("admin-just-connected", tab)
    assert service.problems == []


def test_the_pages_of_a_launch_that_leads_nowhere(meet: Meet, look: Looker, stage: Stage) -> None:
    parent = meet(40)
    look("launch-observer", parent.page, parent.launches(f"/courses/{MATHS}", "Observers have"))
    visitor = meet()
    look("launch-refused", visitor.opens("/lti/login"))
    unknown = f"/lti/login?iss=x&client_id=1&login_hint=1&target_link_uri={quote(stage.app)}/lti/launch"
    look("launch-unknown-canvas", visitor.opens(unknown))


def test_the_error_pages(meet: Meet, look: Looker, stage: Stage) -> None:
    visitor = meet()
    look("error-no-such-page", visitor.opens("/nothing/here"))
    look("error-open-from-canvas", visitor.opens("/instructor/"))
    page = visitor.opens("/pair")
    visitor.context.clear_cookies()
    page.get_by_label("Code from your letter").fill("K7Q2M-9XWPT")
    page.locator("main button.primary").click()
    look("error-form-expired", page)
    look("error-opens-from-a-button", visitor.opens("/observer/leave"))
