"""Observers in bulk: what a preview says happens by either road, and can be undone."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app import db, people, policy
from app.models import AuditEvent, Import, ImportRoad, ImportState, LinkState, RowState, Way
from app.pairing import bars
from app.pairing.imports import steering
from app.tasks import imports as tasks
from tests.journeys.families import in_both_sections
from tests.journeys.importing import (
    FAMILY,
    LINKS,
    NINA,
    PARENT,
    ROADS,
    admin_token,
    forget_sis,
    memory,
    one,
    previewed,
    ran,
    ready,
    rows,
    sheet,
    undone,
    verdicts,
    work,
)
from tests.journeys.rows import rows as written
from tests.people import MATHS, Observer, School
from tests.records import all_links
from tests.sandbox.importing import settle

__all__ = ["ready"]


def work_once(import_id: int) -> None:
    tasks.work_on(import_id, 0, one(import_id).state.value)


@pytest.mark.both_databases
@pytest.mark.parametrize("road", ROADS)
def test_what_the_preview_says_happens_and_can_be_undone(ready: School, road: ImportRoad) -> None:
    before = memory(ready)
    import_id = previewed(ready, sheet(FAMILY))
    assert verdicts(import_id) == ["new", "new", "matched"]
    assert memory(ready) == before

    of = ran(import_id, road)

    assert (of.state, of.done, of.total) == (ImportState.DONE, 3, 3)
    made = rows(import_id)
    nina = int(made[0].observer_id or 0)
    assert {(nina, 105), (nina, 106), (PARENT, 107)} <= ready.links()
    assert [(row.state, row.made_link) for row in made] == [(RowState.DONE, True)] * 3
    assert [row.made_account for row in made] == [True, False, False]
    assert {link.way for link in all_links()} == {Way.IMPORT}
    assert {link.state for link in all_links()} == {LinkState.ACTIVE}

    assert undone(import_id).state is ImportState.UNDONE
    assert memory(ready) == before
    assert {link.state for link in all_links()} == {LinkState.ENDED}


@pytest.mark.parametrize("road", ROADS)
def test_what_is_removed_comes_back_when_it_is_undone(ready: School, road: ImportRoad) -> None:
    link = f"/users/{PARENT}/observees/105"
    assert ready.canvas.put(link, admin_token(ready)).status_code == 200
    before = memory(ready)
    import_id = previewed(ready, sheet([(f"P{PARENT}", "S000105", "deleted")], LINKS))
    assert verdicts(import_id) == ["remove"]

    ran(import_id, road)
    assert (PARENT, 105) not in ready.links()

    undone(import_id)
    assert memory(ready) == before


def keep_apart(school: School, observer: int, student: int) -> None:
    now = datetime.now(UTC)
    with db.transaction() as session:
        first, second, admin = (
            people.remember(session, school.institution_id, str(number), f"Number {number}", now)
            for number in (observer, student, 10)
        )
        bars.make(session, admin, second, first, None, "Court order 12/2026", now)


@pytest.mark.parametrize("road", ROADS)
def test_undoing_gives_nothing_back_that_must_not_be_any_more(ready: School, road: ImportRoad) -> None:
    token = admin_token(ready)
    ready.canvas.put(f"/users/{PARENT}/observees/105", token)
    import_id = previewed(ready, sheet([(f"P{PARENT}", "S000105", "deleted")], LINKS))
    ran(import_id, road)
    keep_apart(ready, PARENT, 105)

    undone(import_id)

    assert ready.observing(PARENT) == []
    assert (PARENT, 105) not in ready.links()
    assert [(row.state, row.told) for row in rows(import_id)] == [(RowState.KEPT, "canvas_refused")]


def test_undoing_gives_nothing_back_that_others_have_ended_since(ready: School) -> None:
    (section,) = {s for _, s in ready.sections_of(105, MATHS)}
    observes_by_hand(ready, PARENT, 105, section)
    import_id = previewed(ready, sheet([(f"P{PARENT}", "S000105", "active")], LINKS))
    ran(import_id)
    parent = Observer(ready, PARENT).enters()
    parent.leaves(f"Leave {next(link.student.name for link in all_links())}")
    assert ready.observing(PARENT) == []

    undone(import_id)

    assert ready.observing(PARENT) == []


def observes_by_hand(school: School, observer: int, student: int, section: int) -> None:
    """Somebody in Canvas lets an observer into one section."""
    made = school.canvas.post(
        f"/sections/{section}/enrollments",
        admin_token(school),
        **{
            "enrollment[user_id]": str(observer),
            "enrollment[type]": "ObserverEnrollment",
            "enrollment[associated_user_id]": str(student),
            "enrollment[enrollment_state]": "active",
        },
    )
    assert made.status_code == 200


def test_what_was_there_before_is_spared(ready: School) -> None:
    token = admin_token(ready)
    ready.canvas.put(f"/users/{PARENT}/observees/105", token)
    before = memory(ready)
    content = sheet([(f"P{PARENT}", "S000105", "active"), (f"P{PARENT}", "S000106", "active")], LINKS)
    import_id = previewed(ready, content)
    assert verdicts(import_id) == ["already", "matched"]

    ran(import_id)
    undone(import_id)

    assert memory(ready) == before


def test_a_one_off_enrollment_from_before_survives_a_link_that_came_and_went(ready: School) -> None:
    (section,) = {s for _, s in ready.sections_of(105, MATHS)}
    observes_by_hand(ready, PARENT, 105, section)
    before = memory(ready)

    import_id = previewed(ready, sheet([(f"P{PARENT}", "S000105", "active")], LINKS))
    ran(import_id)
    undone(import_id)

    assert memory(ready) == before


@pytest.mark.parametrize("by", ["course_id", "section_id"])
def test_in_one_course_only(ready: School, by: str) -> None:
    before = memory(ready)
    (section,) = {s for _, s in ready.sections_of(105, MATHS)}
    place = f"C{MATHS}" if by == "course_id" else f"X{section}"
    header = ("Parent Email", "Student ID", "Course ID" if by == "course_id" else "Section ID")
    content = sheet(
        [(f"parent{PARENT}@family.test", "S000105", place), ("x@y.test", "S000105", "nowhere")], header
    )
    import_id = previewed(ready, content)
    assert verdicts(import_id) == ["matched", "unknown_course"]

    ran(import_id)

    assert ready.observing(PARENT) == [(MATHS, section, 105)]
    assert (PARENT, 105) not in ready.links()
    undone(import_id)
    assert memory(ready) == before


def test_a_message_of_canvas_comes_back_to_its_row(ready: School) -> None:
    """Between preview and import a student is taken away: Canvas's importer says so, the row shows it."""
    import_id = previewed(ready, sheet(FAMILY))
    ready.changes(lambda world: forget_sis(world, 107))

    of = ran(import_id, ImportRoad.SIS)

    assert of.state is ImportState.DONE
    states = [(row.state, row.told) for row in rows(import_id)]
    assert states == [
        (RowState.DONE, None),
        (RowState.DONE, None),
        (RowState.FAILED, "A student referenced a non-existent user S000107"),
    ]


