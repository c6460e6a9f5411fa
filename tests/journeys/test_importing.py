"""Observers in bulk: what a preview says, what then happens by either road, and how it is undone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app import db, people, policy
from app.models import Import, ImportChunk, ImportRoad, ImportState, LinkState, RowState, Way
from app.pairing import bars
from app.pairing.imports import keeping, steering, turns
from app.pairing.imports.reading import LANES
from app.tasks import imports as tasks
from app.tasks.pairing import access
from tests.facts import fact
from tests.journeys.importing import (
    lend_all,
    memory,
    one,
    previewed,
    ran,
    rows,
    sheet,
    undone,
    verdicts,
    work,
)
from tests.people import MATHS, School
from tests.records import all_links
from tests.sandbox.importing import settle, zipped

LINKS = ("observer_id", "student_id", "status")
ROADS = [ImportRoad.API, ImportRoad.SIS]
PARENT, OTHER = 44, 43  # they have accounts, and no SIS ids


def prepare(world: dict[str, Any]) -> None:
    """The account may do everything; two parents have SIS ids, and the course and its sections, too."""
    lend_all(world)
    for user in world["users"]:
        if user["id"] in (PARENT, OTHER):
            user["logins"][0]["sis_user_id"] = f"P{user['id']}"
            user["email"] = f"parent{user['id']}@family.test"
    for course in world["courses"]:
        course["sis_course_id"] = f"C{course['id']}"
        for section in course["sections"]:
            section["sis_section_id"] = f"X{section['id']}"


@pytest.fixture
def ready(school: School) -> School:
    school.changes(prepare)
    return school


def work_once(import_id: int) -> None:
    tasks.work_on(import_id, 0, one(import_id).state.value)


NINA = ("Nina New", "nina@family.test")
FAMILY = [
    (*NINA, "S000105"),
    (*NINA, "S000106"),
    ("", f"parent{PARENT}@family.test", "S000107"),
]


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


def admin_token(school: School) -> str:
    return next(token["token"] for token in school.canvas.state()["access_tokens"])


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
    token = admin_token(ready)
    (section,) = {s for _, s in ready.sections_of(105, MATHS)}
    made = ready.canvas.post(
        f"/sections/{section}/enrollments",
        token,
        **{
            "enrollment[user_id]": str(PARENT),
            "enrollment[type]": "ObserverEnrollment",
            "enrollment[associated_user_id]": "105",
            "enrollment[enrollment_state]": "active",
        },
    )
    assert made.status_code == 200
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


@fact(
    "rest 6.3", "Row errors of user_observers.csv come in this order: ids, oneself, status, unknown people."
)
@fact("rest 6.5", "users.csv says which user_id, login_id or status is missing or taken.")
def test_every_message_of_canvas_is_foretold(ready: School) -> None:
    """The very file is handed to Canvas's importer; it says what the preview said."""
    users = [
        "user_id,login_id,status,full_name,email",
        "N1,nina,active,Nina New,nina@family.test",
        ",nobody,active,Nobody,",
        "N2,,active,No Login,",
        "N3,login3,,No Status,",
        "N4,login4,gone,Wrong Status,",
        f"N5,{login(ready, PARENT)},active,Taken,",
        "N6,login6,active,Bad Mail,not an address",
    ]
    links = [
        "observer_id,student_id,status",
        "N1,S000105,active",
        f"P{PARENT},S000105,active",
        ",S000105,active",
        f"P{PARENT},,active",
        "S000105,S000105,active",
        f"P{PARENT},S000105,maybe",
        "N99,S000105,active",
        f"P{PARENT},S999999,active",
        f"P{PARENT},S000106,deleted",
    ]
    enrollments = [
        "course_id,section_id,user_id,role,status,associated_user_id",
        f"C{MATHS},,P{PARENT},observer,active,S000105",
        f",,P{PARENT},observer,active,S000105",
        f"C{MATHS},,,observer,active,S000105",
        f"C{MATHS},,P{PARENT},observer,maybe,S000105",
        f"C{MATHS},,N99,observer,active,S000105",
        f"nowhere,,P{PARENT},observer,active,S000105",
        f"C{MATHS},nowhere,P{PARENT},observer,active,S000105",
        f"C{MATHS},,P{PARENT},observer,active,S999999",
    ]
    content = zipped(
        users="\n".join(users), user_observers="\n".join(links), enrollments="\n".join(enrollments)
    )
    import_id = previewed(ready, content, "sis.zip")
    foretold = {(f"{row.source}.csv", row.number, row.told) for row in rows(import_id) if row.told}

    token = admin_token(ready)
    answer = ready.canvas.api(
        "POST", "/accounts/1/sis_imports", token, files={"attachment": ("sis.zip", content)}
    )
    settle(ready.canvas)
    found = ready.canvas.get(f"/accounts/1/sis_imports/{answer.json()['id']}/errors", token, per_page=100)
    said = {(e["file"], e["row"], e["message"]) for e in found["sis_import_errors"]}

    assert foretold == said


