"""Links: decided here, told to Canvas by app.pairing.applying, settled here. Every step is one transaction.

    PENDING --Canvas holds it--> ACTIVE --leave--> ENDING --Canvas let go--> ENDED
       |--Canvas refused for good--> FAILED           ^--something was half made-- PENDING --> FAILED

Whoever tells Canvas holds a lease on the two people; a dead one's lease runs out and somebody else goes on.
A link that waits for Canvas always has a job; the job that makes a link also undoes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, and_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from app import audit, jobs
from app.models import Code, Link, LinkEnrollment, LinkState, Person, Scope, Way
from app.models.pairing import OPEN
from app.pairing import codes
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
    observer: str  # Canvas user ids
    student: str
    scope: Scope
    course_id: str | None
    state: LinkState
    looked: bool
    spared: frozenset[str]  # enrollments that were in Canvas before us
    undoing: bool  # ENDING because it could not be made whole, not because somebody left
    impatient: bool
    lease: datetime


def open_between(
    session: Session, observer: Person, student_id: int, scope: Scope, course_id: str | None
) -> Link | None:
    """The link that already covers this, if any: the same one, or an all-course one."""
    same = and_(Link.scope == scope, Link.course_id == course_id if course_id else true())
    wider = and_(Link.scope == Scope.ALL, Link.state.in_([LinkState.ACTIVE, LinkState.ENDING]))
    return session.scalar(
        select(Link)
        .where(
            Link.institution_id == observer.institution_id,
            Link.observer_id == observer.id,
            Link.student_id == student_id,
            Link.state.in_(OPEN),
            same | wider,
        )
        .order_by(Link.scope == Scope.ALL)
        .limit(1)
    )


def start(session: Session, observer: Person, code: Code, now: datetime, delay: timedelta) -> Link | None:
    """A pending link with a use set aside, and the job that will finish it. None: there is one already."""
    link = Link(
        institution_id=observer.institution_id,
        observer_id=observer.id,
        student_id=code.student_id,
        scope=code.scope,
        course_id=code.course_id,
        course_name=code.course_name,
        way=Way.CODE,
        code_id=code.id,
        holds_use=True,
        state=LinkState.PENDING,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(link)
    except IntegrityError:
        return None
    jobs.enqueue(session, "apply_link", link.id, delay=delay)
    return link


def note_native(session: Session, observer: Person, student: Person, now: datetime) -> Link:
    """Write down a link that Canvas made from one of its own codes. One that was being ended stays."""
    link, new = _open_or_new(session, observer, student, codes.ALL_COURSES, Way.NATIVE_CODE, now)
    if new:
        link.state, link.settled_at = LinkState.ACTIVE, now
        _record(session, link, audit.Event.LINK_CONNECTED, now, observer.id)
    elif link.state is LinkState.ENDING:
        _renew(session, link)  # not before the lease is over: somebody may be unlinking right now
    return link


def leave(
    session: Session,
    observer: Person,
    student: Person,
    reach: codes.Reach,
    now: datetime,
    delay: timedelta,
) -> Link:
    """Begin to end an observer's own link. One that Canvas made without us gets a row, to be followed by."""
    link, new = _open_or_new(session, observer, student, reach, Way.CANVAS, now)
    if link.state is LinkState.ENDING and not new:
        return link
    link.state = LinkState.ENDING
    link.reason = None
    _record(session, link, audit.Event.LINK_ENDING, now, observer.id)
    jobs.enqueue(session, "end_link", link.id, delay=delay)
    return link


def _open_or_new(
    session: Session, observer: Person, student: Person, reach: codes.Reach, way: Way, now: datetime
) -> tuple[Link, bool]:
    """The open link with this very reach, locked; or a new one, ENDING until the caller says otherwise."""
    query = (
        select(Link)
        .where(
            Link.institution_id == observer.institution_id,
            Link.observer_id == observer.id,
            Link.student_id == student.id,
            Link.scope == reach.scope,
            Link.course_id == reach.course_id if reach.course_id else true(),
            Link.state.in_(OPEN),
        )
        .with_for_update()
    )
    link = session.scalar(query)
    if link is not None:
        return link, False
    link = Link(
        institution_id=observer.institution_id,
        observer_id=observer.id,
        student_id=student.id,
        scope=reach.scope,
        course_id=reach.course_id,
        course_name=reach.course_name,
        way=way,
        holds_use=False,
        found_in_canvas=way is Way.CANVAS,
        created_at=now,
        state=LinkState.ENDING,
    )
    try:
        with session.begin_nested():
            session.add(link)
    except IntegrityError:  # the same person, in the same moment
        return session.scalars(query).one(), False
    return link, True


