"""The office connects two people: by its own word, or by what the family brings to the counter."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import audit, db, people
from app.canvas import Canvas, observees
from app.canvas.observees import Elsewhere
from app.canvas.users import User
from app.errors import RETRYABLE, CanvasRejects
from app.models import LinkState, Person, Way
from app.pairing import bars, guesses, links
from app.pairing.codes import Reach
from app.pairing.directory import Somebody
from app.pairing.guesses import Guesser
from app.pairing.redemption import AlreadyConnected, Clock, Made, Redeemed, undone
from app.pairing.rules import Reason, Refused
from app.people import Actor


@dataclass(frozen=True, slots=True)
class Barred:
    """An entry of the do-not-pair list forbids it, which an admin is told."""

    bar_id: int


Outcome = Redeemed | AlreadyConnected | Refused | Barred


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people, as Canvas names them."""

    observer: Somebody
    student: Somebody


def connect(
    session: Session, admin: Actor, pair: Pair, reach: Reach, now: datetime, head_start: timedelta
) -> Outcome:
    """Connect two people by the admin's word; Canvas is told by app.pairing.applying."""
    if pair.observer.id == pair.student.id:
        return Refused(Reason.SIGNED_IN_AS_STUDENT)
    observer, student = (
        people.remember(session, admin.institution_id, one.id, one.name, now)
        for one in (pair.observer, pair.student)
    )
    entries = bars.against(session, admin.institution_id, student.id)
    bar = bars.match(entries, observer.id, pair.observer.addresses)
    if bar is not None:
        bars.note(session, bar, observer.id, now, admin.id)
        return Barred(bar.id)
    link = links.add(session, admin, observer, student, reach, now, head_start)
    if link is not None:
        return Redeemed(link.id)
    twin = links.open_between(session, observer, student.id, reach)
    if twin is None or (twin.state is LinkState.ENDING and not twin.again):
        return Refused(Reason.STILL_ENDING)
    return AlreadyConnected(twin.id)


def by_credentials(
    canvas: Canvas, admin: Person, who: Guesser, observer: Somebody, login: str, password: str, clock: Clock
) -> Outcome | Elsewhere:
    """Connect the student who signs in with these. The password goes to Canvas and nowhere else.

    When Canvas's answer is lost, the list of observees before and after tells whether it was done.
    """
    now = clock()
    with db.transaction() as session:
        wait = guesses.wait_until(session, admin.institution_id, who, now)
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    before = {student.id for student in observees.list_observees(canvas, observer.id)}
    try:
        made = observees.add_by_credentials(canvas, observer.id, login, password)
    except CanvasRejects as refusal:
        return _refused(refusal, admin, who, clock())
    except RETRYABLE:
        new = [one for one in observees.list_observees(canvas, observer.id) if one.id not in before]
        if not new:
            raise
        made = new[0]
    if isinstance(made, Elsewhere):
        return made
    return _note(canvas, admin, observer, made, made.id in before, clock())


def _note(
    canvas: Canvas, admin: Person, observer: Somebody, student: User, before: bool, now: datetime
) -> Outcome:
    """Write down what Canvas made at the admin's word, unless it must not be."""
    with db.transaction() as session:
        watcher = people.remember(session, admin.institution_id, observer.id, observer.name, now)
        watched = people.remember(session, admin.institution_id, student.id, student.name, now)
    bar = None if before else undone(Made(canvas, watcher, observer.id, student), admin, now)
    if bar is not None:
        return Barred(bar.id)
    with db.transaction() as session:
        link = links.note_native(session, watcher, watched, now, Way.ADMIN)
        if not before:
            links.record(session, link, audit.Event.LINK_ADDED, now, admin.id)
    return AlreadyConnected(link.id) if before else Redeemed(link.id)


def _refused(refusal: CanvasRejects, admin: Person, who: Guesser, now: datetime) -> Refused:
    if refusal.message == observees.LINKED_NOTHING:
        return Refused(Reason.LINKED_NOTHING)
    with db.transaction() as session:
        guesses.miss(session, admin.institution_id, who, now)
        audit.record(
            session, admin.institution_id, audit.Event.CODE_REFUSED, now, admin.id, reason="credentials"
        )
    return Refused(Reason.UNKNOWN)


def note_use(session: Session, admin: Person, observer: Person, outcome: Outcome, now: datetime) -> None:
    """Write down that it was an admin who used a code in an observer's name."""
    if isinstance(outcome, Redeemed):
        audit.record(
            session,
            admin.institution_id,
            audit.Event.CODE_USED_FOR,
            now,
            admin.id,
            observer=observer.id,
            link=outcome.link_id,
        )
