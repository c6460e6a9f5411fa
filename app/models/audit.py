"""What happened, written in the same transaction as the change, each event chained to the one before."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


def index_by(column: str) -> Index:
    """An index to search the events of an institution by a column that most of them leave empty."""
    filled: Any = text(f"{column} IS NOT NULL")
    name = f"ix_audit_events_{column.removesuffix('_id')}"
    where = {"sqlite_where": filled, "postgresql_where": filled}
    return Index(name, "institution_id", column, "number", **where)


class AuditEvent(Base):
    """One thing somebody did. Append only: the database refuses changes, and deletes what was cut off."""

    __tablename__ = "audit_events"
    __table_args__ = (
        UniqueConstraint("institution_id", "number"),
        Index("ix_audit_events_institution_at", "institution_id", "at"),
        Index("ix_audit_events_event", "institution_id", "event", "number"),
        index_by("actor_id"),
        index_by("student_id"),
        index_by("observer_id"),
        index_by("course_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    number: Mapped[int]  # 1, 2, 3 … in each institution, without gaps
    at: Mapped[datetime]
    event: Mapped[str]  # a word of app.audit.Event
    actor_id: Mapped[int | None]  # people.id; None: the server itself
    student_id: Mapped[int | None]  # people.id: whom it was about, as is the next
    observer_id: Mapped[int | None]
    course_id: Mapped[str | None]  # Canvas's number
    policy: Mapped[int | None]  # the version of the policy in force; None: the defaults
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str]  # of all this and of the digest before it; empty in events older than the chain


class AuditHead(Base):
    """Where an institution's chain of events begins and ends; only holders of the secret keys can sign it."""

    __tablename__ = "audit_heads"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    number: Mapped[int]  # of the last event
    digest: Mapped[str]
    cut_number: Mapped[int]  # up to here nothing is proved: deleted when its time was over, or never chained
    cut_digest: Mapped[str]
    signature: Mapped[str]
    signer: Mapped[str | None]  # the name of the key that made it; older releases do not write it