def lease(session: Session, link_id: int, now: datetime, until: datetime) -> Work | None:
    """Take a link that waits for Canvas. None: it is settled, or somebody is at it.

    One attempt at a time for two people, whatever the reach: links of theirs share enrollments in Canvas.
    """
    pair = _open_pair(session, link_id)
    link = next((one for one in pair if one.id == link_id), None)
    taken = any(one.leased_until and one.leased_until >= now for one in pair)
    if link is None or link.state is LinkState.ACTIVE or taken:
        return None
    link.leased_until = until
    return Work(
        link_id=link.id,
        institution_id=link.institution_id,
        observer_id=link.observer_id,
        observer=link.observer.canvas_user_id,
        student=link.student.canvas_user_id,
        scope=link.scope,
        course_id=link.course_id,
        state=link.state,
        looked=link.found_in_canvas is not None,
        spared=frozenset(e.enrollment_id for e in link.enrollments if not e.ours),
        undoing=link.reason is not None,
        impatient=link.holds_use and link.created_at + PATIENCE < now,
        lease=until,
    )


def _open_pair(session: Session, link_id: int) -> Sequence[Link]:
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
    _change(session, work, leased_until=None)


def note_look(session: Session, work: Work, already: Sequence[Held], now: datetime) -> bool:
    """Write down, before the first write, what Canvas held without us. False: the lease is no longer ours.

    Only so can a repeated attempt tell "it was there before" from "my last attempt made it".
    """
    if not _change(session, work, found_in_canvas=False):
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
    if not _change(session, work, state=LinkState.ACTIVE, **looked, **_settled(now)):
        return
    link = session.get_one(Link, work.link_id, populate_existing=True)
    known = {enrollment.enrollment_id for enrollment in link.enrollments}
    link.enrollments += [
        LinkEnrollment(enrollment_id=one.enrollment_id, section_id=one.section_id, ours=not found)
        for one in held
        if one.enrollment_id not in known
    ]
    if found:
        _give_use_back(session, link)
    link.holds_use = False  # from here on the use is spent, whatever becomes of the link
    _record(session, link, audit.Event.LINK_CONNECTED, now, link.observer_id, found=found)


def failed(session: Session, work: Work, reason: Reason, now: datetime, half_made: bool) -> None:
    """Canvas refused for good. What is half made is undone first; then the use is given back."""
    if half_made:
        _change(session, work, state=LinkState.ENDING, reason=reason, leased_until=None)
    elif _change(session, work, state=LinkState.FAILED, **_settled(now, reason)):
        _note_failure(session, work, now)


def ended(session: Session, work: Work, now: datetime) -> None:
    """Canvas let go. An all-course link takes course-scoped enrollments with it: those are made again."""
    pair = _open_pair(session, work.link_id)
    if work.undoing:
        if not _change(session, work, state=LinkState.FAILED, settled_at=now, leased_until=None):
            return
        _note_failure(session, work, now)
    else:
        if not _change(session, work, state=LinkState.ENDED, ended_at=now, leased_until=None):
            return
        link = session.get_one(Link, work.link_id)
        _record(session, link, audit.Event.LINK_ENDED, now, link.observer_id)
    for other in pair:
        renewable = other.id != work.link_id and other.state is not LinkState.ENDING
        if work.scope is Scope.ALL and renewable:
            other.leased_until = None  # whoever is at it has looked too early
            _renew(session, other)


def _settled(now: datetime, reason: Reason | None = None) -> dict[str, object]:
    return {"settled_at": now, "leased_until": None, "reason": reason}


def _note_failure(session: Session, work: Work, now: datetime) -> None:
    link = session.get_one(Link, work.link_id, populate_existing=True)
    _give_use_back(session, link)
    _record(session, link, audit.Event.LINK_FAILED, now, link.observer_id, reason=link.reason)


def _renew(session: Session, link: Link) -> None:
    """Have a link made again. What Canvas held of it is being taken away, so what it holds then is ours."""
    link.state = LinkState.PENDING
    link.reason = None
    link.enrollments.clear()
    jobs.enqueue(session, "apply_link", link.id)


def _change(session: Session, work: Work, **values: object) -> bool:
    """Write to a link while the lease is ours and its state is what we saw. False: it is not."""
    result = session.execute(
        update(Link)
        .where(Link.id == work.link_id, Link.state == work.state, Link.leased_until == work.lease)
        .values(**values)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
    return result.rowcount == 1


def _give_use_back(session: Session, link: Link) -> None:
    if link.holds_use and link.code_id is not None:
        link.holds_use = False
        codes.give_back(session, link.code_id)


def _record(
    session: Session, link: Link, event: audit.Event, now: datetime, actor_id: int, **facts: audit.Fact
) -> None:
    audit.record(
        session, link.institution_id, event, now, actor_id,
        link=link.id, student=link.student_id, scope=link.scope, course=link.course_id, way=link.way, **facts,
    )  # fmt: skip
