"""Accounts, their terms, and taking a person out of one."""

from typing import Any

import pytest

from tests.facts import fact
from tests.sandbox.running import Sandbox
from tests.sandbox.test_observees import FORBIDDEN, NOT_FOUND
from tests.sandbox.worlds import BOTH, BOTH_PARENT, FAR, MIA, NILS, PARENT, TEACHER, A, B, small_world

REMOVING = "read in user.rb; who may remove is from memory"


def ids(canvas: Sandbox, path: str, token: str, **params: Any) -> list[int]:
    return [each["id"] for each in canvas.get(path, token, **params)]


@fact("rest 8", "GET accounts lists the accounts where one has a role; most people get an empty list.")
def test_accounts_are_listed_to_their_admins(canvas: Sandbox) -> None:
    assert ids(canvas, "/accounts", "tok-admin") == [1]
    assert ids(canvas, "/accounts", "tok-subadmin") == [2]
    assert ids(canvas, "/accounts", "tok-service") == [1]
    assert ids(canvas, "/accounts", "tok-mia") == []
    assert canvas.api("GET", "/accounts").status_code == 401


@fact("rest 8", "An account's keys: a manager also sees quotas, a sub-account also its SIS ids.")
def test_an_account_has_canvas_keys(canvas: Sandbox) -> None:
    base = {
        "id",
        "name",
        "workflow_state",
        "parent_account_id",
        "root_account_id",
        "uuid",
        "default_time_zone",
    }
    quotas = {f"default_{kind}storage_quota_mb" for kind in ("", "user_", "group_")}
    assert set(canvas.get("/accounts/1", "tok-mia")) == base
    assert set(canvas.get("/accounts/1", "tok-admin")) == base | quotas
    sub = canvas.get("/accounts/2", "tok-admin")
    assert set(sub) == base | quotas | {"sis_account_id", "integration_id", "sis_import_id"}
    assert (sub["parent_account_id"], sub["root_account_id"]) == (1, 1)


@fact(
    "rest 8",
    "Sub-accounts are listed to whoever has a role in the account or above it.",
    uncertain="from memory",
)
def test_sub_accounts_are_listed(canvas: Sandbox) -> None:
    world = small_world()
    world["accounts"].append({"id": 4, "name": "Class 1", "parent_account_id": 2})
    canvas.use(world)
    assert ids(canvas, "/accounts/1/sub_accounts", "tok-admin") == [2]
    assert ids(canvas, "/accounts/1/sub_accounts", "tok-admin", recursive="true") == [2, 4]
    assert ids(canvas, "/accounts/2/sub_accounts", "tok-subadmin") == [4]
    assert ids(canvas, "/accounts/3/sub_accounts", "tok-faradmin") == []
    assert canvas.api("GET", "/accounts/1/sub_accounts", "tok-subadmin").status_code == 403
    assert canvas.api("GET", "/accounts/1/sub_accounts", "tok-mia").status_code == 403


@fact("rest 5", "include registration_settings tells how to sign up, and a root account's terms and captcha.")
@pytest.mark.parametrize("name", ["includes[]", "include[]"])
def test_an_account_tells_how_to_sign_up(canvas: Sandbox, name: str) -> None:
    world = small_world()
    world["accounts"][0] |= {
        "self_registration": "observer",
        "recaptcha_key": "key",
        "login_handle_name": "Number",
    }
    canvas.use(world)
    plain = canvas.get("/accounts/1", "tok-mia")
    body = canvas.get("/accounts/1", "tok-mia", **{name: "registration_settings"})
    added = {
        "registration_settings",
        "terms_required",
        "terms_of_use_url",
        "privacy_policy_url",
        "recaptcha_key",
    }
    assert set(body) - set(plain) == added
    assert body["registration_settings"] == {"login_handle_name": "Number", "require_email": False}
    assert (body["terms_required"], body["recaptcha_key"]) == (True, "key")
    sub = canvas.get("/accounts/2", "tok-subadmin", **{name: "registration_settings"})
    assert "registration_settings" in sub
    assert "terms_required" not in sub


@fact("rest 8", "Terms of service: id, terms_type, passive, account_id, content, self_registration_type.")
@fact("rest 5", "The self-registration mode is told by terms_of_service without any admin right.")
@fact(
    "rest 5",
    "terms_of_service needs no token.",
    uncertain="the parent app needs it before login, so probably",
)
@pytest.mark.parametrize("mode", ["none", "observer", "all"])
@pytest.mark.parametrize("token", ["tok-mia", None])
def test_terms_tell_who_may_sign_up(canvas: Sandbox, token: str | None, mode: str) -> None:
    world = small_world()
    world["accounts"][0] |= {"self_registration": mode, "terms_content": "<p>Be kind.</p>"}
    canvas.use(world)
    terms = {
        "id": 1,
        "terms_type": "default",
        "passive": False,
        "account_id": 1,
        "content": "<p>Be kind.</p>",
    }
    for account in (1, 2, "self"):
        found = canvas.get(f"/accounts/{account}/terms_of_service", token)
        assert found == terms | {"self_registration_type": mode}
    assert canvas.get("/accounts/3/terms_of_service", token)["self_registration_type"] == "none"


