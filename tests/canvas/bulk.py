"""A worker's bulk run as a program: `python -m tests.canvas.bulk SCHOOL COURSE CALLS paced|unpaced`.

It begins when it is sent a line, and says how many calls went well and how many were throttled.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from app import db, wsgi
from app.canvas import courses, tokens
from app.errors import CanvasThrottled

AT_ONCE = 16


def main(school: int, course: str, calls: int, how: str) -> None:
    app = wsgi.create()

    def call(_: int) -> bool:
        with app.app_context():
            with db.reading() as session:
                keyring, settings = app.extensions["keyring"], app.extensions["settings"]
                canvas = tokens.service(session, keyring, settings, school, datetime.now(UTC))
            if how == "paced":
                canvas = canvas.in_bulk(timedelta(seconds=100))
            try:
                courses.students(canvas, course)
            except CanvasThrottled:
                return False
            return True

    sys.stdin.readline()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        went = list(threads.map(call, range(calls)))
    print(sum(went), went.count(False))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
