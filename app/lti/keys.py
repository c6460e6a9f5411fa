"""Our own keys: made here, sealed, published in /lti/jwks.json."""

import uuid
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import Keyring
from app.models import ToolKey

BITS = 2048


def make(session: Session, keyring: Keyring, now: datetime) -> ToolKey:
    """A new RSA key, current from now on; former ones stay published until they are retired."""
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


def current(session: Session) -> ToolKey | None:
    """The key we sign with: the newest that is not retired."""
    return session.scalars(_live().limit(1)).first()


def jwks(session: Session) -> dict[str, list[dict[str, Any]]]:
    """The key set we publish (RFC 7517; LTI Security 1.1, section 6.3)."""
    return {"keys": [key.public_jwk for key in session.scalars(_live())]}


def _live() -> Any:
    return (
        select(ToolKey)
        .where(ToolKey.retired_at.is_(None))
        .order_by(ToolKey.created_at.desc(), ToolKey.id.desc())
    )
