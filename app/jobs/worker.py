"""A worker: runs jobs until it is told to stop, shows that it is alive, and takes over from the dead."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from dbos import DBOS, DBOSConfig
from flask import Flask, current_app
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from app import db
from app.jobs import queue
from app.jobs.turns import Task, turn_of
from app.models import Worker

STALE = timedelta(seconds=30)  # a worker silent for so long is dead

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a worker does what it does, and how much of it side by side."""

    poll: timedelta = timedelta(seconds=0.25)  # between two looks at the queue
    beat: timedelta = timedelta(seconds=5)  # between two signs of life
    stale: timedelta = STALE
    grace: timedelta = timedelta(seconds=10)  # for what still runs when told to stop
    at_once: int = 8


def work(
    tasks: Mapping[str, Task],
    schedules: Mapping[str, timedelta],
    stop: threading.Event,
    executor_id: str,
    pace: Pace | None = None,
) -> None:
    """Run jobs in this process until `stop` is set; one worker per process, inside an app context.

    Two workers must not share an executor id: the second would repeat what the first is running.
    """
    pace = pace or Pace()
    _beat(executor_id, started=True)
    queue.register(pace.poll, pace.at_once)
    _launch(tasks, executor_id, pace)
    log.info("worker works", name=executor_id)
    try:
        _keep(schedules, stop, executor_id, pace)
    finally:
        _leave(executor_id, pace)


def _launch(tasks: Mapping[str, Task], executor_id: str, pace: Pace) -> None:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    DBOS(
        config=DBOSConfig(
            name=queue.NAME,
            system_database_url=db.database.engine.url.render_as_string(hide_password=False),
            sys_db_pool_size=5,
            serializer=queue.SERIALIZER,
            application_version=queue.VERSION,
            executor_id=executor_id,
            max_executor_threads=pace.at_once + 1,  # one for the engine's own start
            notification_listener_polling_interval_sec=pace.poll.total_seconds(),  # also how fast it stops
            run_migrations=False,
            log_level="WARNING",
        )
    )
    turn = turn_of(app, tasks, app.extensions["settings"].retry_first)
    DBOS.workflow(name=queue.NAME, max_recovery_attempts=10)(turn)
    DBOS.launch()


def _keep(schedules: Mapping[str, timedelta], stop: threading.Event, executor_id: str, pace: Pace) -> None:
    """Beat, rescue and schedule until told to stop. The database may go away for a while meanwhile."""
    done: dict[str, int] = {}
    while not stop.is_set():
        try:
            _beat(executor_id)
            _rescue(executor_id, pace.stale)
            _schedule(schedules, done)
        except SQLAlchemyError as error:
            log.warning("database does not answer", error=type(error).__name__)
        stop.wait(pace.beat.total_seconds())


def _leave(executor_id: str, pace: Pace) -> None:
    """Stop taking jobs, wait a little for what runs, and leave the rest to others at once."""
    patience = int(pace.grace.total_seconds()) if _busy(executor_id) else 0
    DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=patience)
    try:
        with db.transaction() as session:
            session.execute(delete(Worker).where(Worker.executor_id == executor_id))
    except SQLAlchemyError as error:
        log.warning("worker left without a word", name=executor_id, error=type(error).__name__)
        return
    log.info("worker left", name=executor_id)


def _busy(executor_id: str) -> bool:
    try:
        return bool(_running(executor_id))
    except SQLAlchemyError:
        return False


def _running(executor_id: str | None = None) -> set[str]:
    """The workers whose jobs are marked as running. Asked by our own client: the engine's would wait."""
    jobs = queue.reader().list_workflows(
        status=list(queue.RUNNING), executor_id=executor_id, load_input=False, load_output=False
    )
    return {job.executor_id for job in jobs if job.executor_id}


def _beat(executor_id: str, *, started: bool = False) -> None:
    now = datetime.now(UTC)
    with db.transaction() as session:
        worker = session.get(Worker, executor_id)
        if worker is None:
            session.add(Worker(executor_id=executor_id, started_at=now, beat_at=now))
            return
        worker.beat_at = now
        if started:
            worker.started_at = now


def alive(now: datetime, stale: timedelta = STALE) -> list[Worker]:
    """The workers that have shown a sign of life lately."""
    with db.reading() as session:
        return list(session.scalars(select(Worker).where(Worker.beat_at > now - stale)))


def _rescue(executor_id: str, stale: timedelta) -> None:
    """Put back on the queue what workers were running that are alive no more.

    Several workers may try at once: each job is put back by a conditional update, from the dead one only.
    Whoever asks is alive, however long their own sign of life had to wait for the database: a job taken from
    oneself would wait for itself for ever.
    """
    running = _running()  # before the living, or somebody who just came would seem dead
    dead = running - {executor_id} - {worker.executor_id for worker in alive(datetime.now(UTC), stale)}
    if dead:
        log.warning("taking over", workers=sorted(dead))
        DBOS._recover_pending_workflows(sorted(dead))


def _schedule(schedules: Mapping[str, timedelta], done: dict[str, int]) -> None:
    """Promise what is due in this period; its id names the period, so all workers promise it once."""
    now = datetime.now(UTC).timestamp()
    for kind, every in schedules.items():
        period = int(now // every.total_seconds())
        if done.get(kind) == period:
            continue
        with db.transaction() as session:
            queue.promise(session, queue.options(f"{kind}@{period}"), kind)
        done[kind] = period
