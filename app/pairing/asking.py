"""What Canvas has to be asked before one of our codes is spent, and is asked only where it matters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import policy
from app.canvas import Canvas, observees
from app.crypto import Keyring
from app.errors import Failure
from app.models import Bar
from app.pairing import bars, codes


@dataclass(frozen=True, slots=True)
class Told:
    """Who sees all courses of the student, and what the observer is reached by, as far as somebody told."""

    watching: frozenset[str] = frozenset()  # Canvas's numbers
    addresses: frozenset[str] = frozenset()


NOTHING = Told()


@dataclass(frozen=True, slots=True)
class Question:
    """What matters about a code: who observes its student, if named; and entries that go by an address."""

    student: str | None = None  # Canvas's number
    entries: Sequence[Bar] = ()


def about(session: Session, keyring: Keyring, institution_id: int, text: str) -> Question:
    """What is to be asked before this code is spent."""
    code = codes.find(session, keyring, text)
    if code is None or code.institution_id != institution_id:
        return Question()
    entries = [bar for bar in bars.against(session, institution_id, code.student_id) if bars.by_address(bar)]
    limited = policy.of(session, institution_id).observers_most is not None
    return Question(code.student.canvas_user_id if limited else None, entries)


def ask(
    question: Question, service: Callable[[], Canvas], eyes: Callable[[], Canvas], observer: str = "self"
) -> Told:
    """Ask it: of the student as the service account, of the observer with `eyes`.

    What Canvas does not tell now is asked again before it is told of the link (app.pairing.applying).
    """
    return Told(
        watching(service, question.student) if question.student else frozenset(),
        _addresses(eyes, observer, question.entries) if question.entries else frozenset(),
    )


def _addresses(eyes: Callable[[], Canvas], observer: str, entries: Sequence[Bar]) -> frozenset[str]:
    try:
        return bars.addresses(eyes(), observer, entries) or frozenset()
    except Failure:
        return frozenset()


def watching(service: Callable[[], Canvas], student: str) -> frozenset[str]:
    """Who sees all courses of a student, by Canvas's numbers; nobody, as long as Canvas does not say."""
    try:
        return frozenset(user.id for user in observees.list_observers(service(), student))
    except Failure:
        return frozenset()
