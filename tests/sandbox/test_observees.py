"""The User Observees API."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.facts import fact
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import (
    ADMIN,
    BOTH,
    BOTH_PARENT,
    DRAFT,
    ELSEWHERE,
    FAR,
    MATHS,
    MIA,
    NILS,
    NOBODY,
    PARENT,
    TEACHER,
    TEST_STUDENT,
    A,
    B,
    small_world,
)

FORBIDDEN = {
    "status": "unauthorized",
    "errors": [{"message": "user not authorized to perform that action"}],
}
NOT_FOUND = {"errors": [{"message": "The specified resource does not exist."}]}


def error(text: str) -> dict[str, object]:
    return {"errors": [{"message": text}]}


def code_of(canvas: Sandbox, student: str = "mia") -> str:
    answer = canvas.post("/users/self/observer_pairing_codes", f"tok-{student}")
    assert answer.status_code == 200, answer.text
    return answer.json()["code"]


def at_far_school(canvas: Sandbox, method: str, path: str, token: str, **options: object) -> httpx.Response:
    """A call to the other root account's host."""
    url = canvas.url.replace("localhost", "127.0.0.1") + "/api/v1" + path
    return canvas.call(method, url, token, **options)


# who may


@pytest.mark.parametrize(
    ("token", "path", "status"),
    [
        ("tok-parent", "/users/self/observees", 200),
        ("tok-parent", f"/users/{PARENT}/observees", 200),
        ("tok-parent", f"/users/{MIA}/observees", 403),
        ("tok-mia", "/users/self/observers", 200),
        ("tok-mia", f"/users/{PARENT}/observers", 403),
        ("tok-teacher", f"/users/{MIA}/observers", 403),
        ("tok-admin", f"/users/{MIA}/observers", 200),
        ("tok-service", f"/users/{PARENT}/observees", 200),
        ("tok-subadmin", f"/users/{MIA}/observers", 403),
        ("tok-faradmin", f"/users/{MIA}/observers", 403),
        ("tok-faradmin", f"/users/{BOTH}/observers", 200),
        ("tok-admin", f"/users/{NOBODY}/observees", 404),
        ("tok-admin", "/users/999/observees", 404),
        ("tok-admin", "/users/nonsense/observees", 404),
        (None, "/users/self/observees", 401),
    ],
)
@fact(
    "rest 1", "Lists are one's own, or for who has manage_user_observers in a root account of the path user."
)
@fact("rest 1", "A path user without any root account is 404; no right on any is 403.")
@fact("rest 1", "A sub-account's admin gets only their own lists.")
@fact("rest 1.1", "GET observees gives an observer's linked students, or 404 for an unknown user.")
@fact("rest 1.2", "GET observers gives a student's linked observers by the same rules.")
def test_lists_open_to_oneself_and_to_root_admins(
    canvas: Sandbox, token: str, path: str, status: int
) -> None:
    answer = canvas.api("GET", path, token)
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == FORBIDDEN
    if status == 404:
        assert answer.json() == NOT_FOUND


@fact(
    "rest 0.1",
    "Known but not permitted is 403, or 401 without api_auth_error_updates, with the same body.",
    uncertain="hosted Canvas seems to say 403",
)
@fact("lti 7.5", "A refusal of a known user has no WWW-Authenticate.")
def test_an_older_canvas_says_401_to_the_forbidden(canvas: Sandbox) -> None:
    canvas.use(small_world() | {"settings": {"forbidden_status": 401}})
    answer = canvas.api("GET", f"/users/{MIA}/observers", "tok-teacher")
    assert (answer.status_code, answer.json()) == (401, FORBIDDEN)
    assert "www-authenticate" not in answer.headers


@fact("rest 1.1", "Observees come by sortable name.")
def test_lists_are_in_the_order_of_sortable_names(canvas: Sandbox) -> None:
    for student in (MIA, NILS, BOTH):
        assert canvas.put(f"/users/{PARENT}/observees/{student}", "tok-admin").status_code == 200
    names = [each["sortable_name"] for each in canvas.get("/users/self/observees", "tok-parent")]
    assert names == ["Another, Nils", "Both, Bo", "Holm, Mia"]
    assert [each["id"] for each in canvas.get("/users/self/observers", "tok-mia")] == [PARENT]


