"""The Courses API as far as pairing needs it (Canvas API docs, "Courses")."""

from collections.abc import Iterable

from sandbox.answers import Refused
from sandbox.dates import STAFF, concluded, state_by_dates
from sandbox.permissions import may_read_course
from sandbox.rest import params
from sandbox.rest.api import caller, may, path_account, path_course, path_user, require, serves
from sandbox.rest.bodies import Json
from sandbox.rest.course_bodies import course_enrollment_json, course_json, term_json
from sandbox.rest.course_choice import change_course, course_filter
from sandbox.rest.paging import numbered
from sandbox.rest.rosters import KINDS
from sandbox.rest.sections import students_of
from sandbox.world import Course, Enrollment, User, current_world

EVENTS = {"offer": "available", "claim": "unpublished", "conclude": "completed", "delete": "deleted"}
EVENTS |= {"undelete": "unpublished"}
RIGHTS = {"conclude": "manage_courses_conclude", "delete": "manage_courses_delete"}


@serves("GET", "/courses")
def list_own() -> list[Json]:
    """The caller's courses with their enrollments in each."""
    return _courses_of(caller())


@serves("GET", "/users/:user_id/courses")
def list_of_user(user_id: str) -> list[Json]:
    """A person's courses: one's own, those of a student one observes, or as an admin."""
    world, user = current_world(), path_user(user_id)
    observes = any(world.active_links(observer_id=caller().id, student_id=user.id))
    admin = any(may("read_roster", account_id=each) for each in world.root_accounts_of(user))
    require(user.id == caller().id or observes or admin)
    return _courses_of(user)


@serves("GET", "/courses/:id")
def show(id: str) -> Json:
    """One course, for its members and admins."""
    course = path_course(id)
    require(may_read_course(current_world(), caller().id, course.id))
    return _course(course, caller(), ("active", "invited"))


@serves("GET", "/accounts/:account_id/courses")
def list_of_account(account_id: str) -> list[Json]:
    """All courses in an account and below."""
    account, world = path_account(account_id), current_world()
    require(may("read_course_list", account_id=account.id))
    fits = course_filter(account)
    found = sorted((course for course in world.courses.values() if fits(course)), key=lambda each: each.id)
    return [_course(course, caller(), ("active", "invited")) for course in numbered(found, len(found))]


@serves("PUT", "/courses/:id")
def update(id: str) -> Json:
    """Change a course: name, dates, SIS id, and by `event` publish, unpublish, conclude or delete it."""
    course, given = path_course(id), params.group("course")
    event = params.text_in(given, "event")
    require(may(RIGHTS.get(event or "", "manage_courses_publish"), course_id=course.id))
    if event in EVENTS:
        course.workflow_state = EVENTS[event]
    change_course(course, given)
    return _course(course, caller(), ("active", "invited"))


@serves("DELETE", "/courses/:id")
def end(id: str) -> Json:
    """Conclude or delete a course, as `event` says."""
    course, event = path_course(id), params.text("event")
    if event not in ("conclude", "delete"):
        raise Refused(400, {"message": "Only 'delete' and 'conclude' are accepted as values for the event"})
    require(may(RIGHTS[event], course_id=course.id))
    course.workflow_state = EVENTS[event]
    return {event: True}


def _courses_of(user: User) -> list[Json]:
    """The courses a person takes part in and may see."""
    world, states = current_world(), _enrollment_states()
    kind = params.text("enrollment_type")
    wanted = params.many("state") or ["unpublished", "available", "completed"]
    courses = {
        row.course_id: world.courses[row.course_id]
        for row in world.enrollments_of(user.id)
        if _shows(world.courses[row.course_id], row, states) and (kind is None or row.type == KINDS.get(kind))
    }
    found = sorted(
        (each for each in courses.values() if each.workflow_state in wanted), key=lambda each: each.id
    )
    return [_course(course, user, states) for course in numbered(found, len(found))]


def _enrollment_states() -> tuple[str, ...]:
    match params.text("enrollment_state"):
        case "active":
            return ("active",)
        case "invited_or_pending":
            return ("invited", "creation_pending", "pending")
        case "completed":
            return ("completed",)
        case _:
            return ("active", "invited", "completed")


def _shows(course: Course, row: Enrollment, states: Iterable[str]) -> bool:
    """Whether a row is in one of the states by its dates; an unpublished course is its staff's alone."""
    if course.workflow_state == "deleted" or (
        course.workflow_state == "unpublished" and row.type not in STAFF
    ):
        return False
    if not params.text("enrollment_state"):
        return row.state in states
    return state_by_dates(current_world(), row) in states


def _course(course: Course, user: User, states: Iterable[str]) -> Json:
    """A course with the enrollments of a person and, on request, of those they observe in it."""
    own = [row for row in current_world().enrollments_of(user.id) if row.course_id == course.id]
    rows = [row for row in own if row.state in states]
    include = params.many("include")
    observed = _observed_rows(course, rows) if "observed_users" in include else []
    body = course_json(course, [course_enrollment_json(row) for row in [*rows, *observed]])
    if "sections" in include:
        body["sections"] = [
            {"id": row.section_id, "name": current_world().sections[row.section_id].name} for row in rows
        ]
    term = current_world().term_of(course)
    if "term" in include and term is not None:
        body["term"] = term_json(term)
    if "concluded" in include:
        body["concluded"] = concluded(current_world(), course)
    if "total_students" in include:
        body["total_students"] = len(students_of(course, None))
    return body


def _observed_rows(course: Course, rows: list[Enrollment]) -> list[Enrollment]:
    """The student rows of everyone observed in this course."""
    observed = {row.associated_user_id for row in rows if row.associated_user_id is not None}
    return [
        row
        for student_id in sorted(observed)
        for row in current_world().enrollments_of(student_id)
        if row.course_id == course.id
        and row.type == "StudentEnrollment"
        and row.state in ("active", "invited", "completed")
    ]
