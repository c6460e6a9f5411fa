"""Following an audit chain from where it begins to its signed end."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import chain
from app.chain import EVENTS
from app.crypto import Keyring


class Flaw(StrEnum):
    """What is wrong with a chain."""

    NO_HEAD = "no_head"  # what is signed is gone
    NOT_SIGNED = "not_signed"  # with any of our keys
    MISSING = "missing"  # the event of this number
    CHANGED = "changed"  # this event, or the one before it
    ADDED = "added"  # this event, after the end


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found: how many events are proved and, if the chain is broken, at which number and how."""

    head: chain.Head
    proved: int
    unproved: int  # older than the chain, or than what was looked at
    flaw: Flaw | None = None
    number: int | None = None


def verify(session: Session, keyring: Keyring, institution_id: int, most: int | None = None) -> Proof:
    """Follow a chain, or only its newest events if `most` says how many.

    All of it takes long, but little memory. Give it a snapshot, so that nothing moves meanwhile.
    """
    found = chain.head_of(session, institution_id)
    if found is None:
        return Proof(chain.Head(institution_id), 0, 0, Flaw.NO_HEAD)
    head, signature = found
    unproved = _count(session, institution_id, EVENTS.c.number <= head.cut_number)
    if not keyring.signed(head.text(), signature):
        return Proof(head, 0, unproved, Flaw.NOT_SIGNED)
    start, digest = head.cut_number, head.cut_digest
    if most is not None and head.number - start > most:
        start = head.number - most
        digest = next((row.digest for row in chain.events_of(session, institution_id, start - 1, start)), "")
        unproved += start - head.cut_number
    reached, flaw = follow(session, institution_id, start, digest, head.number)
    if flaw is None and reached != head.digest:
        flaw = head.number, Flaw.CHANGED
    proved = (flaw[0] - 1 if flaw else head.number) - start
    if flaw is None and _count(session, institution_id, EVENTS.c.number > head.number):
        flaw = head.number + 1, Flaw.ADDED
    return Proof(head, proved, unproved, *(flaw[::-1] if flaw else ()))


def holds(session: Session, institution_id: int, number: int, digest: str) -> bool:
    """Whether an event is the one whose digest somebody wrote down: whoever puts back an old end is found."""
    query = select(EVENTS.c.digest).where(
        EVENTS.c.institution_id == institution_id, EVENTS.c.number == number
    )
    return session.scalar(query) == digest


def follow(
    session: Session, institution_id: int, number: int, digest: str, upto: int
) -> tuple[str, tuple[int, Flaw] | None]:
    """The digest of an event, reached from the one of this number; and the first event that does not fit."""
    for row in chain.events_of(session, institution_id, number, upto):
        number += 1
        if row.number != number:
            return digest, (number, Flaw.MISSING)
        digest = chain.digest_of(digest, row._asdict())
        if row.digest != digest:
            return digest, (number, Flaw.CHANGED)
    return digest, None if number == upto else (number + 1, Flaw.MISSING)


def _count(session: Session, institution_id: int, which: object) -> int:
    query = select(func.count()).select_from(EVENTS).where(EVENTS.c.institution_id == institution_id, which)  # type: ignore[arg-type]
    return session.scalars(query).one()