@fact(
    "rest 1",
    "A plain observer sees base keys and avatar_url; an admin in lists SIS ids, login, e-mail too.",
)
@fact(
    "rest 1",
    "Showing one gives base keys only, for admins too.",
    uncertain="read from the code path, no spec seen",
)
@fact("rest 8", "A user among observees has the five base keys and observation_link_root_account_ids.")
def test_observers_see_five_keys_and_admins_more(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    base = {"id", "name", "created_at", "sortable_name", "short_name", "observation_link_root_account_ids"}
    sis = {"sis_user_id", "integration_id", "sis_import_id", "login_id"}
    (own,) = canvas.get("/users/self/observees", "tok-parent")
    assert set(own) == base  # created_at: in UTC, without a fraction
    assert own["created_at"] == "2026-01-05T08:00:00Z"
    assert own["observation_link_root_account_ids"] == [1]
    wanted = {"include[]": ["email", "avatar_url"]}
    (asked,) = canvas.get("/users/self/observees", "tok-parent", **wanted)
    assert set(asked) == base | {"avatar_url"}
    (seen,) = canvas.get(f"/users/{PARENT}/observees", "tok-admin", **wanted)
    assert set(seen) == base | sis | {"email", "avatar_url"}
    shown = canvas.get(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert set(shown) == base
    assert canvas.get(f"/users/{MIA}/observers/{PARENT}", "tok-mia")["id"] == PARENT


@pytest.mark.parametrize(
    "path",
    [
        f"/users/{PARENT}/observees/{NILS}",
        f"/users/{PARENT}/observees/999",
        f"/users/{NILS}/observers/{PARENT}",
    ],
)
@fact("rest 1.4", "Without an active link a pair is 404.")
@fact("rest 0.1", "A record that is not there is 404: The specified resource does not exist.")
def test_showing_a_pair_without_a_link_gives_404(canvas: Sandbox, path: str) -> None:
    assert canvas.api("GET", path, "tok-admin").status_code == 404


# adding with proof


@fact("rest 1.3", "A pairing code links and answers with the student; spent, it is 422 Invalid pairing code.")
@fact("rest 2", "A code works once, for one observer.")
def test_a_code_links_and_is_spent_only_once(canvas: Sandbox) -> None:
    code = code_of(canvas)
    answer = canvas.post("/users/self/observees", "tok-parent", pairing_code=code)
    assert answer.status_code == 200
    assert answer.json() == {
        "id": MIA,
        "name": "Mia Holm",
        "created_at": "2026-01-05T08:00:00Z",
        "sortable_name": "Holm, Mia",
        "short_name": "Mia Holm",
        "observation_link_root_account_ids": [1],
    }
    again = canvas.post("/users/self/observees", "tok-teacher", pairing_code=code)
    assert (again.status_code, again.json()) == (422, error("Invalid pairing code."))


def test_of_many_who_hurry_one_gets_the_code(canvas: Sandbox) -> None:
    code = code_of(canvas)
    people = [f"tok-{who}" for who in ("parent", "teacher", "ta", "designer", "bothparent", "admin")]
    with ThreadPoolExecutor(len(people)) as pool:
        answers = pool.map(lambda who: canvas.post("/users/self/observees", who, pairing_code=code), people)
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422, 422]
    assert len(canvas.state()["observation_links"]) == 1


@pytest.mark.parametrize("include", ["uuid", "lti_id"])
@fact(
    "rest 1",
    "include[]=uuid or lti_id breaks the list of observees.",
    uncertain="depends on the revision, untested",
)
def test_some_includes_break_the_list_of_observees(canvas: Sandbox, include: str) -> None:
    answer = canvas.api("GET", "/users/self/observees", "tok-parent", params={"include[]": include})
    assert answer.status_code == 500


@pytest.mark.parametrize("change", [str.swapcase, lambda code: code + " ", lambda code: ""])
@fact("rest 1.3", "A code is looked up exactly: case-sensitive and not trimmed.")
def test_a_code_must_be_typed_exactly(canvas: Sandbox, change: object) -> None:
    world = small_world()
    world["pairing_codes"] = [{"user_id": MIA, "code": "aB3dE9", "expires_at": "2090-01-01T00:00:00Z"}]
    canvas.use(world)
    answer = canvas.post("/users/self/observees", "tok-parent", pairing_code=change("aB3dE9"))  # type: ignore[operator]
    assert answer.status_code in (422, 500)  # blank: no proof at all
    assert canvas.post("/users/self/observees", "tok-parent", pairing_code="aB3dE9").status_code == 200


@fact("rest 1.3", "An expired code is 422.")
@fact("rest 2", "A code ends seven days after it was made.")
@fact(
    "rest 2",
    "Several codes of a student are good side by side.",
    uncertain="read from the code path, no spec seen",
)
def test_a_code_ends_after_seven_days(canvas: Sandbox) -> None:
    early, late = code_of(canvas), code_of(canvas)
    canvas.advance(7 * 86_400 - 60)
    assert canvas.post("/users/self/observees", "tok-parent", pairing_code=early).status_code == 200
    canvas.advance(120)
    assert canvas.post("/users/self/observees", "tok-parent", pairing_code=late).status_code == 422


@fact("rest 1.3", "When the link exists already the code is still spent.")
def test_a_duplicate_link_still_burns_the_code(canvas: Sandbox) -> None:
    for _ in range(2):
        code = code_of(canvas)
        answer = canvas.post("/users/self/observees", "tok-parent", pairing_code=code)
        assert answer.json()["observation_link_root_account_ids"] == [1]
        assert _is_burned(canvas, code)
    assert len(canvas.state()["observation_links"]) == 1


@fact(
    "rest 1.3",
    "Without a common root account the answer is 200 with no root account ids, no link, and the code spent.",
    uncertain="read from the code path, no spec seen",
)
def test_without_a_common_account_the_answer_is_200_and_links_nobody(canvas: Sandbox) -> None:
    code = code_of(canvas, "far")
    answer = canvas.post("/users/self/observees", "tok-parent", pairing_code=code)
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["observation_link_root_account_ids"]) == (FAR, [])
    assert _is_burned(canvas, code)
    assert canvas.state()["observation_links"] == []


