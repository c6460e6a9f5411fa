"""An admin imports a sheet by clicking: columns, preview, decisions, a road, the result, and undoing it."""

import io
import zipfile
from typing import Any

import httpx
import pytest

from app.models import AuditEvent, Person
from tests.browser import Page
from tests.journeys.importing import lend_all, memory, sheet
from tests.journeys.rows import rows
from tests.people import ADMIN, ADVISOR, PUBLIC_URL, SERVICE, Admin, School
from tests.records import time_passes
from tests.sandbox.importing import settle, zipped
from tests.workers import Runner


@pytest.fixture
def admin(school: School) -> Admin:
    school.changes(lend_all)
    return Admin(school, ADMIN)


def uploads(admin: Admin, content: bytes, name: str = "parents.csv") -> Page:
    page = admin.press(admin.opens(), "Import a sheet")
    form, _button = page.form_with("Upload")
    answer = admin.browser.http.post(
        PUBLIC_URL + form.action, data=dict(form.fields), files={"sheet": (name, content)}
    )
    return Page(answer)


def settled(admin: Admin, page: Page, run_jobs: Runner) -> Page:
    """Wait until somebody has to decide."""
    for _ in range(4):
        if not page.has_button("Look again"):
            return page
        run_jobs()
        page = admin.press(page, "Look again")
    return page


NEW = ("Nina New", "nina@family.test", "S000105")


@pytest.mark.both_databases
def test_from_a_sheet_to_connections_and_back(school: School, admin: Admin, run_jobs: Runner) -> None:
    before = memory(school)
    content = sheet([NEW, ("Ned Nobody", "", "S000106"), ("Nina New", "nina@family.test", "S999999")])
    page = uploads(admin, content)
    assert "Parent Email" in page.text
    assert "3 rows" in page.text

    page = settled(admin, admin.press(page, "Show what would happen"), run_jobs)
    assert "Nothing has been changed yet" in page.text
    assert "1 A new account is made, and connected" in page.text
    assert "1 Canvas does not know the student" in page.text
    shown = admin.press(page, "Show: A new account is made, and connected")
    assert "Nina New (nina@family.test)" in shown.text
    assert memory(school) == before

    wrong = admin.press(page, "Download the rows with a problem").response.text
    assert 'Ned Nobody,,S000106,3,"The observer has no account and no e-mail address.' in wrong
    assert 'nina@family.test,S999999,4,"Canvas does not know the student.' in wrong

    page = settled(admin, admin.press(page, "Do 1 row one by one"), run_jobs)
    assert "1 connection was made. 1 account was made." in page.text
    every = admin.press(page, "Download every row and what came of it").response.text
    assert "nina@family.test,S000105,2,done" in every
    saved = [event.facts for event in rows(AuditEvent) if event.event == "data:export"]
    assert saved == [{"what": "import", "batch": 1, "rows": kind} for kind in ("problems", "results")]

    page = admin.press(page, "See what undoing would do")
    assert "1 connection that it made is ended." in page.text
    assert "1 account that it made is taken away" in page.text
    page = settled(admin, admin.press(page, "Yes, undo it"), run_jobs)
    assert "1 row was undone." in page.text
    assert memory(school) == before


def opens_import(admin: Admin) -> Page:
    """Come to the only import there is, which may be another admin's."""
    return admin.press(admin.press(admin.opens(), "Import a sheet"), "Open")


def told(subject: str) -> list[tuple[str, str | None]]:
    """The events of imports and links, and who did them, by their number in Canvas."""
    who = {person.id: person.canvas_user_id for person in rows(Person)}
    return [
        (event.event, who.get(event.actor_id or 0))
        for event in rows(AuditEvent)
        if event.event.startswith(subject)
    ]


def test_whoever_runs_or_undoes_it_is_written_down_and_not_whoever_uploaded_it(
    school: School, admin: Admin, run_jobs: Runner
) -> None:
    first, second = str(ADMIN), str(SERVICE)
    settled(admin, admin.press(uploads(admin, sheet([NEW])), "Show what would happen"), run_jobs)
    other = Admin(school, SERVICE)

    settled(other, other.press(opens_import(other), "Do 1 row one by one"), run_jobs)
    page = admin.press(opens_import(admin), "See what undoing would do")
    settled(admin, admin.press(page, "Yes, undo it"), run_jobs)

    begun = [("import:begin", second), ("import:finish", second)]
    assert told("import:") == [("import:upload", first), *begun, ("import:undo", first)]
    assert [one for one in told("link:") if one[1]] == [("link:add", second), ("link:leave", first)]


