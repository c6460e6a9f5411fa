"""The demo's school: a world file for the sandbox, and who in it is worth being."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.canvas.oauth import EXTRA_SCOPES, KEY_SCOPES

Row = dict[str, Any]
SCOPES = sorted(set(KEY_SCOPES).union(*EXTRA_SCOPES.values()))
FIRST_CLIENT_ID = 10_000_000_000_001
TEACHERS = ("TeacherEnrollment", "TaEnrollment")
LINKER = "manage_user_observers"  # the permission that makes all-course links
BESIDES = ("manage_user_logins", "manage_account_settings")  # for accounts of families and the first page


def made_up() -> Row:
    """The sandbox's own school, which trusts its service account with more than pairing."""
    command = [sys.executable, "-m", "sandbox", "--dump-world"]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=60)  # noqa: S603
    world: Row = json.loads(answer.stdout)
    for admin in world["admins"]:
        if LINKER in (admin["permissions"] or ()):
            admin["permissions"] += BESIDES
    return world


def install(world: Row, public_url: str, secret: str) -> tuple[Row, Row]:
    """The world's API key and LTI tool for this address; added unless it has them already."""
    callback = f"{public_url}/canvas/callback"
    port = f":{public_url.rpartition(':')[2]}/"
    keys = world.setdefault("developer_keys", [])
    tools = world.setdefault("lti_tools", [])
    taken = {row.get("client_id") for row in (*keys, *tools)}
    free = (str(number) for number in range(FIRST_CLIENT_ID, FIRST_CLIENT_ID + 1000))
    fresh = (client_id for client_id in free if client_id not in taken)

    key = next((row for row in keys if port in json.dumps(row.get("redirect_uris"))), None)
    if key is None:
        key = {"client_id": next(fresh), "client_secret": secret, "redirect_uris": [], "scopes": SCOPES}
        keys.append(key)
    key.setdefault("name", "Observatory")
    if callback not in key["redirect_uris"]:
        key["redirect_uris"].append(callback)

    tool = next((row for row in tools if _is_here(row, port)), None)
    if tool is None:
        tool = {"client_id": next(fresh), "configuration_url": f"{public_url}/lti/config.json"}
        tools.append(tool)
    tool.setdefault("id", 1 + max((row.get("id", 0) for row in tools), default=0))
    tool.setdefault("deployment_id", f"{tool['id']}:observatory-demo")
    _switch_on(world, tool["client_id"])
    return key, tool


def _switch_on(world: Row, client_id: str) -> None:
    """Do what each teacher does in their course's settings."""
    courses = world.get("courses")
    for course in courses if isinstance(courses, list) else ():
        if isinstance(course, dict) and isinstance(course.setdefault("navigation", {}), dict):
            course["navigation"].setdefault(client_id, True)


def _is_here(tool: Row, port: str) -> bool:
    return port in json.dumps([tool.get("configuration_url"), tool.get("configuration")])


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody to be, by what they log in with, and where to go as them."""

    role: str
    name: str
    login: str
    address: str


@dataclass(frozen=True, slots=True)
class School:
    """What the sandbox says of its world once it runs."""

    world: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """Who signs its launches."""
        return str(self.world["settings"]["issuer"])

    @property
    def name(self) -> str:
        """Its root account's name."""
        return str(self.world["accounts"][0]["name"])

    def service_user(self) -> int | None:
        """An admin of the root account who may link; one made for nothing else is preferred."""
        root = self.world["accounts"][0]["id"]
        admins = [row for row in self.world["admins"] if row["account_id"] == root]
        limited = [row for row in admins if LINKER in (row["permissions"] or ())]
        chosen = limited or [row for row in admins if row["permissions"] is None]
        return int(chosen[0]["user_id"]) if chosen else None

    def personas(self, canvas_url: str, public_url: str, tool_id: int) -> list[Persona]:
        """A teacher, a student of theirs, a parent who has nobody yet, and an admin; whoever there is."""
        active = [row for row in self.world["enrollments"] if row["state"] == "active"]
        published = {row["id"] for row in self.world["courses"] if row["workflow_state"] == "available"}
        tool = f"external_tools/{tool_id}"
        found: list[Persona | None] = []
        teaching = (row for row in active if row["type"] in TEACHERS and row["course_id"] in published)
        if teacher := next((row for row in teaching if not row["limit_to_section"]), None):
            course = teacher["course_id"]
            address = f"{canvas_url}/courses/{course}/{tool}"
            found.append(self._persona("Teacher", teacher["user_id"], address))
            learning = (row for row in active if row["type"] == "StudentEnrollment")
            linked = {row["student_id"] for row in self.world["observation_links"]}
            of_course = (row["user_id"] for row in learning if row["course_id"] == course)
            if student := next((user for user in of_course if user not in linked), None):
                found.append(self._persona("Student", student, f"{canvas_url}/users/{student}/{tool}"))
        if (parent := self._outsider()) is not None:
            found.append(self._persona("Parent", parent, f"{public_url}/pair"))
        root = self.world["accounts"][0]["id"]
        for admin in (row for row in self.world["admins"] if row["permissions"] is None):
            found.append(self._persona("Admin", admin["user_id"], f"{canvas_url}/accounts/{root}/{tool}"))
            break
        return [persona for persona in found if persona]

    def _outsider(self) -> int | None:
        """Somebody who can log in, and neither learns, teaches, observes nor administers."""
        busy = {row["user_id"] for key in ("enrollments", "admins") for row in self.world[key]}
        busy |= {row["observer_id"] for row in self.world["observation_links"]}
        idle = (row["id"] for row in self.world["users"] if row["logins"] and row["id"] not in busy)
        return next(idle, None)

    def _persona(self, role: str, user_id: int, address: str) -> Persona | None:
        user = next(row for row in self.world["users"] if row["id"] == user_id)
        if not user["logins"]:
            return None
        return Persona(role, user["name"], user["logins"][0]["unique_id"], address)


def read(path: Path) -> Row | None:
    """A world file, if it holds what one must; else the sandbox says better than we what is wrong."""
    try:
        world = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return world if isinstance(world, dict) else None