@fact(
    "rest 1.3",
    "One's own code answers 200 without a link, and is spent.",
    uncertain="read from the code path, no spec seen",
)
def test_ones_own_code_gives_200_and_links_nobody(canvas: Sandbox) -> None:
    code = code_of(canvas)
    answer = canvas.post("/users/self/observees", "tok-mia", pairing_code=code)
    assert (answer.status_code, answer.json()["observation_link_root_account_ids"]) == (200, [])
    assert _is_burned(canvas, code)


@fact(
    "rest 1.3",
    "A code is spent before the check of common accounts, and not by a caller with no right at all.",
)
def test_a_code_burns_before_the_second_check_but_not_before_the_first(canvas: Sandbox) -> None:
    code = code_of(canvas, "mia")
    early = canvas.post(f"/users/{PARENT}/observees", "tok-teacher", pairing_code=code)
    assert (early.status_code, _is_burned(canvas, code)) == (403, False)
    # The far school's admin may manage this parent, but not where the parent and Mia meet.
    late = canvas.post(f"/users/{BOTH_PARENT}/observees", "tok-faradmin", pairing_code=code)
    assert (late.status_code, _is_burned(canvas, code)) == (403, True)


@fact("rest 1.3", "A student's token links and stays good; an invalid one is 422 Unknown observee.")
def test_a_students_token_links_and_is_not_spent(canvas: Sandbox) -> None:
    for observer in ("parent", "teacher"):
        answer = canvas.post("/users/self/observees", f"tok-{observer}", access_token="tok-mia")
        assert answer.json()["observation_link_root_account_ids"] == [1]
    bad = canvas.post("/users/self/observees", "tok-parent", access_token="nonsense", pairing_code="x")
    assert (bad.status_code, bad.json()) == (422, error("Unknown observee."))


