"""The public keys of platforms: fetched seldom, kept by each process, never replaced by nonsense."""

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from app.lti.fetching import fetch
from app.lti.refusals import Reason, Refused

LIFETIME = timedelta(hours=1)  # how long a key set is believed without asking again
GRACE = timedelta(days=1)  # how much longer, while its address gives no usable answer
PAUSE = timedelta(seconds=10)  # at least this long between two fetches of one address
SHORTEST_KEY = 2048  # bits


@dataclass(slots=True)
class _Held:
    """What is known of one address; a key of None is there, but too short or broken."""

    keys: Mapping[str, RSAPublicKey | None] = field(default_factory=dict)
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    failure: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def age(self, now: datetime) -> timedelta:
        return now - self.fetched_at if self.fetched_at else timedelta.max


class KeySets:
    """One process's cache of key sets (LTI Security 1.1, section 6.3), safe to share between threads."""

    def __init__(self, timeout: timedelta, pause: timedelta = PAUSE) -> None:
        self._timeout = timeout
        self._pause = pause
        self._held: dict[str, _Held] = {}

    def find(self, url: str, kid: str, now: datetime) -> RSAPublicKey:
        """The key of this name at this address, fetched if it must be; raises Refused."""
        held = self._held.setdefault(url, _Held())
        if kid not in held.keys or held.age(now) > LIFETIME:
            self._renew(url, held, kid, now)
        if held.age(now) > LIFETIME + GRACE:
            raise Refused(Reason.KEYS_UNREACHABLE, f"{url}: {held.failure}")
        if kid not in held.keys:
            raise Refused(Reason.KEY_UNKNOWN, f"{kid!r} is not at {url}")
        key = held.keys[kid]
        if key is None:
            raise Refused(Reason.KEY_SHORT, f"{kid!r} at {url} is shorter than {SHORTEST_KEY} bits")
        return key

    def _renew(self, url: str, held: _Held, kid: str, now: datetime) -> None:
        """Fetch, unless another thread just did. A failure leaves what was known as it was."""
        with held.lock:
            if kid in held.keys and held.age(now) <= LIFETIME:
                return
            if held.tried_at and now - held.tried_at < self._pause:
                return
            held.tried_at = now
            try:
                held.keys = parse(fetch(url, self._timeout))
                held.fetched_at = now
            except (requests.RequestException, ValueError, RecursionError) as failure:
                held.failure = f"{type(failure).__name__}: {failure}"[:200]


def parse(body: bytes) -> dict[str, RSAPublicKey | None]:
    """The RSA signing keys of a JWKS (RFC 7517) by name; ValueError when there is none."""
    document = json.loads(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a key set")
    keys = {jwk["kid"]: _public_key(jwk) for jwk in listed if _signs(jwk)}
    if not keys:
        raise ValueError("a key set without an RSA key")
    return keys


def _signs(jwk: object) -> bool:
    return (
        isinstance(jwk, dict)
        and jwk.get("kty") == "RSA"
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", "RS256") == "RS256"
        and all(isinstance(jwk.get(name), str) for name in ("kid", "n", "e"))
    )


def _public_key(jwk: Mapping[str, str]) -> RSAPublicKey | None:
    """The key, or None: one bad key must not spoil the good ones beside it."""
    try:
        modulus, exponent = _number(jwk["n"]), _number(jwk["e"])
        return (
            RSAPublicNumbers(exponent, modulus).public_key() if modulus.bit_length() >= SHORTEST_KEY else None
        )
    except ValueError:
        return None


def _number(encoded: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
