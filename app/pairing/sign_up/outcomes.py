"""What somebody types to make an account, and what may come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.canvas import Canvas
from app.canvas.users import User
from app.models import Road
from app.pairing.rules import Refused

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody without an account typed. The password goes to Canvas and nowhere else."""

    name: str
    login: str  # their e-mail address
    password: str = field(repr=False)
    locale: str | None = None
    agreement_id: int | None = None  # the text of the institution that they agreed to


@dataclass(frozen=True, slots=True)
class Work:
    """A sign-up in Canvas's terms. `before` are the student's observers; None: nobody has looked yet."""

    sign_up_id: int
    institution_id: int
    road: Road
    student: str  # Canvas user id
    name: str
    login: str
    locale: str | None
    created_at: datetime
    agreement_id: int | None = None
    before: tuple[str, ...] | None = None  # Canvas user ids


@dataclass(frozen=True, slots=True)
class Doors:
    """The two ways into Canvas: as the service account (may raise NotConnected, TokenDead), and as nobody."""

    service: Callable[[], Canvas]
    nobody: Canvas


@dataclass(frozen=True, slots=True)
class Again:
    """The same was sent a moment ago; this is what became of it."""

    sign_up_id: int


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
