"""Courses, sections and terms: states, dates, cross-listing."""

from typing import Any

import pytest

from tests.facts import fact
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import DRAFT, MATHS, MIA, NILS, OLD, PARENT, A, B, small_world

PAST, FUTURE = "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"
READING_LATE = {"id": 2, "name": "Long ago", "start_at": "2019-01-01T00:00:00Z", "end_at": PAST}
COMING = {"id": 3, "name": "To come", "start_at": FUTURE, "sis_term_id": "soon"}


def world_with(course: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The small world with another MATHS, which belongs to a term of its own if one is given."""
    world = small_world() | more
    world["courses"][0] |= course or {}
    return world


def observe(canvas: Sandbox, caller: str = "tok-admin", **values: Any) -> Any:
    data = {"user_id": PARENT, "type": "ObserverEnrollment"} | values
    body = {f"enrollment[{name}]": value for name, value in data.items()}
    return canvas.post(f"/courses/{MATHS}/enrollments", caller, **body)


CONCLUDED_TEXT = "Can't add an enrollment to a concluded course."


@fact("rest 3.1", "A course is concluded too when its dates, or else its term's, are past.")
@pytest.mark.parametrize(
    ("course", "status"),
    [
        ({"term_id": 2}, 400),
        ({"term_id": 3}, 200),
        ({"end_at": PAST}, 200),
        ({"end_at": PAST, "restrict_enrollments_to_course_dates": True}, 400),
        ({"term_id": 2, "end_at": FUTURE, "restrict_enrollments_to_course_dates": True}, 200),
        ({"workflow_state": "completed"}, 400),
    ],
)
def test_a_course_is_over_when_its_dates_are_past(
    canvas: Sandbox, course: dict[str, Any], status: int
) -> None:
    canvas.use(world_with(course, terms=[{"id": 1}, READING_LATE, COMING]))
    answer = observe(canvas)
    assert answer.status_code == status
    if status == 400:
        assert answer.json() == {"message": CONCLUDED_TEXT}


@fact("rest 3.1", "Whoever is in a concluded course may still be added to a given section that is open.")
def test_an_open_section_of_a_concluded_course_takes_those_who_are_in_it(canvas: Sandbox) -> None:
    world = world_with({"term_id": 2}, terms=[{"id": 1}, READING_LATE])
    world["courses"][0]["sections"][1] |= {"end_at": FUTURE, "restrict_enrollments_to_section_dates": True}
    canvas.use(world)
    student = {"user_id": MIA, "type": "TaEnrollment"}
    assert observe(canvas, **student, course_section_id=B).status_code == 200
    assert observe(canvas, **student, course_section_id=A).status_code == 400
    assert observe(canvas, course_section_id=B).status_code == 400
    assert observe(canvas, **student).status_code == 400


@fact(
    "rest 4.3",
    "Past dates leave staff their reading rights and take the others.",
    uncertain="the course policy was not found",
)
def test_past_dates_leave_staff_nothing_but_a_look_back(canvas: Sandbox) -> None:
    canvas.use(world_with({"term_id": 2}, terms=[{"id": 1}, READING_LATE]))
    assert canvas.api("GET", f"/courses/{MATHS}/users", "tok-teacher").status_code == 200
    row = canvas.state()["enrollments"][0]["id"]
    assert (
        canvas.delete(f"/courses/{MATHS}/enrollments/{row}", "tok-teacher", task="delete").status_code == 403
    )
    assert canvas.delete(f"/courses/{MATHS}/enrollments/{row}", "tok-admin", task="delete").status_code == 200


@fact(
    "rest 4.3",
    "Before a course begins its staff are in it already, its students not yet.",
    uncertain="the precedence of dates is from memory",
)
def test_before_the_beginning_a_course_is_its_staffs(canvas: Sandbox) -> None:
    dates = {"start_at": FUTURE, "end_at": "2091-01-01T00:00:00Z"}
    canvas.use(world_with(dates | {"restrict_enrollments_to_course_dates": True}))
    assert canvas.api("GET", f"/courses/{MATHS}/users", "tok-teacher").status_code == 200
    assert canvas.api("GET", f"/courses/{MATHS}/users", "tok-mia").status_code == 403
    active = canvas.get("/courses", "tok-mia", enrollment_state="active")
    assert [course["id"] for course in active] == []
    assert MATHS in [course["id"] for course in canvas.get("/courses", "tok-mia")]
    own = canvas.get("/users/self/enrollments", "tok-mia", **{"state[]": "current_and_invited"})
    assert {row["course_id"] for row in own} == {DRAFT}


@fact("rest 1.9", "A link takes no account of dates.")
def test_a_link_takes_no_account_of_dates(canvas: Sandbox) -> None:
    canvas.use(world_with({"term_id": 2}, terms=[{"id": 1}, READING_LATE]))
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    assert canvas.enrollments(PARENT) == [(B, "Observer", NILS, "active")]


@fact("rest 3.1", "Blueprint courses and course templates take observers from nobody, admins included.")
@pytest.mark.parametrize("kind", ["blueprint", "template"])
def test_blueprints_and_templates_take_no_observers(canvas: Sandbox, kind: str) -> None:
    canvas.use(world_with({kind: True}))
    for token in ("tok-teacher", "tok-admin"):
        assert observe(canvas, token).status_code == 403
    assert canvas.get(f"/courses/{MATHS}", "tok-admin")[kind] is True


@fact("rest 3.1", "A template takes nobody at all: course_id is a template course.")
def test_a_template_takes_nobody(canvas: Sandbox) -> None:
    canvas.use(world_with({"template": True}))
    (problem,) = observe(canvas, type="TeacherEnrollment").json()["errors"]["course_id"]
    assert problem["message"] == "is a template course"


@fact("rest 8", "An enrollment reads deleted when its course or section is deleted.")
@fact("rest 8", "A course's workflow_state is unpublished, available, completed or deleted.")
def test_a_course_goes_through_its_states(canvas: Sandbox) -> None:
    path = f"/courses/{MATHS}"
    for event, state in (("claim", "unpublished"), ("offer", "available"), ("conclude", "completed")):
        assert canvas.put(path, "tok-admin", **{"course[event]": event}).json()["workflow_state"] == state
    assert canvas.delete(path, "tok-teacher", event="delete").status_code == 403
    assert canvas.delete(path, "tok-admin").status_code == 400
    assert canvas.delete(path, "tok-admin", event="delete").json() == {"delete": True}
    assert canvas.api("GET", path, "tok-admin").status_code == 404
    row = canvas.state()["enrollments"][0]["id"]
    assert canvas.get(f"/accounts/1/enrollments/{row}", "tok-admin")["enrollment_state"] == "deleted"
    assert MATHS not in {row["course_id"] for row in canvas.get("/users/self/enrollments", "tok-mia")}


@fact("lti 8", "Courses, sections and terms are named by their SIS ids, in hexadecimal too.")
@fact("rest 8", "sis_course_id and sis_section_id show to who may read SIS data.")
def test_courses_and_sections_have_sis_ids(canvas: Sandbox) -> None:
    world = world_with({"sis_course_id": "MA 7-é"}, terms=[{"id": 1}, COMING])
    world["courses"][0]["sections"][0]["sis_section_id"] = "MA-A"
    canvas.use(world)
    hexadecimal = "hex:sis_course_id:" + "MA 7-é".encode().hex()
    for form in ("sis_course_id:MA%207-é", hexadecimal, f"1~{MATHS}", str(10_000_000_000_000 + MATHS)):
        assert canvas.get(f"/courses/{form}", "tok-admin")["sis_course_id"] == "MA 7-é"
    assert "sis_course_id" not in canvas.get(f"/courses/{MATHS}", "tok-mia")
    assert canvas.get("/sections/sis_section_id:MA-A", "tok-teacher")["sis_section_id"] == "MA-A"
    (row,) = canvas.get("/sections/sis_section_id:MA-A/enrollments", "tok-admin", user_id=MIA)
    assert (row["sis_course_id"], row["sis_section_id"]) == ("MA 7-é", "MA-A")
    filtered = canvas.get(f"/courses/{MATHS}/enrollments", "tok-admin", **{"sis_section_id[]": "MA-A"})
    assert {each["course_section_id"] for each in filtered} == {A}
    assert canvas.get("/accounts/1/terms/sis_term_id:soon", "tok-admin")["name"] == "To come"
    assert canvas.api("GET", "/courses/sis_course_id:none", "tok-admin").status_code == 404
    assert canvas.api("GET", "/sections/2~1000", "tok-admin").status_code == 404


def test_an_admin_changes_a_course_and_its_sis_id(canvas: Sandbox) -> None:
    given = {"name": "Sums", "start_at": PAST, "end_at": FUTURE, "sis_course_id": "S-1", "blueprint": "true"}
    given["restrict_enrollments_to_course_dates"] = "true"
    changed = canvas.put(
        f"/courses/{MATHS}", "tok-admin", **{f"course[{name}]": value for name, value in given.items()}
    ).json()
    assert {name: changed[name] for name in ("name", "sis_course_id", "blueprint", "end_at")} == {
        "name": "Sums",
        "sis_course_id": "S-1",
        "blueprint": True,
        "end_at": FUTURE,
    }
    assert canvas.get("/courses/sis_course_id:S-1", "tok-admin")["id"] == MATHS
    canvas.put(f"/courses/{MATHS}", "tok-admin", **{"course[sis_course_id]": "S-2"})
    assert canvas.api("GET", "/courses/sis_course_id:S-1", "tok-admin").status_code == 404


@fact(
    "rest 7", "A root account's terms are listed for its admins, the default one first.", uncertain="memory"
)
@fact("lti 8", "A term may be named default or current.")
def test_terms_are_a_root_accounts(canvas: Sandbox) -> None:
    running = {"id": 4, "name": "Now", "start_at": PAST, "end_at": FUTURE}
    canvas.use(world_with({"term_id": 2}, terms=[{"id": 1}, READING_LATE, running]))
    names = [term["name"] for term in canvas.get("/accounts/1/terms", "tok-admin")["enrollment_terms"]]
    assert names == ["Default Term", "Long ago", "Now"]
    assert canvas.get("/accounts/1/terms/default", "tok-admin")["id"] == 1
    assert canvas.get("/accounts/1/terms/current", "tok-admin")["id"] == 4
    assert canvas.api("GET", "/accounts/1/terms/99", "tok-admin").status_code == 404
    assert canvas.api("GET", "/accounts/2/terms", "tok-admin").status_code == 400
    assert canvas.api("GET", "/accounts/1/terms", "tok-teacher").status_code == 403
    course = canvas.get(f"/courses/{MATHS}", "tok-admin", **{"include[]": ["term", "concluded"]})
    assert (course["enrollment_term_id"], course["term"]["name"], course["concluded"]) == (
        2,
        "Long ago",
        True,
    )
    rows = canvas.get("/users/self/enrollments", "tok-mia", enrollment_term_id="2")
    assert {row["course_id"] for row in rows} == {MATHS}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, [MATHS, DRAFT, OLD]),
        ({"published": "true"}, [MATHS]),
        ({"completed": "true"}, [OLD]),
        ({"blueprint": "true"}, []),
        ({"with_enrollments": "false"}, []),
        ({"enrollment_term_id": "1"}, [MATHS, DRAFT, OLD]),
        ({"search_term": "c101"}, [DRAFT]),
        ({"state[]": "created"}, [DRAFT]),
    ],
)
def test_an_accounts_courses_are_filtered(canvas: Sandbox, params: dict[str, str], found: list[int]) -> None:
    assert [course["id"] for course in canvas.get("/accounts/1/courses", "tok-admin", **params)] == found


def test_a_term_that_is_not_there_is_404(canvas: Sandbox) -> None:
    answer = canvas.api("GET", "/accounts/1/courses", "tok-admin", params={"enrollment_term_id": 99})
    assert answer.status_code == 404


# sections


@fact("rest 8", "A section has nonxlist_course_id while it is cross-listed.")
def test_a_cross_listed_section_takes_everybody_along(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    moved = canvas.post(f"/sections/{B}/crosslist/{DRAFT}", "tok-admin").json()
    assert (moved["course_id"], moved["nonxlist_course_id"]) == (DRAFT, MATHS)
    rows = canvas.get(f"/courses/{DRAFT}/enrollments", "tok-admin")
    assert {row["user_id"] for row in rows if row["course_section_id"] == B} == {MIA, NILS, PARENT}
    state = canvas.state()
    canvas.use(state)
    back = canvas.delete(f"/sections/{B}/crosslist", "tok-admin").json()
    assert (back["course_id"], back["nonxlist_course_id"]) == (MATHS, None)
    again = canvas.delete(f"/sections/{B}/crosslist", "tok-admin")
    assert (again.status_code, again.json()["message"][:20]) == (400, "cannot uncrosslist a")


@fact("rest 1.9", "In a cross-listed section linked observers still follow the student.")
def test_observers_follow_within_a_cross_listed_section(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    canvas.post(f"/sections/{B}/crosslist/{DRAFT}", "tok-admin")
    (row,) = [each for each in canvas.state()["enrollments"] if each["user_id"] == NILS]
    canvas.delete(f"/courses/{DRAFT}/enrollments/{row['id']}", "tok-admin", task="inactivate")
    assert canvas.enrollments(PARENT) == [(B, "Observer", NILS, "inactive")]


@fact("rest 1.9", "When a student changes sections, linked observers change with them.")
def test_a_move_to_another_section_is_followed(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    (old,) = [each for each in canvas.state()["enrollments"] if each["user_id"] == NILS]
    data = {"enrollment[user_id]": NILS, "enrollment[enrollment_state]": "active"}
    canvas.post(f"/sections/{A}/enrollments", "tok-teacher", **data)
    canvas.delete(f"/courses/{MATHS}/enrollments/{old['id']}", "tok-teacher", task="delete")
    assert sorted(canvas.enrollments(PARENT)) == [
        (A, "Observer", NILS, "active"),
        (B, "Observer", NILS, "deleted"),
    ]


def test_sections_come_and_go(canvas: Sandbox) -> None:
    new = {"course_section[name]": "C", "course_section[end_at]": FUTURE}
    new |= {"course_section[start_at]": PAST, "course_section[restrict_enrollments_to_section_dates]": "1"}
    new |= {"course_section[sis_section_id]": "C-1"}
    made = canvas.post(f"/courses/{MATHS}/sections", "tok-admin", **new).json()
    assert (made["name"], made["sis_section_id"], made["end_at"]) == ("C", "C-1", FUTURE)
    path = f"/sections/{made['id']}"
    assert canvas.put(path, "tok-teacher", **{"course_section[name]": "D"}).json()["name"] == "D"
    assert canvas.put(path, "tok-mia").status_code == 403
    assert canvas.delete(path, "tok-mia").status_code == 403
    assert canvas.delete(path, "tok-teacher").status_code == 200
    assert canvas.api("GET", path, "tok-teacher").status_code == 404
    assert [each["id"] for each in canvas.get(f"/courses/{MATHS}/sections", "tok-teacher")] == [A, B]
    assert canvas.delete(f"/sections/{A}", "tok-teacher").status_code == 400


def test_a_course_without_sections_makes_one_for_whoever_comes(canvas: Sandbox) -> None:
    world = small_world()
    world["enrollments"] = []
    canvas.use(world)
    for section in (A, B):
        canvas.delete(f"/sections/{section}", "tok-admin")
    answer = observe(canvas)
    assert answer.json()["course_section_id"] not in (A, B)
    canvas.use(canvas.state())
    assert len(canvas.get(f"/courses/{MATHS}/sections", "tok-admin")) == 1


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("terms", [{"root_account_id": 2}], "terms[0].root_account_id: there is no 2"),
        ("terms", [{"start_at": "soon"}], "terms[0].start_at: must be a time"),
        ("courses", [{"term_id": 9}], "courses[0].term_id: there is no 9"),
        ("courses", [{"blueprint": 1}], "courses[0].blueprint: must be true or false"),
        (
            "courses",
            [{"sis_course_id": "x"}, {"sis_course_id": "x"}],
            "courses[1].sis_course_id: another course has the same SIS id",
        ),
        (
            "courses",
            [{"sections": [{"sis_section_id": "x"}, {"sis_section_id": "x"}]}],
            "courses[0].sections[1].sis_section_id: another section has the same SIS id",
        ),
        ("courses", [{"sections": [{"workflow_state": "x"}]}], "courses[0].sections[0].workflow_state: must"),
    ],
)
def test_a_malformed_course_names_the_key(canvas: Sandbox, key: str, value: object, problem: str) -> None:
    answer = canvas.call("PUT", "/_sandbox/state", json=small_world() | {"enrollments": [], key: value})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(problem)


def test_a_course_of_another_root_accounts_term_is_refused(canvas: Sandbox) -> None:
    world = world_with({"term_id": 7}, terms=[{"id": 7, "root_account_id": 3}])
    answer = canvas.call("PUT", "/_sandbox/state", json=world)
    assert answer.json()["error"] == "courses[0].term_id: is a term of another root account"


def test_courses_and_terms_survive_a_round_trip(canvas: Sandbox) -> None:
    course = {"term_id": 2, "start_at": PAST, "blueprint": True, "sis_course_id": "M"}
    canvas.use(world_with(course, terms=[{"id": 1}, READING_LATE, COMING]))
    state = canvas.state()
    canvas.use(state)
    again = canvas.state()
    for each in (state, again):
        each.pop("clock")
    assert again == state
    assert again["courses"][0]["sections"][0]["workflow_state"] == "active"


def test_cross_listing_needs_the_right_in_both_courses(canvas: Sandbox) -> None:
    assert canvas.post(f"/sections/{A}/crosslist/{OLD}", "tok-teacher").status_code == 403
    assert canvas.post(f"/sections/{A}/crosslist/{MATHS}", "tok-mia").status_code == 403
    assert canvas.post(f"/sections/{A}/crosslist/{MATHS}", "tok-teacher").json()["nonxlist_course_id"] is None
