"""`observatory …`: what is run on the server."""

import os
import secrets
import signal
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app import cli_keeping, db, demo, doctor, jobs, resealing, schema, tasks
from app.canvas import grants
from app.inspector.findings import State
from app.lti import invitations, keys, platforms
from app.lti.environments import ENVIRONMENTS, slug_for
from app.models import Institution
from app.processes import in_use
from app.shell import Sorry, application


@click.group()
def main() -> None:
    """Pairs observers with students in Canvas. Settings come from the environment; see the README."""


for command in (cli_keeping.audit, cli_keeping.export, cli_keeping.purge):
    main.add_command(command)


@main.command()
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


@main.command()
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


@main.group(name="db")
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


@main.command(name="doctor")
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
        doctor.write(wish, found)
    raise SystemExit(1 if any(finding.state is State.PROBLEM for finding in found) else 0)


@main.group()
def platform() -> None:
    """The Canvases that may open this tool."""


@platform.command()
@click.option(
    "--environment",
    type=click.Choice(list(ENVIRONMENTS)),
    default="production",
    show_default=True,
    help="Of hosted Canvas: gives the four addresses below. Beta and test are institutions of their own.",
)
@click.option("--issuer", help="Of a Canvas of your own, as are the next three.")
@click.option("--authorize-url")
@click.option("--token-url")
@click.option("--jwks-url")
@click.option("--client-id", required=True, help="Of the LTI key.")
@click.option(
    "--deployment-id", help="Of the installed app; if left out, an administrator's launch shows it."
)
@click.option("--canvas-url", required=True, help="Where people open this Canvas.")
@click.option("--slug", help="Of the institution, in /at/<slug>/; from the Canvas address if left out.")
@click.option("--name", help="Of the institution; the Canvas address if left out.")
@click.option("--host", help="Public host name of the institution's own pages.")
@click.option("--oauth-client-id", help="Of the API key.")
@click.option(
    "--oauth-client-secret",
    envvar="OBSERVATORY_OAUTH_CLIENT_SECRET",
    help="Of the API key; better from OBSERVATORY_OAUTH_CLIENT_SECRET. Asked for if it is missing.",
)
def add(
    environment: str,
    canvas_url: str,
    slug: str | None,
    oauth_client_id: str | None,
    oauth_client_secret: str | None,
    **words: str | None,
) -> None:
    """Register a Canvas, or change what is known of it. Safe to repeat."""
    if oauth_client_id and not oauth_client_secret:
        oauth_client_secret = click.prompt("Secret of the API key", hide_input=True)
    slug = slug or slug_for(urlsplit(canvas_url).hostname or "", environment)
    hosted = ENVIRONMENTS[environment]
    with application() as app, db.transaction() as session:
        keyring = app.extensions["keyring"]
        complaints = platforms.add(
            session,
            keyring,
            slug=slug,
            name=words["name"],
            canvas_url=canvas_url,
            issuer=words["issuer"] or hosted.issuer,
            client_id=words["client_id"] or "",
            deployment_id=words["deployment_id"],
            authorize_url=words["authorize_url"] or hosted.authorize_url,
            token_url=words["token_url"] or hosted.token_url,
            jwks_url=words["jwks_url"] or hosted.jwks_url,
            host=words["host"],
            now=datetime.now(UTC),
        )
        if complaints:
            raise Sorry(*complaints)
        institution = session.scalars(select(Institution).where(Institution.slug == slug)).one()
        if oauth_client_id and oauth_client_secret:
            grants.keep_key(keyring, institution, oauth_client_id, oauth_client_secret)
    click.echo(f"{institution.name} ({slug}) is registered.")


@platform.command()
@click.option("--canvas-url", required=True, help="Where people open this Canvas; no other can use the link.")
@click.option("--slug", help="Of the institution, in /at/<slug>/; from the Canvas address if left out.")
@click.option("--name", help="Of the institution; its administrator may change it.")
def invite(canvas_url: str, slug: str | None, name: str | None) -> None:
    """Make a link with which a Canvas registers itself: once, and within a week."""
    slug = slug or (urlsplit(canvas_url).hostname or "").partition(".")[0]
    with application() as app, db.transaction() as session:
        made = invitations.invite(session, slug, name, canvas_url, datetime.now(UTC))
        if not isinstance(made, str):
            raise Sorry(*made)
        public_url = app.extensions["settings"].public_url
    click.echo(f"{public_url}/lti/register?invite={made}")
    click.echo("Works once, for seven days. Give it to an administrator of that Canvas only.", err=True)


@main.group(name="keys")
def tool_keys() -> None:
    """Our own keys, which Canvas knows us by."""


@tool_keys.command(name="rotate")
@click.option(
    "--retire-after",
    type=click.FloatRange(min=0),
    default=7,
    show_default=True,
    help="Days until the former keys go; 0 if one of them is stolen.",
)
def rotate_keys(retire_after: float) -> None:
    """Make a new key. The former ones stay published for a while, for Canvas remembers them."""
    now = datetime.now(UTC)
    with application() as app, db.transaction() as session:
        made = keys.rotate(session, app.extensions["keyring"], now, timedelta(days=retire_after))
    click.echo(f"Key {made.kid} is in use. Former keys go on {now + timedelta(days=retire_after):%Y-%m-%d}.")


@main.group(name="secrets")
def kept_secrets() -> None:
    """What the database holds sealed."""


@kept_secrets.command(name="rotate")
def rotate_secrets() -> None:
    """Seal everything anew with the first of OBSERVATORY_SECRET_KEYS. Safe to repeat."""
    with application() as app:
        tally = resealing.reseal(app.extensions["keyring"])
    click.echo(f"{tally.resealed} secrets are sealed anew with the first key.")
    if tally.unreadable:
        raise Sorry("No key opens these; keep the older keys until you know why:", *tally.unreadable)
    click.echo("Once every server and worker has the new first key, the older ones may go.")


@main.command(name="demo")
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
