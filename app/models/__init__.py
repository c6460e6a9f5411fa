"""Every table and nothing else.

A row belongs to one institution; only tool keys and workers are the server's own.
"""

from app.models.audit import AuditEvent, AuditHead
from app.models.bars import Bar, BarHit
from app.models.base import Base, UtcDateTime
from app.models.coverage import Census, CountedAccount, CountedCourse, Counting, Coverage, Seat
from app.models.imports import (
    Import,
    ImportChunk,
    ImportPerson,
    ImportRoad,
    ImportRow,
    ImportState,
    RowKind,
    RowState,
)
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
from app.models.proofs import Proof
from app.models.reconciling import Drift, How, Reconciliation, Stage
from app.models.signing_up import FrontPage, LoginWay, Road, Shown, SignUp, SignUpState
from app.models.visits import LtiLaunch, LtiLogin, OAuthAttempt, OAuthPurpose, PortalSession, Role, Token
from app.models.walks import Walk
from app.models.workers import Worker

__all__ = [
    "Acceptance",
    "Agreement",
    "AuditEvent",
    "AuditHead",
    "Bar",
    "BarHit",
    "Base",
    "Census",
    "Code",
    "CodeSection",
    "CountedAccount",
    "CountedCourse",
    "Counting",
    "Coverage",
    "Deployment",
    "Drift",
    "EndRequest",
    "EndedBy",
    "FrontPage",
    "Guesses",
    "How",
    "Import",
    "ImportChunk",
    "ImportPerson",
    "ImportRoad",
    "ImportRow",
    "ImportState",
    "Institution",
    "Invitation",
    "Link",
    "LinkEnrollment",
    "LinkState",
    "LoginWay",
    "LtiLaunch",
    "LtiLogin",
    "OAuthAttempt",
    "OAuthPurpose",
    "Person",
    "Platform",
    "PolicyRow",
    "PortalSession",
    "Proof",
    "Reconciliation",
    "Road",
    "Role",
    "RowKind",
    "RowState",
    "Scope",
    "Seat",
    "Shown",
    "SignUp",
    "SignUpState",
    "Stage",
    "Token",
    "ToolKey",
    "UtcDateTime",
    "Walk",
    "Way",
    "Worker",
]
