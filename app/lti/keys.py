"""Our own keys: made here, sealed, published in /lti/jwks.json."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import audit
from app.crypto import Keyring
from app.models import Institution, ToolKey

BITS = 2048


def make(session: Session, keyring: Keyring, now: datetime) -> ToolKey:
    """A new RSA key, the one we sign with from now on."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    kid = str(uuid.uuid4())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    numbers = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    key = ToolKey(
        kid=kid,
        public_jwk={
            "kty": "RSA",
            "kid": kid,
            "use": "sig",
            "alg": "RS256",
            "n": numbers["n"],
            "e": numbers["e"],
        },
        private_pem=keyring.seal(pem.decode(), f"tool_keys.private_pem:{kid}"),
        created_at=now,
    )
    session.add(key)
    return key


def current(session: Session, now: datetime) -> ToolKey | None:
    """The key we sign with: the newest that is not retired."""
    return session.scalars(_live(now).limit(1)).first()


def rotate(session: Session, keyring: Keyring, now: datetime, retire_after: timedelta) -> ToolKey:
    """A new key at once; those before it stay published for so long, for who has learnt them already."""
    for former in session.scalars(_live(now)):
        former.retired_at = min(former.retired_at or now + retire_after, now + retire_after)
    made = make(session, keyring, now)
    for institution_id in session.scalars(select(Institution.id)):  # it is everybody's
        audit.record(session, institution_id, audit.Event.KEYS_ROTATED, now, key=made.kid)
    return made


def jwks(session: Session, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """The key set we publish (RFC 7517; LTI Security 1.1, section 6.3)."""
    return {"keys": [key.public_jwk for key in session.scalars(_live(now))]}


def _live(now: datetime) -> Any:
    return (
        select(ToolKey)
        .where(or_(ToolKey.retired_at.is_(None), ToolKey.retired_at > now))
        .order_by(ToolKey.created_at.desc(), ToolKey.id.desc())
    )
