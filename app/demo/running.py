"""Starting everything in order, watching it, and leaving nothing behind."""

import base64
import fcntl
import json
import os
import secrets
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from app import create_app, db, jobs, processes, schema, settings
from app.canvas import grants
from app.crypto import Keyring
from app.demo import school
from app.demo.connecting import NotAuthorized, connect
from app.demo.school import Row, School
from app.errors import Failure
from app.lti import platforms
from app.models import Institution
from app.processes import Child

PATIENCE = 60  # seconds until everything answers
HERE, THERE = "127.0.0.1", "localhost"


class CannotRun(Exception):
    """Why the demo does not run, or runs no more; for a person."""


class _Stopped(Exception):
    """Somebody said that it is enough."""


@dataclass(slots=True)
class Demo:
    """The demo's addresses, its directory, and what it has started."""

    port: int
    canvas_port: int
    data: Path
    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def public_url(self) -> str:
        """Where Observatory is."""
        return f"http://{HERE}:{self.port}"

    @property
    def canvas_url(self) -> str:
        """Where the sandbox is."""
        return f"http://{THERE}:{self.canvas_port}"

    def start(self, name: str, *command: str, environment: dict[str, str] | None = None) -> None:
        """Start one of the programs this consists of."""
        output = self.data / f"{name}.log"
        command = (sys.executable, "-m", *command)
        self.children.append(processes.start(name, command, environment or clean_environment(), output))

    def check(self) -> None:
        """Raise if it is to stop, or if one of its programs has ended."""
        if self.stopping.is_set():
            raise _Stopped
        for child in self.children:
            if child.ended:
                code = child.process.returncode
                raise CannotRun(f"The {child.name} ended ({code}). It said:\n{child.last_words()}")

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something the programs must bring about."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            self.check()
            if time.monotonic() > deadline:
                raise CannotRun(f"{what} after {PATIENCE} seconds. See {self.data}/*.log")
            self.stopping.wait(0.1)


def run(port: int, canvas_port: int, data: Path, world: Path | None) -> None:
    """Run until told to stop (then return), or until something breaks (then raise CannotRun)."""
    demo = Demo(port, canvas_port, data.absolute())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: demo.stopping.set())
    with _alone(demo):
        try:
            _run(demo, world)
        except _Stopped:
            print("Stopping ...", flush=True)
        finally:
            processes.stop(demo.children)


def _run(demo: Demo, world: Path | None) -> None:
    kept = _secrets(demo.data / "secrets.json")
    key, tool = _write_world(demo, world, kept["oauth_client_secret"])
    demo.start(
        "sandbox", "sandbox", "--port", str(demo.canvas_port), "--world", str(demo.data / "world.json")
    )
    environment = _environment(demo, kept["secret_keys"])
    app = create_app(settings.read(environment))
    with app.app_context():
        _forget_database(demo.data)
        schema.upgrade()
        demo.start("worker", "app", "worker", environment=environment)
        demo.start("server", "app", "serve", "--port", str(demo.port), environment=environment)
        demo.wait_until(lambda: _answers(f"{demo.canvas_url}/login/canvas"), "The sandbox does not answer")
        found = School(json.loads(_get(f"{demo.canvas_url}/_sandbox/state")))
        _register(demo, found, key, tool, app.extensions["keyring"])
        # Before anybody logs in to Canvas, for it then reads our configuration, and remembers if it cannot.
        demo.wait_until(lambda: _answers(f"{demo.public_url}/readyz"), "Observatory does not answer")
        service_user = found.service_user()
        if service_user is not None:
            _connect(app, service_user)
        demo.wait_until(lambda: bool(jobs.alive(datetime.now(UTC))), "The worker does not run")
        db.database.engine.dispose()

    _tell(demo, found, tool["id"], connected=service_user is not None)
    while True:
        demo.check()
        demo.stopping.wait(0.5)


