"""Making an account with a code: Canvas is asked within the request, for only there is the password.

An account is asked for once. When Canvas's answer is lost, nobody asks again: what Canvas holds tells whether
it was made, at once or by a job. No transaction is open meanwhile.

Calls to Canvas before connecting: with a code of ours for all courses one read (who observes the student
already) and two writes (a code of Canvas's own, and the account, which comes with the link); for one course
two reads (whether the login is taken, too) and one write; with a code of Canvas's own one write.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import db, people
from app.canvas import Canvas, observees, users
from app.canvas.users import Invalid, NewUser, User
from app.crypto import Keyring
from app.errors import (
    RETRYABLE,
    CanvasFailure,
    CanvasForbids,
    CanvasMissing,
    CanvasRejects,
    CanvasThrottled,
    Failure,
    FieldError,
    NotConnected,
    ScopeMissing,
    TokenDead,
)
from app.models import Person, Road
from app.pairing import bars, guesses, links, signing_up
from app.pairing.applying import LeaseLost
from app.pairing.codes import ALL_COURSES
from app.pairing.guesses import Guesser
from app.pairing.rules import Reason, Refused
from app.pairing.signing_up import Again, Asked, Work

Clock = Callable[[], datetime]

NOT_YET = timedelta(seconds=20)  # Canvas may still be at work on a call whose answer was lost
LATE = timedelta(minutes=2)  # by then it is not
GIVE_UP = timedelta(days=7)  # when nobody can find out: the use is worth more than the certainty
CLOSED_DOOR = (NotConnected, TokenDead, ScopeMissing, CanvasForbids)  # only an admin can open it


@dataclass(frozen=True, slots=True)
class Doors:
    """The two ways into Canvas: as the service account (may raise NotConnected, TokenDead), and as nobody."""

    service: Callable[[], Canvas]
    nobody: Canvas


@dataclass(frozen=True, slots=True)
class Made:
    """There is an account; its link may still wait for Canvas. No sign-up: by a code of Canvas's own."""

    sign_up_id: int | None
    link_id: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Canvas's answer was lost; a job finds out. No sign-up: nobody will, for there is no code of ours."""

    sign_up_id: int | None


@dataclass(frozen=True, slots=True)
class Declined:
    """Canvas made no account. Of `fields` it said what is wrong; empty: it is not told why."""

    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Closed:
    """This Canvas lets nobody sign up as an observer."""


Answer = User | Declined | Waiting | Closed | Refused
Outcome = Made | Waiting | Again | Declined | Closed | Refused

# Canvas's names of what a person can see is wrong without learning who has an account (Users API, POST).
FIELDS = {
    "user.name": "name",
    "user.terms_of_use": "terms",
    "pseudonym.password": "password",
    "pseudonym.password_confirmation": "password",
}
NOT_AN_ADDRESS = ("not_email", "invalid", "too_short", "too_long", "blank")


def make(
    keyring: Keyring,
    institution_id: int,
    asked: Asked,
    text: str,
    who: Guesser,
    doors: Doors,
    clock: Clock,
    head_start: timedelta,
) -> Outcome:
    """Make an account with a code of ours, and connect it."""
    with db.transaction() as session:
        begun = signing_up.begin(session, keyring, institution_id, asked, text, who, clock(), head_start)
    if not isinstance(begun, Work):
        return begun
    try:
        prepared = _prepare(keyring, begun, doors)
        answer: Answer = _create(*prepared, asked, doors) if prepared else Declined()
    except Failure as failure:
        answer = _why(begun, failure)
    if isinstance(answer, Waiting):
        answer = _look_once(begun, keyring, doors) or answer
    return _settle(keyring, begun, answer, clock(), head_start)


def _prepare(keyring: Keyring, work: Work, doors: Doors) -> tuple[Work, str] | None:
    """Look first, note what was seen, and get what the account is made with. None: the login is taken."""
    canvas, code = doors.service(), ""
    if work.road is Road.PLAIN and _account(canvas, work) is not None:
        return None
    work = replace(work, before=tuple(one.id for one in observees.list_observers(canvas, work.student)))
    if work.road is Road.NATIVE:
        code = observees.make_pairing_code(canvas, work.student).code
    with db.transaction() as session:
        if not signing_up.note_look(session, keyring, work):
            raise LeaseLost
    return work, code


def _create(work: Work, code: str, asked: Asked, doors: Doors) -> User | Declined | Waiting | Closed:
    """The one call that makes the account. Nothing is known after a lost answer."""
    try:
        if work.road is Road.NATIVE:
            answer = _register(asked, code, doors.nobody)
        else:
            answer = users.create(doors.service(), "self", _new(asked))
    except CanvasThrottled:
        raise
    except RETRYABLE:
        return Waiting(work.sign_up_id)
    except CanvasRejects:
        return Declined()
    return declined(answer.fields) if isinstance(answer, Invalid) else answer


def _new(asked: Asked) -> NewUser:
    return NewUser(
        name=asked.name,
        login=asked.login,
        email=asked.login,
        password=asked.password,
        locale=asked.locale,
    )


def _register(asked: Asked, code: str, nobody: Canvas) -> User | Invalid | Closed:
    """Sign up by oneself. Older Canvas says "forbidden" as it says "who are you", with 401."""
    try:
        return users.register(
            nobody,
            "self",
            name=asked.name,
            email=asked.login,
            password=asked.password,
            pairing_code=code,
            locale=asked.locale,
        )
    except (CanvasForbids, TokenDead):
        return Closed()


