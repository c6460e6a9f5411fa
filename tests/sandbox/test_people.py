"""Course users, account users, profiles, courses, sections and accounts."""

from typing import Any

import pytest

from tests.facts import fact
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


@fact(
    "rest 4.3",
    "Field gates: sis_user_id and integration_id, login_id, sis_import_id, email each need their right.",
)
@fact("rest 4.3", "Course users carry email for whoever may read it, without include[].")
@fact("rest 8", "A course user for an admin has nine keys, for a student five.")
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


@fact("rest 4.3", "Course users need read_roster, view_all_grades or manage_grades; Observer has none.")
@pytest.mark.parametrize(
    ("token", "status"), [("tok-parent", 403), ("tok-faradmin", 403), ("tok-nils", 200), (None, 401)]
)
def test_a_roster_needs_a_right(canvas: Sandbox, token: str | None, status: int) -> None:
    assert canvas.api("GET", ROSTER, token).status_code == status


@fact(
    "rest 4.3", "Course users: type, state, ids, search, sort; the test student is hidden unless asked for."
)
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


@fact("rest 4.3", "search_term matches login, SIS id and e-mail only with the right to see them.")
@fact(
    "rest 0.1",
    "A search_term under the minimum is 400.",
    uncertain="the number is a constant, 2 was seen in clients",
)
def test_search_reaches_only_what_the_caller_may_see(canvas: Sandbox) -> None:
    assert ids(canvas, ROSTER, "tok-ta", search_term="sis-nils") == []
    assert ids(canvas, ROSTER, "tok-mia", search_term="nils@holm") == []
    answer = canvas.api("GET", ROSTER, "tok-admin", params={"search_term": "x"})
    problem = {"field": "search_term", "code": "invalid", "message": "2 or more characters is required"}
    assert (answer.status_code, answer.json()) == (400, {"errors": [problem]})


@fact("rest 4.3", "include[]=enrollments adds a person's rows in the course.")
def test_a_roster_brings_enrollments_on_request(canvas: Sandbox) -> None:
    (mia,) = canvas.get(ROSTER, "tok-teacher", **{"user_ids[]": MIA, "include[]": "enrollments"})
    assert [row["course_section_id"] for row in mia["enrollments"]] == [A, B]
    assert "user" not in mia["enrollments"][0]


@fact("rest 4.3", "E-mail, login_id and SIS batch of people who are merely invited are withheld.")
def test_someone_merely_invited_keeps_email_and_login_to_themself(canvas: Sandbox) -> None:
    (mia,) = canvas.get(f"/courses/{DRAFT}/users", "tok-admin", **{"enrollment_type[]": "student"})
    assert {"email", "login_id", "sis_import_id"}.isdisjoint(mia)
    assert mia["sis_user_id"] == "sis-mia"


def test_a_teacher_of_one_section_sees_its_people(canvas: Sandbox) -> None:
    assert ids(canvas, ROSTER, "tok-limited", **{"enrollment_type[]": "student"}) == [MIA]


@fact(
    "rest 4.3",
    "Staff still read the roster of a concluded course.",
    uncertain="the course policy was not found",
)
def test_staff_still_read_the_roster_of_a_concluded_course(canvas: Sandbox) -> None:
    path = f"/courses/{OLD}/users"
    assert ids(canvas, path, "tok-teacher", **{"enrollment_state[]": "completed"}) == [MIA]


# account users


@fact("rest 4.3", "Account users need read_roster on the account.")
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


@fact("rest 4.3", "Account users: search_term, enrollment_type, role_filter_id, sort and order.")
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


@fact("rest 4.3", "Account users carry email with include[]=email only.")
@fact("rest 8", "An account user has email only on request.")
def test_email_in_an_account_comes_on_request_only(canvas: Sandbox) -> None:
    params = {"search_term": "mia"}
    (mia,) = canvas.get("/accounts/1/users", "tok-admin", **params)
    assert "email" not in mia
    (mia,) = canvas.get("/accounts/1/users", "tok-admin", **params, **{"include[]": "email"})
    assert mia["email"] == "mia@holm.test"


