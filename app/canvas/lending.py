"""Keeping what Canvas granted: the person, their tokens, and a word of it in the audit."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, people
from app.canvas import tokens
from app.canvas.grants import Grant
from app.canvas.users import Profile
from app.crypto import Keyring
from app.models import OAuthPurpose, Person


def keep(
    session: Session,
    keyring: Keyring,
    institution_id: int,
    purpose: OAuthPurpose,
    grant: Grant,
    profile: Profile | None,
    now: datetime,
) -> Person:
    """Remember who granted, as far as Canvas says who that is, and keep the tokens."""
    person = people.remember(
        session,
        institution_id,
        grant.canvas_user_id,
        grant.name,
        now,
        profile.time_zone if profile else None,
        profile.locale if profile else None,
    )
    tokens.store(session, keyring, institution_id, person.id, purpose, grant, now)
    return person


def lend(
    session: Session,
    keyring: Keyring,
    institution_id: int,
    grant: Grant,
    profile: Profile | None,
    now: datetime,
    by: int | None,
) -> Person:
    """The institution's service account from now on; `by` is the admin who connected it, if known."""
    person = keep(session, keyring, institution_id, OAuthPurpose.SERVICE, grant, profile, now)
    audit.record(session, institution_id, audit.Event.SERVICE_CONNECTED, now, by, service=person.id)
    return person
