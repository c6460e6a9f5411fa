"""Redeeming a code: spend it once, and leave telling Canvas to app.pairing.applying."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import audit, db
from app import policy as policies
from app.canvas import observees
from app.crypto import Keyring
from app.errors import CanvasRejects
from app.models import Bar, Code, Link, LinkState, Person
from app.pairing import approvals, asking, bars, codes, guesses, links, places, proofs, rules
from app.pairing.asking import Told
from app.pairing.codes import Reach
from app.pairing.guesses import Guesser
from app.pairing.proofs import Claim
from app.pairing.rules import Reason, Refused
from app.people import Actor
from app.policy import Policy


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
    told: Told = asking.NOTHING,
    rule: Policy | None = None,
    held_since: datetime | None = None,
    by: Actor | None = None,
) -> Outcome:
    """Spend one of our codes. A refusal is an answer, not a failure: it commits, so that guesses are counted.

    `head_start` is how long the worker leaves the link to the request that made it; `told` is what Canvas
    was asked before; `rule` is for rehearsals only. A use that was `held_since` then is taken, even if the
    code has ended meanwhile. `by` is who uses it in the observer's name.
    """
    by = by or observer
    wait = guesses.wait_until(session, observer.institution_id, who, now)
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    code = codes.find(session, keyring, text)
    if code is None:
        guesses.miss(session, observer.institution_id, who, now)
        return _refuse(session, by, Refused(Reason.UNKNOWN), now)
    refusal = rules.may_redeem(code, observer)
    if refusal is not None:
        return _refuse(session, by, refusal, now)
    link = links.open_between(session, observer, code.student_id, Reach.of(code))
    spent_at = held_since or now
    dead = rules.why_dead(code, spent_at)
    rule = rule or policies.of(session, observer.institution_id)
    if link is not None:
        longer = dead is None and not rules.is_for_the_student_to_say(code, rule)
        longer = longer and not _is_barred(session, observer, code, told, now, by)
        return (longer and _extend(session, link, code, now)) or _already(link)
    waiting = approvals.still_waiting(session, observer, code, now)
    if waiting is not None:
        return AlreadyConnected(waiting.id)
    if dead is not None:
        return _refuse(session, by, dead, now)
    if _is_barred(session, observer, code, told, now, by):
        return _refuse(session, by, bars.NEUTRAL, now)
    if approvals.was_declined(session, observer, code):
        return _refuse(session, by, Refused(Reason.DECLINED), now)
    if not places.has_room(session, observer, code.student_id, rule, told.watching):
        return _refuse(session, by, Refused(Reason.ENOUGH_OBSERVERS), now)
    return _spend(session, observer, code, rule, now, head_start, spent_at)


def _is_barred(session: Session, observer: Person, code: Code, told: Told, now: datetime, by: Actor) -> bool:
    """Whether the do-not-pair list keeps these two apart; then the office is alerted."""
    bar = bars.forbids(session, observer.institution_id, code.student, observer, told.addresses)
    if bar is not None:
        bars.note(session, bar, observer.id, now, by.id)
    return bar is not None


def _extend(session: Session, link: Link, code: Code, now: datetime) -> Redeemed | None:
    """Let a link with a last day last as long as this code says. None: it does so already, or is not set."""
    session.refresh(link, with_for_update=True)
    same = link.scope is code.scope and link.course_id == code.course_id
    if not (same and link.state is LinkState.ACTIVE and rules.lasts_longer(code, link.ends_at)):
        return None
    if not codes.spend(session, code, now):
        return None
    link.purpose, link.ends_on, link.ends_at = code.purpose, code.link_ends_on, code.link_ends_at
    links.record(session, link, audit.Event.LINK_EXTENDED, now, link.observer_id, code=code.id)
    return Redeemed(link.id)


def _refuse(session: Session, by: Actor, refusal: Refused, now: datetime) -> Refused:
    audit.record(session, by.institution_id, audit.Event.CODE_REFUSED, now, by.id, reason=refusal.reason)
    return refusal


def _already(link: Link) -> AlreadyConnected | Refused:
    if link.state is LinkState.ENDING and not link.again:
        return Refused(Reason.STILL_ENDING)
    return AlreadyConnected(link.id)


def _spend(
    session: Session,
    observer: Person,
    code: Code,
    rule: Policy,
    now: datetime,
    head_start: timedelta,
    spent_at: datetime,
) -> Outcome:
    asks = rules.is_for_the_student_to_say(code, rule)
    answer_by = now + timedelta(days=rule.approval_days) if asks else None
    with session.begin_nested() as attempt:
        if not codes.spend(session, code, spent_at):
            session.refresh(code)
            return _refuse(session, observer, rules.why_dead(code, spent_at) or Refused(Reason.USED_UP), now)
        link = links.start(session, observer, code, now, head_start, answer_by)
        if link is None:  # the same observer, in the same moment; the use goes back with the savepoint
            attempt.rollback()
    if link is None:
        between = (session, observer, code.student_id, Reach.of(code))
        twin = links.open_between(*between) or links.waiting_between(*between)
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


def redeem_native(who: Guesser, claim: Claim, text: str, clock: Clock, head_start: timedelta) -> Outcome:
    """Redeem one of Canvas's own codes. Canvas burns it whatever comes of it, so nothing is tried twice."""
    observer = claim.observer
    with db.transaction() as session:
        wait = guesses.wait_until(session, observer.institution_id, who, clock())
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    try:
        made = proofs.prove(
            claim, lambda: observees.add_by_code(claim.canvas, claim.whose, text), clock, head_start
        )
    except CanvasRejects as refusal:
        return _native_refused(refusal, claim.admin or observer, who, clock())
    if isinstance(made, Bar):
        return bars.NEUTRAL
    return AlreadyConnected(made.link_id) if made.before else Redeemed(made.link_id)


def _native_refused(refusal: CanvasRejects, by: Actor, who: Guesser, now: datetime) -> Refused:
    nothing = refusal.message == observees.LINKED_NOTHING
    with db.transaction() as session:
        if not nothing:
            guesses.miss(session, by.institution_id, who, now)
        reason = Reason.LINKED_NOTHING if nothing else Reason.NATIVE_INVALID
        return _refuse(session, by, Refused(reason), now)
