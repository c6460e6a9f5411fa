"""Rows about one course: by either road, until a day, for a purpose; and how Canvas's messages come back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import db, people, policy
from app.models import ImportRoad, ImportState, LinkState, RowState
from app.pairing import bars, ending
from app.web import import_columns
from tests.facts import fact
from tests.journeys.importing import (
    PARENT,
    ROADS,
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
)
from tests.journeys.test_import_pages import settled, uploads
from tests.people import ADMIN, BIOLOGY, MATHS, Admin, School
from tests.records import all_links, everything_settles
from tests.workers import Runner

__all__ = ["ready"]

HEADER = ("Parent Name", "Parent Email", "Student ID", "Course ID", "Last day", "Purpose")
NINA = ("Nina New", "nina@family.test")
KNOWN = ("", f"parent{PARENT}@family.test")
AHEAD = (datetime.now(UTC) + timedelta(days=40)).date()


@pytest.mark.parametrize("road", ROADS)
def test_a_course_whose_sis_id_has_a_slash_is_found(ready: School, road: ImportRoad) -> None:
    def slash(world: dict[str, Any]) -> None:
        course = next(one for one in world["courses"] if one["id"] == MATHS)
        course["sis_course_id"] = "2026/27 MATH#1"
        for section in course["sections"]:
            section["sis_section_id"] += "/é"

    ready.changes(slash)
    import_id = previewed(ready, sheet([(*KNOWN, "S000105", "2026/27 MATH#1", "", "")], HEADER))
    assert verdicts(import_id) == ["matched"]

    ran(import_id, road)

    assert [row.state for row in rows(import_id)] == [RowState.DONE]
    assert MATHS in {course for course, _, whom in ready.observing(PARENT) if whom == 105}


@pytest.mark.both_databases
@pytest.mark.parametrize("road", ROADS)
def test_one_course_by_either_road_and_back(ready: School, road: ImportRoad) -> None:
    before = memory(ready)
    (section,) = {s for _, s in ready.sections_of(105, MATHS)}
    content = sheet(
        [
            (*NINA, "S000105", f"C{MATHS}", AHEAD.isoformat(), "Coach"),
            (*KNOWN, "S000105", f"C{MATHS}", "", ""),
            (*KNOWN, "S000106", "", "", ""),
        ],
        HEADER,
    )
    import_id = previewed(ready, content)
    assert verdicts(import_id) == ["new", "matched", "matched"]
    assert memory(ready) == before

    of = ran(import_id, road)

    assert of.state is ImportState.DONE
    assert [(row.state, row.made_link, row.told) for row in rows(import_id)] == [
        (RowState.DONE, True, None)
    ] * 3
    nina = int(rows(import_id)[0].observer_id or 0)
    assert ready.observing(nina) == [(MATHS, section, 105)]
    assert (MATHS, section, 105) in ready.observing(PARENT)
    assert {pair for pair in ready.links() if pair[0] in (nina, PARENT)} == {(PARENT, 106)}
    coach = next(link for link in all_links() if link.observer.canvas_user_id == str(nina))
    assert (coach.purpose, coach.ends_on) == ("coach", AHEAD)
    undone(import_id)
    assert memory(ready) == before


@fact("rest 6.4", "Rows of enrollments.csv enroll observers of one student in one section.")
def test_canvas_s_importer_makes_the_enrollments_itself(ready: School) -> None:
    import_id = previewed(ready, sheet([(*KNOWN, "S000105", f"C{MATHS}", "", "")], HEADER))
    ready.forgets_calls()

    ran(import_id, ImportRoad.SIS)

    assert [row["path"] for row in ready.writes()] == ["/api/v1/accounts/self/sis_imports"]
    assert [course for course, _, student in ready.observing(PARENT) if student == 105] == [MATHS]


@pytest.mark.parametrize("road", ROADS)
def test_a_course_that_is_removed_comes_back_when_it_is_undone(ready: School, road: ImportRoad) -> None:
    ran(previewed(ready, sheet([(*KNOWN, "S000105", f"C{MATHS}", AHEAD.isoformat(), "Mentor")], HEADER)))
    before = memory(ready)
    header = (*HEADER[:4], "Action")
    import_id = previewed(ready, sheet([(*KNOWN, "S000105", f"C{MATHS}", "remove")], header))
    assert verdicts(import_id) == ["remove"]

    ran(import_id, road)
    assert not [spot for spot in ready.observing(PARENT) if spot[0] == MATHS]
    assert LinkState.ACTIVE not in {link.state for link in all_links()}

    undone(import_id)
    assert memory(ready) == before
    (link,) = [link for link in all_links() if link.state is LinkState.ACTIVE]
    assert (link.purpose, link.ends_on) == ("mentor", AHEAD)


def test_sections_without_sis_ids_are_done_through_the_api(ready: School) -> None:
    ready.changes(without_section_ids)
    content = sheet([(*NINA, "S000105", "", "", ""), (*NINA, "S000106", f"C{MATHS}", "", "")], HEADER)
    import_id = previewed(ready, content)

    ran(import_id, ImportRoad.SIS)

    made = rows(import_id)
    assert [(row.state, row.pair_line is None) for row in made] == [
        (RowState.DONE, False),
        (RowState.DONE, True),
    ]
    assert (MATHS, 106) in {(c, s) for c, _, s in ready.observing(int(made[0].observer_id or 0))}


def without_section_ids(world: dict[str, Any]) -> None:
    for course in world["courses"]:
        for section in course["sections"]:
            section["sis_section_id"] = None


def two_sections(world: dict[str, Any]) -> None:
    """Student 105 is in another section of the course, too."""
    maths = next(course for course in world["courses"] if course["id"] == MATHS)
    theirs = next(
        e
        for e in world["enrollments"]
        if (e["user_id"], e["course_id"]) == (105, MATHS) and "Student" in e["type"]
    )
    other = next(section for section in maths["sections"] if section["id"] != theirs["section_id"])
    number = max(e["id"] for e in world["enrollments"]) + 1
    world["enrollments"].append({**theirs, "id": number, "section_id": other["id"]})


@fact("rest 6.4", "An associated user that is not known is told of each row of enrollments.csv.")
def test_a_message_about_any_section_comes_back_to_its_row(ready: School) -> None:
    """Between preview and import a student loses their SIS id: the file names them in vain."""
    ready.changes(two_sections)
    content = sheet(
        [
            (*KNOWN, "S000106", f"C{MATHS}", "", ""),
            (*KNOWN, "S000105", f"C{MATHS}", "", ""),
            (*KNOWN, "S000107", f"C{MATHS}", "", ""),
        ],
        HEADER,
    )
    import_id = previewed(ready, content)
    ready.changes(lambda world: forget_sis(world, 105))

    ran(import_id, ImportRoad.SIS)

    assert [(row.state, row.told) for row in rows(import_id)] == [
        (RowState.DONE, None),
        (RowState.FAILED, "An enrollment referenced a non-existent associated user S000105"),
        (RowState.DONE, None),
    ]
    assert one(import_id).sis_words == []


def test_what_an_observer_had_in_the_course_before_is_spared(ready: School) -> None:
    """One of a student's two sections was observed before, the other is made by Canvas's importer."""
    ready.changes(two_sections)
    first, _second = sorted(s for c, s in ready.sections_of(105, MATHS) if c == MATHS)
    ready.changes(lambda world: world["enrollments"].append(observing(world, first)))
    before = memory(ready)
    import_id = previewed(ready, sheet([(*KNOWN, "S000105", f"C{MATHS}", "", "")], HEADER))

    ran(import_id, ImportRoad.SIS)
    assert len([spot for spot in ready.observing(PARENT) if spot[0] == MATHS]) == 2

    undone(import_id)
    assert memory(ready) == before


def observing(world: dict[str, Any], section: int) -> dict[str, Any]:
    like = next(e for e in world["enrollments"] if e["section_id"] == section and e["user_id"] == 105)
    number = max(e["id"] for e in world["enrollments"]) + 1
    mine = {"id": number, "user_id": PARENT, "type": "ObserverEnrollment", "associated_user_id": 105}
    return {**like, **mine}


@pytest.mark.parametrize("course", ["", f"C{MATHS}"], ids=["all courses", "one course"])
def test_what_the_do_not_pair_list_forbids_meanwhile_is_taken_back(ready: School, course: str) -> None:
    """Canvas's importer knows no such list."""
    before, now = memory(ready), datetime.now(UTC)
    import_id = previewed(ready, sheet([(*KNOWN, "S000105", course, "", "")], HEADER))
    with db.transaction() as session:
        author, student, parent = (
            people.remember(session, ready.institution_id, number, number, now)
            for number in ("10", "105", str(PARENT))
        )
        bars.make(session, author, student, parent, None, "", now)

    ran(import_id, ImportRoad.SIS)

    assert [row.state for row in rows(import_id)] == [RowState.FAILED]
    assert memory(ready) == before


