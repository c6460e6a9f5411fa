"""Invitations: one link lets one Canvas register itself, once and within a week (docs/decisions/0006)."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app import audit
from app.crypto import fingerprint, random_token
from app.lti import platforms
from app.models import Institution, Invitation
from app.settings import safe_url

LIFETIME = timedelta(days=7)


class Closed(StrEnum):
    """Why an invitation opens nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    SPENT = "spent"


def invite(session: Session, slug: str, name: str | None, canvas_url: str, now: datetime) -> str | list[str]:
    """A token that invites the Canvas at this address, or the complaints. It is kept as a digest only."""
    canvas_url = canvas_url.rstrip("/")
    complaints = platforms.slug_complaints(slug)
    if not safe_url(canvas_url):
        complaints.append(f"canvas_url must start with https://, not {canvas_url!r}.")
    institution = session.scalars(select(Institution).where(Institution.slug == slug)).first()
    if institution and institution.canvas_url != canvas_url:
        complaints.append(f"{slug} is at {institution.canvas_url}. Another Canvas needs a slug of its own.")
    if complaints:
        return complaints
    institution = institution or platforms.found(session, slug, name, canvas_url, now)
    token = random_token()
    session.add(
        Invitation(
            institution_id=institution.id,
            digest=fingerprint(token),
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    audit.record(session, institution.id, audit.Event.PLATFORM_INVITED, now)
    return token


def find(session: Session, token: str, now: datetime) -> Invitation | Closed:
    """The open invitation of this token, with its institution."""
    invitation = session.scalar(
        select(Invitation)
        .where(Invitation.digest == fingerprint(token))
        .options(joinedload(Invitation.institution))
    )
    if invitation is None:
        return Closed.UNKNOWN
    if invitation.spent_at is not None:
        return Closed.SPENT
    return invitation if now < invitation.expires_at else Closed.EXPIRED


def spend(session: Session, invitation: Invitation, now: datetime) -> bool:
    """Take it, by one conditional write that only one can win."""
    query = update(Invitation).where(Invitation.id == invitation.id, Invitation.spent_at.is_(None))
    return session.scalar(query.values(spent_at=now).returning(Invitation.id)) is not None


def give_back(session: Session, invitation: Invitation) -> None:
    """Open it again: Canvas registered nothing."""
    session.execute(update(Invitation).where(Invitation.id == invitation.id).values(spent_at=None))
