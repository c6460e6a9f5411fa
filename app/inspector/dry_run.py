"""A dry run: a code is made, used and its connection ended again, for two people made for testing.

It goes the way every real code goes. Nothing may be left behind, also if the process is killed: the code
lives for minutes and works once, and together with its use a job is promised that ends the connection.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from app import audit, db, jobs, people
from app.canvas import Canvas, courses, enrollments, observees
from app.crypto import Keyring
from app.errors import CanvasFailure, CanvasMissing, Failure, NotConnected
from app.inspector import failures
from app.inspector.findings import Finding, Part, Said, Who, problem, unchecked, well
from app.inspector.findings import said as _
from app.models import Code, Link, LinkState, Person, Role, Scope
from app.models.pairing import OPEN
from app.pairing import applying, codes, guesses, links, redemption, rules
from app.policy import Policy

RULES = Policy(code_life=timedelta(minutes=10), code_uses=1)
AFTERWARDS = timedelta(minutes=2)  # by then a living process is done; else the job ends the connection
BUDGET = timedelta(seconds=20)  # for telling Canvas, each time
HEAD_START = BUDGET + timedelta(seconds=2)  # how long the worker leaves the connection to us
TOGETHER = _("Both people are for testing only")
HOW = _("Look at the other findings first, then try again.")


@dataclass(frozen=True, slots=True)
class Stage:
    """Who plays, by Canvas user id; for whom (people.id), and through which Canvas."""

    institution_id: int
    director_id: int
    student: str
    observer: str
    canvas: Canvas
    keyring: Keyring
    clock: Callable[[], datetime]

    @property
    def access(self) -> applying.Access:
        """Canvas as the service account; nobody else takes part."""

        def nobody(_institution_id: int, _person_id: int) -> Canvas:
            raise NotConnected("a dry run has no observer who could sign in")

        return applying.Access(service=lambda _institution_id: self.canvas, own=nobody)


def perform(stage: Stage) -> Iterator[Finding]:
    """Make, use and end a connection; each step's result. Refuses people who are not for testing."""
    try:
        stage = replace(stage, canvas=stage.canvas.within(2 * BUDGET))
        objection = _objection_in_canvas(stage)
    except CanvasFailure as failure:
        yield unchecked(Part.DRY_RUN, TOGETHER, failures.told(failure))
        return
    link_id: int | None = None
    if objection is None:
        with db.transaction() as session:
            student, observer = _remembered(session, stage)
            objection = _objection_here(session, student, observer, stage.clock())
            if objection is None:
                link_id = _begin(session, stage, student, observer)
    if objection is not None:
        how = _("Choose two people made for testing, or end what they have first.")
        yield problem(Part.DRY_RUN, TOGETHER, objection, Who.ADMIN, how)
        return
    yield well(Part.DRY_RUN, TOGETHER)
    yield from _play(stage, link_id)


def _objection_in_canvas(stage: Stage) -> Said | None:
    """Why these two will not do, as Canvas holds them."""
    if stage.student == stage.observer:
        return _("The student and the observer are the same person.")
    try:
        if observees.list_observees(stage.canvas, stage.observer):
            return _("This observer observes somebody already.")
    except CanvasMissing:
        return _("Canvas knows nobody with the observer's number.")
    try:
        taught = courses.of_student(stage.canvas, stage.student)
    except CanvasMissing:
        return _("Canvas knows nobody with the student's number.")
    for course in taught:
        if enrollments.of_observer_in_course(stage.canvas, course.id, stage.observer):
            return _("This observer observes somebody in %(course)s already.", course=course.name)
    return None


def _remembered(session: Session, stage: Stage) -> tuple[Person, Person]:
    now = stage.clock()
    student = people.remember(session, stage.institution_id, stage.student, None, now)
    return student, people.remember(session, stage.institution_id, stage.observer, None, now)


def _objection_here(session: Session, student: Person, observer: Person, now: datetime) -> Said | None:
    """Why these two will not do, as we know them."""
    mine = (Link.institution_id == student.institution_id, Link.state.in_(OPEN))
    if session.scalar(select(Link.id).where(*mine, Link.observer_id == observer.id).limit(1)):
        return _("This observer has a connection already.")
    held = select(Code).where(
        Code.institution_id == student.institution_id,
        Code.student_id == student.id,
        Code.scope == Scope.ALL,
        Code.replaced_at.is_(None),
    )
    if any(rules.is_live(code, now) for code in session.scalars(held)):
        return _("This student has a code that somebody may want to use.")
    return None


