"""The Enrollments API."""

from typing import Any

import pytest

from tests.facts import fact
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import (
    BOTH,
    DRAFT,
    FAR,
    GONE,
    MATHS,
    MIA,
    NILS,
    OLD,
    PARENT,
    SERVICE,
    TA,
    TEACHER,
    TEST_STUDENT,
    A,
    B,
    small_world,
)

COURSE = f"/courses/{MATHS}/enrollments"
KEYS = {
    *("id", "user_id", "course_id", "type", "created_at", "updated_at", "associated_user_id", "start_at"),
    *("end_at", "course_section_id", "root_account_id", "limit_privileges_to_course_section"),
    *("enrollment_state", "role", "role_id", "html_url"),
}
ACTIVITY = {"last_activity_at", "last_attended_at", "total_activity_time"}
SIS = {
    *("sis_account_id", "sis_course_id", "course_integration_id", "sis_section_id"),
    *("section_integration_id", "sis_user_id"),
}


def enrollment(**values: Any) -> dict[str, Any]:
    return {f"enrollment[{name}]": value for name, value in values.items()}


def observe(canvas: Sandbox, caller: str = "tok-admin", path: str = COURSE, **values: Any) -> Any:
    data = {"user_id": PARENT, "type": "ObserverEnrollment"} | values
    return canvas.post(path, caller, **enrollment(**data))


# creating


@fact("rest 3.1", "Creating answers 200 with one enrollment, without user.")
@fact("rest 3.1", "An observer enrollment makes no observation link.")
@fact(
    "rest 8",
    "Every type has associated_user_id; activity keys need read_reports, SIS keys read_sis.",
)
def test_an_observer_enrollment_looks_as_canvas_sends_it(canvas: Sandbox) -> None:
    body = observe(canvas, associated_user_id=MIA).json()
    assert set(body) == KEYS | ACTIVITY | SIS | {"sis_import_id"}
    wanted = {
        "user_id": PARENT,
        "course_id": MATHS,
        "type": "ObserverEnrollment",
        "associated_user_id": MIA,
        "course_section_id": A,
        "root_account_id": 1,
        "enrollment_state": "active",
        "role": "ObserverEnrollment",
        "role_id": 7,
        "limit_privileges_to_course_section": False,
        "start_at": None,
        "sis_user_id": "sis-parent",
        "html_url": f"{canvas.url}/courses/{MATHS}/users/{PARENT}",
    }
    assert {name: body[name] for name in wanted} == wanted
    assert set(observe(canvas, "tok-ta", associated_user_id=NILS).json()) == KEYS | ACTIVITY
    assert canvas.state()["observation_links"] == []


def test_json_bodies_work_as_well_as_forms(canvas: Sandbox) -> None:
    wish = {"user_id": PARENT, "type": "ObserverEnrollment", "associated_user_id": MIA}
    answer = canvas.api("POST", COURSE, "tok-teacher", json={"enrollment": wish})
    assert answer.json()["associated_user_id"] == MIA


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "No parameters given"),
        ({"user_id": 1, "type": "Visitor"}, "Invalid type"),
        ({"user_id": 1, "type": "StudentViewEnrollment"}, "Invalid type"),
        ({"user_id": 1, "role_id": 99}, "Invalid role"),
        ({"user_id": 1, "role": "Mentor"}, "Invalid role"),
        (
            {"user_id": 1, "role_id": 7, "type": "StudentEnrollment"},
            "The specified type must match the base type for the role",
        ),
        (
            {"type": "ObserverEnrollment"},
            "Can't create an enrollment without a user. Include enrollment[user_id] to create an enrollment",
        ),
        (
            {"type": "Visitor"},
            "Invalid type, Can't create an enrollment without a user. "
            "Include enrollment[user_id] to create an enrollment",
        ),
        (
            {"user_id": 1, "self_enrollment_code": "abc"},
            "enrollment[self_enrollment_code] is invalid, enrollment[user_id] must be 'self' when "
            "self-enrolling, course is not open for self-enrollment",
        ),
    ],
)
@fact(
    "rest 3.1", "Wrong parameters answer 400 with all messages joined by commas, before any right is checked."
)
@fact("rest 3.1", "No enrollment[self_enrollment_code] opens a course that takes no self-enrollment.")
def test_wrong_parameters_are_all_named_before_anything_else(
    canvas: Sandbox, values: dict[str, Any], text: str
) -> None:
    for token in ("tok-admin", "tok-parent"):
        answer = canvas.post(COURSE, token, **enrollment(**values))
        assert (answer.status_code, answer.json()) == (400, {"message": text})


