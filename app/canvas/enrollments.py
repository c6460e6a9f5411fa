"""Enrollments API: who is what in which section; observing in one course only."""

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
        fields.moment("created_at") if fields.has("created_at") else None,
        user(fields.object("user")) if fields.has("user") else None,
    )


def students_in_course(canvas: Canvas, course_id: str) -> list[Enrollment]:
    """The live student enrollments of a course; one per section."""
    return _in_course(canvas, course_id, STUDENT)


def of_student_in_course(canvas: Canvas, course_id: str, student_id: str) -> list[Enrollment]:
    """The live student enrollments of one person in a course; none if they are no student there."""
    return _in_course(canvas, course_id, STUDENT, student_id)


def observers_in_course(canvas: Canvas, course_id: str) -> list[Enrollment]:
    """The live observer enrollments of a course, of all-course links too."""
    return _in_course(canvas, course_id, OBSERVER)


def of_observer_in_course(canvas: Canvas, course_id: str, observer_id: str) -> list[Enrollment]:
    """The live observer enrollments of one person in a course."""
    return _in_course(canvas, course_id, OBSERVER, observer_id)


def _in_course(canvas: Canvas, course_id: str, kind: str, user_id: str | None = None) -> list[Enrollment]:
    """Enrollments API, GET /api/v1/courses/:course_id/enrollments."""
    person = [("user_id", user_id)] if user_id else []
    return _list(canvas, path("courses", course_id, "enrollments"), [("type[]", kind), *person])


def _list(canvas: Canvas, where: str, params: list[tuple[str, str]]) -> list[Enrollment]:
    states = [("state[]", state) for state in LIVE]
    return [enrollment(fields) for fields in canvas.pages(where, *params, *states)]


def observe_section(canvas: Canvas, section_id: str, observer_id: str, student_id: str) -> Enrollment:
    """Let an observer see one student in one section; repeating it is harmless, nobody gets a message.

    Canvas does not check that the student is in the section: the caller has.
    Enrollments API, POST /api/v1/sections/:section_id/enrollments.
    """
    form = {
        "user_id": observer_id,
        "type": OBSERVER,
        "associated_user_id": student_id,
        "enrollment_state": "active",
        "notify": "false",
    }
    where = path("sections", section_id, "enrollments")
    answer = canvas.post(where, *((f"enrollment[{key}]", value) for key, value in form.items())).object()
    answer.id("associated_user_id")  # without it they would observe nobody
    return enrollment(answer)


def delete(canvas: Canvas, course_id: str, enrollment_id: str) -> bool:
    """Take an enrollment away for good; False if it was not there.

    Enrollments API, DELETE /api/v1/courses/:course_id/enrollments/:id. Its default, to conclude, needs a
    right that not everybody has who may remove observers.
    """
    try:
        canvas.delete(path("courses", course_id, "enrollments", enrollment_id), ("task", "delete"))
    except CanvasMissing:
        return False
    return True
