"""Links that cannot be made, or not yet: what is undone, what is spared, and what is waited for."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from app import db
from app.models import Link, LinkState, OAuthPurpose, Token
from app.pairing.settling import PATIENCE
from tests.journeys.conftest import lend_service_account
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, in_both_sections, linked
from tests.people import MATHS, Observer, School
from tests.records import all_links, everything_settles, states, time_passes, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
KENJI, LUCAS = 105, 101
ELENA = 40  # whom the school itself has linked to Lucas
LINK = "/api/v1/users/:user_id/observees/:observee_id"
SECTION = "/api/v1/sections/:section_id/enrollments"


@pytest.fixture
def parent(school: School) -> Observer:
    in_both_sections(school, [KENJI])
    return Observer(school, 44).enters()


def service_account_is_lost() -> None:
    with db.transaction() as session:
        session.execute(delete(Token).where(Token.purpose == OAuthPurpose.SERVICE))


def grow_old() -> None:
    """All links were asked for longer ago than anybody waits."""
    with db.transaction() as session:
        for link in all_links():
            created_at = link.created_at - PATIENCE - timedelta(days=1)
            session.execute(update(Link).where(Link.id == link.id).values(created_at=created_at))


def leaves(parent: Observer, reach: str) -> None:
    course = str(MATHS) if reach == ONE_COURSE else ""
    parent.forges(parent.portal(), "/observer/leave", student=str(KENJI), course=course, sure="yes")


@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_what_was_made_before_the_account_was_lost_is_undone_when_it_is_back(
    school: School, parent: Observer, run_jobs: Runner, reach: str
) -> None:
    school.canvas.fault(method="PUT", route=LINK, reset="after")
    school.canvas.fault(method="POST", route=SECTION, reset="after")
    parent.redeems(give_code(school, KENJI, reach))
    service_account_is_lost()
    time_passes()
    run_jobs()
    assert (states(), uses()) == ([LinkState.ENDING], [1])  # Canvas may hold it: nothing is given back yet

    school.mended()
    lend_service_account(school)
    everything_settles(run_jobs)

    assert (states(), uses()) == ([LinkState.FAILED], [0])
    assert not linked(school, parent.id, KENJI, reach)


def test_undoing_a_link_to_all_courses_leaves_that_to_one_course(
    school: School, parent: Observer, run_jobs: Runner
) -> None:
    parent.redeems(give_code(school, KENJI, ONE_COURSE))
    school.canvas.fault(method="PUT", route=LINK, reset="after")
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    service_account_is_lost()
    time_passes()
    run_jobs()
    school.mended()
    lend_service_account(school)

    everything_settles(run_jobs)

    assert states() == [LinkState.ACTIVE, LinkState.FAILED]
    assert linked(school, parent.id, KENJI, ONE_COURSE)
    assert uses() == [1, 0]


def test_giving_up_takes_nothing_away_that_was_there_before(school: School, run_jobs: Runner) -> None:
    elena = Observer(school, ELENA).enters()
    before = school.observing(ELENA)
    school.canvas.fault(route="/api/v1/", status=500)
    elena.redeems(give_code(school, LUCAS, EVERYWHERE))
    grow_old()
    time_passes()
    run_jobs()
    school.mended()

    everything_settles(run_jobs)

    assert (states(), uses()) == ([LinkState.FAILED], [0])
    assert (ELENA, LUCAS) in school.links()
    assert school.observing(ELENA) == before


def test_an_old_link_that_is_made_again_is_not_given_up(
    school: School, parent: Observer, run_jobs: Runner
) -> None:
    for reach in (ONE_COURSE, EVERYWHERE):
        parent.redeems(give_code(school, KENJI, reach))
    leaves(parent, EVERYWHERE)
    grow_old()
    school.canvas.fault(method="POST", route=SECTION, status=500)
    time_passes()
    run_jobs()
    assert states() == [LinkState.PENDING, LinkState.ENDED]
    school.mended()

    everything_settles(run_jobs)

    assert states() == [LinkState.ACTIVE, LinkState.ENDED]
    assert linked(school, parent.id, KENJI, ONE_COURSE)


def test_a_link_in_a_course_that_is_deleted_comes_to_its_end(
    school: School, parent: Observer, run_jobs: Runner
) -> None:
    parent.redeems(give_code(school, KENJI, ONE_COURSE))
    school.canvas.fault(method="GET", route="/api/v1/courses/:course_id/enrollments", status=500)
    leaves(parent, ONE_COURSE)

    def remove_the_course(world: dict[str, Any]) -> None:
        next(course for course in world["courses"] if course["id"] == MATHS)["workflow_state"] = "deleted"

    school.changes(remove_the_course)
    school.mended()
    everything_settles(run_jobs)

    assert states() == [LinkState.ENDED]


def test_a_code_of_canvas_own_used_while_an_earlier_link_is_being_ended_wins(
    school: School, parent: Observer, run_jobs: Runner
) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    school.canvas.fault(method="DELETE", route=LINK, status=500)
    leaves(parent, EVERYWHERE)
    assert states() == [LinkState.ENDING]
    answer = school.canvas.post(f"/users/{KENJI}/observer_pairing_codes", "observatory-service-token")

    parent.redeems(answer.json()["code"])
    school.mended()
    everything_settles(run_jobs)

    assert states() == [LinkState.ACTIVE]
    assert linked(school, parent.id, KENJI, EVERYWHERE)


def test_a_half_made_link_is_undone_when_the_student_has_left_the_course(
    school: School, parent: Observer, run_jobs: Runner
) -> None:
    school.canvas.fault(method="POST", route=SECTION, status=500, after=1)
    parent.redeems(give_code(school, KENJI, ONE_COURSE))
    assert states() == [LinkState.PENDING]

    def leave_the_course(world: dict[str, Any]) -> None:
        world["enrollments"] = [row for row in world["enrollments"] if row["user_id"] != KENJI]

    school.changes(leave_the_course)
    school.mended()
    everything_settles(run_jobs)

    assert (states(), uses()) == ([LinkState.FAILED], [0])
    assert school.observing(parent.id) == []