@pytest.mark.parametrize("road", ROADS)
def test_the_last_day_ends_what_was_imported(ready: School, run_jobs: Runner, road: ImportRoad) -> None:
    before = memory(ready)["enrollments"]
    ran(previewed(ready, sheet([(*KNOWN, "S000105", f"C{MATHS}", AHEAD.isoformat(), "")], HEADER)), road)
    assert memory(ready)["enrollments"] != before

    with db.transaction() as session:
        assert ending.end_due(session, datetime.now(UTC) + timedelta(days=39), 10) == 0
        assert ending.end_due(session, datetime.now(UTC) + timedelta(days=42), 10) == 1
    everything_settles(run_jobs)

    assert memory(ready)["enrollments"] == before


@pytest.mark.parametrize(
    ("course", "last_day", "purpose", "verdict"),
    [
        (f"C{MATHS}", AHEAD.isoformat(), "Tutor", "matched"),
        (f"C{MATHS}", AHEAD.strftime("%d.%m.%Y"), "", "matched"),
        (f"C{MATHS}", "2020-01-01", "", "date_over"),
        (f"C{MATHS}", "soon", "", "unclear_date"),
        (f"C{MATHS}", "3/4/2031", "", "unclear_date"),
        (f"C{MATHS}", "", "neighbor", "unclear_purpose"),
        ("", AHEAD.isoformat(), "", "date_everywhere"),
        ("", "", "neighbor", "matched"),
    ],
)
def test_days_and_purposes_that_make_no_sense_are_said(
    ready: School, course: str, last_day: str, purpose: str, verdict: str
) -> None:
    content = sheet([(*KNOWN, "S000105", course, last_day, purpose)], HEADER)

    assert verdicts(previewed(ready, content)) == [verdict]


