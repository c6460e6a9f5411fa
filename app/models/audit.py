"""What happened, written in the same transaction as the change."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AuditEvent(Base):
    """One thing somebody did. Append only."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_institution_at", "institution_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    at: Mapped[datetime]
    event: Mapped[str]  # a word of app.audit.Event
    actor_id: Mapped[int | None]  # people.id; None: the server itself
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
