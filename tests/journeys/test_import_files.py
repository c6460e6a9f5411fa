"""Files for Canvas's own importer: of a sheet alone, with Canvas unasked; and what Canvas makes of them."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from app import db, people
from app.models import Import, ImportRoad, ImportState
from app.pairing import bars
from app.pairing.imports import files, intake, overview, steering
from tests.facts import fact
from tests.journeys.importing import admin_token, lend_all, one, prepare, sheet, verdicts, work
from tests.journeys.test_import_pages import settled, uploads
from tests.people import ADMIN, MATHS, Admin, School
from tests.sandbox.importing import settle
from tests.workers import Runner

PARENT = 44
HEADER = ("Parent SIS ID", "Parent Name", "Parent Email", "Student ID", "Course ID", "Last day", "Action")
Rows = Iterable[Sequence[str]]


def alone(school: School, rows: Rows, header: Sequence[str] = HEADER) -> int:
    """An import whose files are made with Canvas unasked."""
    now = datetime.now(UTC)
    with db.transaction() as session:
        content = io.BytesIO(sheet(rows, header))
        of = intake.take_in(session, school.institution_id, None, "parents.csv", content, now)
        steering.preview(session, of, None, now, ImportRoad.FILES)
    assert work(of.id).state is ImportState.READY
    return of.id


def unpacked(content: bytes) -> dict[str, list[str]]:
    """The lines of each file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode().splitlines() for name in archive.namelist()}


def made(import_id: int) -> bytes:
    with files.zipped(one(import_id)) as source:
        return source.read()


def handed_in(school: School, content: bytes) -> list[str]:
    """What Canvas's importer says of the files."""
    token = admin_token(school)
    answer = school.canvas.api(
        "POST", "/accounts/1/sis_imports", token, files={"attachment": ("observers.zip", content)}
    )
    settle(school.canvas)
    told = school.canvas.get(f"/accounts/1/sis_imports/{answer.json()['id']}/errors", token, per_page=100)
    return [error["message"] for error in told["sis_import_errors"]]


def calls(school: School) -> list[str]:
    return [row["path"] for row in school.canvas.log() if row["path"].startswith("/api/v1/")]


@pytest.mark.both_databases
def test_a_school_without_a_service_account_gets_files_that_canvas_takes(
    registered: School, run_jobs: Runner
) -> None:
    registered.changes(prepare)
    registered.forgets_calls()
    admin = Admin(registered, ADMIN)
    rows = [
        ("", "Nina New", "nina@family.test", "S000105", "", "", ""),
        ("", "Nina New", "nina@family.test", "S000106", f"C{MATHS}", "", ""),
        (f"P{PARENT}", "", "", "S000107", "", "", ""),
    ]

    page = settled(
        admin, admin.press(uploads(admin, sheet(rows, HEADER)), "Just give me the files"), run_jobs
    )

    assert "Canvas was not asked, and nothing is changed in it." in page.text
    assert "2 A new account is made, and connected" in page.text
    assert not page.has_button("Do 3 rows one by one")
    content = admin.press(page, "Download the files").response.content
    assert calls(registered) == []
    assert handed_in(registered, content) == []
    nina = next(u["id"] for u in registered.canvas.state()["users"] if u["name"] == "Nina New")
    assert {(nina, 105), (PARENT, 107)} <= registered.links()
    assert (nina, 106) not in registered.links()
    assert (MATHS, 106) in {(course, student) for course, _, student in registered.observing(nina)}


def test_what_the_files_cannot_say_is_told_with_a_reason(registered: School) -> None:
    rows = [
        ("", "Nina New", "nina@family.test", "S000105", "", "", ""),
        ("", "Nina New", "nina@family.test", "S000105", "", "", ""),
        ("", "Ned New", "nina@family.test", "S000106", "", "", ""),
        ("", "Nobody", "", "S000105", "", "", ""),
        ("", "Bad", "no address", "S000105", "", "", ""),
        ("S000105", "", "", "S000105", "", "", ""),
        (f"P{PARENT}", "", "", "S000105", "", "2027-01-01", ""),
        (f"P{PARENT}", "", "", "S000106", "", "", "remove"),
    ]

    assert verdicts(alone(registered, rows)) == [
        *("new", "repeated", "shared_email", "no_email", "bad_email", "self", "date_everywhere"),
        "remove",
    ]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (("Parent Email", "Student Email"), ("nina@family.test", "kid@school.test")),
        (("Parent Canvas ID", "Student ID"), ("44", "S000105")),
        (("Parent Email", "Student ID", "Course code"), ("nina@family.test", "S000105", "MATH")),
        (("Parent Email", "Student ID", "Canvas section ID"), ("nina@family.test", "S000105", "7")),
    ],
)
def test_where_canvas_cannot_be_asked_an_sis_id_is_needed(
    registered: School, header: Sequence[str], row: Sequence[str]
) -> None:
    assert verdicts(alone(registered, [row], header)) == ["no_sis_id"]


