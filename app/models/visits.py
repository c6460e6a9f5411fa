"""Visits: logins and launches from Canvas, OAuth round trips, signed-in observers, tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Enum, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.institutions import Institution, Person


def words(kind: type[StrEnum]) -> Enum:
    """An enumeration stored as its words, so that a new one needs no change of the table."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda e: [m.value for m in e])


def of_own_institution(column: str) -> ForeignKeyConstraint:
    """A person column that cannot point into another institution."""
    return ForeignKeyConstraint(["institution_id", column], ["people.institution_id", "people.id"])


class Role(StrEnum):
    """What a person is in the place they were launched from; nothing they are elsewhere counts."""

    INSTRUCTOR = "instructor"
    TA = "ta"
    STUDENT = "student"
    OBSERVER = "observer"
    ADMIN = "admin"
    NOBODY = "nobody"


class LtiLogin(Base):
    """An OIDC login we began: its state can be spent once, with its nonce, in the browser it began in."""

    __tablename__ = "lti_logins"

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    state_digest: Mapped[str] = mapped_column(unique=True)
    nonce_digest: Mapped[str]
    browser_digest: Mapped[str]
    target_link_uri: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    spent_at: Mapped[datetime | None]


class LtiLaunch(Base):
    """A verified launch: what its random handle may do until it expires."""

    __tablename__ = "lti_launches"
    __table_args__ = (
        of_own_institution("person_id"),
        Index("ix_lti_launches_person", "institution_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id"))
    person_id: Mapped[int]
    handle_digest: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(words(Role))
    placement: Mapped[str]
    course_id: Mapped[str | None]  # Canvas's number
    course_name: Mapped[str | None]
    account_id: Mapped[str | None]  # Canvas's number
    root_admin: Mapped[bool]  # whether they administer the whole institution, not only a part of it
    section_ids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # None: every section
    student_id: Mapped[str | None]  # Canvas's number: whose card it was opened from
    stand_in: Mapped[str | None]  # "test_student" or "masquerade": shown as such, issues nothing
    high_contrast: Mapped[bool] = mapped_column(server_default=false())  # as they asked of Canvas
    accent: Mapped[str | None]  # six hex digits: the main color of the account's theme, if it can be read
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    institution: Mapped[Institution] = relationship()
    person: Mapped[Person] = relationship(primaryjoin="foreign(LtiLaunch.person_id) == Person.id")


class OAuthPurpose(StrEnum):
    """Why somebody was sent to Canvas's OAuth page."""

    OBSERVER = "observer"
    SERVICE = "service"
    STUDENT = "student"  # to make a code of Canvas's own; the token is given back at once, never kept


class OAuthAttempt(Base):
    """One trip to Canvas's OAuth page; its state can be spent once, in the browser it began in."""

    __tablename__ = "oauth_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    purpose: Mapped[OAuthPurpose] = mapped_column(words(OAuthPurpose))
    state_digest: Mapped[str] = mapped_column(unique=True)
    browser_digest: Mapped[str]
    verifier: Mapped[str]  # PKCE, sealed at oauth_attempts.verifier:<state_digest>
    typed: Mapped[
        str | None
    ]  # the codes typed before signing in, sealed at oauth_attempts.typed:<state_digest>
    launch_id: Mapped[int | None] = mapped_column(ForeignKey("lti_launches.id"))  # the admin who connects
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    spent_at: Mapped[datetime | None]


class Token(Base):
    """A Canvas access token: an observer's own, or the institution's service account's."""

    __tablename__ = "tokens"
    __table_args__ = (
        UniqueConstraint("institution_id", "person_id", "purpose"),
        Index(
            "uq_tokens_one_service",
            "institution_id",
            unique=True,
            sqlite_where=text("purpose = 'service'"),
            postgresql_where=text("purpose = 'service'"),
        ),
        of_own_institution("person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    person_id: Mapped[int]
    purpose: Mapped[OAuthPurpose] = mapped_column(words(OAuthPurpose))
    access: Mapped[str]  # sealed at tokens.access:<institution_id>/<person_id>/<purpose>
    refresh: Mapped[str | None]  # sealed at tokens.refresh:<institution_id>/<person_id>/<purpose>
    expires_at: Mapped[datetime | None]
    dead_since: Mapped[datetime | None]  # Canvas no longer takes it; connect again
    budget_left: Mapped[float | None]  # units of Canvas's request budget, when they were last seen
    budget_seen_at: Mapped[datetime | None]
    calls_until: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # bulk calls under way
    created_at: Mapped[datetime]


class PortalSession(Base):
    """An observer signed in on the public site."""

    __tablename__ = "portal_sessions"
    __table_args__ = (
        of_own_institution("person_id"),
        Index("ix_portal_sessions_person", "institution_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    person_id: Mapped[int]
    handle_digest: Mapped[str] = mapped_column(unique=True)
    typed: Mapped[
        str | None
    ]  # codes typed before signing in, sealed at portal_sessions.typed:<handle_digest>
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    institution: Mapped[Institution] = relationship()
    person: Mapped[Person] = relationship(primaryjoin="foreign(PortalSession.person_id) == Person.id")