@fact("rest 4.3", "Account users sort by username, email, sis_id, integration_id, last_login or id.")
def test_an_accounts_people_are_sorted(canvas: Sandbox) -> None:
    params = {"search_term": "holm", "enrollment_type": "student"}
    world = small_world()
    mia, nils = (next(user for user in world["users"] if user["id"] == each) for each in (MIA, NILS))
    mia |= {"email": "z@holm.test", "last_login": "2026-02-01T00:00:00Z"}
    mia["logins"][0] |= {"sis_user_id": "1", "integration_id": "b"}
    nils |= {"last_login": "2026-01-01T00:00:00Z"}
    nils["logins"][0] |= {"sis_user_id": "2", "integration_id": "a"}
    canvas.use(world)
    expected = {
        "username": [NILS, MIA],
        "email": [NILS, MIA],
        "sis_id": [MIA, NILS],
        "integration_id": [NILS, MIA],
        "last_login": [NILS, MIA],
        "id": [MIA, NILS],
    }
    for sort, found in expected.items():
        people = [each for each in ids(canvas, "/accounts/1/users", sort=sort, **params) if each in found]
        assert (sort, people) == (sort, found)
        back = [each for each in ids(canvas, "/accounts/1/users", sort=sort, order="desc", **params)]
        assert [each for each in back if each in found] == found[::-1]


def test_a_list_by_id_follows_who_comes_and_goes(canvas: Sandbox) -> None:
    before = ids(canvas, "/accounts/1/users", sort="id")
    assert before == sorted(before)
    form = {"user[name]": "Newcomer", "pseudonym[unique_id]": "newcomer"}
    new = canvas.post("/accounts/1/users", "tok-admin", **form).json()["id"]
    assert ids(canvas, "/accounts/1/users", sort="id") == [*before, new]
    assert canvas.delete(f"/accounts/1/users/{new}", "tok-admin").status_code == 200
    assert ids(canvas, "/accounts/1/users", sort="id") == before


@fact(
    "rest 4.3",
    "Account users include avatar_url, email, last_login, time_zone and uuid; uuids[] chooses by these.",
)
def test_an_accounts_people_bring_what_is_asked(canvas: Sandbox) -> None:
    form = {"pseudonym_session[unique_id]": "mia", "pseudonym_session[password]": "pw"}
    canvas.call("POST", "/login/canvas", data=form)
    include = ["avatar_url", "email", "last_login", "time_zone", "uuid"]
    params = {"search_term": "mia", "include[]": include}
    (mia,) = canvas.get("/accounts/1/users", "tok-admin", **params)
    assert set(include) <= set(mia)
    assert mia["last_login"].endswith("Z")
    assert ids(canvas, "/accounts/1/users", **{"uuids[]": [mia["uuid"], "x"]}) == [MIA]
    shown = canvas.get(f"/users/{MIA}", "tok-admin", **{"include[]": ["uuid", "last_login"]})
    assert (shown["uuid"], shown["last_login"]) == (mia["uuid"], mia["last_login"])


@fact("rest 8", "An account user for an admin has exactly Canvas's nine keys, e-mail only when asked for.")
def test_an_account_user_has_canvas_keys(canvas: Sandbox) -> None:
    (mia,) = canvas.get("/accounts/1/users", "tok-admin", **{"search_term": "mia", "include[]": "email"})
    assert mia == {
        "id": MIA,
        "name": "Mia Holm",
        "created_at": "2026-01-05T08:00:00Z",
        "sortable_name": "Holm, Mia",
        "short_name": "Mia Holm",
        "sis_user_id": "sis-mia",
        "integration_id": None,
        "sis_import_id": None,
        "login_id": "mia",
        "email": "mia@holm.test",
    }


@fact("rest 4.3", "root_account appears only where the account trusts others.")
def test_root_account_appears_where_accounts_trust(canvas: Sandbox) -> None:
    (mia,) = canvas.get("/accounts/1/users", "tok-admin", search_term="mia")
    assert "root_account" not in mia
    world = small_world()
    world["accounts"][0]["trusted_account_ids"] = [3]
    canvas.use(world)
    (mia,) = canvas.get("/accounts/1/users", "tok-admin", search_term="mia")
    assert mia["root_account"] == "localhost"


# one person


@fact(
    "rest 4.3",
    "GET users/:id and the profile: oneself, or read_roster or manage_user_logins on an account of theirs.",
    uncertain="the profile's right was not read exactly",
)
@pytest.mark.parametrize(
    ("token", "status"),
    [("tok-mia", 200), ("tok-admin", 200), ("tok-service", 200), ("tok-teacher", 403), ("tok-parent", 403)],
)
@pytest.mark.parametrize("path", [f"/users/{MIA}", f"/users/{MIA}/profile"])
def test_a_person_is_shown_to_themself_and_to_admins(
    canvas: Sandbox, token: str, path: str, status: int
) -> None:
    assert canvas.api("GET", path, token).status_code == status


