"""Families who sign up with one of Canvas's own codes, while Canvas does not tell what came of it."""

import pytest

from app.models import AuditEvent, BarHit, LinkState, Proof, Way
from tests.journeys.office import EVERYTHING, Office, allow
from tests.journeys.rows import rows
from tests.journeys.test_do_not_pair import ANYONE, bars_
from tests.journeys.test_sign_up import AVA, EMAIL, KENJI, NATIVE, USERS, Family, grown, made, native_code
from tests.people import School
from tests.records import everything_settles, only_link, states, time_passes
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
STUDENTS = "/api/v1/users/:user_id/observees"


@pytest.fixture
def family(school: School) -> Family:
    """Nobody may observe Kenji, but the family has a code of Canvas."""
    allow(school, *EVERYTHING)
    bars_(Office(school), "kenji", "Kenji Tanaka", ANYONE)
    grown(school, "manage_user_logins")
    native_code(school)
    return Family(school)


def jobs_look(run_jobs: Runner) -> None:
    time_passes()
    run_jobs()
    everything_settles(run_jobs)


def made_accounts() -> int:
    return len([row for row in rows(AuditEvent) if row.event == "account:make"])


def test_the_list_is_asked_by_a_job_where_canvas_does_not_tell_at_once(
    family: Family, run_jobs: Runner
) -> None:
    school = family.school
    school.canvas.fault(method="GET", route=STUDENTS, html_error=True)
    page = family.signs_up(NATIVE)
    assert "Your account is made" in page.text
    assert (made(school)["id"], KENJI) in school.links()
    school.mended()

    jobs_look(run_jobs)

    assert (made(school)["id"], KENJI) not in school.links()
    assert states() == [LinkState.ENDED]
    assert len(rows(BarHit)) == 1
    assert rows(Proof) == []


def test_an_account_whose_answer_was_lost_is_found_and_disconnected(family: Family, run_jobs: Runner) -> None:
    school = family.school
    school.canvas.fault(method="POST", route=USERS, count=1, reset="after")

    page = family.signs_up(NATIVE)
    jobs_look(run_jobs)

    assert "Your account is made" in page.text
    assert (made(school)["id"], KENJI) not in school.links()
    assert (states(), made_accounts()) == ([LinkState.ENDED], 1)
    assert len(rows(BarHit)) == 1


def test_what_a_job_finds_is_written_down_as_by_the_code(family: Family, run_jobs: Runner) -> None:
    school = family.school
    school.changes(lambda world: world["pairing_codes"].clear())
    native_code(school, AVA)
    school.canvas.fault(method="GET", route=STUDENTS, html_error=True)
    family.signs_up(NATIVE)
    school.mended()

    jobs_look(run_jobs)

    assert (only_link().way, only_link().state) == (Way.NATIVE_CODE, LinkState.ACTIVE)
    assert (made(school)["id"], AVA) in school.links()
    assert rows(Proof) == []


def test_an_older_account_of_the_same_login_is_not_taken_for_a_new_one(family: Family) -> None:
    family.signs_up(NATIVE, email=EMAIL)
    family.school.canvas.fault(method="POST", route=USERS, count=1, reset="before")

    page = family.signs_up(NATIVE, email=EMAIL)

    assert "we do not know whether there is an account now" in page.text
    assert made_accounts() == 1
