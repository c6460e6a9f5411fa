"""The demo: everything comes up together and nothing stays behind."""

import json
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from app.demo import school
from tests.programs import OBSERVATORY, ROOT, all_gone, answers, environment, family, free_port, observatory


@dataclass
class Demo:
    """A demo that says it is ready."""

    process: subprocess.Popen[str]
    lines: list[str]
    app: str
    canvas: str
    everybody: list[psutil.Process]
    data: Path

    def child(self, name: str) -> psutil.Process:
        return next(one for one in self.everybody[1:] if f" {name} " in " ".join(one.cmdline()) + " ")

    def settings(self) -> dict[str, str]:
        return {
            "DATABASE_URL": f"sqlite:///{self.data}/observatory.db",
            "OBSERVATORY_PUBLIC_URL": self.app,
            "OBSERVATORY_SECRET_KEYS": json.loads((self.data / "secrets.json").read_text())["secret_keys"],
            "OBSERVATORY_CONTACT": "tests@observatory.test",
        }


Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a demo and wait until it says that it is ready."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> Demo:
        ports = ("--port", str(free_port()), "--canvas-port", str(free_port()))
        command = (*OBSERVATORY, "demo", *ports, "--data", str(tmp_path / "demo"), *words)
        process = subprocess.Popen(
            command, env=environment(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("ready "):
                break
        assert lines, "the demo said nothing"
        _ready, app, canvas, *_people = lines[-1].split()
        return Demo(process, lines, app, canvas, family(process), tmp_path / "demo")

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.wait(20)
        for pipe in filter(None, (process.stdout, process.stderr)):
            pipe.close()


def test_a_demo_comes_up_whole_and_goes_without_a_trace(start: Start) -> None:
    demo = start()

    assert demo.app.startswith("http://127.0.0.1:")
    assert demo.canvas.startswith("http://localhost:")
    for address in (f"{demo.app}/readyz", f"{demo.app}/pair", f"{demo.canvas}/login/canvas"):
        assert answers(address)
    told = "\n".join(demo.lines)
    for role in ("Teacher", "Student", "Parent", "Admin"):
        assert f"  {role}" in told
    assert f" parent=fatima.parent,{demo.app}/pair " in demo.lines[-1] + " "
    examined = observatory("doctor", **demo.settings())
    assert (examined.returncode, examined.stderr) == (0, "")
    assert "ok       Canvas takes the service account, Observatory Service" in examined.stdout
    for name in ("secrets.json", "world.json"):
        assert stat.S_IMODE((demo.data / name).stat().st_mode) == 0o600

    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(10) == 0
    assert all_gone(demo.everybody, 1)


def test_a_demo_starts_anew_where_one_was_before(start: Start) -> None:
    first = start()
    kept = (first.data / "secrets.json").read_text()
    first.process.terminate()
    assert first.process.wait(10) == 0

    second = start()

    assert (second.data / "secrets.json").read_text() == kept
    assert observatory("doctor", **second.settings()).returncode == 0
    third = observatory(
        *("demo", "--port", str(free_port()), "--canvas-port", str(free_port())),
        *("--data", str(second.data)),
    )
    assert third.returncode == 1
    assert third.stderr.startswith("Another demo uses ")


def test_a_demo_that_is_killed_leaves_nothing_running(start: Start) -> None:
    demo = start()
    assert len(demo.everybody) == 6  # itself, the sandbox, the worker, the server and its two processes

    os.kill(demo.process.pid, signal.SIGKILL)
    demo.process.wait(10)

    assert all_gone(demo.everybody)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "name"), [("sandbox", "sandbox"), ("worker", "worker"), ("serve", "server")]
)
def test_when_one_program_dies_the_demo_says_which_and_ends(start: Start, command: str, name: str) -> None:
    demo = start()
    demo.child(command).kill()

    _, told = demo.process.communicate(timeout=15)

    assert demo.process.returncode == 1
    assert told.startswith(f"The {name} ended (-9). It said:\n")
    assert all_gone(demo.everybody, 1)


@pytest.mark.parametrize("option", ["--port", "--canvas-port"])
def test_a_port_in_use_is_told_in_one_line(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports = {"--port": free_port(), "--canvas-port": free_port(), option: taken}
        words = [str(word) for pair in ports.items() for word in pair]
        ran = observatory("demo", *words, "--data", str(tmp_path))

    assert ran.returncode == 1
    assert ran.stderr == f"Port {taken} is in use. Choose another: observatory demo {option} NUMBER\n"
    assert ran.stdout == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"courses": [{"name": 5}]}', "The sandbox ended (2). It said:\nsandbox: courses"),
        ('{"developer_keys": [5]}', "must be lists of objects"),
        ("[]", "is not a JSON object"),
        (
            '{"accounts": [{"id": 1}], "users": [{"id": 5, "name": "A"}], "admins": [{"user_id": 5}], '
            '"developer_keys": [{"client_id": "7", "client_secret": "x", "scopes": [], '
            '"redirect_uris": ["http://127.0.0.1:PORT/canvas/callback"]}]}',
            "The service account could not be connected: invalid_scope",
        ),
    ],
)
def test_a_world_that_is_wrong_is_told_in_a_line(tmp_path: Path, text: str, told: str) -> None:
    world, port = tmp_path / "world.json", free_port()
    world.write_text(text.replace("PORT", str(port)))
    ports = ("--port", str(port), "--canvas-port", str(free_port()))

    ran = observatory("demo", *ports, "--data", str(tmp_path / "demo"), "--world", str(world))

    assert ran.returncode == 1
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_world_with_our_key_and_tool_keeps_them() -> None:
    key = {
        "client_id": "77",
        "client_secret": "own",
        "redirect_uris": ["http://127.0.0.1:8000/canvas/callback"],
    }
    tool = {
        "client_id": "88",
        "deployment_id": "3:own",
        "configuration_url": "http://127.0.0.1:8000/lti/config.json",
    }
    world: school.Row = {"developer_keys": [dict(key)], "lti_tools": [dict(tool)]}

    found_key, found_tool = school.install(world, "http://127.0.0.1:8000", "another secret")

    assert (found_key["client_id"], found_key["client_secret"]) == ("77", "own")
    assert (found_tool["client_id"], found_tool["deployment_id"]) == ("88", "3:own")
    assert (len(world["developer_keys"]), len(world["lti_tools"])) == (1, 1)


def test_a_world_with_other_peoples_keys_gets_ours_beside_them() -> None:
    other = {
        "client_id": str(school.FIRST_CLIENT_ID),
        "client_secret": "x",
        "redirect_uris": ["https://other.example"],
    }
    world: school.Row = {"developer_keys": [other]}

    key, tool = school.install(world, "http://127.0.0.1:8000", "made up")

    assert len({other["client_id"], key["client_id"], tool["client_id"]}) == 3
    assert key["redirect_uris"] == ["http://127.0.0.1:8000/canvas/callback"]
    assert "url:PUT|/api/v1/users/:user_id/observees/:observee_id" in key["scopes"]
    assert tool["configuration_url"] == "http://127.0.0.1:8000/lti/config.json"
