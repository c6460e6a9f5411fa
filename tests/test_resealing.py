"""An older secret key can be thrown away once everything is sealed anew."""

import base64
import inspect
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app import create_app, db, people, policy
from app.canvas import grants, tokens
from app.canvas.grants import Tokens
from app.crypto import Keyring
from app.lti import keys
from app.models import (
    AuditEvent,
    Base,
    Institution,
    OAuthAttempt,
    OAuthPurpose,
    PortalSession,
    Role,
    ToolKey,
    institutions,
    pairing,
    signing_up,
    visits,
)
from app.pairing import codes
from app.resealing import SEALED, reseal
from app.settings import SecretKey
from app.web import visit
from tests.conftest import settings_for
from tests.journeys.rows import rows
from tests.programs import SECRET_KEYS, observatory

NEW = SecretKey("t2", b"fedcba9876543210" * 2)
NEW_FIRST = f"t2:{base64.urlsafe_b64encode(NEW.material).decode()},{SECRET_KEYS}"


@pytest.fixture
def kept(app: Flask) -> str:
    """One of every secret, sealed with the only key; the text of the code."""
    keyring, now = app.extensions["keyring"], visit.clock()
    soon = now + timedelta(hours=1)
    with db.transaction() as session:
        school = Institution(slug="maple", name="Maple", canvas_url="https://x.test", created_at=now)
        session.add(school)
        session.flush()
        grants.keep_key(keyring, school, "1", "of the key")
        person = people.remember(session, school.id, "44", "Pat", now)
        for purpose in (OAuthPurpose.OBSERVER, OAuthPurpose.SERVICE):
            lent = Tokens(access=f"{purpose} token", refresh="renews it")
            tokens.store(session, keyring, school.id, person.id, purpose, lent, now)
        keys.make(session, keyring, now)
        attempt: dict[str, Any] = {
            "institution_id": school.id,
            "created_at": now,
            "expires_at": soon,
        }
        session.add(
            OAuthAttempt(
                **attempt,
                purpose=OAuthPurpose.OBSERVER,
                state_digest="s",
                browser_digest="b",
                verifier=keyring.seal("verifier", "oauth_attempts.verifier:s"),
                typed=keyring.seal("ABC", "oauth_attempts.typed:s"),
            )
        )
        session.add(
            PortalSession(
                **attempt,
                person_id=person.id,
                handle_digest="h",
                typed=keyring.seal("DEF", "portal_sessions.typed:h"),
            )
        )
        code = codes.issue(
            session,
            keyring,
            issuer=person,
            role=Role.STUDENT,
            student=person,
            reach=codes.ALL_COURSES,
            policy=policy.Policy(),
            now=now,
        )
        return codes.text_of(keyring, code)


def opened(keyring: Keyring) -> list[str]:
    """Every secret in the database, opened."""
    with db.reading() as session:
        return sorted(
            keyring.open(secret, sealed.place(row))
            for sealed in SEALED
            for row in session.query(sealed.table)
            if (secret := getattr(row, sealed.column))
        )


@pytest.mark.both_databases
def test_with_everything_sealed_anew_the_old_key_may_go(app: Flask, kept: str) -> None:
    old = app.extensions["settings"].secret_keys[0]
    before = opened(app.extensions["keyring"])
    assert len(before) == 1 + 4 + 1 + 3 + 1

    tally = reseal(Keyring((NEW, old)), visit.clock())

    assert (tally.resealed, tally.unreadable) == (10, [])
    only_new = Keyring((NEW,))
    assert opened(only_new) == before
    with db.reading() as session:
        code = codes.find(session, only_new, kept.replace("-", ""))
        assert code is not None
        assert codes.text_of(only_new, code) == kept
    assert reseal(Keyring((NEW, old)), visit.clock()).resealed == 0


def test_the_command_tells_how_many_and_is_safe_to_repeat(kept: str, database_url: str) -> None:
    for told in ("10 secrets are sealed anew", "0 secrets are sealed anew"):
        ran = observatory("secrets", "rotate", DATABASE_URL=database_url, OBSERVATORY_SECRET_KEYS=NEW_FIRST)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert told in ran.stdout
    noted = [(event.event, event.facts) for event in rows(AuditEvent)[-2:]]
    assert noted == [("secrets:rotate", {"resealed": count, "by": "cli"}) for count in (10, 0)]

    again = create_app(settings_for(database_url, OBSERVATORY_SECRET_KEYS=NEW_FIRST.partition(",")[0]))
    with again.app_context():
        assert len(opened(again.extensions["keyring"])) == 10
        db.database.engine.dispose()


def test_what_no_key_opens_is_named_and_the_rest_done(app: Flask, kept: str, database_url: str) -> None:
    with db.transaction() as session:
        row = session.query(ToolKey).one()
        row.private_pem = "lost:" + row.private_pem.partition(":")[2]
        place = f"tool_keys.private_pem:{row.kid}"

    ran = observatory("secrets", "rotate", DATABASE_URL=database_url, OBSERVATORY_SECRET_KEYS=NEW_FIRST)

    assert ran.returncode == 1
    assert "9 secrets are sealed anew" in ran.stdout
    assert place in ran.stderr
    assert "older ones may go" not in ran.stdout


def test_every_sealed_column_is_known() -> None:
    """The models say which column is sealed, and for which place."""
    source = "".join(inspect.getsource(module) for module in (institutions, pairing, signing_up, visits))
    said = set(re.findall(r"(?:sealed at|# at) (\w+\.\w+):", source))

    assert said == {f"{sealed.table.__tablename__}.{sealed.column}" for sealed in SEALED}
    assert issubclass(SEALED[0].table, Base)
