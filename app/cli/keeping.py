"""`observatory audit verify`, `export` and `purge`: what is kept, and for how long."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit as events
from app import db, exporting, purging, retention, verifying
from app.cli.shell import Sorry, application
from app.models import Institution, Person
from app.verifying import Flaw, Proof

FLAWS = {
    Flaw.NO_HEAD: "what proves the events is missing",
    Flaw.NOT_SIGNED: "its end is not signed with any of OBSERVATORY_SECRET_KEYS",
    Flaw.MISSING: "event {number} is missing",
    Flaw.CHANGED: "event {number}, or the one before it, is not as it was written",
    Flaw.ADDED: "event {number} was added, but not by Observatory",
}


@click.group()
def audit() -> None:
    """What is written down of everything that was done."""


@audit.command()
@click.option("--institution", "slug", help="This one only, by its slug.")
@click.option("--expect", metavar="NUMBER:DIGEST", help="What an earlier run told of the last event.")
def verify(slug: str | None, expect: str | None) -> None:
    """Look whether audit events were changed or taken out since they were written."""
    number, _, digest = (expect or "0:").partition(":")
    if not number.isdecimal() or (expect and not slug):
        raise Sorry("observatory: --expect takes what a former run printed, as 123:ab45…, and --institution.")
    broken = False
    with application() as app:
        for institution in _institutions(slug):
            with db.snapshot() as session:
                proof = verifying.verify(session, app.extensions["keyring"], institution.id)
                differs = bool(expect) and not verifying.holds(session, institution.id, int(number), digest)
            click.echo(f"{institution.slug}: {_told(proof)}")
            if differs:
                click.echo(f"{institution.slug}: event {number} is no longer the one that was expected")
            broken = broken or differs or proof.flaw is not None
    raise SystemExit(1 if broken else 0)


def _told(proof: Proof) -> str:
    older = f"; {proof.unproved} older than the chain" if proof.unproved else ""
    if proof.flaw is not None:
        return f"BROKEN: {FLAWS[proof.flaw].format(number=proof.number)}{older}"
    last = f"; the last is {proof.head.number}:{proof.head.digest}" if proof.proved else ""
    return f"{proof.proved} events are as they were written{older}{last}"


@click.command()
@click.option("--institution", "slug", required=True, help="By its slug.")
@click.option("--person", "canvas_id", help="Only what is kept of this person, by their number in Canvas.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(slug: str, canvas_id: str | None, file: Path) -> None:
    """Write everything that is kept to FILE, a zip of JSON lines. Secrets stay behind."""
    with application():
        (institution,) = _institutions(slug)
        with db.snapshot() as session:
            person = _person(session, institution, canvas_id)
            counts = _write(session, institution, person, file)
        what = "person" if person else "everything"
        with db.transaction() as session:
            events.record(
                session, institution.id, events.Event.DATA_EXPORTED, datetime.now(UTC),
                what=what, student=person.id if person else None,
            )  # fmt: skip
    _print(counts)
    click.echo(f"{file} holds personal data, which only you can read. Delete it when you are done.")


def _write(session: Session, institution: Institution, person: Person | None, file: Path) -> dict[str, int]:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as failure:
        raise Sorry(f"observatory: {file} cannot be written: {failure.strerror}.") from None
    with os.fdopen(handle, "wb") as opened:
        return exporting.export(session, institution.id, person, opened)


@click.command()
@click.option("--institution", "slug", help="This one only, by its slug.")
@click.option("--person", "canvas_id", help="Everything of this person, by their number in Canvas.")
@click.option("--everything", is_flag=True, help="The whole institution, with all that is kept of it.")
@click.option("--yes", "really", is_flag=True, help="Do it. Without this it is only told.")
def purge(slug: str | None, canvas_id: str | None, everything: bool, really: bool) -> None:
    """Delete what the policy says need not be kept any longer; or one person, or one institution."""
    if (canvas_id or everything) and not slug:
        raise Sorry("observatory: say of which institution, with --institution.")
    if canvas_id and everything:
        raise Sorry("observatory: either --person or --everything.")
    with application() as app:
        for institution in _institutions(slug):
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


def _institutions(slug: str | None) -> list[Institution]:
    query = select(Institution).order_by(Institution.id)
    with db.reading() as session:
        found = list(session.scalars(query.where(Institution.slug == slug) if slug else query))
    if slug and not found:
        raise Sorry(f"observatory: there is no institution {slug!r} on this server.")
    return found


def _person(session: Session, institution: Institution, canvas_id: str | None) -> Person | None:
    if canvas_id is None:
        return None
    mine = Person.institution_id == institution.id, Person.canvas_user_id == canvas_id
    found = session.scalar(select(Person).where(*mine))
    if found is None:
        raise Sorry(f"observatory: nothing is kept of a person with the number {canvas_id}.")
    return found


def _print(counts: Mapping[str, int]) -> None:
    for what, count in counts.items():
        click.echo(f"  {count} {what}")
    if not counts:
        click.echo("  nothing")
