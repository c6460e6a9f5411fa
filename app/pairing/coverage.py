"""How many students have observers, as the admin of an institution, or of a part of it, may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session, aliased

from app.models import Census, CountedAccount, CountedCourse, Coverage, Person, Seat
from app.pairing import hiding
from app.pairing.adding_up import LAST_ONE, WHOLE, courses_below, numbers_of
from app.pairing.hiding import Cell, Cells, Hidden, Shown, Told
from app.people import Onlooker

WEEKS = 12  # of the trend
ON_A_PAGE = 50  # courses


@dataclass(frozen=True, slots=True)
class Group:
    """A part of what one looks at: an account or a course, by Canvas's number."""

    id: str
    name: str
    cells: Cells


@dataclass(frozen=True, slots=True)
class Week:
    """How it was at the last census of a week."""

    day: date
    cells: Cells
    issued: int
    redeemed: Cell
    expired: int


@dataclass(frozen=True, slots=True)
class View:
    """What there is to see of an account."""

    account: CountedAccount | None  # None: Canvas told of none
    above: CountedAccount | None
    last: Census
    whole: Coverage | None  # None: it was not counted
    cells: Cells | None  # None: only our own records were
    accounts: Sequence[Group]
    courses: Sequence[Group]
    pages: int
    weeks: Sequence[Week]

    @property
    def told(self) -> bool:
        """Whether the group is large enough to be told about."""
        return self.whole is not None and self.whole.told > Told.NOTHING

    @property
    def listed(self) -> bool:
        """Whether those who have nobody may be listed: where their number is told."""
        return self.whole is not None and self.account is not None and self.whole.told >= Told.NOBODY

    def use(self, number: int) -> Cell:
        """How often codes came to something: told only where it is told how many have an observer."""
        return number if self.cells is None or self.whole is None else _use(self.whole, number)


def _use(row: Coverage, number: int) -> Cell:
    return number if row.told >= Told.NOBODY else Hidden.KEPT


def running(session: Session, institution_id: int) -> Census | None:
    """The census under way, if any."""
    return session.scalar(
        select(Census).where(Census.institution_id == institution_id, Census.ended_at.is_(None))
    )


def last(session: Session, institution_id: int, whole: bool = True) -> Census | None:
    """The last census that ended; `whole`: that came to something."""
    done = Census.problem.is_(None) if whole else true()
    return session.scalar(
        select(Census)
        .where(Census.institution_id == institution_id, Census.ended_at.is_not(None), done)
        .order_by(Census.begun_at.desc())
        .limit(1)
    )


def seen_by(launch: Onlooker) -> ColumnElement[bool]:
    """The condition under which an account is this admin's to look at: all, or theirs and those below it."""
    mine = CountedAccount.institution_id == launch.institution_id
    if launch.root_admin:
        return mine
    own = aliased(CountedAccount)
    path = (
        select(own.path)
        .where(own.institution_id == launch.institution_id, own.account_id == (launch.account_id or ""))
        .scalar_subquery()
    )
    return and_(mine, CountedAccount.path.startswith(path))


def account(session: Session, launch: Onlooker, account_id: str | None) -> CountedAccount | None:
    """An account this admin may look at; without a number, the highest one."""
    wanted = CountedAccount.account_id == account_id if account_id else true()
    return session.scalar(
        select(CountedAccount)
        .where(seen_by(launch), wanted)
        .order_by(func.length(CountedAccount.path), CountedAccount.account_id)
        .limit(1)
    )


def course(session: Session, launch: Onlooker, course_id: str) -> CountedCourse | None:
    """A course in an account that this admin may look at."""
    return session.scalar(
        select(CountedCourse)
        .join(
            CountedAccount,
            and_(
                CountedAccount.institution_id == CountedCourse.institution_id,
                CountedAccount.account_id == CountedCourse.account_id,
            ),
        )
        .where(
            seen_by(launch),
            CountedCourse.institution_id == launch.institution_id,
            CountedCourse.course_id == course_id,
        )
    )


def view(
    session: Session, launch: Onlooker, census: Census, at: CountedAccount | None, page: int, now: datetime
) -> View:
    """What the last census came to for an account that `account` gave; None: for the whole institution."""
    key = WHOLE if at is None or at.parent_id is None else at.account_id
    place = {"institution_id": launch.institution_id, "account_id": key, "census_id": census.id}
    whole = session.get(Coverage, place)
    listed = at is not None and whole is not None and not census.only_ours
    told = Told(whole.told) if whole else Told.NOTHING
    return View(
        account=at,
        above=account(session, launch, at.parent_id) if at and at.parent_id else None,
        last=census,
        whole=whole,
        cells=_cells(whole) if whole and whole.none is not None else None,
        accounts=_accounts(session, census, at, told) if at and listed else (),
        courses=_courses(session, at, page, told) if at and listed else (),
        pages=_pages(session, at) if at and listed else 0,
        weeks=_weeks(session, launch.institution_id, key, now),
    )


