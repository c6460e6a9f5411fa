"""Adding up what a census has met: students, codes and links of each account, and what of it is shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import db
from app.models import (
    Census,
    Code,
    CountedAccount,
    CountedCourse,
    Counting,
    Coverage,
    Link,
    LinkState,
    Person,
    Scope,
    Seat,
)
from app.pairing import codes, hiding
from app.pairing.hiding import Numbers, Told

WHOLE = ""  # the account that stands for the whole institution
FIRST = "*"  # its name as a unit of the walk
_OBSERVER = func.nullif(Seat.observer_id, "")
FIRST_ONE, LAST_ONE = func.min(_OBSERVER), func.max(_OBSERVER)  # of a student; to count each once is slow
KEPT = timedelta(days=2 * 365)  # a census


def following(run: Census) -> str | None:
    """The next account to add up, or to decide about what of its parts is shown; None: all are done."""
    if run.stage is Counting.GROUPS and not run.cursor:
        return FIRST
    if run.only_ours:
        return None
    own = CountedAccount.institution_id == run.institution_id
    after = "" if run.cursor == FIRST else run.cursor
    key = CountedAccount.account_id if run.stage is Counting.GROUPS else CountedAccount.path
    below = CountedAccount.parent_id.is_not(None) if run.stage is Counting.GROUPS else true()
    with db.reading() as session:  # by path, an account comes before those below it
        found: str | None = session.scalar(select(func.min(key)).where(own, below, key > after))
    return found


def count(run: Census, unit: str, now: datetime) -> None:
    """Add up one account and all below it, each student once."""
    whole = unit == FIRST
    with db.reading() as session:  # it takes a second in a district: on SQLite nobody else could write
        courses = None if whole else courses_below(run.institution_id, unit)
        numbers = None if run.only_ours else _students(session, run.institution_id, courses)
        issued, redeemed, expired = _codes(session, run.institution_id, courses, now)
        everywhere, in_courses = _links(session, run.institution_id, courses)
    shown = hiding.alone(numbers) if numbers and whole else hiding.Shown(Told.NOTHING)
    with db.transaction() as session:
        session.merge(
            Coverage(
                institution_id=run.institution_id,
                account_id=WHOLE if whole else unit,
                census_id=run.id,
                none=numbers.none if numbers else None,
                one=numbers.one if numbers else None,
                several=numbers.several if numbers else None,
                told=shown.told,
                named=shown.named,
                issued=issued,
                redeemed=redeemed,
                expired=expired,
                everywhere=everywhere,
                in_courses=in_courses,
            )
        )


Courses = Select[str]


def courses_below(institution_id: int, account_id: str) -> Courses:
    """The courses of an account and of all below it."""
    top = (
        select(CountedAccount.path)
        .where(CountedAccount.institution_id == institution_id, CountedAccount.account_id == account_id)
        .scalar_subquery()
    )
    below = select(CountedAccount.account_id).where(
        CountedAccount.institution_id == institution_id, CountedAccount.path.startswith(top)
    )
    return select(CountedCourse.course_id).where(
        CountedCourse.institution_id == institution_id, CountedCourse.account_id.in_(below)
    )


def _students(session: Session, institution_id: int, courses: Courses | None) -> Numbers:
    many = case((LAST_ONE.is_(None), 0), (FIRST_ONE == LAST_ONE, 1), else_=2)
    each = select(Seat.student_id, many.label("observers")).where(Seat.institution_id == institution_id)
    if courses is not None:
        each = each.where(Seat.course_id.in_(courses))
    per = each.group_by(Seat.student_id).subquery()
    found: Sequence[int] = session.execute(select(*_three(per.c.observers))).one()
    return Numbers(*found)


def _three(observers: ColumnElement[int]) -> list[ColumnElement[int]]:
    """How many have no, one and several observers."""
    return [_sum(observers == 0), _sum(observers == 1), _sum(observers > 1)]


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _codes(session: Session, institution_id: int, courses: Courses | None, now: datetime) -> tuple[int, ...]:
    of_courses = _of(institution_id, courses, Code.course_id, Code.student_id)
    return codes.tally(session, and_(Code.institution_id == institution_id, of_courses), now)


def _links(session: Session, institution_id: int, courses: Courses | None) -> tuple[int, ...]:
    found = session.execute(
        select(_sum(Link.scope == Scope.ALL), _sum(Link.scope == Scope.COURSE)).where(
            Link.institution_id == institution_id,
            Link.state == LinkState.ACTIVE,
            _of(institution_id, courses, Link.course_id, Link.student_id),
        )
    ).one()
    return tuple(found)


def _of(
    institution_id: int,
    courses: Courses | None,
    course_id: InstrumentedAttribute[str | None],
    student_id: InstrumentedAttribute[int],
) -> ColumnElement[bool]:
    """Whether a code or link belongs to courses: by its own course, or by one of its student's."""
    if courses is None:
        return true()
    students = select(Seat.student_id).where(
        Seat.institution_id == institution_id, Seat.observer_id == "", Seat.course_id.in_(courses)
    )
    people = select(Person.id).where(
        Person.institution_id == institution_id, Person.canvas_user_id.in_(students)
    )
    return or_(course_id.in_(courses), and_(course_id.is_(None), student_id.in_(people)))