def declined(errors: tuple[FieldError, ...]) -> Declined:
    """What a person may be told of what Canvas finds wrong: never that somebody has this login."""
    fields = {FIELDS[error.field] for error in errors if error.field in FIELDS}
    logins = [error for error in errors if error.field == "pseudonym.unique_id"]
    if any(error.type in NOT_AN_ADDRESS for error in logins):
        fields.add("email")
    return Declined(frozenset(fields))


def _why(work: Work, failure: Failure) -> Closed | Refused:
    """What a failure means that came before the account could be made."""
    match failure:
        case NotConnected() | TokenDead():
            return Refused(Reason.NOT_CONNECTED)
        case ScopeMissing() | CanvasForbids() if work.road is Road.PLAIN:
            return Refused(Reason.ACCOUNT_FIRST)
        case ScopeMissing() | CanvasForbids() | CanvasMissing():
            return Refused(Reason.NOT_ALLOWED)
        case _:
            return Refused(Reason.CANVAS_AWAY)


def _look_once(work: Work, keyring: Keyring, doors: Doors) -> User | None:
    try:
        with db.reading() as session:
            noted = signing_up.find(session, keyring, work.sign_up_id)
        return find_out(doors.service(), noted) if noted else None
    except Failure:
        return None


def _settle(
    keyring: Keyring,
    work: Work,
    answer: Answer,
    now: datetime,
    head_start: timedelta,
) -> Outcome:
    if isinstance(answer, Waiting):
        return answer
    with db.transaction() as session:
        if isinstance(answer, User):
            link_id = signing_up.made(session, keyring, work, answer, now, head_start)
            return Made(work.sign_up_id, link_id)
        signing_up.undone(session, work, now)
    return answer


def find_out(canvas: Canvas, work: Work) -> User | None:
    """The account, if Canvas made it: the student's observers tell, or the login that was free before."""
    if work.before is None:
        return None  # Canvas was never asked
    if work.road is Road.PLAIN:
        found = _account(canvas, work)
        return found if found and found.name == work.name else None
    new = [one for one in observees.list_observers(canvas, work.student) if one.id not in work.before]
    return next((one for one in new if _is_theirs(one, work)), None)


def _is_theirs(user: User, work: Work) -> bool:
    """By the login where Canvas tells it, else by the name."""
    if user.login is not None:
        return user.login.casefold() == work.login.casefold()
    return user.name == work.name


def _account(canvas: Canvas, work: Work) -> User | None:
    """Who has this login. CanvasForbids if Canvas tells no logins: then nothing could be found out."""
    wanted = work.login.casefold()
    found = users.search_account(canvas, "self", work.login)
    if any(one.login is None for one in found):
        raise CanvasForbids("GET", "/api/v1/accounts/self/users", 200, "no login is told")
    return next((one for one in found if one.login and one.login.casefold() == wanted), None)


def finish(
    keyring: Keyring, sign_up_id: int, service: Callable[[int], Canvas], clock: Clock, head_start: timedelta
) -> timedelta | None:
    """Find out what became of a sign-up whose request died or heard nothing; how long to wait, or None."""
    with db.reading() as session:
        work = signing_up.find(session, keyring, sign_up_id)
    if work is None:
        return None
    age = clock() - work.created_at
    try:
        user = find_out(service(work.institution_id), work)
    except CLOSED_DOOR:
        if age < GIVE_UP:
            raise
        user = None
    if user is None and age < LATE and work.before is not None:
        return NOT_YET
    with db.transaction() as session:
        if user is None:
            signing_up.undone(session, work, clock())
        else:
            signing_up.made(session, keyring, work, user, clock(), head_start)
    return None


def make_with_native(
    institution_id: int, asked: Asked, text: str, who: Guesser, doors: Doors, clock: Clock
) -> Outcome:
    """Make an account with one of Canvas's own codes, in one call that needs no right at all."""
    now = clock()
    with db.transaction() as session:
        wait = guesses.wait_until(session, institution_id, who, now)
        often = signing_up.too_often(session, institution_id, signing_up.address_of(who), now)
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    if often is not None:
        return often
    try:
        answer = _register(asked, text, doors.nobody)
    except CanvasThrottled:
        return Refused(Reason.CANVAS_AWAY)
    except RETRYABLE:
        return Waiting(None)
    except CanvasFailure:
        return Declined()
    if isinstance(answer, Closed):
        return answer
    if isinstance(answer, User):
        return Made(None, _note(institution_id, answer, asked, doors, clock()))
    if any(error.field.startswith("pairing_code") for error in answer.fields):
        with db.transaction() as session:
            guesses.miss(session, institution_id, who, now)
            return signing_up.refuse(session, institution_id, Refused(Reason.NATIVE_INVALID), now)
    return declined(answer.fields)


def _note(institution_id: int, user: User, asked: Asked, doors: Doors, now: datetime) -> int | None:
    """Write down what Canvas has linked, if it tells; nothing depends on it."""
    try:
        students = observees.list_observees(doors.service(), user.id)
    except Failure:
        students = []
    with db.transaction() as session:
        person = people.remember(session, institution_id, user.id, user.name, now, locale=asked.locale)
        signing_up.note_account(session, person, now)
        found = [_linked(session, person, student, asked.login, now) for student in students]
    return next(filter(None, found), None)


def _linked(session: Session, observer: Person, student: User, login: str, now: datetime) -> int | None:
    """The link Canvas has made. None: the do-not-pair list forbids it, so a job ends it at once."""
    person = people.remember(session, observer.institution_id, student.id, student.name, now)
    link = links.note_native(session, observer, person, now)
    bar = bars.forbids(session, observer.institution_id, person, observer, bars.as_listed(login))
    if bar is None:
        return link.id
    links.leave(session, observer, person, ALL_COURSES, now, timedelta(0))
    bars.note(session, bar, observer.id, now, observer.id)
    return None
