"""What every action costs in calls to Canvas: counted in Canvas's own log, and told in docs/canvas.md."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.models import ImportRoad, ImportState
from tests.browser import Page
from tests.facts import fact
from tests.journeys.families import EVERYWHERE, ONE_COURSE, SECTIONS, give_code
from tests.journeys.importing import lend_all, previewed, ran, sheet
from tests.journeys.office import EVERYTHING, Office, allow
from tests.journeys.test_counter import finishes, for_somebody_new
from tests.journeys.test_coverage import allow_to_count, counts
from tests.journeys.test_sign_up import Family, grown
from tests.people import MATHS, TEACHER, Observer, School, Student, Teacher

DOCUMENT = Path(__file__).parents[2] / "docs" / "canvas.md"
KENJI, PARENT = 105, 44
NATIVE = "aB3dE9"

Calls = tuple[int, int]  # reads and writes


def documented() -> dict[str, Calls]:
    """The table "Calls per action"."""
    _, _, section = DOCUMENT.read_text().partition("## Calls per action\n")
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| (\d+) \|", section.partition("\n## ")[0], re.MULTILINE)
    return {action: (int(reads), int(writes)) for action, reads, writes in rows}


def spent(school: School) -> Calls:
    """The calls since they were last forgotten; to get or renew a token is a write."""
    ours = ("/api/v1/", "/login/oauth2/token")
    methods = [row["method"] for row in school.canvas.log() if row["path"].startswith(ours)]
    school.forgets_calls()
    return methods.count("GET"), len(methods) - methods.count("GET")


def enroll(school: School, sections: tuple[int, ...]) -> None:
    """Kenji is a student in these sections of mathematics only, and has a code of Canvas's own."""

    def change(world: dict[str, Any]) -> None:
        row = {"user_id": KENJI, "course_id": MATHS, "type": "StudentEnrollment", "state": "active"}
        others = [row for row in world["enrollments"] if row["user_id"] != KENJI]
        theirs = [{"id": 5000 + section, "section_id": section, **row} for section in sections]
        world["enrollments"] = others + theirs
        world["pairing_codes"].append(
            {"user_id": KENJI, "code": NATIVE, "expires_at": "2099-01-01T00:00:00Z"}
        )

    school.changes(change)
    school.forgets_calls()


def connects(school: School, parent: Observer, code: str) -> None:
    page = parent.press(parent.browser.open(f"{school.base}/pair"), "Connect me", code=code)
    assert "You are connected to" in page.text


def asks_to_leave(school: School, parent: Observer) -> Page:
    """The question whether they are sure; what it took is not counted."""
    page = parent.press(parent.portal(), "Leave")
    school.forgets_calls()
    return page


def everywhere(school: School) -> Iterator[str]:
    """All courses of a student who sits in two sections; one action before each name."""
    enroll(school, SECTIONS)
    parent = Observer(school, PARENT).enters()
    yield "sign in as an observer, and see one's students"
    connects(school, parent, give_code(school, KENJI, EVERYWHERE))
    yield "connect to all courses"
    connects(school, parent, give_code(school, KENJI, EVERYWHERE))
    yield "connect to all courses, connected already"
    parent.portal()
    yield "see one's students"
    assert "Yes, leave" not in parent.press(asks_to_leave(school, parent), "Yes, leave").text
    yield "leave all courses"
    connects(school, parent, NATIVE)
    yield "use one of Canvas's own codes"


def one_section(school: School) -> Iterator[str]:
    enroll(school, SECTIONS[:1])
    parent = Observer(school, PARENT).enters()
    school.forgets_calls()
    connects(school, parent, give_code(school, KENJI, ONE_COURSE))
    yield "connect to one course, a student in one section"
    connects(school, parent, give_code(school, KENJI, ONE_COURSE))
    yield "connect to one course, connected already"
    parent.press(asks_to_leave(school, parent), "Yes, leave")
    yield "leave one course, a student in one section"


def two_sections(school: School) -> Iterator[str]:
    enroll(school, SECTIONS)
    parent = Observer(school, PARENT).enters()
    school.forgets_calls()
    connects(school, parent, give_code(school, KENJI, ONE_COURSE))
    yield "connect to one course, a student in two sections"
    parent.press(asks_to_leave(school, parent), "Yes, leave")
    yield "leave one course, a student in two sections"


def lists(school: School) -> Iterator[str]:
    enroll(school, SECTIONS)
    Teacher(school, TEACHER).sees_students()
    yield "see the students of a course"
    Student(school, KENJI).sees_observers()
    yield "see who can see oneself, a student in one course"