@fact(
    "rest 3.1",
    "root_account with a SIS id enrolls a person of a trusted account; without the id the answer is 400.",
)
def test_a_person_of_a_trusted_account_is_found_by_sis_id(canvas: Sandbox) -> None:
    world = small_world()
    world["accounts"][0]["trusted_account_ids"] = [3]
    canvas.use(world)
    data = enrollment(sis_user_id="sis-far", type="ObserverEnrollment")
    answer = canvas.post(COURSE, "tok-admin", root_account="127.0.0.1", **data)
    assert answer.json()["user_id"] == FAR
    missing = canvas.post(COURSE, "tok-admin", root_account="127.0.0.1", **enrollment(type="TaEnrollment"))
    assert missing.json()["message"] == (
        "Can't create an enrollment without a sis_user_id or integration_id when root_account is provided"
    )
    assert canvas.post(COURSE, "tok-admin", root_account="nowhere", **data).status_code == 404


@pytest.mark.parametrize(
    ("token", "kind", "status"),
    [
        ("tok-admin", "Observer", 200),
        ("tok-subadmin", "Observer", 200),
        ("tok-teacher", "Observer", 200),
        ("tok-ta", "Observer", 200),
        ("tok-designer", "Observer", 200),
        ("tok-ta", "Teacher", 403),
        ("tok-service", "Observer", 403),
        ("tok-helper", "Observer", 403),
        ("tok-parent", "Observer", 403),
        ("tok-mia", "Observer", 403),
        ("tok-faradmin", "Observer", 403),
    ],
)
@fact(
    "rest 3.1",
    "An observer enrollment needs add_observer_to_course: teachers, TAs, designers and admins have it.",
)
@fact("rest 7", "add_observer_to_course is on for TA, Designer, Teacher and AccountAdmin by default.")
def test_enrolling_needs_the_right_of_the_role(canvas: Sandbox, token: str, kind: str, status: int) -> None:
    assert observe(canvas, token, type=f"{kind}Enrollment").status_code == status


@fact(
    "rest 7",
    "A role override of the nearest account decides, and a custom account role may carry a course right.",
)
def test_role_overrides_take_and_give_the_right(canvas: Sandbox) -> None:
    permission = "add_observer_to_course"
    world = small_world()
    world["role_overrides"] = [
        {"account_id": 1, "role": "TaEnrollment", "permission": permission, "enabled": False},
        {"account_id": 1, "role": "DesignerEnrollment", "permission": permission, "enabled": False},
        {"account_id": 2, "role": "DesignerEnrollment", "permission": permission, "enabled": True},
        {"account_id": 1, "role": "StudentEnrollment", "permission": permission, "enabled": True},
    ]
    world["admins"].append({"user_id": SERVICE, "account_id": 2, "permissions": [permission]})
    canvas.use(world)
    statuses = [observe(canvas, f"tok-{who}").status_code for who in ("ta", "designer", "mia", "service")]
    assert statuses == [403, 200, 200, 200]


