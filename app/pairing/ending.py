"""Ending links: everything between two people, what the office is asked for, and what its last day ends."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app import audit, jobs
from app.models import EndedBy, EndRequest, Link, LinkState, Person
from app.models.pairing import OPEN
from app.pairing import approvals, links
from app.pairing.codes import Reach
from app.people import Actor


def end_everything(
    session: Session,
    observer: Person,
    student: Person,
    held: Iterable[Reach],
    now: datetime,
    delay: timedelta,
    actor: Actor,
) -> list[Link]:
    """Begin to end what Canvas holds and what we know of these two, all courses first."""
    reaches = {reach.course_id: reach for reach in held}
    for link in _between(session, observer, student):
        if link.state is LinkState.WAITING:
            if actor.id == student.id:
                approvals.say_no(session, student, link.id, now)
            else:
                approvals.call_off(session, actor, link.id, now)
        else:
            reaches.setdefault(link.course_id, Reach.of(link))
    in_order = sorted(reaches.values(), key=lambda reach: reach.course_id or "")
    return [links.leave(session, observer, student, reach, now, delay, actor) for reach in in_order]


def _between(session: Session, observer: Person, student: Person) -> Sequence[Link]:
    return session.scalars(
        select(Link)
        .where(
            Link.institution_id == student.institution_id,
            Link.observer_id == observer.id,
            Link.student_id == student.id,
            Link.state.in_([*OPEN, LinkState.WAITING]),
        )
        .order_by(Link.id)
        .with_for_update()
    ).all()


def end_due(session: Session, now: datetime, most: int) -> int:
    """Begin to end links whose last day is over; how many. Those that are being ended anyway are left."""
    due = session.scalars(
        select(Link)
        .where(
            Link.ends_at <= now,
            Link.state.in_([LinkState.PENDING, LinkState.ACTIVE]) | (Link.again & (Link.state == "ending")),
        )
        .order_by(Link.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for link in due:
        link.state, link.ended_by = LinkState.ENDING, EndedBy.DATE
        link.reason, link.again = None, False
        links.record(session, link, audit.Event.LINK_ENDING, now, None, date=str(link.ends_on))
        jobs.enqueue(session, "end_link", link.id)
    return len(due)


def ask_office(session: Session, student: Person, observer: Person, now: datetime) -> None:
    """Pass a student's wish on to the admins, once."""
    wish = EndRequest(
        institution_id=student.institution_id,
        student_id=student.id,
        observer_id=observer.id,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(wish)
    except IntegrityError:
        return
    audit.record(
        session, student.institution_id, audit.Event.END_REQUESTED, now, student.id,
        student=student.id, observer=observer.id,
    )  # fmt: skip


def asked_about(session: Session, student: Person) -> set[str]:
    """The observers a student has asked the office about, by Canvas's numbers."""
    return {request.observer.canvas_user_id for request in _open(session, student.institution_id, student.id)}


def requests(session: Session, institution_id: int) -> Sequence[EndRequest]:
    """What students have asked and nobody has settled, the oldest first."""
    return _open(session, institution_id)


def _open(session: Session, institution_id: int, student_id: int | None = None) -> Sequence[EndRequest]:
    query = select(EndRequest).where(
        EndRequest.institution_id == institution_id, EndRequest.settled_at.is_(None)
    )
    if student_id is not None:
        query = query.where(EndRequest.student_id == student_id)
    people = (joinedload(EndRequest.student), joinedload(EndRequest.observer))
    return session.scalars(query.options(*people).order_by(EndRequest.id)).all()


def find(session: Session, institution_id: int, request_id: int) -> EndRequest | None:
    """An open request of this institution."""
    return next((one for one in _open(session, institution_id) if one.id == request_id), None)


def settle(session: Session, request: EndRequest, granted: bool, admin: Actor, now: datetime) -> bool:
    """Close a request. False: somebody else has."""
    won = session.scalar(
        update(EndRequest)
        .where(EndRequest.id == request.id, EndRequest.settled_at.is_(None))
        .values(settled_at=now, settled_by=admin.id, granted=granted)
        .returning(EndRequest.id)
        .execution_options(synchronize_session=False)
    )
    if won is None:
        return False
    audit.record(
        session, request.institution_id, audit.Event.END_REQUEST_SETTLED, now, admin.id,
        student=request.student_id, observer=request.observer_id, granted=granted,
    )  # fmt: skip
    return True
