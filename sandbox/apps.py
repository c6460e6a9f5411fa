"""LTI 1.3 apps as Canvas keeps them: a registration with its key, and the places it is deployed in."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Registration:
    """An app by its client_id: where its configuration is, and what an administrator took away from it."""

    client_id: str
    root_account_id: int
    configuration_url: str | None = None
    configuration: dict[str, Any] | None = None
    # The developer key's switch in the root account; off until an administrator confirms a new app.
    enabled: bool = True
    redirect_uris: list[str] = field(default_factory=list)
    disabled_placements: list[str] = field(default_factory=list)
    # None leaves them as the configuration has them.
    scopes: list[str] | None = None
    privacy_level: str | None = None


@dataclass(frozen=True, slots=True)
class ContextControl:
    """An exception of a deployment: an account (with all below it) or a course where it is on or off."""

    available: bool
    account_id: int | None = None
    course_id: int | None = None


@dataclass(slots=True)
class Tool:
    """A deployment: a registration installed in an account, or in one course of it (ContextExternalTool)."""

    id: int
    client_id: str
    deployment_id: str
    account_id: int
    course_id: int | None = None
    context_controls: list[ContextControl] = field(default_factory=list)
