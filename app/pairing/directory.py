"""Finding people for the office: in Canvas, or among those Observatory has met."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.canvas import Canvas, users
from app.errors import CanvasForbids, CanvasMissing, CanvasRejects, ScopeMissing
from app.models import Person

MOST = 25  # people on one page
SHORTEST = 2  # characters Canvas searches for


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person as the office tells them from others."""

    id: str  # Canvas's number
    name: str
    login: str | None = None
    sis_user_id: str | None = None
    email: str | None = None

    @property
    def addresses(self) -> frozenset[str]:
        """What they are reached and sign in by, as far as Canvas tells."""
        return frozenset(text.lower() for text in (self.email, self.login) if text)


@dataclass(frozen=True, slots=True)
class Found:
    """People a term may mean. `everybody`: the whole school was looked through; `more`: there are others."""

    people: tuple[Somebody, ...]
    everybody: bool
    more: bool = False


def search(canvas: Canvas, met: Callable[[], Iterable[Somebody]], term: str) -> Found:
    """People by name, login, SIS id or e-mail; by the exact Canvas id, SIS id or login also where
    the service account may not search.

    `met` gives those whose name Observatory has met: all there is to search without Canvas's permission.
    """
    try:
        listed = users.search_account(canvas, "self", term, most=MOST + 1)
    except (ScopeMissing, CanvasForbids):
        numbers = [term] if term.isascii() and term.isdigit() else []
        places = [*numbers, users.by_sis_id(term), users.by_login(term)]
        exact = filter(None, (find(canvas, place) for place in places))
        people = list({one.id: one for one in (*met(), *exact)}.values())
        return Found(tuple(people[:MOST]), everybody=False, more=len(people) > MOST)
    except CanvasRejects:
        return Found((), everybody=True)  # too short for this Canvas
    people = [Somebody(one.id, one.name, one.login, one.sis_user_id, one.email) for one in listed]
    return Found(tuple(people[:MOST]), everybody=True, more=len(people) > MOST)


def known(session: Session, institution_id: int, term: str) -> list[Somebody]:
    """The people Observatory has met whose name holds the term."""
    rows = session.scalars(
        select(Person)
        .where(Person.institution_id == institution_id, Person.name.icontains(term, autoescape=True))
        .order_by(Person.name, Person.id)
        .limit(MOST + 1)
    )
    return [Somebody(row.canvas_user_id, row.name) for row in rows]


def find(canvas: Canvas, user_id: str) -> Somebody | None:
    """Somebody by their number in Canvas, or by what users.by_login or by_sis_id give; None: nobody."""
    try:
        profile = users.profile(canvas, user_id)
    except CanvasMissing:
        return None
    return Somebody(profile.id, profile.name, profile.login, profile.sis_user_id, profile.email)