def test_whoever_stops_it_or_has_it_go_on_is_written_down(
    school: School, admin: Admin, run_jobs: Runner
) -> None:
    first, second = str(ADMIN), str(SERVICE)
    other = Admin(school, SERVICE)
    page = settled(admin, admin.press(uploads(admin, sheet([NEW])), "Show what would happen"), run_jobs)
    admin.press(page, "Do 1 row one by one")

    paused = other.press(opens_import(other), "Pause")
    other.press(other.press(paused, "Go on"), "Cancel this import")

    stopped = [("import:pause", second), ("import:resume", second), ("import:cancel", second)]
    assert told("import:") == [("import:upload", first), ("import:begin", first), *stopped]


def test_whoever_cancels_it_before_it_begins_is_written_down(school: School, admin: Admin) -> None:
    uploads(admin, sheet([NEW]))
    other = Admin(school, SERVICE)

    other.press(opens_import(other), "Cancel this import")

    assert told("import:") == [("import:upload", str(ADMIN)), ("import:cancel", str(SERVICE))]


def test_by_canvas_s_own_importer(school: School, admin: Admin, run_jobs: Runner) -> None:
    page = settled(admin, admin.press(uploads(admin, sheet([NEW])), "Show what would happen"), run_jobs)

    page = admin.press(page, "Hand it to Canvas's SIS import")
    for _ in range(3):
        run_jobs()
        settle(school.canvas)
        time_passes()
    page = settled(admin, admin.press(page, "Look again"), run_jobs)

    assert "1 connection was made. 1 account was made." in page.text


def test_canceled_on_the_way_to_canvas_it_says_what_happens_next(
    school: School, admin: Admin, run_jobs: Runner
) -> None:
    page = settled(admin, admin.press(uploads(admin, sheet([NEW])), "Show what would happen"), run_jobs)
    page = admin.press(admin.press(page, "Hand it to Canvas's SIS import"), "Cancel this import")

    assert "The import is being canceled" in page.text
    assert "Canvas is being stopped. What it has done until then stays and is counted." in page.text
    assert not any(page.has_button(words) for words in ("Pause", "Go on", "Cancel this import"))

    page = settled(admin, page, run_jobs)
    assert "The import was canceled" in page.text
    assert "0 connections were made." in page.text
    assert school.canvas.state()["sis_imports"] == []


def test_a_warning_of_canvas_stands_beside_its_row(school: School, admin: Admin, run_jobs: Runner) -> None:
    content = zipped(
        users="user_id,login_id,status,full_name,email\nN6,nina,active,Nina New,not an address",
        user_observers="observer_id,student_id,status\nN6,S000105,active",
    )
    page = settled(admin, admin.press(uploads(admin, content, "sis.zip"), "Show what would happen"), run_jobs)
    page = admin.press(page, "Hand it to Canvas's SIS import")
    for _ in range(3):
        run_jobs()
        settle(school.canvas)
        time_passes()

    page = settled(admin, admin.press(page, "Look again"), run_jobs)

    warning = "The email address associated with user 'N6' is invalid (email: 'not an address')"
    assert "1 connection was made." in page.text
    assert "1 row is done, but Canvas warns of something in it." in page.text
    listed = admin.press(page, "See what Canvas says")
    assert f"Canvas says: “{warning}”" in listed.text
    assert listed.text.count("Canvas says: ") == 1
    every = admin.press(page, "Download every row and what came of it").response.text
    assert every.count(warning) == 1
    assert f"A new account is made.,{warning}," in every


def test_who_has_another_name_in_canvas_is_shown_with_both(
    school: School, admin: Admin, run_jobs: Runner
) -> None:
    content = sheet([(*NEW, "Xaver Quist")], ("Parent Name", "Parent Email", "Student ID", "Student Name"))
    student = next(user for user in school.canvas.state()["users"] if user["id"] == 105)
    page = settled(admin, admin.press(uploads(admin, content), "Show what would happen"), run_jobs)

    shown = admin.press(page, "Show: The name in the sheet is not the one in Canvas")
    assert f"the sheet says Xaver Quist, Canvas says {student['name']}" in shown.text
    form, _button = shown.form_with("Take these decisions")
    (name,) = {name for name, _value in form.boxes}
    page = settled(admin, admin.press(shown, "Take these decisions", **{name: "as_found"}), run_jobs)

    assert "1 A new account is made, and connected" in page.text


