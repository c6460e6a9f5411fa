"""What long looks through an institution's Canvas have in common."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column


class Walk:
    """A look at much of an institution, in short turns. One at a time; a killed one is gone on with."""

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    begun_at: Mapped[datetime]
    seen_at: Mapped[datetime]  # its last sign of life
    ended_at: Mapped[datetime | None]
    stage: Mapped[Any]  # each kind of walk has its own, gone through in order
    cursor: Mapped[str]  # the last thing of this stage that is done
    looked: Mapped[int]
    skipped: Mapped[int]  # things about which Canvas gave no sense
    stumbles: Mapped[int]  # how often in a row Canvas has not answered at this place
    problem: Mapped[str | None]  # why it waits, or ended early: a word of app.pairing.walks.Problem
