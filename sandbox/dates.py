"""When people take part: dates of enrollments, sections, courses and terms (Canvas's enrollment dates)."""

from datetime import datetime

from sandbox.world import Course, Enrollment, Section, World

STAFF = frozenset({"TeacherEnrollment", "TaEnrollment", "DesignerEnrollment"})
Dates = tuple[datetime | None, datetime | None]


def state_by_dates(world: World, row: Enrollment) -> str:
    """A row's state as its dates leave it: an active one may be `pending` still, or `completed`."""
    if row.state != "active":
        return row.state
    now = world.clock.now()
    ranges = _ranges(world, row)
    if any((start is None or start <= now) and (end is None or now < end) for start, end in ranges):
        return "active"
    return "pending" if any(start is not None and now < start for start, _ in ranges) else "completed"


def is_over(world: World, row: Enrollment) -> bool:
    """Whether a row gives nothing but a look back: its course is concluded or its dates are past."""
    course = world.courses[row.course_id]
    return course.workflow_state == "completed" or state_by_dates(world, row) == "completed"


def concluded(world: World, course: Course) -> bool:
    """Whether a course is concluded, by hand or because its dates or its term's are past."""
    return course.workflow_state == "completed" or _past(world, _course_dates(world, course))


def section_open(world: World, section: Section) -> bool:
    """Whether a section is open still; its own dates, if it keeps to them, count before the course's."""
    if section.restrict_enrollments_to_section_dates and section.end_at is not None:
        return not _past(world, (section.start_at, section.end_at))
    return not concluded(world, world.courses[section.course_id])


def _ranges(world: World, row: Enrollment) -> list[Dates]:
    """The times a row counts in; staff may come in during the whole term besides."""
    section, course = world.sections[row.section_id], world.courses[row.course_id]
    if row.start_at is not None and row.end_at is not None:
        return [(row.start_at, row.end_at)]
    if section.restrict_enrollments_to_section_dates:
        nearest = (section.start_at, section.end_at)
    else:
        nearest = _course_dates(world, course)
    return [nearest, _term_dates(world, course)] if row.type in STAFF else [nearest]


def _course_dates(world: World, course: Course) -> Dates:
    if course.restrict_enrollments_to_course_dates:
        return course.start_at, course.end_at
    return _term_dates(world, course)


def _term_dates(world: World, course: Course) -> Dates:
    term = world.term_of(course)
    return (term.start_at, term.end_at) if term else (None, None)


def _past(world: World, dates: Dates) -> bool:
    return dates[1] is not None and dates[1] <= world.clock.now()
