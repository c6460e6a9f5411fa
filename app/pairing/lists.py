"""What people see: read-only, from Canvas first and our own records beside it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.canvas import Canvas, courses, enrollments, observees
from app.canvas.enrollments import Enrollment
from app.models import Link, LinkState, Person, Scope, Way
from app.models.pairing import OPEN, EndedBy
from app.pairing.codes import ALL_COURSES, Reach


@dataclass(frozen=True, slots=True)
class RosterStudent:
    """A student of a course, and the names of those who observe them there."""

    canvas_id: str
    name: str
    section_ids: tuple[str, ...]
    observers: tuple[str, ...]


def roster(canvas: Canvas, course_id: str, section_ids: list[str] | None) -> list[RosterStudent]:
    """The active students of a course by sortable name; only those of some sections, if any are named."""
    watched: dict[str, dict[str, str]] = defaultdict(dict)
    for row in enrollments.observers_in_course(canvas, course_id):
        if row.associated_user_id:
            watched[row.associated_user_id][row.user_id] = _name(row)
    return [
        RosterStudent(s.id, s.name, s.section_ids, tuple(sorted(watched[s.id].values())))
        for s in sorted(courses.students(canvas, course_id), key=lambda s: s.sortable_name.casefold())
        if section_ids is None or set(section_ids) & set(s.section_ids)
    ]


def nobody_yet(students: Iterable[RosterStudent]) -> list[RosterStudent]:
    """Those of them without an observer."""
    return [student for student in students if not student.observers]


def _name(row: Enrollment) -> str:
    return row.user.name if row.user else row.user_id


@dataclass(frozen=True, slots=True)
class Watcher:
    """Somebody who can see a student: everywhere, or in the named courses; since when and how, if we know."""

    canvas_id: str
    name: str
    all_courses: bool
    reaches: tuple[Reach, ...]
    since: datetime | None
    way: Way | None
    terms: tuple[Link, ...]  # our links of single courses that have a purpose or a last day

    @property
    def courses(self) -> tuple[str, ...]:
        """The names of the courses, if it is not all of them."""
        return tuple(reach.course_name or "" for reach in self.reaches if reach.course_id)


def watchers(canvas: Canvas, student_id: str, ours: Iterable[Link]) -> list[Watcher]:
    """Everybody who can see this student in Canvas now, however it came about."""
    everywhere = {user.id: user.name for user in observees.list_observers(canvas, student_id)}
    names: dict[str, str] = dict(everywhere)
    in_courses: dict[str, dict[str, Reach]] = defaultdict(dict)
    for course in courses.of_student(canvas, student_id):
        for row in enrollments.observers_in_course(canvas, course.id):
            narrow = row.associated_user_id == student_id and row.user_id not in everywhere
            if narrow:
                in_courses[row.user_id][course.id] = Reach(Scope.COURSE, course.id, course.name)
                names[row.user_id] = _name(row)
    ours = list(ours)
    origin = _origins(ours)
    return [
        Watcher(
            canvas_id=who,
            name=names[who],
            all_courses=who in everywhere,
            reaches=(ALL_COURSES,) if who in everywhere else tuple(in_courses[who].values()),
            since=link.settled_at if (link := origin.get((who, who in everywhere))) else None,
            way=link.way if link else None,
            terms=() if who in everywhere else _terms(who, ours),
        )
        for who in sorted(names, key=lambda who: names[who].casefold())
    ]


def _origins(ours: Iterable[Link]) -> dict[tuple[str, bool], Link]:
    """Our latest link per observer, apart for all courses and for single ones."""
    return {(link.observer.canvas_user_id, link.scope is Scope.ALL): link for link in ours}


def _terms(who: str, ours: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(
        link for link in ours if link.observer.canvas_user_id == who and (link.purpose or link.ends_on)
    )


def links_to(session: Session, student: Person) -> list[Link]:
    """Our own live links to a student, the oldest first."""
    return list(
        session.scalars(
            select(Link)
            .where(
                Link.institution_id == student.institution_id,
                Link.student_id == student.id,
                Link.state == LinkState.ACTIVE,
            )
            .options(joinedload(Link.observer))
            .order_by(Link.id)
        )
    )


@dataclass(frozen=True, slots=True)
class SeenCourse:
    """A course an observer can open, and whether a link of that course alone opens it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SeenStudent:
    """A student an observer can see in Canvas now."""

    canvas_id: str
    name: str
    all_courses: bool
    courses: tuple[SeenCourse, ...]


def observed(canvas: Canvas, names: dict[str, str]) -> list[SeenStudent]:
    """The observer's students and courses as Canvas holds them; `names` are those we know by ourselves."""
    everywhere = {user.id: user.name for user in observees.list_observees(canvas, "self")}
    by_student: dict[str, list[SeenCourse]] = {student: [] for student in everywhere}
    for one in courses.observed(canvas):
        for student in one.student_ids:
            by_student.setdefault(student, []).append(SeenCourse(one.course.id, one.course.name))
    students = [
        SeenStudent(
            canvas_id=student,
            name=everywhere.get(student) or names.get(student) or "",
            all_courses=student in everywhere,
            courses=tuple(sorted(opened, key=lambda course: course.name.casefold())),
        )
        for student, opened in by_student.items()
    ]
    return sorted(students, key=lambda student: student.name.casefold())


def links_of(session: Session, observer: Person) -> list[Link]:
    """An observer's own open links, and those that wait for the student, the newest first."""
    return list(
        session.scalars(
            select(Link)
            .where(
                Link.institution_id == observer.institution_id,
                Link.observer_id == observer.id,
                Link.state.in_([*OPEN, LinkState.WAITING]),
            )
            .options(joinedload(Link.student))
            .order_by(Link.id.desc())
        )
    )


def ended_by_others(session: Session, observer: Person, since: datetime) -> list[Link]:
    """An observer's links that lately ended, not by them, and were not made again; newest first."""
    by_others = or_(Link.gone, Link.ended_by != EndedBy.OBSERVER)
    return _last(session, observer, Link.state == LinkState.ENDED, by_others, Link.ended_at > since)


def failed(session: Session, observer: Person, since: datetime) -> list[Link]:
    """Those for which an observer has used a code lately, and nothing came of it; newest first."""
    own = Link.code_id.is_not(None)
    return _last(session, observer, Link.state == LinkState.FAILED, own, Link.settled_at > since)


def _last(session: Session, observer: Person, *which: ColumnElement[bool]) -> list[Link]:
    """Links of an observer with none after them between the same people, about the same."""
    later = aliased(Link)
    again = exists().where(
        later.institution_id == Link.institution_id,
        later.observer_id == Link.observer_id,
        later.student_id == Link.student_id,
        later.scope == Link.scope,
        func.coalesce(later.course_id, "") == func.coalesce(Link.course_id, ""),
        later.id > Link.id,
    )
    own = (Link.institution_id == observer.institution_id, Link.observer_id == observer.id)
    return list(
        session.scalars(
            select(Link)
            .where(*own, *which, ~again)
            .options(joinedload(Link.student))
            .order_by(Link.id.desc())
        )
    )


def own_link(session: Session, observer: Person, link_id: int) -> Link | None:
    """One of an observer's own links."""
    return session.scalar(
        select(Link)
        .where(
            Link.id == link_id,
            Link.institution_id == observer.institution_id,
            Link.observer_id == observer.id,
        )
        .options(joinedload(Link.student))
    )
