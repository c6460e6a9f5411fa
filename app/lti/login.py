"""Beginning a login: Canvas names a person and a place, we answer with a state only we can redeem."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import and_, bindparam, insert, select
from sqlalchemy.orm import Session

from app.crypto import fingerprint, random_token
from app.lti import platforms, protocol
from app.lti.refusals import Reason, Refusal
from app.models import Deployment, Institution, LtiLogin, Platform
from app.settings import Settings

LIFETIME = timedelta(minutes=10)  # Canvas's own hint lives for five
LAUNCH_PATH = "/lti/launch"
LONGEST = 4096  # characters of one parameter; Canvas's hint, a JWT, is the longest
# What Canvas sends along (LTI Security 1.1, section 5.1.1.1); the rest is of no use to us.
PARAMETERS = (
    "iss",
    "login_hint",
    "client_id",
    "target_link_uri",
    "lti_message_hint",
    "lti_deployment_id",
    "deployment_id",  # the same, as older Canvases call it
    "lti_storage_target",
)
REQUIRED = ("iss", "login_hint", "target_link_uri")
FRAME_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

# Made once: composing a statement costs more than running it.
BY_ISSUER = (
    select(Platform, Institution, Deployment)
    .outerjoin(
        Deployment,
        and_(Deployment.platform_id == Platform.id, Deployment.deployment_id == bindparam("deployment")),
    )
    .join(Institution, Institution.id == platforms.OWNER)
    .where(Platform.issuer == bindparam("iss"))
    .limit(2)
)
BY_CLIENT = BY_ISSUER.where(Platform.client_id == bindparam("client_id"))
BEGIN = insert(LtiLogin.metadata.tables[LtiLogin.__tablename__])


@dataclass(frozen=True, slots=True)
class Storage:
    """Canvas's storage for tools without cookies (LTI Client Side postMessages 1.0; Platform Storage 1.0)."""

    target: str  # the name of the frame to ask, or _parent
    origin: str  # who alone may read what we ask it
    key: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A login under way: where to go next, and what the browser must keep until it comes back."""

    authorize_url: str
    browser: str  # the secret that shows, later, that it is the same browser
    cookie: str  # the name of the cookie that keeps it
    storage: Storage | None
    canvas_url: str  # who alone may show us in a frame
    params: Mapping[str, str]  # what it was begun with, to begin again in a new tab


def begin(session: Session, settings: Settings, params: Mapping[str, str], now: datetime) -> Begun | Refusal:
    """Answer a login initiation (LTI Security 1.1, section 5.1.1); the row keeps digests only."""
    given = {name: params[name] for name in PARAMETERS if params.get(name)}
    refusal = _objection(given, settings.public_url)
    if refusal:
        return refusal
    named = given.get("lti_deployment_id") or given.get("deployment_id")
    query = BY_CLIENT if "client_id" in given else BY_ISSUER  # an issuer will do while one client is known
    found = session.execute(query, {**given, "deployment": named}).all()
    if len(found) != 1:
        return Refusal(Reason.PLATFORM_UNKNOWN, f"{given['iss']} {given.get('client_id')}")
    platform, institution, deployment = found[0]
    if named and deployment is None and platform.adopts_until is None:
        return Refusal(Reason.DEPLOYMENT_UNKNOWN, named, named)
    state = protocol.STATE_PREFIX + random_token()
    nonce, browser = random_token(), random_token()
    registered = protocol.Registered(
        platform.issuer, platform.client_id, platform.authorize_url, platform.jwks_url
    )
    url = protocol.authorize_url(registered, given, settings.public_url + LAUNCH_PATH, state, nonce)
    row = {
        "institution_id": institution.id,
        "platform_id": platform.id,
        "state_digest": fingerprint(state),
        "nonce_digest": fingerprint(nonce),
        "browser_digest": fingerprint(browser),
        "target_link_uri": given["target_link_uri"],
        "created_at": now,
        "expires_at": now + LIFETIME,
    }
    session.execute(BEGIN, row)
    storage = storage_for(given.get("lti_storage_target"), platform.authorize_url, state)
    return Begun(url, browser, cookie_name(state), storage, institution.canvas_url, given)


def _objection(given: Mapping[str, str], public_url: str) -> Refusal | None:
    """What is wrong with the parameters themselves."""
    missing = [name for name in REQUIRED if name not in given]
    if missing:
        return Refusal(Reason.LOGIN_INCOMPLETE, f"no {', '.join(missing)}")
    unusable = [name for name, value in given.items() if len(value) > LONGEST or not value.isprintable()]
    if unusable:
        return Refusal(Reason.LOGIN_INCOMPLETE, f"unusable {', '.join(unusable)}")
    # Else any site could use us to send people on (LTI Security 1.1, section 5.1.1.1).
    if given["target_link_uri"].partition("?")[0] != public_url + LAUNCH_PATH:
        return Refusal(Reason.TARGET_FOREIGN, given["target_link_uri"])
    return None


def cookie_name(state: str) -> str:
    """The cookie of one login, for several may be under way. The name tells nothing of the state."""
    return f"observatory_lti_{fingerprint(state)[:16]}"


def storage_for(target: str | None, authorize_url: str, state: str) -> Storage | None:
    """Where this login's secret is kept when Canvas offers storage, and only for Canvas's own login host."""
    if target is None or not FRAME_NAME.fullmatch(target):
        return None
    parts = urlsplit(authorize_url)
    return Storage(target, f"{parts.scheme}://{parts.netloc}", cookie_name(state))
