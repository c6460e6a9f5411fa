"""From the command line: a sheet is uploaded, previewed, done by a worker, and undone."""

import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import jobs, tasks
from app.models import AuditEvent, Import, ImportState
from tests.commands import Terminal, command
from tests.journeys.importing import lend_all, memory, sheet
from tests.journeys.rows import rows
from tests.people import School
from tests.programs import eventually
from tests.workers import QUICK, Runner

__all__ = ["command"]
pytestmark = pytest.mark.both_databases
AIKO, KENJI, ZOLA = 44, 105, 106
IDLE = "No worker is running, so nothing goes on. Start one: observatory worker\n"
ROWS = [
    ("Aiko Tanaka", "aiko.parent@maplegrove.example", "S000105"),
    ("Thandi Mbeki", "thandi@families.example", "S000106"),
    ("Nobody", "nobody@families.example", "S999999"),
]


@pytest.fixture
def ready(school: School) -> School:
    school.changes(lend_all)
    return school


@pytest.fixture
def parents(tmp_path: Path) -> Path:
    file = tmp_path / "parents.csv"
    file.write_bytes(sheet(ROWS))
    return file


def test_a_sheet_is_previewed_done_and_undone(
    ready: School, command: Terminal, parents: Path, run_jobs: Runner
) -> None:
    before = memory(ready)

    uploaded = command("imports", "upload", parents, "--no-follow", "--json")
    assert (uploaded.json["number"], uploaded.err) == (1, "Import 1: parents.csv\n")
    assert "Import 1, parents.csv: is being read" in command.done("imports", "show", 1)
    run_jobs()
    told = command.done("imports", "show", 1)
    assert told.startswith("Import 1, parents.csv: waits for you to decide\nThis will be done:\n")
    assert "     1  Canvas does not know the student\n" in told
    assert "row 4: Nobody (nobody@families.example) observes S999999." in told
    assert told.endswith("To do it: observatory imports run 1 --road api\n")
    assert memory(ready) == before

    command.done("imports", "run", 1, "--no-follow")
    run_jobs()
    told = command.done("imports", "show", 1)
    assert "     2  connections made\n" in told
    (thandi,) = (user for user in ready.canvas.state()["users"] if user["name"] == "Thandi Mbeki")
    assert {(AIKO, KENJI), (thandi["id"], ZOLA)} <= ready.links()
    shown = command("imports", "show", 1, "--json").json
    assert (shown["state"], shown["result"]["links"], shown["rows"]["unknown_student"]) == ("done", 2, 1)

    told = command.done("imports", "undo", 1)
    assert "     2  connections that it made: ended\n" in told
    assert (AIKO, KENJI) in ready.links()
    command.done("imports", "undo", 1, "--yes", "--no-follow")
    run_jobs()
    assert "1, parents.csv: undone" in command.done("imports", "show", 1)
    assert memory(ready) == before
    done = [(row.event, row.actor_id, row.facts.get("by")) for row in rows(AuditEvent)]
    told = ("import:upload", "import:begin", "link:add", "link:add", "import:finish", "import:undo")
    assert [one for one in done if one[0] in told] == [(event, None, "cli") for event in told]


def test_it_is_followed_to_its_end_while_a_worker_lives(
    ready: School, command: Terminal, parents: Path, tmp_path: Path
) -> None:
    stop = threading.Event()

    def work() -> None:
        with ready.app.app_context():
            jobs.work(tasks.TASKS, {}, stop, "test", QUICK)

    with ThreadPoolExecutor(1) as threads:
        worker = threads.submit(work)
        try:
            eventually(lambda: bool(jobs.alive(datetime.now(UTC))))
            told = command.done("imports", "upload", parents, "--yes")
            again = command("imports", "upload", parents, "--yes", "--json")
        finally:
            stop.set()
        worker.result()

    assert "Canvas does not know the student" in told
    assert "     2  connections made\n" in told
    assert (AIKO, KENJI) in ready.links()
    assert (again.json["doing"], again.json["rows"]["already"]) == (0, 2)  # everything is connected by now


def test_without_a_worker_it_says_so_and_leaves_it_to_one(
    ready: School, command: Terminal, parents: Path
) -> None:
    ran = command("imports", "upload", parents)

    assert ran.status == 1
    assert ran.err == IDLE + "Then look at it: observatory imports show 1\n"
    assert rows(Import)[0].state is ImportState.READING  # a worker that comes finds it


def test_rows_are_written_to_files(
    ready: School, command: Terminal, parents: Path, run_jobs: Runner, tmp_path: Path
) -> None:
    command.done("imports", "upload", parents, "--no-follow")
    run_jobs()

    problems = command.done("imports", "problems", 1).splitlines()
    assert len(problems) == 2
    assert "S999999" in problems[1]
    command.done("imports", "results", 1, tmp_path / "results.csv")
    assert len((tmp_path / "results.csv").read_text().splitlines()) == 4
    command.done("imports", "files", 1, tmp_path / "files.zip")
    with zipfile.ZipFile(tmp_path / "files.zip") as archive:
        assert "user_observers.csv" in archive.namelist()
    saved = [row.facts for row in rows(AuditEvent) if row.event == "data:export"]
    assert [(one["rows"], one["by"]) for one in saved] == [
        ("problems", "cli"),
        ("results", "cli"),
        ("files", "cli"),
    ]


