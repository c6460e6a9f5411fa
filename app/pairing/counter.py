"""At the school's counter: an account for an observer, and a connection after somebody's papers were seen."""

import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from app import audit, people
from app.canvas import Canvas, users
from app.canvas.users import Invalid, NewUser
from app.errors import RETRYABLE
from app.models import Person
from app.pairing import adding, directory, spelling
from app.pairing.adding import NOTHING_SAID, Outcome, Pair, Said
from app.pairing.codes import Reach
from app.pairing.directory import Somebody
from app.people import Actor

LETTERS = 12  # of a password for the first sign-in: 60 bits
DIGITS = 6  # of a login, that hardly anybody else draws them


class Paper(StrEnum):
    """What somebody showed to prove who they are. Its number is nobody's business, ours neither."""

    PASSPORT = "passport"
    ID_CARD = "id_card"
    LICENSE = "license"  # to drive
    PERMIT = "permit"  # to reside
    RECORDS = "records"  # they answered what the school's own records say
    KNOWN = "known"  # the office knows them


@dataclass(frozen=True, slots=True)
class Made:
    """A new account, and the password for the first sign-in where Canvas writes no e-mail."""

    observer: Somebody
    password: str | None = field(default=None, repr=False)
    lacks: str | None = None  # the SIS id it was to have: without the right, Canvas drops it without a word


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody has this login already."""

    owner: Somebody


def draw() -> str:
    """Digits that tell a new login from all others."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def make_login(name: str, drawn: str) -> str:
    """A login for somebody without an e-mail address; the same for the same name and digits."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = ["".join(letter for letter in word if letter.isalnum()) for word in plain.split()]
    if not any(letter.isalpha() for letter in plain):
        words = ["observer"]  # digits alone look like the logins of students
    return ".".join([*filter(None, words), drawn])


def make_password() -> str:
    """A password that can be read from paper: three groups of four."""
    letters = "".join(secrets.choice(spelling.ALPHABET) for _ in range(LETTERS))
    return "-".join(letters[start : start + 4] for start in range(0, LETTERS, 4))


def create(
    canvas: Canvas, name: str, login: str, email: str | None, sis_id: str | None
) -> Made | Taken | Invalid:
    """Make an account. With an address Canvas writes to it; without one there is a password to begin with.

    When Canvas's answer is lost, its login tells whether the account was made; raises if it was not.
    """
    owner = directory.find(canvas, users.by_login(login))
    if owner is not None:
        return Taken(owner)
    password = None if email else make_password()
    newcomer = NewUser(
        name=name, login=login, email=email, sis_user_id=sis_id, password=password, invited=bool(email)
    )
    try:
        made = users.create(canvas, "self", newcomer)
    except RETRYABLE:
        found = directory.find(canvas, users.by_login(login))
        if found is None or found.name != name:
            raise
        return Made(found, password, _dropped(sis_id, found.sis_user_id))
    if isinstance(made, Invalid):
        return made
    newborn = Somebody(made.id, made.name, login, made.sis_user_id, email)
    return Made(newborn, password, _dropped(sis_id, made.sis_user_id))


def _dropped(wanted: str | None, given: str | None) -> str | None:
    return wanted if wanted != given else None


def note_account(session: Session, admin: Actor, made: Made, now: datetime) -> None:
    """Write down that an admin made an account."""
    observer = people.remember(session, admin.institution_id, made.observer.id, made.observer.name, now)
    audit.record(
        session,
        admin.institution_id,
        audit.Event.OBSERVER_MADE,
        now,
        admin.id,
        observer=observer.id,
        email=made.password is None,
    )


def connect(
    session: Session,
    admin: Person,
    pair: Pair,
    reach: Reach,
    paper: Paper,
    now: datetime,
    head_start: timedelta,
    said: Said = NOTHING_SAID,
) -> Outcome:
    """Connect two people after a check of the observer's papers, which is written down with it."""
    observer, student = (
        people.remember(session, admin.institution_id, one.id, one.name, now)
        for one in (pair.observer, pair.student)
    )
    audit.record(
        session,
        admin.institution_id,
        audit.Event.ID_CHECKED,
        now,
        admin.id,
        observer=observer.id,
        student=student.id,
        paper=paper,
    )
    return adding.connect(session, admin, pair, reach, now, head_start, said)
