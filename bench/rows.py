"""A school, or a district, made up and written straight into the database: nothing is asked of Canvas."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select

from app import audit, db
from app.crypto import Keyring
from app.models import (
    Base,
    Census,
    Code,
    CountedAccount,
    CountedCourse,
    Counting,
    Drift,
    How,
    Link,
    LinkState,
    Person,
    Role,
    Scope,
    Seat,
    Way,
)
from app.pairing import adding_up
from app.pairing.drift import Kind
from sandbox.school import FAMILY, FIRST_STUDENT, GIVEN, MATHS

AT_ONCE = 5000  # rows of one statement
FIRST_OBSERVER = 1_000_001
COURSES_EACH = 6  # of a student
YEARS = timedelta(days=2 * 365)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything there is."""

    students: int
    courses: int
    accounts: int  # below the whole institution
    links: int
    codes: int
    events: int


SCHOOL = Size(students=50, courses=5, accounts=1, links=60, codes=25, events=500)
DISTRICT = Size(students=100_000, courses=2000, accounts=100, links=120_000, codes=50_000, events=1_000_000)


def fill(keyring: Keyring, institution_id: int, size: Size) -> None:
    """Write everything but what a census comes to."""
    now = datetime.now(UTC)
    own = {"institution_id": institution_id}
    _write(Person, (own | row for row in _people(size, now)))
    ids = _numbers(institution_id)
    students = [ids[str(FIRST_STUDENT + n)] for n in range(size.students)]
    observers = [ids[str(FIRST_OBSERVER + n)] for n in range(size.students)]
    _write(Code, (own | row for row in _codes(keyring, size, students, now)))
    _write(Link, (own | row for row in _links(size, students, observers, now)))
    with db.reading() as session:
        first = session.scalars(select(func.min(Link.id))).one()
    _write(Drift, (own | row for row in _drifts(size, first, now)))
    _record(institution_id, size, students, observers, first, now)


