"""What holds for every API request: tokens, scopes, ids, pages, the throttle."""

import re
from typing import Any
from uuid import UUID

import pytest

from sandbox.records import derived_uuid
from tests.facts import fact
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import ADMIN, MATHS, MIA, NILS, PARENT, TEACHER, small_world

BEARER = 'Bearer realm="canvas-lms"'


@fact("rest 0.1", "Without a token or a session: 401, WWW-Authenticate, status unauthenticated.")
@fact("lti 7.5", "No credentials: 401, user authorization required, WWW-Authenticate.")
def test_without_a_token_canvas_asks_for_one(canvas: Sandbox) -> None:
    answer = canvas.api("GET", "/users/self")
    body = {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]}
    assert (answer.status_code, answer.json()) == (401, body)
    assert answer.headers["www-authenticate"] == BEARER


@fact("rest 0.1", "A bad, revoked or expired token is 401 with WWW-Authenticate and says which.")
@fact(
    "rest 0.1",
    "An OAuth token past its hour is Invalid access token., one with a fixed end says Expired.",
    uncertain="which of the two uses which word was not settled",
)
@pytest.mark.parametrize(
    ("token", "text"),
    [
        ({}, None),
        ({"token": "other"}, "Invalid access token."),
        ({"revoked": True}, "Revoked access token."),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "Expired access token."),
        ({"expires_at": "2020-01-01T00:00:00Z", "client_id": "1"}, "Invalid access token."),
        ({"expires_at": "2090-01-01T00:00:00Z", "client_id": "1"}, None),
    ],
)
@fact(
    "lti 7.5",
    "Newer versions say Expired (with expired_at) or Revoked access token.",
    uncertain="whether one-hour tokens say Expired is unknown",
)
def test_a_dead_token_says_why(canvas: Sandbox, token: dict[str, Any], text: str | None) -> None:
    world = small_world()
    world["access_tokens"] = [{"token": "t", "user_id": MIA} | token]
    canvas.use(world)
    answer = canvas.api("GET", "/users/self", "t")
    assert answer.status_code == (401 if text else 200)
    if text:
        assert answer.json()["errors"][0]["message"] == text
        assert answer.headers["www-authenticate"] == BEARER


@fact("lti 8", "Addresses in the link header never contain access_token.")
def test_a_token_may_stand_in_the_query_but_never_in_links(canvas: Sandbox) -> None:
    answer = canvas.api("GET", "/accounts/1/users", params={"access_token": "tok-admin", "per_page": 2})
    assert answer.status_code == 200
    assert "tok-admin" not in answer.headers["link"]


@fact("lti 7.4", "A scoped key without include parameters keeps only include[]=uuid; HEAD counts as GET.")
@fact("rest 0.1", "Outside a token's scopes: 401 without WWW-Authenticate.")
@fact("lti 7.4", "Out of scope is 401 Insufficient scopes, without WWW-Authenticate.")
@fact("rest 7", "self uses the scope of :id.")
def test_a_scoped_token_reaches_its_scopes_and_loses_includes(canvas: Sandbox) -> None:
    world = small_world()
    scopes = ["url:GET|/api/v1/courses/:course_id/users"]
    world["developer_keys"] = [{"client_id": "1", "client_secret": "s", "scopes": scopes}]
    world["access_tokens"] = [{"token": "scoped", "user_id": TEACHER, "client_id": "1"}]
    canvas.use(world)
    people = canvas.get(f"/courses/{MATHS}/users", "scoped", **{"include[]": ["enrollments", "uuid"]})
    assert "uuid" in people[0]
    assert "enrollments" not in people[0]
    answer = canvas.api("GET", "/users/self", "scoped")
    body = {"errors": [{"message": "Insufficient scopes on access token."}]}
    assert (answer.status_code, answer.json()) == (401, body)
    assert "www-authenticate" not in answer.headers
    assert canvas.api("HEAD", f"/courses/{MATHS}/users", "scoped").status_code == 200

    world["developer_keys"][0]["allow_includes"] = True
    canvas.use(world)
    people = canvas.get(f"/courses/{MATHS}/users", "scoped", **{"include[]": ["enrollments", "uuid"]})
    assert "enrollments" in people[0]


