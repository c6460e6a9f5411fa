"""Accounts API: the tree of schools, what its sign-up allows, and what the caller may do there."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.canvas.answers import Fields
from app.canvas.client import Canvas, path


@dataclass(frozen=True, slots=True)
class Account:
    """An account; a root account has no parent and is its own root."""

    id: str
    name: str
    parent_account_id: str | None
    root_account_id: str

    @property
    def is_root(self) -> bool:
        """Whether this is a whole school, with its own people and rules."""
        return self.parent_account_id is None


@dataclass(frozen=True, slots=True)
class TermsOfService:
    """What people agree to who sign up; `self_registration_type` is `none`, `observer` or `all`."""

    self_registration_type: str
    passive: bool
    content: str | None


def _account(fields: Fields) -> Account:
    return Account(
        fields.id(),
        fields.text("name"),
        fields.optional_id("parent_account_id"),
        fields.optional_id("root_account_id") or fields.id(),
    )


def get(canvas: Canvas, account_id: str = "self") -> Account:
    """An account; "self" is the root account of Canvas's host. Accounts API, GET /api/v1/accounts/:id."""
    return _account(canvas.get(path("accounts", account_id)).object())


def of_caller(canvas: Canvas) -> list[Account]:
    """The accounts the caller is an admin of. Accounts API, GET /api/v1/accounts."""
    return [_account(fields) for fields in canvas.pages("/api/v1/accounts")]


def sub_accounts(canvas: Canvas, account_id: str, recursive: bool = True) -> list[Account]:
    """The accounts below one, all levels of them. Accounts API, GET /api/v1/accounts/:id/sub_accounts."""
    wish = ("recursive", "true" if recursive else "false")
    return [_account(fields) for fields in canvas.pages(path("accounts", account_id, "sub_accounts"), wish)]


def terms_of_service(canvas: Canvas, account_id: str = "self") -> TermsOfService:
    """The terms, and with them who may sign up by themselves: anybody may read this.

    Accounts API, GET /api/v1/accounts/:account_id/terms_of_service.
    """
    fields = canvas.get(path("accounts", account_id, "terms_of_service")).object()
    return TermsOfService(
        fields.optional_text("self_registration_type") or "none",
        fields.has("passive") and fields.flag("passive"),
        fields.optional_text("content"),
    )


def permissions(canvas: Canvas, names: Iterable[str], account_id: str = "self") -> frozenset[str]:
    """Those of these permissions that the caller holds in an account; looks and changes nothing.

    Accounts API, GET /api/v1/accounts/:account_id/permissions.
    """
    wanted = tuple(names)
    asked = [("permissions[]", name) for name in wanted]
    fields = canvas.get(path("accounts", account_id, "permissions"), *asked).object()
    return frozenset(name for name in wanted if fields.has(name) and fields.flag(name))