@pytest.mark.parametrize(
    ("path", "values", "status"),
    [
        ("/courses/999/enrollments", {}, 404),
        (f"/courses/{GONE}/enrollments", {}, 404),
        ("/sections/999/enrollments", {}, 404),
        (COURSE, {"course_section_id": 1010}, 404),
        (COURSE, {"course_section_id": "x"}, 404),
        (COURSE, {"user_id": 999}, 404),
        (COURSE, {"user_id": FAR}, 404),
        (COURSE, {"associated_user_id": 999}, 500),
        (COURSE, {"associated_user_id": "sis_user_id:sis-mia"}, 500),
        (COURSE, {"user_id": "sis_user_id:sis-parent"}, 200),
        (COURSE, {"user_id": "sis_login_id:PARENT"}, 200),
        (COURSE, {"associated_user_id": FAR}, 200),
    ],
)
@fact("rest 3.1", "Unknown course, section or user, or a user without a usable login, is 404.")
@fact(
    "rest 3.1",
    "Nothing checks that the associated user is a student or in the course.",
    uncertain="read from the code, untested",
)
@fact(
    "rest 3.1",
    "An associated user who does not exist breaks the database rule: 500.",
    uncertain="500 or 400, untested",
)
@fact(
    "rest 3.1",
    "associated_user_id is not resolved from SIS forms.",
    uncertain="read from the code path, no spec seen",
)
def test_what_is_not_there_is_404_but_nobody_checks_the_observed(
    canvas: Sandbox, path: str, values: dict[str, Any], status: int
) -> None:
    assert observe(canvas, path=path, **values).status_code == status


@fact("rest 3.1", "Adding to a concluded course is 400 with its own message.")
def test_nobody_joins_a_concluded_course(canvas: Sandbox) -> None:
    answer = observe(canvas, path=f"/courses/{OLD}/enrollments")
    text = "Can't add an enrollment to a concluded course."
    assert (answer.status_code, answer.json()) == (400, {"message": text})


@pytest.mark.parametrize(
    ("values", "attribute", "text"),
    [
        ({"associated_user_id": PARENT}, "associated_user_id", "Cannot observe yourself"),
        (
            {"user_id": NILS, "type": "StudentEnrollment", "associated_user_id": MIA},
            "associated_user_id",
            "only ObserverEnrollments may have an associated_user_id",
        ),
        (
            {"user_id": MIA, "associated_user_id": PARENT},
            "associated_user_id",
            "Cannot observe observer observing self",
        ),
        ({"user_id": TEST_STUDENT}, "user_id", "cannot add a student view student in a regular role"),
    ],
)
@fact("rest 3.1", "A validation answers 400 with attribute, message and type under the attribute's name.")
@fact("rest 3.1", "Nobody observes themselves, nor somebody who observes them in that course.")
@fact("rest 3.1", "Only observer enrollments may have an associated user.")
@fact("rest 3.1", "A test student takes no regular role.")
def test_validations_answer_400_by_attribute(
    canvas: Sandbox, values: dict[str, Any], attribute: str, text: str
) -> None:
    observe(canvas, associated_user_id=MIA)
    answer = observe(canvas, **values)
    assert answer.status_code == 400
    assert answer.json() == {"errors": {attribute: [{"attribute": attribute, "message": text, "type": text}]}}


@pytest.mark.parametrize(
    ("path", "values", "state"),
    [
        (COURSE, {}, "active"),
        (COURSE, {"type": "StudentEnrollment"}, "invited"),
        (f"/courses/{DRAFT}/enrollments", {"type": "StudentEnrollment"}, "creation_pending"),
        (f"/courses/{DRAFT}/enrollments", {}, "active"),
        (COURSE, {"enrollment_state": "inactive"}, "inactive"),
        (COURSE, {"enrollment_state": "invited"}, "invited"),
    ],
)
@fact(
    "rest 3.1",
    "A registered observer is active at once; others are invited, in an unpublished course creation_pending.",
    uncertain="from a revision of about 2020",
)
def test_registered_observers_are_active_at_once(
    canvas: Sandbox, path: str, values: dict[str, Any], state: str
) -> None:
    assert observe(canvas, path=path, **values).json()["enrollment_state"] == state


