"""Choosing the enrollments a list shows (Enrollments API, List enrollments)."""

from collections.abc import Callable
from enum import StrEnum

from sandbox.answers import Refused
from sandbox.dates import is_over, state_by_dates
from sandbox.ids import find_term
from sandbox.permissions import reads_as_admin
from sandbox.rest import params
from sandbox.rest.api import caller, host_account, may, path_user
from sandbox.roles import ROLE_IDS, role_of
from sandbox.world import Course, Enrollment, current_world

PENDING = ("active", "invited", "creation_pending")
SIS_FILTERS = ("sis_account_id", "sis_course_id", "sis_section_id", "sis_user_id", "created_for_sis_id")


class Context(StrEnum):
    """Whose list it is."""

    PLACE = "place"
    USER = "user"
    OWN = "own"


SYNTHETIC: dict[str, Callable[[Enrollment, Course], bool]] = {
    "current_and_invited": lambda row, course: _current(row, course) or row.state == "invited",
    "current_and_future": lambda row, course: row.state == "active" and not is_over(current_world(), row),
    "current_and_concluded": lambda row, course: row.state in ("active", "completed") and _begun(row),
}
RAW = (*PENDING, "deleted", "rejected", "completed", "inactive")


def sort_key(row: Enrollment) -> list[str | int]:
    """Type, then the person's sortable name, then id."""
    return [row.type, current_world().users[row.user_id].sortable_name.lower(), row.id]


def chosen(rows: list[Enrollment], context: Context, course: Course | None = None) -> list[Enrollment]:
    """The rows that match the request's filters."""
    kinds, roles = params.many("type"), _roles()
    state = _state_filter(context, course)
    user_id = params.text("user_id") if context is Context.PLACE else None
    person = path_user(user_id).id if user_id else None
    return [
        row
        for row in rows
        if (not kinds or row.type in kinds)
        and (not roles or role_of(current_world(), row)[0] in roles)
        and _in_term(row)
        and person in (None, row.user_id)
        and state(row)
        and _matches_sis(row)
    ]


def refuse_filters(rows: list[Enrollment]) -> None:
    """Refuse filters that name what the caller may not see or what does not exist."""
    if params.text("grading_period_id"):
        raise Refused(400, {"error": "invalid grading_period_id"})
    if not any(params.many(name) for name in SIS_FILTERS):
        return
    root = host_account().id
    courses = {row.course_id for row in rows}
    reads = bool(courses) and all(may("read_sis", course_id=each) for each in courses)
    if not (reads or may("read_sis", account_id=root) or may("manage_sis", account_id=root)):
        raise Refused(400, {"message": "Insufficient permissions to filter by SIS fields"})


def _roles() -> set[int]:
    """The ids of the roles asked for by name or id; an unknown one is refused."""
    by_name = ROLE_IDS | {role.label: role.id for role in current_world().roles.values()}
    ids = {str(role_id): role_id for role_id in by_name.values()}
    wanted = [by_name.get(name) for name in params.many("role")]
    wanted += [ids.get(role_id) for role_id in params.many("role_id")]
    found = {role_id for role_id in wanted if role_id is not None}
    if None in wanted:
        raise Refused(400, {"message": "Invalid role"})
    return found


def _in_term(row: Enrollment) -> bool:
    """Whether a row's course is in the term asked for."""
    text, world = params.text("enrollment_term_id"), current_world()
    if text is None:
        return True
    root_id = host_account().id
    return find_term(world, text, root_account_id=root_id) is world.term_of(world.courses[row.course_id])


def _state_filter(context: Context, course: Course | None) -> Callable[[Enrollment], bool]:
    states = params.many("state")
    if not states:
        return lambda row: row.state in PENDING or (row.state == "inactive" and _sees_inactive(row, course))
    if context is Context.PLACE:
        return lambda row: row.state in states
    unknown = [state for state in states if state not in RAW and state not in SYNTHETIC]
    if unknown and context is Context.OWN:
        raise Refused(400, {"error": f"Invalid state {unknown[0]}"})
    courses = current_world().courses
    wanted = [SYNTHETIC[state] for state in states if state in SYNTHETIC]
    return lambda row: row.state in states or any(fits(row, courses[row.course_id]) for fits in wanted)


def _current(row: Enrollment, course: Course) -> bool:
    return course.workflow_state == "available" and _begun(row) and not is_over(current_world(), row)


def _begun(row: Enrollment) -> bool:
    """Whether a row counts by now, or once did."""
    return state_by_dates(current_world(), row) in ("active", "completed")


def _sees_inactive(row: Enrollment, course: Course | None) -> bool:
    return reads_as_admin(current_world(), caller().id, course.id if course else row.course_id)


def _matches_sis(row: Enrollment) -> bool:
    """Whether a row fits the SIS ids asked for; accounts of this world have none, so theirs fit nothing."""
    if params.many("sis_account_id"):
        return False
    world = current_world()
    courses, sections = params.many("sis_course_id"), params.many("sis_section_id")
    if courses and world.courses[row.course_id].sis_course_id not in courses:
        return False
    if sections and world.sections[row.section_id].sis_section_id not in sections:
        return False
    wanted = params.many("sis_user_id")
    return not wanted or any(login.sis_user_id in wanted for login in world.users[row.user_id].logins)