def login(school: School, user_id: int) -> str:
    user = next(each for each in school.canvas.state()["users"] if each["id"] == user_id)
    name: str = user["logins"][0]["unique_id"]
    return name


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


def forget_sis(world: dict[str, Any], user_id: int) -> None:
    user = next(each for each in world["users"] if each["id"] == user_id)
    user["logins"][0]["sis_user_id"] = None


def test_an_import_that_canvas_holds_back_is_waited_for_and_can_be_paused(ready: School) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    settle(ready.canvas, hold=True)
    with db.transaction() as session:
        steering.run(session, session.get_one(Import, import_id), ImportRoad.SIS, datetime.now(UTC))
    work_once(import_id)
    assert one(import_id).state is ImportState.FOLLOWING
    assert ready.links() == set() or (PARENT, 107) not in ready.links()

    settle(ready.canvas, hold=False)
    assert work(import_id).state is ImportState.DONE
    assert (PARENT, 107) in ready.links()


@pytest.mark.both_databases
def test_two_parents_who_share_an_address_are_asked_about(ready: School) -> None:
    content = sheet(
        [
            ("Nina New", "home@family.test", "S000105"),
            ("Ned New", "home@family.test", "S000105"),
            ("Somebody Else", f"parent{PARENT}@family.test", "S000105"),
            ("Nina New", "home@family.test", "S000106"),
        ]
    )
    import_id = previewed(ready, content)

    assert verdicts(import_id) == ["new", "shared_email", "shared_email", "new"]
    before = rows(import_id)
    assert [c["name"] for c in before[1].candidates or ()] == ["Nina New"]


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("header", "own"), [("Parent Login", "ned.new"), ("Parent SIS ID", "Q7")], ids=["login", "sis id"]
)
def test_somebody_who_shares_an_address_gets_an_account_of_their_own(
    ready: School, header: str, own: str, road: ImportRoad
) -> None:
    """Both rows are about one person, who is not the one that has the address already."""
    before = memory(ready)
    ned = (own, "Ned New", f"parent{PARENT}@family.test")
    people_and_students = (header, "Parent Name", "Parent Email", "Student ID")
    import_id = previewed(
        ready, sheet([(*ned, student) for student in ("S000105", "S000106")], people_and_students)
    )
    assert verdicts(import_id) == ["shared_email"] * 2
    assert all("new" in {one["id"] for one in row.candidates or ()} for row in rows(import_id))

    decides(import_id, "new")
    assert verdicts(import_id) == ["new"] * 2
    ran(import_id, road)

    made = rows(import_id)
    assert [row.made_account for row in made] == [True, False]
    (new,) = {int(row.observer_id or 0) for row in made}
    assert new != PARENT
    assert login(ready, new) == own
    assert {pair for pair in ready.links() if pair[0] in (new, PARENT)} == {(new, 105), (new, 106)}
    undone(import_id)
    assert memory(ready) == before


def test_without_a_login_of_their_own_no_account_is_offered(ready: School) -> None:
    import_id = previewed(ready, sheet([("Ned New", f"parent{PARENT}@family.test", "S000105")]))

    (row,) = rows(import_id)
    assert [one["id"] for one in row.candidates or ()] == [str(PARENT)]
    with db.transaction() as session:
        of = session.get_one(Import, import_id)
        assert steering.choose(session, of, [(row.id, "new")], datetime.now(UTC)) == 0


def decides(import_id: int, choice: str) -> None:
    """The same about every row that is asked about."""
    with db.transaction() as session:
        of = session.get_one(Import, import_id)
        choices = [(row.id, choice) for row in rows(import_id) if row.candidates]
        assert steering.choose(session, of, choices, datetime.now(UTC)) == len(choices)
    work(import_id)


def test_a_row_given_twice_is_done_once(ready: School) -> None:
    content = sheet([FAMILY[2], FAMILY[2], (f"P{PARENT}", f"parent{PARENT}@family.test", "S000107")])
    assert verdicts(previewed(ready, content)) == ["matched", "repeated", "shared_email"]