def test_columns_are_said_where_a_guess_is_wrong(
    ready: School, command: Terminal, tmp_path: Path, run_jobs: Runner
) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(sheet([("44", "S000105")], header=("Who", "Whom")))

    refused = command.refused("imports", "upload", file, "--no-follow")
    assert "Use --column; the columns are:\nWho\nWhom\n" in refused
    assert rows(Import) == []
    assert "no column is called 'Wo'" in command.refused("imports", "upload", file, "--column", "course=Wo")
    assert "'pupil' is no meaning" in command.refused("imports", "upload", file, "--column", "pupil=Whom")

    said = ("--column", "observer.canvas_id=Who", "--column", "student.sis_id=Whom")
    command.done("imports", "upload", file, *said, "--no-follow")
    run_jobs()
    (made,) = rows(Import)
    command.done("imports", "run", made.id, "--no-follow", "--road", "api")
    run_jobs()
    assert (AIKO, KENJI) in ready.links()


def test_given_up_on_the_way_to_canvas_it_says_what_happens_next(
    ready: School, command: Terminal, parents: Path, run_jobs: Runner
) -> None:
    command.done("imports", "upload", parents, "--no-follow")
    run_jobs()
    command.done("imports", "run", 1, "--no-follow", "--road", "sis")

    said = command("imports", "cancel", 1).err
    assert said.startswith("Import 1 is being canceled.\nCanvas is being stopped.")
    assert "not now: import 1 is being canceled" in command.refused("imports", "pause", 1)
    assert "not now: import 1 is being canceled" in command.refused("imports", "cancel", 1)
    run_jobs()
    assert "canceled" in command.done("imports", "show", 1)


def test_it_is_stopped_and_goes_on_and_is_given_up(
    ready: School, command: Terminal, parents: Path, run_jobs: Runner
) -> None:
    command.done("imports", "upload", parents, "--no-follow")

    assert command("imports", "pause", 1).err == "Import 1 paused.\n"
    command.done("imports", "resume", 1, "--no-follow")
    run_jobs()
    assert command("imports", "cancel", 1).err == "Import 1 canceled.\n"
    listed = command.done("imports", "list")
    assert listed.startswith("     1  parents.csv: canceled; ")
    assert listed.endswith("by the command line\n")


@pytest.mark.parametrize("words", [("run", 1), ("resume", 1), ("undo", 1, "--yes")])
def test_what_does_not_fit_is_told_with_where_it_stands(
    ready: School, command: Terminal, parents: Path, words: tuple[object, ...]
) -> None:
    command.done("imports", "upload", parents, "--no-follow")

    command.refused("imports", *words)
    assert rows(Import)[0].state is ImportState.READING
    assert "there is no import 7" in command.refused("imports", words[0], 7)


def test_an_account_is_chosen_where_several_fit(
    ready: School, command: Terminal, tmp_path: Path, run_jobs: Runner
) -> None:
    def same_address(world: dict[str, object]) -> None:
        for user in world["users"]:  # type: ignore[attr-defined]
            if user["id"] in (AIKO, 43):
                user["email"] = "family@families.example"

    ready.changes(same_address)
    file = tmp_path / "one.csv"
    file.write_bytes(sheet([("Aiko Tanaka", "family@families.example", "S000105")]))
    command.done("imports", "upload", file, "--no-follow")
    run_jobs()

    told = command.done("imports", "show", 1)
    (choice,) = (word for word in told.split() if word.endswith(f"={AIKO}"))
    assert "1 of these decisions fit no row" in command("imports", "choose", 1, "99=1", "--no-follow").err
    command.done("imports", "choose", 1, choice, "--no-follow")
    run_jobs()
    command.done("imports", "run", 1, "--no-follow")
    run_jobs()
    assert (AIKO, KENJI) in ready.links()


def test_an_import_that_waits_for_somebody_ends_with_status_1(
    registered: School, command: Terminal, parents: Path, run_jobs: Runner
) -> None:
    command.done("imports", "upload", parents, "--no-follow")
    run_jobs()

    ran = command("imports", "show", 1)
    assert ran.status == 1
    assert "Import 1, parents.csv: paused\nNo account is connected" in ran.out
    assert command("imports", "show", 1, "--json").status == 1


def test_what_is_no_sheet_is_told(ready: School, command: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "picture.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")

    assert command.refused("imports", "upload", file).startswith("This is no sheet.")
    assert rows(Import) == []


def test_a_sheet_is_read_in_the_way_that_is_said(
    ready: School, command: Terminal, tmp_path: Path, run_jobs: Runner
) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(b"Who is meant;of Zo\xeb\r\n" + sheet(ROWS[:1]).replace(b",", b";"))

    ways = ("--encoding", "cp1252", "--delimiter", ";", "--header-row", 2)
    command.done("imports", "upload", file, *ways, "--no-follow")
    run_jobs()

    command.done("imports", "run", 1, "--no-follow")
    run_jobs()
    assert (AIKO, KENJI) in ready.links()


def test_a_sheet_with_the_header_of_a_canvas_file_may_be_said_to_be_their_own(
    ready: School, command: Terminal, tmp_path: Path, run_jobs: Runner
) -> None:
    file = tmp_path / "own.csv"
    file.write_bytes(sheet([("44", "S000105", "")], header=("observer_id", "student_id", "status")))

    said = ("--own-sheet", "--column", "observer.canvas_id=observer_id", "--column", "none=status")
    command.done("imports", "upload", file, *said, "--no-follow")
    run_jobs()
    command.done("imports", "run", rows(Import)[0].id, "--no-follow", "--road", "api")
    run_jobs()
    assert (AIKO, KENJI) in ready.links()
