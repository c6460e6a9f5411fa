"""What a server is told by its environment, read once and checked before anything starts."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import SettingsWrong

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MOST = 1_000_000  # of any number, in hours or seconds
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One key of the key ring: its short name, and 32 bytes."""

    name: str
    material: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a server is told. One comment each; the README's table is checked against it."""

    public_url: str  # where browsers reach this server, no trailing slash
    secret_keys: tuple[SecretKey, ...]  # the first seals, all open
    database_url: str = field(repr=False)  # SQLAlchemy URL; may hold a password
    contact: str  # e-mail or web address put into the User-Agent that Canvas sees
    canvas_timeout: timedelta  # for one call to Canvas
    redeem_budget: timedelta  # how long a person waits for Canvas before the worker takes over
    retry_first: timedelta  # before a job that met a broken Canvas is tried again; then doubling
    launch_life: timedelta  # how long a page opened from Canvas stays usable
    session_life: timedelta  # how long an observer stays signed in
    proxies: int  # trusted proxies in front, for the client's address
    log_level: str

    @property
    def is_loopback(self) -> bool:
        """Whether this server is for one machine only: a demo or a test."""
        return is_loopback(self.public_url)


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this very machine."""
    return host_of(url) in LOOPBACK_HOSTS


def host_of(url: str) -> str:
    """The host name in a URL; empty if there is none, or what was typed is no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def safe_url(url: str) -> bool:
    """Whether the URL may carry secrets: https, or plain http on loopback."""
    scheme = urlsplit(url).scheme if host_of(url) else ""
    return scheme == "https" or (scheme == "http" and is_loopback(url))


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or SettingsWrong with every complaint at once."""
    complaints: list[str] = []

    def get(name: str, default: str) -> str:
        return environ.get(f"OBSERVATORY_{name}", "").strip() or default

    def number(name: str, default: float) -> float:
        raw = get(name, str(default))
        try:
            value = float(raw)
        except ValueError:
            value = -1
        if not 0 <= value <= MOST:
            complaints.append(f"OBSERVATORY_{name} must be a number from 0 to {MOST}, not {raw!r}.")
            return 0
        return value

    public_url = get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
    if not safe_url(public_url):
        complaints.append(
            "OBSERVATORY_PUBLIC_URL must start with https:// (http:// is for this machine only)."
        )
    log_level = get("LOG_LEVEL", "INFO").upper()
    if log_level not in LOG_LEVELS:
        complaints.append(f"OBSERVATORY_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not {log_level!r}.")
    settings = Settings(
        public_url=public_url,
        secret_keys=_secret_keys(get("SECRET_KEYS", ""), complaints),
        database_url=_database_url(
            environ.get("DATABASE_URL", "").strip() or "sqlite:///data/observatory.db", complaints
        ),
        contact=get("CONTACT", "no contact set"),
        canvas_timeout=timedelta(seconds=number("CANVAS_TIMEOUT", 10)),
        redeem_budget=timedelta(seconds=number("REDEEM_BUDGET", 4)),
        retry_first=timedelta(seconds=number("RETRY_FIRST", 5)),
        launch_life=timedelta(hours=number("LAUNCH_HOURS", 8)),
        session_life=timedelta(hours=number("SESSION_HOURS", 12)),
        proxies=int(number("PROXIES", 0)),
        log_level=log_level,
    )
    if complaints:
        raise SettingsWrong(complaints)
    return settings


def _database_url(url: str, complaints: list[str]) -> str:
    """Name the driver we ship, and make a SQLite path absolute so that every process means one file."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    if url.startswith("sqlite:///"):
        return f"sqlite:///{Path(url.removeprefix('sqlite:///')).absolute()}"
    if not url.startswith(("sqlite://", "postgresql+psycopg://")):
        complaints.append("DATABASE_URL must start with sqlite:/// or postgresql://.")
    return url


def _secret_keys(raw: str, complaints: list[str]) -> tuple[SecretKey, ...]:
    keys: list[SecretKey] = []
    for entry in filter(None, raw.split(",")):
        name, _, encoded = entry.strip().partition(":")
        try:
            material = base64.urlsafe_b64decode(encoded)
        except ValueError:  # as binascii.Error is, too
            material = b""
        if not name or len(material) != 32:
            complaints.append("Each of OBSERVATORY_SECRET_KEYS must be name:base64 of 32 bytes.")
            return ()
        keys.append(SecretKey(name, material))
    if not keys:
        complaints.append(
            "OBSERVATORY_SECRET_KEYS is not set. Make one with: "
            "python3 -c \"import base64,os; print('k1:'+base64.urlsafe_b64encode(os.urandom(32)).decode())\""
        )
    elif len({key.name for key in keys}) < len(keys):
        complaints.append("Two of OBSERVATORY_SECRET_KEYS have the same name.")
    return tuple(keys)
