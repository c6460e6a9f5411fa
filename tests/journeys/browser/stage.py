"""Observatory and Canvas as they really run: server, worker and sandbox, at two sites."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.demo import school
from tests.people import TEACHER
from tests.programs import OBSERVATORY, ROOT, environment, free_port
from tests.sandbox.running import Sandbox

TOOL = 1  # the demo installs it in an empty world
EMPTY_COURSE, WORDY_COURSE = 106, 107
LONG_NAMES = (
    "Maximiliana-Alexandrina Featherstonehaugh-Cholmondeley-Warner of Wolfeschlegelsteinhausenbergerdorff",
    "عبد الرحمن بن محمد الهاشمي",
    "欧阳娜娜",
)
PARENTS = range(50, 80)  # with accounts, and nobody to observe yet


@dataclass(frozen=True)
class Stage:
    """A running demo: Observatory at 127.0.0.1, Canvas at localhost, which are two sites to a browser."""

    app: str
    canvas: Sandbox
    database: Path

    def change(self, statement: str, *values: object) -> None:
        """Arrange in the database what would otherwise take weeks."""
        with closing(sqlite3.connect(self.database, timeout=20)) as connection, connection:
            connection.execute(statement, values)

    def tells(self, question: str) -> object:
        """The one value that the database answers."""
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            (answer,) = connection.execute(question).fetchone()
            return answer

    def observing(self, observer: int) -> set[tuple[int, int]]:
        """Course and student of every active observer enrollment of a person."""
        return {
            (row["course_id"], row["associated_user_id"])
            for row in self.canvas.state()["enrollments"]
            if (row["user_id"], row["type"], row["state"]) == (observer, "ObserverEnrollment", "active")
        }

    def linked(self, observer: int) -> set[int]:
        """The students whom a person observes in all courses."""
        rows = self.canvas.state()["observation_links"]
        return {
            row["student_id"] for row in rows if (row["observer_id"], row["state"]) == (observer, "active")
        }


@contextmanager
def running(directory: Path) -> Iterator[Stage]:
    """Run `observatory demo` until the block ends."""
    world = directory / "world.json"
    world.write_text(json.dumps(_world()))
    data = directory / "demo"
    ports = ("--port", str(free_port()), "--canvas-port", str(free_port()))
    command = (*OBSERVATORY, "demo", *ports, "--data", str(data), "--world", str(world))
    with subprocess.Popen(command, env=environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = next(filter(lambda line: line.startswith("ready "), process.stdout), "")
        assert ready, "the demo did not start"
        _word, app, canvas, *_people = ready.split()
        sandbox = Sandbox(canvas)
        try:
            yield Stage(app, sandbox, data / "observatory.db")
        finally:
            sandbox.close()
            process.terminate()
            process.communicate(timeout=20)


def _world() -> dict[str, Any]:
    """The sandbox's own school, with more parents, and a course that nobody has joined."""
    world = school.made_up()
    world["users"] += [
        {"id": number, "name": f"Robin Parent {number}", "logins": [{"unique_id": f"parent{number}"}]}
        for number in PARENTS
    ]
    world["users"] += [
        {"id": number, "name": name, "logins": [{"unique_id": f"wordy{number}"}]}
        for number, name in enumerate(LONG_NAMES, 201)
    ]
    for course, name, students in (
        (EMPTY_COURSE, "Chess for Beginners", ()),
        (WORDY_COURSE, "Donaudampfschifffahrtsgesellschaftskunde, " * 3, range(201, 201 + len(LONG_NAMES))),
    ):
        section = course * 10 + 1
        world["courses"].append(
            {"id": course, "name": name, "workflow_state": "available", "sections": [{"id": section}]}
        )
        world["enrollments"] += [
            {"user_id": user, "course_id": course, "section_id": section, "type": f"{kind}Enrollment"}
            for kind, users in (("Teacher", (TEACHER,)), ("Student", students))
            for user in users
        ]
    return world