def test_a_purpose_that_the_policy_does_not_know_is_said(ready: School) -> None:
    now = datetime.now(UTC)
    with db.transaction() as session:
        author = people.remember(session, ready.institution_id, "10", "Admin", now)
        old = policy.in_force(session, ready.institution_id)
        fewer = replace(old.policy, purposes=("parent",))
        assert policy.decide(session, ready.institution_id, fewer, old.version, author.id, now)

    content = sheet([(*KNOWN, "S000105", f"C{MATHS}", "", "Coach")], HEADER)

    assert verdicts(previewed(ready, content)) == ["unclear_purpose"]


@pytest.mark.parametrize(
    ("choice", "shown"), [("yes", "until December 3, 2031"), ("no", "until March 12, 2031")]
)
def test_an_admin_says_which_way_round_dates_are(
    ready: School, run_jobs: Runner, choice: str, shown: str
) -> None:
    admin = Admin(ready, ADMIN)
    row: Sequence[str] = (*KNOWN, "S000105", f"C{BIOLOGY}", "3/12/2031", "Coach")
    page = uploads(admin, sheet([row], HEADER))

    page = settled(admin, admin.press(page, "Show what would happen", day_first=choice), run_jobs)

    page = admin.press(page, "Show: Somebody with an account is connected")
    assert f"{shown} · Coach" in page.text


@pytest.mark.parametrize(
    ("locale", "day_first"),
    [("en", False), ("en-GB", True), ("de", True), ("es-MX", True), (None, False), ("no such", False)],
)
def test_who_is_not_asked_writes_dates_as_their_language_does(locale: str | None, day_first: bool) -> None:
    assert import_columns.decided_days({}, locale) is day_first
