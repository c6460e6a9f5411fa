"""Institutions, how they launch us, and their people."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base


class Institution(Base):
    """One school, district or college: the tenant every other row belongs to."""

    __tablename__ = "institutions"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)  # in /at/<slug>/
    name: Mapped[str]
    host: Mapped[str | None] = mapped_column(unique=True)  # public host name of its pages
    canvas_url: Mapped[str]  # https://school.instructure.com, no trailing slash
    oauth_client_id: Mapped[str | None]  # the developer key for Canvas's API
    oauth_client_secret: Mapped[str | None]  # sealed at institutions.oauth_client_secret:<slug>
    extras: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # app.canvas.oauth.Extra
    created_at: Mapped[datetime]


class Platform(Base):
    """One LTI registration: an issuer and the client id it gave us. Hosted Canvas shares the issuer."""

    __tablename__ = "platforms"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    issuer: Mapped[str]
    client_id: Mapped[str]
    authorize_url: Mapped[str]
    token_url: Mapped[str]
    jwks_url: Mapped[str]
    adopts_until: Mapped[datetime | None]  # while set and ahead, a first deployment may make itself known
    created_at: Mapped[datetime]

    institution: Mapped[Institution] = relationship()


class Deployment(Base):
    """One place in Canvas where the tool was installed; it says whose launches these are."""

    __tablename__ = "deployments"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    deployment_id: Mapped[str]
    created_at: Mapped[datetime]


class Invitation(Base):
    """A link that lets a Canvas register itself for an institution, once (LTI Dynamic Registration 1.0)."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    spent_at: Mapped[datetime | None]

    institution: Mapped[Institution] = relationship()


class Person(Base):
    """Somebody of an institution, known by their Canvas user id."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("institution_id", "canvas_user_id"),
        UniqueConstraint(
            "institution_id", "id"
        ),  # so that rows can point at a person of their own institution
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    canvas_user_id: Mapped[str]
    name: Mapped[str]
    time_zone: Mapped[str | None]
    locale: Mapped[str | None]
    created_at: Mapped[datetime]


class ToolKey(Base):
    """One of our own RSA keys, published in /lti/jwks.json until it is retired."""

    __tablename__ = "tool_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(unique=True)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    private_pem: Mapped[str]  # sealed at tool_keys.private_pem:<kid>
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]  # from then on neither used nor published
