"""Jobs are promised with the caller's change, and run until they are done."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, current_app
from structlog.testing import capture_logs

from app import db, jobs
from app.errors import CanvasUnreachable
from app.jobs.turns import next_wait
from app.models import Institution
from tests.workers import Runner, listed

pytestmark = pytest.mark.both_databases(always=True)
NOW = datetime.now(UTC)


def institution() -> Institution:
    return Institution(slug="school", name="School", canvas_url="https://canvas.test", created_at=NOW)


def promise(kind: str, *args: int | str, delay: timedelta | None = None) -> None:
    with db.transaction() as session:
        jobs.enqueue(session, kind, *args, delay=delay)


def test_a_job_runs_once_with_what_it_was_given(app: Flask, run_jobs: Runner) -> None:
    given: list[tuple[object, ...]] = []
    promise("note", 7, "lucky", "Ünïcode")

    run_jobs({"note": lambda *args: given.append(args)})
    run_jobs({"note": lambda *args: given.append(args)})

    assert given == [(7, "lucky", "Ünïcode")]


def test_a_job_is_promised_only_if_the_change_is_committed(app: Flask, run_jobs: Runner) -> None:
    ran: list[str] = []

    def change_of_mind() -> None:
        with db.transaction() as session:
            session.add(institution())
            session.flush()
            jobs.enqueue(session, "note", "undone")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_of_mind()
    with db.transaction() as session:
        session.add(institution())
        jobs.enqueue(session, "note", "kept")

    run_jobs({"note": ran.append})

    assert ran == ["kept"]


def test_a_job_runs_inside_the_applications_context(app: Flask, run_jobs: Runner) -> None:
    seen: list[object] = []

    def look() -> None:
        with db.transaction() as session:
            session.add(institution())
        seen.append(current_app.extensions["settings"])

    promise("look")
    run_jobs({"look": look})

    assert seen == [app.extensions["settings"]]


def test_a_job_that_asks_for_it_runs_again_after_a_while(app: Flask, run_jobs: Runner) -> None:
    at: list[datetime] = []

    def three_times() -> timedelta | None:
        at.append(datetime.now(UTC))
        return timedelta(seconds=0.05) if len(at) < 3 else None

    promise("three times")
    run_jobs({"three times": three_times})

    assert len(at) == 3
    assert at[1] - at[0] >= timedelta(seconds=0.05)


def test_a_job_waits_until_its_time(app: Flask, run_jobs: Runner) -> None:
    ran: list[str] = []
    promise("note", "later", delay=timedelta(hours=1))
    promise("note", "soon", delay=timedelta(seconds=0.2))

    run_jobs({"note": ran.append})

    assert ran == ["soon"]
    assert jobs.backlog(datetime.now(UTC)).waiting == 1


def test_a_job_is_tried_again_until_canvas_answers(app: Flask, run_jobs: Runner) -> None:
    tries: list[int] = []

    def flaky(link_id: int) -> None:
        tries.append(link_id)
        if len(tries) < 4:
            raise CanvasUnreachable("GET", "/api/v1/users/self")

    promise("apply", 3)
    run_jobs({"apply": flaky})

    assert tries == [3, 3, 3, 3]
    assert jobs.backlog(datetime.now(UTC)) == jobs.Backlog(waiting=0, running=0, failed=0, oldest=None)


def test_a_job_is_never_given_up_while_canvas_is_away(app: Flask, run_jobs: Runner) -> None:
    heals: list[bool] = []
    done: list[int] = []

    def apply(link_id: int) -> None:
        if not heals:
            raise CanvasUnreachable("PUT", "/api/v1/users/1/observees/2", 502)
        done.append(link_id)

    promise("apply", 5)
    run_jobs({"apply": apply})
    assert jobs.backlog(datetime.now(UTC)).waiting == 1

    heals.append(True)
    run_jobs({"apply": apply})
    assert done == [5]


def test_a_job_that_breaks_is_given_up_and_stays_visible(
    app: Flask, run_jobs: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.turns.SURPRISES", 3)
    tries: list[int] = []

    def broken() -> None:
        tries.append(1)
        raise KeyError("Parent Smith")

    promise("broken")
    run_jobs({"broken": broken}, surprises=True)

    assert len(tries) == 3
    assert jobs.backlog(datetime.now(UTC)).failed == 1


def test_a_broken_job_is_logged_without_what_it_said(
    app: Flask, run_jobs: Runner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.jobs.turns.SURPRISES", 1)

    def broken() -> None:
        raise KeyError("Parent Smith")

    promise("broken")
    with capture_logs() as lines:
        run_jobs({"broken": broken}, surprises=True)

    assert [line["error"] for line in lines if line["event"] == "job broke"] == ["KeyError"]
    assert "Smith" not in str(lines)
    assert "Smith" not in caplog.text  # what the engine itself says


def test_a_task_that_breaks_fails_the_test(app: Flask, run_jobs: Runner) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    promise("broken")
    with pytest.raises(ZeroDivisionError):
        run_jobs({"broken": broken})


def test_a_kind_that_only_a_newer_release_knows_waits_for_it(app: Flask, run_jobs: Runner) -> None:
    ran: list[str] = []
    promise("news", "fit to print")

    run_jobs({})
    run_jobs({"news": ran.append})

    assert ran == ["fit to print"]


def test_what_went_well_is_forgotten_after_a_week(app: Flask, run_jobs: Runner) -> None:
    promise("note")
    run_jobs({"note": lambda: None})

    jobs.forget(NOW + timedelta(days=1))
    assert len(listed(("SUCCESS",))) == 1
    jobs.forget(NOW + timedelta(days=8))
    assert listed(("SUCCESS",)) == []


def test_waits_grow_up_to_ten_minutes() -> None:
    first = timedelta(seconds=5)

    waits = [next_wait(first, failures).total_seconds() for failures in (1, 2, 3, 7, 8, 9, 1000)]

    assert waits == [5, 10, 20, 320, 600, 600, 600]
