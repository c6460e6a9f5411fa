"""Running it: world files, the made-up school, faults, the log, the clock, reset."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.dumping import dump
from sandbox.school import school
from sandbox.worldfile import load
from tests.sandbox.running import Sandbox, running
from tests.sandbox.worlds import MIA, PARENT, small_world


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


# world files


@pytest.mark.parametrize(
    ("world", "problem"),
    [
        ([], "the world: must be an object"),
        ({"userz": []}, "userz: unknown key"),
        ({"users": {}}, "users: must be a list"),
        ({"users": [7]}, "users[0]: must be an object"),
        ({"users": [{"id": "x"}]}, "users[0].id: must be a whole number above 0"),
        ({"users": [{"id": 1}, {"id": 1}]}, "users[1].id: 1 is there twice"),
        ({"users": [{"nmae": "x"}]}, "users[0].nmae: unknown key"),
        ({"users": [{"logins": [{}]}]}, "users[0].logins[0].unique_id: is missing"),
        (
            {"users": [{"logins": [{"account_id": 9, "unique_id": "x"}]}]},
            "users[0].logins[0].account_id: there is no 9",
        ),
        (
            {"users": [{"logins": [{"unique_id": "x"}]}, {"logins": [{"unique_id": "X"}]}]},
            "users[1].logins[0].unique_id: another user has the same login",
        ),
        ({"clock": {"ahead": "x"}}, "clock.ahead: must be a number"),
        ({"users": [{"tokens": [1]}]}, "users[0].tokens[0]: must be a text"),
        ({"settings": {"forbidden_status": 200}}, "settings.forbidden_status: must be one of 403, 401"),
        ({"settings": {"throttle": "yes"}}, "settings.throttle: must be true or false"),
        ({"accounts": [{"self_registration": "maybe"}]}, "accounts[0].self_registration: must be one of"),
        ({"accounts": [{"parent_account_id": 5}]}, "accounts[0].parent_account_id: there is no 5"),
        ({"courses": [{"sections": [{"id": 1}, {"id": 1}]}]}, "courses[0].sections[1].id: 1 is there twice"),
        ({"enrollments": [{}]}, "enrollments[0].course_id: is missing"),
        (
            {"users": [{"id": 1}], "courses": [{"id": 1}], "enrollments": [{"user_id": 2, "course_id": 1}]},
            "enrollments[0].user_id: there is no 2",
        ),
        ({"observation_links": [{"observer_id": 1}]}, "observation_links[0].observer_id: there is no 1"),
        (
            {"users": [{"id": 1}], "pairing_codes": [{"user_id": 1, "code": "x", "expires_at": "soon"}]},
            "pairing_codes[0].expires_at: must be a time",
        ),
        ({"developer_keys": [{"client_id": "1"}]}, "developer_keys[0].client_secret: is missing"),
        ({"lti_tools": [{"client_id": 5}]}, "lti_tools[0].client_id: must be a text"),
        ({"role_overrides": [{"role": "Boss"}]}, "role_overrides[0].role: must be one of"),
        ({"users": [{"id": 1}], "admins": [{"user_id": 1, "permissions": "all"}]}, "admins[0].permissions"),
    ],
)
def test_a_malformed_world_names_the_key(sandbox: Sandbox, world: object, problem: str) -> None:
    answer = sandbox.call("PUT", "/_sandbox/state", json=world)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(problem)
    assert "\n" not in answer.json()["error"]


def test_a_malformed_world_ends_the_program_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text('{"users": [{"name": 7}]}')
    done = run("--world", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "sandbox: users[0].name: must be a text\n"
    assert run("--world", str(tmp_path / "missing.json")).stderr.count("\n") == 1


def test_what_is_dumped_and_loaded_again_is_the_same_world(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    canvas.post("/users/self/observer_pairing_codes", "tok-mia")
    canvas.delete("/courses/100/enrollments/1", "tok-admin", task="delete")
    canvas.delete(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    state = canvas.state()
    canvas.use(state)
    again = canvas.state()
    for each in (state, again):
        assert abs(each.pop("clock")["ahead"]) < 1
    assert again == state


def test_a_world_file_needs_almost_nothing(sandbox: Sandbox) -> None:
    sandbox.use(
        {
            "users": [{"id": 1, "name": "Ann Lee Jr."}, {"id": 2, "tokens": ["t"]}],
            "courses": [{"id": 5}],
            "enrollments": [{"user_id": 1, "course_id": 5}],
            "observation_links": [{"observer_id": 2, "student_id": 1}],
            "pairing_codes": [{"user_id": 1, "code": "abc"}],
        }
    )
    state = sandbox.state()
    assert state["accounts"][0]["domain"] == "localhost"
    assert state["users"][0]["sortable_name"] == "Lee, Ann, Jr."
    assert state["users"][1]["logins"][0]["unique_id"] == "user2"
    assert [(row["user_id"], row["type"]) for row in state["enrollments"]] == [
        (1, "StudentEnrollment"),
        (2, "ObserverEnrollment"),  # the link brought it along
    ]
    assert sandbox.post("/users/self/observees", "t", pairing_code="abc").status_code == 200


# the program


def test_the_made_up_school_is_the_same_every_time() -> None:
    assert json.loads(run("--dump-world").stdout) == dump(school()) == dump(load(dump(school())))


@pytest.mark.parametrize("count", [0, 5, 24, 600])
def test_the_made_up_school_is_sized_on_request(count: int) -> None:
    rows = school(count).enrollments.values()
    students = {row.user_id for row in rows if row.type == "StudentEnrollment"}
    assert len(students) == count + 1  # a biology teacher learns robotics


def test_a_world_file_serves_and_the_process_stops_quietly(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(small_world()))
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--world", str(path), "--quiet"]
    for stop in (signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout
        line = process.stdout.readline()
        port = int(line.rpartition(":")[2])
        assert line == f"ready http://localhost:{port}\n"
        answers = [httpx.get(f"http://{host}:{port}/login/canvas") for host in _loopbacks()]
        assert {answer.status_code for answer in answers} == {200}
        process.send_signal(stop)
        began = time.monotonic()
        rest, errors = process.communicate(timeout=10)
        assert (process.returncode, rest, errors) == (0, "", "")
        assert time.monotonic() - began < 2


def _loopbacks() -> list[str]:
    return ["127.0.0.1", "localhost", *(["[::1]"] if os.path.exists("/proc/net/if_inet6") else [])]


def test_a_taken_port_is_one_line_too(sandbox: Sandbox) -> None:
    done = run("--port", sandbox.url.rpartition(":")[2], "--students", "1")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("sandbox: ")


def test_faults_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text('[{"route": "/api", "status": 500, "count": 1}]')
    with running("--faults", str(path), "--students", "1") as sandbox:
        for _ in range(2):
            assert [sandbox.api("GET", "/users/self").status_code for _ in range(2)] == [500, 401]
            sandbox.reset()
    path.write_text('[{"route": "/api", "stauts": 500}]')
    assert run("--faults", str(path)).stderr == "sandbox: faults[0].stauts: unknown key\n"


def test_it_serves_tls_on_request(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    _make_certificate(cert, key)
    with running("--cert", str(cert), "--key", str(key), "--students", "1") as sandbox:
        assert sandbox.url.startswith("https://localhost:")
        assert httpx.get(f"{sandbox.url}/login/canvas", verify=False).status_code == 200  # noqa: S501


def _make_certificate(cert: Path, key: Path) -> None:
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*command, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True)


# faults


@pytest.mark.parametrize(
    ("rule", "status", "text"),
    [
        ({"status": 500}, 500, "An error occurred."),
        ({"status": 503}, 503, "An error occurred."),
        ({"status": 401}, 401, "Invalid access token."),
        ({"status": 403}, 403, "user not authorized"),
        ({"status": 404}, 404, "does not exist"),
        ({"throttle": True}, 429, "Rate Limit Exceeded"),
        ({"html_error": True}, 502, "<html>"),
        ({"html_error": True, "status": 504}, 504, "504 Gateway Timeout"),
        ({"expire_tokens": True}, 401, "Expired access token."),
        ({"delay": 0.3}, 200, "Mia Holm"),
    ],
)
def test_a_fault_strikes_as_told(canvas: Sandbox, rule: dict[str, Any], status: int, text: str) -> None:
    canvas.fault(route="/api/v1/users", count=1, **rule)
    began = time.monotonic()
    answer = canvas.api("GET", "/users/self", "tok-mia")
    assert (answer.status_code, text in answer.text) == (status, True)
    assert time.monotonic() - began >= rule.get("delay", 0)
    if "expire_tokens" not in rule:
        assert canvas.api("GET", "/users/self", "tok-mia").status_code == 200


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({}, [True, True, True]),
        ({"count": 2}, [True, True, False]),
        ({"after": 1, "count": 1}, [False, True, False]),
        ({"probability": 0}, [False, False, False]),
        ({"method": "get"}, [True, True, True]),
        ({"method": "POST"}, [False, False, False]),
        ({"route": "/api/v1/users/:id"}, [True, True, True]),
        ({"route": "users/[a-z]+$"}, [True, True, True]),
        ({"route": "/api/v1/courses"}, [False, False, False]),
    ],
)
def test_a_rule_says_which_requests_it_strikes(
    canvas: Sandbox, rule: dict[str, Any], struck: list[bool]
) -> None:
    canvas.fault(status=500, **rule)
    found = [canvas.api("GET", "/users/self", "tok-mia").status_code == 500 for _ in range(3)]
    assert found == struck


@pytest.mark.parametrize(("moment", "links"), [("before", 0), ("after", 1)])
def test_a_connection_is_cut_before_or_after_the_effect(canvas: Sandbox, moment: str, links: int) -> None:
    canvas.fault(method="PUT", route="/api/v1/users/:user_id/observees", reset=moment)
    with pytest.raises(httpx.TransportError):
        canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert len(canvas.state()["observation_links"]) == links
    (seen,) = [row for row in canvas.log() if row["method"] == "PUT"]
    assert seen["status"] == (200 if links else None)


def test_faults_reach_the_token_endpoint_and_end_when_cleared(canvas: Sandbox) -> None:
    canvas.fault(route="/login/oauth2/token", status=500)
    assert canvas.call("POST", "/login/oauth2/token").status_code == 500
    canvas.call("DELETE", "/_sandbox/faults")
    assert canvas.call("POST", "/login/oauth2/token").status_code < 500


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({}, "faults: must be a list"),
        ([{}], "faults[0].delay: a rule must say what happens"),
        ([{"status": 200}], "faults[0].status: must be between 400 and 599"),
        ([{"status": 500, "route": "("}], "faults[0].route: is no regular expression"),
        ([{"reset": "soon"}], "faults[0].reset: must be one of"),
        ([{"delay": -1}], "faults[0].delay: must be 0 or more"),
        ([{"delay": "x"}], "faults[0].delay: must be a number"),
    ],
)
def test_a_wrong_rule_is_named(sandbox: Sandbox, rules: object, problem: str) -> None:
    answer = sandbox.call("POST", "/_sandbox/faults", json=rules)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(problem)


# log, clock, reset


def test_the_log_tells_who_did_what_and_holds_no_token(canvas: Sandbox) -> None:
    canvas.call("DELETE", "/_sandbox/log")
    canvas.api("GET", f"/users/{PARENT}/observees?access_token=tok-admin")
    canvas.api("GET", "/users/self", "nonsense")
    canvas.call("GET", "/login/canvas")
    assert canvas.log() == [
        {
            "method": "GET",
            "path": f"/api/v1/users/{PARENT}/observees",
            "route": "/api/v1/users/:user_id/observees",
            "user_id": 40,
            "status": 200,
        },
        {
            "method": "GET",
            "path": "/api/v1/users/self",
            "route": "/api/v1/users/:id",
            "user_id": None,
            "status": 401,
        },
        {
            "method": "GET",
            "path": "/login/canvas",
            "route": "/login/canvas",
            "user_id": None,
            "status": 200,
        },
    ]
    assert "tok-" not in json.dumps(canvas.log())


def test_the_clock_moves_by_seconds_and_to_a_moment(canvas: Sandbox) -> None:
    answer = canvas.call("POST", "/_sandbox/clock", json={"at": "2031-05-01T00:00:00Z"})
    assert answer.json()["now"].startswith("2031-05-01T00:00:0")
    canvas.advance(86_400)
    code = canvas.post("/users/self/observer_pairing_codes", "tok-mia").json()
    assert code["expires_at"].startswith("2031-05-09")
    assert canvas.call("POST", "/_sandbox/clock", json={"at": "later"}).status_code == 400


def test_a_reset_restores_the_start(sandbox: Sandbox) -> None:
    start = sandbox.state()
    sandbox.delete("/users/40/observees/101", "observatory-service-token")
    sandbox.fault(status=500)
    sandbox.advance(1000)
    assert sandbox.state() != start
    sandbox.reset()
    assert sandbox.state() == start
    assert sandbox.log() == []
    assert sandbox.api("GET", "/users/self", "observatory-service-token").status_code == 200


def test_the_school_has_the_people_its_stories_need(sandbox: Sandbox) -> None:
    service = "observatory-service-token"
    assert [each["name"] for each in sandbox.get("/users/40/observees", service)] == ["Lucas Novak"]
    twice = sandbox.get("/users/107/enrollments", service, **{"type[]": "StudentEnrollment"})
    assert [row["course_section_id"] for row in twice if row["course_id"] == 101] == [1011, 1012]
    observer = sandbox.get("/courses/101/enrollments", service, **{"type[]": "ObserverEnrollment"})
    assert {row["user_id"]: row["associated_user_id"] for row in observer} == {40: 101, 41: 104}
    assert len(sandbox.get("/accounts/1/courses", service)) == 5
    assert sandbox.post("/users/101/observer_pairing_codes", service).status_code == 200
    data = {"enrollment[user_id]": 42, "enrollment[type]": "ObserverEnrollment"}
    row = sandbox.post("/courses/102/enrollments", service, **data)
    assert row.status_code == 200
    ended = sandbox.delete(f"/courses/102/enrollments/{row.json()['id']}", service, task="delete")
    assert ended.json()["enrollment_state"] == "deleted"
