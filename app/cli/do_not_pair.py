"""The do-not-pair list: looked at, added to, ended. Every look is written down."""

from collections.abc import Iterator
from datetime import UTC, datetime

import click
from sqlalchemy.orm import Session

from app import db, people
from app.cli.people import somebody, told_connection
from app.cli.shell import (
    NUMBER,
    Sorry,
    as_json,
    for_institution,
    moment,
    page_words,
    really,
    say_json,
    service,
)
from app.models import Bar, Institution
from app.pairing import bars
from app.people import Operator
from app.web.bars import EMAIL, standing

WORDS = "admin/bars_words.html"


@click.group(name="do-not-pair")
def do_not_pair() -> None:
    """Who must not be connected with whom, whatever code they have."""


@do_not_pair.command(name="list")
@as_json
@for_institution
def everything(at: Institution, machine: bool) -> None:
    """Show all entries, and whom they kept away. That you looked is written down."""
    with db.transaction() as session:
        bars.looked(session, Operator(at.id), None, datetime.now(UTC))
    with db.reading() as session:
        entries, alerts = bars.every(session, at.id), bars.unseen(session, at.id)
    if machine:
        say_json([_plain(bar) for bar in entries])
        return
    for bar in entries:
        for line in _lines(bar):
            click.echo(line)
    if not entries:
        click.echo("The list is empty.")
    for hit in alerts:
        who = hit.observer.name if hit.observer else "somebody without an account"
        tried = "tried once" if hit.times == 1 else f"tried {hit.times} times"
        what = "is connected all the same, in Canvas" if hit.connected else tried
        click.echo(f"Alert {hit.id}, of entry {hit.bar_id}: {who} {what}, last {moment(hit.last_at)}")


@do_not_pair.command()
@click.argument("student")
@click.option("--observer", help="Whom to keep away, by their number in Canvas.")
@click.option("--email", help="Or by an e-mail address or a login.")
@click.option("--anyone", is_flag=True, help="Or everybody.")
@click.option("--document", required=True, help="Where the paper is that says so, like: binder 4, May 2026.")
@for_institution
def add(
    at: Institution, student: str, observer: str | None, email: str | None, anyone: bool, document: str
) -> None:
    """Put an entry about STUDENT, a number in Canvas, on the list; connections that are there stay."""
    if sum((observer is not None, email is not None, anyone)) != 1:
        raise Sorry("observatory: say one of --observer, --email and --anyone.")
    if email is not None and not EMAIL.match(email):
        raise Sorry("observatory: this is no e-mail address.")
    protected, kept = somebody(at, student), somebody(at, observer) if observer else None
    if kept is not None and kept.id == protected.id:
        raise Sorry("observatory: observer and student are the same person.")
    now = datetime.now(UTC)
    with db.transaction() as session:
        of = people.remember(session, at.id, protected.id, protected.name, now)
        whom = people.remember(session, at.id, kept.id, kept.name, now) if kept else None
        addresses = kept.addresses if kept else frozenset()
        made = bars.make(session, Operator(at.id), of, whom, email, document, now, addresses)
    _tell(at, made.id)


@do_not_pair.command()
@click.argument("number", type=NUMBER)
@for_institution
def show(at: Institution, number: int) -> None:
    """Show the entry with this NUMBER, and the connections it speaks against."""
    with db.transaction() as session:
        bars.looked(session, Operator(at.id), _one(session, at, number), datetime.now(UTC))
    _tell(at, number)


def _tell(at: Institution, number: int) -> None:
    with db.reading() as session:
        bar = _one(session, at, number)
    for line in _lines(bar):
        click.echo(line)
    held = standing(service(at), bar) if bar.ended_at is None else []
    if held:
        click.echo("These are connected already. The entry does not end that by itself; decide about each:")
    for one in held:
        course = f" --course {one.reach.course_id}" if one.reach.course_id else ""
        click.echo(f"  {one.name or one.observer}: {told_connection(one)}")
        click.echo(f"    observatory people disconnect {one.observer} {one.student}{course}")


@do_not_pair.command()
@click.argument("number", type=NUMBER)
@really
@for_institution
def end(at: Institution, number: int, really: bool) -> None:
    """Take the entry with this NUMBER out of force; it stays on the list with its history."""
    if not really:
        with db.transaction() as session:
            bar = _one(session, at, number)
            bars.looked(session, Operator(at.id), bar, datetime.now(UTC))
        for line in _lines(bar):
            click.echo(line)
        click.echo("Nothing was ended yet. Add --yes to do it.")
        return
    with db.transaction() as session:
        bars.end(session, Operator(at.id), _one(session, at, number), datetime.now(UTC))
    click.echo(f"Entry {number} is no longer in force.")


@do_not_pair.command()
@click.argument("alert", type=NUMBER)
@for_institution
def seen(at: Institution, alert: int) -> None:
    """Close the ALERT with this number: you have seen that somebody was kept away."""
    with db.transaction() as session:
        if not bars.see(session, Operator(at.id), alert, datetime.now(UTC)):
            raise Sorry(f"observatory: there is no open alert {alert}. Run: observatory do-not-pair list")
    click.echo("Noted. The alert is closed.")


def _one(session: Session, at: Institution, number: int) -> Bar:
    bar = bars.one(session, at.id, number)
    if bar is None:
        raise Sorry(f"observatory: there is no entry {number} on the list.")
    return bar


def _lines(bar: Bar) -> Iterator[str]:
    over = f", ended {moment(bar.ended_at)}" if bar.ended_at else ""
    maker = page_words(WORDS, "maker", bar)
    yield f"{bar.id:>4}  {page_words(WORDS, 'about', bar)}"
    yield f"      {bar.document}; since {moment(bar.made_at)}, by {maker}{over}"


def _plain(bar: Bar) -> dict[str, object]:
    return {
        "number": bar.id,
        "student": bar.student.canvas_user_id,
        "observer": bar.observer.canvas_user_id if bar.observer else None,
        "email": bar.email,
        "document": bar.document,
        "made_at": bar.made_at.isoformat(),
        "made_by": bar.maker.canvas_user_id if bar.maker else None,
        "ended_at": bar.ended_at.isoformat() if bar.ended_at else None,
    }
