"""Pages that change a course: its people, sections, state, and lists of pairing codes."""

import csv
import re

import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import Campus

CODES = f"/courses/{c.COURSE}/observer_pairing_codes.csv"
OPEN = [{"id": 1, "name": "Campus", "domain": "localhost", "self_registration": "observer"}]
OPEN += c.WORLD["accounts"][1:]
GRANT = {"account_id": 1, "role": "TeacherEnrollment", "permission": "generate_observer_pairing_code"}


def rows_of(campus: Campus, user_id: int) -> list[tuple[int, str, int | None, str]]:
    return campus.sandbox.enrollments(user_id)


def test_a_teacher_adds_an_observer_and_links_them_to_a_student(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    form = {"person": "SAM@campus.example", "type": "ObserverEnrollment", "section_id": 1002}
    assert browser.post(f"/courses/{c.COURSE}/users", data=form).status_code == 303
    assert rows_of(campus, c.STRANGER) == [(1002, "Observer", None, "active")]

    page = browser.get(f"/courses/{c.COURSE}/users/{c.STRANGER}/enrollments").text
    assert "Link to a student" in page
    link = {"as": "observer", "other": c.STUDENT}
    assert browser.post(f"/courses/{c.COURSE}/users/{c.STRANGER}/link", data=link).status_code == 303
    assert (1001, "Observer", c.STUDENT, "active") in rows_of(campus, c.STRANGER)


def test_a_student_is_linked_to_an_observer_of_the_course(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    page = browser.get(f"/courses/{c.COURSE}/users/{c.SECOND_STUDENT}/enrollments").text
    assert "Link to an observer" in page
    link = {"as": "student", "other": c.COURSE_OBSERVER}
    browser.post(f"/courses/{c.COURSE}/users/{c.SECOND_STUDENT}/link", data=link)
    assert (1002, "Observer", c.SECOND_STUDENT, "active") in rows_of(campus, c.COURSE_OBSERVER)


@pytest.mark.parametrize(
    ("person", "kind", "status", "text"),
    [
        ("nobody", "ObserverEnrollment", 400, "There is nobody with that username"),
        ("omar@campus.example", "ObserverEnrollment", 400, "has no login in this school"),
        ("S-sam", "TaEnrollment", 303, ""),
    ],
)
def test_adding_somebody_says_what_is_in_the_way(
    campus: Campus, person: str, kind: str, status: int, text: str
) -> None:
    form = {"person": person, "type": kind}
    answer = campus.browser(c.TEACHER).post(f"/courses/{c.COURSE}/users", data=form)
    assert answer.status_code == status
    assert text in answer.text


def test_who_may_not_add_people_gets_no_form_and_no_say(campus: Campus) -> None:
    browser = campus.browser(c.STUDENT)
    assert "Add people" not in browser.get(f"/courses/{c.COURSE}/users").text
    form = {"person": "sam", "type": "ObserverEnrollment"}
    assert browser.post(f"/courses/{c.COURSE}/users", data=form).status_code == 403
    link = {"as": "observer", "other": c.STUDENT}
    assert browser.post(f"/courses/{c.COURSE}/users/{c.STRANGER}/link", data=link).status_code == 403
    parent = campus.browser(c.PARENT)
    assert parent.get(f"/courses/{c.COURSE}/users/{c.STUDENT}/enrollments").status_code == 403
    assert "Add people" not in campus.browser(c.TEACHER).get(f"/courses/{c.CONCLUDED}/users").text


def enrollment_of(campus: Campus, user_id: int) -> int:
    rows = campus.state()["enrollments"]
    return int(next(row["id"] for row in rows if row["user_id"] == user_id and row["course_id"] == c.COURSE))


@fact("rest 1.9", "On the People page too a student's change carries the linked observer along.")
def test_a_students_change_carries_the_observer_along(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    path = f"/courses/{c.COURSE}/enrollments/{enrollment_of(campus, c.STUDENT)}"
    states = []
    for task in ("deactivate", "reactivate", "conclude"):
        assert browser.post(f"{path}/{task}").status_code == 303
        states.append(rows_of(campus, c.PARENT)[0][3])
    assert states == ["inactive", "active", "completed"]
    browser.post(f"{path}/delete")
    assert rows_of(campus, c.PARENT)[0][3] == "deleted"
    assert browser.post(f"{path}/delete").status_code == 404


@fact("rest 1.9", "Edit sections ends the old enrollment and makes one in the other; observers follow.")
def test_a_student_changes_sections(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    path = f"/courses/{c.COURSE}/enrollments/{enrollment_of(campus, c.STUDENT)}/move"
    assert browser.post(path, data={"section_id": 1002}).status_code == 303
    assert (1002, "Student", None, "active") in rows_of(campus, c.STUDENT)
    assert sorted(rows_of(campus, c.PARENT))[:2] == [
        (1001, "Observer", c.STUDENT, "deleted"),
        (1002, "Observer", c.STUDENT, "active"),
    ]
    assert campus.browser(c.STUDENT).post(path, data={"section_id": 1001}).status_code == 404


def test_a_student_changes_nothing_about_others(campus: Campus) -> None:
    path = f"/courses/{c.COURSE}/enrollments/{enrollment_of(campus, c.PARENT)}"
    browser = campus.browser(c.STUDENT)
    assert browser.post(f"{path}/delete").status_code == 403
    assert browser.post(f"{path}/move", data={"section_id": 1002}).status_code == 403
    assert "Remove from course" not in browser.get(f"/courses/{c.COURSE}/users/40/enrollments").text


# codes


@fact("rest 2", "The list has Last Name, First Name, SIS ID, Pairing Code and Expires At.")
@fact("rest 2", "It holds one new code of six hexadecimal digits for every active student, as a formula.")
@fact("rest 2", "Its file is named after the course's code.")
@fact("rest 2", "A code of the list pairs like any other.")
def test_a_courses_codes_are_exported(campus: Campus) -> None:
    campus.becomes(accounts=OPEN, role_overrides=[GRANT])
    browser = campus.browser(c.TEACHER)
    assert "Export pairing codes" in browser.get(f"/courses/{c.COURSE}/users").text
    answer = browser.get(CODES)
    assert answer.headers["content-disposition"] == 'attachment; filename="BIO101_Pairing_Codes.csv"'
    head, *lines = csv.reader(answer.text.splitlines())
    assert head == ["Last Name", "First Name", "SIS ID", "Pairing Code", "Expires At"]
    assert [line[:3] for line in lines] == [
        ["Both", "Bo", "S-bo"],
        ["Learner", "Lin", "S-lin"],
        ["Learner", "Max", "S-max"],
    ]
    (code,) = re.fullmatch(r'="([0-9a-f]{6})"', lines[2][3]).groups()  # type: ignore[union-attr]
    parent = campus.browser(c.COURSE_OBSERVER)
    assert parent.post("/profile/observees", data={"pairing_code": code}).status_code == 303
    assert "Max Learner" in parent.get("/profile/observees").text


@fact("rest 2", "The list needs self-registration on, and generate_observer_pairing_code in the course.")
@pytest.mark.parametrize(
    ("accounts", "overrides"), [(c.WORLD["accounts"], [GRANT]), (OPEN, [])], ids=["closed", "no right"]
)
def test_codes_are_exported_under_both_conditions_only(
    campus: Campus, accounts: list[dict[str, object]], overrides: list[dict[str, object]]
) -> None:
    campus.becomes(accounts=accounts, role_overrides=overrides)
    browser = campus.browser(c.TEACHER)
    assert browser.get(CODES).status_code == 403
    assert "Export pairing codes" not in browser.get(f"/courses/{c.COURSE}/users").text
    assert campus.browser().get(CODES).headers["location"] == "/login"


@fact("rest 2", "A student's user page offers a code where self-registration is on, by the right to it.")
def test_the_user_page_makes_a_code(campus: Campus) -> None:
    campus.becomes(accounts=OPEN)
    admin = campus.browser(c.ADMIN)
    page = admin.get(f"/users/{c.STUDENT}").text
    assert "Generate pairing code" in page
    assert "Pat Parent" in page
    made = admin.post(f"/users/{c.STUDENT}/pairing_code").text
    (code,) = re.findall(r'<output class="code">(\w{6})</output>', made)
    observer = campus.browser(c.COURSE_OBSERVER)
    assert observer.post("/profile/observees", data={"pairing_code": code}).status_code == 303
    assert "Observes" in admin.get(f"/users/{c.COURSE_OBSERVER}").text


@pytest.mark.parametrize(
    ("viewer", "person", "status", "offers"),
    [
        (c.ADMIN, c.STUDENT, 200, False),  # no self-registration here
        (c.ADMIN, c.PARENT, 200, False),
        (c.ADMIN, c.OUTSIDER, 404, False),
        (c.STUDENT, c.STUDENT, 200, False),
        (c.TEACHER, c.STUDENT, 403, False),
    ],
)
def test_a_user_page_is_its_owners_and_the_administrators(
    campus: Campus, viewer: int, person: int, status: int, offers: bool
) -> None:
    browser = campus.browser(viewer)
    answer = browser.get(f"/users/{person}")
    assert (answer.status_code, "Generate pairing code" in answer.text) == (status, offers)
    assert browser.post(f"/users/{person}/pairing_code").status_code == (403 if status == 200 else status)


# details and sections


def test_a_course_is_published_and_concluded_on_its_page(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    path = f"/courses/{c.UNPUBLISHED}/settings/details"
    assert "Publish" in browser.get(path).text
    browser.post(path, data={"event": "offer"})
    assert "Draft" in campus.browser(c.STUDENT).get("/").text
    browser.post(path, data={"event": "conclude"})
    assert "Concluded" in browser.get(path).text
    assert "Past courses" in campus.browser(c.STUDENT).get("/").text
    browser.post(path, data={"event": "offer"})
    assert "Published" in browser.get(path).text
    assert browser.post(path, data={"event": "explode"}).status_code == 403
    assert campus.browser(c.STUDENT).get(path).status_code == 403


def test_sections_are_added_and_cross_listed_on_the_page(campus: Campus) -> None:
    browser = campus.browser(c.ADMIN)
    path = f"/courses/{c.COURSE}"
    browser.post(f"{path}/sections", data={"name": "Evening"})
    assert "Evening" in browser.get(f"{path}/settings/details").text
    browser.post(f"{path}/sections/1002/crosslist", data={"course_id": c.OTHER_COURSE})
    other = browser.get(f"/courses/{c.OTHER_COURSE}/settings/details").text
    assert "from Biology 101" in other
    assert "De-cross-list" in other
    browser.post(f"/courses/{c.OTHER_COURSE}/sections/1002/crosslist")
    assert "from Biology" not in browser.get(f"/courses/{c.OTHER_COURSE}/settings/details").text
    teacher = campus.browser(c.TEACHER)
    assert teacher.post(f"{path}/sections", data={"name": "Mine"}).status_code == 303
    elsewhere = {"course_id": c.OTHER_COURSE}
    assert teacher.post(f"{path}/sections/1002/crosslist", data=elsewhere).status_code == 403
    assert campus.browser(c.STUDENT).post(f"{path}/sections", data={"name": "x"}).status_code == 403
