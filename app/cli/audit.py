"""What is written down of everything that was done: looked through, saved, proved."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from app import db, trail, verifying
from app.cli.shell import (
    Sorry,
    as_json,
    for_institution,
    institution_option,
    institutions,
    moment,
    note_copy,
    operating,
    output,
    page_words,
    say_json,
    write,
)
from app.models import Institution, Person
from app.pairing import disclosures
from app.pairing.disclosures import Disclosure
from app.trail import Wanted
from app.verifying import Flaw, Proof
from app.web import events as asked
from app.web import trail_words
from app.web.trail_words import name

FLAWS = {
    Flaw.NO_HEAD: "what proves the events is missing",
    Flaw.NOT_SIGNED: "its end is not signed with any of OBSERVATORY_SECRET_KEYS",
    Flaw.MISSING: "event {number} is missing",
    Flaw.CHANGED: "event {number}, or the one before it, is not as it was written",
    Flaw.ADDED: "event {number} was added, but not by Observatory",
}
LONGEST_NUMBER = 9  # digits, which a database can hold
KINDS = (*trail_words.KINDS, "settings")


def looked_for(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which events are meant."""
    for option in (
        click.option("--until", default="", metavar="DAY", help="The last day, in UTC."),
        click.option("--since", default="", metavar="DAY", help="The first day, like 2026-01-31, in UTC."),
        click.option("--course", default="", help="By its number in Canvas, or a part of its name."),
        click.option("--person", default="", help="By their number in Canvas, or a part of their name."),
        click.option("--kind", type=click.Choice(KINDS), help="Of this kind only."),
    ):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """What is written down of everything that was done."""


@audit.command(name="list")
@looked_for
@click.option("--last", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@as_json
@for_institution
def show(at: Institution, last: int, machine: bool, **typed: Any) -> None:
    """Show the newest events, or the newest of those that are looked for."""
    with db.reading() as session:
        found = trail.page(session, _wanted(session, at, typed), None, last)
    if machine:
        say_json([{**event._mapping, "at": event.at.isoformat()} for event in found.events])
        return
    for event in found.events:
        told = "; ".join(trail_words.details(event, found))
        click.echo(f"{event.number:>6}  {moment(event.at)}  {trail_words.sentence(event, found)}")
        if told:
            click.echo(f"{'':8}{told}")
    if not found.events:
        click.echo("Nothing of this kind is written down.")


@audit.command()
@looked_for
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@for_institution
def export(at: Institution, file: Path, **typed: Any) -> None:
    """Write events to FILE: a .csv for people, or a .jsonl with all that proves them."""
    if file.suffix not in (".csv", ".jsonl"):
        raise Sorry("observatory: the name of the file must end in .csv or .jsonl.")
    with db.reading() as session:
        wanted = _wanted(session, at, typed)
    with output(file) as opened:
        note_copy(at, "audit", kind=typed["kind"], since=typed["since"], until=typed["until"])
        opened.writelines(asked.csv(wanted) if file.suffix == ".csv" else asked.json_lines(wanted))  # with it


@audit.command()
@click.argument("student")
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write it there.")
@as_json
@for_institution
def record(at: Institution, student: str, file: Path | None, machine: bool) -> None:
    """Tell who had access to STUDENT, by their number in Canvas or a part of their name, and when."""
    with db.reading() as session:
        who = _only_one(trail.people_called(session, at.id, student), student)
        found = disclosures.disclosures(session, who)
    if file:
        write(file, asked.disclosures_csv(who, found))
    elif machine:
        say_json([dict(zip(asked.DISCLOSED, asked.disclosure(who, one), strict=True)) for one in found])
    else:
        for line in _record(who, found):
            click.echo(line)
    if file or machine:
        note_copy(at, "disclosures", student=who.id)


def _record(who: Person, found: list[Disclosure]) -> Iterator[str]:
    yield f"{name(who)}, Canvas number {who.canvas_user_id}"
    for one in found:
        reach = (one.course_name or f"course {one.course_id}") if one.course_id else "all courses"
        ended = page_words("admin/audit_words.html", "end", one, name) if one.over else ""
        until = f"until {moment(one.ended_at)} ({ended})" if one.over else "still"
        before = "before " if one.seen_at and not one.begun_at else ""
        begun = before + moment(one.begun_at or one.seen_at)
        yield f"  {name(one.observer)}: {reach}, from {begun}, {until}"
        given = f", given by {name(one.giver)}" if one.giver else ""
        yield f"    {trail_words.WAYS.get(one.way, one.way)}{given}"
    if not found:
        yield "  Nobody has had access by a connection that Observatory knows of."


@audit.command()
@institution_option
@click.option("--expect", metavar="NUMBER:DIGEST", help="What an earlier run told of the last event.")
def verify(slug: str | None, expect: str | None) -> None:
    """Look whether audit events were changed or taken out since they were written."""
    number, _, digest = (expect or "0:").partition(":")
    if not number.isdecimal() or len(number) > LONGEST_NUMBER or (expect and not slug):
        raise Sorry("observatory: --expect takes what a former run printed, as 123:ab45…, and --institution.")
    broken = False
    with operating() as app:
        for institution in institutions(slug):
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


def _wanted(session: Session, at: Institution, typed: dict[str, Any]) -> Wanted:
    wanted = asked.wanted(session, at.id, asked.Typed(**{**typed, "kind": typed["kind"] or ""}))
    if isinstance(wanted, str):
        raise Sorry(f"observatory: {wanted}")
    return wanted


def _only_one(found: list[Person], term: str) -> Person:
    if not found:
        raise Sorry(f"observatory: Observatory has met nobody called {term!r}.")
    if len(found) > 1:
        several = [f"  {one.canvas_user_id}  {name(one)}" for one in found]
        raise Sorry(f"observatory: {term!r} may mean several people; give a number:", *several)
    return found[0]
