"""Everything that connects one person with others, in both directions: what Canvas holds and what we know."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, union
from sqlalchemy.orm import Session, joinedload

from app.canvas import Canvas, courses, enrollments, observees
from app.canvas.courses import Course
from app.errors import CanvasMissing
from app.models import Link, LinkState, Person, Scope
from app.pairing import directory
from app.pairing.codes import ALL_COURSES, Reach

LIVE = (LinkState.WAITING, LinkState.PENDING, LinkState.ACTIVE, LinkState.ENDING)
Key = tuple[str, str, str | None]  # observer, student and course, by Canvas's numbers


@dataclass(frozen=True, slots=True)
class Connection:
    """One reach of one observer to one student: held by Canvas, or known to us, or both."""

    observer: str  # Canvas's numbers
    student: str
    reach: Reach
    name: str  # of the other person; empty if nobody told
    in_canvas: bool
    link: Link | None


@dataclass(frozen=True, slots=True)
class Connections:
    """Who observes somebody, whom they observe, what is over, and the courses they study."""

    observers: tuple[Connection, ...]
    students: tuple[Connection, ...]
    over: tuple[Link, ...]
    courses: tuple[Course, ...]


def rows(session: Session, institution_id: int, canvas_id: str) -> list[Link]:
    """All our links of somebody, in both directions, the newest first."""
    person = (
        select(Person.id)
        .where(Person.institution_id == institution_id, Person.canvas_user_id == canvas_id)
        .scalar_subquery()
    )
    ours = Link.institution_id == institution_id
    either = union(
        *(select(Link.id).where(ours, one == person) for one in (Link.observer_id, Link.student_id))
    )
    return list(
        session.scalars(
            select(Link)
            .where(ours, Link.id.in_(either))
            .options(joinedload(Link.observer), joinedload(Link.student))
            .order_by(Link.id.desc())
        )
    )


def of(canvas: Canvas, who: str, ours: Sequence[Link]) -> Connections:
    """Ask Canvas about somebody, and put our own links beside what it holds.

    Calls: four, and one for each course they study.
    """
    live = {_key(link): link for link in ours if link.state in LIVE}
    studied = _courses(canvas, who)
    held = _observing(canvas, who, studied) | _observed(canvas, who)
    names = {link.observer.canvas_user_id: link.observer.name for link in ours}
    names |= {link.student.canvas_user_id: link.student.name for link in ours}
    found = [
        Connection(
            observer=key[0],
            student=key[1],
            reach=held[key][1] if key in held else Reach.of(live[key]),
            name=(held[key][0] if key in held else "") or names.get(_other(key, who), ""),
            in_canvas=key in held,
            link=live.get(key),
        )
        for key in {**held, **live}
    ]
    found.sort(key=lambda one: (one.name.casefold(), one.reach.course_name or ""))
    return Connections(
        observers=tuple(one for one in found if one.student == who),
        students=tuple(one for one in found if one.observer == who),
        over=tuple(link for link in ours if link.state not in LIVE),
        courses=tuple(studied),
    )


def reach_to(canvas: Canvas, student: str, course_id: str) -> Reach | None:
    """One course of a student, with the sections they are in there. None: they are not in it."""
    course = next((one for one in _courses(canvas, student) if one.id == course_id), None)
    if course is None:
        return None
    rows = enrollments.of_student_in_course(canvas, course.id, student)
    return Reach(Scope.COURSE, course.id, course.name, tuple(dict.fromkeys(row.section_id for row in rows)))


def watching(canvas: Canvas, who: str) -> dict[str, str]:
    """Who observes a student, as Canvas holds it, in all courses or in one: names by numbers."""
    return {key[0]: name for key, (name, _reach) in _observing(canvas, who, _courses(canvas, who)).items()}


def _key(link: Link) -> Key:
    return link.observer.canvas_user_id, link.student.canvas_user_id, link.course_id


def _other(key: Key, who: str) -> str:
    return key[1] if key[0] == who else key[0]


def _courses(canvas: Canvas, who: str) -> list[Course]:
    try:
        return courses.of_student(canvas, who)
    except CanvasMissing:
        return []


Held = dict[Key, tuple[str, Reach]]  # the other person's name, and the reach


def _observing(canvas: Canvas, who: str, studied: Iterable[Course]) -> Held:
    """Who observes this student; one-course connections only of those who do not see everything."""
    held: Held = {
        (one.id, who, None): (one.name, ALL_COURSES) for one in observees.list_observers(canvas, who)
    }
    for course in studied:
        reach = Reach(Scope.COURSE, course.id, course.name)
        for row in enrollments.observers_in_course(canvas, course.id):
            if row.associated_user_id == who and (row.user_id, who, None) not in held:
                held[row.user_id, who, course.id] = (row.user_name, reach)
    return held


def _observed(canvas: Canvas, who: str) -> Held:
    """Whom this observer observes. A course tells the numbers of its students, and not their names."""
    held: Held = {
        (who, one.id, None): (one.name, ALL_COURSES) for one in observees.list_observees(canvas, who)
    }
    single: dict[str, list[Course]] = defaultdict(list)
    for seen in courses.observed_by(canvas, who):
        for student in seen.student_ids:
            if (who, student, None) not in held:
                single[student].append(seen.course)
    for student, opened in single.items():
        name = _name(canvas, student)
        held |= {(who, student, one.id): (name, Reach(Scope.COURSE, one.id, one.name)) for one in opened}
    return held


def _name(canvas: Canvas, user_id: str) -> str:
    found = directory.find(canvas, user_id)
    return found.name if found else ""
