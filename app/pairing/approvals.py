"""Links that wait for the student's yes. Canvas knows nothing of them until then.

Every answer is one conditional write on a link that still waits: of a yes, a no, a withdrawal and the end of
the time that come at once, one wins.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app import audit, jobs
from app.audit import Event
from app.models import Code, EndedBy, Link, LinkState, Person
from app.pairing import links
from app.pairing.codes import Reach
from app.pairing.rules import Reason
from app.people import Actor


def asked(session: Session, student: Person, now: datetime) -> Sequence[Link]:
    """What a student is asked about, the oldest first."""
    return session.scalars(
        select(Link)
        .where(*_of_student(student), Link.state == LinkState.WAITING, ~_over(now))
        .options(joinedload(Link.observer))
        .order_by(Link.id)
    ).all()


def still_waiting(session: Session, observer: Person, code: Code, now: datetime) -> Link | None:
    """The link of this code's reach that waits for the student. One whose time is over is let go first."""
    link = links.waiting_between(session, observer, code.student_id, Reach.of(code))
    if link is None or not _is_over(link, now):
        return link
    _lapse(session, link, now)
    return None


def was_declined(session: Session, observer: Person, code: Code) -> bool:
    """Whether the student said no to this observer and this code: nobody is asked twice."""
    declined = select(Link.id).where(
        Link.institution_id == observer.institution_id,
        Link.observer_id == observer.id,
        Link.code_id == code.id,
        Link.state == LinkState.FAILED,
        Link.reason == Reason.DECLINED,
    )
    return session.scalar(declined.limit(1)) is not None


def say_yes(session: Session, student: Person, link_id: int, now: datetime, delay: timedelta) -> bool:
    """Let a link be made; a job does it. False: nothing waits any more.

    Where the two are connected meanwhile, that connection stands and the use is given back.
    """
    mine = (*_of_student(student), ~_over(now))
    try:
        with session.begin_nested():
            link = _answer(session, link_id, *mine, state=LinkState.PENDING, approved_at=now)
    except IntegrityError:
        link = _answer(session, link_id, *mine, state=LinkState.ENDED, ended_at=now)
        if link is not None:
            links.give_use_back(session, link)
        return link is not None
    if link is None:
        return False
    links.record(session, link, Event.LINK_APPROVED, now, student.id)
    jobs.enqueue(session, "apply_link", link.id, delay=delay)
    return True


def say_no(session: Session, student: Person, link_id: int, now: datetime) -> bool:
    """Let a link not be made. False: nothing waits any more."""
    link = _answer(
        session, link_id, *_of_student(student),
        state=LinkState.FAILED, reason=Reason.DECLINED, settled_at=now,
    )  # fmt: skip
    return _give_up(session, link, Event.LINK_DECLINED, now, student.id)


def withdraw(session: Session, observer: Person, link_id: int, now: datetime) -> bool:
    """The observer does not want it any more. False: nothing waits any more."""
    link = _answer(
        session, link_id, Link.institution_id == observer.institution_id, Link.observer_id == observer.id,
        state=LinkState.ENDED, ended_at=now, ended_by=EndedBy.OBSERVER,
    )  # fmt: skip
    return _give_up(session, link, Event.LINK_ENDED, now, observer.id)


def call_off(session: Session, admin: Actor, link_id: int, now: datetime) -> bool:
    """The office does not want it any more. False: nothing waits any more."""
    link = _answer(
        session, link_id, Link.institution_id == admin.institution_id,
        state=LinkState.ENDED, ended_at=now, ended_by=EndedBy.OFFICE,
    )  # fmt: skip
    return _give_up(session, link, Event.LINK_ENDED, now, admin.id)


def lapse_due(session: Session, now: datetime, most: int) -> int:
    """Let go what nobody has answered in time; how many. The uses are given back."""
    due = session.scalars(
        select(Link)
        .where(Link.state == LinkState.WAITING, _over(now))
        .order_by(Link.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for link in due:
        _lapse(session, link, now)
    return len(due)


def _of_student(student: Person) -> tuple[ColumnElement[bool], ...]:
    return Link.institution_id == student.institution_id, Link.student_id == student.id


def _over(now: datetime) -> ColumnElement[bool]:
    return or_(Link.answer_by <= now, Link.ends_at.is_not(None) & (Link.ends_at <= now))


def _is_over(link: Link, now: datetime) -> bool:
    return any(moment is not None and moment <= now for moment in (link.answer_by, link.ends_at))


def _lapse(session: Session, link: Link, now: datetime) -> None:
    values = {"state": LinkState.FAILED, "reason": Reason.NOT_ANSWERED, "settled_at": now}
    found = _answer(session, link.id, **values)
    _give_up(session, found, Event.LINK_FAILED, now, None)


def _answer(session: Session, link_id: int, *mine: ColumnElement[bool], **values: object) -> Link | None:
    """Write the answer while the link still waits. None: it does not, or is not theirs to answer."""
    won = session.scalar(
        update(Link)
        .where(Link.id == link_id, Link.state == LinkState.WAITING, *mine)
        .values(**values)
        .returning(Link.id)
        .execution_options(synchronize_session=False)
    )
    return session.get_one(Link, won, populate_existing=True) if won is not None else None


def _give_up(
    session: Session, link: Link | None, event: audit.Event, now: datetime, actor_id: int | None
) -> bool:
    if link is None:
        return False
    links.give_use_back(session, link)
    links.record(session, link, event, now, actor_id, reason=link.reason)
    return True
