"""The platform's signing keys: RSA 2048, rotated on request, published as a JWKS (LTI Security 1.1, 6.3)."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Response, current_app, jsonify
from jwt.algorithms import RSAAlgorithm

from sandbox.lti import blueprint

KEPT = 3


@dataclass(frozen=True, slots=True)
class Key:
    """A private key under the name its signatures carry."""

    kid: str
    private: rsa.RSAPrivateKey

    def public_jwk(self) -> dict[str, Any]:
        """The public half, as a key set lists it."""
        numbers = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.kid,
            "n": numbers["n"],
            "e": numbers["e"],
        }


def _new_key() -> Key:
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Key(f"{made}_{uuid4()}", rsa.generate_private_key(public_exponent=65537, key_size=2048))


def _keys() -> list[Key]:
    """Newest first. They outlive a reset of the world, as they would outlive a change of courses."""
    return cast(list[Key], current_app.extensions.setdefault("lti_keys", []))


def signing_key() -> Key:
    """The key that signs today."""
    keys = _keys()
    if not keys:
        keys.insert(0, _new_key())
    return keys[0]


def sign(claims: dict[str, Any]) -> str:
    """A JWT of these claims (RS256)."""
    key = signing_key()
    return jwt.encode(claims, key.private, "RS256", headers={"kid": key.kid})


@blueprint.get("/api/lti/security/jwks")
def jwks() -> Response:
    """The public keys, old ones included, so that launches under way stay valid."""
    signing_key()
    answer = jsonify(keys=[key.public_jwk() for key in _keys()])
    answer.headers["Cache-Control"] = "max-age=864000, public"
    return answer


@blueprint.post("/_sandbox/rotate_keys")
def rotate() -> Response:
    """Sign with a new key from now on."""
    keys = _keys()
    keys.insert(0, _new_key())
    del keys[KEPT:]
    return jsonify(kid=keys[0].kid)