@fact(
    "rest 3.1", "A repeat with the same person, type, role, associated user and section returns the same row."
)
@fact("rest 3.1", "Another section, associated user or none makes a further row.")
@fact("rest 3.1", "Without a section people go to the course's default section.")
def test_repeats_return_the_same_row_and_other_identities_another(canvas: Sandbox) -> None:
    def row(**values: Any) -> int:
        return int(observe(canvas, **({"associated_user_id": MIA} | values)).json()["id"])

    first = row()
    assert row() == first
    assert row(role_id=7, type="") == first
    others = {row(associated_user_id=NILS), row(associated_user_id=""), row(course_section_id=B)}
    others.add(observe(canvas, path=f"/sections/{B}/enrollments", associated_user_id=NILS).json()["id"])
    assert len(others | {first}) == 5


@fact(
    "rest 3.1",
    "A repeat leaves an active state, and overwrites limit and dates: omitted dates become null.",
    uncertain="from a revision of about 2020",
)
def test_a_repeat_overwrites_dates_and_limits_but_not_an_active_state(canvas: Sandbox) -> None:
    dates = {"start_at": "2026-02-01T00:00:00Z", "end_at": "2026-06-01T00:00:00Z"}
    first = observe(canvas, limit_privileges_to_course_section="true", **dates).json()
    assert (first["start_at"], first["limit_privileges_to_course_section"]) == (dates["start_at"], True)
    second = observe(canvas, enrollment_state="inactive").json()
    assert (second["start_at"], second["end_at"]) == (None, None)
    assert (second["limit_privileges_to_course_section"], second["enrollment_state"]) == (False, "active")


@pytest.mark.parametrize("task", ["conclude", "delete", "inactivate"])
@fact(
    "rest 3.1",
    "A repeat sets a completed, deleted or inactive row to the default state.",
    uncertain="from a revision of about 2020",
)
def test_a_repeat_brings_an_ended_row_back(canvas: Sandbox, task: str) -> None:
    row = observe(canvas).json()["id"]
    canvas.delete(f"{COURSE}/{row}", "tok-admin", task=task)
    again = observe(canvas).json()
    assert (again["id"], again["enrollment_state"]) == (row, "active")


@fact(
    "rest 3.1", "Somebody who has not registered yet is invited.", uncertain="from a revision of about 2020"
)
def test_an_unregistered_observer_is_invited(canvas: Sandbox) -> None:
    world = small_world()
    world["users"][0]["workflow_state"] = "pre_registered"
    canvas.use(world)
    assert observe(canvas).json()["enrollment_state"] == "invited"
    draft = observe(canvas, path=f"/courses/{DRAFT}/enrollments").json()
    assert draft["enrollment_state"] == "creation_pending"


@fact("rest 3.1", "In a section's address course_section_id is ignored.")
def test_a_sections_address_decides_the_section(canvas: Sandbox) -> None:
    row = observe(canvas, path=f"/sections/{B}/enrollments", course_section_id=A).json()
    assert row["course_section_id"] == B


@fact("rest 3.1", "A person of a trusted account is found by integration id too.")
def test_a_person_of_a_trusted_account_is_found_by_integration_id(canvas: Sandbox) -> None:
    world = small_world()
    world["accounts"][0]["trusted_account_ids"] = [3]
    next(user for user in world["users"] if user["id"] == FAR)["logins"][0]["integration_id"] = "int-far"
    canvas.use(world)
    for integration_id, status in (("int-far", 200), ("int-none", 404)):
        data = enrollment(integration_id=integration_id, type="ObserverEnrollment")
        answer = canvas.post(COURSE, "tok-admin", root_account="127.0.0.1", **data)
        assert answer.status_code == status


# ending


