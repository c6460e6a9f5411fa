"""Which files an import takes, and in which order; what becomes of those it cannot read."""

import pytest

from tests.facts import fact
from tests.sandbox.importing import csv, imported, said, school, zipped
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import PARENT, A

USERS = csv("user_id,login_id,status,full_name", "kid,kid,active,Kid Ek", "dad,dad,active,Dad Ek")
ENROLLMENTS = csv("course_id,user_id,role,status", "maths,kid,student,active")
OBSERVERS = csv("observer_id,student_id,status", "dad,kid,active")


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    sandbox.use(school())
    return sandbox


@fact("rest 6.2", "A zip may hold many files; users come before enrollments and user_observers last.")
@fact("rest 6.2", "Files are told apart by their headers, whatever they are called.")
@fact("rest 6.2", "One zip can make people, enroll them and link them.")
@fact(
    "rest 8", "A finished import names its importers in data.supplied_batches and data.completed_importers."
)
def test_one_zip_makes_enrolls_and_links(canvas: Sandbox) -> None:
    files = zipped(a_links=OBSERVERS, b_rows=ENROLLMENTS, **{"deep/people.csv": USERS, "empty": ""})
    batch = imported(canvas, files, "school.zip")
    assert batch["workflow_state"] == "imported"
    order = ["user", "enrollment", "user_observer"]
    assert (batch["data"]["supplied_batches"], batch["data"]["completed_importers"]) == (order, order)
    counts = batch["data"]["counts"]
    assert (counts["users"], counts["enrollments"], counts["user_observers"]) == (2, 1, 1)
    dad = canvas.get("/users/sis_user_id:dad", "tok-admin")["id"]
    assert [row[:2] for row in canvas.enrollments(dad)] == [(A, "Observer")]
    names = [each["display_name"] for each in batch["csv_attachments"]]
    assert names == ["people.csv", "b_rows.csv", "a_links.csv"]


@fact("rest 6.2", "Header names ignore case and their order.")
def test_headers_ignore_case_and_order(canvas: Sandbox) -> None:
    batch = imported(canvas, csv("Status, STUDENT_ID ,Observer_ID", " active , sis-mia , sis-parent "))
    assert batch["data"]["counts"]["user_observers"] == 1


@fact(
    "rest 6.2", "Files are known by user_id and login_id; a place and a person; observer_id and student_id."
)
@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("user_id,login_id", "user"),
        ("user_id,login_id,course_id", "user"),
        ("section_id,user_id", "enrollment"),
        ("course_id,user_integration_id", "enrollment"),
        ("observer_id,student_id", "user_observer"),
        ("course_id,short_name,user_id", "course"),
        ("section_id,name", "section"),
        ("term_id,name", "term"),
    ],
)
def test_files_are_known_by_their_headers(canvas: Sandbox, header: str, kind: str) -> None:
    assert imported(canvas, header)["data"]["supplied_batches"] == [kind]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (csv("name,color", "a,b"), "Couldn't find Canvas CSV import headers"),
        (csv("observer_id,student_id,status", 'sis-parent,"sis-mia,active'), "Malformed CSV"),
        (csv("observer_id,student_id,status", 'sis-parent,sis"-mia,active'), "Malformed CSV"),
        ("observer_id,student_id,status\nsis-parent,sis-mia\xe5,active\n".encode("latin-1"), "Invalid UTF-8"),
    ],
)
@fact("rest 6.2", "Missing headers, malformed CSV and bytes that are no UTF-8 make the import failed.")
@fact("rest 6.1", "failed_with_messages means that a file could not be read.")
def test_a_file_that_cannot_be_read_fails_the_import(
    canvas: Sandbox, content: str | bytes, message: str
) -> None:
    batch = imported(canvas, content, "broken.csv")
    assert batch["workflow_state"] == "failed_with_messages"
    assert batch["processing_errors"] == [["broken.csv", message]]
    assert "processing_warnings" not in batch
    assert batch["data"]["counts"]["error_count"] == 1
    assert canvas.enrollments(PARENT) == []


