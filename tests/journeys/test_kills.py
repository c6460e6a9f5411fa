"""kill -9 between any two steps of a redemption: whoever comes after finishes it, once.

Real programs: the app under its web server, and workers. A valve in the pipe to Canvas holds the call in
whose midst they are to die, so that nothing depends on timing.
"""

import base64
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from flask import Flask
from sqlalchemy import select, update

from app import db
from app.models import Institution, LinkState, Person
from app.pairing import guesses, redemption, spelling
from tests import mortal, valve
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, in_both_sections, linked
from tests.people import PUBLIC_URL, Observer, School, field
from tests.programs import ROOT, answers, environment, eventually, free_port
from tests.records import states, time_passes, uses
from tests.valve import Valve, valve_before

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Death:
    """When to die: around the attempt as a whole, or in the midst of its call of this number."""

    reach: str
    moment: str
    call: int = 0


DEATHS = [
    Death(EVERYWHERE, mortal.BEFORE),
    Death(EVERYWHERE, valve.BEFORE, 1),  # look
    Death(EVERYWHERE, valve.BEFORE, 2),  # write
    Death(EVERYWHERE, valve.AFTER, 2),
    Death(EVERYWHERE, mortal.AFTER),
    Death(ONE_COURSE, valve.BEFORE, 2),  # look for the observer, after the student
    Death(ONE_COURSE, valve.BEFORE, 3),  # first section
    Death(ONE_COURSE, valve.AFTER, 3),
    Death(ONE_COURSE, valve.AFTER, 4),  # second section
]
WORKERS_DEATHS = [death for death in DEATHS if death.moment in (mortal.AFTER, valve.AFTER) or death.call == 3]
STUDENTS = range(105, 105 + len(DEATHS))


class Programs:
    """Starts programs, tells them when to die, and ends what is left of them."""

    def __init__(self, app: Flask, database_url: str, pipe: Valve, note: Path) -> None:
        key = app.extensions["settings"].secret_keys[0]
        self.pipe, self.note = pipe, note
        self.started: list[Process] = []
        self.settings = {
            "DATABASE_URL": database_url,
            "OBSERVATORY_SECRET_KEYS": f"{key.name}:{base64.urlsafe_b64encode(key.material).decode()}",
            "OBSERVATORY_RETRY_FIRST": "0.05",
            "OBSERVATORY_LOG_LEVEL": "ERROR",
            mortal.NOTE: str(note),
        }

    def server(self) -> tuple[Process, str]:
        """The app; it takes a moment until it answers at this address."""
        port = free_port()
        words = [
            "--interface",
            "wsgi",
            "--factory",
            "--no-ws",
            "--port",
            str(port),
            "--log-level",
            "critical",
        ]
        return self._start("granian", *words, "tests.mortal:create"), f"http://127.0.0.1:{port}"

    def worker(self) -> Process:
        """A worker; it begins when it is sent a line."""
        return self._start("tests.mortal", f"worker {len(self.started)}")

    def _start(self, module: str, *words: str) -> Process:
        command = [sys.executable, "-m", module, *words]
        env = environment(**self.settings)
        self.started.append(subprocess.Popen(command, env=env, cwd=ROOT, stdin=subprocess.PIPE))
        return self.started[-1]

    def doom(self, death: Death) -> None:
        """Whoever tells Canvas next will come to this."""
        if death.call:
            self.pipe.shut(death.call, death.moment)
        else:
            self.note.write_text(death.moment)

    def die(self, death: Death, process: Process) -> None:
        """Wait for the moment, and see to it that nothing is left."""
        if death.call:
            assert self.pipe.holding.wait(30), death
        else:
            eventually(lambda: not self.note.exists())
        kill(process)
        self.pipe.caller_is_gone()
        self.pipe.open()


def begin(worker: Process) -> None:
    assert worker.stdin
    worker.stdin.write(b"\n")
    worker.stdin.flush()