@fact("rest 4.3", "users/self: base keys, avatar_url, locale, permissions, email, effective_locale.")
def test_oneself_has_email_language_and_permissions(canvas: Sandbox) -> None:
    me = canvas.get("/users/self", "tok-parent")
    assert set(me) == BASE | {"avatar_url", "email", "locale", "effective_locale", "permissions"}
    assert (me["id"], me["email"], me["effective_locale"]) == (PARENT, "parent@holm.test", "en")


@fact(
    "rest 8",
    "A profile's keys; sis_user_id where SIS data may be read.",
    uncertain="pronunciation is newer than the source read",
)
@fact("rest 4.3", "Another's primary_email needs read_email_addresses.")
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
@fact(
    "rest 4.3",
    "A course is for its members and admins.",
    uncertain="the policy for concluded courses was not found",
)
def test_a_course_is_for_members_and_admins(canvas: Sandbox, token: str, course: int, status: int) -> None:
    assert canvas.api("GET", f"/courses/{course}", token).status_code == status
    assert canvas.api("GET", f"/courses/{course}/sections", token).status_code == status


@fact(
    "rest 8",
    "A course has the documented keys and the caller's enrollments.",
    uncertain="newer keys may be missing",
)
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
@fact("rest 4.3", "GET /courses gives one's own courses by enrollment and course state.")
def test_ones_own_courses(canvas: Sandbox, token: str, params: dict[str, Any], found: list[int]) -> None:
    assert ids(canvas, "/courses", token, **params) == found


@fact(
    "rest 4.3", "GET courses with include[]=observed_users: the observer's row, then the observed students'."
)
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


@fact("rest 4.3", "GET /users/:id/courses is for oneself, a linked observer or an admin.")
def test_a_students_courses_are_open_to_linked_observers(canvas: Sandbox) -> None:
    path = f"/users/{MIA}/courses"
    assert canvas.api("GET", path, "tok-parent").status_code == 403
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert ids(canvas, path, "tok-parent") == ids(canvas, path, "tok-admin") == [MATHS, OLD]
    assert canvas.api("GET", path, "tok-teacher").status_code == 403


@fact("rest 8", "A section has the documented keys, students and counts on request.")
def test_sections_and_their_students(canvas: Sandbox) -> None:
    params = {"include[]": ["students", "total_students"]}
    first, second = canvas.get(f"/courses/{MATHS}/sections", "tok-teacher", **params)
    assert (first["id"], first["course_id"], first["total_students"]) == (A, MATHS, 1)
    assert [each["id"] for each in second["students"]] == [NILS, MIA]
    assert canvas.get(f"/sections/{A}", "tok-mia")["name"] == "Section 1000"
    assert canvas.get(f"/courses/{MATHS}/sections/{A}", "tok-mia")["id"] == A
    assert canvas.api("GET", f"/courses/{OLD}/sections/{A}", "tok-admin").status_code == 404


# accounts


@fact("rest 8", "An account without the right to manage it has no quota keys; a sub-account has SIS ids.")
def test_accounts_show_quotas_to_those_who_manage_them(canvas: Sandbox) -> None:
    mine = canvas.get("/accounts/1", "tok-mia")
    assert (mine["name"], mine["parent_account_id"], mine["root_account_id"]) == ("Holm School", None, None)
    assert "default_storage_quota_mb" not in mine
    assert canvas.get("/accounts/self", "tok-admin")["default_storage_quota_mb"] == 500
    sub = canvas.get("/accounts/2", "tok-subadmin")
    assert (sub["root_account_id"], sub["sis_account_id"]) == (1, None)
    assert canvas.api("GET", "/accounts/2", "tok-mia").status_code == 403


@fact("rest 7", "An account's courses need read_course_list.")
def test_an_accounts_courses_need_the_right_to_list_them(canvas: Sandbox) -> None:
    assert ids(canvas, "/accounts/1/courses") == [MATHS, DRAFT, OLD]
    assert ids(canvas, "/accounts/2/courses", "tok-subadmin") == [MATHS]
    assert ids(canvas, "/accounts/1/courses", search_term="C101") == [DRAFT]
    assert ids(canvas, "/accounts/1/courses", **{"state[]": "completed"}) == [OLD]
    assert canvas.api("GET", "/accounts/1/courses", "tok-service").status_code == 403


@fact("rest 7", "A root-only permission held in a sub-account grants nothing.")
def test_a_sub_accounts_name_is_not_a_root_right(canvas: Sandbox) -> None:
    world = small_world()
    world["admins"] = [
        {"user_id": TEACHER, "account_id": 2, "permissions": ["manage_user_observers"]},
    ]
    canvas.use(world)
    assert canvas.api("GET", f"/users/{MIA}/observers", "tok-teacher").status_code == 403
