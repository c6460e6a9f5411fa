"""Links that Canvas makes from a proof: one of its own codes, or a student's login and password.

Of which student it is nobody knows before Canvas answers. So it is noted first whom the observer sees, with
the promise of a job; then Canvas is called, once; then what it made is written down. Whoever dies in between
leaves the note, and the job looks whom the observer sees now. The proof itself is in no note.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from app import audit, db, jobs, people
from app.canvas import Canvas, observees
from app.canvas.users import User
from app.errors import RETRYABLE, CanvasFailure, NotConnected, TokenDead
from app.models import Bar, LinkState, Person, Proof, Way
from app.pairing import bars, links
from app.pairing.applying import Access, Clock
from app.pairing.codes import ALL_COURSES
from app.people import Actor, Operator

NOT_YET = timedelta(seconds=20)  # Canvas may still be at work on a call whose answer was lost
LATE = timedelta(minutes=2)  # by then it is not
GIVE_UP = timedelta(days=7)  # where nobody may ask Canvas any more
AT_ONCE = timedelta(0)

Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Claim:
    """An observer whom Canvas is to link by a proof, and as whom it is told."""

    canvas: Canvas
    whose: str  # the observer, in Canvas's terms
    observer: Person
    admin: Actor | None = None  # who does it in the observer's name
    way: Way = Way.NATIVE_CODE


@dataclass(frozen=True, slots=True)
class Linked:
    """Canvas holds this link; `before` if it did so before it was given the proof."""

    link_id: int
    before: bool


def prove(
    claim: Claim, tell: Callable[[], User | Other], clock: Clock, delay: timedelta
) -> Linked | Bar | Other:
    """Give Canvas a proof, once, and write down what it makes of it; a Bar: what forbade it, and was undone.

    When its answer is lost, the observer's students before and after tell whether it was done. What is no
    student is handed on. Calls: one read, one write.
    """
    before = {student.id for student in observees.list_observees(claim.canvas, claim.whose)}
    with db.transaction() as session:
        noted = begin(session, claim.observer, claim.way, before, clock(), delay, claim.admin)
    try:
        answer = tell()
    except RETRYABLE:
        new = _new(claim, before)
        if not new:
            raise  # the note stays: perhaps Canvas is at it still
        answer = new[0]
    except CanvasFailure:
        _forget(noted)
        raise
    if not isinstance(answer, User):
        _forget(noted)
        return answer
    return _settle(claim, noted, answer, answer.id in before, clock())


def find_out(proof_id: int, access: Access, clock: Clock) -> timedelta | None:
    """Find out what became of a proof whose request died or heard nothing; how long to wait, or None."""
    with db.reading() as session:
        people_of_it = (joinedload(Proof.observer), joinedload(Proof.admin))
        row = session.scalar(select(Proof).where(Proof.id == proof_id).options(*people_of_it))
    if row is None:
        return None
    age = clock() - row.created_at
    try:
        claim = _claim(row, access)
        new = _new(claim, set(row.before))
    except (NotConnected, TokenDead):
        if age < GIVE_UP:
            raise
        new = []
    if not new and age < LATE:
        return NOT_YET
    for student in new:
        if not _is_known(claim, student):
            _settle(claim, row.id, student, False, clock())
    _forget(row.id)
    return None


def begin(
    session: Session,
    observer: Person,
    way: Way,
    before: set[str],
    now: datetime,
    delay: timedelta,
    admin: Actor | None = None,
) -> int:
    """Note whom the observer sees before Canvas makes something of a proof, with the promise of a job."""
    row = Proof(
        institution_id=observer.institution_id,
        observer_id=observer.id,
        admin_id=admin.id if admin else None,
        way=way,
        before=sorted(before),
        created_at=now,
    )
    session.add(row)
    session.flush()
    jobs.enqueue(session, "find_out_proof", row.id, delay=delay)
    return row.id


def _claim(row: Proof, access: Access) -> Claim:
    """As the observer where they did it themself, and are still signed in; else as the service account."""
    if row.admin_id is None:
        with suppress(NotConnected, TokenDead):
            own = access.own(row.institution_id, row.observer_id)
            return Claim(own, "self", row.observer, None, row.way)
    lent = access.service(row.institution_id)
    return Claim(lent, row.observer.canvas_user_id, row.observer, row.admin, row.way)


def _new(claim: Claim, before: set[str]) -> list[User]:
    return [one for one in observees.list_observees(claim.canvas, claim.whose) if one.id not in before]


def _is_known(claim: Claim, student: User) -> bool:
    """Whether another way has linked them meanwhile, or ends it."""
    with db.reading() as session:
        known = people.known(session, claim.observer.institution_id, [student.id])
        return student.id in known and bool(
            links.open_between(session, claim.observer, known[student.id], ALL_COURSES)
        )


def _settle(claim: Claim, proof_id: int, student: User, before: bool, now: datetime) -> Linked | Bar:
    """Write down what Canvas made, unless it must not be."""
    bar = None if before else _undone(claim, student, now)
    if bar is not None:
        _forget(proof_id)
        return bar
    with db.transaction() as session:
        watched = people.remember(session, claim.observer.institution_id, student.id, student.name, now)
        link = links.note_native(session, claim.observer, watched, now, claim.way)
        first = drop(session, proof_id)
        if first and claim.admin is not None and not before:
            event = audit.Event.LINK_ADDED if claim.way is Way.ADMIN else audit.Event.CODE_USED_FOR
            links.record(session, link, event, now, claim.admin.id)
    return Linked(link.id, before)


def _undone(claim: Claim, student: User, now: datetime) -> Bar | None:
    """End at once what the do-not-pair list forbids; a job makes sure of it. None: nothing forbids it."""
    institution_id = claim.observer.institution_id
    with db.transaction() as session:
        watched = people.remember(session, institution_id, student.id, student.name, now)
        entries = bars.against(session, institution_id, watched.id)
    addresses = bars.own_addresses(claim.canvas, claim.whose, entries)
    bar = bars.match(entries, claim.observer.id, addresses)
    if bar is None:
        return None
    with db.transaction() as session:
        link = links.note_native(session, claim.observer, watched, now, claim.way)
        if link.state is LinkState.ACTIVE:
            by = claim.admin or Operator(institution_id)  # the list ends it, not the observer
            links.leave(session, claim.observer, watched, ALL_COURSES, now, AT_ONCE, by)
        bars.note(session, bar, claim.observer.id, now, (claim.admin or claim.observer).id)
    with suppress(CanvasFailure):
        observees.remove(claim.canvas, claim.whose, student.id)
    return bar


def _forget(proof_id: int) -> None:
    with db.transaction() as session:
        drop(session, proof_id)


def drop(session: Session, proof_id: int) -> bool:
    """Take a note back, for all is known; whether nobody was quicker."""
    return session.scalar(delete(Proof).where(Proof.id == proof_id).returning(Proof.id)) is not None
