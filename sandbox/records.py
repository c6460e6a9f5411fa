"""The records a pretend Canvas keeps, one dataclass each, and the ids derived from theirs."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

GLOBAL_ID_BASE = 10_000_000_000_000


def global_id(local_id: int) -> int:
    """The id with its shard in front, as LTI and OAuth show it (Canvas API docs, "Object IDs")."""
    return GLOBAL_ID_BASE + local_id


def opaque_id(kind: str, local_id: int) -> str:
    """A 40-hex id that depends on kind and id alone, so that a world file gives it back."""
    return sha256(f"{kind}:{local_id}".encode()).hexdigest()[:40]


def derived_uuid(kind: str, local_id: int) -> str:
    """A version 4 UUID that depends on kind and id alone."""
    return str(uuid.UUID(bytes=sha256(f"uuid:{kind}:{local_id}".encode()).digest()[:16], version=4))


@dataclass(slots=True)
class Settings:
    """Switches between behaviors that differ from one Canvas to another."""

    forbidden_status: int = 403
    throttle_status: int = 429
    throttle: bool = False
    pkce: bool = True
    require_user_agent: bool = True
    issuer: str = "https://canvas.instructure.com"
    platform_storage: bool = True


@dataclass(slots=True)
class Account:
    """A root account (no parent) or a sub-account."""

    id: int
    name: str
    domain: str | None = None
    parent_account_id: int | None = None
    self_registration: str = "none"
    discovery_url: str | None = None
    trusted_account_ids: list[int] = field(default_factory=list)

    @property
    def lti_context_id(self) -> str:
        """The opaque id LTI launches carry for this account."""
        return opaque_id("account", self.id)

    @property
    def uuid(self) -> str:
        """The account's 40-character uuid."""
        return opaque_id("account-uuid", self.id)


@dataclass(slots=True)
class Login:
    """A way to log in at one root account (Canvas calls it a pseudonym)."""

    account_id: int
    unique_id: str
    password: str | None = None
    sis_user_id: str | None = None


@dataclass(slots=True)
class User:
    """A person; belongs to the root accounts of their logins."""

    id: int
    name: str
    short_name: str
    sortable_name: str
    created_at: datetime
    email: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    logins: list[Login] = field(default_factory=list)
    test_student: bool = False
    workflow_state: str = "registered"
    high_contrast: bool = False

    @property
    def lti_id(self) -> str:
        """The `sub` of LTI 1.3 launches, a UUID."""
        return derived_uuid("user", self.id)

    @property
    def lti_context_id(self) -> str:
        """The opaque LTI 1.1 id; also the `login_hint` of LTI 1.3."""
        return opaque_id("user", self.id)

    @property
    def uuid(self) -> str:
        """The user's 40-character uuid."""
        return opaque_id("user-uuid", self.id)


@dataclass(slots=True)
class Admin:
    """A role in an account; `permissions` None means AccountAdmin's defaults, a list means a custom role."""

    user_id: int
    account_id: int
    permissions: list[str] | None = None


@dataclass(slots=True)
class RoleOverride:
    """A permission switched on or off for a role in an account and below."""

    account_id: int
    role: str
    permission: str
    enabled: bool


@dataclass(slots=True)
class Course:
    """A course; `workflow_state` is unpublished, available, completed or deleted."""

    id: int
    account_id: int
    name: str
    course_code: str
    created_at: datetime
    workflow_state: str = "available"
    # Tools (by client_id) a teacher has shown or hidden in Settings > Navigation.
    navigation: dict[str, bool] = field(default_factory=dict)

    @property
    def lti_context_id(self) -> str:
        """The opaque id LTI launches carry for this course."""
        return opaque_id("course", self.id)

    @property
    def uuid(self) -> str:
        """The course's 40-character uuid."""
        return opaque_id("course-uuid", self.id)


@dataclass(slots=True)
class Section:
    """A section of a course; the first one made is the course's default."""

    id: int
    course_id: int
    name: str
    created_at: datetime


@dataclass(slots=True)
class Enrollment:
    """A person's part in one section of a course."""

    id: int
    user_id: int
    course_id: int
    section_id: int
    type: str
    created_at: datetime
    updated_at: datetime
    state: str = "active"
    associated_user_id: int | None = None
    limit_to_section: bool = False
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(slots=True)
class ObservationLink:
    """An observer sees a student in all courses of a root account; `state` is active or deleted."""

    observer_id: int
    student_id: int
    root_account_id: int
    state: str = "active"


@dataclass(slots=True)
class PairingCode:
    """A student's code; `state` is active or deleted (spent)."""

    id: int
    user_id: int
    code: str
    expires_at: datetime
    state: str = "active"


@dataclass(slots=True)
class DeveloperKey:
    """An OAuth client; `scopes` None means that scopes are not enforced."""

    client_id: str
    client_secret: str
    redirect_uris: list[str] = field(default_factory=list)
    scopes: list[str] | None = None
    name: str = ""


@dataclass(slots=True)
class AccessToken:
    """A bearer token; without `client_id` it was made by hand in the user's settings."""

    token: str
    user_id: int
    client_id: str | None = None
    scopes: list[str] | None = None
    expires_at: datetime | None = None
    refresh_token: str | None = None
    real_user_id: int | None = None
    revoked: bool = False


@dataclass(slots=True)
class Tool:
    """An installed LTI 1.3 tool, configured by a URL or by pasted JSON."""

    id: int
    client_id: str
    deployment_id: str
    account_id: int
    configuration_url: str | None = None
    configuration: dict[str, Any] | None = None
