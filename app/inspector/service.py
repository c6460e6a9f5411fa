"""The service account: whether there is one, and whether Canvas still takes it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.canvas import Canvas, tokens, users
from app.crypto import Keyring
from app.errors import CanvasFailure, NotConnected, SecretUnreadable, TokenDead
from app.inspector import failures
from app.inspector.findings import Finding, Part, Who, problem, unchecked, well
from app.inspector.findings import said as _
from app.models import Institution, OAuthPurpose, Person, Token
from app.settings import Settings

CONNECTED = _("A service account is connected, and Canvas takes it")
CONNECT = _(
    "In Canvas: Admin → the account → Observatory → Connect an account. "
    "Sign in as the account that Observatory shall act as."
)


@dataclass(frozen=True, slots=True)
class Lent:
    """Whose account an institution has lent, since when, and since when Canvas refuses it, if it does."""

    person: Person
    connected_at: datetime
    dead_since: datetime | None


def lent(session: Session, institution_id: int) -> Lent | None:
    """The account an institution has lent, working or not."""
    found = session.execute(
        select(Person, Token.created_at, Token.dead_since)
        .join(Token, Token.person_id == Person.id)
        .where(Token.institution_id == institution_id, Token.purpose == OAuthPurpose.SERVICE)
    ).one_or_none()
    return Lent(*found) if found else None


def examine(
    institution: Institution, keyring: Keyring, settings: Settings, now: datetime
) -> tuple[Finding, Canvas | None]:
    """Whether the account can be used; and Canvas as that account, if so."""
    try:
        with db.reading() as session:
            canvas = tokens.service(session, keyring, settings, institution.id, now)
        return _try(institution, canvas)
    except SecretUnreadable:
        means = _("A kept secret opens with none of this server's keys.")
        how = _("Add the key it was sealed with back to OBSERVATORY_SECRET_KEYS.")
        return problem(Part.SERVICE, CONNECTED, means, Who.OPERATOR, how), None
    except NotConnected:
        means = _("There is none. Only Canvas's own codes work, and no connection to a single course.")
        return problem(Part.SERVICE, CONNECTED, means, Who.ADMIN, CONNECT), None
    except TokenDead:
        return _lost(institution), None


def _try(institution: Institution, canvas: Canvas) -> tuple[Finding, Canvas | None]:
    try:
        profile = users.profile(canvas)
    except TokenDead:
        return _lost(institution), None
    except CanvasFailure as failure:
        usable = failure.status in (401, 403)  # the token is good; what it lacks is found out later
        return unchecked(Part.SERVICE, CONNECTED, failures.told(failure)), canvas if usable else None
    return well(Part.SERVICE, _("Canvas takes the service account, %(name)s", name=profile.name)), canvas


def _lost(institution: Institution) -> Finding:
    with db.reading() as session:
        found = lent(session, institution.id)
    means = _(
        "Canvas no longer takes the account of %(name)s: it was taken back, it ended, or the API key was "
        "changed. Connections wait until an account is connected again; nothing is lost.",
        name=found.person.name if found else "?",
    )
    return problem(Part.SERVICE, CONNECTED, means, Who.ADMIN, CONNECT)
