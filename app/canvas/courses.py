"""Courses API: what is taught, and to whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.canvas import enrollments
from app.canvas.answers import Fields
from app.canvas.client import Canvas, path
from app.canvas.enrollments import ACTIVE, STUDENT
from app.canvas.users import User, user


@dataclass(frozen=True, slots=True)
class Course:
    """A course. `state` is unpublished, available, completed or deleted."""

    id: str
    name: str
    code: str
    state: str
    account_id: str | None
    sis_course_id: str | None

    @property
    def concluded(self) -> bool:
        """Whether it is over: nobody can be enrolled any more."""
        return self.state == "completed"


@dataclass(frozen=True, slots=True)
class Student:
    """A student of a course and the sections they are in."""

    id: str
    name: str
    sortable_name: str
    section_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObservedCourse:
    """A course that somebody observes, and whom they observe in it."""

    course: Course
    student_ids: tuple[str, ...]


def _course(fields: Fields) -> Course:
    name = fields.text("name")
    return Course(
        fields.id(),
        name,
        fields.optional_text("course_code") or name,
        fields.text("workflow_state"),
        fields.optional_id("account_id"),
        fields.optional_text("sis_course_id"),
    )


def get(canvas: Canvas, course_id: str) -> Course:
    """A course, or CanvasMissing. Courses API, GET /api/v1/courses/:id."""
    return _course(canvas.get(path("courses", course_id)).object())


def of_account(canvas: Canvas, account_id: str, term: str | None = None) -> list[Course]:
    """The courses of an account and those below it, but for deleted ones; `term` is in name, code or id.

    Accounts API, GET /api/v1/accounts/:account_id/courses.
    """
    asked = [("search_term", term)] if term else []
    return [_course(fields) for fields in canvas.pages(path("accounts", account_id, "courses"), *asked)]


def page_of_account(
    canvas: Canvas, account_id: str, state: str, after: str | None
) -> tuple[list[Course], str | None]:
    """One page of the courses of an account and those below it, in one state; and where the next one is.

    Without those whose time, or their term's, is over: Canvas leaves these in their state.
    Accounts API, GET /api/v1/accounts/:account_id/courses.
    """
    asked = (("state[]", state), ("completed", "false"))
    found, following = canvas.page(path("accounts", account_id, "courses"), *asked, after=after)
    return [_course(fields) for fields in found], following


def students(canvas: Canvas, course_id: str) -> list[Student]:
    """The active students of a course, by sortable name as Canvas orders them; not those only invited.

    A scoped developer key that does not "allow include parameters" drops the enrollments without a word;
    then the list of enrollments tells the sections.
    Courses API, GET /api/v1/courses/:course_id/users.
    """
    asked = [("enrollment_type[]", "student"), ("enrollment_state[]", ACTIVE), ("include[]", "enrollments")]
    listed = list(canvas.pages(path("courses", course_id, "users"), *asked))
    if not all(fields.has("enrollments") for fields in listed):
        return _students_by_enrollment(canvas, course_id)
    return [_student(user(fields), _sections(fields)) for fields in listed]


def _sections(fields: Fields) -> list[str]:
    return [
        row.id("course_section_id")
        for row in fields.objects("enrollments")
        if row.text("type") == STUDENT and row.text("enrollment_state") == ACTIVE
    ]


def _students_by_enrollment(canvas: Canvas, course_id: str) -> list[Student]:
    people: dict[str, User] = {}
    found: dict[str, list[str]] = {}
    for row in enrollments.students_in_course(canvas, course_id):
        if row.state != ACTIVE:
            continue
        people[row.user_id] = row.user or User(id=row.user_id, name=row.user_id, sortable_name=row.user_id)
        found.setdefault(row.user_id, []).append(row.section_id)
    ordered = sorted(people.values(), key=lambda person: person.sortable_name.casefold())
    return [_student(person, found[person.id]) for person in ordered]


def _student(person: User, section_ids: list[str]) -> Student:
    return Student(person.id, person.name, person.sortable_name, tuple(dict.fromkeys(section_ids)))


def of_student(canvas: Canvas, student_id: str) -> list[Course]:
    """The courses of a student. Courses API, GET /api/v1/users/:user_id/courses."""
    found = canvas.pages(path("users", student_id, "courses"), ("enrollment_type", "student"))
    return [_course(fields) for fields in found if _open_to_caller(fields)]


def observed(canvas: Canvas) -> list[ObservedCourse]:
    """The courses in which the token's owner observes somebody. Courses API, GET /api/v1/courses."""
    return _observed(canvas.pages("/api/v1/courses", ("enrollment_type", "observer")))


def observed_by(canvas: Canvas, observer_id: str) -> list[ObservedCourse]:
    """The courses in which a person observes somebody. Courses API, GET /api/v1/users/:user_id/courses."""
    return _observed(canvas.pages(path("users", observer_id, "courses"), ("enrollment_type", "observer")))


def own_roles(canvas: Canvas) -> frozenset[str]:
    """What the token's owner is in their courses: student, teacher, ta … Courses API, GET /api/v1/courses."""
    found = filter(_open_to_caller, canvas.pages("/api/v1/courses"))
    return frozenset(row.text("type") for course in found for row in course.objects("enrollments"))


def _observed(found: Iterable[Fields]) -> list[ObservedCourse]:
    courses = [
        ObservedCourse(_course(fields), _observed_in(fields)) for fields in found if _open_to_caller(fields)
    ]
    return [course for course in courses if course.student_ids]


def _observed_in(fields: Fields) -> tuple[str, ...]:
    rows = [row for row in fields.objects("enrollments") if row.text("type") == "observer"]
    return tuple(dict.fromkeys(row.id("associated_user_id") for row in rows if row.has("associated_user_id")))


def _open_to_caller(fields: Fields) -> bool:
    """False for a course before or after its dates, of which Canvas shows the id and nothing else."""
    return not (fields.has("access_restricted_by_date") and fields.flag("access_restricted_by_date"))