@contextmanager
def _alone(demo: Demo) -> Iterator[None]:
    """See that the ports are free and that no other demo uses the directory."""
    for host, port, option in (
        (HERE, demo.port, "--port"),
        (HERE, demo.canvas_port, "--canvas-port"),
    ):
        if processes.in_use(host, port):
            raise CannotRun(f"Port {port} is in use. Choose another: observatory demo {option} NUMBER")
    if demo.port == demo.canvas_port:
        raise CannotRun("Observatory and the sandbox need two different ports.")
    demo.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (demo.data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRun(f"Another demo uses {demo.data}. Choose another: --data DIR") from None
        yield


def _secrets(path: Path) -> dict[str, str]:
    """The demo's secrets, made at its first run; for the owner's eyes only."""
    if path.exists():
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    made = {
        "secret_keys": "demo:" + base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "oauth_client_secret": secrets.token_urlsafe(32),
    }
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made, file)
    return made


def _write_world(demo: Demo, given: Path | None, secret: str) -> tuple[Row, Row]:
    """Write the world file, with our key and tool in it, and return those."""
    world = school.read(given) if given else school.made_up()
    if world is None:
        raise CannotRun(f"{given} is not a JSON object.")
    try:
        key, tool = school.install(world, demo.public_url, secret)
    except (AttributeError, KeyError, TypeError):
        raise CannotRun(f"{given}: developer_keys and lti_tools must be lists of objects.") from None
    path = demo.data / "world.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(world, indent=1, ensure_ascii=False), encoding="utf-8")
    return key, tool


def clean_environment() -> dict[str, str]:
    """This process's environment without another server's settings."""
    ours = ("OBSERVATORY_", "DATABASE_URL", "GRANIAN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _environment(demo: Demo, secret_keys: str) -> dict[str, str]:
    return {
        **clean_environment(),
        "DATABASE_URL": f"sqlite:///{demo.data / 'observatory.db'}",
        "OBSERVATORY_PUBLIC_URL": demo.public_url,
        "OBSERVATORY_SECRET_KEYS": secret_keys,
        "OBSERVATORY_CONTACT": "demo@localhost",
        "OBSERVATORY_RETRY_FIRST": "1",
    }


def _forget_database(data: Path) -> None:
    for name in ("observatory.db", "observatory.db-wal", "observatory.db-shm"):
        (data / name).unlink(missing_ok=True)


def _register(demo: Demo, found: School, key: Row, tool: Row, keyring: Keyring) -> None:
    """Do what `observatory platform add` does."""
    with db.transaction() as session:
        complaints = platforms.add(
            session,
            keyring,
            slug="demo",
            name=found.name,
            canvas_url=demo.canvas_url,
            issuer=found.issuer,
            client_id=tool["client_id"],
            deployment_id=tool["deployment_id"],
            authorize_url=f"{demo.canvas_url}/api/lti/authorize_redirect",
            token_url=f"{demo.canvas_url}/login/oauth2/token",
            jwks_url=f"{demo.canvas_url}/api/lti/security/jwks",
            now=datetime.now(UTC),
        )
        if complaints:
            raise CannotRun("\n".join(complaints))
        institution = session.scalars(select(Institution)).one()
        grants.keep_key(keyring, institution, key["client_id"], key["client_secret"])


def _connect(app: Flask, service_user: int) -> None:
    try:
        connect(app, service_user)
    except (Failure, NotAuthorized, OSError) as failure:
        raise CannotRun(f"The service account could not be connected: {failure}") from None


def _tell(demo: Demo, found: School, tool_id: int, *, connected: bool) -> None:
    lines = [
        "",
        f"{found.name}, a made-up school in a sandbox Canvas, with Observatory installed.",
        f"Everything is new at each start; files are in {demo.data}",
        "",
        f"  Canvas       {demo.canvas_url}/login/canvas   (choose who you are)",
        f"  Observatory  {demo.public_url}/",
        "",
    ]
    people = found.personas(demo.canvas_url, demo.public_url, tool_id)
    for persona in people:
        lines.append(f"  {persona.role:<8} {persona.name} ({persona.login}): {persona.address}")
    if not connected:
        lines.append("  Nobody in this world may link observers, so no service account is connected.")
    ready = ["ready", demo.public_url, demo.canvas_url]  # one line for programs: people by login and address
    ready += [f"{persona.role.lower()}={persona.login},{persona.address}" for persona in people]
    lines += ["", "Ctrl-C ends it.", " ".join(ready)]
    print("\n".join(lines), flush=True)


def _answers(url: str) -> bool:
    try:
        _get(url)
    except (OSError, urllib.error.HTTPError):
        return False
    return True


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback addresses
        body: bytes = answer.read()
        return body
