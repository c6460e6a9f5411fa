"""Codes, the links they make, and the guesses that miss."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.institutions import Person
from app.models.visits import Role, of_own_institution, words


class Scope(StrEnum):
    """How far a code or a link reaches."""

    COURSE = "course"
    ALL = "all"


class LinkState(StrEnum):
    """Where a link stands between us and Canvas."""

    WAITING = "waiting"  # for the student's yes; Canvas knows nothing of it
    PENDING = "pending"  # decided here, not yet settled with Canvas
    ACTIVE = "active"  # Canvas holds it
    FAILED = "failed"  # Canvas refused for good; the use was given back
    ENDING = "ending"  # to be ended, not yet settled with Canvas
    ENDED = "ended"


OPEN = (LinkState.PENDING, LinkState.ACTIVE, LinkState.ENDING)


class Way(StrEnum):
    """How a link came to be."""

    CODE = "code"  # one of our codes
    NATIVE_CODE = "native_code"  # one of Canvas's own
    ADMIN = "admin"  # an administrator, for one family
    IMPORT = "import"  # an administrator, by a sheet of many
    CANVAS = "canvas"  # made in Canvas, by somebody else; we met it when it was ended here


class EndedBy(StrEnum):
    """Who, or what, began to end a link from here."""

    OBSERVER = "observer"
    STUDENT = "student"
    OFFICE = "office"
    DATE = "date"  # the one that was set from the beginning
    UNDO = "undo"  # the import that made it was undone


def unique_where(name: str, *columns: str, where: str) -> Index:
    """A unique index over the rows that satisfy a condition, the same on SQLite and PostgreSQL."""
    condition: Any = text(where)
    return Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


class Code(Base):
    """A pairing code of ours. Found by digest, kept sealed so that it can be shown again."""

    __tablename__ = "codes"
    __table_args__ = (
        of_own_institution("student_id"),
        of_own_institution("issuer_id"),
        CheckConstraint("uses >= 0 AND uses <= max_uses", name="uses_within_limit"),
        CheckConstraint("(scope = 'course') = (course_id IS NOT NULL)", name="course_iff_course_scoped"),
        # One live code per student, scope and terms: `replaced_at` is set on a spent, expired or revoked one
        # before the next is issued.
        unique_where(
            "uq_codes_current_course",
            "institution_id",
            "student_id",
            "course_id",
            "terms",
            where="scope = 'course' AND replaced_at IS NULL",
        ),
        unique_where(
            "uq_codes_current_all",
            "institution_id",
            "student_id",
            where="scope = 'all' AND replaced_at IS NULL",
        ),
        Index("ix_codes_course", "institution_id", "course_id"),
        Index("ix_codes_student", "institution_id", "student_id"),
        Index("ix_codes_issuer", "institution_id", "issuer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[str]  # at codes.sealed:<digest>
    scope: Mapped[Scope] = mapped_column(words(Scope))
    student_id: Mapped[int]
    course_id: Mapped[str | None]  # Canvas's number
    course_name: Mapped[str | None]
    issuer_id: Mapped[int | None]  # None: from the command line
    issuer_role: Mapped[Role] = mapped_column(words(Role))
    uses: Mapped[int]
    max_uses: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    purpose: Mapped[str | None]  # a word of app.policy.Purpose: what the observer is to the student
    link_ends_on: Mapped[date | None]  # the last day of the link it makes, as it is shown
    link_ends_at: Mapped[datetime | None]  # the end of that day, where the school is
    terms: Mapped[str] = mapped_column(default="", server_default="")  # these, as one word
    revoked_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]

    student: Mapped[Person] = relationship(primaryjoin="foreign(Code.student_id) == Person.id")
    issuer: Mapped[Person | None] = relationship(primaryjoin="foreign(Code.issuer_id) == Person.id")
    sections: Mapped[list["CodeSection"]] = relationship(cascade="all, delete-orphan")


class CodeSection(Base):
    """A section the student was in when a course-scoped code was issued: its instructors may see the code."""

    __tablename__ = "code_sections"

    code_id: Mapped[int] = mapped_column(ForeignKey("codes.id", ondelete="CASCADE"), primary_key=True)
    section_id: Mapped[str] = mapped_column(primary_key=True)  # Canvas's number


class Link(Base):
    """One observer, one student, one reach: what was decided here and what Canvas made of it."""

    __tablename__ = "links"
    __table_args__ = (
        of_own_institution("observer_id"),
        of_own_institution("student_id"),
        CheckConstraint("observer_id <> student_id", name="two_people"),
        CheckConstraint("(scope = 'course') = (course_id IS NOT NULL)", name="course_iff_course_scoped"),
        unique_where(
            "uq_links_open_course",
            "institution_id",
            "observer_id",
            "student_id",
            "course_id",
            where="scope = 'course' AND state IN ('pending', 'active', 'ending')",
        ),
        unique_where(
            "uq_links_open_all",
            "institution_id",
            "observer_id",
            "student_id",
            where="scope = 'all' AND state IN ('pending', 'active', 'ending')",
        ),
        unique_where(
            "uq_links_waiting_course",
            "institution_id",
            "observer_id",
            "student_id",
            "course_id",
            where="scope = 'course' AND state = 'waiting'",
        ),
        unique_where(
            "uq_links_waiting_all",
            "institution_id",
            "observer_id",
            "student_id",
            where="scope = 'all' AND state = 'waiting'",
        ),
        Index("ix_links_observer", "institution_id", "observer_id"),
        Index("ix_links_student", "institution_id", "student_id"),
        Index("ix_links_course", "institution_id", "course_id"),
        Index("ix_links_ends_at", "ends_at"),
        Index("ix_links_answer_by", "answer_by"),
        Index("ix_links_code", "code_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    observer_id: Mapped[int]
    student_id: Mapped[int]
    scope: Mapped[Scope] = mapped_column(words(Scope))
    course_id: Mapped[str | None]  # Canvas's number
    course_name: Mapped[str | None]
    way: Mapped[Way] = mapped_column(words(Way))
    code_id: Mapped[int | None] = mapped_column(ForeignKey("codes.id"))
    holds_use: Mapped[bool]  # a use of the code is set aside for it, and comes back if Canvas refuses
    state: Mapped[LinkState] = mapped_column(words(LinkState))
    reason: Mapped[str | None]  # why it failed, or why it waits: a word of app.pairing.rules
    found_in_canvas: Mapped[
        bool | None
    ]  # whether Canvas held it before our first write; None: not looked yet
    leased_until: Mapped[datetime | None]  # somebody is telling Canvas right now
    # once ended it is made again: only so does Canvas put a lost enrollment of an all-course link back
    again: Mapped[bool] = mapped_column(default=False, server_default=false())
    gone: Mapped[bool] = mapped_column(default=False, server_default=false())  # ended, but not from here
    purpose: Mapped[str | None]  # a word of app.policy.Purpose
    ends_on: Mapped[date | None]  # its last day, as it is shown
    ends_at: Mapped[datetime | None]  # the end of that day: a job ends the link then
    answer_by: Mapped[datetime | None]  # until when the student can say yes or no
    approved_at: Mapped[datetime | None]  # when they said yes
    ended_by: Mapped[EndedBy | None] = mapped_column(words(EndedBy))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    observer: Mapped[Person] = relationship(
        primaryjoin="foreign(Link.observer_id) == Person.id", viewonly=True
    )
    student: Mapped[Person] = relationship(primaryjoin="foreign(Link.student_id) == Person.id")
    code: Mapped[Code | None] = relationship()
    enrollments: Mapped[list["LinkEnrollment"]] = relationship(cascade="all, delete-orphan")


class LinkEnrollment(Base):
    """An observer enrollment in Canvas that a course-scoped link stands on.

    `ours` tells those we made from those that were there before, which undoing must spare.
    """

    __tablename__ = "link_enrollments"

    link_id: Mapped[int] = mapped_column(ForeignKey("links.id", ondelete="CASCADE"), primary_key=True)
    enrollment_id: Mapped[str] = mapped_column(primary_key=True)  # Canvas's number
    section_id: Mapped[str]  # Canvas's number
    ours: Mapped[bool]


class EndRequest(Base):
    """A student asks the office to end everything an observer of theirs can see."""

    __tablename__ = "end_requests"
    __table_args__ = (
        of_own_institution("student_id"),
        of_own_institution("observer_id"),
        of_own_institution("settled_by"),
        unique_where(
            "uq_end_requests_open",
            "institution_id",
            "student_id",
            "observer_id",
            where="settled_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    student_id: Mapped[int]
    observer_id: Mapped[int]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]  # people.id, the admin who did
    granted: Mapped[bool | None]

    student: Mapped[Person] = relationship(primaryjoin="foreign(EndRequest.student_id) == Person.id")
    observer: Mapped[Person] = relationship(
        primaryjoin="foreign(EndRequest.observer_id) == Person.id", viewonly=True
    )


class Guesses(Base):
    """Wrong codes in a row, by an observer, an address or a whole institution, and until when to wait."""

    __tablename__ = "guesses"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # observer, address, institution
    who: Mapped[str] = mapped_column(primary_key=True)  # a keyed digest; never an address in clear
    misses: Mapped[int]
    last_miss_at: Mapped[datetime] = mapped_column(index=True)
    wait_until: Mapped[datetime | None]
