"""Comparing our links with Canvas: each time it was done, and what was found."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.pairing import Link, unique_where
from app.models.visits import of_own_institution, words
from app.models.walks import Walk


class Stage(StrEnum):
    """What a reconciliation is at; it goes through these in order."""

    WAITING = "waiting"  # links that wait for Canvas
    EVERYWHERE = "everywhere"  # all-course links, by observer
    COURSES = "courses"  # course-scoped links, by course
    LIST = "list"  # whoever observes against the do-not-pair list, by student


class Reconciliation(Walk, Base):
    """One comparison of an institution's links with Canvas; it looks at links."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        unique_where("uq_reconciliations_open", "institution_id", where="ended_at IS NULL"),
        Index("ix_reconciliations_begun", "institution_id", "begun_at"),
    )

    stage: Mapped[Stage] = mapped_column(words(Stage))
    found: Mapped[int]  # of them not as in Canvas
    mended: Mapped[int]  # of these put right by rule
    elsewhere: Mapped[int]  # links of our observers that Canvas holds and we never made


class How(StrEnum):
    """How a drift came to its end."""

    RULE = "rule"
    CLICK = "click"
    ITSELF = "itself"  # Canvas and we agree again, or the link is over
    LEFT = "left"  # an administrator, or time, left it as it is


class Drift(Base):
    """One thing about one link that is not as in Canvas, from when it was found until it is settled."""

    __tablename__ = "drifts"
    __table_args__ = (
        of_own_institution("settled_by"),
        unique_where("uq_drifts_open", "link_id", "kind", where="settled_at IS NULL"),
        Index("ix_drifts_institution", "institution_id", "settled_at"),
        Index("ix_drifts_link", "link_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id", ondelete="CASCADE"))
    kind: Mapped[str]  # a word of app.pairing.drift.Kind
    places: Mapped[list[str]] = mapped_column(JSON)  # sections where something is missing: Canvas's numbers
    since: Mapped[datetime]
    asked_at: Mapped[datetime | None]  # somebody clicked; a job does it
    refused_at: Mapped[datetime | None]  # Canvas would not
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]  # people.id, who clicked
    how: Mapped[How | None] = mapped_column(words(How))

    link: Mapped[Link] = relationship()
