"""What is kept, and for how long: a copy of it, and deleting it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db, exporting, purging, retention
from app.cli.shell import Sorry, institutions, note_copy, operating, output, really
from app.models import Institution, Person


@click.command()
@click.option("--institution", "slug", required=True, help="By its slug.")
@click.option("--person", "canvas_id", help="Only what is kept of this person, by their number in Canvas.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(slug: str, canvas_id: str | None, file: Path) -> None:
    """Write everything that is kept to FILE, a zip of JSON lines. Secrets stay behind."""
    with operating():
        (institution,) = institutions(slug)
        with db.snapshot() as session:
            person = _person(session, institution, canvas_id)
            with output(file) as opened:
                counts = exporting.export(session, institution.id, person, opened)
        what = "person" if person else "everything"
        note_copy(institution, what, student=person.id if person else None)
    _print(counts, err=True)


@click.command()
@click.option("--institution", "slug", help="This one only, by its slug.")
@click.option("--person", "canvas_id", help="Everything of this person, by their number in Canvas.")
@click.option("--everything", is_flag=True, help="The whole institution, with all that is kept of it.")
@really
def purge(slug: str | None, canvas_id: str | None, everything: bool, really: bool) -> None:
    """Delete what the policy says need not be kept any longer; or one person, or one institution."""
    if (canvas_id or everything) and not slug:
        raise Sorry("observatory: say of which institution, with --institution.")
    if canvas_id and everything:
        raise Sorry("observatory: either --person or --everything.")
    with operating() as app:
        for institution in institutions(slug):
            click.echo(f"{institution.slug}:")
            if canvas_id:
                _forget(institution, canvas_id, really)
            elif everything:
                _remove(institution, really)
            elif really:
                _print(retention.enforce(app.extensions["keyring"], institution.id, datetime.now(UTC)))
            else:
                with db.snapshot() as session:
                    _print(retention.over(session, institution.id, datetime.now(UTC)))
    click.echo("Deleted." if really else "Nothing was deleted yet. Add --yes to do it.")


def _forget(institution: Institution, canvas_id: str, really: bool) -> None:
    with db.transaction() as session:
        person = _person(session, institution, canvas_id)
        if person is None:
            raise LookupError("there is no person without a number")
        found = purging.forget(session, person, datetime.now(UTC), really=really)
    if isinstance(found, purging.StillConnected):
        raise Sorry(
            f"observatory: {canvas_id} still has {found.connections} connections. End them first, on the "
            "page of this person: Canvas would keep them, and nobody could tell why."
        )
    _print(found.deleted)
    for table, count in found.kept.items():
        click.echo(f"  {count} {table} stay, with a number in place of the name")


def _remove(institution: Institution, really: bool) -> None:
    if not really:
        with db.snapshot() as session:
            _print(purging.of_institution(session, institution.id))
        click.echo("  Connections that Canvas holds stay in Canvas.")
        return
    try:
        _print(purging.remove(institution.id))
    except IntegrityError:
        raise Sorry("observatory: somebody came in meanwhile. Run it again.") from None


def _person(session: Session, institution: Institution, canvas_id: str | None) -> Person | None:
    if canvas_id is None:
        return None
    mine = Person.institution_id == institution.id, Person.canvas_user_id == canvas_id
    found = session.scalar(select(Person).where(*mine))
    if found is None:
        raise Sorry(f"observatory: nothing is kept of a person with the number {canvas_id}.")
    return found


def _print(counts: Mapping[str, int], *, err: bool = False) -> None:
    for what, count in counts.items():
        click.echo(f"  {count} {what}", err=err)
    if not counts:
        click.echo("  nothing", err=err)
