"""Enrolling people and changing their enrollments, as Canvas's `Course#enroll_user` and Enrollment do."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.links import follow_change, follow_creation
from sandbox.world import Course, Enrollment, Section, User, World


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request asks of an enrollment; None leaves the choice to Canvas."""

    type: str
    state: str | None = None
    associated_user_id: int | None = None
    limit_to_section: bool = False
    start_at: datetime | None = None
    end_at: datetime | None = None
    role_id: int | None = None


def default_section(world: World, course: Course) -> Section:
    """Where people go whom nobody gives a section; made anew when all are gone."""
    sections = world.sections_of(course.id)
    if sections:
        return sections[0]
    return world.add_section(Section(world.next_id("section"), course.id, course.name, world.clock.now()))


def enroll(world: World, user: User, section: Section, wish: Wish) -> Enrollment:
    """Enroll a person in a section, or update the row that is already there (Enrollments API, create).

    A row is the same when person, type, role, associated user and section are; an active one keeps its state.
    """
    row = _same_row(world, user, section, wish)
    state = wish.state or _default_state(world.courses[section.course_id], user, wish.type)
    now = world.clock.now()
    if row is None:
        row = Enrollment(
            id=world.next_id("enrollment"),
            user_id=user.id,
            course_id=section.course_id,
            section_id=section.id,
            type=wish.type,
            created_at=now,
            updated_at=now,
            state=state,
            associated_user_id=wish.associated_user_id,
            role_id=wish.role_id,
        )
        _overwrite(row, wish)
        world.add_enrollment(row)
        follow_creation(world, row)
        return row
    before, dates = row.state, (row.start_at, row.end_at)
    _overwrite(row, wish)
    row.updated_at = now
    row.state = before if before == "active" else state
    if (row.state, row.start_at, row.end_at) != (before, *dates):  # a repeat tells nobody anything
        follow_change(world, row, before)
    return row


def change_state(world: World, row: Enrollment, state: str) -> None:
    """Conclude, deactivate, delete or reactivate a row; a student's linked observers follow."""
    before = row.state
    row.state = state
    row.updated_at = world.clock.now()
    if state != before:
        follow_change(world, row, before)


def objections(world: World, user: User, course: Course, wish: Wish) -> dict[str, str]:
    """Attribute and message of every rule the enrollment would break (Canvas's Enrollment validations)."""
    found = {}
    observed = wish.associated_user_id
    if wish.type != "ObserverEnrollment":
        if observed is not None:
            found["associated_user_id"] = "only ObserverEnrollments may have an associated_user_id"
    elif observed == user.id:
        found["associated_user_id"] = "Cannot observe yourself"
    elif observed is not None and _observes(world, observed, user.id, course.id):
        found["associated_user_id"] = "Cannot observe observer observing self"
    if user.test_student:
        found["user_id"] = "cannot add a student view student in a regular role"
    if course.template:
        found["course_id"] = "is a template course"
    return found


def _same_row(world: World, user: User, section: Section, wish: Wish) -> Enrollment | None:
    wanted = (section.id, wish.type, wish.role_id, wish.associated_user_id)
    for row in world.enrollments_of(user.id):
        if (row.section_id, row.type, row.role_id, row.associated_user_id) == wanted:
            return row
    return None


def _default_state(course: Course, user: User, kind: str) -> str:
    if kind == "ObserverEnrollment" and user.workflow_state == "registered":
        return "active"
    return "creation_pending" if course.workflow_state == "unpublished" else "invited"


def _overwrite(row: Enrollment, wish: Wish) -> None:
    row.limit_to_section, row.start_at, row.end_at = wish.limit_to_section, wish.start_at, wish.end_at


def _observes(world: World, observer_id: int, student_id: int, course_id: int) -> bool:
    return any(
        row.course_id == course_id
        and row.type == "ObserverEnrollment"
        and row.associated_user_id == student_id
        and row.state != "deleted"
        for row in world.enrollments_of(observer_id)
    )
