"""An import is canceled while Canvas's own importer has its files: whatever that did can be undone."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from app import db, people
from app.errors import CanvasUnreachable
from app.models import Import, ImportRoad, ImportState, LinkState
from app.pairing import bars
from app.pairing.imports import overview, steering, turns
from app.tasks.pairing import access
from tests.journeys.importing import (
    FAMILY,
    OTHER,
    PARENT,
    memory,
    one,
    previewed,
    ran,
    ready,
    sheet,
    undone,
    work,
)
from tests.people import School
from tests.records import all_links
from tests.sandbox.importing import zipped

__all__ = ["ready"]

S = ImportState
MINUTE = timedelta(minutes=1)
Steer = Callable[..., object]


def steer(import_id: int, what: Steer) -> object:
    with db.transaction() as session:
        return what(session, session.get_one(Import, import_id), None, datetime.now(UTC))


def begun(import_id: int) -> int:
    assert steer(import_id, lambda session, of, *click: steering.run(session, of, ImportRoad.SIS, *click))
    return import_id


def turn(import_id: int, later: timedelta = timedelta()) -> Import:
    """Work until the job wants to wait; so much later than now."""
    with suppress(CanvasUnreachable):  # a job comes again
        turns.turn(
            import_id, 0, one(import_id).state, access(), lambda: datetime.now(UTC) + later, 5 * MINUTE
        )
    return one(import_id)


def tell_importer(school: School, **how: object) -> None:
    """Canvas's importer is held, goes on, or is waited for until it is at rest."""
    assert school.canvas.call("POST", "/_sandbox/sis", json=how).status_code == 200


def handed_in(school: School, import_id: int, done: int) -> int:
    """Canvas has the files, and has stopped after so many of their lines."""
    tell_importer(school, **({"hold_after": done} if done else {"hold": True}))
    begun(import_id)
    assert turn(import_id).state is S.FOLLOWING
    tell_importer(school, wait=True)
    return import_id


def canceled(school: School, import_id: int) -> Import:
    """Canceled, and worked on until that is done."""
    assert steer(import_id, steering.cancel)
    for minutes in range(0, 60, 6):
        if one(import_id).state in (S.SENDING, S.FOLLOWING):
            turn(import_id, minutes * MINUTE)
    of = work(import_id)
    tell_importer(school, hold=False, hold_after=None, wait=True)
    return of


def came(import_id: int) -> tuple[int, int, int, int]:
    """Accounts and links made, links ended, rows not done."""
    with db.reading() as session:
        result = overview.result(session, one(import_id))
    return result.accounts, result.links, result.ended, result.left + result.failed


def test_before_the_files_are_handed_in_nothing_is_made(ready: School) -> None:
    before = memory(ready)
    import_id = begun(previewed(ready, sheet(FAMILY)))

    assert canceled(ready, import_id).state is S.CANCELED

    assert came(import_id) == (0, 0, 0, 3)
    assert memory(ready) == before
    assert ready.canvas.state()["sis_imports"] == []


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("lines", "expected"), [(0, (0, 0, 0, 3)), (1, (1, 0, 0, 3)), (2, (1, 1, 0, 2)), (3, (1, 2, 0, 1))]
)
def test_what_canvas_did_until_it_was_stopped_is_counted_and_can_be_undone(
    ready: School, lines: int, expected: tuple[int, int, int, int]
) -> None:
    """The first line makes an account, the others a link each."""
    before = memory(ready)
    import_id = handed_in(ready, previewed(ready, sheet(FAMILY)), lines)

    of = canceled(ready, import_id)

    assert (of.state, of.canceling, of.problem) == (S.CANCELED, False, None)
    (stopped,) = ready.canvas.state()["sis_imports"]
    assert stopped["workflow_state"] == "aborted"
    assert came(import_id) == expected
    assert sum(link.state is LinkState.ACTIVE for link in all_links()) == expected[1]
    undone(import_id)
    assert memory(ready) == before


