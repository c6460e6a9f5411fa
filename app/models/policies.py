"""What an institution decided, and what its observers agreed to. See app.policy for the meaning."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.visits import of_own_institution


class Agreement(Base):
    """One version of the text that observers agree to. Rows are added, never changed."""

    __tablename__ = "agreements"
    __table_args__ = (UniqueConstraint("institution_id", "version"), of_own_institution("author_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    version: Mapped[int]  # 1, 2, 3 … in each institution
    text: Mapped[str]
    author_id: Mapped[int | None]  # None: from the command line
    created_at: Mapped[datetime]


class Acceptance(Base):
    """Somebody agreed to one version."""

    __tablename__ = "acceptances"
    __table_args__ = (
        UniqueConstraint("agreement_id", "person_id"),
        of_own_institution("person_id"),
        Index("ix_acceptances_person", "institution_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    person_id: Mapped[int]
    accepted_at: Mapped[datetime]


class PolicyRow(Base):
    """What an institution decided. Of a setting that is empty nothing was decided: the default holds."""

    __tablename__ = "policies"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    version: Mapped[int | None]  # grows with each change, so that two admins do not undo each other's
    code_life_days: Mapped[int]
    codes_until: Mapped[date | None]
    code_uses: Mapped[int]
    teachers_issue: Mapped[bool | None]
    tas_issue: Mapped[bool]
    students_issue: Mapped[bool | None]
    observers_most: Mapped[int | None]
    students_end: Mapped[bool | None]
    office: Mapped[str | None]
    approval: Mapped[bool | None]
    approval_days: Mapped[int | None]
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"))
    purposes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    time_zone: Mapped[str | None]
    notices: Mapped[bool | None]
    codes_days: Mapped[int | None]
    links_days: Mapped[int | None]
    audit_days: Mapped[int | None]
    languages: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))

    agreement: Mapped[Agreement | None] = relationship(lazy="joined")