def _begin(session: Session, stage: Stage, student: Person, observer: Person) -> int | None:
    """Issue and redeem, and promise the end, in one transaction: a killed process leaves all or nothing."""
    now = stage.clock()
    director = session.get_one(Person, stage.director_id)
    code = codes.issue(
        session,
        stage.keyring,
        issuer=director,
        role=Role.ADMIN,
        student=student,
        reach=codes.ALL_COURSES,
        policy=RULES,
        now=now,
    )
    text = codes.text_of(stage.keyring, code).replace("-", "")
    who = guesses.guesser(stage.keyring, observer, "dry run")
    outcome = redemption.redeem(session, stage.keyring, observer, text, who, now, HEAD_START, rule=RULES)
    _take_back(session, code, now, stage.director_id)
    if not isinstance(outcome, redemption.Redeemed):
        return None
    jobs.enqueue(session, "end_dry_run", outcome.link_id, delay=AFTERWARDS)
    return outcome.link_id


def _take_back(session: Session, code: Code, now: datetime, actor_id: int) -> None:
    """Nobody else may use the code, should Canvas refuse and its use be given back."""
    session.execute(update(Code).where(Code.id == code.id).values(revoked_at=now))
    facts = {"code": code.id, "student": code.student_id}
    audit.record(session, code.institution_id, audit.Event.CODE_REVOKED, now, actor_id, **facts)


def _play(stage: Stage, link_id: int | None) -> Iterator[Finding]:
    made = _("A code was made and used")
    if link_id is None:
        means = _("The code was refused. Perhaps too many wrong codes were typed in the last minutes.")
        yield problem(Part.DRY_RUN, made, means, Who.ADMIN, _("Try again in ten minutes."))
        return
    yield well(Part.DRY_RUN, made)
    yield _tell(stage, link_id)
    with db.transaction() as session:
        end(session, link_id, stage.clock(), HEAD_START)
    yield _untell(stage, link_id)


def _tell(stage: Stage, link_id: int) -> Finding:
    what = _("Canvas connected the two")
    refused = _attempt(stage, link_id)
    link = _link(link_id)
    if link.state is LinkState.ACTIVE:
        return well(Part.DRY_RUN, what)
    means = refused or REFUSALS.get(link.reason or "", _("Canvas refused."))
    return problem(Part.DRY_RUN, what, means, Who.ADMIN, HOW)


def _untell(stage: Stage, link_id: int) -> Finding:
    what = _("The connection was ended; nothing is left of it")
    refused = _attempt(stage, link_id) if _link(link_id).state in OPEN else None
    if refused is None and _link(link_id).state not in OPEN and _is_gone(stage):
        return well(Part.DRY_RUN, what)
    means = _("Canvas was not told yet. The worker goes on trying until it is.")
    how = _("See that a worker runs and Canvas answers, then look at these two people in Canvas.")
    return problem(Part.DRY_RUN, what, means, Who.OPERATOR, how)


def _attempt(stage: Stage, link_id: int) -> Said | None:
    """Tell Canvas once; why it could not be told, if so."""
    try:
        applying.attempt(link_id, stage.access, stage.clock, BUDGET)
    except Failure as failure:
        return failures.told(failure)
    return None


def _is_gone(stage: Stage) -> bool:
    try:
        return observees.find(stage.canvas, stage.observer, stage.student) is None
    except CanvasFailure:
        return False


def _link(link_id: int) -> Link:
    with db.reading() as session:
        return session.get_one(Link, link_id)


REFUSALS: dict[str, Said] = {
    rules.Reason.NOT_ALLOWED: _("The service account lacks a scope or a permission for this."),
    rules.Reason.NOT_CONNECTED: _("Canvas no longer accepts the service account."),
    rules.Reason.OBSERVER_UNKNOWN: _("Canvas does not know one of the two."),
    rules.Reason.LINKED_NOTHING: _("Canvas said yes and connected nobody: the observer has no login here."),
}


def end(session: Session, link_id: int, now: datetime, delay: timedelta = timedelta()) -> None:
    """Begin to end the connection of a dry run, unless that was done; a job tells Canvas after `delay`."""
    link = session.scalars(
        select(Link)
        .where(Link.id == link_id, or_(Link.state == LinkState.PENDING, Link.state == LinkState.ACTIVE))
        .options(joinedload(Link.observer), joinedload(Link.student))
        .with_for_update(of=Link)
    ).one_or_none()
    if link is not None:
        links.leave(session, link.observer, link.student, codes.ALL_COURSES, now, delay)