def test_everything_that_canvas_says_of_a_row_is_kept(ready: School) -> None:
    """A row about a course has a line for each section, and so a message for each."""
    in_both_sections(ready, [105])
    content = sheet(
        [(f"parent{PARENT}@family.test", "S000105", f"C{MATHS}")], ("Parent Email", "Student ID", "Course ID")
    )
    import_id = previewed(ready, content)
    ready.changes(lambda world: forget_sis(world, 105))

    ran(import_id, ImportRoad.SIS)

    (row,) = rows(import_id)
    assert row.state is RowState.FAILED
    assert (row.said or "").split("\n") == [
        "An enrollment referenced a non-existent associated user S000105"
    ] * 2


def test_an_import_that_canvas_holds_back_is_waited_for_and_can_be_paused(ready: School) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    settle(ready.canvas, hold=True)
    with db.transaction() as session:
        steering.run(session, session.get_one(Import, import_id), ImportRoad.SIS, None, datetime.now(UTC))
    work_once(import_id)
    assert one(import_id).state is ImportState.FOLLOWING
    assert ready.links() == set() or (PARENT, 107) not in ready.links()

    settle(ready.canvas, hold=False)
    assert work(import_id).state is ImportState.DONE
    assert (PARENT, 107) in ready.links()


def test_an_account_in_use_is_kept_when_the_rest_is_undone(ready: School) -> None:
    import_id = previewed(ready, sheet([FAMILY[0]]))
    ran(import_id)
    nina = rows(import_id)[0].observer_id
    ready.canvas.put(f"/users/{nina}/observees/108", admin_token(ready))

    undone(import_id)

    (row,) = rows(import_id)
    assert (row.state, row.told) == (RowState.KEPT, "in_use")
    assert (int(nina or 0), 105) not in ready.links()
    assert (int(nina or 0), 108) in ready.links()


@pytest.mark.parametrize(
    ("told", "becomes", "word"),
    [(True, RowState.UNDONE, None), (False, RowState.KEPT, "maybe_in_use")],
)
def test_an_account_goes_only_where_canvas_tells_that_nobody_used_it(
    ready: School, told: bool, becomes: RowState, word: str | None
) -> None:
    ready.changes(lambda world: world["developer_keys"][0].update(allow_includes=told))
    import_id = previewed(ready, sheet([FAMILY[0]]))
    ran(import_id)
    nina = int(rows(import_id)[0].observer_id or 0)

    undone(import_id)

    (row,) = rows(import_id)
    assert (row.state, row.told) == (becomes, word)
    assert (nina, 105) not in ready.links()
    listed = ready.canvas.get("/accounts/1/users", admin_token(ready), search_term=NINA[0])
    assert [user["id"] for user in listed] == ([] if told else [nina])


