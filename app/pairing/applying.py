"""Telling Canvas about a link, one attempt at a time. Safe to repeat, and safe to be killed at any point.

No transaction is open while Canvas is asked. Every attempt looks first and writes only what is missing, so a
repeated one cannot link twice. Calls to Canvas: one read and one write for an all-course link; two reads and
one write per section of the student for a course-scoped one.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app import db
from app.canvas import Canvas, enrollments, observees
from app.errors import (
    RETRYABLE,
    CanvasForbids,
    CanvasMissing,
    CanvasRejects,
    Failure,
    NotConnected,
    ScopeMissing,
    TokenDead,
)
from app.models import Bar, LinkState, Scope
from app.pairing import bars, settling
from app.pairing.rules import Reason
from app.pairing.settling import Held, Work

Clock = Callable[[], datetime]

MARGIN = timedelta(seconds=15)  # a lease outlives its attempt by this much
FOR_AN_ADMIN = (NotConnected, TokenDead, ScopeMissing, CanvasForbids)  # only a person can mend these


@dataclass(frozen=True, slots=True)
class Access:
    """Whom we can be in Canvas; both raise NotConnected or TokenDead."""

    service: Callable[[int], Canvas]  # by institution: its service account
    own: Callable[[int, int], Canvas]  # by institution and person: an observer, with their own token

    @contextmanager
    def in_a_row(self, budget: timedelta) -> Iterator["Access"]:
        """The same for a turn of bulk work by one thread: what is asked follows one upon another.

        The budget is for the calls to each Canvas that `service` gives.
        """
        opened: dict[int, Canvas] = {}
        with ExitStack() as stack:

            def service(institution_id: int) -> Canvas:
                if institution_id not in opened:
                    opened[institution_id] = stack.enter_context(self.service(institution_id).in_a_row())
                return opened[institution_id].within(budget)

            yield replace(self, service=service)


@dataclass(frozen=True, slots=True)
class Seen:
    """What Canvas holds of a link: the enrollments it has, and the sections it lacks."""

    complete: bool
    held: tuple[Held, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connected:
    """Canvas holds the link; `found` if it did so before our first write."""

    held: tuple[Held, ...]
    found: bool


@dataclass(frozen=True, slots=True)
class Impossible:
    """Canvas will never make this link; something may have to be undone."""

    reason: Reason
    half_made: bool = False
    bar: Bar | None = None  # the entry of the do-not-pair list that forbids it


class LeaseLost(Failure):
    """The attempt took so long that somebody else has begun another."""


def attempt(link_id: int, access: Access, clock: Clock, budget: timedelta) -> bool:
    """Bring a link to its end if Canvas lets us. True: it is settled; False: there is more to do, later.

    Raises a Failure when Canvas could not be told; the link then waits for the next attempt.
    """
    now = clock()
    with db.transaction() as session:
        work = settling.lease(session, link_id, now, until=now + budget + MARGIN)
        if work is None:
            return not settling.is_waiting(session, link_id)
    try:
        if work.state is LinkState.PENDING:
            _settle(work, _make(work, access), clock())
        else:
            _unmake(work, access)
            with db.transaction() as session:
                settling.ended(session, work, clock())
    except Failure as failure:
        with db.transaction() as session:
            if work.impatient and work.state is LinkState.PENDING and isinstance(failure, RETRYABLE):
                settling.failed(session, work, Reason.GAVE_UP, clock(), half_made=True)
            else:
                settling.release(session, work)
        raise
    with db.reading() as session:
        return not settling.is_waiting(session, link_id)


def is_gone(link_id: int, access: Access, clock: Clock) -> bool:
    """Whether an active link was ended in Canvas by somebody else; then it is ended here too.

    Raises a Failure when Canvas does not say.
    """
    with db.reading() as session:
        work = settling.look_at(session, link_id, clock())
    if work is None:
        return False
    canvas = access.service(work.institution_id)
    if work.course_id is None:
        held = observees.find(canvas, work.observer, work.student) is not None
    else:
        held = bool(_observer_rows(canvas, work.course_id, work))
    if held:
        return False
    with db.transaction() as session:
        return settling.gone(session, work, clock())


def _settle(work: Work, outcome: Connected | Impossible, now: datetime) -> None:
    with db.transaction() as session:
        match outcome:
            case Connected(held, found):
                settling.connected(session, work, held, now, found)
            case Impossible(reason, half_made, bar):
                settling.failed(session, work, reason, now, half_made)
                if bar is not None:
                    bars.note(session, bar, work.observer_id, now, None)


def _make(work: Work, access: Access) -> Connected | Impossible:
    made: list[Held] = []
    try:
        canvas = access.service(work.institution_id)
        bar = _forbidden(canvas, work, access)
        if bar is not None:
            return Impossible(bars.NEUTRAL.reason, half_made=work.looked, bar=bar)
        seen = _look(canvas, work)
        if seen is None:
            return Impossible(Reason.STUDENT_LEFT_COURSE, half_made=work.looked)
        if seen.complete:
            return Connected(seen.held, found=not work.looked)
        if not work.looked:
            _note(work, seen)
        _write(canvas, work, seen, made)
    except (*RETRYABLE, LeaseLost):
        raise
    except Failure as refusal:
        if work.renewed and isinstance(refusal, FOR_AN_ADMIN):
            raise
        return Impossible(why(refusal, work.scope is Scope.COURSE), half_made=work.looked or bool(made))
    return Connected((*seen.held, *made), found=False)


def _forbidden(canvas: Canvas, work: Work, access: Access) -> Bar | None:
    """The entry of the do-not-pair list that keeps the two apart; it may be younger than the link.

    Where Canvas hides addresses from the service account, it tells them to the observers themselves.
    """
    with db.reading() as session:
        entries = bars.against(session, work.institution_id, work.student_id)
    addresses = bars.addresses(canvas, work.observer, entries)
    if addresses is None:
        with suppress(NotConnected, TokenDead):
            own = access.own(work.institution_id, work.observer_id)
            addresses = bars.addresses(own, "self", entries)
    return bars.match(entries, work.observer_id, addresses)


def _note(work: Work, seen: Seen) -> None:
    with db.transaction() as session:
        if not settling.note_look(session, work, seen.held):
            raise LeaseLost


def _look(canvas: Canvas, work: Work) -> Seen | None:
    """What Canvas holds now. None: the student is not in the course; Canvas itself never checks that."""
    if work.course_id is None:
        return Seen(observees.find(canvas, work.observer, work.student) is not None)
    theirs = enrollments.of_student_in_course(canvas, work.course_id, work.student)
    if not theirs:
        return None
    held = _observer_rows(canvas, work.course_id, work)
    covered = {one.section_id for one in held}
    missing = tuple(dict.fromkeys(e.section_id for e in theirs if e.section_id not in covered))
    return Seen(not missing, held, missing)


def _observer_rows(canvas: Canvas, course_id: str, work: Work) -> tuple[Held, ...]:
    rows = enrollments.of_observer_in_course(canvas, course_id, work.observer)
    return tuple(Held(row.id, row.section_id) for row in rows if row.associated_user_id == work.student)


def _write(canvas: Canvas, work: Work, seen: Seen, made: list[Held]) -> None:
    """Make what is missing, noting each piece in `made` as soon as Canvas holds it."""
    if work.scope is Scope.ALL:
        observees.add(canvas, work.observer, work.student)
    for section in seen.missing:
        row = enrollments.observe_section(canvas, section, work.observer, work.student)
        made.append(Held(row.id, row.section_id))


def _unmake(work: Work, access: Access) -> None:
    if work.undoing and not work.looked:
        return  # Canvas could never be reached: what it holds was there before us
    if work.course_id is None:
        _unlink(work, access)
        return
    canvas = access.service(work.institution_id)
    if observees.find(canvas, work.observer, work.student) is not None:
        return  # an all-course link stands on the same enrollments; they are its own now
    try:
        rows = _observer_rows(canvas, work.course_id, work)
    except CanvasMissing:
        return  # the course or the person is gone, and every enrollment with it
    for held in rows:
        if not (work.spares and held.enrollment_id in work.spared):
            enrollments.delete(canvas, work.course_id, held.enrollment_id)


def _unlink(work: Work, access: Access) -> None:
    """End an all-course link; without a service account as the observer, whom Canvas lets do so too."""
    try:
        observees.remove(access.service(work.institution_id), work.observer, work.student)
    except (NotConnected, TokenDead):
        if work.again:
            raise  # an observer could end it, but not make it again
        own = access.own(work.institution_id, work.observer_id)
        observees.remove(own, work.observer, work.student)


def why(failure: Failure, course: bool) -> Reason:
    """The word for a failure that will not pass by itself."""
    match failure:
        case NotConnected() | TokenDead():
            return Reason.NOT_CONNECTED
        case CanvasMissing():
            return (
                Reason.STUDENT_LEFT_COURSE if course and failure.method == "GET" else Reason.OBSERVER_UNKNOWN
            )
        case CanvasRejects() if "concluded" in failure.message:
            return Reason.COURSE_CONCLUDED
        case CanvasRejects() if failure.message == observees.LINKED_NOTHING:
            return Reason.LINKED_NOTHING
        case CanvasRejects():
            return Reason.CANVAS_REFUSED
        case _:
            return Reason.NOT_ALLOWED
