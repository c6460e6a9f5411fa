"""Rows of enrollments.csv (`SIS::EnrollmentImporter`; "SIS Import Format", enrollments.csv)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.enrolling import Wish, change_state, objections
from sandbox.links import follow_change, follow_creation
from sandbox.sis.enrolled import find_associated, find_person, find_place, find_role
from sandbox.sis.run import Row, RowProblem, Run
from sandbox.world import Course, Enrollment, Section, User

STATES = ("active", "deleted", "completed", "inactive", "deleted_last_completed")
YES = frozenset({"true", "t", "1", "yes", "y", "on"})
NOT_IN_BLUEPRINTS = {"StudentEnrollment": "Student", "ObserverEnrollment": "Observer"}
Dates = tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row asks for, everything in it found."""

    user: User
    course: Course
    section: Section
    type: str
    role_id: int | None
    associated_user_id: int | None
    status: str
    dates: Dates


def import_enrollment(run: Run, row: Row) -> bool:
    """Enroll somebody or change their enrollment; linked observers follow as ever."""
    status = row.get("status", "").lower()
    _check_fields(row)
    if run.skips(status):
        return False
    asked = _find(run, row, status, _dates(run, row))
    found = _existing(run, asked)
    if found is None and status in ("deleted", "deleted_last_completed"):
        return True
    if status == "active":
        _check_login(run, row, asked)
    if found is None:
        _create(run, row, asked)
    else:
        _change(run, row, asked, found)
    return True


def _check_fields(row: Row) -> None:
    if not (row.get("course_id") or row.get("section_id")):
        raise RowProblem("No course_id or section_id given for an enrollment")
    if not (row.get("user_id") or row.get("user_integration_id")):
        raise RowProblem("No user_id given for an enrollment")
    if row.get("status", "").lower() not in STATES:
        raise RowProblem(f'Improper status "{row.get("status", "")}" for an enrollment')


def _dates(run: Run, row: Row) -> Dates:
    """Both dates; one alone does nothing, and one that cannot be read is complained of and ignored."""
    try:
        start, end = (_moment(row.get(each, "")) for each in ("start_date", "end_date"))
    except ValueError:
        kind = "course" if row.get("course_id") else "section"
        where = row.get("course_id") or row.get("section_id")
        run.warn(f"Bad date format for user {row.get('user_id', '')} in {kind} {where}")
        return None
    return (start, end) if start and end else None


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _find(run: Run, row: Row, status: str, dates: Dates) -> Asked:
    """Person, place, role and associated person, looked for in Canvas's order."""
    user = find_person(run, row)
    course, section = find_place(run, row)
    kind, role_id = find_role(run, row, course)
    if course.blueprint and kind in NOT_IN_BLUEPRINTS:
        named = NOT_IN_BLUEPRINTS[kind]
        name, where = row.get("user_id", ""), row.get("course_id", "")
        raise RowProblem(f'{named} enrollment for "{name}" not allowed in blueprint course "{where}"')
    associated = find_associated(run, row) if kind == "ObserverEnrollment" else None
    source = row.get("temporary_enrollment_source_user_id", "")
    if source and run.world.user_by_sis_id(run.root_id, source) is None:
        raise RowProblem(f"An enrollment referenced a non-existent temporary enrollment source user {source}")
    return Asked(user, course, section, kind, role_id, associated, status, dates)


def _check_login(run: Run, row: Row, asked: Asked) -> None:
    """A deleted login takes its person out, unless they have another one here."""
    name, where = row.get("user_id", ""), row.get("course_id", "")
    if asked.user.workflow_state == "deleted":
        raise RowProblem(f"Attempted enrolling of deleted user {name} in course {where}")
    named = run.world.login_by_sis_id(run.root_id, name)
    if named is None or named[1].workflow_state != "deleted":
        return
    if run.root_id not in run.world.root_accounts_of(asked.user):
        login = named[1].unique_id
        raise RowProblem(f"Attempted enrolling with deleted sis login {login} in course {where}")
    run.warn(f"Enrolled a user {name} in course {where}, but referenced a deleted sis login")


def _existing(run: Run, asked: Asked) -> Enrollment | None:
    """The same row: section, person, type, associated person and role."""
    wanted = (asked.section.id, asked.type, asked.associated_user_id, asked.role_id)
    for row in run.world.enrollments_of(asked.user.id):
        if (row.section_id, row.type, row.associated_user_id, row.role_id) == wanted:
            return row
    return None


def _create(run: Run, row: Row, asked: Asked) -> None:
    wish = Wish(asked.type, associated_user_id=asked.associated_user_id)
    if problems := objections(run.world, asked.user, asked.course, wish):
        names = ("course_id", "section_id", "user_id", "role")
        course, section, user, role = (row.get(each, "") for each in names)
        where = f"course: {course}, section: {section}, user: {user}, role: {role}"
        error = ", ".join(problems.values())
        raise RowProblem(f"An enrollment did not pass validation ({where}, error: {error})")
    now = run.world.clock.now()
    made = Enrollment(
        id=run.world.next_id("enrollment"),
        user_id=asked.user.id,
        course_id=asked.course.id,
        section_id=asked.section.id,
        type=asked.type,
        created_at=now,
        updated_at=now,
        state=asked.status,
        associated_user_id=asked.associated_user_id,
        role_id=asked.role_id,
        sis_batch_id=run.batch.id,
    )
    _write(row, asked, made)
    run.world.add_enrollment(made)
    follow_creation(run.world, made)
    run.changed("Enrollment", made, "non-existent", made.state)


def _change(run: Run, row: Row, asked: Asked, found: Enrollment) -> None:
    before, state = found.state, asked.status
    if state == "deleted_last_completed":
        state = "deleted" if _has_another(run, found) else "completed"
    dates = found.start_at, found.end_at
    _write(row, asked, found)
    found.sis_batch_id = run.batch.id
    found.updated_at = run.world.clock.now()
    if state != before:
        change_state(run.world, found, state)
    elif dates != (found.start_at, found.end_at):
        follow_change(run.world, found, before)
    run.changed("Enrollment", found, before, state)


def _has_another(run: Run, row: Enrollment) -> bool:
    """Whether the person has another active enrollment in the course."""
    rows = run.world.enrollments_of(row.user_id)
    return any(
        other is not row and other.course_id == row.course_id and other.state == "active" for other in rows
    )


def _write(row: Row, asked: Asked, enrollment: Enrollment) -> None:
    """Dates and limits as given; what is not given stays."""
    if asked.dates:
        enrollment.start_at, enrollment.end_at = asked.dates
    if limit := row.get("limit_section_privileges"):
        enrollment.limit_to_section = limit.lower() in YES
