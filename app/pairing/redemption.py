"""Redeeming a code: spend it once, and leave telling Canvas to app.pairing.applying."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import audit, db, people
from app.canvas import Canvas, observees
from app.crypto import Keyring
from app.errors import RETRYABLE, CanvasRejects
from app.models import Code, Link, LinkState, Person
from app.pairing import codes, guesses, links, rules
from app.pairing.guesses import Guesser
from app.pairing.rules import Reason, Refused


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A use was taken; this link waits for Canvas or is settled."""

    link_id: int


@dataclass(frozen=True, slots=True)
class AlreadyConnected:
    """Nothing to do, and nothing spent: this link covers it."""

    link_id: int


Clock = Callable[[], datetime]
Outcome = Redeemed | AlreadyConnected | Refused


def redeem(
    session: Session,
    keyring: Keyring,
    observer: Person,
    text: str,
    who: Guesser,
    now: datetime,
    head_start: timedelta,
) -> Outcome:
    """Spend one of our codes. A refusal is an answer, not a failure: it commits, so that guesses are counted.

    `head_start` is how long the worker leaves the link to the request that made it.
    """
    wait = guesses.wait_until(session, observer.institution_id, who, now)
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    code = codes.find(session, keyring, text)
    if code is None:
        guesses.miss(session, observer.institution_id, who, now)
        return _refuse(session, observer, Refused(Reason.UNKNOWN), now)
    refusal = rules.may_redeem(code, observer)
    if refusal is not None:
        return _refuse(session, observer, refusal, now)
    link = links.open_between(session, observer, code.student_id, code.scope, code.course_id)
    if link is not None:
        return _already(link)
    dead = rules.why_dead(code, now)
    if dead is not None:
        return _refuse(session, observer, dead, now)
    return _spend(session, observer, code, now, head_start)


def _refuse(session: Session, observer: Person, refusal: Refused, now: datetime) -> Refused:
    audit.record(
        session,
        observer.institution_id,
        audit.Event.CODE_REFUSED,
        now,
        observer.id,
        reason=refusal.reason,
    )
    return refusal


def _already(link: Link) -> AlreadyConnected | Refused:
    if link.state is LinkState.ENDING and not link.again:
        return Refused(Reason.STILL_ENDING)
    return AlreadyConnected(link.id)


def _spend(session: Session, observer: Person, code: Code, now: datetime, head_start: timedelta) -> Outcome:
    with session.begin_nested() as attempt:
        if not codes.spend(session, code, now):
            session.refresh(code)
            return _refuse(session, observer, rules.why_dead(code, now) or Refused(Reason.USED_UP), now)
        link = links.start(session, observer, code, now, head_start)
        if link is None:  # the same observer, in the same moment; the use goes back with the savepoint
            attempt.rollback()
    if link is None:
        twin = links.open_between(session, observer, code.student_id, code.scope, code.course_id)
        return _already(twin) if twin else Refused(Reason.STILL_ENDING)
    audit.record(
        session,
        observer.institution_id,
        audit.Event.CODE_REDEEMED,
        now,
        observer.id,
        code=code.id,
        link=link.id,
        student=code.student_id,
        course=code.course_id,
    )
    return Redeemed(link.id)


def redeem_native(
    who: Guesser, observer: Person, canvas: Canvas, text: str, clock: Clock, whose: str = "self"
) -> Outcome:
    """Redeem one of Canvas's own codes with the observer's own token, or an admin's if `whose` names them.

    Canvas burns the code whatever comes of it, so nothing is tried twice. When its answer is lost, the list
    of observees before and after tells whether it was done.
    """
    now = clock()
    with db.transaction() as session:
        wait = guesses.wait_until(session, observer.institution_id, who, now)
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    before = {student.id for student in observees.list_observees(canvas, whose)}
    try:
        student = observees.add_by_code(canvas, whose, text)
    except CanvasRejects as refusal:
        return _native_refused(refusal, observer, who, clock())
    except RETRYABLE:
        new = [s for s in observees.list_observees(canvas, whose) if s.id not in before]
        if not new:
            raise
        student = new[0]
    with db.transaction() as session:
        person = people.remember(session, observer.institution_id, student.id, student.name, clock())
        link = links.note_native(session, observer, person, clock())
    return AlreadyConnected(link.id) if student.id in before else Redeemed(link.id)


def _native_refused(refusal: CanvasRejects, observer: Person, who: Guesser, now: datetime) -> Refused:
    nothing = refusal.message == observees.LINKED_NOTHING
    with db.transaction() as session:
        if not nothing:
            guesses.miss(session, observer.institution_id, who, now)
        reason = Reason.LINKED_NOTHING if nothing else Reason.NATIVE_INVALID
        return _refuse(session, observer, Refused(reason), now)
