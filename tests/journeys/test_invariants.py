"""Whatever people, Canvas and the network do, in whatever order: the sums are right afterwards."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dbos._workflow_commands
import pytest
from flask.ctx import AppContext
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import select

from app import create_app, db
from app.audit import Event
from app.errors import Failure
from app.models import AuditEvent, Link, LinkState, LtiLaunch, Role, Scope
from app.pairing import codes
from app.tasks.pairing import finish_link
from tests.browser import Page
from tests.conftest import settings_for
from tests.journeys.conftest import lend_service_account, register
from tests.journeys.families import EVERYWHERE, ONE_COURSE, SECTIONS, give_code, in_both_sections
from tests.people import MATHS, Observer
from tests.records import all_codes, all_links, everything_settles, time_passes
from tests.sandbox.running import Sandbox
from tests.workers import Runner

OBSERVERS, STUDENTS = (42, 43, 44), (105, 106)
ADMIN_TOKEN = "the admin's"
ROUTES = [
    "/api/v1/",
    "/api/v1/users/:user_id/observees",
    "/api/v1/courses/:course_id/enrollments",
    "/api/v1/sections/:section_id/enrollments",
    "/login/oauth2/token",
]
FAULTS: list[dict[str, Any]] = [
    {"reset": "before"},
    {"reset": "after"},
    {"status": 500},
    {"status": 403},
    {"html_error": True},
    {"throttle": True},
    {"expire_tokens": True, "count": 1},
]

people = st.sampled_from(OBSERVERS)
students = st.sampled_from(STUDENTS)
reaches = st.sampled_from([EVERYWHERE, ONE_COURSE])


class Lives(RuleBasedStateMachine):
    """Three observers, two students, one Canvas."""

    template: Path
    folder: Path
    canvas: Sandbox
    world: dict[str, Any]
    numbers = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        database = self.folder / f"{next(self.numbers)}.db"
        shutil.copy(self.template, database)
        quick = {"OBSERVATORY_CANVAS_TIMEOUT": "1", "OBSERVATORY_REDEEM_BUDGET": "3"}
        app = create_app(settings_for(f"sqlite:///{database}", **quick))
        self.context: AppContext = app.app_context()
        self.context.push()
        self.canvas.reset()
        self.canvas.use(self.world)
        self.school = register(app, self.canvas)
        lend_service_account(self.school)
        in_both_sections(self.school, STUDENTS)
        self.observers = {number: Observer(self.school, number).enters() for number in OBSERVERS}
        self.pages = {number: one.portal() for number, one in self.observers.items()}
        self.codes: dict[tuple[int, str], str] = {}
        self.redeemed: set[tuple[int, int, str]] = set()
        self.changed: set[int] = set()  # students whose links others have changed in Canvas

    def sends(self, observer: int, path: str, **fields: str) -> Page:
        page = self.observers[observer].forges(self.pages[observer], path, **fields)
        assert page.status_code in (200, 401, 404, 422, 503), page.text
        return page

    @rule(student=students, reach=reaches)
    def issue(self, student: int, reach: str) -> None:
        self.codes[student, reach] = give_code(self.school, student, reach)

    @rule(observer=people, student=students, reach=reaches)
    def redeem(self, observer: int, student: int, reach: str) -> None:
        code = self.codes.get((student, reach))
        if code is None:
            code = self.codes[student, reach] = give_code(self.school, student, reach)
        self.redeemed.add((observer, student, reach))
        self.sends(observer, "/pair", code=code)

    @rule(student=students)
    def revoke(self, student: int) -> None:
        for code in all_codes():
            if code.scope is Scope.ALL and code.student.canvas_user_id == str(student):
                visit = {"institution_id": code.institution_id, "person_id": code.student_id}
                with db.transaction() as session:
                    codes.revoke(session, LtiLaunch(role=Role.STUDENT, **visit), code.id, code.created_at)

    @rule(observer=people, student=students, reach=reaches)
    def leave(self, observer: int, student: int, reach: str) -> None:
        course = str(MATHS) if reach == ONE_COURSE else ""
        self.sends(observer, "/observer/leave", student=str(student), course=course, sure="yes")

    @rule(route=st.sampled_from(ROUTES), fault=st.sampled_from(FAULTS))
    def canvas_stumbles(self, route: str, fault: dict[str, Any]) -> None:
        self.canvas.fault(route=route, **fault)

    @rule()
    def canvas_is_well(self) -> None:
        self.school.mended()

    @rule()
    def workers_work(self) -> None:
        time_passes()
        for link in all_links():
            if link.state in (LinkState.PENDING, LinkState.ENDING):
                try:
                    finish_link(link.id)
                except Failure:
                    continue

    @rule(student=students, section=st.sampled_from(SECTIONS))
    def a_student_leaves_a_section(self, student: int, section: int) -> None:
        for row in self.canvas.state()["enrollments"]:
            if (row["user_id"], row["section_id"], row["state"]) == (student, section, "active"):
                self._as_admin(f"/courses/{MATHS}/enrollments/{row['id']}", task="delete")
                self.changed.add(student)

    @rule(observer=people, student=students)
    def an_admin_unlinks(self, observer: int, student: int) -> None:
        if (observer, student) in self.school.links():
            self._as_admin(f"/users/{observer}/observees/{student}")
            self.changed.add(student)

    def _as_admin(self, path: str, **params: str) -> None:
        self.school.mended()
        assert self.canvas.delete(path, ADMIN_TOKEN, **params).status_code == 200

    def teardown(self) -> None:
        try:
            self.school.mended()
            lend_service_account(self.school)  # it may be lost
            everything_settles(Runner(self.context.app))
            self.uses_are_the_links_that_spent_them()
            self.canvas_holds_what_we_say_and_no_more()
        finally:
            db.database.engine.dispose()
            self.context.pop()

    def uses_are_the_links_that_spent_them(self) -> None:
        found = first_found()
        spent = [link for link in all_links() if link.holds_use or found.get(link.id) is False]
        for code in all_codes():
            assert code.uses == len([link for link in spent if link.code_id == code.id])

    def canvas_holds_what_we_say_and_no_more(self) -> None:
        linked, enrollments = self.school.links(), self.canvas.state()["enrollments"]
        active = {pair_of(link) for link in all_links() if link.state is LinkState.ACTIVE}
        for observer, student in itertools.product(OBSERVERS, STUDENTS):
            courses = {course for course, _, whom in self.school.observing(observer) if whom == student}
            everywhere = (observer, student) in linked
            if (observer, student, EVERYWHERE) not in self.redeemed:
                assert not everywhere
                assert courses <= {MATHS}
                assert not courses or (observer, student, ONE_COURSE) in self.redeemed
            if student not in self.changed:
                assert everywhere is ((observer, student, EVERYWHERE) in active)
                assert bool(courses) is bool({p for p in active if p[:2] == (observer, student)})
        assert len({row["id"] for row in enrollments}) == len(enrollments)


def pair_of(link: Link) -> tuple[int, int, str]:
    reach = EVERYWHERE if link.scope is Scope.ALL else ONE_COURSE
    return int(link.observer.canvas_user_id), int(link.student.canvas_user_id), reach


def first_found() -> dict[int, bool]:
    """Of every link that was connected: whether Canvas held it before us."""
    query = select(AuditEvent.facts).where(AuditEvent.event == Event.LINK_CONNECTED)
    with db.reading() as session:
        told = session.scalars(query.order_by(AuditEvent.id.desc())).all()
    return {facts["link"]: facts["found"] for facts in told}


@pytest.fixture
def lives(
    sqlite_template: Path,
    shared_canvas: Sandbox,
    made_up_world: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[type[Lives]]:
    # The engine wakes delayed jobs once a second, which no setting changes.
    monkeypatch.setattr(dbos._workflow_commands, "_BACKGROUND_JOBS_INTERVAL_SEC", 0.02)
    world = {**made_up_world, "users": [dict(user) for user in made_up_world["users"]]}
    next(user for user in world["users"] if user["id"] == 10)["tokens"] = [ADMIN_TOKEN]
    Lives.template, Lives.folder, Lives.canvas, Lives.world = sqlite_template, tmp_path, shared_canvas, world
    return Lives


def test_the_sums_are_right_whatever_happens(lives: type[Lives]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lives,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # making a failure smaller takes minutes
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
