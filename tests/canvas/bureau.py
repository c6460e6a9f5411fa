"""An institution whose tokens are kept in the database."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from app import db
from app.canvas import Canvas, tokens
from app.canvas.grants import Tokens
from app.crypto import Keyring
from app.models import AuditEvent, Institution, OAuthPurpose, Person, Token
from app.settings import Settings

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SERVICE, OBSERVER = OAuthPurpose.SERVICE, OAuthPurpose.OBSERVER


class Bureau:
    """One institution, and what is kept of its tokens."""

    def __init__(self, app: Flask, canvas_url: str) -> None:
        self.app = app
        self.keyring: Keyring = app.extensions["keyring"]
        self.settings: Settings = app.extensions["settings"]
        with db.transaction() as session:
            school = Institution(
                slug="school",
                name="School",
                canvas_url=canvas_url,
                oauth_client_id="10000000000001",
                oauth_client_secret=self.keyring.seal(
                    "key-secret", "institutions.oauth_client_secret:school"
                ),
                created_at=NOW,
            )
            session.add(school)
            session.flush()
            self.id = school.id
        self.admin = self.person("77")

    def person(self, canvas_user_id: str) -> int:
        with db.transaction() as session:
            person = Person(institution_id=self.id, canvas_user_id=canvas_user_id, name="P", created_at=NOW)
            session.add(person)
            session.flush()
            return person.id

    def keeps(
        self,
        access: str = "old",
        refresh: str | None = "refresh-secret",
        expires_at: datetime | None = LATER,
        purpose: OAuthPurpose = SERVICE,
        person: int | None = None,
    ) -> None:
        grant = Tokens(access=access, refresh=refresh, expires_at=expires_at)
        with db.transaction() as session:
            tokens.store(session, self.keyring, self.id, person or self.admin, purpose, grant, NOW)

    def canvas(
        self, purpose: OAuthPurpose = SERVICE, person: int | None = None, now: datetime = NOW
    ) -> Canvas:
        with db.reading() as session:
            if purpose is SERVICE:
                return tokens.service(session, self.keyring, self.settings, self.id, now)
            return tokens.observer(session, self.keyring, self.settings, self.id, person or self.admin, now)

    def rows(self) -> list[Token]:
        with db.reading() as session:
            return list(session.scalars(select(Token).order_by(Token.id)))

    def events(self) -> list[AuditEvent]:
        with db.reading() as session:
            return list(session.scalars(select(AuditEvent)))

    def opened(self, column: str = "access") -> str:
        (row,) = self.rows()
        place = f"tokens.{column}:{row.institution_id}/{row.person_id}/{row.purpose}"
        return self.keyring.open(getattr(row, column), place)
