"""A worker as a process of its own, which can be told where to die: `process.py NAME NOTES [FATE]`."""

import os
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from dbos import DBOS

from app import create_app, jobs
from app.settings import read

PACE = jobs.Pace(
    poll=timedelta(seconds=0.05), beat=timedelta(seconds=0.2), stale=timedelta(seconds=1.5), at_once=4
)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(name: str, notes: Path, fate: str = "") -> None:
    def note(what: str) -> None:
        with notes.open("a") as file:
            file.write(f"{name} {what}\n")

    def apply(link_id: int) -> None:
        if fate == "before the effect":
            die()
        note(f"apply {link_id}")
        if fate == "after the effect":
            die()

    def twice(link_id: int) -> timedelta | None:
        first = f"twice {link_id} first" not in notes.read_text()
        note(f"twice {link_id} {'first' if first else 'second'}")
        return timedelta(seconds=0.1) if first else None

    def slow(number: int) -> None:
        note(f"began {number}")
        time.sleep(30 if fate == "while running" else 0.1)
        note(f"ended {number}")

    if fate == "after promising the next turn":
        promise = DBOS.enqueue_workflow_with_options

        def promise_and_die(*args: object, **more: object) -> None:
            promise(*args, **more)  # type: ignore[arg-type]
            die()

        DBOS.enqueue_workflow_with_options = promise_and_die  # type: ignore[method-assign,assignment]

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with create_app(read()).app_context():
        jobs.work(
            {"apply": apply, "twice": twice, "slow": slow, "tick": lambda: note("tick")},
            {"tick": timedelta(hours=1)} if fate == "keep the schedule" else {},
            stop,
            name,
            PACE,
        )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