@pytest.mark.parametrize(
    ("task", "state"),
    [
        (None, "completed"),
        ("conclude", "completed"),
        ("delete", "deleted"),
        ("inactivate", "inactive"),
        ("deactivate", "inactive"),
    ],
)
@fact(
    "rest 3.3",
    "task is conclude by default, or delete, inactivate or deactivate, and the answer has the new state.",
)
@fact("rest 3.3", "An enrollment deleted already is 404.")
def test_a_task_says_how_an_enrollment_ends(canvas: Sandbox, task: str | None, state: str) -> None:
    row = observe(canvas).json()["id"]
    answer = canvas.delete(f"{COURSE}/{row}", "tok-teacher", **({"task": task} if task else {}))
    assert (answer.status_code, answer.json()["enrollment_state"]) == (200, state)
    again = canvas.delete(f"{COURSE}/{row}", "tok-teacher", task="delete")
    assert again.status_code == (404 if state == "deleted" else 200)


@pytest.mark.parametrize(
    ("token", "task", "status"),
    [
        ("tok-teacher", "conclude", 200),
        ("tok-ta", "conclude", 403),
        ("tok-designer", "conclude", 403),
        ("tok-ta", "delete", 200),
        ("tok-designer", "inactivate", 200),
        ("tok-helper", "delete", 200),
        ("tok-helper", "conclude", 403),
        ("tok-service", "delete", 403),
        ("tok-parent", "delete", 403),
    ],
)
@fact("rest 3.3", "Deleting or deactivating an observer needs remove_observer_from_course.")
@fact("rest 3.3", "Concluding an observer needs allow_course_admin_actions, which TAs and designers lack.")
def test_concluding_and_removing_need_different_rights(
    canvas: Sandbox, token: str, task: str, status: int
) -> None:
    row = observe(canvas).json()["id"]
    assert canvas.delete(f"{COURSE}/{row}", token, task=task).status_code == status


@fact("rest 3.3", "One's own row is removed with allow_course_admin_actions besides.")
def test_ones_own_row_needs_administrative_actions_too(canvas: Sandbox) -> None:
    for token, user, status in (("tok-ta", TA, 403), ("tok-teacher", TEACHER, 200)):
        row = observe(canvas, user_id=user, associated_user_id=MIA).json()["id"]
        assert canvas.delete(f"{COURSE}/{row}", token, task="delete").status_code == status


@fact("rest 3.3", "Only an inactive enrollment is reactivated, with the right to delete it; else 400.")
def test_only_inactive_rows_are_reactivated(canvas: Sandbox) -> None:
    row = observe(canvas).json()["id"]
    answer = canvas.put(f"{COURSE}/{row}/reactivate", "tok-ta")
    assert (answer.status_code, answer.json()) == (400, {"error": "enrollment not inactive"})
    canvas.delete(f"{COURSE}/{row}", "tok-ta", task="inactivate")
    assert canvas.put(f"{COURSE}/{row}/reactivate", "tok-service").status_code == 403
    assert canvas.put(f"{COURSE}/{row}/reactivate", "tok-ta").json()["enrollment_state"] == "active"


@pytest.mark.parametrize("path", [f"{COURSE}/9999", f"{COURSE}/x", f"/courses/{OLD}/enrollments/1"])
@fact("rest 3.3", "An unknown enrollment is 404.")
def test_ending_what_is_not_in_the_course_gives_404(canvas: Sandbox, path: str) -> None:
    assert canvas.delete(path, "tok-admin").status_code == 404


# listing


def rows(canvas: Sandbox, path: str, token: str, **params: Any) -> list[tuple[str, int, int]]:
    found = canvas.get(path, token, per_page=100, **params)
    return [
        (row["type"].removesuffix("Enrollment"), row["user_id"], row["course_section_id"]) for row in found
    ]


@fact("rest 3.2", "Lists go by type, then sortable name, then id, and every row has its user.")
def test_a_course_list_is_by_type_then_name_then_id(canvas: Sandbox) -> None:
    assert rows(canvas, COURSE, "tok-mia") == [
        ("Designer", 22, A),
        ("Student", NILS, B),
        ("Student", MIA, A),
        ("Student", MIA, B),
        ("StudentView", TEST_STUDENT, A),
        ("Ta", TA, A),
        ("Teacher", TEACHER, A),
        ("Teacher", 23, A),
    ]
    (first, *_) = canvas.get(COURSE, "tok-teacher")
    assert first["user"]["sis_user_id"] == "sis-designer"


