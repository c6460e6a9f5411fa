"""Deleting what an institution's policy says need not be kept any longer."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Table,
    and_,
    delete,
    except_,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from app import audit, chain, db, policy, purging, verifying
from app.chain import EVENTS
from app.crypto import Keyring
from app.exporting import PEOPLE
from app.models import Acceptance, Base, Code, EndRequest, Link, LinkState, Token
from app.policy import Policy

CODES, LINKS, WISHES, TOKENS, ACCEPTED = (
    cast(Table, model.__table__) for model in (Code, Link, EndRequest, Token, Acceptance)
)
AT_ONCE = 500  # rows in one transaction: others wait for it
OVER = (LinkState.ENDED, LinkState.FAILED)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept too long, in order: the later ones go only once the former are gone."""

    what: str
    table: Table
    which: ColumnElement[bool]


def _too_long(institution_id: int, rule: Policy, now: datetime) -> list[Kept]:
    links = now - timedelta(days=rule.links_days)
    ended = func.coalesce(LINKS.c.ended_at, LINKS.c.settled_at, LINKS.c.created_at) < links
    old = and_(_mine(PEOPLE, institution_id), PEOPLE.c.created_at < links)
    observing = exists().where(LINKS.c.observer_id == ACCEPTED.c.person_id)
    named = purging.named(institution_id).subquery()
    forgotten = except_(select(PEOPLE.c.id).where(old), select(*named.c))  # far quicker than to ask for each
    return [
        Kept(
            "links", LINKS, and_(_mine(LINKS, institution_id), LINKS.c.state.in_(OVER), ended, _free(LINKS))
        ),
        Kept("codes", CODES, and_(_mine(CODES, institution_id), CODES.c.expires_at < links, _free(CODES))),
        Kept("end requests", WISHES, and_(_mine(WISHES, institution_id), WISHES.c.settled_at < links)),
        Kept("dead tokens", TOKENS, and_(_mine(TOKENS, institution_id), TOKENS.c.dead_since < links)),
        Kept(
            "acceptances",
            ACCEPTED,
            and_(_mine(ACCEPTED, institution_id), ACCEPTED.c.accepted_at < links, ~observing),
        ),
        Kept("people", PEOPLE, PEOPLE.c.id.in_(forgotten)),
    ]


def _mine(table: Table, institution_id: int) -> ColumnElement[bool]:
    return table.c.institution_id == institution_id


def _free(table: Table) -> ColumnElement[bool]:
    """No row points at it, but for those that go with it or do without it."""
    return and_(
        *(
            ~exists().where(other.c[list(one.columns)[0].name] == table.c.id)
            for child in Base.metadata.sorted_tables
            for one in child.foreign_key_constraints
            if one.referred_table is table and not one.ondelete
            for other in [child.alias()]
        )
    )


def _faded(institution_id: int, rule: Policy, now: datetime) -> ColumnElement[bool]:
    """Codes whose text is of no use to anybody any more: they ended, or were taken back, long ago."""
    then = now - timedelta(days=rule.codes_days)
    dead = or_(CODES.c.expires_at < then, CODES.c.revoked_at < then)
    return and_(_mine(CODES, institution_id), dead, CODES.c.sealed != "")


def over(session: Session, institution_id: int, now: datetime) -> dict[str, int]:
    """How much of everything is kept too long. Nothing is deleted."""
    rule = policy.of(session, institution_id)
    counts = {"texts of codes": _count(session, CODES, _faded(institution_id, rule, now))}
    for kept in _too_long(institution_id, rule, now):
        counts[kept.what] = _count(session, kept.table, kept.which)
    old = _old_events(institution_id, rule, now)
    counts["audit events"] = _count(session, EVENTS, old)
    return {what: count for what, count in counts.items() if count}


def _count(session: Session, table: Table, which: ColumnElement[bool]) -> int:
    return session.scalars(select(func.count()).select_from(table).where(which)).one()


def enforce(keyring: Keyring, institution_id: int, now: datetime) -> dict[str, int]:
    """Delete it, a piece at a time. Safe to repeat, and while servers run."""
    with db.reading() as session:
        rule = policy.of(session, institution_id)
    counts = {"texts of codes": 0, "audit events": _cut(keyring, institution_id, rule, now)}
    faded = _faded(institution_id, rule, now)
    while done := _blank(institution_id, faded, now):
        counts["texts of codes"] += done
    for kept in _too_long(institution_id, rule, now):
        counts[kept.what] = 0
        while done := _delete(institution_id, kept.what, kept.table, kept.which, now):
            counts[kept.what] += done
    return {what: count for what, count in counts.items() if count}


def _blank(institution_id: int, which: ColumnElement[bool], now: datetime) -> int:
    some = select(CODES.c.id).where(which).limit(AT_ONCE)
    return _in_one(
        institution_id, "texts of codes", update(CODES).where(CODES.c.id.in_(some)), now, sealed=""
    )


def _delete(institution_id: int, what: str, table: Table, which: ColumnElement[bool], now: datetime) -> int:
    some = select(table.c.id).where(which).limit(AT_ONCE)
    return _in_one(institution_id, what, delete(table).where(table.c.id.in_(some)), now)


def _in_one(institution_id: int, what: str, statement: Any, now: datetime, **values: object) -> int:
    with db.transaction() as session:
        result = session.execute(statement.values(**values) if values else statement)
        count = cast(CursorResult[Any], result).rowcount
        if count:
            audit.record(session, institution_id, audit.Event.DATA_PURGED, now, what=what, rows=count)
    return count


def _old_events(institution_id: int, rule: Policy, now: datetime) -> ColumnElement[bool]:
    """Events before the first that is not old: a chain is cut in one place."""
    young = EVENTS.alias()
    since = now - timedelta(days=rule.audit_days)
    still = young.c.institution_id == institution_id, young.c.at >= since
    first = select(func.min(young.c.number)).where(*still).scalar_subquery()
    before = or_(EVENTS.c.number < first, first.is_(None))
    return and_(_mine(EVENTS, institution_id), EVENTS.c.at < since, before)


def _cut(keyring: Keyring, institution_id: int, rule: Policy, now: datetime) -> int:
    """Cut the chain where it is old, if what is cut off is as it was written; then delete that."""
    old = _old_events(institution_id, rule, now)
    with db.snapshot() as session:
        last = session.scalar(select(func.max(EVENTS.c.number)).where(old))
        found = chain.head_of(session, institution_id)
        if last is None or found is None:
            return 0
        head, _signature = found
        start, further = head.cut_number, last > head.cut_number
        digest, flaw = verifying.follow(session, institution_id, start, head.cut_digest, max(last, start))
    if flaw is not None or (further and not _begin_after(keyring, institution_id, last, digest)):
        log.error("audit chain of institution %s is broken; nothing of it is deleted", institution_id)
        return 0
    count = 0
    while done := _delete(institution_id, "audit events", EVENTS, old, now):
        count += done
    return count


def _begin_after(keyring: Keyring, institution_id: int, last: int, digest: str) -> bool:
    with db.transaction() as session:
        return chain.cut(session, keyring, institution_id, last, digest)
