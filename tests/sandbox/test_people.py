"""Course users, account users, profiles, courses, sections and accounts."""

from typing import Any

import pytest

from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import (
    BOTH,
    DRAFT,
    ELSEWHERE,
    MATHS,
    MIA,
    NILS,
    OLD,
    PARENT,
    TA,
    TEACHER,
    TEST_STUDENT,
    A,
    B,
    small_world,
)

ROSTER = f"/courses/{MATHS}/users"
BASE = {"id", "name", "created_at", "sortable_name", "short_name"}


def ids(canvas: Sandbox, path: str, caller: str = "tok-admin", **params: Any) -> list[int]:
    return [each["id"] for each in canvas.get(path, caller, per_page=100, **params)]


# course users


@pytest.mark.parametrize(
    ("token", "more"),
    [
        ("tok-mia", set()),
        ("tok-service", set()),
        ("tok-designer", set()),
        ("tok-ta", {"login_id", "email"}),
        ("tok-teacher", {"login_id", "email", "sis_user_id", "integration_id"}),
        ("tok-admin", {"login_id", "email", "sis_user_id", "integration_id", "sis_import_id"}),
    ],
)
def test_rights_decide_which_fields_of_a_person_appear(canvas: Sandbox, token: str, more: set[str]) -> None:
    (nils,) = canvas.get(ROSTER, token, **{"user_ids[]": NILS})
    assert set(nils) == BASE | more
    if "email" in more:
        assert (nils["email"], nils["login_id"]) == ("nils@holm.test", "nils")


@pytest.mark.parametrize(
    ("token", "status"), [("tok-parent", 403), ("tok-faradmin", 403), ("tok-nils", 200), (None, 401)]
)
def test_a_roster_needs_a_right(canvas: Sandbox, token: str | None, status: int) -> None:
    assert canvas.api("GET", ROSTER, token).status_code == status


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, [NILS, TA, TEACHER, MIA, 22, 23]),
        ({"enrollment_type[]": "student"}, [NILS, MIA]),
        ({"enrollment_type[]": ["ta", "teacher"]}, [TA, TEACHER, 23]),
        ({"enrollment_type[]": "student_view"}, [TEST_STUDENT]),
        ({"enrollment_type[]": "student", "include[]": "test_student"}, [NILS, MIA, TEST_STUDENT]),
        ({"enrollment_state[]": "inactive"}, [BOTH]),
        ({"enrollment_type[]": "student", "include_inactive": "true"}, [NILS, BOTH, MIA]),
        ({"enrollment_state[]": "completed"}, []),
        ({"user_ids[]": [MIA, NILS, 999]}, [NILS, MIA]),
        ({"user_ids[]": ["sis_user_id:sis-mia"]}, [MIA]),
        ({"search_term": "holm"}, [NILS, TA, TEACHER, MIA, 22, 23]),
        ({"search_term": "Mia Ho"}, [MIA]),
        ({"search_term": "sis-nils"}, [NILS]),
        ({"search_term": "zz"}, []),
        ({"enrollment_type[]": "student", "sort": "email", "order": "desc"}, [NILS, MIA]),
        ({"per_page": 1, "user_id": MIA}, [MIA]),
    ],
)
def test_a_roster_is_filtered_and_sorted(canvas: Sandbox, params: dict[str, Any], found: list[int]) -> None:
    people = canvas.get(ROSTER, "tok-admin", **({"per_page": 100} | params))
    assert [each["id"] for each in people] == found


def test_search_reaches_only_what_the_caller_may_see(canvas: Sandbox) -> None:
    assert ids(canvas, ROSTER, "tok-ta", search_term="sis-nils") == []
    assert ids(canvas, ROSTER, "tok-mia", search_term="nils@holm") == []
    answer = canvas.api("GET", ROSTER, "tok-admin", params={"search_term": "x"})
    problem = {"field": "search_term", "code": "invalid", "message": "2 or more characters is required"}
    assert (answer.status_code, answer.json()) == (400, {"errors": [problem]})


def test_a_roster_brings_enrollments_on_request(canvas: Sandbox) -> None:
    (mia,) = canvas.get(ROSTER, "tok-teacher", **{"user_ids[]": MIA, "include[]": "enrollments"})
    assert [row["course_section_id"] for row in mia["enrollments"]] == [A, B]
    assert "user" not in mia["enrollments"][0]


def test_someone_merely_invited_keeps_email_and_login_to_themself(canvas: Sandbox) -> None:
    (mia,) = canvas.get(f"/courses/{DRAFT}/users", "tok-admin", **{"enrollment_type[]": "student"})
    assert {"email", "login_id", "sis_import_id"}.isdisjoint(mia)
    assert mia["sis_user_id"] == "sis-mia"


