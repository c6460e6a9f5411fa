"""Enrollment Terms API: the terms of a school year."""

from dataclasses import dataclass
from datetime import datetime

from app.canvas.client import Canvas, path


@dataclass(frozen=True, slots=True)
class Term:
    """A term; its dates may be open at either end."""

    id: str
    name: str
    start_at: datetime | None
    end_at: datetime | None
    sis_term_id: str | None


def of_account(canvas: Canvas, account_id: str) -> list[Term]:
    """The terms of a root account. Enrollment Terms API, GET /api/v1/accounts/:account_id/terms."""
    found = canvas.pages(path("accounts", account_id, "terms"), under="enrollment_terms")
    return [
        Term(
            fields.id(),
            fields.text("name"),
            fields.optional_moment("start_at"),
            fields.optional_moment("end_at"),
            fields.optional_text("sis_term_id"),
        )
        for fields in found
    ]