# leaving


@fact("rest 1.9", "Taking a person out of a root account deletes their links on both sides.")
@fact(
    "rest 4.3",
    "A deleted person is found with include_deleted_users only.",
    uncertain="read in clients' docs",
)
def test_who_leaves_takes_links_and_enrollments_along(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    canvas.put(f"/users/{MIA}/observees/{NILS}", "tok-admin")
    answer = canvas.delete(f"/accounts/1/users/{MIA}", "tok-admin")
    assert (answer.status_code, answer.json()["id"]) == (200, MIA)
    assert {link["state"] for link in canvas.state()["observation_links"]} == {"deleted"}
    assert {state for *_, state in canvas.enrollments(MIA)} == {"deleted"}
    assert {state for *_, state in canvas.enrollments(PARENT)} == {"deleted"}
    assert canvas.api("GET", "/users/sis_user_id:sis-mia", "tok-admin").status_code == 404
    assert ids(canvas, "/accounts/1/users", "tok-admin", search_term="Mia Holm") == []
    again = ids(canvas, "/accounts/1/users", "tok-admin", search_term="Mia Holm", include_deleted_users="1")
    assert again == [MIA]
    assert canvas.delete(f"/accounts/1/users/{MIA}", "tok-admin").status_code == 404


@fact("rest 1.9", "What a person has in another root account stays.", uncertain=REMOVING)
def test_other_root_accounts_keep_the_person(canvas: Sandbox) -> None:
    for admin, account in (("tok-admin", 1), ("tok-faradmin", 3)):
        params = {"root_account_id": account}
        answer = canvas.put(f"/users/{BOTH_PARENT}/observees/{BOTH}", admin, **params)
        assert answer.status_code == 200, answer.text
    assert canvas.delete(f"/accounts/1/users/{BOTH}", "tok-admin").status_code == 200
    links = {link["root_account_id"]: link["state"] for link in canvas.state()["observation_links"]}
    assert links == {1: "deleted", 3: "active"}
    assert (1030, "Student", None, "active") in canvas.enrollments(BOTH)
    assert (A, "Student", None, "deleted") in canvas.enrollments(BOTH)
    form = {"pseudonym_session[unique_id]": "both", "pseudonym_session[password]": "pw"}
    assert canvas.call("POST", "/login/canvas", data=form).status_code == 400
    far = canvas.url.replace("localhost", "127.0.0.1")
    assert canvas.call("POST", f"{far}/login/canvas", data=form).status_code == 302


@fact(
    "rest 1.9",
    "Only a root account lets people go, to whoever manages logins (and SIS data).",
    uncertain=REMOVING,
)
@pytest.mark.parametrize(
    ("token", "account", "user", "status"),
    [
        ("tok-service", 1, MIA, 403),
        ("tok-teacher", 1, MIA, 403),
        ("tok-helper", 1, MIA, 403),  # Mia comes from the SIS, and the helper manages logins alone
        ("tok-helper", 1, TEACHER, 200),
        ("tok-admin", 2, MIA, 404),
        ("tok-admin", 1, FAR, 404),
        ("tok-admin", 1, 999, 404),
        (None, 1, MIA, 401),
    ],
)
def test_who_may_let_people_go(
    canvas: Sandbox, token: str | None, account: int, user: int, status: int
) -> None:
    world = small_world()
    world["admins"].append({"user_id": 44, "account_id": 1, "permissions": ["manage_user_logins"]})
    teacher = next(user for user in world["users"] if user["id"] == TEACHER)
    teacher["logins"][0]["sis_user_id"] = None
    canvas.use(world)
    answer = canvas.delete(f"/accounts/{account}/users/{user}", token)
    assert answer.status_code == status
    if status in (403, 404):
        assert answer.json() == (FORBIDDEN if status == 403 else NOT_FOUND)


def test_who_leaves_is_logged_out_and_loses_their_roles(canvas: Sandbox) -> None:
    form = {"pseudonym_session[unique_id]": "subadmin", "pseudonym_session[password]": "pw"}
    canvas.call("POST", "/login/canvas", data=form)
    assert canvas.get("/users/self")["name"] == "Sub Admin"
    assert canvas.delete("/accounts/1/users/sis_user_id:sis-subadmin", "tok-admin").status_code == 200
    assert canvas.api("GET", "/users/self").status_code == 401
    assert 2 not in [admin["account_id"] for admin in canvas.state()["admins"]]
    assert B not in [row[0] for row in canvas.enrollments(42)]
