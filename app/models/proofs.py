"""Links that Canvas makes from a proof, while nobody knows yet of which student. See app.pairing.proofs."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.institutions import Person
from app.models.pairing import Way
from app.models.visits import of_own_institution, words


class Proof(Base):
    """Canvas was given a proof, which is not here; the row goes as soon as its link is known."""

    __tablename__ = "proofs"
    __table_args__ = (of_own_institution("observer_id"), of_own_institution("admin_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    observer_id: Mapped[int]
    admin_id: Mapped[int | None]  # who did it in the observer's name
    way: Mapped[Way] = mapped_column(words(Way))
    before: Mapped[list[str]] = mapped_column(JSON)  # whom the observer saw before: Canvas's numbers
    created_at: Mapped[datetime]

    observer: Mapped[Person] = relationship(primaryjoin="foreign(Proof.observer_id) == Person.id")
    admin: Mapped[Person | None] = relationship(
        primaryjoin="foreign(Proof.admin_id) == Person.id", viewonly=True
    )
