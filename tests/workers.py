"""Running jobs in a test: a real worker in this process, until nothing is due."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import dbos._workflow_commands
import pytest
from dbos import WorkflowStatus
from flask import Flask

from app import jobs, tasks
from app.errors import RETRYABLE
from app.jobs import queue

QUICK = jobs.Pace(poll=timedelta(seconds=0.02), grace=timedelta(seconds=5))
SOON = timedelta(seconds=1)  # what is due so soon when the run begins is waited for
LATER = timedelta(seconds=0.1)  # what becomes due later than this while it runs is left for the next run
LIMIT = 30  # seconds


class Runner:
    """`run_jobs()`: works until nothing is due; a task's unexpected exception fails the test."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.surprises: list[Exception] = []

    def __call__(self, tasks_: Mapping[str, jobs.Task] | None = None, *, surprises: bool = False) -> None:
        chosen = tasks.TASKS if tasks_ is None else tasks_
        self.surprises.clear()
        stop = threading.Event()
        with ThreadPoolExecutor(1) as threads:
            worker = threads.submit(self._work, {k: self._watched(t) for k, t in chosen.items()}, stop)
            try:
                self._until_idle(worker.done)
            finally:
                stop.set()
            worker.result()
        if self.surprises and not surprises:
            raise self.surprises[0]

    def _work(self, chosen: Mapping[str, jobs.Task], stop: threading.Event) -> None:
        with self.app.app_context():
            jobs.work(chosen, {}, stop, "test", QUICK)

    def _watched(self, task: jobs.Task) -> jobs.Task:
        def watched(*args: Any) -> timedelta | None:
            try:
                return task(*args)
            except Exception as error:
                if not isinstance(error, RETRYABLE):
                    self.surprises.append(error)
                raise

        return watched

    def _until_idle(self, broken: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT
        awaited = {job.workflow_id for job in due_within(SOON)}
        while not broken():
            due = {job.workflow_id for job in due_within(LATER)}
            if not due and not awaited & {job.workflow_id for job in due_within(SOON)}:
                return
            if time.monotonic() > deadline:
                pytest.fail(f"jobs are still due after {LIMIT} s")
            time.sleep(0.01)


def listed(states: tuple[str, ...]) -> list[WorkflowStatus]:
    """The jobs in these states, without what they were asked or answered."""
    return queue.reader().list_workflows(status=list(states), load_input=False, load_output=False)


def due_within(time_left: timedelta) -> list[WorkflowStatus]:
    horizon = datetime.now(UTC) + time_left
    open_jobs = listed(queue.WAITING + queue.RUNNING)
    return [job for job in open_jobs if job.status != "DELAYED" or due_at(job) <= horizon]


def due_at(job: WorkflowStatus) -> datetime:
    return datetime.fromtimestamp((job.delay_until_epoch_ms or 0) / 1000, UTC)


@pytest.fixture
def run_jobs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Run a real worker in this process until nothing is due."""
    # The engine wakes delayed jobs once a second, which no setting changes.
    monkeypatch.setattr(dbos._workflow_commands, "_BACKGROUND_JOBS_INTERVAL_SEC", 0.02)
    return Runner(app)
