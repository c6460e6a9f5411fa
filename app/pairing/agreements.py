"""What observers agree to before they use a code: which version, who and when."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit
from app import policy as policies
from app.models import Acceptance, Agreement, Link, LinkState, Person, Way


def open_to(session: Session, observer: Person) -> Agreement | None:
    """The text in force, if this person has not agreed to this version of it."""
    agreement = policies.in_force(session, observer.institution_id).agreement
    if agreement is None:
        return None
    accepted = select(Acceptance.id).where(
        Acceptance.institution_id == observer.institution_id,
        Acceptance.agreement_id == agreement.id,
        Acceptance.person_id == observer.id,
    )
    return agreement if session.scalar(accepted) is None else None


def due(session: Session, observer: Person) -> Agreement | None:
    """The text to be asked about beside a code: of somebody whom the office has connected without one."""
    by_office = select(Link.id).where(
        Link.institution_id == observer.institution_id,
        Link.observer_id == observer.id,
        Link.way.in_([Way.ADMIN, Way.IMPORT]),
        Link.state.in_([LinkState.PENDING, LinkState.ACTIVE]),
    )
    agreement = open_to(session, observer)
    return agreement if agreement and session.scalar(by_office.limit(1)) is not None else None


def accept(session: Session, observer: Person, agreement: Agreement, now: datetime) -> None:
    """Write down that somebody agreed, once."""
    row = Acceptance(
        institution_id=observer.institution_id,
        agreement_id=agreement.id,
        person_id=observer.id,
        accepted_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return
    audit.record(
        session, observer.institution_id, audit.Event.AGREEMENT_ACCEPTED, now, observer.id,
        observer=observer.id, version=agreement.version,
    )  # fmt: skip
