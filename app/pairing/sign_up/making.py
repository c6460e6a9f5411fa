"""Making an account with a code of ours.

Calls to Canvas before connecting: with a code for all courses one read (who observes the student already) and
two writes (a code of Canvas's own, and the account, which comes with the link); for one course two reads
(whether the login is taken, too) and one write.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from app import db
from app.canvas import Canvas, observees, users
from app.canvas.users import Invalid, NewUser, User
from app.crypto import Keyring
from app.errors import (
    RETRYABLE,
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
from app.models import Road
from app.pairing.applying import LeaseLost
from app.pairing.guesses import Guesser
from app.pairing.rules import Reason, Refused
from app.pairing.sign_up import noting
from app.pairing.sign_up.finding_out import account, find_out
from app.pairing.sign_up.outcomes import (
    Answer,
    Asked,
    Clock,
    Closed,
    Declined,
    Doors,
    Made,
    Outcome,
    Waiting,
    Work,
)

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
        begun = noting.begin(session, keyring, institution_id, asked, text, who, clock(), head_start)
    if not isinstance(begun, Work):
        return begun
    try:
        prepared = _prepare(keyring, begun, doors)
        answer: Answer = _create(*prepared, asked, doors) if prepared else Declined()
    except Failure as failure:
        answer = _why(begun, failure)
    if isinstance(answer, Waiting):
        answer = _look_once(begun, keyring, doors) or answer
    return _settle(keyring, begun, answer, who, clock(), head_start)


def _prepare(keyring: Keyring, work: Work, doors: Doors) -> tuple[Work, str] | None:
    """Look first, note what was seen, and get what the account is made with. None: the login is taken."""
    canvas, code = doors.service(), ""
    if work.road is Road.PLAIN and account(canvas, work) is not None:
        return None
    work = replace(work, before=tuple(one.id for one in observees.list_observers(canvas, work.student)))
    if work.road is Road.NATIVE:
        code = observees.make_pairing_code(canvas, work.student).code
    with db.transaction() as session:
        if not noting.note_look(session, keyring, work):
            raise LeaseLost
    return work, code


def _create(work: Work, code: str, asked: Asked, doors: Doors) -> User | Declined | Waiting | Closed:
    """The one call that makes the account. Nothing is known after a lost answer."""
    try:
        if work.road is Road.NATIVE:
            answer = register(asked, code, doors.nobody)
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
        by_themselves=True,
    )


def register(asked: Asked, code: str, nobody: Canvas) -> User | Invalid | Closed:
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
            noted = noting.find(session, keyring, work.sign_up_id)
        return find_out(doors.service(), noted) if noted else None
    except Failure:
        return None


def _settle(
    keyring: Keyring,
    work: Work,
    answer: Answer,
    who: Guesser,
    now: datetime,
    head_start: timedelta,
) -> Outcome:
    if isinstance(answer, Waiting):
        return answer
    with db.transaction() as session:
        if isinstance(answer, User):
            link_id = noting.made(session, keyring, work, answer, now, head_start)
            noting.worked(session, work.institution_id, who, now)
            return Made(work.sign_up_id, link_id)
        noting.undone(session, work, now)
    return answer