@pytest.mark.parametrize(
    ("token", "unique_id", "password", "status", "body"),
    [
        ("tok-parent", "mia", "pw", 200, None),
        ("tok-parent", "MIA", "pw", 200, None),
        ("tok-parent", "mia", "wrong", 401, error("Invalid credentials provided.")),
        ("tok-parent", "unknown", "pw", 422, error("Unknown observee.")),
        ("tok-parent", "far", "pw", 422, error("Unknown observee.")),
        ("tok-mia", "mia", "pw", 422, error("Unknown observee.")),
    ],
)
@fact("rest 1.3", "An unknown login or no common root account is 422; a wrong password is 401.")
@fact(
    "rest 1.3",
    "One's own credentials are 422 Unknown observee.",
    uncertain="read from the code path, no spec seen",
)
def test_a_students_login_proves_too(
    canvas: Sandbox, token: str, unique_id: str, password: str, status: int, body: object
) -> None:
    data = {"observee[unique_id]": unique_id, "observee[password]": password}
    answer = canvas.post("/users/self/observees", token, **data)
    assert answer.status_code == status
    assert body in (None, answer.json())
    assert "www-authenticate" not in answer.headers


@fact("rest 1.3", "A POST without any proof is 500.", uncertain="derived, untested")
@fact("rest 0.1", "A failure of Canvas is 500 with an error_code and an error_report_id.")
def test_no_proof_at_all_breaks_canvas(canvas: Sandbox) -> None:
    answer = canvas.post("/users/self/observees", "tok-parent")
    assert answer.status_code == 500
    assert answer.json()["errors"] == [
        {"message": "An error occurred.", "error_code": "internal_server_error"}
    ]


@pytest.mark.parametrize(
    ("root", "linked"), [(None, [1]), ("3", [3]), ("1", [1]), ("all", [1, 3]), ("999", None)]
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
@fact("rest 1.3", "root_account_id is a number or all; without it the host's account counts.")
@fact(
    "rest 1.6",
    "PUT without root_account_id links in the host's root account only; all means every permitted one.",
)
def test_root_account_id_chooses_where(
    canvas: Sandbox, method: str, root: str | None, linked: list[int] | None
) -> None:
    world = small_world()
    world["admins"].append({"user_id": ADMIN, "account_id": 3})
    canvas.use(world)
    data = {"root_account_id": root} if root else {}
    if method == "POST":
        code = code_of(canvas, "both")
        answer = canvas.post("/users/self/observees", "tok-bothparent", pairing_code=code, **data)
    else:
        answer = canvas.put(f"/users/{BOTH_PARENT}/observees/{BOTH}", "tok-admin", **data)
    if linked is None:
        assert answer.status_code == 404
    else:
        assert answer.json()["observation_link_root_account_ids"] == linked


@fact("rest 1.6", "The default root account is that of the host.")
def test_the_host_decides_the_default_root_account(canvas: Sandbox) -> None:
    answer = at_far_school(canvas, "PUT", f"/users/{BOTH_PARENT}/observees/{BOTH}", "tok-faradmin")
    assert answer.json()["observation_link_root_account_ids"] == [3]


def _is_burned(canvas: Sandbox, code: str) -> bool:
    (row,) = [row for row in canvas.state()["pairing_codes"] if row["code"] == code]
    return row["state"] == "deleted"


@fact("rest 1.3", "Nothing limits attempts: after many wrong codes a right one still works.")
def test_nobody_counts_wrong_codes(canvas: Sandbox) -> None:
    for number in range(12):
        answer = canvas.post("/users/self/observees", "tok-parent", pairing_code=f"wrong{number}")
        assert answer.status_code == 422
    answer = canvas.post("/users/self/observees", "tok-parent", pairing_code=code_of(canvas))
    assert (answer.status_code, answer.json()["id"]) == (200, MIA)


@fact("rest 1.3", "Nobody asks whether the observed person is a student.")
def test_even_a_teacher_may_be_observed(canvas: Sandbox) -> None:
    answer = canvas.post("/users/self/observees", "tok-parent", access_token="tok-teacher")
    assert answer.json()["observation_link_root_account_ids"] == [1]
    assert canvas.enrollments(PARENT) == []


# adding and removing as an admin


@pytest.mark.parametrize(
    ("token", "observer", "student", "status"),
    [
        ("tok-admin", PARENT, MIA, 200),
        ("tok-service", PARENT, MIA, 200),
        ("tok-parent", PARENT, MIA, 403),
        ("tok-teacher", PARENT, MIA, 403),
        ("tok-subadmin", PARENT, MIA, 403),
        ("tok-faradmin", BOTH_PARENT, BOTH, 404),
        ("tok-faradmin", PARENT, MIA, 403),
        ("tok-admin", PARENT, FAR, 404),
        ("tok-admin", PARENT, PARENT, 404),
        ("tok-admin", PARENT, 999, 404),
        ("tok-admin", 999, MIA, 404),
    ],
)
@fact(
    "rest 1.6",
    "PUT is for who has manage_user_observers in a common root account, not even for the observer.",
)
@fact(
    "rest 1.6",
    "Without a common root account, with oneself, or with an unknown id PUT is 404.",
    uncertain="read from the code path, no spec seen",
)
def test_put_is_for_admins_of_a_common_account(
    canvas: Sandbox, token: str, observer: int, student: int, status: int
) -> None:
    if token == "tok-faradmin" and observer == BOTH_PARENT:
        # At this host the default is account 1, which the two share but where this admin has no right.
        status = 403
    assert canvas.put(f"/users/{observer}/observees/{student}", token).status_code == status


@pytest.mark.parametrize(
    ("token", "path", "status"),
    [
        ("tok-parent", f"/users/self/observees/{MIA}", 200),
        ("tok-admin", f"/users/{PARENT}/observees/{MIA}", 200),
        ("tok-mia", f"/users/{PARENT}/observees/{MIA}", 403),
        ("tok-teacher", f"/users/{PARENT}/observees/{MIA}", 403),
        ("tok-parent", f"/users/self/observees/{NILS}", 404),
        ("tok-parent", "/users/self/observees/999", 404),
    ],
)
@fact(
    "rest 1.7",
    "DELETE is for the observer or an admin, and answers with the student; without a link it is 404.",
)
@fact("rest 1", "A student cannot remove an observer of theirs.")
@fact(
    "rest 1",
    "After a DELETE observation_link_root_account_ids is empty.",
    uncertain="read from the code path, no spec seen",
)
def test_a_link_ends_at_the_observers_or_an_admins_wish(
    canvas: Sandbox, token: str, path: str, status: int
) -> None:
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    answer = canvas.delete(path, token)
    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["id"], answer.json()["observation_link_root_account_ids"]) == (MIA, [])
        assert canvas.delete(path, token).status_code == 404


