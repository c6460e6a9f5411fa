"""What our own database holds, for tests that compare it with what Canvas holds."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import column, select, table, update
from sqlalchemy.orm import joinedload

from app import db
from app.models import Code, Link, LinkState, Token
from tests.workers import Runner

T = TypeVar("T")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def all_links() -> list[Link]:
    """Every link with its people and its code, the oldest first."""
    people = (joinedload(Link.observer), joinedload(Link.student), joinedload(Link.code))
    with db.reading() as session:
        return list(session.scalars(select(Link).options(*people).order_by(Link.id)))


def only_link() -> Link:
    (link,) = all_links()
    return link


def states() -> list[LinkState]:
    return [link.state for link in all_links()]


def all_codes() -> list[Code]:
    with db.reading() as session:
        return list(session.scalars(select(Code).options(joinedload(Code.student)).order_by(Code.id)))


def uses() -> list[int]:
    """The uses taken of every code, the oldest code first."""
    return [code.uses for code in all_codes()]


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of this in the same moment, each in a thread of its own; their results in order."""
    barrier = threading.Barrier(len(acts), timeout=30)

    def start(act: Callable[[], T]) -> T:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(start, acts))


def time_passes() -> None:
    """Long enough for every lease to end, every waiting job to become due and every bucket to be empty."""
    engine = db.database.engine
    schema = None if engine.dialect.name == "sqlite" else "dbos"
    delay = column("delay_until_epoch_ms")
    jobs_table = table("workflow_status", delay, column("status"), schema=schema)
    with db.transaction() as session:
        session.execute(update(jobs_table).where(column("status") == "DELAYED").values({delay: 0}))
        session.execute(update(Link).where(Link.leased_until.isnot(None)).values(leased_until=LONG_AGO))
        session.execute(update(Token).values(budget_left=None, budget_seen_at=None, calls_until=None))


def everything_settles(run_jobs: Runner) -> None:
    """Let time pass and jobs run until no link waits for Canvas."""
    for _ in range(6):
        if not set(states()) & {LinkState.PENDING, LinkState.ENDING}:
            return
        time_passes()
        run_jobs()
    raise AssertionError(f"still waiting: {states()}")
