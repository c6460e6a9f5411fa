"""Links as people make and leave them. Each step is one transaction, and promises a job that tells Canvas.

    WAITING --the student says yes--> PENDING      WAITING --no, or no answer--> FAILED, or withdrawn: ENDED
    PENDING --Canvas holds it--> ACTIVE --leave--> ENDING --Canvas let go--> ENDED
       |--Canvas refused for good--> FAILED           ^--something was half made-- PENDING --> FAILED
                                 ACTIVE --an enrollment was lost--> ENDING --again--> PENDING

What waits for the student (app.pairing.approvals) is not open: nobody tells Canvas about it.
Whoever tells Canvas (app.pairing.applying) writes down in app.pairing.settling what came of it. A link that
waits for Canvas always has a job; the job that makes a link also undoes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit, jobs
from app.models import Code, EndedBy, Link, LinkState, Person, Scope, Way
from app.models.pairing import OPEN
from app.pairing import codes
from app.pairing.codes import ALL_COURSES, Reach
from app.people import Actor


def open_between(session: Session, observer: Person, student_id: int, reach: Reach) -> Link | None:
    """The link that already covers this, if any: the same one, or an all-course one."""
    wider = and_(Link.scope == Scope.ALL, Link.state.in_([LinkState.ACTIVE, LinkState.ENDING]))
    return session.scalar(
        select(Link)
        .where(_between(observer, student_id), Link.state.in_(OPEN), _same(reach) | wider)
        .order_by(Link.scope == Scope.ALL)
        .limit(1)
    )


def waiting_between(session: Session, observer: Person, student_id: int, reach: Reach) -> Link | None:
    """The link with this very reach that waits for the student's yes, locked."""
    return session.scalar(
        select(Link)
        .where(_between(observer, student_id), _same(reach), Link.state == LinkState.WAITING)
        .with_for_update()
    )


def _between(observer: Person, student_id: int) -> ColumnElement[bool]:
    return and_(
        Link.institution_id == observer.institution_id,
        Link.observer_id == observer.id,
        Link.student_id == student_id,
    )


def _same(reach: Reach) -> ColumnElement[bool]:
    return and_(Link.scope == reach.scope, Link.course_id == reach.course_id if reach.course_id else true())


def _link(
    observer: Person, student_id: int, reach: Reach, way: Way, state: LinkState, now: datetime, **more: Any
) -> Link:
    values = {"holds_use": False, **more}
    return Link(
        institution_id=observer.institution_id,
        observer_id=observer.id,
        student_id=student_id,
        scope=reach.scope,
        course_id=reach.course_id,
        course_name=reach.course_name,
        way=way,
        state=state,
        created_at=now,
        **values,
    )


def start(
    session: Session,
    observer: Person,
    code: Code,
    now: datetime,
    delay: timedelta,
    answer_by: datetime | None = None,
) -> Link | None:
    """A link with a use set aside. None: there is one already.

    It is pending, with the job that will finish it; or it waits for the student, who may answer until then.
    """
    state = LinkState.WAITING if answer_by else LinkState.PENDING
    link = _link(
        observer, code.student_id, Reach.of(code), Way.CODE, state, now,
        code_id=code.id, holds_use=True, answer_by=answer_by,
        purpose=code.purpose, ends_on=code.link_ends_on, ends_at=code.link_ends_at,
    )  # fmt: skip
    if not _added(session, link):
        return None
    if answer_by:
        record(session, link, audit.Event.LINK_ASKED, now, observer.id)
    else:
        jobs.enqueue(session, "apply_link", link.id, delay=delay)
    return link


def note_native(
    session: Session, observer: Person, student: Person, now: datetime, way: Way = Way.NATIVE_CODE
) -> Link:
    """Write down a link that Canvas made from a proof of the student's. One that was being ended stays."""
    link, new = open_or_new(session, observer, student, ALL_COURSES, way, now)
    if new:
        link.state, link.settled_at = LinkState.ACTIVE, now
        record(session, link, audit.Event.LINK_CONNECTED, now, observer.id)
    elif link.state is LinkState.ENDING:
        renew(session, link)  # not before the lease is over: somebody may be unlinking right now
    return link


def add(
    session: Session,
    admin: Actor,
    observer: Person,
    student: Person,
    reach: Reach,
    now: datetime,
    delay: timedelta,
    **facts: audit.Fact,
) -> Link | None:
    """A pending link by an admin's word, and the job that will finish it. None: there is one already."""
    link = _link(observer, student.id, reach, Way.ADMIN, LinkState.PENDING, now)
    if open_between(session, observer, student.id, reach) or not _added(session, link):
        return None
    record(session, link, audit.Event.LINK_ADDED, now, admin.id, **facts)
    jobs.enqueue(session, "apply_link", link.id, delay=delay)
    return link


def note_held(
    session: Session, pairs: Iterable[tuple[Person, Person]], way: Way, now: datetime, actor_id: int | None
) -> dict[tuple[int, int], Link]:
    """Write down links that were ordered here and that Canvas holds by now, many at once.

    By observer and student (people.id); without those who have one open, however far it reaches.
    """
    new = {(observer.id, student.id): observer for observer, student in pairs}
    for observer_id, student_id in _open_among(session, new):
        new.pop((observer_id, student_id), None)
    held = {"found_in_canvas": False, "settled_at": now}
    made = {
        pair: _link(observer, pair[1], ALL_COURSES, way, LinkState.ACTIVE, now, **held)
        for pair, observer in new.items()
    }
    try:
        with session.begin_nested():
            session.add_all(made.values())
    except IntegrityError:  # somebody else makes one of them in this moment
        return {}
    for link in made.values():
        record(session, link, audit.Event.LINK_ADDED, now, actor_id)
        record(session, link, audit.Event.LINK_CONNECTED, now, doer(link), found=False)
    return made