@pytest.mark.parametrize(
    ("token", "status"),
    [
        *[(f"tok-{who}", 200) for who in ("mia", "teacher", "ta", "designer", "admin", "service")],
        *[(f"tok-{who}", 403) for who in ("parent", "faradmin", "helper")],
    ],
)
@fact("rest 3.2", "A course's or section's list needs read_roster, view_all_grades or manage_grades.")
@fact("rest 7", "read_roster is not an observer's by default.")
def test_a_roster_is_for_those_who_may_read_it(canvas: Sandbox, token: str, status: int) -> None:
    assert canvas.api("GET", COURSE, token).status_code == status
    assert canvas.api("GET", f"/sections/{A}/enrollments", token).status_code == status


@fact("rest 3.2", "An observer of the course gets their own rows and those of the students they observe.")
@fact(
    "rest 3.2",
    "include[]=observed_users adds the observed student with enrollments and grades in that course.",
)
def test_an_observer_sees_themself_and_their_student(canvas: Sandbox) -> None:
    observe(canvas, associated_user_id=MIA)
    seen = [("Observer", PARENT, A), ("Student", MIA, A), ("Student", MIA, B)]
    assert rows(canvas, COURSE, "tok-parent") == seen
    (row, *_) = canvas.get(COURSE, "tok-parent", **{"include[]": "observed_users"})
    assert row["observed_user"]["id"] == MIA
    assert [each["course_section_id"] for each in row["observed_user"]["enrollments"]] == [A, B]
    assert "grades" in row["observed_user"]["enrollments"][0]


@fact("rest 3.2", "Without an associated user there is no observed_user.")
@fact("rest 3.2", "include[]=can_be_removed tells whether the caller may remove a row.")
def test_a_plain_observer_observes_nobody(canvas: Sandbox) -> None:
    observe(canvas)
    wanted = {"type[]": "ObserverEnrollment", "include[]": ["observed_users", "can_be_removed"]}
    (row,) = canvas.get(COURSE, "tok-ta", **wanted)
    assert row["associated_user_id"] is None
    assert "observed_user" not in row
    assert row["can_be_removed"] is True
    assert canvas.get(COURSE, "tok-mia", **wanted)[0]["can_be_removed"] is False
    assert rows(canvas, COURSE, "tok-parent") == [("Observer", PARENT, A)]


@fact("rest 3.2", "Passing one's own user_id always works.")
def test_ones_own_rows_are_always_readable(canvas: Sandbox) -> None:
    assert rows(canvas, COURSE, "tok-parent", user_id="self") == []
    assert canvas.api("GET", COURSE, "tok-parent", params={"user_id": MIA}).status_code == 403


def test_a_teacher_of_one_section_sees_that_section(canvas: Sandbox) -> None:
    assert {section for _, _, section in rows(canvas, COURSE, "tok-limited")} == {A}


@fact("rest 3.2", "Without state[] the active and pending come, for read_as_admin the inactive too.")
def test_staff_see_inactive_rows_without_asking(canvas: Sandbox) -> None:
    inactive = ("Student", BOTH, A)
    assert inactive in rows(canvas, COURSE, "tok-teacher")
    assert inactive not in rows(canvas, COURSE, "tok-nils")
    assert rows(canvas, COURSE, "tok-nils", **{"state[]": "inactive"}) == [inactive]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"type[]": "TaEnrollment"}, [("Ta", TA, A)]),
        ({"role[]": "TaEnrollment"}, [("Ta", TA, A)]),
        ({"role_id": 5}, [("Ta", TA, A)]),
        ({"user_id": f"{NILS}"}, [("Student", NILS, B)]),
        ({"user_id": "sis_user_id:sis-nils"}, [("Student", NILS, B)]),
        ({"sis_user_id[]": "sis-nils"}, [("Student", NILS, B)]),
        ({"sis_section_id[]": "x"}, []),
        ({"state[]": ["completed", "deleted"]}, []),
        ({"state[]": "nonsense"}, []),
    ],
)
@fact("rest 3.2", "Lists are filtered by type, role, role_id, user, SIS ids and raw states.")
def test_lists_are_filtered(canvas: Sandbox, params: dict[str, Any], found: list[Any]) -> None:
    assert rows(canvas, COURSE, "tok-admin", **params) == found