def test_a_teacher_of_one_section_sees_its_people(canvas: Sandbox) -> None:
    assert ids(canvas, ROSTER, "tok-limited", **{"enrollment_type[]": "student"}) == [MIA]


def test_staff_still_read_the_roster_of_a_concluded_course(canvas: Sandbox) -> None:
    path = f"/courses/{OLD}/users"
    assert ids(canvas, path, "tok-teacher", **{"enrollment_state[]": "completed"}) == [MIA]


# account users


@pytest.mark.parametrize(
    ("token", "account", "status"),
    [
        ("tok-admin", 1, 200),
        ("tok-service", "self", 200),
        ("tok-subadmin", 2, 200),
        ("tok-subadmin", 1, 403),
        ("tok-teacher", 1, 403),
        ("tok-admin", 3, 403),
        ("tok-admin", 999, 404),
    ],
)
def test_an_accounts_people_need_its_roster_right(
    canvas: Sandbox, token: str, account: object, status: int
) -> None:
    assert canvas.api("GET", f"/accounts/{account}/users", token).status_code == status


@pytest.mark.parametrize(
    ("path", "params", "found"),
    [
        ("/accounts/1/users", {"search_term": "mia"}, [MIA]),
        ("/accounts/1/users", {"search_term": "sis-mia"}, [MIA]),
        ("/accounts/1/users", {"search_term": str(MIA)}, [MIA]),
        ("/accounts/1/users", {"enrollment_type": "ta"}, [TA]),
        ("/accounts/1/users", {"role_filter_id": 5}, [TA]),
        ("/accounts/2/users", {"enrollment_type": "student"}, [NILS, BOTH, MIA]),
        ("/accounts/2/users", {"search_term": "sub"}, [42]),
        ("/accounts/1/users", {"search_term": "both", "sort": "id", "order": "desc"}, [15, BOTH]),
        ("/accounts/1/users", {"search_term": "far"}, []),
    ],
)
def test_an_accounts_people_are_searched(
    canvas: Sandbox, path: str, params: dict[str, Any], found: list[int]
) -> None:
    assert ids(canvas, path, **params) == found


def test_email_in_an_account_comes_on_request_only(canvas: Sandbox) -> None:
    params = {"search_term": "mia"}
    (mia,) = canvas.get("/accounts/1/users", "tok-admin", **params)
    assert "email" not in mia
    (mia,) = canvas.get("/accounts/1/users", "tok-admin", **params, **{"include[]": "email"})
    assert mia["email"] == "mia@holm.test"


# one person


@pytest.mark.parametrize(
    ("token", "status"),
    [("tok-mia", 200), ("tok-admin", 200), ("tok-service", 200), ("tok-teacher", 403), ("tok-parent", 403)],
)
@pytest.mark.parametrize("path", [f"/users/{MIA}", f"/users/{MIA}/profile"])
def test_a_person_is_shown_to_themself_and_to_admins(
    canvas: Sandbox, token: str, path: str, status: int
) -> None:
    assert canvas.api("GET", path, token).status_code == status


def test_oneself_has_email_language_and_permissions(canvas: Sandbox) -> None:
    me = canvas.get("/users/self", "tok-parent")
    assert set(me) == BASE | {"avatar_url", "email", "locale", "effective_locale", "permissions"}
    assert (me["id"], me["email"], me["effective_locale"]) == (PARENT, "parent@holm.test", "en")


def test_a_profile_has_canvas_keys(canvas: Sandbox) -> None:
    keys = {
        *("id", "name", "short_name", "sortable_name", "avatar_url", "title", "bio", "pronunciation"),
        *("primary_email", "login_id", "integration_id", "time_zone", "locale", "effective_locale"),
        *("calendar", "lti_user_id", "k5_user", "use_classic_font_in_k5"),
    }
    assert set(canvas.get("/users/self/profile", "tok-parent")) == keys
    assert set(canvas.get("/users/self/profile", "tok-admin")) == keys | {"sis_user_id"}
    other = canvas.get(f"/users/{MIA}/profile", "tok-service")
    assert {"primary_email", "login_id", "sis_user_id"}.isdisjoint(other)


# courses and sections


@pytest.mark.parametrize(
    ("token", "course", "status"),
    [
        ("tok-mia", MATHS, 200),
        ("tok-mia", DRAFT, 403),
        ("tok-mia", OLD, 200),
        ("tok-teacher", DRAFT, 200),
        ("tok-parent", MATHS, 403),
        ("tok-service", MATHS, 200),
        ("tok-subadmin", OLD, 403),
        ("tok-admin", ELSEWHERE, 403),
        ("tok-admin", 104, 404),
    ],
)
def test_a_course_is_for_members_and_admins(canvas: Sandbox, token: str, course: int, status: int) -> None:
    assert canvas.api("GET", f"/courses/{course}", token).status_code == status
    assert canvas.api("GET", f"/courses/{course}/sections", token).status_code == status


