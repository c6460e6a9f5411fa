"""Codes: issued, shown, found, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Self

from sqlalchemy import ColumnElement, and_, exists, func, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app import audit
from app.crypto import Keyring
from app.models import Code, CodeSection, Link, Person, Role, Scope
from app.pairing import rules, spelling
from app.people import Actor, Onlooker, Operator
from app.policy import Policy


@dataclass(frozen=True, slots=True)
class Reach:
    """What a code opens: one course (and through which sections the student is in it), or all courses."""

    scope: Scope
    course_id: str | None = None
    course_name: str | None = None
    section_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Code | Link) -> Self:
        """That of a code or a link, without the sections."""
        return cls(row.scope, row.course_id, row.course_name)


ALL_COURSES = Reach(Scope.ALL)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a course-scoped code says of its link: what the observer is to the student, and the last day."""

    purpose: str | None = None
    last_day: date | None = None

    def __str__(self) -> str:
        """As codes are told apart by it; empty if nothing was said."""
        return f"{self.purpose or ''}/{self.last_day or ''}" if self.purpose or self.last_day else ""


NO_TERMS = Terms()


def issue(
    session: Session,
    keyring: Keyring,
    *,
    issuer: Actor,
    role: Role,
    student: Person,
    reach: Reach,
    policy: Policy,
    now: datetime,
    terms: Terms = NO_TERMS,
) -> Code:
    """The live code for this student, reach and terms: the one there is, or a new one."""
    current = _current(session, student, reach, terms)
    if current is not None:
        if rules.is_live(current, now) and not rules.speaks_for_the_student(current, role, policy):
            _follow_sections(current, reach)
            return current
        current.replaced_at = now
        session.flush()  # the unique index must see it gone before the next one comes
    link_ends = policy.end_of(terms.last_day, issuer.time_zone) if terms.last_day else None
    expires = policy.code_ends(now, issuer.time_zone)
    text = spelling.make()
    digest = keyring.digest(text)
    code = Code(
        institution_id=student.institution_id,
        digest=digest,
        sealed=keyring.seal(text, _place(digest)),
        scope=reach.scope,
        student_id=student.id,
        course_id=reach.course_id,
        course_name=reach.course_name,
        issuer_id=issuer.id,
        issuer_role=role,
        uses=0,
        max_uses=policy.code_uses,
        created_at=now,
        expires_at=min(expires, link_ends) if link_ends else expires,
        purpose=terms.purpose,
        link_ends_on=terms.last_day,
        link_ends_at=link_ends,
        terms=str(terms),
        sections=[CodeSection(section_id=section) for section in reach.section_ids],
    )
    try:
        with session.begin_nested():
            session.add(code)
    except IntegrityError:
        twin = _current(session, student, reach, terms)
        if twin is None or not rules.is_live(twin, now):
            raise
        return twin  # two asked in the same moment: the first one's code serves both
    audit.record(
        session,
        student.institution_id,
        audit.Event.CODE_ISSUED,
        now,
        issuer.id,
        code=code.id,
        student=student.id,
        scope=reach.scope,
        course=reach.course_id,
        **({"terms": str(terms)} if terms != NO_TERMS else {}),
    )
    return code


def _follow_sections(code: Code, reach: Reach) -> None:
    """A student who moved takes the code along: the instructors of the new sections see it now."""
    if {row.section_id for row in code.sections} != set(reach.section_ids):
        code.sections = [CodeSection(section_id=section) for section in reach.section_ids]


def _current(session: Session, student: Person, reach: Reach, terms: Terms) -> Code | None:
    return session.scalar(
        select(Code)
        .where(
            Code.institution_id == student.institution_id,
            Code.student_id == student.id,
            Code.scope == reach.scope,
            Code.course_id == reach.course_id if reach.course_id else true(),
            Code.terms == str(terms),
            Code.replaced_at.is_(None),
        )
        .with_for_update()
    )


def find(session: Session, keyring: Keyring, text: str) -> Code | None:
    """The code of this spelling, whichever institution it belongs to: the caller must look at that."""
    return session.scalar(select(Code).where(Code.digest.in_(keyring.digests(text))))


