"""The codes of one student: made, listed, revoked."""

from datetime import UTC, datetime

import click

from app import audit, db, people, policy
from app.canvas import observees
from app.cli.connecting import course, reach_to
from app.cli.people import WORDS, somebody
from app.cli.shell import (
    NUMBER,
    Sorry,
    as_json,
    for_institution,
    moment,
    page_words,
    say_json,
    service,
)
from app.models import Code, Institution, Role
from app.pairing import codes
from app.pairing.codes import Reach
from app.pairing.directory import Somebody
from app.people import Operator
from app.web import visit


@click.command()
@click.argument("student")
@course
@click.option("--native", is_flag=True, help="One of Canvas's own, as the Canvas Parent app wants.")
@for_institution
def code(at: Institution, student: str, course_id: str | None, native: bool) -> None:
    """Print a code for STUDENT: the one there is, or a new one."""
    who = somebody(at, student)
    if native and course_id:
        raise Sorry("observatory: Canvas's own codes are for all courses.")
    text, expires_at = _native(at, who) if native else _ours(at, who, reach_to(at, who, course_id))
    click.echo(text)
    click.echo(f"For {who.name}, until {moment(expires_at)}.", err=True)


def _ours(at: Institution, who: Somebody, reach: Reach) -> tuple[str, datetime]:
    now = datetime.now(UTC)
    with db.transaction() as session:
        made = codes.issue(
            session,
            visit.keyring(),
            issuer=Operator(at.id),
            role=Role.ADMIN,
            student=people.remember(session, at.id, who.id, who.name, now),
            reach=reach,
            policy=policy.of(session, at.id),
            now=now,
        )
    return codes.text_of(visit.keyring(), made), made.expires_at


def _native(at: Institution, who: Somebody) -> tuple[str, datetime]:
    made = observees.make_pairing_code(service(at), who.id)
    with db.transaction() as session:
        now = datetime.now(UTC)
        student = people.remember(session, at.id, who.id, who.name, now)
        audit.record(session, at.id, audit.Event.CODE_MADE_IN_CANVAS, now, student=student.id)
    return made.code, made.expires_at


@click.command(name="codes")
@click.argument("student")
@as_json
@for_institution
def live(at: Institution, student: str, machine: bool) -> None:
    """List the codes of STUDENT that still work, by number; `code` prints one. Canvas's own are not known."""
    who = somebody(at, student)
    with db.reading() as session:
        found = codes.live(session, Operator(at.id), datetime.now(UTC), who.id)
    if machine:
        say_json([_plain(one) for one in found])
        return
    for one in found:
        used = f"used {one.uses} of {one.max_uses} times"
        click.echo(f"{one.id:>6}  {page_words(WORDS, 'reach', one)}, {used}, until {moment(one.expires_at)}")
    if not found:
        click.echo("There are none.")


@click.command()
@click.argument("numbers", metavar="NUMBER…", type=NUMBER, nargs=-1, required=True)
@for_institution
def revoke(at: Institution, numbers: tuple[int, ...]) -> None:
    """End the codes with these NUMBERs, which `codes` lists. Connections made with them stay."""
    with db.transaction() as session:
        now, operator = datetime.now(UTC), Operator(at.id)
        gone = [str(one) for one in numbers if not codes.revoke(session, operator, one, now)]
    if len(gone) < len(numbers):
        click.echo(f"Revoked: {len(numbers) - len(gone)}. Connections that were made with them stay.")
    if gone:
        raise Sorry(f"observatory: not a code that can be revoked: {', '.join(gone)}.")


def _plain(one: Code) -> dict[str, object]:
    return {
        "number": one.id,
        "course": one.course_id,
        "uses": one.uses,
        "max_uses": one.max_uses,
        "made_by": one.issuer.canvas_user_id if one.issuer else None,
        "made_at": one.created_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
    }