def kill(process: Process) -> None:
    """kill -9, with everything it has started."""
    if process.poll() is None:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in family:
            one.kill()
        psutil.wait_procs(family, timeout=10)
    process.communicate()


@pytest.fixture
def pipe(school: School) -> Iterator[Valve]:
    """The app reaches Canvas through a valve."""
    with valve_before(school.canvas.url) as pipe:
        with db.transaction() as session:
            session.execute(update(Institution).values(canvas_url=pipe.url))
        yield pipe


@pytest.fixture
def parent(school: School) -> Observer:
    in_both_sections(school, STUDENTS)
    return Observer(school, 44).enters()


@pytest.fixture
def programs(
    app: Flask, database_url: str, parent: Observer, pipe: Valve, tmp_path: Path
) -> Iterator[Programs]:
    programs = Programs(app, database_url, pipe, tmp_path / "note")
    yield programs
    for process in programs.started:
        kill(process)


def send(parent: Observer, url: str, code: str) -> None:
    """The parent presses the button; whoever answers may die meanwhile."""
    page = parent.browser.open(f"{PUBLIC_URL}/pair")
    name = "__Host-observatory"
    cookie = {"Cookie": f"{name}={parent.browser.http.cookies[name]}"}
    form = {"csrf_token": field(page, "csrf_token"), "code": code}
    try:
        answer = httpx.post(f"{url}/pair", data=form, headers=cookie, timeout=60, trust_env=False)
    except httpx.TransportError:
        return
    raise AssertionError(f"it lived to say {answer.status_code}")


def redeemed(app: Flask, school: School, code: str) -> None:
    """A use is taken and a job promised, as by a page that dies right after."""
    keyring, now = app.extensions["keyring"], datetime.now(UTC)
    text = spelling.read(code)
    assert isinstance(text, spelling.Ours)
    with db.transaction() as session:
        observer = session.scalars(select(Person).where(Person.canvas_user_id == "44")).one()
        who = guesses.guesser(keyring, observer, "203.0.113.7")
        outcome = redemption.redeem(session, keyring, observer, text.text, who, now, timedelta())
    assert isinstance(outcome, redemption.Redeemed)


def settled() -> bool:
    return not set(states()) & {LinkState.PENDING, LinkState.ENDING}


def test_a_page_that_dies_leaves_a_link_that_a_worker_finishes(
    school: School, programs: Programs, parent: Observer
) -> None:
    begin(programs.worker())
    coming = programs.server()
    for death, student in zip(DEATHS, STUDENTS, strict=True):
        (server, url), coming = coming, programs.server()
        code = give_code(school, student, death.reach)
        eventually(lambda url=url: answers(f"{url}/healthz"))  # type: ignore[misc]
        programs.doom(death)
        with ThreadPoolExecutor(1) as threads:
            sent = threads.submit(send, parent, url, code)
            programs.die(death, server)
            sent.result(30)
        assert states()[-1] is (LinkState.ACTIVE if death.moment == mortal.AFTER else LinkState.PENDING)

        time_passes()
        eventually(settled)

        assert states()[-1] is LinkState.ACTIVE, death
        assert linked(school, parent.id, student, death.reach), death
        assert uses()[-1] == 1, death


def test_a_worker_that_dies_leaves_a_link_that_the_next_one_finishes(
    app: Flask, school: School, programs: Programs, parent: Observer
) -> None:
    worker, heir = programs.worker(), programs.worker()
    begin(worker)
    for death, student in zip(WORKERS_DEATHS, STUDENTS, strict=False):
        programs.doom(death)
        redeemed(app, school, give_code(school, student, death.reach))
        programs.die(death, worker)
        assert states()[-1] is (LinkState.ACTIVE if death.moment == mortal.AFTER else LinkState.PENDING)

        time_passes()
        begin(heir)
        eventually(settled)

        assert states()[-1] is LinkState.ACTIVE, death
        assert linked(school, parent.id, student, death.reach), death
        assert uses()[-1] == 1, death
        worker, heir = heir, programs.worker()
