"""A launch: what Canvas posts back after a login, checked, read into one value, and accepted once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app import audit, people
from app.crypto import fingerprint, random_token
from app.lti import claims, platforms, protocol
from app.lti.claims import Launch
from app.lti.keysets import KeySets
from app.lti.protocol import CLAIM, Token
from app.lti.refusals import Reason, Refusal, Refused
from app.models import Deployment, Institution, LtiLaunch, LtiLogin, Person, Platform

LARGEST = 128 * 1024  # characters of a token; Canvas's list of administered accounts alone may have 40,000
CANVAS_ERRORS = {
    "login_required": Reason.LOGIN_REQUIRED,
    "launch_no_longer_valid": Reason.LAUNCH_USED,
    "unauthorized_client": Reason.CLIENT_OFF,
}

# Made once: composing a statement costs more than running it, and launches come by the class.
FIND = (
    select(LtiLogin, Platform, Institution, Deployment)
    .join(Platform, LtiLogin.platform_id == Platform.id)
    .outerjoin(
        Deployment,
        and_(Deployment.platform_id == Platform.id, Deployment.deployment_id == bindparam("deployment")),
    )
    .join(Institution, Institution.id == platforms.OWNER)
    .where(LtiLogin.state_digest == bindparam("state"))
)
_logins = LtiLogin.metadata.tables[LtiLogin.__tablename__]
_launches = LtiLogin.metadata.tables[LtiLaunch.__tablename__]
RECORD = insert(_launches).returning(_launches.c.id)
SPEND = (
    update(_logins)
    .where(_logins.c.id == bindparam("login"), _logins.c.spent_at.is_(None))
    .values(spent_at=bindparam("moment"))
    .returning(_logins.c.id)
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brought back from Canvas."""

    token: Token
    state: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The login it answers, still to be spent, and whom it is with."""

    login: LtiLogin
    platform: Platform
    institution: Institution
    deployment: Deployment | None  # None: not one of ours
    claimed: str  # the deployment the token claims to be of

    def adopts(self, now: datetime) -> bool:
        """Whether it may be the first launch of a Canvas that did not name its deployment."""
        until = self.platform.adopts_until
        return self.deployment is None and until is not None and now < until

    def terms(self, now: datetime) -> protocol.Login:
        """What the token is checked against."""
        registered = protocol.Registered(
            issuer=self.platform.issuer,
            client_id=self.platform.client_id,
            authorize_url=self.platform.authorize_url,
            jwks_url=self.platform.jwks_url,
            deployment_id=self.claimed if self.deployment or self.adopts(now) else None,
        )
        row = self.login
        return protocol.Login(registered, row.nonce_digest, row.browser_digest, row.target_link_uri)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The launch's row, with institution and person at hand, and the handle that its pages carry."""

    row: LtiLaunch
    handle: str


def answer(form: Mapping[str, str]) -> Answer | Refusal:
    """Read the authentication response (LTI Security 1.1, section 5.1.1.3), which may be an error."""
    if "error" in form:
        reason = CANVAS_ERRORS.get(form["error"], Reason.PLATFORM_REFUSED)
        return Refusal(reason, f"{form['error']}: {form.get('error_description', '')}"[:300])
    state, text = form.get("state"), form.get("id_token")
    if not text:
        return Refusal(Reason.TOKEN_MISSING)
    if len(text) > LARGEST:
        return Refusal(Reason.TOKEN_OVERSIZED, f"{len(text)} characters")
    if not state:
        return Refusal(Reason.STATE_MISSING)
    try:
        return Answer(protocol.take_apart(text), state)
    except Refused as refused:
        return refused.refusal


def find(session: Session, answer: Answer, now: datetime) -> Pending | Refusal:
    """The login this answers, in one query. The token is not believed yet: it only says where to look."""
    claimed = answer.token.claims.get(CLAIM + "deployment_id")
    if not isinstance(claimed, str) or not claimed.isprintable():
        claimed = ""  # refused later, with its reason
    found = session.execute(FIND, {"state": fingerprint(answer.state), "deployment": claimed}).one_or_none()
    if found is None:
        return Refusal(Reason.STATE_UNKNOWN)
    pending = Pending(*found, claimed=claimed)
    if pending.login.spent_at:
        return Refusal(Reason.STATE_SPENT)
    if pending.login.expires_at <= now:
        return Refusal(Reason.STATE_EXPIRED)
    return pending


def verify(
    pending: Pending, answer: Answer, browser: str | None, key_sets: KeySets, now: datetime
) -> Launch | Refusal:
    """Check everything about a launch and read it. Asks the network only for a key set it does not hold."""
    try:
        verified = protocol.verify(answer.token, answer.state, browser, pending.terms(now), key_sets, now)
        return claims.read(verified)
    except Refused as refused:
        return refused.refusal


def accept(
    session: Session, pending: Pending, launch: Launch, life: timedelta, now: datetime
) -> Accepted | Refusal:
    """Spend the login and record the launch. Of any number of askers at once, one finds it unspent."""
    if session.execute(SPEND, {"login": pending.login.id, "moment": now}).first() is None:
        return Refusal(Reason.STATE_SPENT)
    institution = pending.institution
    deployment = pending.deployment or platforms.adopt(session, pending.platform, institution, launch, now)
    if deployment is None:
        return Refusal(Reason.DEPLOYMENT_WAITING, launch.deployment_id, launch.deployment_id)
    person = people.remember(
        session,
        institution.id,
        launch.person.canvas_user_id,
        launch.person.name,
        now,
        launch.person.time_zone,
        launch.person.locale,
    )
    handle = random_token()
    facts = _facts(deployment, launch, person, now)
    facts |= {"handle_digest": fingerprint(handle), "expires_at": now + life}
    row = LtiLaunch(id=session.scalar(RECORD, facts), **facts)
    set_committed_value(row, "institution", institution)
    set_committed_value(row, "person", person)
    audit.record(
        session,
        institution.id,
        audit.Event.LAUNCH_ACCEPTED,
        now,
        person.id,
        role=launch.role,
        placement=launch.placement,
        course=row.course_id,
        stand_in=launch.stand_in,
    )
    return Accepted(row, handle)


def _facts(deployment: Deployment, launch: Launch, person: Person, now: datetime) -> dict[str, Any]:
    """The columns of a launch that do not depend on its handle."""
    course = launch.course
    return {
        "institution_id": deployment.institution_id,
        "deployment_id": deployment.id,
        "person_id": person.id,
        "role": launch.role,
        "placement": launch.placement,
        "course_id": course.id if course else None,
        "course_name": course.name if course else None,
        "account_id": launch.account_id,
        "root_admin": launch.root_admin,
        "section_ids": list(course.section_ids) if course and course.section_ids is not None else None,
        "student_id": launch.student_id,
        "stand_in": launch.stand_in,
        "high_contrast": launch.high_contrast,
        "accent": launch.accent,
        "created_at": now,
    }
