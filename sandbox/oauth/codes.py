"""Authorization requests, and the codes people grant (OAuth2 Endpoints; RFC 7636 for PKCE)."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sandbox.world import World

LIFE = timedelta(minutes=10)
USERINFO = "/auth/userinfo"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a client asks a person for."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's yes: what a code stands for until it is spent."""

    authorization: Authorization
    user_id: int
    real_user_id: int | None
    expires_at: datetime


def _grants(world: World) -> dict[str, Grant]:
    grants: dict[str, Grant] = world.memory.setdefault("oauth_codes", {})
    return grants


def issue(world: World, authorization: Authorization, user_id: int, real_user_id: int | None) -> str:
    """A code of 128 hex digits, good for ten minutes."""
    code = secrets.token_hex(64)
    with world.lock:
        expires_at = world.clock.now() + LIFE
        _grants(world)[code] = Grant(authorization, user_id, real_user_id, expires_at)
    return code


def find(world: World, code: str) -> Grant | None:
    """The grant behind a code that is neither spent nor expired."""
    grant = _grants(world).get(code)
    return grant if grant and grant.expires_at > world.clock.now() else None


def spend(world: World, code: str) -> None:
    """Make a code worthless."""
    _grants(world).pop(code, None)


def verifies(grant: Grant, verifier: str) -> bool:
    """Whether a verifier is the one whose S256 challenge came with the request (RFC 7636, 4.6)."""
    digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    challenge = grant.authorization.challenge
    return challenge is not None and secrets.compare_digest(digest, challenge)
