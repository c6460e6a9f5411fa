"""Whatever a sheet says: what the preview shows is what then happens, and undoing restores what was."""

import random
from typing import Any

import pytest

from app.models import ImportRoad, RowState
from app.pairing.imports.verdicts import DOES, Verdict
from tests.journeys.importing import admin_token, memory, prepare, previewed, ran, rows, sheet, undone
from tests.people import MATHS, School

HEADER = ("Parent SIS ID", "Parent Email", "Parent Name", "Student ID", "Action", "Course ID", "Last day")
OBSERVERS = [
    ("P44", "", ""),
    ("P43", "", "Whoever"),
    ("", "parent44@family.test", ""),
    ("", "nina@family.test", "Nina New"),
    ("", "nina@family.test", "Ned New"),
    ("Q1", "q1@family.test", "Quinn New"),
    ("Q1", "", ""),
    ("", "not an address", "Bad"),
    ("", "", "No Address"),
    ("S000105", "", ""),
]
STUDENTS = ["S000105", "S000106", "S000107", "S999999", ""]
ACTIONS = ["add", "add", "add", "", "remove", "perhaps"]
COURSES = ["", "", "", f"C{MATHS}", f"C{MATHS}", "nowhere"]
DAYS = ["", "", "", "2099-03-12", "2020-03-12"]


def any_sheet(chance: random.Random) -> bytes:
    """Rows of known and unknown people, doubled, contradicting, wrong."""
    chosen = [
        (*chance.choice(OBSERVERS), *(chance.choice(some) for some in (STUDENTS, ACTIONS, COURSES, DAYS)))
        for _ in range(chance.randint(4, 14))
    ]
    return sheet(chosen, HEADER)


def linked_before(school: School, chance: random.Random) -> None:
    for observer in (43, 44):
        for student in (105, 106, 107):
            if chance.random() < 0.4:
                answer = school.canvas.put(f"/users/{observer}/observees/{student}", admin_token(school))
                assert answer.status_code == 200


@pytest.mark.parametrize("road", [ImportRoad.API, ImportRoad.SIS])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_shown_happens_and_what_was_comes_back(school: School, seed: int, road: ImportRoad) -> None:
    chance = random.Random(seed)  # noqa: S311 - a sheet, not a secret
    school.changes(prepare)
    linked_before(school, chance)
    before = memory(school)
    import_id = previewed(school, any_sheet(chance))
    assert memory(school) == before
    shown = {row.id: row.verdict for row in rows(import_id)}
    if not DOES & set(shown.values()):
        return

    ran(import_id, road)

    done = rows(import_id)
    assert {row.id for row in done if row.state is RowState.DONE} == {
        row_id for row_id, verdict in shown.items() if verdict in DOES
    }
    assert [row.told for row in done if row.state is RowState.FAILED] == []
    assert set(memory(school)["links"]) == (set(before["links"]) | pairs(done, ADDED)) - pairs(done, REMOVED)
    for row in done:
        if row.course_id and row.verdict in ADDED:
            assert (MATHS, int(row.student_id)) in courses(school, int(row.observer_id))

    undone(import_id)
    assert memory(school) == before


ADDED = (Verdict.NEW, Verdict.MATCHED)
REMOVED = (Verdict.REMOVE,)


def pairs(done: list[Any], verdicts: tuple[Verdict, ...]) -> set[tuple[int, int]]:
    """Observer and student of the rows about all courses with one of these verdicts."""
    return {
        (int(row.observer_id), int(row.student_id))
        for row in done
        if row.verdict in verdicts and not row.course_id
    }


def courses(school: School, observer: int) -> set[tuple[int, int]]:
    """In which courses somebody observes whom."""
    return {(course, student) for course, _, student in school.observing(observer)}
