"""The stages of a walk over all links of an institution: what is next, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app import db
from app.errors import RETRYABLE, Failure, NotConnected, TokenDead
from app.models import Bar, Link, LinkState, Reconciliation, Scope, Stage
from app.pairing import applying, comparing, findings, mending, standing
from app.pairing.applying import Access, Clock
from app.pairing.drift import Kind, Verdict
from app.pairing.mending import Outcome

ONE_LINK = timedelta(seconds=60)  # for all the calls of one close look
MANY_LINKS = timedelta(minutes=10)  # and of a first look; a large course has many pages


@dataclass(slots=True)
class Tally:
    """What a unit came to."""

    looked: int = 0
    found: int = 0
    mended: int = 0
    elsewhere: int = 0
    skipped: int = 0

    def count(self, outcome: Outcome) -> None:
        """Add one link that was looked at closely."""
        self.found += outcome in (Outcome.FOUND, Outcome.MENDED)
        self.mended += outcome is Outcome.MENDED


def walk(run: Reconciliation, unit: str, access: Access, clock: Clock) -> Tally:
    """Do one unit: a waiting link, an observer or a course. Doing it twice changes nothing."""
    match run.stage:
        case Stage.WAITING:
            return _finish(int(unit), access, clock)
        case Stage.EVERYWHERE:
            return _compare_everywhere(run.institution_id, int(unit), access, clock)
        case Stage.COURSES:
            return _compare_course(run.institution_id, unit, access, clock)
        case Stage.LIST:
            return _look_against_the_list(run.institution_id, int(unit), access, clock)


def _finish(link_id: int, access: Access, clock: Clock) -> Tally:
    """Try once to finish a link that waits, for its own job may have been given up; no second one is made."""
    tally = Tally(looked=1)
    try:
        applying.attempt(link_id, access, clock, ONE_LINK)
    except (*RETRYABLE, NotConnected, TokenDead):
        raise
    except Failure:
        tally.found = 1
        with db.transaction() as session:
            findings.note(session, session.get_one(Link, link_id), Kind.WAITING, clock(), refused=True)
    return tally


def _compare_everywhere(institution_id: int, observer_id: int, access: Access, clock: Clock) -> Tally:
    with db.reading() as session:
        links = session.scalars(
            _standing(institution_id, Scope.ALL)
            .where(Link.observer_id == observer_id)
            .options(joinedload(Link.observer), joinedload(Link.student))
        ).all()
    if not links:
        return Tally()
    canvas = access.service(institution_id).within(MANY_LINKS)
    verdicts, elsewhere = comparing.look_everywhere(canvas, links[0].observer.canvas_user_id, links)
    tally = _examine(verdicts, access, clock)
    tally.elsewhere = elsewhere
    return tally


def _compare_course(institution_id: int, course_id: str, access: Access, clock: Clock) -> Tally:
    with db.reading() as session:
        links = session.scalars(
            _standing(institution_id, Scope.COURSE)
            .where(Link.course_id == course_id)
            .options(joinedload(Link.observer), joinedload(Link.student), selectinload(Link.enrollments))
        ).all()
    if not links:
        return Tally()
    canvas = access.service(institution_id).within(MANY_LINKS)
    return _examine(comparing.look_in_course(canvas, course_id, links), access, clock)


def _look_against_the_list(institution_id: int, student_id: int, access: Access, clock: Clock) -> Tally:
    """Alerts are all that comes of it; where Canvas tells this account nothing, nothing does."""
    try:
        standing.look(access.service(institution_id).within(MANY_LINKS), student_id, clock)
    except (*RETRYABLE, NotConnected, TokenDead):
        raise
    except Failure:
        return Tally(skipped=1)
    return Tally()


def _examine(verdicts: Mapping[int, Verdict], access: Access, clock: Clock) -> Tally:
    fine = [link_id for link_id, verdict in verdicts.items() if verdict.fine]
    with db.transaction() as session:
        findings.as_it_should_be(session, fine, clock())
    tally = Tally(looked=len(verdicts))
    for link_id, verdict in verdicts.items():
        if not verdict.fine:
            tally.count(mending.examine(link_id, access, clock, ONE_LINK))
    return tally


def _standing(institution_id: int, scope: Scope) -> Select[Link]:
    return select(Link).where(
        Link.institution_id == institution_id, Link.scope == scope, Link.state == LinkState.ACTIVE
    )


def _after(cursor: str) -> int:
    return int(cursor or 0)


def _next_waiting(session: Session, run: Reconciliation) -> str | None:
    """The next link that waits for Canvas, unless it began to wait after this walk."""
    waiting = and_(
        Link.institution_id == run.institution_id,
        Link.state.in_([LinkState.PENDING, LinkState.ENDING]),
        Link.created_at <= run.begun_at,
        Link.id > _after(run.cursor),
    )
    found = session.scalar(select(func.min(Link.id)).where(waiting))
    return str(found) if found else None


def _next_observer(session: Session, run: Reconciliation) -> str | None:
    active = _standing(run.institution_id, Scope.ALL).where(Link.observer_id > _after(run.cursor))
    found = session.scalar(active.with_only_columns(func.min(Link.observer_id)))
    return str(found) if found else None


def _next_course(session: Session, run: Reconciliation) -> str | None:
    active = _standing(run.institution_id, Scope.COURSE).where(Link.course_id > run.cursor)
    found: str | None = session.scalar(active.with_only_columns(func.min(Link.course_id)))
    return found


def _next_listed(session: Session, run: Reconciliation) -> str | None:
    """The next student whom an entry of the do-not-pair list is about."""
    in_force = (Bar.institution_id == run.institution_id, Bar.ended_at.is_(None))
    found = session.scalar(
        select(func.min(Bar.student_id)).where(*in_force, Bar.student_id > _after(run.cursor))
    )
    return str(found) if found else None


NEXT = {
    Stage.WAITING: _next_waiting,
    Stage.EVERYWHERE: _next_observer,
    Stage.COURSES: _next_course,
    Stage.LIST: _next_listed,
}
