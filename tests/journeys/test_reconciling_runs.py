"""When links are compared with Canvas, by whom, and what happens when Canvas or a worker stumbles."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, text

from app import db
from app.canvas.oauth import SERVICE_SCOPES
from app.errors import CanvasUnreachable
from app.models import LinkState, OAuthPurpose, Token
from app.pairing import findings, reconciling, walks
from app.tasks.reconcile import begin_due
from app.tasks.reconcile import reconcile as walk
from tests.journeys.drifting import (
    a_day_passes,
    differences,
    drifts,
    found,
    reconcile,
    runs,
    unlinks,
    with_an_admin,
)
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, in_both_sections, linked
from tests.people import ADMIN, ADVISOR, SERVICE, Admin, Observer, School
from tests.records import everything_settles, states, time_passes
from tests.workers import Runner

both_databases = pytest.mark.both_databases
KENJI = 105
LIST = "/api/v1/users/:user_id/observees"
LINK = "/api/v1/users/:user_id/observees/:observee_id"


@pytest.fixture
def parent(school: School) -> Observer:
    in_both_sections(school, [KENJI])
    with_an_admin(school)
    return Observer(school, 44).enters()


def jobs_are_lost() -> None:
    """As if every job had been given up."""
    schema = "" if db.database.engine.dialect.name == "sqlite" else "dbos."
    with db.transaction() as session:
        session.execute(text(f"UPDATE {schema}workflow_status SET status = 'ERROR'"))  # noqa: S608


def begun(school: School) -> int:
    with db.transaction() as session:
        assert reconciling.begin(session, school.institution_id, datetime.now(UTC))
    return runs()[-1].id


@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_a_link_whose_job_was_lost_is_finished(school: School, parent: Observer, reach: str) -> None:
    school.canvas.fault(route="/api/v1/", status=500)
    parent.redeems(give_code(school, KENJI, reach))
    assert states() == [LinkState.PENDING]
    jobs_are_lost()
    time_passes()
    school.mended()

    reconcile(school)

    assert states() == [LinkState.ACTIVE]
    assert linked(school, parent.id, KENJI, reach)


@both_databases
def test_a_link_that_canvas_forbids_to_end_is_told_until_it_is_ended(
    school: School, parent: Observer, run_jobs: Runner
) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    school.canvas.fault(method="DELETE", route=LINK, status=403)
    parent.leaves("Leave Kenji Tanaka")
    time_passes()
    run_jobs()  # its own job has tried, too, and waits for an admin

    reconcile(school)
    assert found() == [("waiting", None)]
    assert "Still waiting for Canvas (1)" in differences(Admin(school, ADMIN)).text

    school.mended()
    everything_settles(run_jobs)
    reconcile(school)
    assert (states(), found()) == ([LinkState.ENDED], [("waiting", "itself")])


def test_a_canvas_that_is_away_is_told_and_waited_for(school: School, parent: Observer) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    unlinks(school, parent.id, KENJI)
    school.canvas.fault(route=LIST, status=500)
    run_id = begun(school)
    with pytest.raises(CanvasUnreachable):
        walk(run_id)
    assert "Canvas does not answer at the moment." in differences(Admin(school, ADMIN)).text
    assert states() == [LinkState.ACTIVE]

    school.mended()
    assert walk(run_id) is None

    assert (runs()[0].problem, runs()[0].found) == (None, 1)


def test_one_observer_whom_canvas_cannot_tell_of_does_not_stop_the_others(
    school: School,
    parent: Observer,
    new_parent: Callable[[int], Observer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconciling, "PATIENCE", 2)
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    other = new_parent(43).enters()
    other.redeems(give_code(school, KENJI, EVERYWHERE))
    unlinks(school, other.id, KENJI)
    school.canvas.fault(route=f"/users/{parent.id}/observees", status=500)
    run_id = begun(school)

    with pytest.raises(CanvasUnreachable):
        walk(run_id)
    assert walk(run_id) is None

    assert (runs()[0].skipped, runs()[0].found) == (1, 1)
    assert "About 1 person or course Canvas gave no answer." in differences(Admin(school, ADMIN)).text


def test_a_canvas_that_is_busy_is_asked_again_when_it_says_so(school: School, parent: Observer) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    school.canvas.fault(route=LIST, throttle=True, count=100)
    run_id = begun(school)

    assert walk(run_id)

    assert (runs()[0].stumbles, runs()[0].ended_at) == (0, None)


def test_without_a_service_account_it_says_so(school: School, parent: Observer) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    with db.transaction() as session:
        session.execute(delete(Token).where(Token.purpose == OAuthPurpose.SERVICE))

    run = reconcile(school)

    assert run.problem == walks.Problem.NOT_CONNECTED
    assert states() == [LinkState.ACTIVE]
    assert "no account is connected" in differences(Admin(school, ADMIN)).text


def test_a_key_that_lacks_a_scope_ends_the_look_and_no_link(school: School, parent: Observer) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    fewer = [scope for scope in SERVICE_SCOPES if not scope.endswith("/observees")]

    def take_away(world: dict[str, list[dict[str, object]]]) -> None:
        lent = next(row for row in world["access_tokens"] if row["user_id"] == SERVICE)
        lent["scopes"] = fewer

    school.changes(take_away)

    run = reconcile(school)

    assert run.problem == walks.Problem.NOT_ALLOWED
    assert states() == [LinkState.ACTIVE]
    assert "does not let Observatory's account look" in differences(Admin(school, ADMIN)).text


@both_databases
def test_it_begins_once_a_day_by_itself(school: School, run_jobs: Runner) -> None:
    begin_due()
    begin_due()
    assert len(runs()) == 1
    run_jobs()
    begin_due()
    assert len(runs()) == 1

    a_day_passes()
    begin_due()

    assert len(runs()) == 2


def test_it_does_not_begin_where_no_account_is_connected(registered: School) -> None:
    begin_due()

    assert runs() == []


@both_databases
def test_one_that_lost_its_job_makes_room_for_the_next(school: School, run_jobs: Runner) -> None:
    begin_due()
    jobs_are_lost()
    later = datetime.now(UTC) + walks.DEAD + timedelta(minutes=1)

    with db.transaction() as session:
        assert reconciling.begin(session, school.institution_id, later)
    run_jobs()

    assert [run.problem for run in runs()] == [walks.Problem.STOPPED, None]
    assert all(run.ended_at for run in runs())


def test_an_admin_who_comes_first_learns_what_the_page_is_for(school: School, run_jobs: Runner) -> None:
    admin = Admin(school, ADMIN)
    page = differences(admin)
    assert "Nothing was compared yet." in page.text

    page = admin.press(page, "Look now")
    assert "Observatory is comparing now." in page.text
    assert not page.has_button("Look now")
    run_jobs()

    page = differences(admin)
    assert "0 connections were looked at." in page.text
    assert "Nothing to decide" in page.text
    assert len(runs()) == 1


@both_databases
def test_all_of_a_kind_are_connected_again_by_one_click(
    school: School, parent: Observer, run_jobs: Runner, new_parent: Callable[[int], Observer]
) -> None:
    observers = [parent, new_parent(43).enters()]
    for one in observers:
        one.redeems(give_code(school, KENJI, EVERYWHERE))
        unlinks(school, one.id, KENJI)
    reconcile(school)
    admin = Admin(school, ADMIN)

    admin.press(differences(admin), "Connect all 2 again")
    run_jobs()

    assert states() == [LinkState.ENDED, LinkState.ENDED, LinkState.ACTIVE, LinkState.ACTIVE]
    assert all(linked(school, one.id, KENJI, EVERYWHERE) for one in observers)
    assert found() == [("ended_in_canvas", "click")] * 2


@both_databases
def test_what_nobody_decides_is_closed_after_a_month(school: School, parent: Observer) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    unlinks(school, parent.id, KENJI)
    reconcile(school)
    with db.transaction() as session:
        findings.tidy(session, school.institution_id, datetime.now(UTC) + timedelta(days=31))

    assert found() == [("ended_in_canvas", "left")]


@both_databases
def test_a_code_used_again_closes_what_was_found(school: School, parent: Observer) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    unlinks(school, parent.id, KENJI)
    reconcile(school)
    parent.redeems(give_code(school, KENJI, EVERYWHERE))

    reconcile(school)

    assert found() == [("ended_in_canvas", "itself")]


class TestOthers:
    """Who may not look, and who may not click."""

    def test_the_admin_of_a_part_is_told_who_may_look(self, school: School) -> None:
        advisor = Admin(school, ADVISOR)

        page = advisor.forges(advisor.opens(account=2), "/admin/drift/")

        assert page.status_code == 403
        assert "An administrator of the whole institution can open it" in page.text

    def test_nobody_clicks_for_another_institution(self, school: School, parent: Observer) -> None:
        parent.redeems(give_code(school, KENJI, EVERYWHERE))
        unlinks(school, parent.id, KENJI)
        reconcile(school)
        (one,) = drifts()

        with db.transaction() as session:
            now = datetime.now(UTC)
            assert findings.ask(session, school.institution_id + 1, 1, now) == 0
            assert not findings.leave(session, school.institution_id + 1, one.id, 1, now)

        assert found() == [("ended_in_canvas", None)]

    def test_somebody_who_acts_as_an_admin_changes_nothing(self, school: School) -> None:
        school.changes(
            lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})
        )
        admin = Admin(school, ADMIN)
        admin.acts_as(20)
        page = differences(admin)
        assert not page.has_button("Look now")

        assert admin.forges(page, "/admin/drift/look").status_code == 403
        assert runs() == []
