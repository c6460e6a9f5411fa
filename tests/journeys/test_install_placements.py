"""The other places Observatory is in: a student's card, the main menu, the account menu of observers."""

from urllib.parse import urljoin

import pytest

from app.models import Code, Role
from tests.browser import Page
from tests.facts import fact
from tests.journeys.rows import rows
from tests.lti.conftest import launches_recorded
from tests.people import (
    ADMIN,
    MATHS,
    PUBLIC_URL,
    TEACHER,
    TWO_SIDED,
    Observer,
    Person,
    School,
    Student,
    Teacher,
    codes_on,
)

KENJI = OF_THE_OTHER_SECTION = 105


def opens_card(teacher: Person, student: int, course: int = MATHS) -> Page:
    """Click a student's name on the People page, and the tool on their card."""
    card = teacher.browser.open(f"{teacher.school.canvas.url}/courses/{course}/users/{student}")
    return passes(teacher, teacher.follow(card, "Observers and codes"))


def passes(person: Person, frame: Page) -> Page:
    """Do what Canvas's frame, its scripts and ours do."""
    if frame.frames:
        frame = person.browser.open(urljoin(frame.url, frame.frames[0]))
    return person.browser.pass_on(person.browser.pass_on(frame))


def shows(teacher: Person, page: Page) -> Page:
    return teacher.press(page, "Show the student")


@fact("lti 2.4", "A card's launch is the viewer's; the student comes in a claim of Canvas's own.")
@fact("lti 3.3", "The card of a student has links of tools; teachers open it from the People page.")
def test_a_teacher_opens_one_student_from_their_card(school: School) -> None:
    teacher = Teacher(school, TEACHER)

    page = opens_card(teacher, KENJI)

    launch = launches_recorded(school.app)[-1]
    assert (launch.placement, launch.role, launch.student_id) == (
        "student_context_card",
        Role.INSTRUCTOR,
        str(KENJI),
    )
    page = shows(teacher, page)
    assert "Kenji Tanaka" in page.text
    assert "Nobody observes this student in this course yet." in page.text
    assert "Emma" not in page.text


def test_a_teacher_makes_and_takes_back_a_code_on_a_card(school: School) -> None:
    teacher = Teacher(school, TEACHER)
    page = shows(teacher, opens_card(teacher, KENJI))

    page = teacher.press(page, "Make a code")
    (code,) = codes_on(page)
    page = teacher.press(page, "Back to the student")

    assert code in page.text
    assert [row.course_id for row in rows(Code)] == [str(MATHS)]
    page = teacher.press(page, "Take back")
    assert "The code was taken back." in page.text
    assert "There is no code for this student now." in shows(teacher, page).text


def test_from_a_card_it_is_one_step_to_the_whole_course(school: School) -> None:
    teacher = Teacher(school, TEACHER)

    page = teacher.press(opens_card(teacher, KENJI), "All students of this course")

    assert "Emma" in teacher.press(page, "Show the students").text


def test_a_card_says_who_observes_the_student_here(school: School) -> None:
    teacher = Teacher(school, TEACHER)
    Observer(school, 44).redeems(teacher.issues([KENJI])[0])

    page = shows(teacher, opens_card(teacher, KENJI))

    assert "Observed in this course by" in page.text


def test_a_card_of_somebody_elses_section_shows_nothing(school: School) -> None:
    teacher = Teacher(school, TWO_SIDED)
    card = "launch_type=student_context_card&student_id"
    address = f"/courses/{MATHS}/external_tools/{school.tool_id}?{card}={OF_THE_OTHER_SECTION}"

    page = shows(teacher, passes(teacher, teacher.browser.open(school.canvas.url + address)))

    assert page.status_code == 404
    assert "not yours to see here" in page.text
    assert "Kenji" not in page.text
    assert not page.has_button("Make a code")


def test_a_card_gives_an_administrator_a_look_and_no_code(school: School) -> None:
    admin = Person(school, ADMIN)

    page = shows(admin, opens_card(admin, KENJI))

    assert "Kenji Tanaka" in page.text
    assert "codes are made by the teachers" in page.text
    assert not page.has_button("Make a code")


@fact("lti 2.4", "Without a student in the request, a card's tool launches without the claim.")
def test_a_card_of_nobody_is_the_whole_course(school: School) -> None:
    teacher = Teacher(school, TEACHER)
    address = f"/courses/{MATHS}/external_tools/{school.tool_id}?launch_type=student_context_card"

    page = passes(teacher, teacher.browser.open(school.canvas.url + address))

    assert "Observers in Mathematics 7" in page.text
    assert launches_recorded(school.app)[-1].student_id is None


def opens_main_menu(person: Person) -> Page:
    """Click the tool in the bar around every page of Canvas."""
    home = person.browser.open(f"{person.school.canvas.url}/")
    href = next(href for text, href in home.links if text.startswith("Observatory (new window)"))
    return passes(person, person.browser.open(urljoin(home.url, href)))


@fact("lti 3.3", "A tool in the main menu can open in a window of its own.")
@fact(
    "lti 2.2",
    "An observer has no institution role; outside of courses they come as a user and nothing else.",
)
def test_an_observer_finds_their_page_in_the_main_menu(school: School) -> None:
    parent = Observer(school, 40)

    page = opens_main_menu(parent)

    assert page.status_code == 200
    assert "Observers have their own page" in page.text
    launch = launches_recorded(school.app)[-1]
    assert (launch.placement, launch.role) == ("global_navigation", Role.OBSERVER)
    page = parent.browser.open(urljoin(PUBLIC_URL, dict(page.links)["Open the observers' page"]))
    assert page.has_button("Sign in with Canvas and go on")  # a launch signs nobody in
    parent.enters()
    assert "My students" in parent.browser.open(f"{PUBLIC_URL}/at/maple/observer/").text


@pytest.mark.parametrize("who", [TEACHER, ADMIN, KENJI])
def test_others_are_told_where_to_find_it(school: School, who: int) -> None:
    page = opens_main_menu(Person(school, who))

    assert page.status_code == 200
    assert "Where to find Observatory" in page.text
    assert launches_recorded(school.app)[-1].role is Role.NOBODY


def test_an_observer_finds_their_page_in_their_own_menu(school: School) -> None:
    page = Student(school, 40).opens()

    assert page.status_code == 200
    assert dict(page.links)["Open the observers' page"] == "/at/maple/observer/"
