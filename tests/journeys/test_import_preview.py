"""What a preview says of rows: who is meant, who is asked about, and what Canvas would say."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app import db, people
from app.models import Import, ImportRoad
from app.pairing import bars
from app.pairing.imports import directory, steering
from tests.facts import fact
from tests.journeys.importing import (
    FAMILY,
    LINKS,
    NINA,
    OTHER,
    PARENT,
    ROADS,
    admin_token,
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
from tests.people import BIOLOGY, MATHS, READING, School
from tests.sandbox.importing import settle, zipped

__all__ = ["ready"]


@fact(
    "rest 6.3", "Row errors of user_observers.csv come in this order: ids, oneself, status, unknown people."
)
@fact("rest 6.5", "users.csv says which user_id, login_id or status is missing or taken.")
def test_every_message_of_canvas_is_foretold(ready: School) -> None:
    """The very file is handed to Canvas's importer; it says what the preview said."""
    ready.changes(without_sis_id)
    ready.changes(cross_listed)
    users = [
        "user_id,login_id,status,full_name,email",
        "N1,nina,active,Nina New,nina@family.test",
        ",nobody,active,Nobody,",
        "N2,,active,No Login,",
        "N3,login3,,No Status,",
        "N4,login4,gone,Wrong Status,",
        f"N5,{login(ready, PARENT)},active,Taken,",
        "N6,login6,active,Bad Mail,not an address",
        f"N7,{'n' * 101},active,Long Login,",
        f"P{PARENT},{login(ready, OTHER)},active,Taken without SIS id,",
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
        f"C{BIOLOGY},maths,P{PARENT},observer,active,S000105",
        f"C{READING},maths,P{PARENT},observer,active,S000105",
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
    assert ("enrollments.csv", 10) in {(file, number) for file, number, _ in said}
    assert ("enrollments.csv", 11) not in {(file, number) for file, number, _ in said}


def without_sis_id(world: dict[str, Any]) -> None:
    other = next(each for each in world["users"] if each["id"] == OTHER)
    other["logins"][0]["sis_user_id"] = None


def cross_listed(world: dict[str, Any]) -> None:
    """A section of mathematics was one of reading before."""
    maths = next(each for each in world["courses"] if each["id"] == MATHS)
    maths["sections"][0] |= {"sis_section_id": "maths", "nonxlist_course_id": READING}


def login(school: School, user_id: int) -> str:
    user = next(each for each in school.canvas.state()["users"] if each["id"] == user_id)
    name: str = user["logins"][0]["unique_id"]
    return name


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


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        (("Parent SIS ID", "Parent Email"), ("yes", "ann@family.test"), ("yes", "ben@family.test")),
        (("Parent SIS ID", "Parent Login"), ("yes", "ann"), ("yes", "ben")),
        (("Parent Login", "Parent Email"), ("ann", "ann@family.test"), ("ann", "ben@family.test")),
    ],
    ids=["other address", "other login", "login with two addresses"],
)
def test_one_id_with_two_addresses_or_logins_is_asked_about(
    ready: School, header: tuple[str, ...], first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    pairs = [(*first, "S000105"), (*second, "S000106"), (*first, "S000107")]

    import_id = previewed(ready, sheet(pairs, (*header, "Student ID")))
    assert verdicts(import_id) == ["new", "shared_email", "new"]

    decides(import_id, "same")
    assert verdicts(import_id) == ["new"] * 3


WITH_IDS = ("Parent SIS ID", "Parent Login", "Parent Name", "Parent Email", "Student ID")
ANNA = ("N1", "", "Anna New", "home@family.test", "S000105")


@pytest.mark.both_databases
@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("choice", "people"), [("new", [{105}, {106, 107}]), ("same", [{105, 106, 107}])], ids=["two", "one"]
)
def test_two_ids_that_would_get_one_login_are_asked_about(
    ready: School, road: ImportRoad, choice: str, people: list[set[int]]
) -> None:
    before = memory(ready)
    bert = ("N2", "", "Bert New", "Home@family.test")
    import_id = previewed(ready, sheet([ANNA, (*bert, "S000106"), (*bert, "S000107")], WITH_IDS))
    assert verdicts(import_id) == ["new", "shared_email", "shared_email"]
    assert [one["name"] for one in rows(import_id)[1].candidates or ()] == ["Anna New", "Bert New"]

    decides(import_id, choice)
    assert verdicts(import_id) == ["new"] * 3
    ran(import_id, road)

    made = set(ready.links()) - set(before["links"])
    observers = sorted({observer for observer, _ in made})
    assert [{student for one, student in made if one == observer} for observer in observers] == people
    undone(import_id)
    assert memory(ready) == before


@pytest.mark.parametrize(
    "second",
    [("N2", "home@family.test", "Bert New", "bert@family.test"), ("", "", "Anna New", "home@family.test")],
    ids=["login of another's address", "one without an id"],
)
def test_a_login_that_an_earlier_row_gets_is_not_offered_to_another(
    ready: School, second: tuple[str, ...]
) -> None:
    import_id = previewed(ready, sheet([ANNA, (*second, "S000106")], WITH_IDS))

    assert verdicts(import_id) == ["new", "shared_email"]
    offered = [one.get("login") for one in rows(import_id)[1].candidates or ()]
    assert offered == ([None, "N2"] if second[0] else [None])


