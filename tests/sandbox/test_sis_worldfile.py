"""SIS imports in a world file, and the knobs to steer them."""

from typing import Any

import pytest

from tests.sandbox.importing import IMPORTS, csv, imported, school, send, settle, zipped
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import PARENT

OBSERVERS = csv("observer_id,student_id,status", "sis-parent,sis-mia,active")
BAD = "observer_id,student_id,status"


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    sandbox.use(school())
    return sandbox


def test_an_import_survives_a_world_file(canvas: Sandbox) -> None:
    batch = imported(canvas, zipped(rows=csv(BAD, ",,", "sis-parent,sis-mia,active"), x="a,b\n"), "x.zip")
    world = canvas.state()
    canvas.use(world)
    assert canvas.state() == world
    assert canvas.get(f"{IMPORTS}/{batch['id']}", "tok-admin") == batch
    assert canvas.http.get(batch["errors_attachment"]["url"]).text.count("\n") == 3
    assert canvas.http.get(batch["csv_attachments"][0]["url"]).text.startswith(BAD)
    assert send(canvas, OBSERVERS)["id"] == batch["id"] + 1


def test_an_unfinished_import_begins_again_in_the_next_world(canvas: Sandbox) -> None:
    settle(canvas, hold_after=1)
    send(canvas, csv(BAD, "sis-parent,sis-mia,active", "sis-parent,sis-nils,active"))
    settle(canvas)
    world = canvas.state()
    assert world["sis_imports"][0]["workflow_state"] == "importing"
    world["settings"]["sis_hold_after"] = None
    canvas.use(world)
    settle(canvas)
    batch = canvas.get(f"{IMPORTS}/1", "tok-admin")
    assert (batch["workflow_state"], batch["data"]["counts"]["user_observers"]) == ("imported", 2)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"account_id": 2}, "sis_imports[0].account_id: must be a root account"),
        ({"content": "!"}, "sis_imports[0].content: must be base64"),
        ({"options": {"speed": 1}}, "sis_imports[0].options.speed: unknown key"),
        ({"errors_file": {"name": "x"}}, "sis_imports[0].errors_file.id: is missing"),
        ({"workflow_state": "done"}, "sis_imports[0].workflow_state: must be one of"),
    ],
)
def test_a_malformed_import_in_a_world_file_is_named(
    sandbox: Sandbox, wrong: dict[str, Any], line: str
) -> None:
    batch = {"account_id": 1, "user_id": PARENT} | wrong
    answer = sandbox.call("PUT", "/_sandbox/state", json=school() | {"sis_imports": [batch]})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(line)


def test_steering_imports_names_a_wrong_key(canvas: Sandbox) -> None:
    answer = canvas.call("POST", "/_sandbox/sis", json={"halt": True})
    assert (answer.status_code, answer.json()) == (400, {"error": "halt: unknown key"})
