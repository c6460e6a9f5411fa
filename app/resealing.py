"""Sealing every secret anew with the first key, so that an older key can be thrown away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app import audit, chain, db
from app.crypto import Keyring
from app.errors import SecretUnreadable
from app.models import AuditHead, Base, Code, Institution, OAuthAttempt, PortalSession, SignUp, Token, ToolKey

AT_ONCE = 500  # rows in one transaction: others wait for it


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of secrets, and the row's part of the place they are sealed for."""

    table: type[Base]
    column: str
    row: Callable[[Any], str]

    def place(self, row: Base) -> str:
        """Where this row's secret opens."""
        return f"{self.table.__tablename__}.{self.column}:{self.row(row)}"


def _token(row: Token) -> str:
    return f"{row.institution_id}/{row.person_id}/{row.purpose}"


SEALED = (
    Sealed(Institution, "oauth_client_secret", lambda row: row.slug),
    Sealed(ToolKey, "private_pem", lambda row: row.kid),
    Sealed(OAuthAttempt, "verifier", lambda row: row.state_digest),
    Sealed(OAuthAttempt, "typed", lambda row: row.state_digest),
    Sealed(Token, "access", _token),
    Sealed(Token, "refresh", _token),
    Sealed(PortalSession, "typed", lambda row: row.handle_digest),
    Sealed(Code, "sealed", lambda row: row.digest),
    Sealed(SignUp, "asked", lambda row: row.login_digest),
)


@dataclass(slots=True)
class Tally:
    """How many secrets are sealed anew, and the places of those that no key opens."""

    resealed: int
    unreadable: list[str]


def reseal(keyring: Keyring, now: datetime) -> Tally:
    """Seal what another key than the first has sealed. Safe to repeat, and while servers run."""
    tally = Tally(0, [])
    for sealed in SEALED:
        last = 0
        while True:
            with db.transaction() as session:
                rows = _next(session, sealed, last)
                for row in rows:
                    _renew(keyring, sealed, row, tally)
                if not rows:
                    break
                last = rows[-1].id
    _sign_chains(keyring, tally, now)
    return tally


def _sign_chains(keyring: Keyring, tally: Tally, now: datetime) -> None:
    """Sign the ends of the audit chains anew, too, and write down in each that it was done."""
    with db.reading() as session:
        institutions = session.scalars(select(AuditHead.institution_id)).all()
    for institution_id in institutions:
        try:
            with db.transaction() as session:
                session.info[db.KEYRING] = keyring  # signs the event, too
                signed = chain.sign_anew(session, keyring, institution_id)
                if signed:
                    facts = {"resealed": tally.resealed}
                    audit.record(session, institution_id, audit.Event.SECRETS_ROTATED, now, **facts)
        except SecretUnreadable:
            signed = False
        if not signed:
            tally.unreadable.append(f"audit_heads.signature:{institution_id}")


def _next(session: Session, sealed: Sealed, after: int) -> list[Any]:
    key, column = inspect(sealed.table).primary_key[0], getattr(sealed.table, sealed.column)
    query = select(sealed.table).where(key > after, column.is_not(None), column != "")
    return list(session.scalars(query.order_by(key).limit(AT_ONCE).with_for_update()))


def _renew(keyring: Keyring, sealed: Sealed, row: Any, tally: Tally) -> None:
    kept: str = getattr(row, sealed.column)
    if keyring.is_current(kept):
        return
    try:
        secret = keyring.open(kept, sealed.place(row))
    except SecretUnreadable:
        tally.unreadable.append(sealed.place(row))
        return
    if isinstance(row, Code):
        row.digest = keyring.digest(secret)  # a code is found by it, and it is a part of the place
    setattr(row, sealed.column, keyring.seal(secret, sealed.place(row)))
    tally.resealed += 1
