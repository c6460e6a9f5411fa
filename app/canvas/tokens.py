"""Kept tokens: sealed in the database, and renewed once for all processes that share it."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import audit, db
from app.canvas import grants
from app.canvas.client import Canvas
from app.canvas.grants import TOKEN_PATH, Tokens
from app.canvas.pacing import Budget
from app.crypto import Keyring
from app.errors import CanvasUnreachable, NotConnected, TokenDead
from app.models import Institution, OAuthPurpose, Token
from app.settings import Settings

EARLY = timedelta(seconds=60)  # a token this close to its end is renewed before it is used
REFRESH_TIMEOUT = 5.0  # seconds; a row is locked meanwhile
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's word for a lock we did not get in time


def service(
    session: Session, keyring: Keyring, settings: Settings, institution_id: int, now: datetime
) -> Canvas:
    """Canvas as the institution's service account. Raises NotConnected or TokenDead.

    Use it after the session is closed: it may have to renew its token in a transaction of its own.
    """
    return _canvas(session, keyring, settings, _Owner(institution_id, OAuthPurpose.SERVICE, None), now)


def observer(
    session: Session,
    keyring: Keyring,
    settings: Settings,
    institution_id: int,
    person_id: int,
    now: datetime,
) -> Canvas:
    """Canvas as this observer. Raises NotConnected or TokenDead; use it after the session is closed."""
    owner = _Owner(institution_id, OAuthPurpose.OBSERVER, person_id)
    return _canvas(session, keyring, settings, owner, now)


def given(canvas_url: str, access: str, settings: Settings) -> Canvas:
    """Canvas with a token that is not kept (yet): just granted, or given by hand."""
    return Canvas(canvas_url, GivenToken(access.strip()), settings)


def nobody(canvas_url: str, settings: Settings) -> Canvas:
    """Canvas without any token, for what strangers may do."""
    return given(canvas_url, "", settings)


def store(
    session: Session,
    keyring: Keyring,
    institution_id: int,
    person_id: int,
    purpose: OAuthPurpose,
    grant: Tokens,
    now: datetime,
) -> None:
    """Keep the tokens of a person, in place of older ones; a new service account replaces the old one.

    A token made by hand is `Tokens(access=...)`: it has nothing to renew it and no known end.
    """
    # One store at a time per institution, or two could both find nothing to replace.
    session.scalars(
        select(Institution.id).where(Institution.id == institution_id).with_for_update(key_share=True)
    ).one()
    rows = select(Token).where(Token.institution_id == institution_id, Token.purpose == purpose)
    if purpose is OAuthPurpose.SERVICE:
        session.execute(
            delete(Token).where(
                Token.institution_id == institution_id,
                Token.purpose == purpose,
                Token.person_id != person_id,
            )
        )
    row = session.scalars(rows.where(Token.person_id == person_id)).one_or_none()
    if row is None:
        row = Token(institution_id=institution_id, person_id=person_id, purpose=purpose)
        session.add(row)
    row.created_at = now
    row.dead_since = None
    _seal(keyring, row, grant)
    session.flush()


def forget(session: Session, institution_id: int, person_id: int, purpose: OAuthPurpose) -> None:
    """Throw a person's tokens away."""
    session.execute(
        delete(Token).where(
            Token.institution_id == institution_id, Token.person_id == person_id, Token.purpose == purpose
        )
    )


def _place(row: Token, column: str) -> str:
    return f"tokens.{column}:{row.institution_id}/{row.person_id}/{row.purpose}"


def _seal(keyring: Keyring, row: Token, tokens: Tokens) -> None:
    row.access = keyring.seal(tokens.access, _place(row, "access"))
    row.refresh = keyring.seal(tokens.refresh, _place(row, "refresh")) if tokens.refresh else None
    row.expires_at = tokens.expires_at
    row.budget_left = row.budget_seen_at = None  # Canvas counts by the token: a new one has spent nothing


def _open(keyring: Keyring, row: Token) -> Tokens:
    return Tokens(
        access=keyring.open(row.access, _place(row, "access")),
        refresh=keyring.open(row.refresh, _place(row, "refresh")) if row.refresh else None,
        expires_at=row.expires_at,
    )


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose token: an observer's, or the institution's one service account's, whoever that is."""

    institution_id: int
    purpose: OAuthPurpose
    person_id: int | None

    def row(self, session: Session, lock: bool = False) -> Token | None:
        rows = select(Token).where(Token.institution_id == self.institution_id, Token.purpose == self.purpose)
        if self.person_id is not None:
            rows = rows.where(Token.person_id == self.person_id)
        return session.scalars(rows.with_for_update() if lock else rows).one_or_none()

    def dead(self) -> TokenDead:
        return TokenDead("POST", TOKEN_PATH, None, f"the {self.purpose} must connect again")