@fact(
    "rest 0",
    "A request without User-Agent is 403 with Instructure's body.",
    uncertain="the body was announced for other APIs",
)
@fact(
    "lti 8",
    "Requests without User-Agent are refused with 403.",
    uncertain="the date of enforcement is unknown",
)
def test_requests_must_say_who_they_are(canvas: Sandbox) -> None:
    headers = {"User-Agent": ""}
    answer = canvas.api("GET", "/users/self", "tok-mia", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")
    assert "valid user agent" in answer.json()["message"]
    canvas.use(small_world() | {"settings": {"require_user_agent": False}})
    assert canvas.api("GET", "/users/self", "tok-mia", headers=headers).status_code == 200


@fact(
    "rest 0",
    "A path names a user by number, sis_user_id, sis_login_id or hex.",
    uncertain="sis_integration_id and hex are from memory",
)
@fact("lti 8", "Ids are local, global or <shard>~<id>; sis_login_id ignores case.")
@pytest.mark.parametrize(
    "form",
    [
        str(MIA),
        str(10**13 + MIA),
        f"1~{MIA}",
        "sis_user_id:sis-mia",
        "sis_login_id:mia",
        "sis_login_id:MIA",
        "hex:sis_user_id:" + b"sis-mia".hex(),
    ],
)
def test_a_user_is_named_in_many_ways(canvas: Sandbox, form: str) -> None:
    assert canvas.get(f"/users/{form}", "tok-admin")["id"] == MIA


@fact("lti 8", "lti_1_1_id and uuid name users, uuid names courses.")
def test_lti_ids_name_users_and_courses(canvas: Sandbox) -> None:
    lti_id = canvas.get(f"/users/{MIA}/profile", "tok-mia")["lti_user_id"]
    assert len(lti_id) == 40
    assert canvas.get(f"/users/lti_1_1_id:{lti_id}", "tok-admin")["id"] == MIA
    uuid = canvas.get("/accounts/1/users", "tok-admin", **{"include[]": "uuid", "search_term": "mia"})[0][
        "uuid"
    ]
    assert canvas.get(f"/users/uuid:{uuid}", "tok-admin")["id"] == MIA
    course = canvas.get(f"/courses/{MATHS}", "tok-admin")["uuid"]
    assert canvas.get(f"/courses/uuid:{course}", "tok-admin")["id"] == MATHS


@fact("rest 0", "A malformed id is 404.")
@fact("rest 0.1", "Not found: 404 with one message for everything.")
@pytest.mark.parametrize(
    "form", ["0", "-1", "1.5", "2~11", "sis_user_id:SIS-MIA", "nonsense:1", "hex:sis_user_id:zz", "%C2%B2"]
)
def test_other_forms_of_a_user_are_404(canvas: Sandbox, form: str) -> None:
    assert canvas.api("GET", f"/users/{form}", "tok-admin").status_code == 404


@fact(
    "rest 0.1",
    "An unknown route answers like an unknown record.",
    uncertain="a route outside the API was not read",
)
@pytest.mark.parametrize("path", ["/nonsense", "/users", "/users/1/2/3"])
def test_an_unknown_route_is_404(canvas: Sandbox, path: str) -> None:
    answer = canvas.api("GET", path, "tok-admin")
    body = {"errors": [{"message": "The specified resource does not exist."}]}
    assert (answer.status_code, answer.json()) == (404, body)


@fact("rest 0", "Ids are numbers, or texts with Accept: application/json+canvas-string-ids.")
@fact("lti 8", "With Accept: application/json+canvas-string-ids all ids are texts.")
def test_ids_become_texts_when_asked(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    headers = {"Accept": "application/json+canvas-string-ids"}
    (student,) = canvas.api("GET", "/users/self/observees", "tok-parent", headers=headers).json()
    assert (student["id"], student["observation_link_root_account_ids"]) == (str(MIA), ["1"])
    (row, *_) = canvas.api("GET", f"/courses/{MATHS}/enrollments", "tok-parent", headers=headers).json()
    assert (row["associated_user_id"], row["user"]["id"], row["total_activity_time"]) == (
        str(MIA),
        str(PARENT),
        0,
    )


@fact("rest 0", "Pages: page, per_page, and a link header with current, next, prev, first, last.")
@fact("lti 8", "A page past the end is [], a bad page 404; the link header's name is lower-case.")
def test_pages_are_numbered_and_linked(canvas: Sandbox) -> None:
    for student in (MIA, NILS, 14):
        canvas.put(f"/users/{PARENT}/observees/{student}", "tok-admin")
    path = "/users/self/observees"
    first = canvas.api("GET", path, "tok-parent", params={"per_page": 1, "include[]": "avatar_url"})
    assert list(first.links) == ["current", "next", "first", "last"]
    assert first.links["last"]["url"].endswith("include[]=avatar_url&page=3&per_page=1")
    second = canvas.call("GET", first.links["next"]["url"], "tok-parent")
    assert list(second.links) == ["current", "next", "prev", "first", "last"]
    assert "avatar_url" in second.json()[0]
    assert b"link" in {name for name, _ in first.headers.raw}  # lower case since 2024
    assert canvas.get(path, "tok-parent", page=9) == []
    assert canvas.api("GET", path, "tok-parent", params={"page": "x"}).status_code == 404


@fact("rest 0", "per_page is 10 by default and 100 at most.", uncertain="older code has 50")
@pytest.mark.parametrize(("asked", "given"), [("500", 100), ("0", 1), ("-3", 1), ("x", 1), (None, 10)])
@fact("lti 8", "per_page is at most 100 and at least 1.", uncertain="older code said 50")
def test_pages_hold_at_most_a_hundred(sandbox: Sandbox, asked: str | None, given: int) -> None:
    world = {
        "users": [{"id": each} for each in range(1, 121)],
        "admins": [{"user_id": 1}],
        "access_tokens": [{"token": "t", "user_id": 1}],
    }
    sandbox.use(world)
    params = {"per_page": asked} if asked else {}
    assert len(sandbox.get("/accounts/1/users", "t", **params)) == given


@fact("rest 0", "Lists of course users and account users have no last page.")
@fact("rest 4.3", "Course users and account users come without rel=last.")
def test_counting_lists_end_without_last(canvas: Sandbox) -> None:
    for path in ("/accounts/1/users", f"/courses/{MATHS}/users"):
        links = canvas.api("GET", path, "tok-admin", params={"per_page": 2}).links
        assert list(links) == ["current", "next", "first"]


@fact("lti 7.6", "as_user_id acts as another user; else 401 with errors as a text.")
@fact(
    "lti 7.6",
    "as_user_id by id or SIS id acts as another for who may become others; else 401 Invalid.",
)
def test_admins_act_as_others(canvas: Sandbox) -> None:
    assert canvas.get("/users/self", "tok-admin", as_user_id=PARENT)["id"] == PARENT
    assert canvas.get("/users/self", "tok-admin", as_user_id="sis_user_id:sis-mia")["id"] == MIA
    for token, target in (("tok-teacher", MIA), ("tok-admin", 999)):
        answer = canvas.api("GET", "/users/self", token, params={"as_user_id": target})
        assert (answer.status_code, answer.json()) == (401, {"errors": "Invalid as_user_id"})


@fact("lti 7.6", "A token made while masquerading cannot masquerade again: 401 Cannot change masquerade.")
def test_a_masquerading_token_does_not_change_its_mask(canvas: Sandbox) -> None:
    world = small_world()
    world["access_tokens"] = [{"token": "masked", "user_id": MIA, "real_user_id": ADMIN}]
    canvas.use(world)
    answer = canvas.api("GET", "/users/self", "masked", params={"as_user_id": PARENT})
    assert (answer.status_code, answer.json()) == (401, {"errors": "Cannot change masquerade"})


@fact("lti 8", "A bucket of 600 leaks 10 a second; a token call costs 200; each token has a bucket.")
@fact(
    "lti 8",
    "Throttled: 429, before October 2025 403, X-Rate-Limit-Remaining 0.0 and no cost.",
    uncertain="the exact body of the 429 was not read",
)
@fact("rest 0.1", "Throttled: text with Rate Limit Exceeded, 429 or 403.")
@pytest.mark.parametrize(
    ("status", "text"),
    [
        (429, "429 Too Many Requests (Rate Limit Exceeded)\n"),
        (403, "403 Forbidden (Rate Limit Exceeded)\n"),
    ],
)
def test_a_full_bucket_refuses_until_it_has_leaked(canvas: Sandbox, status: int, text: str) -> None:
    canvas.use(small_world() | {"settings": {"throttle": True, "throttle_status": status}})
    for _ in range(6):  # each costs 200 units of 600, and ten leak away every second
        answer = canvas.call("POST", "/login/oauth2/token")
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["x-rate-limit-remaining"] == "0.0"
    assert "x-request-cost" not in answer.headers
    assert canvas.api("GET", "/users/self", "tok-mia").status_code == 200  # another bucket
    canvas.advance(30)
    assert canvas.call("POST", "/login/oauth2/token").status_code == 400


@fact("lti 8", "X-Request-Cost and X-Rate-Limit-Remaining come with every answer to a token.")
def test_every_answer_tells_cost_and_what_remains(canvas: Sandbox) -> None:
    answer = canvas.api("GET", "/users/self", "tok-mia")
    assert 0 < float(answer.headers["x-request-cost"]) < 5
    assert 590 < float(answer.headers["x-rate-limit-remaining"]) < 600


@fact("rest 0.1", "Being logged in serves as well as a token.")
def test_a_login_session_serves_the_api_too(canvas: Sandbox) -> None:
    form = {"pseudonym_session[unique_id]": "mia", "pseudonym_session[password]": "pw"}
    canvas.call("POST", "/login/canvas", data=form)
    assert canvas.get("/users/self")["id"] == MIA
    assert canvas.get("/users/self", "tok-admin")["id"] == ADMIN


@fact("lti 8", "lti_1_3_id names a user by the sub of launches.")
def test_subs_are_version_4_uuids(canvas: Sandbox) -> None:
    sub = derived_uuid("user", MIA)
    assert UUID(sub).version == 4
    assert canvas.get(f"/users/lti_1_3_id:{sub}", "tok-admin")["id"] == MIA


@fact(
    "rest 0.1", "Not permitted: 403, or 401 on an older Canvas, with the same body and no WWW-Authenticate."
)
@fact("rest 0", "A 401 alone does not say that the token is bad: the body does.")
@pytest.mark.parametrize("status", [403, 401])
def test_not_permitted_is_not_a_bad_token(canvas: Sandbox, status: int) -> None:
    canvas.use(small_world() | {"settings": {"forbidden_status": status}})
    answer = canvas.api("GET", "/accounts/1/users", "tok-mia")
    text = "user not authorized to perform that action"
    assert (answer.status_code, answer.json()) == (
        status,
        {"status": "unauthorized", "errors": [{"message": text}]},
    )
    assert "www-authenticate" not in answer.headers


@fact("rest 0.1", "A missing required parameter is 400 and named.")
@fact("rest 0.1", "Canvas's own failure is 500 with error_code and error_report_id.")
def test_missing_parameters_and_failures_have_their_shape(canvas: Sandbox) -> None:
    answer = canvas.put("/accounts/1/sso_settings", "tok-admin")
    assert (answer.status_code, answer.json()) == (400, {"errors": [{"message": "sso_settings is missing"}]})
    answer = canvas.post("/users/self/observees", "tok-parent")
    error = {"message": "An error occurred.", "error_code": "internal_server_error"}
    assert (answer.status_code, answer.json()["errors"]) == (500, [error])
    assert isinstance(answer.json()["error_report_id"], int)


@fact("rest 0", "Success is 200 everywhere, also for POST and DELETE.")
@fact("rest 0", "Times are UTC with Z and no fraction.")
def test_success_is_200_and_times_have_no_fraction(canvas: Sandbox) -> None:
    code = canvas.post("/users/self/observer_pairing_codes", "tok-mia")
    linked = canvas.post("/users/self/observees", "tok-parent", pairing_code=code.json()["code"])
    gone = canvas.delete(f"/users/self/observees/{MIA}", "tok-parent")
    assert (code.status_code, linked.status_code, gone.status_code) == (200, 200, 200)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", code.json()["expires_at"])
    assert linked.json()["created_at"] == "2026-01-05T08:00:00Z"


@fact("lti 8", "A client that has a session and no token hears nothing of costs.")
def test_a_browser_hears_nothing_of_costs(canvas: Sandbox) -> None:
    form = {"pseudonym_session[unique_id]": "mia", "pseudonym_session[password]": "pw"}
    canvas.call("POST", "/login/canvas", data=form)
    answer = canvas.api("GET", "/users/self")
    assert answer.status_code == 200
    assert {"x-request-cost", "x-rate-limit-remaining"}.isdisjoint(answer.headers)
