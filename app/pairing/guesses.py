"""Wrong codes are counted per observer, address and institution, in the database that all servers share."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.crypto import Keyring
from app.models import Guesses, Person
from app.pairing.rules import LIMITS, after_miss

Guesser = dict[str, str]  # kind of limit -> keyed digest of who


def guesser(keyring: Keyring, observer: Person, address: str) -> Guesser:
    """Who is guessing, in the three senses that are limited. Addresses are never kept in clear."""
    return {
        "observer": str(observer.id),
        **stranger(keyring, observer.institution_id, address),
    }


def stranger(keyring: Keyring, institution_id: int, address: str) -> Guesser:
    """Who is guessing without having signed in."""
    return {"address": keyring.digest(f"address:{institution_id}:{address}"), "institution": "all"}


def wait_until(session: Session, institution_id: int, who: Guesser, now: datetime) -> datetime | None:
    """Until when this guesser has to wait; None if they may try now, or if nobody is guessing.

    Locks the first row, an observer's own, so that one person's guesses are judged one after the other.
    """
    if not who:
        return None
    (kind, first), *others = who.items()
    rows = [_row(session, institution_id, kind, first, now)]
    rows += session.scalars(
        select(Guesses).where(
            Guesses.institution_id == institution_id,
            Guesses.kind.in_([kind for kind, _ in others]),
            Guesses.who.in_([one for _, one in others]),
        )
    )
    waits = [row.wait_until for row in rows if row.wait_until and row.wait_until > now]
    return max(waits, default=None)


def miss(session: Session, institution_id: int, who: Guesser, now: datetime) -> None:
    """Count one wrong code. The rows are locked in one order, so that two misses never block each other."""
    for kind, one in who.items():
        row = _row(session, institution_id, kind, one, now)
        row.misses, row.wait_until = after_miss(LIMITS[kind], row.misses, row.last_miss_at, now)
        row.last_miss_at = now


def forgive(session: Session, institution_id: int, who: Guesser, now: datetime) -> None:
    """Take back what was counted before it was known to be right."""
    for kind, one in who.items():
        row = _row(session, institution_id, kind, one, now)
        row.misses, row.wait_until = max(0, row.misses - 1), None


def _row(session: Session, institution_id: int, kind: str, who: str, now: datetime) -> Guesses:
    """The locked row, made if it is not there."""
    query = select(Guesses).where(
        Guesses.institution_id == institution_id, Guesses.kind == kind, Guesses.who == who
    )
    row = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if row is not None:
        return row
    row = Guesses(institution_id=institution_id, kind=kind, who=who, misses=0, last_miss_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody else made it in the same moment
        return session.scalars(query.with_for_update()).one()
    return row
