"""The queue: promising a job inside the caller's transaction, and what waits there.

The engine's tables live in the app's own database, so that a job is promised if and only if the change
it belongs to is committed.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Engine, column, delete, func, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import READ_ONLY, database, reading, transaction
from app.models import Worker

NAME = "observatory"  # of the application, the queue and the one workflow, in the engine's tables
VERSION = "1"  # pinned, so that a new release finishes what an old one promised; tasks stay compatible
SERIALIZER = DBOSPortableJSONSerializer()  # the engine's default would unpickle what is in the database
KEPT = timedelta(days=7)  # a finished job stays visible this long; schedules must be shorter
FORGOTTEN_AT_ONCE = 1000

WAITING = ("ENQUEUED", "DELAYED")
RUNNING = ("PENDING",)
FAILED = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

logging.getLogger("dbos").addHandler(logging.NullHandler())  # else it would add a handler of its own
logging.getLogger("dbos").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many jobs wait, run and were given up, and since when the oldest one that may run waits."""

    waiting: int
    running: int
    failed: int
    oldest: datetime | None


def client(engine: Engine) -> DBOSClient:
    """The job engine's client over one of our own SQLAlchemy engines; cheap, opens nothing."""
    return DBOSClient(
        system_database_engine=engine,
        serializer=SERIALIZER,
        application_name=NAME,
        lazy=True,
        retry_connection_errors=False,  # a page must say so, not wait for the database to come back
    )


enqueuer = lru_cache(maxsize=1)(client)  # keeps its compiled statements


def options(job_id: str | None = None, delay: timedelta | None = None) -> EnqueueOptions:
    """How a job is put on the queue; with an id that is already there, it is not put there again."""
    chosen = EnqueueOptions(workflow_name=NAME, queue_name=NAME, app_version=VERSION)
    if job_id is not None:
        chosen["workflow_id"] = job_id
    if delay is not None:
        chosen["delay_seconds"] = delay.total_seconds()
    return chosen


def enqueue(session: Session, kind: str, *args: int | str, delay: timedelta | None = None) -> None:
    """Promise a job in the caller's transaction; it is run after the commit, and not before `delay`."""
    promise(session, options(delay=delay), kind, *args)


def promise(session: Session, how: EnqueueOptions, kind: str, *args: int | str) -> None:
    """Promise a job with chosen options, in the caller's transaction."""
    enqueuer(session.get_bind().engine).enqueue_in_transaction(session, how, kind, list(args))


def migrate() -> None:
    """Make or update the engine's tables. Servers and workers never do; `observatory db upgrade` does."""
    DBOS.migrate(database.engine.url.render_as_string(hide_password=False))
    register(timedelta(seconds=1), at_once=1)


def register(poll: timedelta, at_once: int) -> None:
    """Set how often a worker looks at the queue, and how many jobs it runs side by side."""
    client(database.engine).register_queue(
        NAME, polling_interval_sec=poll.total_seconds(), worker_concurrency=at_once
    )


def reader() -> DBOSClient:
    """A client that takes no write lock."""
    return client(database.engine.execution_options(**{READ_ONLY: True}))


def ready() -> bool:
    """Whether `migrate` was run on this database."""
    try:
        return reader().retrieve_queue(NAME) is not None
    except DBAPIError:
        return False


def backlog(now: datetime) -> Backlog:
    """What is on the queue now; cheap, however much waits there."""
    engine = database.engine
    jobs = table(
        "workflow_status",
        column("status"),
        column("created_at"),
        column("delay_until_epoch_ms"),
        schema=None if engine.dialect.name == "sqlite" else "dbos",
    )
    due = func.coalesce(jobs.c.delay_until_epoch_ms, jobs.c.created_at)
    counting = (
        select(jobs.c.status, func.count(), func.min(due))
        .where(jobs.c.status.in_(WAITING + RUNNING + FAILED))
        .group_by(jobs.c.status)
    )
    with reading() as session:
        found = {status: (count, oldest) for status, count, oldest in session.execute(counting)}
    first = min((found[status][1] for status in WAITING if status in found), default=None)
    oldest = datetime.fromtimestamp(first / 1000, UTC) if first else None
    return Backlog(
        waiting=sum(found[status][0] for status in WAITING if status in found),
        running=sum(found[status][0] for status in RUNNING if status in found),
        failed=sum(found[status][0] for status in FAILED if status in found),
        oldest=oldest if oldest and oldest <= now else None,
    )


def forget(now: datetime) -> None:
    """Remove what went well more than a week ago; what failed stays for somebody to see."""
    done = reader().list_workflows(
        status="SUCCESS",
        completed_before=(now - KEPT).isoformat(),
        limit=FORGOTTEN_AT_ONCE,
        load_input=False,
        load_output=False,
    )
    client(database.engine).delete_workflows([job.workflow_id for job in done])
    with transaction() as session:
        session.execute(delete(Worker).where(Worker.beat_at < now - KEPT))