@pytest.mark.parametrize("road", ROADS)
def test_what_others_ended_since_the_preview_is_not_brought_back(ready: School, road: ImportRoad) -> None:
    kept, gone = 105, 106
    for student in (kept, gone):
        ready.canvas.put(f"/users/{PARENT}/observees/{student}", admin_token(ready))
    removals = [(f"P{PARENT}", f"S{student:06}", "deleted") for student in (kept, gone)]
    import_id = previewed(ready, sheet(removals, LINKS), "user_observers.csv")
    assert verdicts(import_id) == ["remove", "remove"]
    ready.canvas.delete(f"/users/{PARENT}/observees/{gone}", admin_token(ready))

    ran(import_id, road)

    assert [(row.state, row.ended_link) for row in rows(import_id)] == [
        (RowState.DONE, True),
        (RowState.DONE, False),
    ]
    assert ready.links() & {(PARENT, kept), (PARENT, gone)} == set()
    undone(import_id)
    assert ready.links() & {(PARENT, kept), (PARENT, gone)} == {(PARENT, kept)}


def test_rows_hold_nothing_of_another_import(ready: School) -> None:
    first, second = previewed(ready, sheet(FAMILY[:1])), previewed(ready, sheet(FAMILY[:1]))
    ran(first)

    of = ran(second)

    assert of.state is ImportState.DONE
    assert [row.made_link for row in rows(second)] == [False]
    assert [row.made_link for row in rows(first)] == [True]


@pytest.mark.parametrize(
    ("method", "route"),
    [
        ("POST", "/api/v1/accounts/:account_id/users"),
        ("PUT", "/api/v1/users/:user_id/observees/:observee_id"),
        ("POST", "/api/v1/accounts/:account_id/sis_imports"),
    ],
)
@pytest.mark.parametrize("road", ROADS)
def test_an_answer_that_is_lost_doubles_nothing(
    ready: School, road: ImportRoad, method: str, route: str
) -> None:
    before = memory(ready)
    import_id = previewed(ready, sheet(FAMILY))
    ready.canvas.fault(method=method, route=route, reset="after", count=1)

    of = ran(import_id, road)

    assert (of.state, of.done) == (ImportState.DONE, 3)
    made = rows(import_id)
    assert [(row.state, row.made_link) for row in made] == [(RowState.DONE, True)] * 3
    assert [row.made_account for row in made] == [True, False, False]
    assert len(memory(ready)["logins"]) == len(before["logins"]) + 1
    undone(import_id)
    assert memory(ready) == before


def test_a_row_that_canvas_never_answers_does_not_hold_up_the_others(ready: School) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    ready.canvas.fault(method="PUT", route=f"/users/{PARENT}/observees", status=500)

    of = ran(import_id)

    assert of.state is ImportState.DONE
    assert [row.state for row in rows(import_id)] == [RowState.DONE, RowState.DONE, RowState.FAILED]
    assert rows(import_id)[2].told == "canvas_away"


def test_students_who_are_to_be_asked_are_asked_by_the_import(ready: School) -> None:
    before, now = memory(ready), datetime.now(UTC)
    with db.transaction() as session:
        author = people.remember(session, ready.institution_id, "10", "Admin", now)
        old = policy.in_force(session, ready.institution_id)
        asks = replace(old.policy, approval=True)
        assert policy.decide(session, ready.institution_id, asks, old.version, author.id, now)
    import_id = previewed(ready, sheet(FAMILY[2:]))
    assert verdicts(import_id) == ["consent"]

    ran(import_id)

    assert [link.state for link in all_links()] == [LinkState.WAITING]
    assert memory(ready) == before
    undone(import_id)
    assert [link.state for link in all_links()] == [LinkState.ENDED]
    assert [one.event for one in written(AuditEvent) if one.student_id] == ["link:ask", "link:end"]


def test_two_parents_with_one_address_never_become_one(ready: School) -> None:
    """Nor when the other one's account is made after the preview."""
    header = ("Parent ID", "Parent Name", "Parent Email", "Student ID")
    import_id = previewed(ready, sheet([("N2", "Bert New", "home@family.test", "S000106")], header))
    assert verdicts(import_id) == ["new"]
    ready.changes(anna_moves_in)

    ran(import_id)

    (row,) = rows(import_id)
    assert (row.state, row.told, row.observer_id) == (RowState.FAILED, "login_taken", None)
    assert 106 not in {student for observer, student in ready.links() if observer == 90}


def anna_moves_in(world: dict[str, Any]) -> None:
    login = {"account_id": 1, "unique_id": "home@family.test", "sis_user_id": "N1"}
    world["users"].append({"id": 90, "name": "Anna New", "logins": [login]})