NAMED = ("Parent SIS ID", "Parent Name", "Student ID", "Student Name")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("observer", "student"),
    [("", "Xaver Quist"), ("Yolanda Quist", ""), ("Yolanda Quist", "Xaver Quist")],
    ids=["student", "observer", "both"],
)
def test_an_id_of_somebody_with_quite_another_name_is_asked_about(
    ready: School, observer: str, student: str
) -> None:
    """Both names are shown; nothing is done before somebody says that the id is right."""
    content = sheet([(f"P{PARENT}", observer, "S000107", student)], NAMED)
    before = ready.links()

    import_id = previewed(ready, content)

    assert verdicts(import_id) == ["other_name"]
    ((choice,),) = (row.candidates for row in rows(import_id))
    assert choice is not None
    assert choice["name"] == ", ".join(filter(None, (observer, student)))
    known = [name_of(ready, number) for number, said in ((PARENT, observer), (107, student)) if said]
    assert choice["known"] == ", ".join(known)
    decides(import_id, "as_found")
    assert verdicts(import_id) == ["matched"]
    ran(import_id)
    assert set(ready.links()) - set(before) == {(PARENT, 107)}


def test_a_name_that_is_partly_the_same_or_not_given_is_not_asked_about(ready: School) -> None:
    first, *_ = name_of(ready, 107).split()
    pairs = [(f"P{PARENT}", "", "S000107", ""), (f"P{OTHER}", "", "S000107", f"{first} de Quist")]

    assert verdicts(previewed(ready, sheet(pairs, NAMED))) == ["matched"] * 2


def test_after_the_question_about_the_student_comes_the_one_about_the_observer(ready: School) -> None:
    header = ("Parent Name", "Parent Email", "Student ID", "Student Name")
    pairs = [("Yolanda Quist", f"parent{PARENT}@family.test", "S000107", "Xaver Quist")]

    import_id = previewed(ready, sheet(pairs, header))
    assert verdicts(import_id) == ["other_name"]
    decides(import_id, "as_found")
    assert verdicts(import_id) == ["shared_email"]
    decides(import_id, str(PARENT))
    assert verdicts(import_id) == ["matched"]


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
        assert steering.choose(session, of, [(row.id, "new")], None, datetime.now(UTC)) == 0


@pytest.mark.parametrize("listed", [False, True])
def test_an_address_that_is_only_a_login_is_found_by_list_and_by_question(
    ready: School, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def log_in_by_address(world: dict[str, Any]) -> None:
        parent = next(user for user in world["users"] if user["id"] == PARENT)
        parent["logins"][0]["unique_id"], parent["email"] = "known@family.test", None

    ready.changes(log_in_by_address)
    monkeypatch.setattr(directory, "LIST_FROM", 1 if listed else 1000)

    import_id = previewed(ready, sheet([("", "Known@Family.test", "S000105")]))

    assert one(import_id).listed is listed
    assert [(row.verdict, row.observer_id) for row in rows(import_id)] == [("matched", str(PARENT))]


def name_of(school: School, user_id: int) -> str:
    name: str = next(each for each in school.canvas.state()["users"] if each["id"] == user_id)["name"]
    return name


def decides(import_id: int, choice: str) -> None:
    """The same about every row that is asked about."""
    with db.transaction() as session:
        of = session.get_one(Import, import_id)
        choices = [(row.id, choice) for row in rows(import_id) if row.candidates]
        assert steering.choose(session, of, choices, None, datetime.now(UTC)) == len(choices)
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


def test_a_row_with_a_problem_does_not_stand_for_a_good_one_below(ready: School) -> None:
    pairs = [(*NINA, "S000105", "maybe"), (*NINA, "S000105", "add"), (*NINA, "S000105", "add")]

    import_id = previewed(ready, sheet(pairs, ("Parent Name", "Parent Email", "Student ID", "Action")))

    assert verdicts(import_id) == ["unclear_action", "new", "repeated"]


def test_a_student_whose_sis_id_has_a_slash_is_known(ready: School) -> None:
    def rename(world: dict[str, Any]) -> None:
        student = next(user for user in world["users"] if user["id"] == 105)
        student["logins"][0]["sis_user_id"] = "2026/7A/5"

    ready.changes(rename)

    assert verdicts(previewed(ready, sheet([(*NINA, "2026/7A/5")]))) == ["new"]


def test_rows_of_enrollments_about_others_are_counted_and_canvas_is_not_asked(ready: School) -> None:
    header = ("course_id", "user_id", "role", "role_id", "status", "associated_user_id")
    course = f"C{MATHS}"
    others = [
        (course, "S000105", "student", "", "active", ""),
        (course, "S000106", "", "3", "active", ""),
        (course, f"P{OTHER}", "Parent Observer", "", "active", "S000105"),
    ]
    ready.forgets_calls()

    import_id = previewed(
        ready, sheet([*others, (course, f"P{PARENT}", "observer", "", "active", "S000105")], header)
    )

    assert verdicts(import_id) == ["not_observer"] * 3 + ["matched"]
    assert [row.told for row in rows(import_id)] == [None] * 4
    asked = [row["path"] for row in ready.canvas.log()]
    assert any(f"P{PARENT}" in path for path in asked)
    assert not any(f"P{OTHER}" in path or "S000106" in path for path in asked)
