"""The people of the school: found, looked at, connected, helped with an account or a code."""

from collections.abc import Iterator

import click

from app import db
from app.cli.shell import (
    Sorry,
    as_json,
    for_institution,
    moment,
    page_words,
    say_json,
    service,
)
from app.models import Institution, Link, LinkState
from app.pairing import connections, directory
from app.pairing.connections import Connection, Connections
from app.pairing.directory import Somebody

WORDS = "admin/people_words.html"


@click.group(name="people")
def office() -> None:
    """The people of the school, and who observes whom. PERSON is a number in Canvas, or sis_user_id:…"""


@office.command()
@click.argument("words")
@as_json
@for_institution
def find(at: Institution, words: str, machine: bool) -> None:
    """Find people by name, login, SIS id or e-mail address."""
    if len(words) < directory.SHORTEST:
        raise Sorry(f"observatory: type at least {directory.SHORTEST} letters.")
    found = directory.search(service(at), lambda: _met(at, words), words)
    if machine:
        say_json([plain(one) for one in found.people])
        return
    for one in found.people:
        click.echo(f"{one.id:>8}  {told(one)}")
    if not found.people:
        click.echo("Nobody was found.")
    if found.more:
        click.echo("There are more. Type more of the name.")
    if not found.everybody:
        click.echo("Canvas does not let the service account search; these are people met here.", err=True)


def _met(at: Institution, words: str) -> list[Somebody]:
    with db.reading() as session:
        return directory.known(session, at.id, words)


@office.command()
@click.argument("person")
@as_json
@for_institution
def show(at: Institution, person: str, machine: bool) -> None:
    """Show who observes PERSON and whom they observe, how that came about, and what is over."""
    who = somebody(at, person)
    found = connections_of(at, who)
    if machine:
        say_json(_plain_connections(who, found))
        return
    for line in _lines(who, found):
        click.echo(line)


def somebody(at: Institution, user_id: str) -> Somebody:
    """Somebody Canvas knows by this number or SIS id."""
    found = directory.find(service(at), user_id)
    if found is None:
        raise Sorry(f"observatory: Canvas knows nobody as {user_id}. Run: observatory people find NAME")
    return found


def connections_of(at: Institution, who: Somebody) -> Connections:
    """All that connects somebody with others, here and in Canvas."""
    with db.reading() as session:
        ours = connections.rows(session, at.id, who.id)
    return connections.of(service(at), who.id, ours)


def told(one: Somebody) -> str:
    """Somebody in a line."""
    known = dict.fromkeys(filter(None, (one.login, one.email, one.sis_user_id)))
    return f"{one.name}  {', '.join(known)}".rstrip()


def _lines(who: Somebody, found: Connections) -> Iterator[str]:
    yield f"{told(who)}  (Canvas number {who.id})"
    for title, held in (("Observed by:", found.observers), ("Observes:", found.students)):
        yield title
        for one in held:
            number = one.observer if one.student == who.id else one.student
            yield f"  {number:>8}  {one.name}: {told_connection(one)}"
        if not held:
            yield "  nobody"
    if found.over:
        yield "Earlier:"
    for link in found.over:
        yield f"  {link.observer.name}, who observed {link.student.name}: {_over(link)}"


def told_connection(one: Connection) -> str:
    """How far a connection reaches, where it stands and how it came about."""
    said = [page_words(WORDS, "reach", one.reach), page_words(WORDS, "state", one)]
    said.append(page_words(WORDS, "origin", one.link.way if one.link else None))
    if one.link:
        said.append(f"since {moment(one.link.settled_at or one.link.created_at)}")
    return ", ".join(filter(None, said))


def _over(link: Link) -> str:
    said = [page_words(WORDS, "reach", link), page_words(WORDS, "origin", link.way)]
    begun = moment(link.settled_at or link.created_at)
    if link.state is LinkState.FAILED:
        return ", ".join([*said, f"not made on {begun}: {page_words(WORDS, 'why', link.reason)}"])
    by = "in Canvas" if link.gone else f"by: {link.ended_by}" if link.ended_by else ""
    return ", ".join(filter(None, [*said, f"from {begun} to {moment(link.ended_at)}", by and f"ended {by}"]))


def plain(one: Somebody) -> dict[str, str | None]:
    """Somebody for a program to read."""
    return {
        "id": one.id,
        "name": one.name,
        "login": one.login,
        "sis_user_id": one.sis_user_id,
        "email": one.email,
    }


def _plain_connections(who: Somebody, found: Connections) -> dict[str, object]:
    return {
        "person": plain(who),
        "observers": [_plain_connection(one) for one in found.observers],
        "students": [_plain_connection(one) for one in found.students],
        "over": [_plain_link(link) for link in found.over],
    }


def _plain_connection(one: Connection) -> dict[str, object]:
    return {
        "observer": one.observer,
        "student": one.student,
        "name": one.name,
        "course": one.reach.course_id,
        "in_canvas": one.in_canvas,
        "link": _plain_link(one.link) if one.link else None,
    }


def _plain_link(link: Link) -> dict[str, object]:
    return {
        "observer": link.observer.canvas_user_id,
        "student": link.student.canvas_user_id,
        "course": link.course_id,
        "state": link.state,
        "way": link.way,
        "reason": link.reason,
        "since": (link.settled_at or link.created_at).isoformat(),
        "ended_at": link.ended_at.isoformat() if link.ended_at else None,
        "ended_by": link.ended_by,
    }
