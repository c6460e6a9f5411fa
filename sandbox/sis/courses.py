"""Rows of terms.csv, courses.csv and sections.csv (`SIS::TermImporter` and so on)."""

from datetime import UTC, datetime

from sandbox.enrolling import change_state
from sandbox.sis.run import Row, RowProblem, Run
from sandbox.world import Course, Section, Term

COURSE_STATES = {
    "active": "unpublished",
    "published": "available",
    "completed": "completed",
    "deleted": "deleted",
}


def import_term(run: Run, row: Row) -> bool:
    """Make, rename or date a term, or take an empty one away."""
    term_id, name, status = row.get("term_id", ""), row.get("name", ""), row.get("status", "").lower()
    if not term_id:
        raise RowProblem("No term_id given for a term")
    if not name:
        raise RowProblem(f"No name given for term {term_id}")
    if status not in ("active", "deleted"):
        raise RowProblem(f'Improper status "{row.get("status", "")}" for term {term_id}')
    if run.skips(status):
        return False
    term = _term(run, term_id)
    if status == "deleted":
        _remove_term(run, term)
        return True
    if term is None:
        term = Term(run.world.next_id("term"), run.root_id, name, sis_term_id=term_id)
        run.world.add_term(term)
        run.changed("EnrollmentTerm", term, "non-existent", "active")
    term.name = name
    term.start_at = _moment(row, "start_date") or term.start_at
    term.end_at = _moment(row, "end_date") or term.end_at
    run.terms.add(term.id)
    return True


def import_course(run: Run, row: Row) -> bool:
    """Make, change, conclude or delete a course; an active row publishes nothing and unpublishes nothing."""
    course_id, status = row.get("course_id", ""), row.get("status", "").lower()
    _check_course(row, course_id)
    if run.skips(status):
        return False
    course = run.world.course_by_sis_id(run.root_id, course_id)
    before = course.workflow_state if course else "non-existent"
    course = course or _new_course(run, row)
    course.name, course.course_code = row["long_name"], row["short_name"]
    term = _term(run, row.get("term_id", ""))
    course.term_id = term.id if term else course.term_id
    course.start_at = _moment(row, "start_date") or course.start_at
    course.end_at = _moment(row, "end_date") or course.end_at
    if course.start_at or course.end_at:
        course.restrict_enrollments_to_course_dates = True
    keeps = status == "active" and before in ("available", "unpublished")
    course.workflow_state = before if keeps else COURSE_STATES[status]
    course.sis_batch_id = run.batch.id
    run.changed("Course", course, before, course.workflow_state)
    return True


def import_section(run: Run, row: Row) -> bool:
    """Make, rename or delete a section of a course."""
    section_id, course_id = row.get("section_id", ""), row.get("course_id", "")
    status = row.get("status", "").lower()
    if not section_id:
        raise RowProblem(f"No section_id given for a section in course {course_id}")
    if not course_id:
        raise RowProblem(f"No course_id given for a section {section_id}")
    if not row.get("name"):
        raise RowProblem(f"No name given for section {section_id} in course {course_id}")
    if status not in ("active", "deleted"):
        given = row.get("status", "")
        raise RowProblem(f'Improper status "{given}" for section {section_id} in course {course_id}')
    if run.skips(status):
        return False
    course = run.world.course_by_sis_id(run.root_id, course_id)
    if course is None:
        raise RowProblem(f"Section {section_id} references course {course_id} which doesn't exist")
    section = run.world.section_by_sis_id(run.root_id, section_id)
    before = section.workflow_state if section else "non-existent"
    section = section or _new_section(run, course, row["name"], section_id)
    section.name, section.workflow_state, section.sis_batch_id = row["name"], status, run.batch.id
    run.changed("CourseSection", section, before, status)
    if status == "deleted":
        end_enrollments(run, section)
    return True


def end_enrollments(run: Run, section: Section) -> None:
    """Everybody leaves a deleted section."""
    for row in run.world.enrollments_in(section.course_id):
        if row.section_id == section.id and row.state != "deleted":
            before = row.state
            change_state(run.world, row, "deleted")
            run.changed("Enrollment", row, before, "deleted")


def _check_course(row: Row, course_id: str) -> None:
    if not course_id:
        raise RowProblem("No course_id given for a course")
    for column in ("short_name", "long_name"):
        if not row.get(column):
            raise RowProblem(f"No {column} given for course {course_id}")
    if row.get("status", "").lower() not in COURSE_STATES:
        raise RowProblem(f'Improper status "{row.get("status", "")}" for course {course_id}')


def _new_course(run: Run, row: Row) -> Course:
    world = run.world
    course = Course(
        id=world.next_id("course"),
        account_id=run.root_id,
        name=row["long_name"],
        course_code=row["short_name"],
        created_at=world.clock.now(),
        workflow_state="unpublished",
        sis_course_id=row["course_id"],
    )
    return world.add_course(course)


def _new_section(run: Run, course: Course, name: str, sis_section_id: str) -> Section:
    world = run.world
    made = Section(world.next_id("section"), course.id, name, world.clock.now(), sis_section_id)
    return world.add_section(made)


def _term(run: Run, sis_term_id: str) -> Term | None:
    terms = run.world.terms_of(run.root_id) if sis_term_id else []
    return next((term for term in terms if term.sis_term_id == sis_term_id), None)


def _remove_term(run: Run, term: Term | None) -> None:
    if term is None:
        return
    if any(course.term_id == term.id for course in run.world.courses.values()):
        raise RowProblem("Cannot delete a term with active courses.")
    del run.world.terms[term.id]
    run.changed("EnrollmentTerm", term, "active", "deleted")


def _moment(row: Row, column: str) -> datetime | None:
    """A date, or None when there is none that can be read."""
    try:
        found = datetime.fromisoformat(row.get(column, ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
