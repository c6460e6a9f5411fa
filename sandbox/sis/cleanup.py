"""Batch mode: what earlier imports made in a term and this one does not name goes (SIS Imports API)."""

from collections.abc import Callable
from typing import TypeVar

from sandbox.enrolling import change_state
from sandbox.sis.courses import end_enrollments
from sandbox.sis.run import Run
from sandbox.world import Course, Enrollment, Section

Kind = TypeVar("Kind")


def clean_up(run: Run) -> None:
    """Remove unnamed courses, sections and enrollments, each if its file was there; links are left alone.

    More than `change_threshold` percent of any kind ends the import before that kind is touched.
    """
    courses = [each for each in run.world.courses.values() if _in_terms(run, each)]
    sections = [each for course in courses for each in run.world.every_section_of(course.id)]
    rows = [each for course in courses for each in run.world.enrollments_in(course.id)]
    doomed_courses = [each for each in courses if _is_old(run, each.sis_batch_id, each.workflow_state)]
    doomed_sections = [each for each in sections if _is_old(run, each.sis_batch_id, each.workflow_state)]
    doomed_rows = [each for each in rows if _is_old(run, each.sis_batch_id, each.state)]
    _remove(run, "course", courses, doomed_courses, _remove_course)
    _remove(run, "section", sections, doomed_sections, _remove_section)
    _remove(run, "enrollment", rows, doomed_rows, _remove_enrollment)


def _in_terms(run: Run, course: Course) -> bool:
    if run.world.course_root(course.id).id != run.root_id:
        return False
    term = run.world.term_of(course)
    options = run.batch.options
    wanted = run.terms if options.multi_term_batch_mode else {options.batch_mode_term_id}
    return (term.id if term else 1) in wanted


def _is_old(run: Run, batch_id: int | None, state: str) -> bool:
    return batch_id not in (None, run.batch.id) and state != "deleted"


def _remove(
    run: Run, kind: str, every: list[Kind], doomed: list[Kind], remove: Callable[[Run, Kind], None]
) -> None:
    batch = run.batch
    if kind not in batch.supplied or batch.workflow_state == "aborted":
        return
    allowed = batch.options.change_threshold
    if allowed is not None and len(doomed) * 100 > allowed * len(every):
        run.fail(f"{len(doomed)} {kind}s would be deleted and exceeds the set threshold of {allowed}%")
        batch.workflow_state = "aborted"
        return
    for each in doomed:
        remove(run, each)


def _remove_course(run: Run, course: Course) -> None:
    run.changed("Course", course, course.workflow_state, "deleted")
    course.workflow_state = "deleted"


def _remove_section(run: Run, section: Section) -> None:
    run.changed("CourseSection", section, section.workflow_state, "deleted")
    section.workflow_state = "deleted"
    end_enrollments(run, section)


def _remove_enrollment(run: Run, row: Enrollment) -> None:
    before, state = row.state, run.batch.options.batch_mode_enrollment_drop_status or "deleted"
    if before not in ("deleted", state):
        change_state(run.world, row, state)
        run.changed("Enrollment", row, before, state)
