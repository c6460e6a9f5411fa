"""Who must not be connected with whom, and who tried. See app.pairing.bars for the meaning."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.institutions import Person
from app.models.pairing import unique_where
from app.models.visits import of_own_institution


class Bar(Base):
    """An entry of the do-not-pair list: a student, and a person, an e-mail address, or anyone."""

    __tablename__ = "bars"
    __table_args__ = (
        of_own_institution("student_id"),
        of_own_institution("observer_id"),
        of_own_institution("made_by"),
        of_own_institution("ended_by"),
        CheckConstraint("observer_id IS NULL OR email IS NULL", name="person_or_email"),
        Index("ix_bars_student", "institution_id", "student_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    student_id: Mapped[int]
    observer_id: Mapped[int | None]
    email: Mapped[str | None]  # lower case
    addresses: Mapped[list[str]] = mapped_column(JSON, default=list)  # of the person, to know them anew
    document: Mapped[str]  # where the paper is that says so; never the paper itself
    made_at: Mapped[datetime]
    made_by: Mapped[int | None]  # None: from the command line, as in the next
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]

    student: Mapped[Person] = relationship(primaryjoin="foreign(Bar.student_id) == Person.id")
    observer: Mapped[Person | None] = relationship(
        primaryjoin="foreign(Bar.observer_id) == Person.id", viewonly=True
    )
    maker: Mapped[Person | None] = relationship(
        primaryjoin="foreign(Bar.made_by) == Person.id", viewonly=True
    )


class BarHit(Base):
    """Somebody was kept from a student, or is connected all the same: an alert, until an admin sees it."""

    __tablename__ = "bar_hits"
    __table_args__ = (
        of_own_institution("observer_id"),
        of_own_institution("seen_by"),
        unique_where("uq_bar_hits_unseen", "bar_id", "observer_id", where="seen_at IS NULL"),
        Index("ix_bar_hits_institution", "institution_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    bar_id: Mapped[int] = mapped_column(ForeignKey("bars.id"))
    observer_id: Mapped[int | None]  # None: somebody without an account, or a line of a file
    times: Mapped[int]  # they tried
    connected: Mapped[bool] = mapped_column(default=False, server_default=false())  # in Canvas, all the same
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[int | None]

    bar: Mapped[Bar] = relationship()
    observer: Mapped[Person | None] = relationship(
        primaryjoin="foreign(BarHit.observer_id) == Person.id", viewonly=True
    )
