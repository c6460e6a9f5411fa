"""What a census learns from Canvas: the accounts, the published courses, and who sits in them."""

from collections.abc import Iterable

from sqlalchemy import delete, func, insert, select, tuple_
from sqlalchemy.orm import Session

from app import db
from app.canvas import accounts, courses, enrollments
from app.canvas.accounts import Account
from app.canvas.courses import Course
from app.canvas.enrollments import ACTIVE, OBSERVER, STUDENT, Enrollment
from app.errors import CanvasMissing
from app.models import Census, CountedAccount, CountedCourse, Institution, Seat
from app.pairing.applying import Access
from app.pairing.stages import MANY_LINKS

PUBLISHED = "available"
AT_ONCE = 500  # rows of one statement
Pair = tuple[str, str]  # a student, and an observer or nobody


def at_accounts(run: Census, access: Access) -> None:
    """Write down the tree of accounts. Accounts API, GET /api/v1/accounts/:account_id/sub_accounts."""
    found = accounts.sub_accounts(access.service(run.institution_id).within(MANY_LINKS), "self")
    with db.transaction() as session:
        name = session.get_one(Institution, run.institution_id).name
        session.execute(delete(CountedAccount).where(CountedAccount.institution_id == run.institution_id))
        session.add_all(tree(run.institution_id, name, found))


def tree(institution_id: int, name: str, found: Iterable[Account]) -> list[CountedAccount]:
    """The accounts with their paths; what hangs on nothing we were told of, hangs on the top."""
    below = {each.id: each for each in found}
    if not below:
        return []
    top = next(iter(below.values())).root_account_id
    rows = [_row(institution_id, top, None, name, f"/{top}/")]
    for each in below.values():
        line, at = [each.id], each
        while (above := below.get(at.parent_account_id or "")) is not None and above.id not in line:
            line.append(above.id)
            at = above
        path = f"/{top}/" + "".join(f"{one}/" for one in reversed(line))
        parent = each.parent_account_id if each.parent_account_id in below else top
        rows.append(_row(institution_id, each.id, parent, each.name, path))
    return rows


def _row(institution_id: int, account_id: str, parent: str | None, name: str, path: str) -> CountedAccount:
    return CountedAccount(
        institution_id=institution_id, account_id=account_id, parent_id=parent, name=name, path=path
    )


def at_a_list(run: Census, access: Access) -> str | None:
    """Write down a page of the published courses. Where the next page is; None: this was the last."""
    canvas = access.service(run.institution_id).within(MANY_LINKS)
    found, after = courses.page_of_account(canvas, "self", PUBLISHED, run.cursor or None)
    published = [each for each in found if each.state == PUBLISHED and each.account_id]
    with db.transaction() as session:
        _put_under_a_top(session, run.institution_id, published)
        known = _known(session, run.institution_id, published)
        for each in published:
            row = known.get(each.id) or _new_course(session, run.institution_id, each.id)
            row.name, row.account_id, row.census_id = each.name, each.account_id or "", run.id
    return after


def _put_under_a_top(session: Session, institution_id: int, found: list[Course]) -> None:
    """Of an institution without sub-accounts Canvas tells the one account by its courses only."""
    if not found or session.scalar(
        select(CountedAccount.account_id).where(CountedAccount.institution_id == institution_id).limit(1)
    ):
        return
    top, name = found[0].account_id or "", session.get_one(Institution, institution_id).name
    session.add(_row(institution_id, top, None, name, f"/{top}/"))


def _known(session: Session, institution_id: int, found: list[Course]) -> dict[str, CountedCourse]:
    rows = session.scalars(
        select(CountedCourse).where(
            CountedCourse.institution_id == institution_id,
            CountedCourse.course_id.in_([each.id for each in found]),
        )
    )
    return {row.course_id: row for row in rows}


def _new_course(session: Session, institution_id: int, course_id: str) -> CountedCourse:
    row = CountedCourse(
        institution_id=institution_id, course_id=course_id, none=0, one=0, several=0, told=0, named=True
    )
    session.add(row)
    return row


def next_course(session: Session, run: Census) -> str | None:
    """The next course this census has listed and not looked at."""
    found: str | None = session.scalar(
        select(func.min(CountedCourse.course_id)).where(
            CountedCourse.institution_id == run.institution_id,
            CountedCourse.census_id == run.id,
            CountedCourse.course_id > run.cursor,
        )
    )
    return found


def at_course(run: Census, course_id: str, access: Access) -> None:
    """Write down who sits in a course: what is new and what is gone since the last time."""
    try:
        rows = enrollments.of_course(
            access.service(run.institution_id).within(MANY_LINKS), course_id, [STUDENT, OBSERVER]
        )
    except CanvasMissing:
        rows = []  # deleted meanwhile
    now = seats(rows)
    of_course = (Seat.institution_id == run.institution_id, Seat.course_id == course_id)
    with db.transaction() as session:
        before = {
            (student, observer)
            for student, observer in session.execute(
                select(Seat.student_id, Seat.observer_id).where(*of_course)
            )
        }
        for some in _slices(sorted(before - now)):
            pair = tuple_(Seat.student_id, Seat.observer_id)
            session.execute(delete(Seat).where(*of_course, pair.in_(some)))
        fixed = {"institution_id": run.institution_id, "course_id": course_id}
        for some in _slices(sorted(now - before)):
            session.execute(
                insert(Seat), [fixed | {"student_id": one, "observer_id": other} for one, other in some]
            )


def seats(rows: list[Enrollment]) -> set[Pair]:
    """The active students of a course, each once and once more for each observer."""
    students = {row.user_id for row in rows if row.type == STUDENT and row.state == ACTIVE}
    watched = {
        (row.associated_user_id, row.user_id)
        for row in rows
        if row.type == OBSERVER and row.associated_user_id in students and row.associated_user_id is not None
    }
    return {(student, "") for student in students} | watched


def _slices(pairs: list[Pair]) -> Iterable[list[Pair]]:
    return (pairs[at : at + AT_ONCE] for at in range(0, len(pairs), AT_ONCE))


def forget_the_rest(run: Census) -> None:
    """Forget the courses that are gone, or no longer published."""
    gone = (CountedCourse.institution_id == run.institution_id, CountedCourse.census_id != run.id)
    with db.transaction() as session:
        courses_gone = select(CountedCourse.course_id).where(*gone)
        session.execute(
            delete(Seat).where(Seat.institution_id == run.institution_id, Seat.course_id.in_(courses_gone))
        )
        session.execute(delete(CountedCourse).where(*gone))