def _canvas(session: Session, keyring: Keyring, settings: Settings, owner: _Owner, now: datetime) -> Canvas:
    row = owner.row(session)
    if row is None:
        raise NotConnected(f"institution {owner.institution_id} has no {owner.purpose} token")
    if row.dead_since is not None:
        raise owner.dead()
    institution = session.get_one(Institution, owner.institution_id)
    kept = KeptToken(keyring, settings, owner, _open(keyring, row), now)
    return Canvas(institution.canvas_url, kept, settings)


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that cannot be renewed."""

    access: str = field(repr=False)

    def current(self, until: float) -> str:
        """The token."""
        return self.access

    def renewed(self, refused: str, until: float) -> str:
        """There is no other."""
        raise TokenDead("POST", TOKEN_PATH, None, "Canvas does not take this token")

    def lose(self, refused: str) -> None:
        """Nothing is kept, nothing is lost."""

    @property
    def budget(self) -> None:
        """Nobody else is known to use it."""


@dataclass(slots=True)
class KeptToken:
    """A token of the database, renewed at most once for every process that uses it.

    The row is locked, then looked at again: whoever comes second finds the new token and asks nobody.
    This is the one place where Canvas is called inside a transaction.
    """

    keyring: Keyring = field(repr=False)
    settings: Settings = field(repr=False)
    owner: _Owner
    tokens: Tokens
    opened_at: datetime
    started: float = field(default_factory=time.monotonic)

    def current(self, until: float) -> str:
        """The token, renewed if it is about to end."""
        tokens = self.tokens
        if tokens.refresh and tokens.expires_at and self._now() >= tokens.expires_at - EARLY:
            return self.renewed(tokens.access, until)
        return tokens.access

    def renewed(self, refused: str, until: float) -> str:
        """Another token than the refused one. Raises TokenDead, or CanvasUnreachable and keeps the token."""
        now = self._now()
        with db.transaction() as session:
            row = self._locked(session, until)
            found = self._look_again(session, row, refused, until, now) if row else None
        if found is None:
            raise self.owner.dead()
        self.tokens = found
        return found.access

    def lose(self, refused: str) -> None:
        """Mark the token as dead, unless it was replaced meanwhile."""
        with db.transaction() as session:
            row = self._locked(session, time.monotonic() + REFRESH_TIMEOUT)
            if row and row.dead_since is None and _open(self.keyring, row).access == refused:
                self._bury(session, row, self._now())

    @property
    def budget(self) -> Budget:
        """Shared with every process that uses this token."""
        return Budget(partial(self.owner.row, lock=True), self._now)

    def _now(self) -> datetime:
        return self.opened_at + timedelta(seconds=time.monotonic() - self.started)

    def _locked(self, session: Session, until: float) -> Token | None:
        """The row, locked; SQLite has locked everything at BEGIN."""
        if session.get_bind().dialect.name == "postgresql":
            patience = int(max(until - time.monotonic(), 0.1) * 1000)
            session.execute(text(f"SET LOCAL lock_timeout = {patience}"))
        try:
            return self.owner.row(session, lock=True)
        except OperationalError as problem:
            if getattr(problem.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            raise CanvasUnreachable("POST", TOKEN_PATH, None, "another process renews the token") from None

    def _look_again(
        self, session: Session, row: Token, refused: str, until: float, now: datetime
    ) -> Tokens | None:
        """What another process has stored, or new tokens from Canvas; None if the token is dead."""
        if row.dead_since is not None:
            return None
        kept = _open(self.keyring, row)
        if kept.access != refused:
            return kept
        institution = session.get_one(Institution, row.institution_id)
        until = min(until, time.monotonic() + REFRESH_TIMEOUT)
        fresh = kept.refresh and grants.refresh(
            self.settings, self.keyring, institution, kept.refresh, until, now
        )
        if not fresh:
            self._bury(session, row, now)
            return None
        _seal(self.keyring, row, fresh)
        return fresh

    def _bury(self, session: Session, row: Token, now: datetime) -> None:
        row.dead_since = now
        if row.purpose is OAuthPurpose.SERVICE:
            audit.record(session, row.institution_id, audit.Event.SERVICE_LOST, now, person_id=row.person_id)