def _write(model: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == AT_ONCE:
            _insert(model, waiting)
    if waiting:
        _insert(model, waiting)


def _insert(model: type[Base], waiting: list[dict[str, Any]]) -> None:
    with db.transaction() as session:
        session.execute(insert(model), waiting)
    waiting.clear()


def _numbers(institution_id: int) -> dict[str, int]:
    with db.reading() as session:
        query = select(Person.canvas_user_id, Person.id).where(Person.institution_id == institution_id)
        return {canvas_id: number for canvas_id, number in session.execute(query)}


def name(n: int) -> str:
    """What the student of this number is called."""
    return f"{GIVEN[n % len(GIVEN)]} {FAMILY[n // len(GIVEN) % len(FAMILY)]} {n}"


def _people(size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    for n in range(size.students):
        for first, called in ((FIRST_STUDENT, name(n)), (FIRST_OBSERVER, name(n + 7))):
            yield {"canvas_user_id": str(first + n), "name": called, "created_at": now - 2 * YEARS}


def _course(n: int, size: Size) -> str:
    return str(MATHS + n % size.courses)


def courses_of(student: int, size: Size) -> list[str]:
    """The courses of a student, all of one account."""
    school, place = student % size.accounts, student // size.accounts
    in_one = size.courses // size.accounts
    turns = {(place + n) % in_one for n in range(COURSES_EACH)}
    return [_course(school + size.accounts * turn, size) for turn in sorted(turns)]


def _codes(keyring: Keyring, size: Size, students: list[int], now: datetime) -> Iterator[dict[str, Any]]:
    for n in range(size.codes):
        made, digest = now - YEARS * ((size.codes - n) / size.codes), f"{n:040}"
        yield {
            "digest": digest,
            "sealed": keyring.seal("ABCDE23456", f"codes.sealed:{digest}"),
            "scope": Scope.COURSE,
            "student_id": students[n % len(students)],
            "course_id": _course(n, size),
            "course_name": f"Course {_course(n, size)}",
            "issuer_id": students[-1],
            "issuer_role": Role.INSTRUCTOR,
            "uses": n % 3,
            "max_uses": 2,
            "created_at": made,
            "expires_at": made + timedelta(days=30),
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """A link: the observer and the student by their place among all, and the course, if it is of one."""

    observer: int
    student: int
    course: str | None
    over: bool


def pairs(size: Size) -> Iterator[Pair]:
    """Every student has one; one in five has a second, which ended where it is of a single course."""
    for n in range(size.links):
        second, student = divmod(n, size.students)
        course = courses_of(student, size)[0] if n % 10 == 0 else None
        yield Pair((student + second) % size.students, student, course, bool(second and course))


def _links(size: Size, students: list[int], observers: list[int], now: datetime) -> Iterator[dict[str, Any]]:
    for one in pairs(size):
        yield {
            "observer_id": observers[one.observer],
            "student_id": students[one.student],
            "scope": Scope.COURSE if one.course else Scope.ALL,
            "course_id": one.course,
            "course_name": one.course and f"Course {one.course}",
            "way": Way.CODE,
            "holds_use": False,
            "state": LinkState.ENDED if one.over else LinkState.ACTIVE,
            "created_at": now - YEARS,
            "settled_at": now - YEARS,
            "ended_at": now - YEARS / 2 if one.over else None,
        }


def _drifts(size: Size, first_link: int, now: datetime) -> Iterator[dict[str, Any]]:
    for n in range(size.links // 10):
        settled = n % 3 > 0
        yield {
            "link_id": first_link + n,
            "kind": Kind.STUDENT_MOVED if settled else Kind.MISSING_ENROLLMENT,
            "places": [],
            "since": now - timedelta(days=2),
            "settled_at": now - timedelta(days=1) if settled else None,
            "how": How.RULE if settled else None,
        }


def _record(
    institution_id: int, size: Size, students: list[int], observers: list[int], first_link: int, now: datetime
) -> None:
    """Events as they are really written, chain and all: launches, codes, and what became of the links."""
    for begin in range(0, size.events, AT_ONCE):
        with db.transaction() as session:
            for n in range(begin, min(begin + AT_ONCE, size.events)):
                at = now - YEARS * ((size.events - n) / size.events)
                which = n % size.links
                second, student = divmod(which, len(students))
                pair = {
                    "link": first_link + which,
                    "student": students[student],
                    "observer": observers[(student + second) % len(students)],
                }
                match n % 8:
                    case 0:
                        audit.record(session, institution_id, audit.Event.LINK_CONNECTED, at, None, **pair)
                    case 1:
                        course = _course(n, size)
                        audit.record(
                            session, institution_id, audit.Event.CODE_ISSUED, at, students[-1],
                            code=n, student=pair["student"], course=course,
                        )  # fmt: skip
                    case _:
                        audit.record(
                            session, institution_id, audit.Event.LAUNCH_ACCEPTED, at, pair["student"],
                            role="student", placement="user_navigation",
                        )  # fmt: skip


def meet(institution_id: int, name: str, size: Size) -> int:
    """Accounts, courses and seats, as a census would have met them; the census, which has yet to add up."""
    now = datetime.now(UTC)
    own = {"institution_id": institution_id}
    with db.transaction() as session:
        run = Census(
            **own, begun_at=now, seen_at=now, stage=Counting.GROUPS, cursor="", only_ours=False,
            looked=size.courses, skipped=0, stumbles=0,
        )  # fmt: skip
        session.add(run)
        session.add(CountedAccount(**own, account_id="1", parent_id=None, name=name, path="/1/"))
        for n in range(2, size.accounts + 2):
            session.add(
                CountedAccount(**own, account_id=str(n), parent_id="1", name=f"School {n}", path=f"/1/{n}/")
            )
        session.flush()
        counted = run.id
    zero = {"none": 0, "one": 0, "several": 0, "told": 0, "named": True, "census_id": counted}
    courses = (
        own
        | zero
        | {"course_id": _course(n, size), "account_id": str(2 + n % size.accounts), "name": f"C {n}"}
        for n in range(size.courses)
    )
    _write(CountedCourse, courses)
    _write(Seat, (own | row for row in _seats(size)))
    return counted


def _seats(size: Size) -> Iterator[dict[str, Any]]:
    dice = random.Random(7)  # noqa: S311 - the same every time
    for student in range(size.students):
        canvas_id = str(FIRST_STUDENT + student)
        watched = [f"{canvas_id}/{n}" for n, odds in enumerate((0.6, 0.2)) if dice.random() < odds]
        for course in courses_of(student, size):
            for observer in ("", *watched):
                yield {"course_id": course, "student_id": canvas_id, "observer_id": observer}


def add_up(run_id: int) -> None:
    """What the last two stages of a census do."""
    for stage in (Counting.GROUPS, Counting.HIDING):
        _note(run_id, stage=stage, cursor="")
        while (unit := adding_up.following(run := _census(run_id))) is not None:
            if stage is Counting.GROUPS:
                adding_up.count(run, unit, datetime.now(UTC))
            else:
                adding_up.hide(run, unit)
            _note(run_id, cursor=unit)
    _note(run_id, ended_at=datetime.now(UTC))


def _census(run_id: int) -> Census:
    with db.reading() as session:
        return session.get_one(Census, run_id)


def _note(run_id: int, **values: object) -> None:
    with db.transaction() as session:
        run = session.get_one(Census, run_id)
        for name, value in values.items():
            setattr(run, name, value)
