"""How many students have observers: each time it was counted, what was met then, and what it came to."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base
from app.models.pairing import unique_where
from app.models.visits import words
from app.models.walks import Walk


class Counting(StrEnum):
    """What a census is at; it goes through these in order."""

    ACCOUNTS = "accounts"  # the tree of accounts
    LISTS = "lists"  # of courses, page by page
    COURSES = "courses"  # the students and observers of each
    GROUPS = "groups"  # adding up, account by account
    HIDING = "hiding"  # deciding which numbers are too small to be shown


class Census(Walk, Base):
    """One count of an institution's students; it looks at courses."""

    __tablename__ = "censuses"
    __table_args__ = (
        unique_where("uq_censuses_open", "institution_id", where="ended_at IS NULL"),
        Index("ix_censuses_begun", "institution_id", "begun_at"),
    )

    stage: Mapped[Counting] = mapped_column(words(Counting))
    only_ours: Mapped[bool]  # Canvas does not let us look: only our own codes and links are counted


class CountedAccount(Base):
    """An account of the institution as Canvas told it last."""

    __tablename__ = "counted_accounts"
    __table_args__ = (Index("ix_counted_accounts_path", "institution_id", "path"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)  # Canvas's number
    parent_id: Mapped[str | None]  # None: the whole institution
    name: Mapped[str]
    path: Mapped[str]  # "/1/20/": the numbers from the top down to itself


class CountedCourse(Base):
    """A published course, and how many of its students have no, one or several observers in it."""

    __tablename__ = "counted_courses"
    __table_args__ = (Index("ix_counted_courses_account", "institution_id", "account_id", "name"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    course_id: Mapped[str] = mapped_column(primary_key=True)  # Canvas's number
    account_id: Mapped[str]  # Canvas's number
    name: Mapped[str]
    census_id: Mapped[int] = mapped_column(ForeignKey("censuses.id"))  # that has met it last
    none: Mapped[int]
    one: Mapped[int]
    several: Mapped[int]
    told: Mapped[int]  # how much of it is shown: a number of app.pairing.hiding.Told
    named: Mapped[bool]  # whether a hidden number may be called small


class Seat(Base):
    """A student in a course, or, with an observer, that this observer sees the student there.

    Rows of a course are only ever what Canvas held when the course was looked at last.
    """

    __tablename__ = "seats"
    __table_args__ = ({"sqlite_with_rowid": False},)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    course_id: Mapped[str] = mapped_column(primary_key=True)  # Canvas's numbers
    student_id: Mapped[str] = mapped_column(primary_key=True)
    observer_id: Mapped[str] = mapped_column(primary_key=True)  # empty: the student's own row


class Coverage(Base):
    """What a census came to for an account and all below it; the empty account is the whole institution."""

    __tablename__ = "coverage"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)  # Canvas's number
    census_id: Mapped[int] = mapped_column(ForeignKey("censuses.id", ondelete="CASCADE"), primary_key=True)
    none: Mapped[int | None]  # students, each counted once; None: Canvas did not let us look
    one: Mapped[int | None]
    several: Mapped[int | None]
    told: Mapped[int]
    named: Mapped[bool]
    issued: Mapped[int]  # codes, ever
    redeemed: Mapped[int]  # of them used at least once
    expired: Mapped[int]  # of them over without being used
    everywhere: Mapped[int]  # links we made that stand, for all courses
    in_courses: Mapped[int]  # and for single courses
