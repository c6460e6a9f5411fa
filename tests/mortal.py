"""The app's own programs, which a note can tell to die before or after an attempt to tell Canvas.

`granian --factory tests.mortal:create` serves the pages; `python -m tests.mortal NAME` is a worker, which
begins when it is sent a line.
"""

import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import dbos._workflow_commands
from flask import Flask

from app import jobs, tasks, wsgi
from app.pairing import applying

NOTE = "MORTAL_NOTE"  # names a file, which holds one of:
BEFORE, AFTER = "before the attempt", "after the attempt"

PACE = jobs.Pace(
    poll=timedelta(seconds=0.05), beat=timedelta(seconds=0.2), stale=timedelta(seconds=1), at_once=4
)


def create() -> Flask:
    """The app, mortal."""
    applying.attempt = mortal(applying.attempt)
    return wsgi.create()


def mortal(attempt: Any) -> Any:
    note = Path(os.environ[NOTE])

    def die_if(death: str) -> None:
        if note.exists() and note.read_text() == death:
            note.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    def attempted(*args: Any) -> Any:
        die_if(BEFORE)
        done = attempt(*args)
        die_if(AFTER)
        return done

    return attempted


def main(name: str) -> None:
    app = create()
    sys.stdin.readline()
    stop = threading.Event()
    # The engine wakes delayed jobs once a second, which no setting changes.
    dbos._workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = 0.05  # type: ignore[assignment]
    with app.app_context():
        jobs.work(tasks.TASKS, {}, stop, name, PACE)


if __name__ == "__main__":
    main(sys.argv[1])