def test_the_same_address_has_the_same_sis_id_each_time_so_that_it_can_be_removed(registered: School) -> None:
    nina = ("", "Nina New", "nina@family.test", "S000105", "", "", "")
    added = unpacked(made(alone(registered, [nina])))["user_observers.csv"][1]

    removed = unpacked(made(alone(registered, [(*nina[:-1], "remove")])))

    assert removed == {"user_observers.csv": ["observer_id,student_id,status", f"{added[:-6]}deleted"]}


@fact("rest 6.4", "An observer's row with both dates keeps them on the enrollment.")
def test_an_end_date_is_in_the_files_beside_a_start(registered: School) -> None:
    registered.changes(prepare)
    row = (f"P{PARENT}", "", "", "S000105", f"C{MATHS}", "2031-03-12", "")

    content = made(alone(registered, [row]))

    assert handed_in(registered, content) == []
    ends = {
        enrollment["end_at"]
        for enrollment in registered.canvas.state()["enrollments"]
        if enrollment["user_id"] == PARENT and enrollment["course_id"] == MATHS
    }
    assert ends == {"2031-03-13T00:00:00Z"}


def test_where_canvas_does_not_answer_the_files_are_offered(school: School, run_jobs: Runner) -> None:
    admin = Admin(school, ADMIN)  # the service account lacks the scopes of imports
    nina = ("Nina New", "nina@family.test", "S000105")
    page = settled(admin, admin.press(uploads(admin, sheet([nina])), "Show what would happen"), run_jobs)
    assert "The connected account lacks scopes for imports." in page.text

    page = settled(admin, admin.press(page, "Make the files without Canvas"), run_jobs)

    assert "1 A new account is made, and connected" in page.text
    assert page.has_button("Download the files")


def test_a_list_of_whom_not_to_pair_is_pointed_to(school: School, run_jobs: Runner) -> None:
    now = datetime.now(UTC)
    with db.transaction() as session:
        author, student = (
            people.remember(session, school.institution_id, number, name, now)
            for number, name in (("10", "Admin"), ("107", "Student"))
        )
        bars.make(session, author, student, None, "nina@family.test", "", now)
    admin = Admin(school, ADMIN)
    nina = ("Nina New", "nina@family.test", "S000105")

    page = settled(admin, admin.press(uploads(admin, sheet([nina])), "Just give me the files"), run_jobs)

    assert "Nobody was compared with your do-not-pair list." in page.text


def test_in_the_preview_rows_without_sis_ids_are_counted_and_named(school: School, run_jobs: Runner) -> None:
    def no_sis_id(world: dict[str, Any]) -> None:
        lend_all(world)
        for user in world["users"]:
            if user["id"] == PARENT:
                user["email"] = "parent@family.test"

    school.changes(no_sis_id)
    admin = Admin(school, ADMIN)
    rows = [("", "parent@family.test", "S000105"), ("Nina New", "nina@family.test", "S000105")]
    page = settled(admin, admin.press(uploads(admin, sheet(rows)), "Show what would happen"), run_jobs)

    assert "1 row is not in the files as a whole" in page.text
    assert "The observer's account has no SIS id in Canvas." in admin.press(page, "Show these rows").text
    assert 'parent@family.test,S000105,2,"The observer' in (
        admin.press(page, "Download these rows").response.text
    )


def test_files_alone_are_not_run(registered: School) -> None:
    import_id = alone(registered, [("", "Nina New", "nina@family.test", "S000105", "", "", "")])

    with db.transaction() as session:
        of = session.get_one(Import, import_id)
        for road in ImportRoad:
            assert not steering.run(session, of, road, None, datetime.now(UTC))
        assert overview.preview(session, of).unwritten == 0