def text_of(keyring: Keyring, code: Code) -> str:
    """The code as people see it, opened from its seal."""
    return spelling.show(keyring.open(code.sealed, _place(code.digest)))


def _place(digest: str) -> str:
    return f"codes.sealed:{digest}"


def seen_by(launch: Onlooker) -> ColumnElement[bool]:
    """The condition under which a code is this visitor's to see and revoke: ownership is in the query.

    An instructor sees the course's codes (only of their own sections where Canvas restricts them);
    a student their own all-course codes; an admin of the whole institution, in the account, all of them,
    and so does whoever runs the server.
    """
    mine = Code.institution_id == launch.institution_id
    if isinstance(launch, Operator):
        return mine
    if launch.role in (Role.INSTRUCTOR, Role.TA) and launch.course_id:
        course = and_(mine, Code.scope == Scope.COURSE, Code.course_id == launch.course_id)
        if launch.section_ids is None:
            return course
        own_section = exists().where(
            CodeSection.code_id == Code.id, CodeSection.section_id.in_(launch.section_ids)
        )
        return and_(course, own_section)
    if launch.role is Role.STUDENT:
        return and_(mine, Code.scope == Scope.ALL, Code.student_id == launch.person_id)
    if launch.role is Role.ADMIN and launch.root_admin and launch.course_id is None:
        return mine
    return and_(mine, ~true())


class Tally(NamedTuple):
    """How many codes were made, were used at least once, and ended unused."""

    made: int
    used: int
    unused: int


def tally(session: Session, which: ColumnElement[bool], now: datetime) -> Tally:
    """Count the codes that fit a condition."""
    over = and_(Code.uses == 0, Code.revoked_at.is_(None), Code.expires_at <= now)
    used, unused = func.count().filter(Code.uses > 0), func.count().filter(over)
    return Tally(*session.execute(select(func.count(), used, unused).select_from(Code).where(which)).one())


def live(
    session: Session, launch: Onlooker, now: datetime, student: str | None = None, own: bool = False
) -> Sequence[Code]:
    """The codes this visitor may see and somebody could still redeem, by student's name; or those of one.

    `own`: only those that they have made.
    """
    query = (
        select(Code)
        .join(Person, Person.id == Code.student_id)
        .where(seen_by(launch), Code.issuer_id == launch.person_id if own else true())
        .where(Code.revoked_at.is_(None), Code.expires_at > now, Code.uses < Code.max_uses)
        .where(Person.canvas_user_id == student if student else true())
        .options(joinedload(Code.student), joinedload(Code.issuer))
        .order_by(Person.name, Code.id)
    )
    return session.scalars(query).all()


def revoke(session: Session, launch: Onlooker, code_id: int, now: datetime, own: bool = False) -> bool:
    """End a code that is this visitor's to end. Links already made with it stay. False: no such code."""
    changed = session.execute(
        update(Code)
        .where(Code.id == code_id, seen_by(launch), Code.revoked_at.is_(None))
        .where(Code.issuer_id == launch.person_id if own else true())
        .values(revoked_at=now)
        .returning(Code.student_id, Code.course_id)
    ).one_or_none()
    if changed is None:
        return False
    student, course = changed
    facts = {"code": code_id, "student": student, "course": course}
    audit.record(session, launch.institution_id, audit.Event.CODE_REVOKED, now, launch.person_id, **facts)
    return True


def spend(session: Session, code: Code, now: datetime) -> bool:
    """Take one use, by one conditional write that only as many can win as there are uses."""
    won = session.execute(
        update(Code)
        .where(
            Code.id == code.id,
            Code.uses < Code.max_uses,
            Code.revoked_at.is_(None),
            Code.expires_at > now,
        )
        .values(uses=Code.uses + 1)
        .returning(Code.id)
    ).scalar()
    return won is not None


def give_back(session: Session, code_id: int) -> None:
    """Return one use."""
    session.execute(update(Code).where(Code.id == code_id, Code.uses > 0).values(uses=Code.uses - 1))