def test_the_files_alone_change_nothing(school: School, admin: Admin, run_jobs: Runner) -> None:
    page = settled(admin, admin.press(uploads(admin, sheet([NEW])), "Show what would happen"), run_jobs)

    answer = admin.press(page, "Download the files").response

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        users, links = (archive.read(name).decode() for name in ("users.csv", "user_observers.csv"))
    assert "nina@family.test,active" in users
    assert links.splitlines()[1].endswith(",S000105,active")
    assert [row for row in school.writes() if row["method"] != "GET"] == []


def test_a_wrong_guess_is_corrected(school: School, admin: Admin, run_jobs: Runner) -> None:
    page = uploads(admin, sheet([("S000105", "nina@family.test")], ("Whatever", "Thing")))
    page = admin.press(page, "Show what would happen", **{"column-0": "", "column-1": "observer.email|1"})
    assert "No column says who the student is" in page.text

    page = admin.press(
        page, "Show what would happen", **{"column-0": "student.sis_id|1", "column-1": "observer.email|1"}
    )

    assert "A new account is made, and connected" in settled(admin, page, run_jobs).text


def test_a_sheet_is_read_again_in_another_way(school: School, admin: Admin, run_jobs: Runner) -> None:
    content = b"Who is meant;of Zo\xeb\r\n" + sheet([NEW]).replace(b",", b";")
    page = uploads(admin, content)

    page = admin.press(page, "Read it again", encoding="cp1252", delimiter=";", header_row="2")

    assert "Parent Email" in page.text
    page = settled(admin, admin.press(page, "Show what would happen"), run_jobs)
    assert "1 A new account is made, and connected" in page.text


@pytest.mark.both_databases
def test_a_sheet_with_the_header_of_a_canvas_file_can_be_said_to_be_one_s_own(
    admin: Admin, run_jobs: Runner
) -> None:
    header = ("observer_id", "student_id", "observer_name", "observer_email")
    page = uploads(admin, sheet([("N1", "S000105", *NEW[:2])], header))
    assert "These are files for Canvas's own importer" in page.text

    page = admin.press(page, "This is my own sheet, not a file of Canvas")
    assert "observer_email" in page.text
    page = admin.press(page, "Read it again", header_row="1")
    assert "observer_email" in page.text
    page = settled(admin, admin.press(page, "Show what would happen"), run_jobs)

    assert "1 A new account is made, and connected" in page.text
    shown = admin.press(page, "Show: A new account is made, and connected")
    assert "Nina New (N1)" in shown.text


def test_an_own_sheet_can_be_called_a_file_of_canvas_again(admin: Admin) -> None:
    page = uploads(admin, sheet([("P1", "S000105", "active")], ("observer_id", "student_id", "status")))
    page = admin.press(page, "This is my own sheet, not a file of Canvas")

    form, _button = page.form_with("Read it again")
    assert ("own_sheet", "yes") in form.checked
    page = Page(admin.browser.http.post(PUBLIC_URL + form.action, data=dict(form.fields)))

    assert "These are files for Canvas's own importer" in page.text


def test_a_file_that_is_no_sheet_is_refused_with_a_next_step(admin: Admin) -> None:
    page = uploads(admin, b"%PDF-1.7 " + bytes(range(256)) * 8, "letter.pdf")

    assert page.status_code == 422
    assert "This is no sheet. Choose a .csv, .xlsx or .zip file." in page.text


MANY = [NEW] * 300
LOW = {
    "a long cell": (("x" * 2_100, *NEW[1:]), "A cell holds too much text.", "Row 302, column 1."),
    "too many columns": (("x",) * 201, "A row has too many columns.", "Row 302."),
}


@pytest.mark.parametrize("low", LOW)
def test_what_is_wrong_far_below_the_header_is_said_at_once(admin: Admin, low: str) -> None:
    row, words, place = LOW[low]

    page = uploads(admin, sheet([*MANY, row]))

    assert page.status_code == 422
    assert words in page.text
    assert place in page.text
    assert not page.has_button("Open")


