"""Where our links and Canvas have drifted apart, decided purely: no database, no Canvas, no clock of its own.

Canvas is the truth. What somebody took away there is never given back without a click; what follows from the
student's own sections is done by rule. docs/decisions/0007 tells why, case by case.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.canvas.enrollments import LIVE

LEFT_FOR = timedelta(hours=20)  # a student who is back on the next day has not left: schedules are rewritten


class Kind(StrEnum):
    """What was found. Each has its words in templates/admin/drift_words.html."""

    ENDED_IN_CANVAS = "ended_in_canvas"
    MISSING_ENROLLMENT = "missing_enrollment"
    STUDENT_MOVED = "student_moved"
    STUDENT_LEFT = "student_left"
    COURSE_GONE = "course_gone"
    OBSERVER_GONE = "observer_gone"
    STUDENT_GONE = "student_gone"
    WAITING = "waiting"


CLICKS = frozenset(
    {Kind.ENDED_IN_CANVAS, Kind.MISSING_ENROLLMENT, Kind.STUDENT_LEFT}
)  # a click can mend these
CHOICES = frozenset({Kind.ENDED_IN_CANVAS, Kind.MISSING_ENROLLMENT})  # these may also be meant to be so


@dataclass(frozen=True, slots=True)
class Row:
    """An enrollment that Canvas holds: the student's own, or an observer's for this student."""

    id: str
    course: str
    section: str
    state: str


@dataclass(frozen=True, slots=True)
class Known:
    """An enrollment that we have written down; `ours` if we made it."""

    section: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a link lacks or has too much of; nothing at all if it is as it should be."""

    ended: bool = False  # somebody has taken it away in Canvas
    left: bool = False  # the student is no longer in the course
    add: tuple[str, ...] = ()  # sections to follow the student to
    remove: tuple[Row, ...] = ()  # rows of ours where the student is no more
    missing: tuple[Row, ...] = ()  # the student's rows beside which the observer's is missing
    adopt: tuple[Row, ...] = ()  # rows to be written down
    forget: tuple[str, ...] = ()  # enrollments written down that mean nothing any more

    @property
    def fine(self) -> bool:
        """Whether there is nothing to do and nothing to tell."""
        return self == Verdict()


def over_all_courses(linked: bool, theirs: Iterable[Row], held: Iterable[Row]) -> Verdict:
    """An all-course link: Canvas itself keeps a row beside each of the student's, unless one was lost.

    Canvas brings no observer along to what is over, and lets a row rest together with the student's.
    """
    if not linked:
        return Verdict(ended=True)
    open_sections = {row.section for row in held if row.state in LIVE}
    return Verdict(missing=tuple(r for r in theirs if r.state in LIVE and r.section not in open_sections))


def in_one_course(
    theirs: Iterable[Row], held: Iterable[Row], known: Mapping[str, Known], linked: bool
) -> Verdict:
    """A course-scoped link: rows that nobody but us looks after, unless the two are also `linked`.

    A concluded or inactive row of the student still is one: they have not left. A section that we wrote down
    and that has no row now was taken away by somebody; one that we never wrote down is new.
    """
    theirs, held = tuple(theirs), tuple(held)
    there = {row.section for row in theirs}
    remove = tuple(row for row in held if row.section not in there and _is_ours(row, known))
    if linked:  # Canvas looks after the rows, as part of the wider link; but not after one left behind before
        return Verdict(left=not there, remove=tuple(row for row in remove if row.id in known))
    covered = {row.section for row in held}
    dead = {id: one.section for id, one in known.items() if id not in {row.id for row in held}}
    taken = (set(dead.values()) & there) - covered
    lost = tuple(sorted(id for id, section in dead.items() if section not in taken))
    if not there or (taken and not covered & there):
        return Verdict(ended=bool(there), left=not there, remove=remove)
    seen = covered | {one.section for one in known.values()}
    return Verdict(
        add=tuple(sorted({row.section for row in theirs if row.state in LIVE} - seen)),
        remove=remove,
        missing=tuple(row for row in theirs if row.state in LIVE and row.section in taken),
        adopt=tuple(row for row in held if row.id not in known and row not in remove),
        forget=lost,
    )


def _is_ours(row: Row, known: Mapping[str, Known]) -> bool:
    """A row between these two that was not there before us stands for our link, whoever wrote it."""
    return row.id not in known or known[row.id].ours


def has_left(since: datetime | None, now: datetime, anything_held: bool) -> bool:
    """Whether a student who is not in the course is gone for good, as far as a link is concerned."""
    return not anything_held or (since is not None and since + LEFT_FOR <= now)
