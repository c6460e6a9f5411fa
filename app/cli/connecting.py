"""What is done about people: connected, disconnected, given an account."""

import sys
from datetime import UTC, datetime

import click

from app import db, people
from app.canvas.users import Invalid
from app.cli.people import WORDS, connections_of, plain, somebody, told, told_connection
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
    warn_if_idle,
)
from app.models import EndRequest, Institution, LinkState
from app.pairing import approvals, connections, counter, ending, guesses, links
from app.pairing.adding import Pair, Said
from app.pairing.codes import ALL_COURSES, Reach
from app.pairing.connections import Connection
from app.pairing.counter import Made, Taken, draw, make_login
from app.pairing.directory import Somebody
from app.pairing.proofs import Claim
from app.people import Operator
from app.web import canvas, people_connecting, people_proving, visit
from app.web.bars import EMAIL
from app.web.people import Notice
from app.web.policy import settle_wish

course = click.option("--course", "course_id", help="This course only, by its number in Canvas.")


@click.command()
@click.argument("observer")
@click.argument("student", required=False)
@course
@click.option("--agreed", is_flag=True, help="The student has agreed, and need not be asked.")
@click.option("--more", is_flag=True, help="Even if the student has as many observers as the policy allows.")
@click.option("--code", is_flag=True, help="With the student of a code the family has; it is asked for.")
@for_institution
def connect(
    at: Institution,
    observer: str,
    student: str | None,
    course_id: str | None,
    agreed: bool,
    more: bool,
    code: bool,
) -> None:
    """Connect OBSERVER with STUDENT: for all courses, or for one. Or with the student of a code."""
    if code and (student or course_id or agreed or more):
        raise Sorry("observatory: a code says by itself whom it connects. Leave out all but OBSERVER.")
    if code:
        _by_code(at, somebody(at, observer))
    elif student:
        _by_word(at, Pair(somebody(at, observer), somebody(at, student)), course_id, agreed, more)
    else:
        raise Sorry("observatory: say which STUDENT, or --code if the family has one.")


def _by_word(at: Institution, pair: Pair, course_id: str | None, agreed: bool, more: bool) -> None:
    reach = reach_to(at, pair.student, course_id)
    said = Said(more=more, agreed=agreed, watching=canvas.watching(at.id, pair.student.id))
    outcome = people_connecting.connect_them(Operator(at.id), pair, reach, said)
    _tell(pair.observer, people_connecting.told(outcome, pair.student.name))


def _by_code(at: Institution, who: Somebody) -> None:
    if sys.stdin.isatty():
        click.echo("Code: ", nl=False, err=True)
    code = sys.stdin.readline()  # no argument, which would stay in the history of the shell
    with db.transaction() as session:
        observer = people.remember(session, at.id, who.id, who.name, datetime.now(UTC))
    claim = Claim(service(at), who.id, observer, Operator(at.id))
    outcome = people_proving.by_code(claim, guesses.stranger(visit.keyring(), at.id, "command line"), code)
    _tell(who, people_connecting.told(outcome, people_connecting.student_of(outcome)))


@click.command()
@click.argument("observer")
@click.argument("student")
@course
@really
@for_institution
def disconnect(at: Institution, observer: str, student: str, course_id: str | None, really: bool) -> None:
    """End what OBSERVER sees of STUDENT: the connection for all courses, or that for one."""
    pair = Pair(somebody(at, observer), somebody(at, student))
    key = (pair.observer.id, course_id)
    all_of_them = connections_of(at, pair.student).observers
    found = next((one for one in all_of_them if (one.observer, one.reach.course_id) == key), None)
    if found is None:
        _tell(pair.observer, Notice("gone", good=False, name=pair.student.name))
    elif really:
        _tell(pair.observer, _end(at, pair, found))
    else:
        click.echo(f"{pair.observer.name} observes {pair.student.name}: {told_connection(found)}")
        click.echo("Nothing was ended yet. Add --yes to do it.")


