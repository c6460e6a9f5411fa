"""One turn of a job, and whether another follows."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from dbos import DBOS
from flask import Flask

from app.errors import RETRYABLE, CanvasFailure, Failure
from app.jobs import queue
from app.logs import where

Task = Callable[..., timedelta | None]  # None: done; a time: run me again after it

LONGEST_WAIT = timedelta(minutes=10)
SURPRISES = 8  # unexpected failures in a row until a job is given up: 20 minutes with the default waits

log = structlog.stdlib.get_logger(__name__)


class GaveUp(Failure):
    """A job failed unexpectedly too often. It stays on the queue as failed, for somebody to see."""


def next_wait(first: timedelta, failures: int) -> timedelta:
    """How long to wait after so many failures in a row: doubling, up to ten minutes."""
    doubled = first * (1 << min(failures - 1, 20))
    return min(doubled, LONGEST_WAIT)


def turn_of(app: Flask, tasks: Mapping[str, Task], first: timedelta) -> Callable[..., None]:
    """The workflow: run the task once, then promise the next turn if there is one.

    The next turn's id follows from this one's, so a turn that is repeated after a crash promises it once.
    """

    def turn(
        kind: str, args: list[int | str], number: int = 0, failures: int = 0, surprises: int = 0
    ) -> None:
        try:
            with app.app_context():
                wait = tasks[kind](*args)
            failures = surprises = 0
        except RETRYABLE as failure:
            failures += 1
            wait = next_wait(first, failures)
            _tell_retry(kind, failure, wait)
        except Exception as surprise:
            failures, surprises = failures + 1, surprises + 1
            wait = next_wait(first, failures)
            log.error("job broke", kind=kind, error=type(surprise).__name__, at=where(surprise))
            if surprises == SURPRISES:
                raise GaveUp(kind) from None
        if wait is not None:
            again = queue.options(_following(number), wait)
            DBOS.enqueue_workflow_with_options(again, kind, args, number + 1, failures, surprises)

    return turn


def _following(number: int) -> str:
    """The id of the turn after this one: `<first turn's id>/<number>`."""
    first = str(DBOS.workflow_id).removesuffix(f"/{number}")
    return f"{first}/{number + 1}"


def _tell_retry(kind: str, failure: Exception, wait: timedelta) -> None:
    status = failure.status if isinstance(failure, CanvasFailure) else None
    log.warning(
        "job waits",
        kind=kind,
        reason=type(failure).__name__,
        status=status,
        seconds=round(wait.total_seconds(), 3),
    )
