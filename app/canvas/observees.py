"""User Observees API: links over all courses of a student, and Canvas's own pairing codes."""

from app.canvas.answers import Answer
from app.canvas.client import Canvas, path
from app.canvas.users import User, user
from app.errors import CanvasMissing, CanvasRejects

LINKED_NOTHING = "no link"  # the message when Canvas answered 200 and made no link


def list_observees(canvas: Canvas, observer_id: str) -> list[User]:
    """The students linked to an observer. User Observees API, GET /api/v1/users/:user_id/observees."""
    return [user(fields) for fields in canvas.pages(path("users", observer_id, "observees"))]


def list_observers(canvas: Canvas, student_id: str) -> list[User]:
    """The observers linked to a student. User Observees API, GET /api/v1/users/:user_id/observers."""
    return [user(fields) for fields in canvas.pages(path("users", student_id, "observers"))]


def find(canvas: Canvas, observer_id: str, student_id: str) -> User | None:
    """The student, if this observer is linked to them; None if not, or if either is unknown.

    User Observees API, GET /api/v1/users/:user_id/observees/:observee_id.
    """
    try:
        return user(canvas.get(path("users", observer_id, "observees", student_id)).object())
    except CanvasMissing:
        return None


def add_by_code(canvas: Canvas, observer_id: str, code: str) -> User:
    """Link the student of a native pairing code. The code is spent even if no link comes of it.

    Raises CanvasRejects with "Invalid pairing code." or LINKED_NOTHING.
    User Observees API, POST /api/v1/users/:user_id/observees.
    """
    answer = canvas.post(path("users", observer_id, "observees"), ("pairing_code", code), secret=code)
    return _linked(answer)


def add(canvas: Canvas, observer_id: str, student_id: str) -> User:
    """Link a student, as an admin; repeating it is harmless. Raises CanvasRejects with LINKED_NOTHING.

    User Observees API, PUT /api/v1/users/:user_id/observees/:observee_id.
    """
    return _linked(canvas.put(path("users", observer_id, "observees", student_id)))


def remove(canvas: Canvas, observer_id: str, student_id: str) -> bool:
    """End the link, and with it every enrollment that observes this student; False if there was none.

    User Observees API, DELETE /api/v1/users/:user_id/observees/:observee_id.
    """
    try:
        canvas.delete(path("users", observer_id, "observees", student_id))
    except CanvasMissing:
        return False
    return True


def _linked(answer: Answer) -> User:
    """The student, if there is now a link: Canvas answers 200 also when it made none."""
    fields = answer.object()
    fields.ids("observation_link_root_account_ids")  # without it nothing would be known
    student = user(fields)
    if not student.observation_link_root_account_ids:
        raise CanvasRejects(answer.method, answer.path, 200, LINKED_NOTHING)
    return student
