"""Why a login or a launch is turned away. The wording for people lives in templates/lti."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Every way a login or a launch can be turned away."""

    # the login
    LOGIN_INCOMPLETE = "login_incomplete"
    PLATFORM_UNKNOWN = "platform_unknown"
    TARGET_FOREIGN = "target_foreign"
    # Canvas's own refusals, posted instead of a token
    LOGIN_REQUIRED = "login_required"
    LAUNCH_USED = "launch_used"
    CLIENT_OFF = "client_off"
    PLATFORM_REFUSED = "platform_refused"
    # the state and the browser
    STATE_MISSING = "state_missing"
    STATE_UNKNOWN = "state_unknown"
    STATE_EXPIRED = "state_expired"
    STATE_SPENT = "state_spent"
    BROWSER_MISSING = "browser_missing"
    BROWSER_OTHER = "browser_other"
    # the token
    TOKEN_MISSING = "token_missing"  # noqa: S105  a word, not a secret
    TOKEN_OVERSIZED = "token_oversized"  # noqa: S105
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105
    ALGORITHM = "algorithm"
    KEY_UNKNOWN = "key_unknown"
    KEY_SHORT = "key_short"
    KEYS_UNREACHABLE = "keys_unreachable"
    SIGNATURE = "signature"
    # the claims
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    CLAIM_MISSING = "claim_missing"
    CLAIM_MALFORMED = "claim_malformed"
    NONCE = "nonce"
    DEPLOYMENT_UNKNOWN = "deployment_unknown"
    DEPLOYMENT_WAITING = "deployment_waiting"
    MESSAGE_TYPE = "message_type"
    VERSION = "version"
    PLACEMENT = "placement"
    IDS_MISSING = "ids_missing"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no. `detail` is for the log only; `deployment_id` is what an admin has to add, when that is all."""

    reason: Reason
    detail: str = ""
    deployment_id: str | None = None


class Refused(Exception):
    """Carries a refusal out of the depth of the checks; never leaves app.lti."""

    def __init__(self, reason: Reason, detail: str = "", deployment_id: str | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.refusal = Refusal(reason, detail, deployment_id)