def test_courses_and_removals_that_canvas_was_through_with_are_counted_too(ready: School) -> None:
    ran(previewed(ready, sheet(FAMILY[2:])))
    assert (PARENT, 107) in ready.links()
    before = memory(ready)
    content = zipped(
        user_observers=f"observer_id,student_id,status\nP{PARENT},S000107,deleted\nP{OTHER},S000108,active",
        enrollments="course_id,user_id,role,status,associated_user_id\n"
        f"C101,P{OTHER},observer,active,S000105",
    )
    import_id = handed_in(ready, previewed(ready, content, "sis.zip"), 1000)

    assert canceled(ready, import_id).state is S.CANCELED

    assert came(import_id) == (0, 2, 1, 0)
    assert (PARENT, 107) not in ready.links()
    undone(import_id)
    assert memory(ready) == before


def test_rows_that_canvas_did_not_reach_are_left_as_they_were(ready: School) -> None:
    """A course and a removal: Canvas was stopped before both."""
    ran(previewed(ready, sheet(FAMILY[2:])))
    before = memory(ready)
    content = zipped(
        user_observers=f"observer_id,student_id,status\nP{PARENT},S000107,deleted",
        enrollments="course_id,user_id,role,status,associated_user_id\n"
        f"C101,P{OTHER},observer,active,S000105",
    )
    import_id = handed_in(ready, previewed(ready, content, "sis.zip"), 0)

    assert canceled(ready, import_id).state is S.CANCELED

    assert came(import_id) == (0, 0, 0, 2)
    assert memory(ready) == before


def test_a_pair_that_came_onto_the_do_not_pair_list_is_taken_back(ready: School) -> None:
    import_id, now = handed_in(ready, previewed(ready, sheet(FAMILY)), 1000), datetime.now(UTC)
    assert (PARENT, 107) in ready.links()
    with db.transaction() as session:
        student = people.remember(session, ready.institution_id, "107", "Kept Apart", now)
        admin = people.remember(session, ready.institution_id, "10", "Admin", now)
        bars.make(session, admin, student, None, None, "court order", now)

    assert canceled(ready, import_id).state is S.CANCELED

    assert (PARENT, 107) not in ready.links()
    assert came(import_id) == (1, 2, 0, 1)


def test_while_its_rows_are_looked_at_what_canvas_did_is_counted_all_the_same(ready: School) -> None:
    before = memory(ready)
    import_id = handed_in(ready, previewed(ready, sheet(FAMILY)), 1000)
    while one(import_id).state is S.FOLLOWING:
        turn(import_id)

    assert canceled(ready, import_id).state is S.CANCELED

    assert came(import_id) == (1, 3, 0, 0)
    undone(import_id)
    assert memory(ready) == before


def test_files_that_canvas_took_without_an_answer_are_not_lost(ready: School) -> None:
    before = memory(ready)
    import_id = begun(previewed(ready, sheet(FAMILY)))
    ready.canvas.fault(method="POST", route="/sis_imports$", reset="after", count=1)
    assert turn(import_id).sis_import_id is None
    tell_importer(ready, wait=True)

    assert steer(import_id, steering.cancel)
    assert turn(import_id, 5 * MINUTE).state is S.SENDING  # somebody may still be handing them in
    while one(import_id).state is not S.RUNNING:
        turn(import_id, 12 * MINUTE)
    assert work(import_id).state is S.CANCELED

    assert came(import_id) == (1, 3, 0, 0)
    undone(import_id)
    assert memory(ready) == before


def test_without_the_right_to_stop_canvas_it_is_waited_for(ready: School) -> None:
    before = memory(ready)
    import_id = handed_in(ready, previewed(ready, sheet(FAMILY)), 2)
    ready.canvas.fault(method="PUT", route="/abort$", status=403)
    assert steer(import_id, steering.cancel)
    assert turn(import_id).state is S.FOLLOWING

    tell_importer(ready, hold_after=None, wait=True)
    while one(import_id).state is S.FOLLOWING:
        turn(import_id)
    assert work(import_id).state is S.CANCELED

    assert came(import_id) == (1, 3, 0, 0)
    undone(import_id)
    assert memory(ready) == before
