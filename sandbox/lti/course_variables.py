"""Variables about a course and a person's part in it; in no course, each stays literal."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.lti.launch import Launch
from sandbox.lti.roles import current_enrollments
from sandbox.world import Course, Section, Term, User

Value = str | int | bool | None


def _of_course(read: Callable[[Launch, Course], Value]) -> Callable[[Launch], Value]:
    """A variable that exists in courses only."""
    return lambda launch: read(launch, launch.course) if launch.course else None


def _of_member(read: Callable[[Launch, Course, User], Value]) -> Callable[[Launch], Value]:
    """A variable about somebody logged in, in a course."""
    return lambda launch: read(launch, launch.course, launch.user) if launch.course and launch.user else None


def _sections(launch: Launch, course: Course, user: User) -> list[Section]:
    ids = sorted({row.section_id for row in current_enrollments(launch.world, user, course)})
    return [launch.world.sections[id] for id in ids]


def _section_ids(launch: Launch, course: Course, user: User) -> str:
    return ",".join(str(section.id) for section in _sections(launch, course, user))


def _section_names(launch: Launch, course: Course, user: User) -> str:
    return json.dumps([section.name for section in _sections(launch, course, user)])


def _section_restricted(launch: Launch, course: Course, user: User) -> bool:
    rows = current_enrollments(launch.world, user, course)
    return bool(rows) and all(row.limit_to_section for row in rows)


def _enrollment_state(launch: Launch, course: Course, user: User) -> str:
    states = {row.state for row in launch.world.enrollments_of(user.id) if row.course_id == course.id}
    return next((state for state in ("active", "inactive") if state in states), "")


def _concluded_roles(launch: Launch, course: Course, user: User) -> str:
    rows = launch.world.enrollments_of(user.id)
    over = {row.type for row in rows if row.course_id == course.id and row.state == "completed"}
    return ",".join(sorted(over))


def _observees(launch: Launch, course: Course, user: User) -> str:
    return ",".join(student.lti_id for student in launch.observees)


def _observee_sis_ids(launch: Launch, course: Course, user: User) -> str:
    logins = (launch.world.login_in(student, launch.root.id) for student in launch.observees)
    return ",".join(login.sis_user_id for login in logins if login and login.sis_user_id)


def _workflow_state(launch: Launch, course: Course) -> str:
    return {"unpublished": "claimed"}.get(course.workflow_state, course.workflow_state)


def _section_sis_ids(launch: Launch, course: Course, user: User) -> str:
    ids = (section.sis_section_id for section in _sections(launch, course, user))
    return ",".join(id for id in ids if id)


def _date(launch: Launch, moment: datetime | None) -> str | None:
    """A date as JSON writes it, or as the variable docs show it."""
    if moment is None:
        return None
    if launch.world.settings.variable_dates == "text":
        return moment.strftime("%Y-%m-%d %H:%M:%S %z")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_term(read: Callable[[Launch, Term], Value]) -> Callable[[Launch], Value]:
    """A variable about the course's term."""

    def found(launch: Launch) -> Value:
        term = launch.world.term_of(launch.course) if launch.course else None
        return read(launch, term) if term else None

    return found


VARIABLES: dict[str, Callable[[Launch], Value]] = {
    "Canvas.course.id": _of_course(lambda launch, course: course.id),
    "Canvas.course.name": _of_course(lambda launch, course: course.name),
    "Canvas.course.sisSourceId": _of_course(lambda launch, course: course.sis_course_id),
    "CourseSection.sourcedId": _of_course(lambda launch, course: course.sis_course_id),
    "Canvas.course.startAt": _of_course(lambda launch, course: _date(launch, course.start_at)),
    "Canvas.course.endAt": _of_course(lambda launch, course: _date(launch, course.end_at)),
    "Canvas.term.id": _of_term(lambda launch, term: term.id),
    "Canvas.term.name": _of_term(lambda launch, term: term.name),
    "Canvas.term.startAt": _of_term(lambda launch, term: _date(launch, term.start_at)),
    "Canvas.term.endAt": _of_term(lambda launch, term: _date(launch, term.end_at)),
    "Canvas.course.workflowState": _of_course(_workflow_state),
    "Canvas.course.sectionIds": _of_member(_section_ids),
    "Canvas.course.sectionSisSourceIds": _of_member(_section_sis_ids),
    "Canvas.course.sectionRestricted": _of_member(_section_restricted),
    "com.instructure.User.sectionNames": _of_member(_section_names),
    "com.instructure.contextLabel": _of_course(lambda launch, course: course.course_code),
    "vnd.instructure.Course.uuid": _of_course(lambda launch, course: course.uuid),
    "Canvas.membership.concludedRoles": _of_member(_concluded_roles),
    "Canvas.enrollment.enrollmentState": _of_member(_enrollment_state),
    "com.instructure.Observee.sisIds": _of_member(_observee_sis_ids),
    "com.instructure.User.observees": _of_member(_observees),
}