def _open_among(session: Session, pairs: Mapping[tuple[int, int], Person]) -> Sequence[Row[int, int]]:
    """Those of these pairs, and perhaps others of these people, who have an open link."""
    asked = select(Link.observer_id, Link.student_id).where(
        Link.institution_id.in_({observer.institution_id for observer in pairs.values()}),
        Link.student_id.in_([student_id for _, student_id in pairs]),
        Link.observer_id.in_([observer_id for observer_id, _ in pairs]),
        Link.state.in_(OPEN),
    )
    return session.execute(asked).all()


def leave(
    session: Session,
    observer: Person,
    student: Person,
    reach: Reach,
    now: datetime,
    delay: timedelta,
    actor: Actor | None = None,
) -> Link:
    """Begin to end a link, by its observer or another. One that Canvas made without us gets a row."""
    link, new = open_or_new(session, observer, student, reach, Way.CANVAS, now)
    if link.state is LinkState.ENDING and not new and not link.again:
        return link
    link.state = LinkState.ENDING
    link.reason, link.again = None, False
    actor = actor or observer
    theirs: dict[int | None, EndedBy] = {observer.id: EndedBy.OBSERVER, student.id: EndedBy.STUDENT}
    link.ended_by = theirs.get(actor.id, EndedBy.OFFICE)
    record(session, link, audit.Event.LINK_ENDING, now, actor.id)
    jobs.enqueue(session, "end_link", link.id, delay=delay)
    return link


def open_or_new(
    session: Session, observer: Person, student: Person, reach: Reach, way: Way, now: datetime
) -> tuple[Link, bool]:
    """The open link with this very reach, locked; or a new one, ENDING until the caller says otherwise."""
    link = open_same(session, observer, student, reach)
    if link is not None:
        return link, False
    found = way is Way.CANVAS
    link = _link(observer, student.id, reach, way, LinkState.ENDING, now, found_in_canvas=found)
    if not _added(session, link):
        link = open_same(session, observer, student, reach)
        assert link is not None  # noqa: S101 - it is why ours could not be added
        return link, False
    return link, True


def open_same(session: Session, observer: Person, student: Person, reach: Reach) -> Link | None:
    """The open link with this very reach, locked, if there is one."""
    same = (_between(observer, student.id), _same(reach), Link.state.in_(OPEN))
    return session.scalar(select(Link).where(*same).with_for_update())


def _added(session: Session, link: Link) -> bool:
    """Whether this is the open link now; False: the same person made another in the same moment."""
    try:
        with session.begin_nested():
            session.add(link)
    except IntegrityError:
        return False
    return True


def renew(session: Session, link: Link) -> None:
    """Have a link made again. What Canvas held of it is being taken away, so what it holds then is ours."""
    link.state = LinkState.PENDING
    link.reason, link.again = None, False
    link.enrollments.clear()
    jobs.enqueue(session, "apply_link", link.id)


def reconnect(session: Session, over: Link, now: datetime) -> Link | None:
    """Make a link again that was ended in Canvas, by an admin's wish. None: there is one already."""
    link = _link(
        over.observer, over.student_id, Reach.of(over), over.way, LinkState.PENDING, now,
        code_id=over.code_id, purpose=over.purpose, ends_on=over.ends_on, ends_at=over.ends_at,
    )  # fmt: skip
    if not _added(session, link):
        return None
    jobs.enqueue(session, "apply_link", link.id)
    return link


def ask(
    session: Session,
    observer: Person,
    student: Person,
    reach: Reach,
    way: Way,
    now: datetime,
    answer_by: datetime,
    actor_id: int | None,
    **facts: audit.Fact,
) -> tuple[Link, bool]:
    """A link by the office's word that waits for the student's yes: the one there is, or a new one."""
    link = _link(observer, student.id, reach, way, LinkState.WAITING, now, answer_by=answer_by)
    waiting = waiting_between(session, observer, student.id, reach)
    if waiting is None and not _added(session, link):
        waiting = waiting_between(session, observer, student.id, reach)
    if waiting is not None:
        return waiting, False
    record(session, link, audit.Event.LINK_ASKED, now, actor_id, **facts)
    return link, True


def doer(link: Link) -> int | None:
    """Whose doing a link is, as far as its observer is concerned."""
    theirs = link.way not in (Way.ADMIN, Way.IMPORT) and link.ended_by in (None, EndedBy.OBSERVER)
    return link.observer_id if theirs else None


def give_use_back(session: Session, link: Link) -> None:
    """Return the use that was set aside for a link, once."""
    if link.holds_use and link.code_id is not None:
        link.holds_use = False
        codes.give_back(session, link.code_id)


def record(
    session: Session, link: Link, event: audit.Event, now: datetime, actor_id: int | None, **facts: audit.Fact
) -> None:
    """Write an event of a link down."""
    audit.record(
        session, link.institution_id, event, now, actor_id,
        link=link.id, student=link.student_id, observer=link.observer_id,
        scope=link.scope, course=link.course_id, way=link.way, **facts,
    )  # fmt: skip
