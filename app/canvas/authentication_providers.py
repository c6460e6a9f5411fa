"""Authentication Providers API: how people sign in, who may sign up, and where they choose."""

from dataclasses import dataclass
from enum import StrEnum

from app.canvas.answers import Fields
from app.canvas.client import Canvas, path

CANVAS = "canvas"  # the type of Canvas's own passwords; also names that provider in an address


class SelfRegistration(StrEnum):
    """Who may sign up without an administrator."""

    NONE = "none"
    OBSERVER = "observer"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Provider:
    """A way to sign in. `self_registration` is Canvas's own provider's; `parent_registration` SAML's."""

    id: str
    type: str
    position: int | None
    self_registration: SelfRegistration | None
    parent_registration: bool


@dataclass(frozen=True, slots=True)
class SsoSettings:
    """Where people are sent who have not chosen how to sign in, or are unknown."""

    discovery_url: str | None
    unknown_user_url: str | None
    change_password_url: str | None
    login_handle_name: str | None


def of_account(canvas: Canvas, account_id: str = "self") -> list[Provider]:
    """The providers of a root account, the first one used when nobody chose.

    Authentication Providers API, GET /api/v1/accounts/:account_id/authentication_providers.
    """
    found = canvas.pages(path("accounts", account_id, "authentication_providers"))
    return [_provider(fields) for fields in found]


def get(canvas: Canvas, account_id: str = "self", provider_id: str = CANVAS) -> Provider:
    """One provider by its id or type, or CanvasMissing; Canvas's own is shown to everybody signed in.

    Authentication Providers API, GET /api/v1/accounts/:account_id/authentication_providers/:id.
    """
    where = path("accounts", account_id, "authentication_providers", provider_id)
    return _provider(canvas.get(where).object())


def set_self_registration(canvas: Canvas, account_id: str, who: SelfRegistration) -> Provider:
    """Decide who may sign up by themselves; needed for codes of Canvas's own.

    Authentication Providers API, PUT /api/v1/accounts/:account_id/authentication_providers/:id.
    """
    where = path("accounts", account_id, "authentication_providers", CANVAS)
    return _provider(canvas.put(where, ("self_registration", who)).object())


def sso_settings(canvas: Canvas, account_id: str = "self") -> SsoSettings:
    """Authentication Providers API, GET /api/v1/accounts/:account_id/sso_settings."""
    return _sso(canvas.get(path("accounts", account_id, "sso_settings")).object())


def set_discovery_url(canvas: Canvas, account_id: str, url: str | None) -> SsoSettings:
    """Send people to this page to choose how to sign in; None: to the first provider again.

    Authentication Providers API, PUT /api/v1/accounts/:account_id/sso_settings.
    """
    change = ("sso_settings[auth_discovery_url]", url or "")
    return _sso(canvas.put(path("accounts", account_id, "sso_settings"), change).object())


def _provider(fields: Fields) -> Provider:
    return Provider(
        fields.id(),
        fields.text("auth_type"),
        fields.number("position") if fields.has("position") else None,
        _self_registration(fields) if fields.has("self_registration") else None,
        fields.has("parent_registration") and fields.flag("parent_registration"),
    )


def _self_registration(fields: Fields) -> SelfRegistration:
    try:
        return SelfRegistration(fields.text("self_registration"))
    except ValueError:
        raise fields.wrong("self_registration", "none, observer or all") from None


def _sso(fields: Fields) -> SsoSettings:
    inner = fields.object("sso_settings")
    return SsoSettings(
        inner.optional_text("auth_discovery_url"),
        inner.optional_text("unknown_user_url"),
        inner.optional_text("change_password_url"),
        inner.optional_text("login_handle_name"),
    )
