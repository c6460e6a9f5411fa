"""The programs that make up Observatory, their database, and a look at all of it."""

import os
import secrets
import signal
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy.exc import DBAPIError

from app import demo, doctor, jobs, schema, tasks
from app.cli.shell import Sorry, application
from app.inspector.findings import State
from app.processes import in_use


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=8, show_default=True, help="Requests that one process serves at once.")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the pages."""
    with application():
        pass  # only to see that it can be done
    if in_use(host, port):
        raise Sorry(f"observatory: port {port} of {host} is in use.")
    click.echo(f"Serving at http://{host}:{port}")
    Granian(
        "app.wsgi:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        log_level=LogLevels.error,  # it would warn of more threads than a machine computes with; ours wait
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}},
        log_access=False,  # a query may hold an OAuth code
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    ).serve()


@click.command()
@click.option("--name", help="Of this worker; two must not share one. A name of its own if left out.")
def worker(name: str | None) -> None:
    """Do what pages have promised: make links, end them, tidy up."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    executor_id = name or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    kinds = {**tasks.TASKS, "forget_jobs": lambda: jobs.forget(datetime.now(UTC))}
    with application():
        jobs.work(kinds, {**tasks.SCHEDULES, "forget_jobs": timedelta(hours=1)}, stop, executor_id)


@click.group(name="db")
def database() -> None:
    """The database's tables."""


@database.command()
def upgrade() -> None:
    """Make the tables, or bring them up to this release. Safe to repeat."""
    with application(migrated=False):
        try:
            schema.upgrade()
        except DBAPIError as failure:
            raise Sorry(f"observatory: {schema.Problem.UNREACHABLE} ({type(failure).__name__})") from None
    click.echo("The database has the tables of this release.")


@click.command(name="doctor")
@click.option("--institution", "slug", help="Look at this one only, by its slug.")
@click.option("--dry-run", nargs=2, metavar="STUDENT OBSERVER", help="Connect two test people, and end it.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write a web page.")
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Also write a PDF.")
def examine(**wishes: Any) -> None:
    """Look at everything and say what is wrong, what it means, who can mend it and how."""
    wish, found = doctor.Wish(**wishes), []
    with application(migrated=False) as app:
        try:
            for finding in doctor.examine(app.extensions["settings"], app.extensions["keyring"], wish):
                click.echo(doctor.line(finding))
                found.append(finding)
        except doctor.UnknownInstitution:
            raise Sorry("observatory: name one institution of this server with --institution.") from None
        try:
            doctor.write(wish, found)
        except OSError as failure:
            file, why = failure.filename or "the report", failure.strerror
            raise Sorry(f"observatory: {file} cannot be written: {why}. Name another file.") from None
    raise SystemExit(1 if any(finding.state is State.PROBLEM for finding in found) else 0)


@click.command(name="demo")
@click.option("--port", default=8000, show_default=True, help="Of Observatory, at 127.0.0.1.")
@click.option("--canvas-port", default=9000, show_default=True, help="Of the sandbox, at localhost.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data/demo"),
    show_default=True,
    help="Kept files.",
)
@click.option(
    "--world",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A school of your own; `python -m sandbox --dump-world` shows how it is written.",
)
def show(port: int, canvas_port: int, data: Path, world: Path | None) -> None:
    """Run Observatory beside a sandbox Canvas, all made new, until Ctrl-C."""
    try:
        demo.run(port, canvas_port, data, world)
    except demo.CannotRun as reason:
        raise Sorry(*str(reason).splitlines()) from None
