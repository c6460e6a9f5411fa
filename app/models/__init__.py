"""Every table and nothing else.

A row belongs to one institution; only tool keys and workers are the server's own.
"""

from app.models.audit import AuditEvent, AuditHead
from app.models.base import Base, UtcDateTime
from app.models.institutions import (
    Deployment,
    Institution,
    Invitation,
    Person,
    Platform,
    ToolKey,
)
from app.models.pairing import (
    Code,
    CodeSection,
    EndedBy,
    EndRequest,
    Guesses,
    Link,
    LinkEnrollment,
    LinkState,
    Scope,
    Way,
)
from app.models.policies import Acceptance, Agreement, PolicyRow
from app.models.reconciling import Drift, How, Reconciliation, Stage
from app.models.visits import LtiLaunch, LtiLogin, OAuthAttempt, OAuthPurpose, PortalSession, Role, Token
from app.models.workers import Worker

__all__ = [
    "Acceptance",
    "Agreement",
    "AuditEvent",
    "AuditHead",
    "Base",
    "Code",
    "CodeSection",
    "Deployment",
    "Drift",
    "EndRequest",
    "EndedBy",
    "Guesses",
    "How",
    "Institution",
    "Invitation",
    "Link",
    "LinkEnrollment",
    "LinkState",
    "LtiLaunch",
    "LtiLogin",
    "OAuthAttempt",
    "OAuthPurpose",
    "Person",
    "Platform",
    "PolicyRow",
    "PortalSession",
    "Reconciliation",
    "Role",
    "Scope",
    "Stage",
    "Token",
    "ToolKey",
    "UtcDateTime",
    "Way",
    "Worker",
]
