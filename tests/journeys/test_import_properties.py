"""Whatever a sheet says: what the preview shows is what then happens, and undoing restores what was."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app import db, people, policy
from app.models import Import, ImportRoad, ImportState, LinkState, RowState
from app.pairing import bars
from app.pairing.imports import directory, steering
from app.pairing.imports.choosing import LEFT_OUT
from app.pairing.imports.verdicts import DOES, Verdict
from tests.journeys.importing import (
    ROADS,
    admin_token,
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
from tests.people import BIOLOGY, MATHS, School
from tests.records import all_links

HEADER = (
    *("Parent SIS ID", "Parent Login", "Parent Email", "Parent Name"),
    *("Student ID", "Action", "Course ID", "Section ID", "Last day"),
)
OBSERVERS = [
    ("P44", "", "", ""),
    ("P43", "", "", "Whoever"),
    ("", "", "parent44@family.test", ""),
    ("", "", "parent44@family.test", "Bert Beside"),
    ("", "bert", "parent44@family.test", "Bert Beside"),
    ("", "carla.only", "", "Carla"),
    ("", "carla.only", "", ""),
    ("", "", "shared@family.test", ""),
    ("", "", "nina@family.test", "Nina New"),
    ("", "", "nina@family.test", "Ned New"),
    ("", "olga", "olga@family.test", "Olga New"),
    ("Q1", "", "q1@family.test", "Quinn New"),
    ("Q1", "", "", ""),
    ("", "", "not an address", "Bad"),
    ("", "", "", "No Address"),
    ("S000105", "", "", ""),
]
STUDENTS = [*("S000105", "S000106", "S000107") * 3, "S999999", ""]
ACTIONS = [*["add"] * 7, "", "remove", "remove", "perhaps"]
PLACES = [*[("", "")] * 7, (f"C{MATHS}", ""), (f"C{BIOLOGY}", ""), ("", "X1011"), ("nowhere", "")]
DAYS = [*[""] * 8, "2099-03-12", "2020-03-12"]


def any_sheet(chance: random.Random) -> bytes:
    """Rows of known and unknown people, doubled, contradicting, wrong."""
    chosen = [
        (
            *chance.choice(OBSERVERS),
            chance.choice(STUDENTS),
            chance.choice(ACTIONS),
            *chance.choice(PLACES),
            chance.choice(DAYS),
        )
        for _ in range(chance.randint(6, 24))
    ]
    return sheet(chosen, HEADER)


def linked_before(school: School, chance: random.Random) -> None:
    """Not with the student of the do-not-pair list: what is ended there, undoing must not bring back."""
    for observer in (43, 44):
        for student in (105, 107):
            if chance.random() < 0.4:
                answer = school.canvas.put(f"/users/{observer}/observees/{student}", admin_token(school))
                assert answer.status_code == 200


def more_people(world: dict[str, Any]) -> None:
    """Somebody whom only a login tells, and two who share an address; their own logins differ."""
    for number, login, email in ((90, "carla.only", None), (91, "one", "shared"), (92, "other", "shared")):
        login_row = {"account_id": 1, "unique_id": login}
        person = {"id": number, "name": login.split(".")[0].title(), "logins": [login_row]}
        world["users"].append(person | ({"email": f"{email}@family.test"} if email else {}))


def tell_addresses(world: dict[str, Any]) -> None:
    """The key enforces no scopes, so lists tell addresses."""
    for row in (world["developer_keys"][0], *world["access_tokens"]):
        row["scopes"] = None


def rules_of_the_school(school: School, chance: random.Random) -> None:
    """Perhaps students are asked first, and perhaps somebody is on the do-not-pair list."""
    now = datetime.now(UTC)
    with db.transaction() as session:
        admin, student, parent = (
            people.remember(session, school.institution_id, number, name, now)
            for number, name in (("10", "Admin"), ("106", "Student"), ("44", "Parent"))
        )
        if chance.random() < 0.5:
            bars.make(session, admin, student, chance.choice([None, parent]), None, "", now)
        if chance.random() < 0.5:
            bars.make(session, admin, student, None, "nina@family.test", "", now)
        if chance.random() < 0.3:
            old = policy.in_force(session, school.institution_id)
            asks = replace(old.policy, approval=True)
            assert policy.decide(session, school.institution_id, asks, old.version, admin.id, now)


def decided(import_id: int, chance: random.Random) -> None:
    """An admin decides about some of the rows that are asked about."""
    choices = [
        (row.id, chance.choice([*(each["id"] for each in row.candidates), LEFT_OUT]))
        for row in rows(import_id)
        if row.candidates and chance.random() < 0.8
    ]
    with db.transaction() as session:
        of = session.get_one(Import, import_id)
        assert steering.choose(session, of, choices, None, datetime.now(UTC)) == len(choices)
    assert work(import_id).state is ImportState.READY


def what_is_shown_happens(school: School, seed: int, road: ImportRoad, listed: bool) -> int:
    """Preview, decide, run, undo; how many rows something was done about."""
    chance = random.Random(seed)  # noqa: S311 - a sheet, not a secret
    school.changes(prepare)
    school.changes(more_people)
    if chance.random() < 0.5:
        school.changes(tell_addresses)
    linked_before(school, chance)
    rules_of_the_school(school, chance)
    before = memory(school)
    import_id = previewed(school, any_sheet(chance))
    assert one(import_id).listed is listed
    decided(import_id, chance)
    assert memory(school) == before
    shown = {row.id: row.verdict for row in rows(import_id) if row.verdict in DOES}
    if not shown:
        return 0

    assert ran(import_id, road).state is ImportState.DONE

    done = rows(import_id)
    assert [row.told for row in done if row.state is RowState.FAILED] == []
    assert {row.id: row.verdict for row in done if row.state is RowState.DONE} == shown
    assert set(memory(school)["links"]) == (set(before["links"]) | pairs(done, ADDED)) - pairs(done, REMOVED)
    for row in done:
        if row.course_id and row.verdict in ADDED:
            assert (int(row.course_id), int(row.student_id or 0)) in courses(
                school, int(row.observer_id or 0)
            )
    asked = [row for row in done if row.verdict == Verdict.CONSENT]
    assert len(asked) == sum(link.state is LinkState.WAITING for link in all_links())

    assert undone(import_id).state is ImportState.UNDONE
    assert memory(school) == before
    return len(shown)


@pytest.fixture(params=["asked one by one", "listed"])
def listed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the people of the account are listed, which otherwise only large sheets are worth."""
    if request.param == "listed":
        monkeypatch.setattr(directory, "LIST_FROM", 1)
    return bool(request.param == "listed")


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("seed", [0])
def test_what_is_shown_happens_and_what_was_comes_back(
    school: School, seed: int, road: ImportRoad, listed: bool
) -> None:
    assert what_is_shown_happens(school, seed, road, listed)


@pytest.mark.slow
@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("seed", range(1, 7))
def test_it_happens_for_many_more_sheets(school: School, seed: int, road: ImportRoad, listed: bool) -> None:
    what_is_shown_happens(school, seed, road, listed)


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
