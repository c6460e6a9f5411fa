"""Looking at what Canvas holds of our links: many at once for a first look, one alone for a close one.

Calls to Canvas, for a first look: 2 per observer with all-course links, 1 per student of theirs, 1 per page
(100 rows) of a course with course-scoped links. A close look, which only what has drifted gets, takes 2 to 5.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.canvas import Canvas, enrollments, observees
from app.canvas.enrollments import LIVE, OBSERVER, STUDENT, Enrollment
from app.errors import CanvasMissing
from app.models import Link
from app.pairing import drift
from app.pairing.drift import Kind, Known, Row, Verdict
from app.pairing.settling import Work

ALL_STATES = (*LIVE, "inactive", "completed")  # Canvas lists no deleted ones


@dataclass(frozen=True, slots=True)
class Close:
    """A verdict on one link, and what to call it if the link is over."""

    verdict: Verdict
    why: Kind
    held: tuple[Row, ...] = ()


def look_everywhere(canvas: Canvas, observer: str, links: Sequence[Link]) -> tuple[dict[int, Verdict], int]:
    """Verdicts on an observer's all-course links by their ids, and how many others Canvas holds."""
    try:
        linked = {student.id for student in observees.list_observees(canvas, observer)}
        held = _observing(enrollments.of_user(canvas, observer, [OBSERVER], ALL_STATES)) if linked else {}
    except CanvasMissing:
        linked, held = set(), {}
    verdicts = {}
    for link in links:
        student = link.student.canvas_user_id
        theirs = _of_student(canvas, student) if student in linked else ()
        verdicts[link.id] = drift.over_all_courses(
            student in linked, theirs, held.get((observer, student), ())
        )
    return verdicts, len(linked - {link.student.canvas_user_id for link in links})


def look_in_course(canvas: Canvas, course_id: str, links: Sequence[Link]) -> dict[int, Verdict]:
    """Verdicts on the course-scoped links of one course by their ids."""
    try:
        rows = enrollments.of_course(canvas, course_id, [STUDENT, OBSERVER], ALL_STATES)
    except CanvasMissing:
        return {link.id: Verdict(ended=True) for link in links}
    theirs: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.type == STUDENT:
            theirs[row.user_id].append(_row(row))
    held = _observing(rows)
    verdicts = {}
    for link in links:
        observer, student = link.observer.canvas_user_id, link.student.canvas_user_id
        known = {one.enrollment_id: Known(one.section_id, one.ours) for one in link.enrollments}
        verdicts[link.id] = drift.in_one_course(
            theirs[student], held.get((observer, student), ()), known, linked=False
        )
    return verdicts


def look_closely(canvas: Canvas, work: Work) -> Close:
    """The verdict on one link, from answers that are about it alone."""
    try:
        close = (
            _everywhere(canvas, work) if work.course_id is None else _in_course(canvas, work, work.course_id)
        )
    except CanvasMissing:
        close = Close(Verdict(ended=True), Kind.COURSE_GONE if work.course_id else Kind.ENDED_IN_CANVAS)
    if not (close.verdict.ended or close.verdict.left):
        return close
    for user, kind in ((work.observer, Kind.OBSERVER_GONE), (work.student, Kind.STUDENT_GONE)):
        if not _exists(canvas, user):
            return Close(close.verdict, kind, close.held)
    return close


def _everywhere(canvas: Canvas, work: Work) -> Close:
    linked = observees.find(canvas, work.observer, work.student) is not None
    if not linked:
        return Close(Verdict(ended=True), Kind.ENDED_IN_CANVAS)
    theirs = _of_student(canvas, work.student)
    rows = enrollments.of_user(canvas, work.observer, [OBSERVER], ALL_STATES)
    held = _observing(rows).get((work.observer, work.student), ())
    return Close(drift.over_all_courses(True, theirs, held), Kind.ENDED_IN_CANVAS)


def _in_course(canvas: Canvas, work: Work, course_id: str) -> Close:
    theirs = _rows(enrollments.of_course(canvas, course_id, [STUDENT], ALL_STATES, work.student))
    rows = enrollments.of_course(canvas, course_id, [OBSERVER], ALL_STATES, work.observer)
    held = _observing(rows).get((work.observer, work.student), ())
    known = known_of(work)
    verdict = drift.in_one_course(theirs, held, known, linked=False)
    if not verdict.fine and observees.find(canvas, work.observer, work.student) is not None:
        verdict = drift.in_one_course(theirs, held, known, linked=True)
    why = Kind.STUDENT_LEFT if verdict.left else Kind.ENDED_IN_CANVAS
    return Close(verdict, why, tuple(held))


def known_of(work: Work) -> Mapping[str, Known]:
    """The enrollments that are written down of a link."""
    return {
        one.enrollment_id: Known(one.section_id, one.enrollment_id not in work.spared) for one in work.known
    }


def _of_student(canvas: Canvas, student: str) -> tuple[Row, ...]:
    try:
        return _rows(enrollments.of_user(canvas, student, [STUDENT]))
    except CanvasMissing:
        return ()


def _observing(rows: Iterable[Enrollment]) -> dict[tuple[str, str], list[Row]]:
    """Rows that observe somebody, by observer and student."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.type == OBSERVER and row.associated_user_id:
            found[row.user_id, row.associated_user_id].append(_row(row))
    return found


def _rows(found: Iterable[Enrollment]) -> tuple[Row, ...]:
    return tuple(_row(row) for row in found)


def _row(row: Enrollment) -> Row:
    return Row(row.id, row.course_id, row.section_id, row.state)


def _exists(canvas: Canvas, user_id: str) -> bool:
    """Whether Canvas knows this person: it answers 404 about the observers of one who was deleted."""
    try:
        observees.list_observers(canvas, user_id)
    except CanvasMissing:
        return False
    return True
