"""Secrets: sealed for their place, or kept only as a keyed digest."""

import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import SecretUnreadable
from app.settings import SecretKey

NONCE_BYTES = 12


def random_token() -> str:
    """256 bits nobody can guess, safe in a URL, a header or a cookie."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """Digest of a random token. Needs no key: 256 random bits cannot be searched for."""
    return hashlib.sha256(token.encode()).hexdigest()


def _derive(key: SecretKey, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"observatory:" + purpose).derive(key.material)


class Keyring:
    """The server's secret keys: the first seals and digests, all open and recognize."""

    def __init__(self, keys: tuple[SecretKey, ...]) -> None:
        self._ciphers = {key.name: AESGCM(_derive(key, b"seal")) for key in keys}
        self._digest_keys = [_derive(key, b"digest") for key in keys]
        self._sign_keys = [_derive(key, b"sign") for key in keys]
        self._cookie_keys = [_derive(key, b"cookie") for key in keys]
        self._current = keys[0].name

    def seal(self, secret: str, place: str) -> str:
        """Encrypt for one place (`table.column:row`); opens nowhere else. AES-GCM, 96-bit random nonce."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, secret.encode(), place.encode())
        return f"{self._current}:{(nonce + sealed).hex()}"

    def is_current(self, sealed: str) -> bool:
        """Whether it was sealed with the first key."""
        return sealed.partition(":")[0] == self._current

    def open(self, sealed: str, place: str) -> str:
        """Decrypt what was sealed for this place, or raise SecretUnreadable."""
        name, _, body = sealed.partition(":")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise SecretUnreadable(f"{place}: sealed with key {name!r}, which is not in the key ring")
        raw = bytes.fromhex(body)
        try:
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()).decode()
        except InvalidTag:
            raise SecretUnreadable(f"{place}: was not sealed here") from None

    def digest(self, value: str) -> str:
        """Keyed digest of something short, such as a pairing code, under the current key."""
        return self.digests(value)[0]

    def digests(self, value: str) -> list[str]:
        """The digests under every accepted key, the current one first; for looking up."""
        return [hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for key in self._digest_keys]

    @property
    def current(self) -> str:
        """The name of the first key."""
        return self._current

    def holds(self, name: str) -> bool:
        """Whether it has a key of this name."""
        return name in self._ciphers

    def sign(self, text: str) -> str:
        """A signature that only holders of the current key can make."""
        return hmac.new(self._sign_keys[0], text.encode(), hashlib.sha256).hexdigest()

    def signed(self, text: str, signature: str) -> bool:
        """Whether any accepted key has signed this text."""
        made = (hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in self._sign_keys)
        return any(hmac.compare_digest(one, signature) for one in made)

    def cookie_keys(self) -> list[bytes]:
        """Keys for signing cookies, the current one first."""
        return self._cookie_keys