@pytest.mark.parametrize("name", ["家" * 100 + ".csv", "..", "a/.."])
def test_a_file_may_be_called_anything(admin: Admin, name: str) -> None:
    page = uploads(admin, sheet([NEW]), name)

    assert page.status_code == 200
    assert "1 row" in page.text


def test_a_header_row_that_is_no_number_is_left_as_guessed(admin: Admin) -> None:
    page = admin.press(uploads(admin, sheet([NEW])), "Read it again", header_row="²")

    assert page.status_code == 200
    assert "Parent Email" in page.text


def test_without_a_file_the_page_asks_for_one(admin: Admin) -> None:
    page = admin.press(admin.press(admin.opens(), "Import a sheet"), "Upload")

    assert page.status_code == 422
    assert "Choose a file first" in page.text


def test_a_file_of_more_than_the_limit_is_refused(admin: Admin) -> None:
    assert uploads(admin, b"a,b\n" * (9 * 1024**2)).status_code in (413, 422)


def test_the_admin_of_a_part_is_told_who_may_import(school: School) -> None:
    advisor = Admin(school, ADVISOR)

    page = advisor.forges(advisor.opens(account=2), "/admin/import/")

    assert page.status_code == 403
    assert "An administrator of the whole institution can open it" in page.text


def test_a_key_without_the_scopes_is_told_which(school: School, run_jobs: Runner) -> None:
    admin = Admin(school, ADMIN)
    page = admin.press(uploads(admin, sheet([NEW])), "Show what would happen")

    page = settled(admin, page, run_jobs)

    assert "The connected account lacks scopes for imports." in page.text
    assert "url:GET|/api/v1/accounts/:account_id/users" in page.text
    assert page.has_button("Go on")


def test_everything_the_account_lacks_is_said_in_the_preview(school: School, run_jobs: Runner) -> None:
    def lend_scopes(world: dict[str, Any]) -> None:
        service = next(row for row in world["admins"] if row["user_id"] == SERVICE)
        permissions = service["permissions"]
        lend_all(world)
        service["permissions"] = permissions

    school.changes(lend_scopes)
    admin = Admin(school, ADMIN)

    page = settled(admin, admin.press(uploads(admin, sheet([NEW])), "Show what would happen"), run_jobs)

    assert "1 The observer needs an account, and none may be made" in page.text
    assert "Observatory's account may not make accounts" in page.text
    assert "Observatory's account may not manage SIS data" in page.text
    page = settled(admin, admin.press(page, "Make the files without Canvas"), run_jobs)
    assert "1 A new account is made, and connected" in page.text


def test_an_ambiguous_observer_is_asked_about(school: School, admin: Admin, run_jobs: Runner) -> None:
    def share(world: dict[str, list[dict[str, object]]]) -> None:
        for user in world["users"]:
            if user["id"] in (43, 44):
                user["email"] = "shared@family.test"

    school.changes(share)
    admin = Admin(school, ADMIN)
    content = sheet([("", "shared@family.test", "S000105"), ("", "shared@family.test", "S000106")])
    page = settled(admin, admin.press(uploads(admin, content), "Show what would happen"), run_jobs)
    assert "2 Several accounts fit the observer" in page.text
    page = admin.press(page, "Show: Several accounts fit the observer")
    (form, _button) = page.form_with("Take these decisions")
    first, second = sorted({name for name, _ in form.boxes})

    page = admin.press(page, "Take these decisions", **{first: "44", second: "left_out"})

    page = settled(admin, page, run_jobs)
    assert "1 Somebody with an account is connected" in page.text
    assert "1 Left out, as you decided" in page.text
    assert told("import:")[1:] == [("import:decide", str(ADMIN))]


def test_somebody_who_acts_as_an_admin_changes_nothing(school: School, admin: Admin) -> None:
    page = uploads(admin, sheet([NEW]))
    school.changes(
        lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})
    )
    other = Admin(school, ADMIN)
    other.acts_as(20)

    seen = other.press(other.opens(), "Import a sheet")

    assert not seen.has_button("Upload")
    path = httpx.URL(page.url).path.replace("/upload", "/1/preview")
    assert other.forges(seen, path).status_code == 403
