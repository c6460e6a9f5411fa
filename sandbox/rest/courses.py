"""The Courses and Sections API as far as pairing needs it (Canvas API docs, "Courses", "Sections")."""

from collections.abc import Iterable

from sandbox.answers import not_found
from sandbox.dates import STAFF
from sandbox.permissions import may_read_course
from sandbox.rest import params
from sandbox.rest.api import caller, may, path_account, path_course, path_section, path_user, require, serves
from sandbox.rest.bodies import Json, bare_user
from sandbox.rest.course_bodies import course_enrollment_json, course_json, section_json
from sandbox.rest.paging import numbered
from sandbox.rest.rosters import KINDS
from sandbox.world import Course, Enrollment, Section, User, current_world


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
    term, states = params.search_term(), params.many("state") or ["unpublished", "available", "completed"]
    states = [*states, "unpublished"] if {"created", "claimed"} & set(states) else states
    kinds = {KINDS.get(kind, kind) for kind in params.many("enrollment_type")}
    found = [
        course
        for course in world.courses.values()
        if account in world.account_chain(course.account_id)
        and (course.workflow_state in states or "all" in states)
        and (term is None or term in course.name.lower() or term in course.course_code.lower())
        and (not kinds or any(row.type in kinds for row in world.enrollments_in(course.id)))
    ]
    page = numbered(sorted(found, key=lambda course: course.id), len(found))
    return [_course(course, caller(), ("active", "invited")) for course in page]


@serves("GET", "/courses/:course_id/sections")
def list_sections(course_id: str) -> list[Json]:
    """A course's sections."""
    course = path_course(course_id)
    require(may_read_course(current_world(), caller().id, course.id))
    sections = current_world().sections_of(course.id)
    return [_section(section) for section in numbered(sections, len(sections))]


@serves("GET", "/courses/:course_id/sections/:id")
def show_section_of_course(course_id: str, id: str) -> Json:
    """One section, by its course."""
    course, section = path_course(course_id), path_section(id)
    if section.course_id != course.id:
        raise not_found()
    require(may_read_course(current_world(), caller().id, course.id))
    return _section(section)


@serves("GET", "/sections/:id")
def show_section(id: str) -> Json:
    """One section."""
    section = path_section(id)
    require(may_read_course(current_world(), caller().id, section.course_id))
    return _section(section)


def _courses_of(user: User) -> list[Json]:
    """The courses a person takes part in and may see."""
    world, states = current_world(), _enrollment_states()
    kind = params.text("enrollment_type")
    wanted = params.many("state") or ["unpublished", "available", "completed"]
    courses = {
        row.course_id: world.courses[row.course_id]
        for row in world.enrollments_of(user.id)
        if row.state in states
        and (kind is None or row.type == KINDS.get(kind))
        and _shows(world.courses, row)
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
            return ("invited", "creation_pending")
        case "completed":
            return ("completed",)
        case _:
            return ("active", "invited", "completed")


def _shows(courses: dict[int, Course], row: Enrollment) -> bool:
    """Students and observers do not see a course before it is published."""
    state = courses[row.course_id].workflow_state
    return state in ("available", "completed") or (state == "unpublished" and row.type in STAFF)


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
    if "total_students" in include:
        body["total_students"] = len(_students(course, None))
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


def _section(section: Section) -> Json:
    course, include = current_world().courses[section.course_id], params.many("include")
    body = section_json(section)
    if "total_students" in include:
        body["total_students"] = len(_students(course, section))
    if "students" in include and may("read_roster", course_id=course.id):
        body["students"] = [bare_user(user) for user in _students(course, section)]
    return body


def _students(course: Course, section: Section | None) -> list[User]:
    """The active and invited students of a course or section, each once."""
    ids = {
        row.user_id
        for row in current_world().enrollments_in(course.id)
        if row.type == "StudentEnrollment"
        and row.state in ("active", "invited")
        and (section is None or row.section_id == section.id)
    }
    return sorted((current_world().users[each] for each in ids), key=lambda user: user.sortable_name.lower())