@fact("rest 1.7", "DELETE ignores root_account_id.", uncertain="read from the code path, no spec seen")
def test_root_account_id_is_ignored_when_removing(canvas: Sandbox) -> None:
    code = code_of(canvas, "both")
    canvas.post("/users/self/observees", "tok-bothparent", pairing_code=code, root_account_id="all")
    answer = canvas.delete(f"/users/self/observees/{BOTH}", "tok-bothparent", root_account_id=1)
    assert answer.status_code == 200
    assert {link["state"] for link in canvas.state()["observation_links"]} == {"deleted"}


@fact(
    "rest 1.7",
    "An admin removes only the links of root accounts where they have the right.",
    uncertain="read from the code path, no spec seen",
)
@fact("rest 1", "An admin sees only the root account ids where they have the right.")
def test_an_admin_removes_only_where_they_may(canvas: Sandbox) -> None:
    code = code_of(canvas, "both")
    canvas.post("/users/self/observees", "tok-bothparent", pairing_code=code, root_account_id="all")
    shown = canvas.get(f"/users/{BOTH_PARENT}/observees/{BOTH}", "tok-faradmin")
    assert shown["observation_link_root_account_ids"] == [3]
    canvas.delete(f"/users/{BOTH_PARENT}/observees/{BOTH}", "tok-faradmin")
    left = canvas.get(f"/users/self/observees/{BOTH}", "tok-bothparent")
    assert left["observation_link_root_account_ids"] == [1]


