"""Canvas stumbles at every call of a redemption and of a leave, in every way it can.

The person gets a page. When Canvas is well again and the jobs have run, the link is made exactly once, or it
has failed, the use is given back and Canvas holds nothing of it.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from app.models import Link, LinkState
from app.settings import Settings
from tests.browser import Page
from tests.conftest import settings_for
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, in_both_sections, linked
from tests.people import MATHS, PUBLIC_URL, Observer, School, Teacher
from tests.programs import eventually
from tests.records import all_links, everything_settles, states, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases

STUDENTS = range(105, 113)
TIMEOUT, BUDGET, LATE = 0.9, 1.0, 1.4  # seconds; a late answer comes after both
SERVICE = "observatory-service-token"  # of the made-up school


@dataclass(frozen=True)
class Fault:
    """A way for a call to go wrong."""

    name: str
    rule: dict[str, Any]


FAULTS = [
    Fault("late answer", {"delay": LATE, "count": 1}),
    Fault("cut before the effect", {"reset": "before"}),
    Fault("cut after the effect", {"reset": "after"}),
    Fault("error 500", {"status": 500}),
    Fault("a proxy's page", {"html_error": True}),
    Fault("throttled", {"throttle": True}),
    Fault("token expired", {"expire_tokens": True, "count": 1}),
    Fault("forbidden", {"status": 403}),
]
LATE_ANSWER, TOKEN_EXPIRED, FORBIDDEN = FAULTS[0], FAULTS[6], FAULTS[7]


@dataclass(frozen=True)
class Call:
    """One kind of call to Canvas: which, and how many of its kind come before."""

    name: str
    method: str
    route: str
    after: int = 0

    def goes_wrong(self, school: School, fault: Fault) -> None:
        school.forgets_calls()
        school.canvas.fault(method=self.method, route=self.route, after=self.after, **fault.rule)

    def arrives(self, school: School) -> None:
        """Wait until Canvas has served the call whose answer came too late."""
        eventually(lambda: len([row for row in school.canvas.log() if self.matches(row)]) > self.after)

    def matches(self, row: dict[str, Any]) -> bool:
        return row["method"] == self.method and row["route"] == self.route


LINK = "/api/v1/users/:user_id/observees/:observee_id"
OBSERVEES = "/api/v1/users/:user_id/observees"
ENROLLMENTS = "/api/v1/courses/:course_id/enrollments"
ENROLLMENT = "/api/v1/courses/:course_id/enrollments/:id"
SECTION = "/api/v1/sections/:section_id/enrollments"
TOKEN = "/login/oauth2/token"

REDEEMING = [
    (EVERYWHERE, Call("is there a link", "GET", LINK)),
    (EVERYWHERE, Call("make the link", "PUT", LINK)),
    (EVERYWHERE, Call("renew the token", "POST", TOKEN)),
    (ONE_COURSE, Call("is the student there", "GET", ENROLLMENTS)),
    (ONE_COURSE, Call("is the observer there", "GET", ENROLLMENTS, after=1)),
    (ONE_COURSE, Call("first section", "POST", SECTION)),
    (ONE_COURSE, Call("second section", "POST", SECTION, after=1)),
    (ONE_COURSE, Call("renew the token", "POST", TOKEN)),
]
LEAVING = [
    (EVERYWHERE, Call("whom do I observe", "GET", OBSERVEES)),
    (EVERYWHERE, Call("in which courses", "GET", "/api/v1/courses")),
    (EVERYWHERE, Call("end the link", "DELETE", LINK)),
    (ONE_COURSE, Call("is there a link", "GET", LINK)),
    (ONE_COURSE, Call("is the observer there", "GET", ENROLLMENTS)),
    (ONE_COURSE, Call("first section", "DELETE", ENROLLMENT)),
    (ONE_COURSE, Call("second section", "DELETE", ENROLLMENT, after=1)),
]


def named(calls: list[tuple[str, Call]]) -> list[str]:
    return [f"{reach}: {call.name}" for reach, call in calls]


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(
        database_url, OBSERVATORY_CANVAS_TIMEOUT=str(TIMEOUT), OBSERVATORY_REDEEM_BUDGET=str(BUDGET)
    )


@pytest.fixture
def parent(school: School) -> Observer:
    """A parent who is signed in, at a school whose students all sit in both sections of mathematics."""
    in_both_sections(school, STUDENTS)
    return Observer(school, 44).enters()


def used(link: Link) -> int:
    assert link.code is not None
    return link.code.uses


def is_page(page: Page, statuses: set[int]) -> bool:
    return page.status_code in statuses and "Traceback" not in page.text and len(page.text) > 50


@pytest.mark.parametrize(("reach", "call"), REDEEMING, ids=named(REDEEMING))
def test_a_link_is_made_once_or_refused_whatever_goes_wrong(
    school: School,
    parent: Observer,
    run_jobs: Runner,
    reach: str,
    call: Call,
) -> None:
    sent = [give_code(school, student, reach) for student in STUDENTS]
    for fault, code in zip(FAULTS, sent, strict=True):
        call.goes_wrong(school, fault)
        if call.route == TOKEN:
            school.canvas.fault(route="/api/v1/", expire_tokens=True, count=1)
        page = parent.redeems(code)
        assert is_page(page, {200, 422}), (fault.name, page.text)
        assert (states()[-1] is LinkState.ACTIVE) is (fault is TOKEN_EXPIRED), fault.name
        if fault is LATE_ANSWER:
            call.arrives(school)
        school.mended()

    everything_settles(run_jobs)

    for fault, student, link in zip(FAULTS, STUDENTS, all_links(), strict=True):
        outcome = (link.state, linked(school, parent.id, student, reach), used(link))
        settled = (LinkState.FAILED, False, 0) if fault is FORBIDDEN else (LinkState.ACTIVE, True, 1)
        assert outcome == settled, fault.name
        assert not link.found_in_canvas, fault.name
    parent.redeems(sent[FAULTS.index(FORBIDDEN)])
    assert states()[-1] is LinkState.ACTIVE
    assert uses() == [1] * len(sent)


@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_an_effect_that_comes_after_everything_is_settled_changes_nothing(
    school: School, parent: Observer, run_jobs: Runner, reach: str
) -> None:
    write = Call("write", "PUT", LINK) if reach == EVERYWHERE else Call("write", "POST", SECTION)
    code = give_code(school, STUDENTS[0], reach)
    write.goes_wrong(school, Fault("very late answer", {"delay": 3 * LATE, "count": 1}))
    parent.redeems(code)
    everything_settles(run_jobs)
    served = len(school.writes())

    eventually(lambda: len(school.writes()) > served)

    assert linked(school, parent.id, STUDENTS[0], reach)
    assert [link.state for link in all_links()] == [LinkState.ACTIVE]
    assert uses() == [1]


@pytest.mark.parametrize(("reach", "call"), LEAVING, ids=named(LEAVING))
def test_leaving_ends_the_link_whatever_goes_wrong(
    school: School,
    parent: Observer,
    run_jobs: Runner,
    reach: str,
    call: Call,
) -> None:
    for student in STUDENTS:
        parent.redeems(give_code(school, student, reach))
        assert linked(school, parent.id, student, reach)
    home = parent.portal()

    def leave(student: int) -> Page:
        course = str(MATHS) if reach == ONE_COURSE else ""
        return parent.forges(home, "/observer/leave", student=str(student), course=course, sure="yes")

    for fault, student, link in zip(FAULTS, STUDENTS, all_links(), strict=True):
        call.goes_wrong(school, fault)
        page = leave(student)
        assert is_page(page, {200, 503}), (fault.name, page.status_code, page.text)
        state = next(one.state for one in all_links() if one.id == link.id)
        if fault is LATE_ANSWER:
            call.arrives(school)
        school.mended()
        if page.status_code == 503:  # not begun: the person tries again
            assert state is LinkState.ACTIVE, fault.name
            leave(student)
        else:
            assert (state is LinkState.ENDED) is (fault is TOKEN_EXPIRED), fault.name

    everything_settles(run_jobs)

    assert {link.state for link in all_links()} == {LinkState.ENDED}
    assert school.observing(parent.id) == []
    assert not [link for link in school.links() if link[0] == parent.id]
    assert uses() == [1] * len(FAULTS)  # who leaves has had the use


NATIVE = [Call("whom do I observe", "GET", OBSERVEES), Call("use the code", "POST", OBSERVEES)]


@pytest.mark.parametrize("call", NATIVE, ids=[call.name for call in NATIVE])
def test_canvas_own_code_links_once_whatever_goes_wrong(school: School, parent: Observer, call: Call) -> None:
    for fault, student in zip(FAULTS, STUDENTS, strict=True):
        answer = school.canvas.post(f"/users/{student}/observer_pairing_codes", SERVICE)
        code = answer.json()["code"]
        call.goes_wrong(school, fault)
        page = parent.redeems(code)
        assert is_page(page, {200, 422, 503}), (fault.name, page.status_code, page.text)
        if fault is LATE_ANSWER:
            call.arrives(school)
        school.mended()
        if page.status_code != 200 and (parent.id, student) not in school.links():
            assert parent.redeems(code).status_code == 200, fault.name

        assert linked(school, parent.id, student, EVERYWHERE), fault.name
    assert {link.state for link in all_links()} == {LinkState.ACTIVE}


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_sign_in_that_goes_wrong_loses_no_code(school: School, teacher: Teacher, fault: Fault) -> None:
    code = give_code(school, STUDENTS[0], EVERYWHERE)
    exchange = Call("exchange", "POST", TOKEN)
    parent = Observer(school, 44)
    exchange.goes_wrong(school, fault)

    page = parent.redeems(code)

    assert is_page(page, {200, 400, 503}), page.text
    school.mended()
    if page.status_code != 200:
        assert uses() == [0]
        parent.browser.open(PUBLIC_URL)
        page = parent.redeems(code)
    assert page.status_code == 200
    assert linked(school, parent.id, STUDENTS[0], EVERYWHERE)
    assert uses() == [1]
