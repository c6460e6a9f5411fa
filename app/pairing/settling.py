"""What came of telling Canvas about a link, written down. Each step is one transaction.

Whoever tells Canvas holds a lease on the two people; a dead one's lease runs out and somebody else goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, and_, select, update
from sqlalchemy.orm import Session, aliased

from app import audit
from app.models import EndedBy, Link, LinkEnrollment, LinkState, Scope
from app.models.pairing import OPEN
from app.pairing import links
from app.pairing.rules import Reason

PATIENCE = timedelta(days=7)  # how long Canvas may be out of reach before a use is given back


@dataclass(frozen=True, slots=True)
class Held:
    """An observer enrollment that Canvas holds."""

    enrollment_id: str
    section_id: str


@dataclass(frozen=True, slots=True)
class Work:
    """A link in Canvas's terms, and what is to be done about it. `lease` proves that it is ours to do."""

    link_id: int
    institution_id: int
    observer_id: int  # people.id
    student_id: int
    observer: str  # Canvas user ids
    student: str
    scope: Scope
    course_id: str | None
    state: LinkState
    looked: bool
    known: tuple[Held, ...]  # enrollments that are written down
    spared: frozenset[str]  # those of them that were in Canvas before us
    spares: bool  # only what we made is taken away: nobody has left
    undoing: bool  # ENDING because it could not be made whole, not because somebody left
    impatient: bool
    renewed: bool  # made once, and now made again: it is not given up while an admin could help
    again: bool  # to be made again as soon as it is ended
    lease: datetime | None


def lease(session: Session, link_id: int, now: datetime, until: datetime) -> Work | None:
    """Take a link that waits for Canvas. None: it is settled, or somebody is at it.

    One attempt at a time for two people, whatever the reach: links of theirs share enrollments in Canvas.
    """
    pair = open_pair(session, link_id)
    link = next((one for one in pair if one.id == link_id), None)
    taken = any(one.leased_until and one.leased_until >= now for one in pair)
    if link is None or link.state is LinkState.ACTIVE or taken:
        return None
    link.leased_until = until
    return work_on(link, now)


def look_at(session: Session, link_id: int, now: datetime) -> Work | None:
    """An active link as Canvas should hold it; None if it is not active, or somebody is at it."""
    link = session.get_one(Link, link_id)
    taken = link.leased_until is not None and link.leased_until >= now
    return work_on(link, now) if link.state is LinkState.ACTIVE and not taken else None


def work_on(link: Link, now: datetime) -> Work:
    """A link in Canvas's terms."""
    return Work(
        link_id=link.id,
        institution_id=link.institution_id,
        observer_id=link.observer_id,
        student_id=link.student_id,
        observer=link.observer.canvas_user_id,
        student=link.student.canvas_user_id,
        scope=link.scope,
        course_id=link.course_id,
        state=link.state,
        looked=link.found_in_canvas is not None,
        known=tuple(Held(e.enrollment_id, e.section_id) for e in link.enrollments),
        spared=frozenset(e.enrollment_id for e in link.enrollments if not e.ours),
        spares=link.reason is not None or link.ended_by in (EndedBy.DATE, EndedBy.UNDO),
        undoing=link.reason is not None,
        impatient=link.holds_use and (link.approved_at or link.created_at) + PATIENCE < now,
        renewed=link.state is LinkState.PENDING and not link.holds_use,
        again=link.again,
        lease=link.leased_until,
    )


def open_pair(session: Session, link_id: int) -> Sequence[Link]:
    """The open links of this link's two people; always locked in one order, so that nobody deadlocks."""
    asked = aliased(Link)
    return session.scalars(
        select(Link)
        .join(
            asked,
            and_(
                asked.id == link_id,
                asked.institution_id == Link.institution_id,
                asked.observer_id == Link.observer_id,
                asked.student_id == Link.student_id,
            ),
        )
        .where(Link.state.in_(OPEN))
        .order_by(Link.id)
        .with_for_update(of=Link)
        .execution_options(populate_existing=True)
    ).all()


def is_waiting(session: Session, link_id: int) -> bool:
    """Whether Canvas still has to be told."""
    state = session.scalar(select(Link.state).where(Link.id == link_id))
    return state in (LinkState.PENDING, LinkState.ENDING)


