"""The office connects two people: by its own word, or by what the family brings to the counter."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import audit, db, people
from app import policy as policies
from app.canvas import observees
from app.canvas.observees import Elsewhere
from app.errors import CanvasRejects
from app.models import Bar, Link, LinkState, Person, Way
from app.pairing import agreements, approvals, bars, guesses, links, places, proofs, rules
from app.pairing.codes import Reach
from app.pairing.directory import Somebody
from app.pairing.guesses import Guesser
from app.pairing.proofs import Claim, Linked
from app.pairing.redemption import AlreadyConnected, Clock, Redeemed
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


@dataclass(frozen=True, slots=True)
class Said:
    """What an admin said, and Canvas, of what the policy asks where others connect people."""

    more: bool = False  # one observer more than the policy allows
    agreed: bool = False  # the student has agreed, and need not be asked
    watching: frozenset[str] = frozenset()  # who sees all courses of the student, by Canvas's numbers


NOTHING_SAID = Said()


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the policy asks about two people, for an admin to know before the click."""

    taken: int  # observers the student has
    most: int | None  # that they can have; None: there is room for this one
    days: int | None  # that the student gets to answer; None: nobody asks them
    agrees: bool  # whether the observer will be asked to agree to the text in force


def weigh(
    session: Session, institution_id: int, observer: str | None, student: str, watching: frozenset[str]
) -> Weighed:
    """Look at the policy for two people by Canvas's numbers; an observer without one is yet to get it."""
    found = policies.in_force(session, institution_id)
    rule, known = found.policy, people.known(session, institution_id, filter(None, (observer, student)))
    there = places.taken(session, institution_id, known.get(student, 0), watching)
    full = rule.observers_most is not None and observer not in there and len(there) >= rule.observers_most
    row = session.get(Person, known[observer]) if observer in known else None
    return Weighed(
        taken=len(there),
        most=rule.observers_most if full else None,
        days=rule.approval_days if rules.office_asks(rule) else None,
        agrees=agreements.open_to(session, row) is not None if row else found.agreement is not None,
    )


def connect(
    session: Session,
    admin: Actor,
    pair: Pair,
    reach: Reach,
    now: datetime,
    head_start: timedelta,
    said: Said = NOTHING_SAID,
) -> Outcome:
    """Connect two people by the admin's word; Canvas is told by app.pairing.applying.

    Where the policy has students say yes, it waits for that, unless the admin says that they have.
    """
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
    rule = policies.of(session, admin.institution_id)
    twin = links.open_between(session, observer, student.id, reach)
    room = twin is not None or places.has_room(session, observer, student.id, rule, said.watching)
    if not (room or said.more):
        return Refused(Reason.ENOUGH_OBSERVERS)
    facts: dict[str, audit.Fact] = {} if room else {"limit": "passed"}
    if twin is None and rules.office_asks(rule, said.agreed):
        until = now + timedelta(days=rule.approval_days)
        asked, _ = links.ask(session, observer, student, reach, Way.ADMIN, now, until, admin.id, **facts)
        return Redeemed(asked.id)
    if rule.approval:
        facts["yes"] = "told by the office"
    link = links.add(session, admin, observer, student, reach, now, head_start, **facts)
    if link is None:
        return _already(twin or links.open_between(session, observer, student.id, reach))
    waiting = links.waiting_between(session, observer, student.id, reach)
    if waiting is not None:
        approvals.call_off(session, admin, waiting.id, now)
    return Redeemed(link.id)


def _already(twin: Link | None) -> AlreadyConnected | Refused:
    if twin is None or (twin.state is LinkState.ENDING and not twin.again):
        return Refused(Reason.STILL_ENDING)
    return AlreadyConnected(twin.id)


def by_credentials(
    claim: Claim, who: Guesser, login: str, password: str, clock: Clock, head_start: timedelta
) -> Outcome | Elsewhere:
    """Connect the student who signs in with these. The password goes to Canvas and nowhere else."""
    school = claim.observer.institution_id
    with db.transaction() as session:
        wait = guesses.wait_until(session, school, who, clock())
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    try:
        made = proofs.prove(
            claim,
            lambda: observees.add_by_credentials(claim.canvas, claim.whose, login, password),
            clock,
            head_start,
        )
    except CanvasRejects as refusal:
        return _refused(refusal, claim, who, clock())
    match made:
        case Elsewhere():
            return made
        case Bar():
            return Barred(made.id)
        case Linked(link_id, before):
            return AlreadyConnected(link_id) if before else Redeemed(link_id)


def _refused(refusal: CanvasRejects, claim: Claim, who: Guesser, now: datetime) -> Refused:
    if refusal.message == observees.LINKED_NOTHING:
        return Refused(Reason.LINKED_NOTHING)
    school, actor = claim.observer.institution_id, (claim.admin or claim.observer).id
    with db.transaction() as session:
        guesses.miss(session, school, who, now)
        audit.record(session, school, audit.Event.CODE_REFUSED, now, actor, reason="credentials")
    return Refused(Reason.UNKNOWN)


def note_use(session: Session, claim: Claim, outcome: Outcome, now: datetime) -> None:
    """Write down that it was an admin who used a code in an observer's name."""
    observer = claim.observer
    if isinstance(outcome, Redeemed) and claim.admin is not None:
        audit.record(
            session,
            observer.institution_id,
            audit.Event.CODE_USED_FOR,
            now,
            claim.admin.id,
            observer=observer.id,
            link=outcome.link_id,
        )