@fact("rest 1.6", "A link deleted before is revived, not made again.")
def test_a_removed_link_row_is_revived(canvas: Sandbox) -> None:
    for _ in range(2):
        canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
        canvas.delete(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert len(canvas.state()["observation_links"]) == 1


# pairing codes


@fact("rest 1.8", "Making a code answers 200 with user_id, code, expires_at and workflow_state.")
@fact("rest 2", "A single code is six letters and digits.")
@fact(
    "rest 1.8",
    "Making a code does not ask for self-registration.",
    uncertain="read from the code path, no spec seen",
)
@fact("rest 8", "A PairingCode has user_id, code, expires_at and workflow_state.")
def test_a_code_looks_as_canvas_makes_it(canvas: Sandbox) -> None:
    answer = canvas.post("/users/self/observer_pairing_codes", "tok-mia").json()
    assert set(answer) == {"user_id", "code", "expires_at", "workflow_state"}
    assert re.fullmatch(r"[A-Za-z0-9]{6}", answer["code"])
    assert (answer["user_id"], answer["workflow_state"]) == (MIA, "active")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["expires_at"])


@pytest.mark.parametrize(
    ("token", "student", "status"),
    [
        ("tok-mia", MIA, 200),
        ("tok-mia", NILS, 403),
        ("tok-parent", PARENT, 403),
        ("tok-parent", MIA, 403),
        ("tok-admin", MIA, 200),
        ("tok-admin", PARENT, 403),
        ("tok-subadmin", MIA, 200),
        ("tok-subadmin", FAR, 403),
        ("tok-service", MIA, 403),
        ("tok-teacher", MIA, 403),
        ("tok-admin", 999, 404),
    ],
)
@fact(
    "rest 1.8", "A code is made by the student or with generate_observer_pairing_code in a course of theirs."
)
@fact("rest 1.8", "For who is no student a code is refused, to admins too.")
@fact("rest 1.8", "An unknown user is 404.")
@fact("rest 2", "generate_observer_pairing_code is on for AccountAdmin and off for teachers.")
def test_codes_are_made_by_students_and_those_granted_to(
    canvas: Sandbox, token: str, student: int, status: int
) -> None:
    assert canvas.post(f"/users/{student}/observer_pairing_codes", token).status_code == status


@fact("rest 2", "Teachers may be granted codes; students cannot be.")
def test_a_role_override_lets_teachers_make_codes_in_their_courses(canvas: Sandbox) -> None:
    world = small_world()
    world["role_overrides"] = [
        {"account_id": 1, "role": role, "permission": "generate_observer_pairing_code", "enabled": True}
        for role in ("TeacherEnrollment", "StudentEnrollment")
    ]
    canvas.use(world)
    assert canvas.post(f"/users/{MIA}/observer_pairing_codes", "tok-teacher").status_code == 200
    assert canvas.post(f"/users/{FAR}/observer_pairing_codes", "tok-teacher").status_code == 403
    assert canvas.post(f"/users/{MIA}/observer_pairing_codes", "tok-nils").status_code == 403
    assert canvas.post(f"/users/{TEACHER}/observer_pairing_codes", "tok-teacher").status_code == 403


@pytest.mark.parametrize(
    ("state", "status"),
    [("active", 200), ("invited", 200), ("completed", 200), ("inactive", 403), ("deleted", 403)],
)
@fact(
    "rest 1.8", "A completed enrollment still makes a student; an inactive, rejected or deleted one does not."
)
def test_a_completed_enrollment_still_makes_a_student(canvas: Sandbox, state: str, status: int) -> None:
    world = small_world()
    world["enrollments"] = [{"user_id": MIA, "course_id": MATHS, "state": state}]
    canvas.use(world)
    assert canvas.post("/users/self/observer_pairing_codes", "tok-mia").status_code == status


# what a link brings along