def test_a_course_carries_the_callers_enrollments(canvas: Sandbox) -> None:
    course = canvas.get(f"/courses/{MATHS}", "tok-mia")
    assert (course["account_id"], course["root_account_id"], course["course_code"]) == (2, 1, "C100")
    assert course["workflow_state"] == "available"
    assert "sis_course_id" not in course
    row = {
        "type": "student",
        "role": "StudentEnrollment",
        "role_id": 3,
        "user_id": MIA,
        "enrollment_state": "active",
        "limit_privileges_to_course_section": False,
    }
    assert course["enrollments"] == [row, row]
    assert canvas.get(f"/courses/{MATHS}", "tok-admin")["sis_course_id"] is None


@pytest.mark.parametrize(
    ("token", "params", "found"),
    [
        ("tok-mia", {}, [MATHS, OLD]),
        ("tok-mia", {"enrollment_state": "active"}, [MATHS]),
        ("tok-mia", {"enrollment_state": "completed"}, [OLD]),
        ("tok-mia", {"state[]": "completed"}, [OLD]),
        ("tok-teacher", {}, [MATHS, DRAFT, OLD]),
        ("tok-teacher", {"enrollment_type": "student"}, []),
        ("tok-parent", {}, []),
    ],
)
def test_ones_own_courses(canvas: Sandbox, token: str, params: dict[str, Any], found: list[int]) -> None:
    assert ids(canvas, "/courses", token, **params) == found


def test_observed_students_appear_beside_the_observer(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    (course,) = canvas.get("/courses", "tok-parent", **{"include[]": "observed_users"})
    assert course["enrollments"] == [
        {
            "type": "observer",
            "role": "ObserverEnrollment",
            "role_id": 7,
            "user_id": PARENT,
            "enrollment_state": "active",
            "limit_privileges_to_course_section": False,
            "associated_user_id": NILS,
        },
        {
            "type": "student",
            "role": "StudentEnrollment",
            "role_id": 3,
            "user_id": NILS,
            "enrollment_state": "active",
            "limit_privileges_to_course_section": False,
        },
    ]


def test_a_students_courses_are_open_to_linked_observers(canvas: Sandbox) -> None:
    path = f"/users/{MIA}/courses"
    assert canvas.api("GET", path, "tok-parent").status_code == 403
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert ids(canvas, path, "tok-parent") == ids(canvas, path, "tok-admin") == [MATHS, OLD]
    assert canvas.api("GET", path, "tok-teacher").status_code == 403


def test_sections_and_their_students(canvas: Sandbox) -> None:
    params = {"include[]": ["students", "total_students"]}
    first, second = canvas.get(f"/courses/{MATHS}/sections", "tok-teacher", **params)
    assert (first["id"], first["course_id"], first["total_students"]) == (A, MATHS, 1)
    assert [each["id"] for each in second["students"]] == [NILS, MIA]
    assert canvas.get(f"/sections/{A}", "tok-mia")["name"] == "Section 1000"
    assert canvas.get(f"/courses/{MATHS}/sections/{A}", "tok-mia")["id"] == A
    assert canvas.api("GET", f"/courses/{OLD}/sections/{A}", "tok-admin").status_code == 404


# accounts


def test_accounts_show_quotas_to_those_who_manage_them(canvas: Sandbox) -> None:
    mine = canvas.get("/accounts/1", "tok-mia")
    assert (mine["name"], mine["parent_account_id"], mine["root_account_id"]) == ("Holm School", None, None)
    assert "default_storage_quota_mb" not in mine
    assert canvas.get("/accounts/self", "tok-admin")["default_storage_quota_mb"] == 500
    sub = canvas.get("/accounts/2", "tok-subadmin")
    assert (sub["root_account_id"], sub["sis_account_id"]) == (1, None)
    assert canvas.api("GET", "/accounts/2", "tok-mia").status_code == 403


def test_an_accounts_courses_need_the_right_to_list_them(canvas: Sandbox) -> None:
    assert ids(canvas, "/accounts/1/courses") == [MATHS, DRAFT, OLD]
    assert ids(canvas, "/accounts/2/courses", "tok-subadmin") == [MATHS]
    assert ids(canvas, "/accounts/1/courses", search_term="C101") == [DRAFT]
    assert ids(canvas, "/accounts/1/courses", **{"state[]": "completed"}) == [OLD]
    assert canvas.api("GET", "/accounts/1/courses", "tok-service").status_code == 403


def test_a_sub_accounts_name_is_not_a_root_right(canvas: Sandbox) -> None:
    world = small_world()
    world["admins"] = [
        {"user_id": TEACHER, "account_id": 2, "permissions": ["manage_user_observers"]},
    ]
    canvas.use(world)
    assert canvas.api("GET", f"/users/{MIA}/observers", "tok-teacher").status_code == 403
