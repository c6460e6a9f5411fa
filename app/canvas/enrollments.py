"""Enrollments API: who is what in which section; observing in one course only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.canvas.answers import Fields
from app.canvas.client import Canvas, path
from app.canvas.users import User, user
from app.errors import CanvasMissing

STUDENT = "StudentEnrollment"
OBSERVER = "ObserverEnrollment"
ACTIVE = "active"
LIVE = (ACTIVE, "invited", "creation_pending")  # the last: not yet invited, the course is unpublished


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One person in one section. `user` is told by lists only."""

    id: str
    user_id: str
    course_id: str
    section_id: str
    type: str
    state: str
    associated_user_id: str | None
    created_at: datetime | None
    start_at: datetime | None  # dates of its own, which hardly any has
    end_at: datetime | None
    user: User | None

    @property
    def user_name(self) -> str:
        """The person's name, where a list tells it."""
        return self.user.name if self.user else ""


def enrollment(fields: Fields) -> Enrollment:
    """An enrollment object."""
    return Enrollment(
        fields.id(),
        fields.id("user_id"),
        fields.id("course_id"),
        fields.id("course_section_id"),
        fields.text("type"),
        fields.text("enrollment_state"),
        fields.optional_id("associated_user_id"),
        fields.optional_moment("created_at"),
        fields.optional_moment("start_at"),
        fields.optional_moment("end_at"),
        user(fields.object("user")) if fields.has("user") else None,
    )


def of_course(
    canvas: Canvas,
    course_id: str,
    types: Iterable[str] = (),
    states: Iterable[str] = LIVE,
    user_id: str | None = None,
) -> list[Enrollment]:
    """The enrollments of a course, of these types (none: all) and states, of one person or everybody.

    Enrollments API, GET /api/v1/courses/:course_id/enrollments.
    """
    person = [("user_id", user_id)] if user_id else []
    return _list(canvas, path("courses", course_id, "enrollments"), types, states, person)


def of_section(
    canvas: Canvas, section_id: str, types: Iterable[str] = (), states: Iterable[str] = LIVE
) -> list[Enrollment]:
    """The enrollments of a section. Enrollments API, GET /api/v1/sections/:section_id/enrollments."""
    return _list(canvas, path("sections", section_id, "enrollments"), types, states)


def of_user(
    canvas: Canvas, user_id: str, types: Iterable[str] = (), states: Iterable[str] = LIVE
) -> list[Enrollment]:
    """The enrollments of a person everywhere. Enrollments API, GET /api/v1/users/:user_id/enrollments."""
    return _list(canvas, path("users", user_id, "enrollments"), types, states)


def get(canvas: Canvas, account_id: str, enrollment_id: str) -> Enrollment:
    """One enrollment, or CanvasMissing.

    Enrollments API, GET /api/v1/accounts/:account_id/enrollments/:id.
    """
    return enrollment(canvas.get(path("accounts", account_id, "enrollments", enrollment_id)).object())


def students_in_course(canvas: Canvas, course_id: str) -> list[Enrollment]:
    """The live student enrollments of a course; one per section."""
    return of_course(canvas, course_id, [STUDENT])


def of_student_in_course(canvas: Canvas, course_id: str, student_id: str) -> list[Enrollment]:
    """The live student enrollments of one person in a course; none if they are no student there."""
    return of_course(canvas, course_id, [STUDENT], user_id=student_id)


def observers_in_course(canvas: Canvas, course_id: str) -> list[Enrollment]:
    """The live observer enrollments of a course, of all-course links too."""
    return of_course(canvas, course_id, [OBSERVER])


def of_observer_in_course(canvas: Canvas, course_id: str, observer_id: str) -> list[Enrollment]:
    """The live observer enrollments of one person in a course."""
    return of_course(canvas, course_id, [OBSERVER], user_id=observer_id)


def _list(
    canvas: Canvas,
    where: str,
    types: Iterable[str],
    states: Iterable[str],
    person: Iterable[tuple[str, str]] = (),
) -> list[Enrollment]:
    asked = [*[("type[]", kind) for kind in types], *person, *[("state[]", state) for state in states]]
    return [enrollment(fields) for fields in canvas.pages(where, *asked)]


def observe_section(canvas: Canvas, section_id: str, observer_id: str, student_id: str) -> Enrollment:
    """Let an observer see one student in one section; repeating it is harmless, nobody gets a message.

    Canvas does not check that the student is in the section: the caller has.
    Enrollments API, POST /api/v1/sections/:section_id/enrollments.
    """
    return _observe(canvas, path("sections", section_id, "enrollments"), observer_id, student_id)


def observe_course(canvas: Canvas, course_id: str, observer_id: str, student_id: str) -> Enrollment:
    """The same in the course's first section, wherever the student is.

    Enrollments API, POST /api/v1/courses/:course_id/enrollments.
    """
    return _observe(canvas, path("courses", course_id, "enrollments"), observer_id, student_id)


def _observe(canvas: Canvas, where: str, observer_id: str, student_id: str) -> Enrollment:
    form = {
        "user_id": observer_id,
        "type": OBSERVER,
        "associated_user_id": student_id,
        "enrollment_state": "active",
        "notify": "false",
    }
    answer = canvas.post(where, *((f"enrollment[{key}]", value) for key, value in form.items())).object()
    answer.id("associated_user_id")  # without it they would observe nobody
    return enrollment(answer)


def delete(canvas: Canvas, course_id: str, enrollment_id: str) -> bool:
    """Take an enrollment away for good; False if it was not there.

    Needs the right to remove observers only, which Canvas's default, to conclude, is not content with.
    """
    return _end(canvas, course_id, enrollment_id, "delete")


def conclude(canvas: Canvas, course_id: str, enrollment_id: str) -> bool:
    """Let an enrollment be over, with its past kept; False if it was not there."""
    return _end(canvas, course_id, enrollment_id, "conclude")


def deactivate(canvas: Canvas, course_id: str, enrollment_id: str) -> bool:
    """Let an enrollment rest until it is reactivated; False if it was not there."""
    return _end(canvas, course_id, enrollment_id, "deactivate")


def _end(canvas: Canvas, course_id: str, enrollment_id: str, task: str) -> bool:
    """Enrollments API, DELETE /api/v1/courses/:course_id/enrollments/:id."""
    try:
        canvas.delete(path("courses", course_id, "enrollments", enrollment_id), ("task", task))
    except CanvasMissing:
        return False
    return True


def reactivate(canvas: Canvas, course_id: str, enrollment_id: str) -> bool:
    """Wake an enrollment that rests; False if it is not there. CanvasRejects when it does not rest.

    Enrollments API, PUT /api/v1/courses/:course_id/enrollments/:id/reactivate.
    """
    try:
        canvas.put(path("courses", course_id, "enrollments", enrollment_id, "reactivate"))
    except CanvasMissing:
        return False
    return True