@fact(
    "rest 1.9",
    "A link enrolls the observer beside every student enrollment that is not rejected, completed or deleted.",
)
@fact("rest 1.9", "An invited student's observer is active, and unpublished courses count.")
def test_a_link_enrolls_the_observer_beside_each_running_enrollment(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert sorted(canvas.enrollments(PARENT)) == [
        (A, "Observer", MIA, "active"),
        (B, "Observer", MIA, "active"),
        (1010, "Observer", MIA, "active"),  # invited and unpublished; the completed course is left out
    ]


@fact("rest 1.9", "Beside an inactive enrollment the observer is inactive.")
def test_an_inactive_students_observer_is_inactive(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{BOTH}", "tok-admin")
    assert canvas.enrollments(PARENT) == [(A, "Observer", BOTH, "inactive")]


@fact("rest 1.9", "A link reaches courses of trusted root accounts.")
@fact("rest 1.7", "DELETE ends the pair's enrollments in the link's root account and those it trusts.")
def test_a_link_reaches_trusted_accounts_and_so_does_its_end(canvas: Sandbox) -> None:
    world = small_world()
    world["accounts"][0]["trusted_account_ids"] = [3]
    canvas.use(world)
    canvas.put(f"/users/{BOTH_PARENT}/observees/{BOTH}", "tok-admin")
    assert sorted(canvas.enrollments(BOTH_PARENT)) == [
        (A, "Observer", BOTH, "inactive"),
        (1030, "Observer", BOTH, "active"),
    ]
    canvas.delete(f"/users/{BOTH_PARENT}/observees/{BOTH}", "tok-admin")
    assert {row[3] for row in canvas.enrollments(BOTH_PARENT)} == {"deleted"}


@fact("rest 1.9", "An observer without a usable login in the course's root account is silently left out.")
def test_an_observer_without_a_login_in_the_account_is_not_enrolled(canvas: Sandbox) -> None:
    world = small_world()
    world["accounts"][0]["trusted_account_ids"] = [3]
    canvas.use(world)
    canvas.put(f"/users/{PARENT}/observees/{BOTH}", "tok-admin")
    assert [row[0] for row in canvas.enrollments(PARENT)] == [A]


@fact(
    "rest 1.6",
    "PUT on an active link does nothing: a removed enrollment comes back only by DELETE and PUT.",
    uncertain="read from the code path, no spec seen",
)
def test_put_does_not_heal_but_remaking_the_link_does(canvas: Sandbox) -> None:
    path = f"/users/{PARENT}/observees/{MIA}"
    canvas.put(path, "tok-admin")
    _end_row(canvas, PARENT, A, "delete")
    canvas.put(path, "tok-admin")
    assert (A, "Observer", MIA, "deleted") in canvas.enrollments(PARENT)
    canvas.delete(path, "tok-admin")
    canvas.put(path, "tok-admin")
    assert (A, "Observer", MIA, "active") in canvas.enrollments(PARENT)


@fact(
    "rest 1.7",
    "DELETE ends every observer enrollment of the pair, however made and in any state; others stay.",
)
@fact("rest 1.9", "A linked row that is neither deleted nor inactive is left as it is.")
def test_removing_takes_every_enrollment_of_the_pair_however_made(canvas: Sandbox) -> None:
    rows = [(PARENT, MIA, "completed"), (PARENT, None, "active"), (PARENT, NILS, "active")]
    world = small_world()
    world["enrollments"] += [
        {
            "user_id": user,
            "course_id": MATHS,
            "section_id": A,
            "type": "ObserverEnrollment",
            "associated_user_id": student,
            "state": state,
        }
        for user, student, state in rows
    ]
    canvas.use(world)
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert (A, "Observer", MIA, "completed") in canvas.enrollments(PARENT)  # not revived by the link
    canvas.delete(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    left = [row for row in canvas.enrollments(PARENT) if row[3] != "deleted"]
    assert left == [(A, "Observer", None, "active"), (A, "Observer", NILS, "active")]


@fact("rest 1.9", "A student newly enrolled brings the linked observer at once.")
def test_a_student_newly_enrolled_brings_the_observer(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    data = {"enrollment[user_id]": NILS, "enrollment[course_section_id]": 1010}
    assert canvas.post(f"/courses/{DRAFT}/enrollments", "tok-admin", **data).status_code == 200
    assert (1010, "Student", None, "creation_pending") in canvas.enrollments(NILS)
    assert (1010, "Observer", NILS, "creation_pending") in canvas.enrollments(PARENT)


@pytest.mark.parametrize(
    ("by_hand", "changes", "expected"),
    [
        (None, ["conclude"], "completed"),
        (None, ["delete"], "deleted"),
        (None, ["inactivate"], "inactive"),
        (None, ["inactivate", "reactivate"], "active"),
        (None, ["conclude", "enroll"], "active"),
        (None, ["delete", "enroll"], "active"),
        ("delete", ["conclude"], "deleted"),
        ("delete", ["inactivate"], "deleted"),
        ("delete", ["inactivate", "reactivate"], "active"),
        ("delete", ["conclude", "enroll"], "active"),
    ],
)
@fact("rest 1.9", "The linked observer takes over the student's state.")
@fact(
    "rest 1.9",
    "A row removed by hand stays removed, unless the student returns from inactive, completed or deleted.",
)
def test_an_observer_follows_the_students_changes(
    canvas: Sandbox, by_hand: str | None, changes: list[str], expected: str
) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    if by_hand:
        _end_row(canvas, PARENT, B, by_hand)
    for change in changes:
        if change == "enroll":
            data = {"enrollment[user_id]": NILS, "enrollment[enrollment_state]": "active"}
            canvas.post(f"/sections/{B}/enrollments", "tok-admin", **data)
        else:
            _end_row(canvas, NILS, B, change)
    assert canvas.enrollments(PARENT) == [(B, "Observer", NILS, expected)]


def _end_row(canvas: Sandbox, user_id: int, section_id: int, task: str) -> None:
    (row,) = [
        row
        for row in canvas.state()["enrollments"]
        if (row["user_id"], row["section_id"]) == (user_id, section_id)
    ]
    path = f"/courses/{row['course_id']}/enrollments/{row['id']}"
    if task == "reactivate":
        answer = canvas.put(f"{path}/reactivate", "tok-admin")
    else:
        answer = canvas.delete(path, "tok-admin", task=task)
    assert answer.status_code == 200, answer.text


@fact("rest 1.9", "An observer's row has the dates of the student's.")
def test_an_observer_has_the_students_dates(canvas: Sandbox) -> None:
    dates = {"start_at": "2026-02-01T00:00:00Z", "end_at": "2027-06-01T00:00:00Z"}
    world = small_world()
    world["enrollments"] = [{"user_id": MIA, "course_id": MATHS, **dates}]
    canvas.use(world)
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    (row,) = canvas.get("/users/self/enrollments", "tok-parent")
    assert {name: row[name] for name in dates} == dates


@fact("rest 1.9", "The test student's enrollments bring no observer along.")
def test_nobody_observes_in_student_view(canvas: Sandbox) -> None:
    world = small_world()
    world["users"][-1]["logins"] = [{"unique_id": "test"}]
    canvas.use(world)
    canvas.put(f"/users/{PARENT}/observees/{TEST_STUDENT}", "tok-admin")
    assert canvas.enrollments(PARENT) == []


@fact("rest 1.9", "Linked in two root accounts, an observer has one row for each enrollment.")
@fact("rest 1.7", "An observer's DELETE ends the links of all root accounts at once.")
def test_a_pair_of_two_root_accounts_is_enrolled_in_both(canvas: Sandbox) -> None:
    world = small_world()
    world["accounts"][0]["trusted_account_ids"] = [3]
    canvas.use(world)
    data = {"pairing_code": code_of(canvas, "both"), "root_account_id": "all"}
    canvas.post("/users/self/observees", "tok-bothparent", **data)
    assert sorted(canvas.enrollments(BOTH_PARENT)) == [
        (A, "Observer", BOTH, "inactive"),
        (1030, "Observer", BOTH, "active"),
    ]
    (student,) = canvas.get("/users/self/observees", "tok-bothparent")
    assert student["observation_link_root_account_ids"] == [1, 3]
    canvas.delete(f"/users/self/observees/{BOTH}", "tok-bothparent")
    assert {row[3] for row in canvas.enrollments(BOTH_PARENT)} == {"deleted"}


@fact("rest 3.3", "A linked observer's row deleted by hand leaves the link as it is.")
def test_removing_an_observer_from_a_course_leaves_the_link(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    _end_row(canvas, PARENT, B, "delete")
    assert [each["id"] for each in canvas.get("/users/self/observees", "tok-parent")] == [NILS]


@fact("rest 1.9", "A link does not reach root accounts that are not trusted.")
def test_other_accounts_courses_stay_out_of_a_link(canvas: Sandbox) -> None:
    canvas.put(f"/users/{BOTH_PARENT}/observees/{BOTH}", "tok-admin")
    assert all(row[0] != 1030 for row in canvas.enrollments(BOTH_PARENT))
    assert canvas.get(f"/courses/{ELSEWHERE}/users", "tok-faradmin")