@pytest.mark.parametrize(
    ("path", "params", "body"),
    [
        (COURSE, {"role[]": "Mentor"}, None),
        (COURSE, {"grading_period_id": 1}, {"error": "invalid grading_period_id"}),
        (
            COURSE,
            {"sis_user_id[]": "x"},
            {"message": "Insufficient permissions to filter by SIS fields"},
        ),
        ("/users/self/enrollments", {"state[]": "odd"}, {"error": "Invalid state odd"}),
    ],
)
@fact("rest 3.2", "An unknown role, grading period or state of one's own list is 400.")
@fact("rest 3.2", "SIS filters without read_sis or manage_sis are 400.")
def test_wrong_filters_answer_400(canvas: Sandbox, path: str, params: dict[str, Any], body: Any) -> None:
    answer = canvas.api("GET", path, "tok-ta", params=params)
    assert answer.status_code == 400
    assert body in (None, answer.json())


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("tok-mia", 200),
        ("tok-admin", 200),
        ("tok-service", 200),
        ("tok-parent", 200),
        ("tok-teacher", 403),
        ("tok-nils", 403),
        ("tok-faradmin", 403),
    ],
)
@fact("rest 3.2", "Another's list needs read_roster on a root account of theirs, or an active observer link.")
def test_a_users_list_is_for_them_their_observers_and_admins(
    canvas: Sandbox, token: str, status: int
) -> None:
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert canvas.api("GET", f"/users/{MIA}/enrollments", token).status_code == status


@pytest.mark.parametrize(
    ("states", "sections"),
    [
        ([], [A, B, 1010]),
        (["active"], [A, B]),
        (["completed"], [1020]),
        (["current_and_invited"], [A, B, 1010]),
        (["current_and_future"], [A, B]),
        (["current_and_concluded"], [A, B, 1020]),
    ],
)
@fact("rest 3.2", "Combined states such as current_and_invited work in a user's list only.")
def test_a_users_list_knows_combined_states(canvas: Sandbox, states: list[str], sections: list[int]) -> None:
    found = rows(canvas, "/users/self/enrollments", "tok-mia", **{"state[]": states})
    assert sorted(section for _, _, section in found) == sections


@fact("rest 3.2", "GET /accounts/:id/enrollments/:id gives one's own row, or any with read_roster.")
def test_one_enrollment_is_read_through_its_account(canvas: Sandbox) -> None:
    row = observe(canvas).json()["id"]
    for token, status in (("tok-parent", 200), ("tok-service", 200), ("tok-mia", 403)):
        assert canvas.api("GET", f"/accounts/1/enrollments/{row}", token).status_code == status
    assert canvas.api("GET", f"/accounts/3/enrollments/{row}", "tok-admin").status_code == 404


@fact("rest 3.2", "Enrollment lists have opaque bookmark pages and no last.")
@fact("rest 0", "A client follows next verbatim; a bookmark that Canvas did not make is 404.")
def test_pages_of_enrollments_are_bookmarks(canvas: Sandbox) -> None:
    seen, url = [], f"{canvas.url}/api/v1{COURSE}?per_page=3&type[]=StudentEnrollment"
    while url:
        answer = canvas.call("GET", url, "tok-admin")
        assert {"last", "prev"}.isdisjoint(answer.links)
        assert "type[]=StudentEnrollment" in answer.headers["link"]
        seen += [row["id"] for row in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
        assert not url or "page=bookmark:" in url
    assert len(seen) == len(set(seen)) == 4
    assert canvas.api("GET", COURSE, "tok-admin", params={"page": "bookmark:nonsense"}).status_code == 404
