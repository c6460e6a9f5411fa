"""What every command stands on: the application, the institution it is about, and how a command fails."""

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click
from flask import Flask, get_template_attribute
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError

from app import audit, create_app, db, jobs, logs, schema, settings
from app.canvas import Canvas
from app.errors import CanvasFailure, Failure, SettingsWrong
from app.models import Institution
from app.tasks.pairing import access
from app.web import errors

STANDARD = Path("-")  # standard output, as an argument
FAILURES = {  # by the words of app.web.errors
    "not_connected": "No service account is connected, or Canvas no longer accepts it. An administrator of"
    " the root account connects one: in Canvas, Observatory in the account's menu.",
    "not_allowed": "Canvas does not let the service account do this ({failure}). Its role lacks a permission,"
    " or the API key a scope: docs/canvas.md names them, and `observatory doctor` tells which is missing.",
    "busy": "Canvas has no room for more calls just now. Try again in a minute.",
    "canvas_away": "Canvas does not answer as it should ({failure}). Try again in a minute.",
    "misconfigured": "Something is not set up as it should be; `observatory doctor` tells what.",
}
institution_option = click.option(
    "--institution", "slug", help="By its slug; may be left out while there is only one."
)
NUMBER = click.IntRange(1, 2**31 - 1)  # what a row can have
as_json = click.option("--json", "machine", is_flag=True, help="For programs to read.")
really = click.option("--yes", "really", is_flag=True, help="Do it. Without this it is only told.")


class Sorry(click.ClickException):
    """Ends a command with lines for a person and status 1."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: object = None) -> None:
        """Print the lines, with nothing around them."""
        click.echo(self.message, err=True)


class Misconfigured(Sorry):
    """The environment makes no sense: status 2."""

    exit_code = 2


@contextmanager
def application(*, migrated: bool = True) -> Iterator[Flask]:
    """The application as the environment describes it, inside its context."""
    try:
        known = settings.read()
    except SettingsWrong as wrong:
        raise Misconfigured(*wrong.complaints) from None
    logs.prepare(known.log_level)
    app = create_app(known)
    with app.app_context():
        if migrated and (problem := schema.problem()):
            raise Sorry(f"observatory: {problem}")
        try:
            yield app
        finally:
            db.database.engine.dispose()


@contextmanager
def operating() -> Iterator[Flask]:
    """The application for what somebody does at the terminal, which is written down as a command's doing."""
    english = force_locale("en")  # nobody's browser asks for another language
    with application() as app, english, db.acting_by(db.COMMAND):
        try:
            yield app
        except Failure as failure:
            said = failure if isinstance(failure, CanvasFailure) else type(failure).__name__
            raise Sorry(FAILURES[errors.kind_of(failure)[0]].format(failure=said)) from None
        except (OperationalError, InterfaceError) as failure:
            raise Sorry(
                f"observatory: {schema.Problem.UNREACHABLE}, or somebody holds it ({type(failure).__name__})."
                " Look whether it runs, and try again."
            ) from None


def for_institution(command: Callable[..., None]) -> Callable[..., None]:
    """Run a command inside the application, with the institution it is about as its first argument."""

    @institution_option
    @functools.wraps(command)
    def run(slug: str | None, **given: Any) -> None:
        with operating():
            command(_one(institutions(slug)), **given)

    return run


def institutions(slug: str | None) -> list[Institution]:
    """The institution of this slug, or all of the server."""
    query = select(Institution).order_by(Institution.id)
    with db.reading() as session:
        found = list(session.scalars(query.where(Institution.slug == slug) if slug else query))
    if slug and not found:
        raise Sorry(f"observatory: there is no institution {slug!r} on this server.")
    return found


def _one(found: list[Institution]) -> Institution:
    if not found:
        raise Sorry("observatory: no Canvas is registered yet. Run: observatory platform add")
    if len(found) > 1:
        slugs = ", ".join(one.slug for one in found)
        raise Sorry(f"observatory: say of which institution, with --institution: {slugs}.")
    return found[0]


def service(at: Institution) -> Canvas:
    """Canvas as the institution's service account."""
    return access().service(at.id)


def warn_if_idle() -> None:
    """Say so if nobody does what a command has promised."""
    if not jobs.alive(datetime.now(UTC)):
        click.echo("No worker is running, so nothing goes on yet. Start one: observatory worker", err=True)


def page_words(template: str, macro: str, *given: object) -> str:
    """What a page would say, without its markup."""
    said: str = get_template_attribute(template, macro)(*given).striptags()
    return said


def moment(when: datetime | None) -> str:
    """A moment for a line of text."""
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else "not known"


def say_json(told: object) -> None:
    """Print something for a program to read."""
    click.echo(json.dumps(told, indent=2, ensure_ascii=False, default=str))


@contextmanager
def output(file: Path) -> Iterator[IO[bytes]]:
    """A new file that only this user can read, and is reminded to delete; or standard output."""
    if file == STANDARD:
        yield sys.stdout.buffer
        return
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as failure:
        raise Sorry(f"observatory: {file} cannot be written: {failure.strerror}.") from None
    with os.fdopen(handle, "wb") as opened:
        yield opened
    click.echo(f"{file} holds personal data, which only you can read. Delete it when you are done.", err=True)


def note_copy(at: Institution, what: str, **facts: audit.Fact) -> None:
    """Write down that a copy with names in it was saved; once it was, for a file may not open."""
    with db.transaction() as session:
        audit.record(session, at.id, audit.Event.DATA_EXPORTED, datetime.now(UTC), None, what=what, **facts)


def write(file: Path, pieces: Iterable[bytes]) -> None:
    """Write pieces to a new file, or to standard output."""
    with output(file) as opened:
        opened.writelines(pieces)
