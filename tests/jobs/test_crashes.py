"""Workers die, race and share; nothing is lost and nothing is done twice that was done."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, text

from app import db, jobs

pytestmark = pytest.mark.both_databases
ROOT = Path(__file__).parent.parent.parent
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.touch()
    return path


@pytest.fixture
def start(database_url: str, notes: Path) -> Iterator[Start]:
    """Start a worker process by name, told where to die."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "OBSERVATORY_SECRET_KEYS": "t1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "OBSERVATORY_RETRY_FIRST": "0.05",
    }

    def start(name: str, fate: str = "") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.jobs.process", name, str(notes), fate]
        process = subprocess.Popen(command, env=environment, cwd=ROOT)
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def promise(kind: str, *numbers: int) -> None:
    with db.transaction() as session:
        for number in numbers:
            jobs.enqueue(session, kind, number)


def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def nothing_left() -> bool:
    backlog = jobs.backlog(datetime.now(UTC))
    return backlog.waiting + backlog.running + backlog.failed == 0


@contextmanager
def database_away(url: str) -> Iterator[None]:
    """Nobody can reach this PostgreSQL database, and who is connected is cut off."""
    server, _, name = url.partition("?")[0].rpartition("/")
    admin = create_engine(
        f"{server}/postgres?{url.partition('?')[2]}".replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )
    with admin.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        cut_off = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(text(cut_off), {"name": name})
        yield
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))


@pytest.mark.parametrize("death", ["before the effect", "after the effect"])
def test_a_job_whose_worker_dies_is_finished_by_another(
    app: Flask, start: Start, notes: Path, death: str
) -> None:
    promise("apply", 7)
    assert start("mortal", death).wait(20) == -signal.SIGKILL
    assert jobs.backlog(datetime.now(UTC)).running == 1

    start("heir")
    eventually(nothing_left)

    effects = ["mortal apply 7"] if death == "after the effect" else []
    assert notes.read_text().splitlines() == [*effects, "heir apply 7"]


def test_a_turn_repeated_after_a_crash_promises_the_next_one_once(
    app: Flask, start: Start, notes: Path
) -> None:
    promise("twice", 7)
    assert start("mortal", "after promising the next turn").wait(20) == -signal.SIGKILL

    # The next turn (now due) and the repeated first one both run; the repetition adds no third turn.
    start("successor")
    eventually(nothing_left)

    lines = notes.read_text().splitlines()
    assert lines[0] == "mortal twice 7 first"
    assert sorted(lines[1:]) == ["successor twice 7 second", "successor twice 7 second"]


def test_two_heirs_do_not_do_a_dead_workers_jobs_twice(app: Flask, start: Start, notes: Path) -> None:
    promise("slow", 1, 2, 3, 4)
    mortal = start("mortal", "while running")
    eventually(lambda: notes.read_text().count("mortal began") == 4)
    start("heir one")
    start("heir two")
    eventually(lambda: len(jobs.alive(datetime.now(UTC))) == 3)
    mortal.kill()

    eventually(nothing_left)

    ended = [line.partition("ended ")[2] for line in notes.read_text().splitlines() if "ended" in line]
    assert sorted(ended) == ["1", "2", "3", "4"]


def test_two_workers_share_what_is_to_be_done(app: Flask, start: Start, notes: Path) -> None:
    first, second = start("first"), start("second")
    eventually(lambda: len(jobs.alive(datetime.now(UTC))) == 2)
    promise("slow", *range(16))
    eventually(nothing_left)

    ended = [line for line in notes.read_text().splitlines() if "ended" in line]
    assert sorted(int(line.split()[-1]) for line in ended) == list(range(16))
    assert Counter(line.split()[0] for line in ended).keys() == {"first", "second"}
    for process in (first, second):
        process.terminate()
        assert process.wait(10) == 0
    assert jobs.alive(datetime.now(UTC)) == []


def test_a_worker_that_is_told_to_stop_finishes_what_it_runs(app: Flask, start: Start, notes: Path) -> None:
    promise("slow", 1)
    worker = start("tidy")
    eventually(lambda: "began 1" in notes.read_text())
    worker.terminate()

    assert worker.wait(10) == 0
    assert "tidy ended 1" in notes.read_text()
    assert nothing_left()


def test_a_worker_outlasts_its_database_and_stops_without_it(
    app: Flask, start: Start, notes: Path, database_url: str
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("a file does not go away")
    worker = start("patient")
    promise("apply", 6)
    eventually(nothing_left)  # it beats before it is ready: only work done shows that it is

    with database_away(database_url):
        time.sleep(1)
    promise("apply", 7)
    eventually(nothing_left)
    assert notes.read_text() == "patient apply 6\npatient apply 7\n"

    with database_away(database_url):
        worker.terminate()
        assert worker.wait(10) == 0


def test_what_is_scheduled_runs_once_in_its_period_however_many_workers_there_are(
    app: Flask, start: Start, notes: Path
) -> None:
    start("first", "keep the schedule")
    start("second", "keep the schedule")
    eventually(lambda: len(jobs.alive(datetime.now(UTC))) == 2)
    eventually(lambda: "tick" in notes.read_text())
    time.sleep(1)  # several beats of both

    assert notes.read_text().count("tick") == 1


def test_a_worker_takes_no_job_from_itself(app: Flask) -> None:
    """However old its own sign of life is: it may have waited for the database."""
    begun: list[int] = []

    def slow(number: int) -> None:
        begun.append(number)
        time.sleep(0.3)

    promise("slow", 1)
    stop, pace = threading.Event(), jobs.Pace(timedelta(seconds=0.02), timedelta(seconds=0.02), timedelta())

    def work() -> None:
        with app.app_context():
            jobs.work({"slow": slow}, {}, stop, "test", pace)

    with ThreadPoolExecutor(1) as threads:
        worker = threads.submit(work)
        try:
            eventually(nothing_left)
        finally:
            stop.set()
        worker.result()
    assert begun == [1]