def _cells(row: Coverage | CountedCourse, above: Told = Told.ALL) -> Cells:
    """The numbers of a group; none where nothing is told of the group it is a part of."""
    shown = Shown(Told(row.told), row.named) if above > Told.NOTHING else Shown(Told.NOTHING, named=False)
    return hiding.cells(numbers_of(row), shown)


def _accounts(session: Session, census: Census, at: CountedAccount, told: Told) -> list[Group]:
    rows = session.execute(
        select(CountedAccount, Coverage)
        .join(
            Coverage,
            and_(
                Coverage.institution_id == CountedAccount.institution_id,
                Coverage.account_id == CountedAccount.account_id,
                Coverage.census_id == census.id,
            ),
        )
        .where(
            CountedAccount.institution_id == at.institution_id,
            CountedAccount.parent_id == at.account_id,
            Coverage.none + Coverage.one + Coverage.several > 0,
        )
        .order_by(CountedAccount.name, CountedAccount.account_id)
    )
    return [Group(each.account_id, each.name, _cells(row, told)) for each, row in rows]


def _with_students(at: CountedAccount) -> ColumnElement[bool]:
    return and_(
        CountedCourse.institution_id == at.institution_id,
        CountedCourse.account_id == at.account_id,
        CountedCourse.none + CountedCourse.one + CountedCourse.several > 0,
    )


def _courses(session: Session, at: CountedAccount, page: int, told: Told) -> list[Group]:
    rows = session.scalars(
        select(CountedCourse)
        .where(_with_students(at))
        .order_by(CountedCourse.name, CountedCourse.course_id)
        .limit(ON_A_PAGE)
        .offset(page * ON_A_PAGE)
    )
    return [Group(row.course_id, row.name, _cells(row, told)) for row in rows]


def _pages(session: Session, at: CountedAccount) -> int:
    found = session.scalars(select(func.count()).select_from(CountedCourse).where(_with_students(at))).one()
    return -(-found // ON_A_PAGE)


def nobody_yet(session: Session, at: CountedAccount) -> list[tuple[str, str, str]]:
    """Each student without an observer: Canvas's number, the name if we have met them, and the courses."""
    seats = [Seat.institution_id == at.institution_id]
    if at.parent_id is not None:
        seats.append(Seat.course_id.in_(courses_below(at.institution_id, at.account_id)))
    same_course = and_(
        CountedCourse.institution_id == Seat.institution_id, CountedCourse.course_id == Seat.course_id
    )
    found = (
        select(Seat.student_id, func.aggregate_strings(CountedCourse.name, "; ").label("courses"))
        .join(CountedCourse, same_course)
        .where(*seats)
        .group_by(Seat.student_id)
        .having(LAST_ONE.is_(None))
    ).subquery()
    same_person = and_(
        Person.institution_id == at.institution_id, Person.canvas_user_id == found.c.student_id
    )
    rows = session.execute(
        select(found.c.student_id, Person.name, found.c.courses)
        .outerjoin(Person, same_person)
        .order_by(func.length(found.c.student_id), found.c.student_id)
    )
    return [(student, name or "", courses) for student, name, courses in rows]


def _weeks(session: Session, institution_id: int, key: str, now: datetime) -> list[Week]:
    """The last census of each week, the oldest first; only those that could ask Canvas, and may be told."""
    done = session.execute(
        select(Census.begun_at, Census.id)
        .where(
            Census.institution_id == institution_id,
            Census.begun_at > now - timedelta(weeks=WEEKS),
            Census.ended_at.is_not(None),
            Census.problem.is_(None),
        )
        .order_by(Census.begun_at)
    )
    chosen = {begun.isocalendar()[:2]: (census_id, begun.date()) for begun, census_id in done}
    days = dict(chosen.values())
    rows = session.scalars(
        select(Coverage).where(
            Coverage.institution_id == institution_id,
            Coverage.account_id == key,
            Coverage.census_id.in_(days),
            Coverage.told > Told.NOTHING,
        )
    )
    found = [
        Week(days[row.census_id], _cells(row), row.issued, _use(row, row.redeemed), row.expired)
        for row in rows
    ]
    return sorted(found, key=lambda week: week.day)