def release(session: Session, work: Work) -> None:
    """Give the lease back undone."""
    change(session, work, leased_until=None)


def note_look(session: Session, work: Work, already: Sequence[Held]) -> bool:
    """Write down, before the first write, what Canvas held without us. False: the lease is no longer ours.

    Only so can a repeated attempt tell "it was there before" from "my last attempt made it".
    """
    if not change(session, work, found_in_canvas=False):
        return False
    session.add_all(
        LinkEnrollment(
            link_id=work.link_id, enrollment_id=held.enrollment_id, section_id=held.section_id, ours=False
        )
        for held in already
    )
    return True


def connected(session: Session, work: Work, held: Sequence[Held], now: datetime, found: bool) -> None:
    """Canvas holds the link. If it did so before us, the use is given back: nothing was spent."""
    looked = {"found_in_canvas": True} if found else {}  # else the first look is noted already
    if not change(session, work, state=LinkState.ACTIVE, **looked, **_settled(now)):
        return
    link = session.get_one(Link, work.link_id, populate_existing=True)
    known = {enrollment.enrollment_id for enrollment in link.enrollments}
    link.enrollments += [
        LinkEnrollment(enrollment_id=one.enrollment_id, section_id=one.section_id, ours=not found)
        for one in held
        if one.enrollment_id not in known
    ]
    if found:
        links.give_use_back(session, link)
        link.ends_on = link.ends_at = None  # an end date is for what we made only
    link.holds_use = False  # from here on the use is spent, whatever becomes of the link
    links.record(session, link, audit.Event.LINK_CONNECTED, now, links.doer(link), found=found)


def failed(session: Session, work: Work, reason: Reason, now: datetime, half_made: bool) -> None:
    """Canvas refused for good. What is half made is undone first; then the use is given back."""
    if half_made:
        change(session, work, state=LinkState.ENDING, reason=reason, leased_until=None)
    elif change(session, work, state=LinkState.FAILED, **_settled(now, reason)):
        _note_failure(session, work, now)


def ended(session: Session, work: Work, now: datetime) -> None:
    """Canvas let go. An all-course link takes course-scoped enrollments with it: those are made again."""
    pair = open_pair(session, work.link_id)
    link = session.get_one(Link, work.link_id)
    if work.undoing:
        if not change(session, work, state=LinkState.FAILED, settled_at=now, leased_until=None):
            return
        _note_failure(session, work, now)
    elif link.again:
        if not change(session, work, leased_until=None):
            return
        links.renew(session, link)
    else:
        if not change(session, work, state=LinkState.ENDED, ended_at=now, leased_until=None):
            return
        links.record(session, link, audit.Event.LINK_ENDED, now, links.doer(link))
    for other in pair:
        renewable = other.id != work.link_id and other.state is not LinkState.ENDING
        if work.scope is Scope.ALL and renewable:
            other.leased_until = None  # whoever is at it has looked too early
            links.renew(session, other)


def gone(session: Session, work: Work, now: datetime, why: str | None = None) -> bool:
    """An active link is over in Canvas, not by us. False: it is no longer what we looked at."""
    if not change(session, work, state=LinkState.ENDED, ended_at=now, gone=True, leased_until=None):
        return False
    link = session.get_one(Link, work.link_id)
    links.record(session, link, audit.Event.LINK_ENDED, now, None, gone=True, why=why)
    return True


def _settled(now: datetime, reason: Reason | None = None) -> dict[str, object]:
    return {"settled_at": now, "leased_until": None, "reason": reason}


def _note_failure(session: Session, work: Work, now: datetime) -> None:
    link = session.get_one(Link, work.link_id, populate_existing=True)
    links.give_use_back(session, link)
    links.record(session, link, audit.Event.LINK_FAILED, now, links.doer(link), reason=link.reason)


def change(session: Session, work: Work, **values: object) -> bool:
    """Write to a link while the lease is ours and its state is what we saw. False: it is not."""
    result = session.execute(
        update(Link)
        .where(Link.id == work.link_id, Link.state == work.state, Link.leased_until == work.lease)
        .values(**values)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
    return result.rowcount == 1