def test_nobody_is_connected_with_themself(ready: School) -> None:
    assert verdicts(previewed(ready, sheet([("S000105", "S000105", "active")], LINKS))) == ["self"]


@pytest.mark.both_databases
def test_a_large_sheet_is_compared_with_the_list_of_people(ready: School) -> None:
    """A list of a few pages, instead of a question for each row; and the same verdicts."""
    many = [(f"New {n}", f"new{n}@family.test", f"S{105 + n % 12:06}") for n in range(80)]
    ready.changes(tell_addresses)
    ready.forgets_calls()

    import_id = previewed(ready, sheet([*many, FAMILY[2]]))

    assert verdicts(import_id) == ["new"] * 80 + ["matched"]
    calls = [row["path"] for row in ready.canvas.log() if row["path"].startswith("/api/v1/")]
    assert sum("/accounts/" in path and path.endswith("/users") for path in calls) <= 3
    assert len(calls) < 15


def tell_addresses(world: dict[str, Any]) -> None:
    """The developer key enforces no scopes, so lists tell addresses."""
    world["developer_keys"][0]["scopes"] = None
    for token in world["access_tokens"]:
        token["scopes"] = None


def test_an_address_within_another_is_not_taken_for_it(ready: School) -> None:
    content = sheet([("", f"arent{PARENT}@family.test", "S000105"), ("", "parent4@family.test", "S000105")])

    assert verdicts(previewed(ready, content)) == ["new", "new"]


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


def begun(import_id: int, road: ImportRoad = ImportRoad.API) -> None:
    with db.transaction() as session:
        assert steering.run(session, session.get_one(Import, import_id), road, datetime.now(UTC))


def step(import_id: int) -> None:
    """The least a job can do: one row, of the first lane that has one."""
    for lane in range(LANES):
        done = one(import_id).done
        turns.turn(import_id, lane, "running", access(), lambda: datetime.now(UTC), timedelta(milliseconds=1))
        if one(import_id).done > done:
            return


def steer(import_id: int, what: Any) -> bool:
    with db.transaction() as session:
        held: bool = what(session, session.get_one(Import, import_id), datetime.now(UTC))
        return held


def test_paused_it_does_nothing_and_goes_on_where_it_was(ready: School) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    begun(import_id)
    step(import_id)
    assert one(import_id).done == 1

    assert steer(import_id, lambda session, of, now: steering.pause(session, of))
    step(import_id)
    assert one(import_id).done == 1

    assert steer(import_id, steering.resume)
    of = work(import_id)
    assert (of.state, of.done) == (ImportState.DONE, 3)


@pytest.mark.both_databases
def test_canceled_it_leaves_the_rest_and_what_was_done_can_be_undone(ready: School) -> None:
    before = memory(ready)
    import_id = previewed(ready, sheet(FAMILY))
    begun(import_id)
    step(import_id)

    assert steer(import_id, steering.cancel)
    step(import_id)

    assert sorted(row.state for row in rows(import_id)) == ["done", "seen", "seen"]
    assert undone(import_id).state is ImportState.UNDONE
    assert memory(ready) == before


@pytest.mark.both_databases
def test_after_thirty_days_it_cannot_be_undone_and_its_rows_are_thrown_away(ready: School) -> None:
    import_id = previewed(ready, sheet(FAMILY))
    ran(import_id)
    later = datetime.now(UTC) + timedelta(days=31)

    keeping.tidy(datetime.now(UTC) + timedelta(days=29))
    assert len(rows(import_id)) == 3
    keeping.tidy(later)

    assert rows(import_id) == []
    assert one(import_id).emptied_at is not None
    with db.transaction() as session:
        assert not steering.may_undo(session, one(import_id), later)
        assert session.scalar(select(func.count()).select_from(ImportChunk)) == 0


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


def test_whoever_is_on_the_do_not_pair_list_is_told_in_the_preview(ready: School) -> None:
    now = datetime.now(UTC)
    with db.transaction() as session:
        admin, student, observer = (
            people.remember(session, ready.institution_id, number, name, now)
            for number, name in (("10", "Admin"), ("107", "Student"), (str(PARENT), "Parent"))
        )
        bars.make(session, admin, student, observer, None, "", now)
        bars.make(session, admin, student, None, "nina@family.test", "", now)
    content = sheet([FAMILY[2], FAMILY[0], (*NINA, "S000107")])

    assert verdicts(previewed(ready, content)) == ["blocked", "new", "blocked"]
