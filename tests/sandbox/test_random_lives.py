"""Random sequences of Canvas operations, beside a second reading of what Canvas makes of them.

The sandbox runs in this process, behind the WSGI entrance that its server uses: ten thousand lives over
sockets would take hours. What is expected is worked out here from the facts alone, without its code.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from werkzeug.test import Client, TestResponse

from sandbox.dumping import dump
from sandbox.server import create_app
from sandbox.worldfile import load
from tests.facts import fact

HOME, AWAY = 1, 2
HOSTS = {HOME: "http://localhost", AWAY: "http://127.0.0.1"}
OBSERVERS, STUDENTS = (10, 11), (20, 21)  # 10 and 20 belong to both root accounts
SECTIONS = {1001: 100, 1011: 101, 2001: 200}  # section: course
ROOT = {100: HOME, 101: HOME, 200: AWAY}
ADMIN = "tok-admin"
LOOPBACK = {"REMOTE_ADDR": "127.0.0.1"}
ENDED = {"inactive", "completed", "deleted"}
TASKS = {"conclude": "completed", "delete": "deleted", "inactivate": "inactive"}

observers = st.sampled_from(OBSERVERS)
students = st.sampled_from(STUDENTS)
sections = st.sampled_from(sorted(SECTIONS))
tasks = st.sampled_from(["conclude", "delete", "inactivate"])

Row = tuple[int, int]  # person, section
Watch = tuple[int, int, int]  # observer, student, section


def world() -> dict[str, Any]:
    """Two schools; an admin of both; two observers and two students, one of each at both schools."""

    def person(id: int, roots: tuple[int, ...]) -> dict[str, Any]:
        logins = [{"account_id": root, "unique_id": f"login-{id}", "password": "pw"} for root in roots]
        return {"id": id, "name": f"Person {id}", "tokens": [f"tok-{id}"], "logins": logins}

    return {
        "accounts": [
            {"id": HOME, "name": "Home", "domain": "localhost"},
            {"id": AWAY, "name": "Away", "domain": "127.0.0.1"},
        ],
        "users": [
            {**person(1, (HOME, AWAY)), "tokens": [ADMIN]},
            person(10, (HOME, AWAY)),
            person(11, (HOME,)),
            person(20, (HOME, AWAY)),
            person(21, (HOME,)),
        ],
        "admins": [{"user_id": 1, "account_id": HOME}, {"user_id": 1, "account_id": AWAY}],
        "courses": [
            {
                "id": course,
                "account_id": root,
                "name": f"Course {course}",
                "course_code": f"C{course}",
                "sections": [{"id": id, "name": str(id)} for id, of in SECTIONS.items() if of == course],
            }
            for course, root in ROOT.items()
        ],
    }


class Lives(RuleBasedStateMachine):
    """What admins, students and observers do, in any order; afterwards Canvas holds what it should."""

    app = create_app(lambda: load(world()))
    client = Client(app, TestResponse)

    def __init__(self) -> None:
        super().__init__()
        self.client.post("/_sandbox/reset", environ_base=LOOPBACK)
        self.studying: dict[Row, str] = {}
        self.watching: dict[Watch, str] = {}
        self.links: set[tuple[int, int, int]] = set()  # observer, student, root account
        self.codes: dict[str, int] = {}

    # What people do.

    @initialize(rows=st.sets(st.tuples(students, sections), min_size=2))
    def begin_the_term(self, rows: set[Row]) -> None:
        for student, section in sorted(rows):
            self.enroll_student(student, section, "active")

    @rule(student=students, section=sections, state=st.sampled_from(["active", "invited", "inactive"]))
    def enroll_student(self, student: int, section: int, state: str) -> None:
        answer = self._enroll(student, section, type="StudentEnrollment", enrollment_state=state)
        if not self._belongs(student, section):
            assert answer.status_code == 404
            return
        assert answer.status_code == 200, answer.text
        before = self.studying.get((student, section))
        if before != "active":
            self._student_becomes(student, section, state)

    @precondition(lambda self: self.studying)
    @rule(data=st.data(), task=tasks)
    def end_student(self, data: st.DataObject, task: str) -> None:
        student, section = data.draw(st.sampled_from(sorted(self.studying)))
        if self._end(self._student_row(student, section), section, task):
            self._student_becomes(student, section, TASKS[task])

    @precondition(lambda self: "inactive" in self.studying.values())
    @rule(data=st.data())
    def reactivate_student(self, data: st.DataObject) -> None:
        idle = sorted(row for row, state in self.studying.items() if state == "inactive")
        student, section = data.draw(st.sampled_from(idle))
        row = self._student_row(student, section)
        assert row
        path = f"/courses/{SECTIONS[section]}/enrollments/{row['id']}/reactivate"
        assert self._as(ADMIN, "PUT", path, self._root(section)).status_code == 200
        assert self._as(ADMIN, "PUT", path, self._root(section)).status_code == 400
        self._student_becomes(student, section, "active")

    @rule(observer=observers, student=students, where=st.sampled_from([HOME, AWAY, None]))
    def link(self, observer: int, student: int, where: int | None) -> None:
        asked = {} if where else {"root_account_id": "all"}
        path = f"/users/{observer}/observees/{student}"
        answer = self._as(ADMIN, "PUT", path, where or HOME, **asked)
        shared = self._shared(observer, student) & ({where} if where else {HOME, AWAY})
        assert answer.status_code == (200 if shared else 404), answer.text
        for root in shared:
            self._link_made(observer, student, root)

    @rule(observer=observers, student=students)
    def end_link(self, observer: int, student: int) -> None:
        mine = {link for link in self.links if link[:2] == (observer, student)}
        answer = self._as(ADMIN, "DELETE", f"/users/{observer}/observees/{student}")
        assert answer.status_code == (200 if mine else 404)
        self.links -= mine
        for _, _, root in mine:
            for watch in self.watching:
                if watch[:2] == (observer, student) and self._root(watch[2]) == root:
                    self.watching[watch] = "deleted"

    @rule(student=students)
    def make_code(self, student: int) -> None:
        answer = self._as(f"tok-{student}", "POST", f"/users/{student}/observer_pairing_codes")
        may = any(who == student and state not in {"inactive", "deleted"} for (who, _), state in self._rows())
        assert answer.status_code == (200 if may else 403), answer.text
        if may:
            self.codes[answer.json["code"]] = student

    @rule(observer=observers, data=st.data())
    def use_code(self, observer: int, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from([*self.codes, "wrong1"]))
        path = f"/users/{observer}/observees"
        answer = self._as(f"tok-{observer}", "POST", path, pairing_code=code)
        assert answer.status_code == (200 if code in self.codes else 422)
        student = self.codes.pop(code, None)
        if student:
            self._link_made(observer, student, HOME)

    @rule(observer=observers, student=students, section=sections)
    def observe_by_hand(self, observer: int, student: int, section: int) -> None:
        answer = self._enroll(observer, section, type="ObserverEnrollment", associated_user_id=str(student))
        assert answer.status_code == (200 if self._belongs(observer, section) else 404), answer.text
        if self._belongs(observer, section):
            self.watching[observer, student, section] = "active"

    @precondition(lambda self: self.watching)
    @rule(data=st.data(), task=tasks)
    def end_observing(self, data: st.DataObject, task: str) -> None:
        watch = data.draw(st.sampled_from(sorted(self.watching)))
        if self._end(self._observer_row(*watch), watch[2], task):
            self.watching[watch] = TASKS[task]

    @rule()
    def restart_from_the_dump(self) -> None:
        """A world that was written down and read again is the same world."""
        state = self._state()
        assert self.client.put("/_sandbox/state", json=state, environ_base=LOOPBACK).status_code == 200
        assert self._state() == state

    # What the facts make of it.

    def _link_made(self, observer: int, student: int, root: int) -> None:
        if (observer, student, root) in self.links:
            return
        self.links.add((observer, student, root))
        for (who, section), state in self._rows():
            if who == student and self._root(section) == root and state not in {"completed", "deleted"}:
                self._create_or_restore(observer, student, section, state, {"deleted", "inactive"})

    def _student_becomes(self, student: int, section: int, state: str) -> None:
        before = self.studying.get((student, section))
        self.studying[student, section] = state
        if before == state:
            return  # nothing has changed, so nobody follows
        for observer, linked, root in self.links:
            if linked != student or root != self._root(section):
                continue
            watch = (observer, student, section)
            if before is None:
                self._create_or_restore(*watch, state, {"deleted", "inactive"})
            elif before in ENDED and state not in ENDED:
                self._create_or_restore(*watch, state, ENDED)
            elif self.watching.get(watch, "deleted") != "deleted":
                self.watching[watch] = _followed(state)

    def _create_or_restore(
        self, observer: int, student: int, section: int, state: str, restorable: set[str]
    ) -> None:
        if self.watching.get((observer, student, section), "deleted") in restorable:
            self.watching[observer, student, section] = _followed(state)

    # What must be so after every step.

    @invariant()
    def canvas_holds_what_the_facts_say(self) -> None:
        state = self._state()
        studying: dict[Row, str] = {}
        watching: dict[Watch, str] = {}
        for row in state["enrollments"]:
            if row["type"] == "StudentEnrollment":
                studying[row["user_id"], row["section_id"]] = row["state"]
            else:
                watching[row["user_id"], row["associated_user_id"], row["section_id"]] = row["state"]
        assert len(studying) + len(watching) == len(state["enrollments"]), "a row was doubled"
        assert studying == self.studying
        assert watching == self.watching
        assert self.links == {
            (row["observer_id"], row["student_id"], row["root_account_id"])
            for row in state["observation_links"]
            if row.get("state", "active") == "active"
        }

    def teardown(self) -> None:
        """Links are listed from both sides."""
        for observer in OBSERVERS:
            assert self._listed(f"/users/{observer}/observees") == {
                (student, root) for watcher, student, root in self.links if watcher == observer
            }
        for student in STUDENTS:
            assert self._listed(f"/users/{student}/observers") == {
                (observer, root) for observer, watched, root in self.links if watched == student
            }

    def _listed(self, path: str) -> set[tuple[int, int]]:
        people = self._as(ADMIN, "GET", path).json
        return {(one["id"], root) for one in people for root in one["observation_link_root_account_ids"]}

    # Asking Canvas.

    def _as(self, token: str, method: str, path: str, root: int = HOME, **form: str) -> TestResponse:
        return self.client.open(
            f"/api/v1{path}",
            method=method,
            base_url=HOSTS[root],
            data=form or None,
            headers={"Authorization": f"Bearer {token}", "User-Agent": "random lives"},
        )

    def _enroll(self, user: int, section: int, **wish: str) -> TestResponse:
        form = {f"enrollment[{name}]": value for name, value in {"user_id": str(user), **wish}.items()}
        return self._as(ADMIN, "POST", f"/sections/{section}/enrollments", self._root(section), **form)

    def _end(self, row: dict[str, Any] | None, section: int, task: str) -> bool:
        if row is None:
            return False
        path = f"/courses/{SECTIONS[section]}/enrollments/{row['id']}"
        answer = self._as(ADMIN, "DELETE", path, self._root(section), task=task)
        assert answer.status_code == (404 if row["state"] == "deleted" else 200), answer.text
        return answer.status_code == 200

    def _state(self) -> dict[str, Any]:
        """What the sandbox holds; asked for after every step, and so without a request."""
        return dump(self.app.extensions["world"])

    def _student_row(self, student: int, section: int) -> dict[str, Any] | None:
        return self._row(lambda row: (row["user_id"], row["section_id"]) == (student, section))

    def _observer_row(self, observer: int, student: int, section: int) -> dict[str, Any] | None:
        wanted = (observer, student, section)
        return self._row(lambda row: (row["user_id"], row["associated_user_id"], row["section_id"]) == wanted)

    def _row(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
        return next((row for row in self._state()["enrollments"] if fits(row)), None)

    def _rows(self) -> list[tuple[Row, str]]:
        return list(self.studying.items())

    def _root(self, section: int) -> int:
        return ROOT[SECTIONS[section]]

    def _shared(self, observer: int, student: int) -> set[int]:
        return {HOME, AWAY} if (observer, student) == (10, 20) else {HOME}

    def _belongs(self, person: int, section: int) -> bool:
        return self._root(section) == HOME or person in (10, 20)


def _followed(state: str) -> str:
    """An observer has no invitation to accept."""
    return "active" if state == "invited" else state


def live(lives: int) -> None:
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=lives,
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


@fact(
    "rest 1.9", "Links make observer enrollments per section, and these follow what becomes of the student's."
)
@fact(
    "rest 1.9",
    "A row removed by hand stays away until the student's comes back from its end, or the link is remade.",
)
@fact("rest 1.6", "PUT on an active link changes nothing, whatever its enrollments look like.")
@fact("rest 1.7", "DELETE ends every enrollment of the pair in the link's root account, however it was made.")
@fact(
    "rest 3.1",
    "The same person, kind, observed student and section have one row, however often it is asked for.",
)
def test_canvas_keeps_its_sums_whatever_people_do() -> None:
    live(200)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("half", ["first", "second"])  # one for each core
def test_ten_thousand_random_lives(half: str) -> None:
    live(5_000)