@fact("rest 6.2", "The other files of a zip are imported all the same.", uncertain="read in an old importer")
@fact("rest 6.2", "A file of another kind than CSV is skipped with a warning.")
def test_the_readable_files_of_a_zip_are_imported(canvas: Sandbox) -> None:
    good = csv("observer_id,student_id,status", "sis-parent,sis-mia,active")
    files = zipped(good=good, bad="a,b\n", **{"notes.txt": "hello", "__MACOSX/x.csv": "junk"})
    batch = imported(canvas, files, "files.zip")
    assert batch["workflow_state"] == "failed_with_messages"
    assert batch["processing_errors"] == [["bad.csv", "Couldn't find Canvas CSV import headers"]]
    assert batch["processing_warnings"] == [["notes.txt", "Skipping unknown file type"]]
    assert batch["data"]["counts"]["user_observers"] == 1
    only = imported(canvas, zipped(good=good, **{"notes.txt": "hello"}), "files.zip")
    assert only["workflow_state"] == "imported_with_messages"


@fact("rest 6.2", "Something unforeseen gets a message with the number of an error report.")
def test_a_broken_zip_is_a_crash(canvas: Sandbox) -> None:
    batch = imported(canvas, b"no zip at all", "files.zip")
    assert batch["workflow_state"] == "failed_with_messages"
    report = "Error while importing CSV. Please contact support. (Error report 1)"
    assert batch["processing_errors"] == [["files.zip", report]]


@fact("rest 6.1", "A zip that unpacks to more than a hundred times its size fails.", uncertain="its message")
def test_a_zip_bomb_fails(canvas: Sandbox) -> None:
    bomb = zipped(users=USERS + "x" * 2_000_000)
    batch = imported(canvas, bomb, "bomb.zip")
    assert batch["workflow_state"] == "failed_with_messages"
    assert batch["data"]["counts"]["users"] == 0


@fact(
    "rest 6.2", "A byte order mark, other line ends and blank lines are no trouble.", uncertain="from memory"
)
def test_other_ways_of_writing_csv_are_read(canvas: Sandbox) -> None:
    text = (
        '\ufeffobserver_id,student_id,status\r\n\r\n"sis-parent","sis-mia","active"\r\nsis-parent,nobody\r\n'
    )
    batch = imported(canvas, text)
    assert batch["data"]["counts"]["user_observers"] == 1
    assert said(batch) == ['Improper status "" for a user_observer']


@fact(
    "rest 6.2", "Terms, courses and sections come before people.", uncertain="their messages are from memory"
)
def test_a_schools_courses_and_sections_are_imported(canvas: Sandbox) -> None:
    courses = csv(
        "course_id,short_name,long_name,status,term_id",
        "art,ART,Art and Crafts,published,autumn",
        "gym,GYM,Gymnastics,active,",
        "draft,DRAFT,,active,",
        "maths,M,Maths,lost,",
    )
    sections = csv(
        "section_id,course_id,name,status",
        "art-a,art,A,active",
        "x,nowhere,X,active",
        "maths-b,maths,B,deleted",
    )
    rows = csv("section_id,user_id,role,status", "art-a,sis-mia,student,active")
    terms = csv("term_id,name,status", "autumn,Autumn,active", ",Spring,active")
    files = zipped(courses=courses, sections=sections, rows=rows, terms=terms)
    batch = imported(canvas, files, "school.zip")
    assert said(batch) == [
        "No term_id given for a term",
        "No long_name given for course draft",
        'Improper status "lost" for course maths',
        "Section x references course nowhere which doesn't exist",
    ]
    counts = batch["data"]["counts"]
    found = [counts[each] for each in ("terms", "courses", "sections", "enrollments")]
    assert found == [1, 2, 2, 1]
    art = canvas.get("/courses/sis_course_id:art", "tok-admin")
    assert (art["name"], art["workflow_state"], art["sis_import_id"]) == (
        "Art and Crafts",
        "available",
        batch["id"],
    )
    assert canvas.get("/courses/sis_course_id:gym", "tok-admin")["workflow_state"] == "unpublished"
    assert [row[3] for row in canvas.enrollments(12)] == ["deleted"]