def signing_up(school: School) -> Iterator[str]:
    """Families without an account; who may sign up is known already."""
    grown(school, "manage_user_logins")
    enroll(school, SECTIONS[:1])
    Family(school).browser.open(f"{school.base}/sign-up")
    school.forgets_calls()
    assert "made" in Family(school).signs_up(give_code(school, KENJI, EVERYWHERE)).text
    yield "make an account with a code for all courses, connected at once"
    one_course = give_code(school, KENJI, ONE_COURSE)
    assert "made" in Family(school).signs_up(one_course, email="one@families.example").text
    yield "make an account with a code for one course, a student in one section"
    assert "made" in Family(school).signs_up(NATIVE, email="native@families.example").text
    yield "make an account with one of Canvas's own codes"


def office(school: School) -> Iterator[str]:
    """An administrator helps single families; the page that is shown afterwards is counted, too."""
    allow(school, *EVERYTHING, permissions=("manage_user_logins", "manage_sis"))
    enroll(school, SECTIONS[:1])
    at_school = Office(school)
    families = at_school.families()
    school.forgets_calls()
    found = at_school.press(families, "Search", term="kenji")
    yield "the office: find people by a part of the name"
    kenji = at_school.press(found, "Open Kenji Tanaka")
    yield "the office: open the page of a student in one course"
    listed = at_school.press(kenji, "Find the observer", term="aiko")
    sure = at_school.press(listed, "Choose Aiko Tanaka")
    school.forgets_calls()
    page = at_school.press(sure, "Connect")
    yield "the office: connect two people who were found"
    sure = at_school.press(page, "End: Aiko Tanaka, all courses")
    school.forgets_calls()
    at_school.press(sure, "Yes, end it")
    yield "the office: end a connection"
    aiko = at_school.finds("aiko", "Aiko Tanaka")
    school.forgets_calls()
    at_school.press(aiko, "Connect the student", login="kenji.student", password="password")  # noqa: S106
    yield "the office: connect by the student's login and password"


def office_codes(school: School) -> Iterator[str]:
    allow(school, *EVERYTHING)
    enroll(school, SECTIONS[:1])
    code, at_school = give_code(school, KENJI, EVERYWHERE), Office(school)
    aiko, jorge = at_school.finds("aiko", "Aiko Tanaka"), at_school.finds("jorge", "Jorge Alvarez")
    school.forgets_calls()
    assert "Connected with" in at_school.press(aiko, "Use the code", code=code).text
    yield "the office: use a code in an observer's name"
    assert "Connected with" in at_school.press(jorge, "Use the code", code=NATIVE).text
    yield "the office: use one of Canvas's own codes in an observer's name"


def counter(school: School) -> Iterator[str]:
    """A family whose observer has no account."""
    allow(school, *EVERYTHING, permissions=("manage_user_logins", "manage_sis"))
    enroll(school, SECTIONS[:1])
    at_school = Office(school)
    page = for_somebody_new(at_school)
    school.forgets_calls()
    at_school.press(page, "Make the account only", name="Nils Holm")
    yield "the counter: make an account for an observer"
    letter = finishes(at_school, page, name="Berit Holm")
    assert "Connected with Kenji Tanaka." in letter.text
    yield "the counter: make an account, connect it and make the letter"


def sheets(school: School) -> Iterator[str]:
    """One family in a sheet: a parent without an account, and a student by SIS ID."""
    school.changes(lend_all)
    school.forgets_calls()
    first = previewed(school, sheet([("Berit Holm", "berit@family.test", "S000105")]))
    yield "import: preview a row about a parent without an account"
    assert ran(first).state is ImportState.DONE
    yield "import: such a row, one by one"
    second = previewed(school, sheet([("Nils Holm", "nils@family.test", "S000105")]))
    school.forgets_calls()
    assert ran(second, ImportRoad.SIS).state is ImportState.DONE
    yield "import: such a row, by Canvas's SIS import"


def coverage(school: School) -> Iterator[str]:
    school.changes(allow_to_count)
    school.forgets_calls()
    counts(school)
    yield "count who has an observer, in a school of one sub-account and three published courses"


FLOWS: list[Callable[[School], Iterator[str]]] = [
    everywhere,
    one_section,
    two_sections,
    lists,
    signing_up,
    office,
    office_codes,
    counter,
    sheets,
    coverage,
]


@fact("rest 1.6", "One PUT links an observer to all courses of a student, however many sections there are.")
@fact("rest 3.1", "A link in one course takes one POST for each section of the student.")
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_an_action_takes_the_calls_that_are_documented(
    school: School, flow: Callable[[School], Iterator[str]]
) -> None:
    told = documented()
    counted = {action: spent(school) for action in flow(school)}
    assert counted == {action: told.get(action) for action in counted}


def test_every_documented_action_is_counted() -> None:
    assert set(documented()) == set(
        re.findall(r"^    yield \"(.+)\"$", Path(__file__).read_text(), re.MULTILINE)
    )


def test_the_table_says_what_was_promised() -> None:
    told = documented()
    assert told["connect to all courses"][1] == 1
    assert told["connect to one course, a student in one section"][1] == 1
    assert told["connect to one course, a student in two sections"][1] == 2
