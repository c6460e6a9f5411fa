"""After Canvas's own importer: what Canvas holds is believed, and asked for many rows at once."""

import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import db, people
from app.models import Import, ImportRoad, ImportState, LinkState, RowState
from app.pairing import bars
from app.pairing.imports import files, overview, steering, turns
from app.pairing.imports.reading import LANES
from app.tasks import imports as tasks
from app.tasks.pairing import access
from tests.journeys.importing import PARENTS as PARENTS_OF
from tests.journeys.importing import (
    lend_all,
    memory,
    one,
    prepare,
    previewed,
    ran,
    rows,
    sheet,
    undone,
    work,
)
from tests.people import School
from tests.records import all_links
from tests.sandbox.importing import zipped

STUDENTS = [f"S{number:06}" for number in range(105, 117)]
PARENTS, MANY = 12, 60  # of many the account is listed anew


@pytest.fixture
def ready(school: School) -> School:
    school.changes(tell_addresses)
    return school


def tell_addresses(world: dict[str, Any]) -> None:
    """The service account may do everything, and lists tell logins and addresses."""
    lend_all(world)
    world["settings"]["extra_cost"] = -0.1
    for row in (world["developer_keys"][0], *world["access_tokens"]):
        row["scopes"] = None


def families(parents: int) -> bytes:
    """Two rows for each new parent."""
    return sheet(
        (f"Parent {n // 2}", f"parent{n // 2}@family.test", STUDENTS[(n + n // 12) % 12])
        for n in range(parents * 2)
    )


def handed_in(school: School, parents: int = PARENTS) -> int:
    """An import that Canvas's importer is done with; nothing of it is written down yet."""
    import_id = previewed(school, families(parents))
    with db.transaction() as session:
        assert steering.run(
            session, session.get_one(Import, import_id), ImportRoad.SIS, None, datetime.now(UTC)
        )
    while (of := one(import_id)).state is not ImportState.RUNNING:
        assert not of.problem
        turns.turn(import_id, 0, of.state.value, access(), lambda: datetime.now(UTC), timedelta(seconds=5))
    return import_id


@pytest.mark.both_databases
def test_one_question_for_each_observer_settles_all_of_their_rows(ready: School) -> None:
    import_id = handed_in(ready, MANY)
    ready.forgets_calls()

    assert work(import_id).state is ImportState.DONE

    calls = [row["path"] for row in ready.canvas.log() if row["path"].startswith("/api/v1/")]
    assert len(calls) == MANY
    assert all(path.endswith("/observees") for path in calls)
    done = rows(import_id)
    assert {(row.state, row.made_link) for row in done} == {(RowState.DONE, True)}
    assert [row.made_account for row in done] == [True, False] * MANY
    links = all_links()
    assert {link.state for link in links} == {LinkState.ACTIVE}
    assert {link.id: (link.observer.canvas_user_id, link.student.canvas_user_id) for link in links} == {
        row.link_id: (row.observer_id, row.student_id) for row in done
    }
    assert links[0].observer.name.startswith("Parent")


def test_what_canvas_does_not_hold_is_done_all_the_same(ready: School) -> None:
    """Somebody takes links away right after Canvas's importer: they are made again, row by row."""
    import_id = handed_in(ready)
    gone = {(row["observer_id"], row["student_id"]) for row in lost(ready)}
    assert len(gone) == PARENTS

    assert work(import_id).state is ImportState.DONE

    assert {row.state for row in rows(import_id)} == {RowState.DONE}
    assert gone <= ready.links()
    assert {link.state for link in all_links()} == {LinkState.ACTIVE}


def lost(school: School) -> list[dict[str, Any]]:
    """Every other link of the import is gone from Canvas."""
    taken: list[dict[str, Any]] = []

    def take(world: dict[str, Any]) -> None:
        links = world["observation_links"]
        taken.extend(links[-2 * PARENTS :: 2])
        world["observation_links"] = [link for link in links if link not in taken]

    school.changes(take)
    return taken


def test_somebody_who_came_onto_the_do_not_pair_list_meanwhile_is_not_connected(ready: School) -> None:
    import_id, now = handed_in(ready), datetime.now(UTC)
    with db.transaction() as session:
        student = people.remember(session, ready.institution_id, "105", "Kept Apart", now)
        admin = people.remember(session, ready.institution_id, "10", "Admin", now)
        bars.make(session, admin, student, None, None, "court order", now)

    work(import_id)

    states = {(row.student_id == "105", row.state) for row in rows(import_id)}
    assert states == {(True, RowState.FAILED), (False, RowState.DONE)}
    assert {link.state for link in all_links() if link.student.canvas_user_id == "105"} == {LinkState.FAILED}


@pytest.mark.parametrize("course", ["", "C101"])
def test_whoever_came_onto_the_list_after_the_preview_is_in_no_file(ready: School, course: str) -> None:
    ready.changes(prepare)
    header = (*PARENTS_OF, "Course SIS ID") if course else PARENTS_OF
    pairs = [("", "parent44@family.test", student, *([course] if course else [])) for student in STUDENTS[:2]]
    import_id, now = previewed(ready, sheet(pairs, header)), datetime.now(UTC)
    assert {row.verdict for row in rows(import_id)} == {"matched"}
    with db.transaction() as session:
        student = people.remember(session, ready.institution_id, "105", "Kept Apart", now)
        admin = people.remember(session, ready.institution_id, "10", "Admin", now)
        bars.make(session, admin, student, None, None, "court order", now)

    with files.zipped(one(import_id)) as content, zipfile.ZipFile(content) as archive:
        (name,) = archive.namelist()
        written = archive.read(name).decode()
    assert (STUDENTS[0] in written, STUDENTS[1] in written) == (False, True)
    with db.reading() as session:
        assert overview.preview(session, one(import_id)).unwritten == 1
    ran(import_id, ImportRoad.SIS)

    assert [(row.student_id, row.state) for row in rows(import_id)] == [
        ("105", RowState.FAILED),
        ("106", RowState.DONE),
    ]
    writes = [row for row in ready.canvas.log() if row["method"] in ("PUT", "POST")]
    assert [row["path"] for row in writes if "105" in row["path"]] == []
    seen = {row["associated_user_id"] for row in ready.canvas.state()["enrollments"] if row["user_id"] == 44}
    assert 105 not in seen
    assert 106 in seen


def test_an_account_of_which_canvas_warned_is_the_imports_own(ready: School) -> None:
    """Its row is looked at after the one that connects it."""
    before = memory(ready)
    content = zipped(
        users="user_id,login_id,status,full_name,email\nN6,nina,active,Nina New,not an address",
        user_observers="observer_id,student_id,status\nN6,S000105,active",
    )
    import_id = previewed(ready, content, "sis.zip")

    ran(import_id, ImportRoad.SIS)

    assert [(row.state, row.made_account) for row in rows(import_id)] == [
        (RowState.DONE, True),
        (RowState.DONE, False),
    ]
    undone(import_id)
    assert memory(ready) == before


def test_an_observer_about_whom_canvas_gives_no_answer_holds_nobody_up(ready: School) -> None:
    import_id = handed_in(ready)
    silent = ready.canvas.state()["observation_links"][-1]["observer_id"]
    ready.canvas.fault(method="GET", route=f"/users/{silent}/observees$", status=500)

    for _ in range(3):
        for lane in range(LANES):
            tasks.work_on(import_id, lane, ImportState.RUNNING.value)

    assert one(import_id).state is ImportState.DONE
    assert {row.state for row in rows(import_id)} == {RowState.DONE}
