"""Observers in bulk: a sheet is uploaded, previewed, done by a worker, and can be undone."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from app import db
from app.cli.import_words import follow, plain, road_of, tell
from app.cli.shell import (
    NUMBER,
    STANDARD,
    Sorry,
    as_json,
    for_institution,
    moment,
    note_copy,
    output,
    really,
    say_json,
    write,
)
from app.models import Import, ImportRoad, Institution
from app.pairing.imports import files, overview, steering, undoing
from app.web import import_rows, import_words

a_file = click.argument(
    "file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default=STANDARD
)
following = click.option(
    "--follow/--no-follow", "wait", default=True, show_default=True, help="Wait until the worker is done."
)
number = click.argument("number", type=NUMBER)


@click.group()
def imports() -> None:
    """Observers in bulk, by a sheet. Nothing is changed in Canvas before `run`."""


@imports.command(name="list")
@as_json
@for_institution
def latest(at: Institution, machine: bool) -> None:
    """List the latest imports."""
    with db.reading() as session:
        found = overview.imports(session, at.id)
    if machine:
        say_json([plain(of) for of in found])
        return
    for of in found:
        who = of.person.name if of.person else "the command line"
        click.echo(f"{of.id:>6}  {of.file_name}: {import_words.state(of)}; {moment(of.created_at)}, by {who}")
    if not found:
        click.echo("There were none. Upload a sheet with: observatory imports upload FILE")


@imports.command()
@number
@as_json
@for_institution
def show(at: Institution, number: int, machine: bool) -> None:
    """Show how far an import is, what it would do, or what came of it."""
    tell(_find(at, number), machine)


@imports.command()
@number
@click.argument("decisions", nargs=-1, required=True, metavar="ROW=ACCOUNT…")
@following
@for_institution
def choose(at: Institution, number: int, decisions: tuple[str, ...], wait: bool) -> None:
    """Decide which account the observer of a row is: its number in Canvas, new, or left_out."""
    parted = [said.partition("=") for said in decisions]
    choices = [(int(row), choice) for row, _sign, choice in parted if row.isdecimal()]
    with db.transaction() as session:
        taken = steering.choose(session, _held(session, at, number), choices, None, datetime.now(UTC))
    if taken < len(decisions):
        click.echo(f"{len(decisions) - taken} of these decisions fit no row that is asked about.", err=True)
    _go_on(at, number, wait)


@imports.command()
@number
@click.option("--road", type=click.Choice(["api", "sis"]), help="One by one, or by Canvas's own SIS import.")
@following
@for_institution
def run(at: Institution, number: int, road: str | None, wait: bool) -> None:
    """Do what the preview shows, by the road that suits it unless you say which."""
    _begin(at, number, road)
    _go_on(at, number, wait)


def run_it(at: Institution, number: int, road: str | None, machine: bool) -> None:
    """Do what the preview shows, and wait for the end."""
    _begin(at, number, road)
    tell(follow(number), machine)


def _begin(at: Institution, number: int, road: str | None) -> None:
    chosen = ImportRoad(road) if road else road_of(_find(at, number))
    _steer(at, number, lambda session, of, *click: steering.run(session, of, chosen, *click))


@imports.command()
@number
@for_institution
def pause(at: Institution, number: int) -> None:
    """Stop for a while, after the rows that are being done."""
    _steer(at, number, steering.pause)


@imports.command()
@number
@following
@for_institution
def resume(at: Institution, number: int, wait: bool) -> None:
    """Go on."""
    _steer(at, number, steering.resume)
    _go_on(at, number, wait)


@imports.command()
@number
@for_institution
def cancel(at: Institution, number: int) -> None:
    """Give an import up; what was done until now stays, and can be undone."""
    _steer(at, number, steering.cancel)
    if _find(at, number).canceling:
        click.echo(import_words.WHEN_CANCELED, err=True)


@imports.command()
@number
@really
@following
@for_institution
def undo(at: Institution, number: int, really: bool, wait: bool) -> None:
    """Tell what undoing would do, and do it: what was there before is spared."""
    of = _find(at, number)
    with db.reading() as session:
        may, ahead = steering.may_undo(session, of, datetime.now(UTC)), undoing.outlook(session, of.id)
    if not may:
        raise Sorry("observatory: it cannot be undone: it has not ended, or its time is over.")
    click.echo(f"{ahead.made:>6}  connections that it made: ended")
    click.echo(f"{ahead.ended:>6}  connections that it ended: made again")
    click.echo(f"{ahead.accounts:>6}  accounts that it made: taken away where nobody has used them")
    if not really:
        click.echo("Nothing was undone yet. Add --yes to do it.")
        return
    _steer(at, number, steering.undo)
    _go_on(at, number, wait)


@imports.command()
@number
@a_file
@for_institution
def problems(at: Institution, number: int, file: Path) -> None:
    """Write the rows with a problem to FILE, as CSV with a column that says why."""
    write(file, import_rows.problems(_find(at, number)))
    note_copy(at, "import", batch=number, rows="problems")


@imports.command()
@number
@a_file
@for_institution
def results(at: Institution, number: int, file: Path) -> None:
    """Write every row to FILE, as CSV, and what became of it."""
    write(file, import_rows.results(_find(at, number)))
    note_copy(at, "import", batch=number, rows="results")


@imports.command(name="files")
@number
@a_file
@for_institution
def just_the_files(at: Institution, number: int, file: Path) -> None:
    """Write the files for Canvas's own SIS import to FILE, a zip, to be handed in by a person."""
    with files.zipped(_find(at, number)) as source, output(file) as target:
        shutil.copyfileobj(source, target)
    note_copy(at, "import", batch=number, rows="files")


def _find(at: Institution, number: int) -> Import:
    with db.reading() as session:
        return _held(session, at, number)


def _held(session: Session, at: Institution, number: int) -> Import:
    found = steering.find(session, at.id, number)
    if found is None:
        raise Sorry(f"observatory: there is no import {number}. Run: observatory imports list")
    return found


def _steer(at: Institution, number: int, what: Callable[[Session, Import, None, datetime], bool]) -> None:
    with db.transaction() as session:
        of = _held(session, at, number)
        if not what(session, of, None, datetime.now(UTC)):
            raise Sorry(f"observatory: not now: import {number} {import_words.state(of)}.")
    click.echo(f"Import {number} {import_words.state(_find(at, number))}.", err=True)


def _go_on(at: Institution, number: int, wait: bool) -> None:
    if wait:
        tell(follow(number))
