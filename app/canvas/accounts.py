"""Accounts API: the tree of schools."""

from dataclasses import dataclass

from app.canvas.client import Canvas, path


@dataclass(frozen=True, slots=True)
class Account:
    """An account; a root account has no parent and is its own root."""

    id: str
    name: str
    parent_account_id: str | None
    root_account_id: str


def get(canvas: Canvas, account_id: str = "self") -> Account:
    """An account; "self" is the root account of Canvas's host. Accounts API, GET /api/v1/accounts/:id."""
    fields = canvas.get(path("accounts", account_id)).object()
    return Account(
        fields.id(),
        fields.text("name"),
        fields.optional_id("parent_account_id"),
        fields.optional_id("root_account_id") or fields.id(),
    )