def _end(at: Institution, pair: Pair, found: Connection) -> Notice:
    operator, now, name = Operator(at.id), datetime.now(UTC), pair.student.name
    if found.link is not None and found.link.state is LinkState.WAITING:
        with db.transaction() as session:
            done = approvals.call_off(session, operator, found.link.id, now)
        return Notice("called_off" if done else "gone", good=done, name=name)
    with db.transaction() as session:
        observer, student = (
            people.remember(session, at.id, one.id, one.name, now) for one in (pair.observer, pair.student)
        )
        link = links.leave(session, observer, student, found.reach, now, visit.head_start(), operator)
    canvas.attempt(link.id)
    return people_connecting.state_of(link.id, name)


@click.command()
@as_json
@for_institution
def requests(at: Institution, machine: bool) -> None:
    """List the students who ask the office to end what an observer sees of them."""
    with db.reading() as session:
        found = ending.requests(session, at.id)
    if machine:
        say_json([_plain_wish(wish) for wish in found])
        return
    for wish in found:
        asked = f"{wish.student.name} asks that {wish.observer.name} sees nothing any more"
        click.echo(f"{wish.id:>6}  {asked}; since {moment(wish.created_at)}")
    if not found:
        click.echo("Nobody asks for that.")


@click.command()
@click.argument("number", type=NUMBER)
@click.argument("answer", type=click.Choice(["end", "leave"]))
@for_institution
def settle(at: Institution, number: int, answer: str) -> None:
    """End what the request with this NUMBER is about, or leave it as it is."""
    with db.reading() as session:
        wish = ending.find(session, at.id, number)
    if wish is None or not settle_wish(wish, answer == "end", Operator(at.id)):
        raise Sorry(f"observatory: there is no open request {number}. Run: observatory people requests")
    if answer == "leave":
        click.echo("It stays as it is.")
    else:
        click.echo("What the observer sees is being ended.")
        warn_if_idle()


def _plain_wish(wish: EndRequest) -> dict[str, object]:
    return {
        "number": wish.id,
        "student": wish.student.canvas_user_id,
        "observer": wish.observer.canvas_user_id,
        "since": wish.created_at.isoformat(),
    }


@click.command(name="create-observer")
@click.option("--name", required=True, help="First and last name.")
@click.option("--email", help="Canvas writes to it; without one there is a password to begin with.")
@click.option("--login", help="The e-mail address, or one made of the name, if left out.")
@click.option("--sis-id", help="Of the account.")
@as_json
@for_institution
def create(
    at: Institution, name: str, email: str | None, login: str | None, sis_id: str | None, machine: bool
) -> None:
    """Make an account for an observer."""
    if email and not EMAIL.match(email):
        raise Sorry("observatory: this is no e-mail address.")
    made = counter.create(service(at), name, login or email or make_login(name, draw()), email, sis_id)
    match made:
        case Invalid(fields):
            raise Sorry(
                "Canvas did not make the account:", *(f"  {one.field}: {one.message}" for one in fields)
            )
        case Taken(owner):
            raise Sorry(f"observatory: {owner.name}, Canvas number {owner.id}, has this login already.")
        case Made(observer, password):
            with db.transaction() as session:
                counter.note_account(session, Operator(at.id), made, datetime.now(UTC))
            if made.lacks:
                click.echo(page_words("admin/counter_words.html", "lacks", made.lacks), err=True)
            if machine:
                say_json({**plain(observer), "password": password})
                return
            click.echo(f"{observer.id:>8}  {told(observer)}")
            click.echo(
                f"Password for the first sign-in: {password}" if password else "Canvas writes to them."
            )


def reach_to(at: Institution, student: Somebody, course_id: str | None) -> Reach:
    """All courses, or the one with this number, which the student must be in."""
    reach = connections.reach_to(service(at), student.id, course_id) if course_id else ALL_COURSES
    if reach is None:
        raise Sorry(f"observatory: {student.name} is not in a course with the number {course_id}.")
    return reach


def _tell(observer: Somebody, notice: Notice) -> None:
    said = f"{observer.name}: {page_words(WORDS, 'told', notice)}"
    if not notice.good:
        raise Sorry(said)
    click.echo(said)
    if notice.word in ("waiting", "ending"):
        warn_if_idle()
