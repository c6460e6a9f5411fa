"""The chain of audit events: each tells the digest of the one before, and the end of it is signed.

A digest needs no key, so that whoever holds an export can follow the chain by themself. The signature does:
somebody who can only write to the database cannot change an event, or take one out, and sign what is left.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from typing import Any, cast

from sqlalchemy import Row, bindparam, event, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from app.crypto import Keyring
from app.db import KEYRING
from app.errors import SecretUnreadable
from app.models import AuditEvent, AuditHead, PolicyRow

WAITING = "audit.waiting"
TOLD = (  # what of an event its digest covers, in this order: an old chain is read with it
    "institution_id", "number", "at", "event", "actor_id", "student_id", "observer_id", "course_id",
    "policy", "facts",
)  # fmt: skip
AT_ONCE = 1000
EVENTS, HEADS = AuditEvent.metadata.tables["audit_events"], AuditHead.metadata.tables["audit_heads"]
COLUMNS = [EVENTS.c[name] for name in (*TOLD, "digest")]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """Between which events the chain of an institution is proved, and their digests."""

    institution_id: int
    number: int = 0
    digest: str = ""
    cut_number: int = 0
    cut_digest: str = ""

    def text(self) -> str:
        """What is signed."""
        return "audit " + json.dumps(asdict(self), sort_keys=True)


def digest_of(before: str, told: Mapping[str, Any]) -> str:
    """SHA-256 of an event's columns as JSON, and of the digest before it."""
    values = [told["at"].astimezone(UTC).isoformat() if name == "at" else told[name] for name in TOLD]
    return hashlib.sha256(json.dumps([before, *values], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event that is written when its transaction commits, unless its savepoint is rolled back."""

    told: dict[str, Any]
    savepoint: SessionTransaction | None


def add(session: Session, told: dict[str, Any]) -> None:
    """Have an event written at the very end of the transaction, so that nobody waits for its number long."""
    session.info.setdefault(WAITING, []).append(_Waiting(told, session.get_nested_transaction()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, over: SessionTransaction) -> None:
    waiting: list[_Waiting] = session.info.get(WAITING, [])
    waiting[:] = [one for one in waiting if not _within(one.savepoint, over)]


def _within(savepoint: SessionTransaction | None, over: SessionTransaction) -> bool:
    while savepoint is not None and savepoint is not over:
        savepoint = savepoint.parent
    return savepoint is over


@event.listens_for(Session, "before_commit")
def _append(session: Session) -> None:
    if WAITING not in session.info or session.in_nested_transaction():
        return
    session.flush()  # what can fail fails before the others have to wait for us
    by_institution: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in session.info.pop(WAITING):
        by_institution[one.told["institution_id"]].append(one.told)
    for institution_id in sorted(by_institution):  # always in this order: two of us never wait for each other
        _extend(session, institution_id, by_institution[institution_id])


def _extend(session: Session, institution_id: int, events: list[dict[str, Any]]) -> None:
    keyring = cast(Keyring, session.info[KEYRING])
    head, sound, policy = _locked(session, keyring, institution_id)
    for told in events:
        told |= {"number": head.number + 1, "policy": policy}
        told["digest"] = digest_of(head.digest, told)
        head = replace(head, number=told["number"], digest=told["digest"])
    session.execute(insert(EVENTS), events)
    _write(session, head, keyring if sound else None)


LOCK = (
    select(*HEADS.c, PolicyRow.version)
    .join_from(HEADS, PolicyRow, PolicyRow.institution_id == HEADS.c.institution_id, isouter=True)
    .where(HEADS.c.institution_id == bindparam("institution"))
    .with_for_update(of=HEADS)
)
WRITE = update(HEADS).where(HEADS.c.institution_id == bindparam("institution"))


def _locked(session: Session, keyring: Keyring, institution_id: int) -> tuple[Head, bool, int | None]:
    """The head, which waits for us from here on; whether it is truly signed; the policy in force.

    What is not is never signed again, or a forged chain would be proved by the next event. But whoever only
    lacks the key it was signed with writes nothing: their event would break a chain that is sound.
    """
    row = session.execute(LOCK, {"institution": institution_id}).one_or_none()
    if row is None:
        _begin(session, keyring, institution_id)
        row = session.execute(LOCK, {"institution": institution_id}).one()
    *values, signature, signer, policy = row
    head = Head(*values)
    sound = keyring.signed(head.text(), signature)
    if not sound and signer is not None and not keyring.holds(signer):
        raise SecretUnreadable(f"audit_heads:{institution_id}: signed with key {signer!r}, which is not ours")
    if not sound:
        log.error("audit chain of institution %s: not signed with our keys; verify it", institution_id)
    return head, sound, policy


def _begin(session: Session, keyring: Keyring, institution_id: int) -> None:
    new = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    last = select(EVENTS.c.number, EVENTS.c.digest).where(EVENTS.c.institution_id == institution_id)
    lost = session.execute(last.order_by(EVENTS.c.number.desc()).limit(1)).one_or_none()
    head = Head(institution_id, *(lost or ()))
    values = {**asdict(head), **_signature(None if lost else keyring, head)}
    session.execute(new(HEADS).values(values).on_conflict_do_nothing())


def _signature(keyring: Keyring | None, head: Head) -> dict[str, str | None]:
    if keyring is None:
        return {"signature": "", "signer": None}
    return {"signature": keyring.sign(head.text()), "signer": keyring.current}


def _write(session: Session, head: Head, keyring: Keyring | None) -> None:
    """Write the end of a chain, signed; without a key ring, not signed."""
    values = {name: value for name, value in asdict(head).items() if name != "institution_id"}
    session.execute(WRITE, {"institution": head.institution_id, **values, **_signature(keyring, head)})


def head_of(session: Session, institution_id: int) -> tuple[Head, str] | None:
    """The head of a chain and its signature. None: no event was ever written."""
    row = session.execute(select(*HEADS.c).where(HEADS.c.institution_id == institution_id)).one_or_none()
    if row is None:
        return None
    *values, signature, _signer = row
    return Head(*values), signature


def events_of(session: Session, institution_id: int, after: int, upto: int) -> Iterator[Row[Any]]:
    """The events between two numbers, the oldest first, a page at a time."""
    query = (
        select(*COLUMNS)
        .where(EVENTS.c.institution_id == institution_id, EVENTS.c.number > after, EVENTS.c.number <= upto)
        .order_by(EVENTS.c.number)
        .execution_options(yield_per=AT_ONCE)
    )
    with session.execute(query) as rows:
        yield from rows


def sign_anew(session: Session, keyring: Keyring, institution_id: int) -> bool:
    """Sign with the first key what an older one has signed. False: none of ours has."""
    head, sound, _policy = _locked(session, keyring, institution_id)
    if sound:
        _write(session, head, keyring)
    return sound


def cut(session: Session, keyring: Keyring, institution_id: int, number: int, digest: str) -> bool:
    """Let the chain begin after this event: those up to it may be deleted. False: it is not signed."""
    head, sound, _policy = _locked(session, keyring, institution_id)
    if sound:
        later = replace(head, cut_number=number, cut_digest=digest)
        _write(session, later, keyring)
    return sound
