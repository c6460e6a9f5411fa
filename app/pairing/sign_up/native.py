"""Making an account with one of Canvas's own codes: one call to Canvas, which needs no right at all."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import db, people
from app.canvas import observees, users
from app.canvas.users import User
from app.errors import RETRYABLE, CanvasFailure, CanvasThrottled, Failure
from app.models import Person, Way
from app.pairing import bars, directory, guesses, links, proofs
from app.pairing.codes import ALL_COURSES
from app.pairing.directory import Somebody
from app.pairing.guesses import Guesser
from app.pairing.rules import Reason, Refused
from app.pairing.sign_up import noting
from app.pairing.sign_up.making import declined, register
from app.pairing.sign_up.outcomes import Asked, Clock, Closed, Declined, Doors, Made, Outcome, Waiting
from app.people import Operator


def make(institution_id: int, asked: Asked, text: str, who: Guesser, doors: Doors, clock: Clock) -> Outcome:
    """Make an account with one of Canvas's own codes, in one call that needs no right at all."""
    now = clock()
    with db.transaction() as session:
        wait = guesses.wait_until(session, institution_id, who, now)
        often = noting.too_often(session, institution_id, noting.address_of(who), now)
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    if often is not None:
        return often
    try:
        answer = register(asked, text, doors.nobody)
    except CanvasThrottled:
        return Refused(Reason.CANVAS_AWAY)
    except RETRYABLE:
        found = _look_once(institution_id, asked, doors)
        return Made(None, _note(institution_id, found, asked, doors, clock())) if found else Waiting(None)
    except CanvasFailure:
        return Declined()
    if isinstance(answer, Closed):
        return answer
    if isinstance(answer, User):
        with db.transaction() as session:
            noting.worked(session, institution_id, who, clock())
        return Made(None, _note(institution_id, answer, asked, doors, clock()))
    if any(error.field.startswith("pairing_code") for error in answer.fields):
        with db.transaction() as session:
            guesses.miss(session, institution_id, who, now)
            return noting.refuse(session, institution_id, Refused(Reason.NATIVE_INVALID), now)
    return declined(answer.fields)


def _look_once(institution_id: int, asked: Asked, doors: Doors) -> Somebody | None:
    """Who has the login now, after a lost answer. Whom Observatory has met had it before, or a namesake."""
    try:
        found = directory.find(doors.service(), users.by_login(asked.login))
    except Failure:
        return None
    if found is None or found.name != asked.name:
        return None
    with db.reading() as session:
        return None if people.known(session, institution_id, [found.id]) else found


def _note(
    institution_id: int, user: User | Somebody, asked: Asked, doors: Doors, now: datetime
) -> int | None:
    """Write down what Canvas has linked. Where it does not tell, a job looks, and asks the list."""
    with db.transaction() as session:
        person = people.remember(session, institution_id, user.id, user.name, now, locale=asked.locale)
        noting.note_account(session, person, now)
        noting.note_agreement(session, person, asked.agreement_id, now)
        noted = proofs.begin(session, person, Way.NATIVE_CODE, set(), now, proofs.NOT_YET)
    try:
        students = observees.list_observees(doors.service(), user.id)
    except Failure:
        return None
    if not students:
        return None
    with db.transaction() as session:
        found = [_linked(session, person, student, asked.login, now) for student in students]
        proofs.drop(session, noted)
    return next(filter(None, found), None)


def _linked(session: Session, observer: Person, student: User, login: str, now: datetime) -> int | None:
    """The link Canvas has made. None: the do-not-pair list forbids it, so a job ends it at once."""
    person = people.remember(session, observer.institution_id, student.id, student.name, now)
    link = links.note_native(session, observer, person, now)
    bar = bars.forbids(session, observer.institution_id, person, observer, bars.as_listed(login))
    if bar is None:
        return link.id
    by = Operator(observer.institution_id)  # the list ends it, not the observer
    links.leave(session, observer, person, ALL_COURSES, now, timedelta(0), by)
    bars.note(session, bar, observer.id, now, observer.id)
    return None