def hide(run: Census, path: str) -> None:
    """Decide what of the parts of an account is shown: of those right below it, and of its own courses."""
    with db.transaction() as session:
        account = session.scalars(
            select(CountedAccount).where(
                CountedAccount.institution_id == run.institution_id, CountedAccount.path == path
            )
        ).one()
        whole = _row(session, run, WHOLE if account.parent_id is None else account.account_id)
        accounts = session.scalars(
            select(Coverage)
            .join(
                CountedAccount,
                and_(
                    CountedAccount.institution_id == Coverage.institution_id,
                    CountedAccount.account_id == Coverage.account_id,
                ),
            )
            .where(
                Coverage.institution_id == run.institution_id,
                Coverage.census_id == run.id,
                CountedAccount.parent_id == account.account_id,
            )
            .order_by(Coverage.account_id)
        ).all()
        courses = _count_courses(session, run.institution_id, account.account_id)
        everything: list[Coverage | CountedCourse] = [*accounts, *courses]
        parts = [part for part in everything if numbers_of(part).total]
        shown = hiding.beside(Told(whole.told), [numbers_of(part) for part in parts])
        for part, how in zip(parts, shown, strict=True):
            part.told, part.named = how.told, how.named


def _row(session: Session, run: Census, account_id: str) -> Coverage:
    return session.get_one(
        Coverage,
        {"institution_id": run.institution_id, "account_id": account_id, "census_id": run.id},
    )


def numbers_of(row: Coverage | CountedCourse) -> Numbers:
    """The numbers of a row; nobody, if none were counted."""
    return Numbers(row.none or 0, row.one or 0, row.several or 0)


def _count_courses(session: Session, institution_id: int, account_id: str) -> list[CountedCourse]:
    """The courses of an account itself, counted anew."""
    mine = (CountedCourse.institution_id == institution_id, CountedCourse.account_id == account_id)
    each = (
        select(Seat.course_id, (func.count() - 1).label("observers"))
        .where(
            Seat.institution_id == institution_id,
            Seat.course_id.in_(select(CountedCourse.course_id).where(*mine)),
        )
        .group_by(Seat.course_id, Seat.student_id)
        .subquery()
    )
    found = session.execute(select(each.c.course_id, *_three(each.c.observers)).group_by(each.c.course_id))
    counted = {course_id: tuple(three) for course_id, *three in found}
    rows = list(session.scalars(select(CountedCourse).where(*mine).order_by(CountedCourse.course_id)))
    for row in rows:
        row.none, row.one, row.several = counted.get(row.course_id, (0, 0, 0))
        row.told, row.named = Told.NOTHING, True
    return rows


def tidy(institution_id: int, now: datetime) -> None:
    """Forget what was counted years ago."""
    old = and_(Census.institution_id == institution_id, Census.begun_at < now - KEPT)
    met = select(CountedCourse.census_id).where(CountedCourse.institution_id == institution_id)
    with db.transaction() as session:
        session.execute(delete(Census).where(old, Census.id.not_in(met)))
