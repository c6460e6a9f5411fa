"""Making an account with a code, and the institution's first page."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.pairing import Code, Link, unique_where
from app.models.visits import of_own_institution, words


class Road(StrEnum):
    """How Canvas is asked for the account."""

    NATIVE = "native"  # by the person, with a code of Canvas's own that links them to all courses
    PLAIN = "plain"  # by the service account, linked to nobody; the connection follows by itself


class SignUpState(StrEnum):
    """What became of it."""

    BEGUN = "begun"  # a use of the code is set aside; Canvas may or may not have been asked
    MADE = "made"
    UNDONE = "undone"  # there is no account, and the use was given back


class SignUp(Base):
    """Somebody without an account asks for one with a code of ours. Their password is never here."""

    __tablename__ = "sign_ups"
    __table_args__ = (
        of_own_institution("person_id"),
        unique_where("uq_sign_ups_open", "institution_id", "login_digest", where="state = 'begun'"),
        Index("ix_sign_ups_created_at", "created_at"),
        Index("ix_sign_ups_person", "institution_id", "person_id"),
        Index("ix_sign_ups_code", "code_id"),
        Index("ix_sign_ups_link", "link_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    code_id: Mapped[int] = mapped_column(ForeignKey("codes.id"))
    road: Mapped[Road] = mapped_column(words(Road))
    login_digest: Mapped[str]  # keyed
    asked: Mapped[str]  # sealed at sign_ups.asked:<login_digest>: name, login, agreement; "" once settled
    state: Mapped[SignUpState] = mapped_column(words(SignUpState))
    reason: Mapped[str | None]  # why there is no connection: a word of app.pairing.rules
    person_id: Mapped[int | None]  # who they are now
    link_id: Mapped[int | None] = mapped_column(ForeignKey("links.id"))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    code: Mapped[Code] = relationship()
    link: Mapped[Link | None] = relationship()


class Shown(StrEnum):
    """To whom the first page shows a way to log in."""

    EVERYBODY = "everybody"
    SCHOOL = "school"  # students and staff
    OBSERVERS = "observers"
    NOBODY = "nobody"


class LoginWay(Base):
    """One of Canvas's authentication providers, as the first page shows it."""

    __tablename__ = "login_ways"
    __table_args__ = (UniqueConstraint("institution_id", "provider_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    provider_id: Mapped[str]  # Canvas's number
    type: Mapped[str]  # Canvas's word: canvas, saml, google …
    label: Mapped[str | None]  # what is written on its button; None: what fits its type
    shown: Mapped[Shown] = mapped_column(words(Shown))
    position: Mapped[int]


class FrontPage(Base):
    """What an institution's first page says, and what Canvas said last about signing up."""

    __tablename__ = "front_pages"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), primary_key=True)
    text: Mapped[str | None]  # plain, with paragraphs
    logo: Mapped[bytes | None]
    logo_type: Mapped[str | None]
    self_registration: Mapped[str | None]  # Canvas's word: none, observer, all
    terms_passive: Mapped[bool | None]  # whether nobody has to agree to Canvas's terms by a tick
    asked_at: Mapped[datetime | None]  # when Canvas said so
