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
    # What launches say of the Canvas they come from (`prod`, `beta` or `test`; a region of hosted Canvas).
    canvas_environment: str = "prod"
    canvas_region: str = "not_configured"
    # How a student's card names the student, and whether People shows cards.
    card_student_id: str = "global"
    student_context_cards: bool = True
    # Whether the answer to a dynamic registration names its deployment (seen since 2026).
    registration_has_deployment_id: bool = True
    # How custom variables write dates: "iso" as JSON does, "text" as in the docs.
    variable_dates: str = "iso"
    # Whether a service token's assertion may come only once.
    jti_once: bool = False
    extra_cost: float = 0  # units that every call to the API costs besides its price
    # SIS imports wait in `created`; one that has begun waits after so many rows.
    sis_hold: bool = False
    sis_hold_after: int | None = None


@dataclass(slots=True)
class AuthenticationProvider:
    """A way of logging in that a root account offers; `settings` keeps what only its kind knows."""

    id: int
    auth_type: str
    position: int
    parent_registration: bool = False
    workflow_state: str = "active"
    settings: dict[str, Any] = field(default_factory=dict)


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
    authentication_providers: list[AuthenticationProvider] = field(default_factory=list)
    # The rest of the account's sso_settings, as its Authentication page calls them.
    unknown_user_url: str | None = None
    login_handle_name: str | None = None
    change_password_url: str | None = None
    # "no_terms" asks nobody to accept any; passive terms are accepted by signing up.
    terms_type: str = "default"
    terms_passive: bool = False
    terms_content: str | None = None
    # With a key, people who sign up without a token or a pairing code must solve a captcha.
    recaptcha_key: str | None = None
    default_locale: str | None = None
    default_time_zone: str = "Etc/UTC"
    # Theme variables such as "ic-brand-primary"; sub-accounts inherit the nearest account's.
    brand: dict[str, Any] | None = None
    allow_sis_import: bool = True
    # Whether an import that links an observer switches their notifications off.
    default_notifications_disabled_for_observers: bool = False

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
    integration_id: str | None = None
    # The provider that alone may use it; None means every provider of the account.
    authentication_provider_id: int | None = None
    # What a SIS import made of it: active, suspended (cannot log in) or deleted.
    workflow_state: str = "active"
    declared_user_type: str | None = None
    sis_batch_id: int | None = None


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
    last_login: datetime | None = None
    pronouns: str | None = None
    default_notifications_disabled: bool = False

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
    # A custom role of the accounts, which the overrides give its permissions.
    role_id: int | None = None


@dataclass(slots=True)
class Role:
    """An account's own role, made after a built-in one; `workflow_state` is active, inactive or deleted."""

    id: int
    account_id: int
    label: str
    base_role_type: str
    workflow_state: str = "active"


@dataclass(slots=True)
class Term:
    """An enrollment term of a root account; the first one is its default."""

    id: int
    root_account_id: int
    name: str
    start_at: datetime | None = None
    end_at: datetime | None = None
    sis_term_id: str | None = None


@dataclass(slots=True)
class RoleOverride:
    """A permission switched on or off for a role in an account and below."""

    account_id: int
    role: str
    permission: str
    enabled: bool
    # A locked override stands against those of the accounts below.
    locked: bool = False
    applies_to_self: bool = True
    applies_to_descendants: bool = True


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
    # Open to everybody, logged in or not, once it is published.
    is_public: bool = False
    sis_course_id: str | None = None
    # None means the root account's default term.
    term_id: int | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    restrict_enrollments_to_course_dates: bool = False
    blueprint: bool = False
    template: bool = False
    sis_batch_id: int | None = None

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
    sis_section_id: str | None = None
    # The course it came from, while it is cross-listed.
    nonxlist_course_id: int | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    restrict_enrollments_to_section_dates: bool = False
    workflow_state: str = "active"
    sis_batch_id: int | None = None


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
    # A custom role; None means the built-in one of the type.
    role_id: int | None = None
    sis_batch_id: int | None = None


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
    """An OAuth client; `scopes` None means that scopes are not enforced.

    Only a key that allows includes keeps `include` where it enforces scopes.
    """

    client_id: str
    client_secret: str
    redirect_uris: list[str] = field(default_factory=list)
    scopes: list[str] | None = None
    name: str = ""
    allow_includes: bool = False


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
