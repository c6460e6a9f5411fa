"""User Observees API: links over all courses of a student, and Canvas's own pairing codes."""

from dataclasses import dataclass, field
from datetime import datetime

from app.canvas import http
from app.canvas.answers import Answer
from app.canvas.client import Canvas, path
from app.canvas.users import User, user
from app.errors import CanvasMissing, CanvasNonsense, CanvasRejects

LINKED_NOTHING = "no link"  # the message when Canvas answered 200 and made no link
EVERYWHERE = "all"  # as a root account: every one that both people share


@dataclass(frozen=True, slots=True)
class PairingCode:
    """A code of Canvas's own: six characters, case matters, works once, for one observer."""

    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """No link yet: the student must sign in at this address, in the observer's browser (SAML)."""

    url: str


def list_observees(canvas: Canvas, observer_id: str) -> list[User]:
    """The students linked to an observer, by sortable name.

    User Observees API, GET /api/v1/users/:user_id/observees.
    """
    return [user(fields) for fields in canvas.pages(path("users", observer_id, "observees"))]


def list_observers(canvas: Canvas, student_id: str) -> list[User]:
    """The observers linked to a student, by sortable name.

    User Observees API, GET /api/v1/users/:user_id/observers.
    """
    return [user(fields) for fields in canvas.pages(path("users", student_id, "observers"))]


def find(canvas: Canvas, observer_id: str, student_id: str) -> User | None:
    """The student, if this observer is linked to them; None if not, or if either is unknown.

    User Observees API, GET /api/v1/users/:user_id/observees/:observee_id.
    """
    try:
        return user(canvas.get(path("users", observer_id, "observees", student_id)).object())
    except CanvasMissing:
        return None


def find_observer(canvas: Canvas, student_id: str, observer_id: str) -> User | None:
    """The observer, if they are linked to this student; None if not, or if either is unknown.

    User Observees API, GET /api/v1/users/:user_id/observers/:observer_id.
    """
    try:
        return user(canvas.get(path("users", student_id, "observers", observer_id)).object())
    except CanvasMissing:
        return None


def add_by_code(canvas: Canvas, observer_id: str, code: str, root_account_id: str | None = None) -> User:
    """Link the student of a native pairing code. The code is spent even if no link comes of it.

    Raises CanvasRejects with "Invalid pairing code." or LINKED_NOTHING.
    User Observees API, POST /api/v1/users/:user_id/observees.
    """
    return _linked(_prove(canvas, observer_id, {"pairing_code": code}, code, root_account_id))


def add_by_token(canvas: Canvas, observer_id: str, token: str, root_account_id: str | None = None) -> User:
    """Link the student whose access token this is. Raises CanvasRejects: "Unknown observee." or as above.

    User Observees API, POST /api/v1/users/:user_id/observees.
    """
    return _linked(_prove(canvas, observer_id, {"access_token": token}, token, root_account_id))


def add_by_credentials(
    canvas: Canvas, observer_id: str, login: str, password: str, root_account_id: str | None = None
) -> User | Elsewhere:
    """Link the student who signs in with these. Where SAML is set up so, the student must sign in there.

    Raises CanvasRejects: "Unknown observee.", "Invalid credentials provided." or LINKED_NOTHING.
    User Observees API, POST /api/v1/users/:user_id/observees.
    """
    proof = {"observee[unique_id]": login, "observee[password]": password}
    answer = _prove(canvas, observer_id, proof, password, root_account_id)
    if not answer.object().has("redirect"):
        return _linked(answer)
    url = http.beside(canvas.base_url + answer.path, answer.object().text("redirect"))
    if url is None:
        raise CanvasNonsense(answer.method, answer.path, 200, "sends the student to another server")
    return Elsewhere(url)


def add(canvas: Canvas, observer_id: str, student_id: str, root_account_id: str | None = None) -> User:
    """Link a student, as an admin; repeating it is harmless. Raises CanvasRejects with LINKED_NOTHING.

    Without a root account it is that of Canvas's host, whatever the documentation says.
    User Observees API, PUT /api/v1/users/:user_id/observees/:observee_id.
    """
    where = path("users", observer_id, "observees", student_id)
    return _linked(canvas.put(where, *_root(root_account_id)))


def remove(canvas: Canvas, observer_id: str, student_id: str) -> bool:
    """End the link, and with it every enrollment that observes this student; False if there was none.

    User Observees API, DELETE /api/v1/users/:user_id/observees/:observee_id.
    """
    try:
        canvas.delete(path("users", observer_id, "observees", student_id))
    except CanvasMissing:
        return False
    return True


def make_pairing_code(canvas: Canvas, student_id: str) -> PairingCode:
    """A new native code for a student. CanvasForbids also when they are no student.

    User Observees API, POST /api/v1/users/:user_id/observer_pairing_codes.
    """
    fields = canvas.post(path("users", student_id, "observer_pairing_codes")).object()
    return PairingCode(fields.secret("code"), fields.moment("expires_at"))


def _prove(
    canvas: Canvas, observer_id: str, proof: dict[str, str], secret: str, root_account_id: str | None
) -> Answer:
    where = path("users", observer_id, "observees")
    return canvas.post(where, *proof.items(), *_root(root_account_id), secrets=(secret,))


def _root(root_account_id: str | None) -> tuple[tuple[str, str], ...]:
    return (("root_account_id", root_account_id),) if root_account_id else ()


def _linked(answer: Answer) -> User:
    """The student, if there is now a link: Canvas answers 200 also when it made none."""
    fields = answer.object()
    fields.ids("observation_link_root_account_ids")  # without it nothing would be known
    student = user(fields)
    if not student.observation_link_root_account_ids:
        raise CanvasRejects(answer.method, answer.path, 200, LINKED_NOTHING)
    return student
