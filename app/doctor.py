"""What is well and what is not: each finding says what it means, who can mend it, and how."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from flask import current_app
from sqlalchemy import select

from app import db, jobs, schema
from app.canvas import grants, tokens, users
from app.crypto import Keyring
from app.errors import CanvasFailure, NotConnected, SecretUnreadable, TokenDead
from app.lti import keysets
from app.models import Institution, Platform
from app.settings import Settings

OPERATOR = "whoever runs this server"
ADMIN = "an administrator of that Canvas"
LATE = timedelta(minutes=1)
LARGEST = 256 * 1024  # bytes of a key set


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; with `means`, `who` and `how` if it is not well."""

    what: str
    means: str = ""
    who: str = ""
    how: str = ""

    @property
    def well(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.means

    def __str__(self) -> str:
        """For people: one line if it is well, two if it is not."""
        if self.well:
            return f"ok       {self.what}"
        return f"problem  {self.what}: {self.means}\n         who: {self.who}; how: {self.how}"


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Look at everything, in the order in which it has to be mended."""
    yield from _settings(settings)
    problem = schema.problem()
    if problem:
        how = "run: observatory db upgrade" if problem is schema.Problem.NOT_MIGRATED else "see DATABASE_URL"
        yield Finding("database", str(problem).partition(";")[0], OPERATOR, how)
        return
    yield Finding(f"database: {db.database.engine.dialect.name}, with all tables of this release")
    yield from _jobs(now)
    yield from _canvases(settings, now)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding(f"settings: served at {settings.public_url}")
    keys = ", ".join(key.name for key in settings.secret_keys)
    yield Finding(f"secrets: keys {keys}; the first seals")
    if "@" not in settings.contact and "://" not in settings.contact:
        yield Finding(
            "contact",
            "Canvas's operators cannot tell whom to ask about our calls",
            OPERATOR,
            "set OBSERVATORY_CONTACT to an e-mail or web address",
        )


def _jobs(now: datetime) -> Iterator[Finding]:
    backlog, workers = jobs.backlog(now), jobs.alive(now)
    if not workers:
        yield Finding(
            "worker",
            "none has shown a sign of life lately; pairings that could not be finished at once wait",
            OPERATOR,
            "start one: observatory worker",
        )
    elif backlog.oldest and now - backlog.oldest > LATE:
        yield Finding(
            "worker",
            f"{backlog.waiting} jobs wait, the oldest since {backlog.oldest:%Y-%m-%d %H:%M} UTC",
            OPERATOR,
            "start another, or look at its log",
        )
    else:
        yield Finding(f"worker: {len(workers)} alive, {backlog.waiting} jobs wait")
    if backlog.failed:
        yield Finding(
            "jobs",
            f"{backlog.failed} were given up after failing unexpectedly",
            OPERATOR,
            "look for 'job broke' in the worker's log, and report it",
        )


def _canvases(settings: Settings, now: datetime) -> Iterator[Finding]:
    with db.reading() as session:
        platforms = session.scalars(select(Platform).order_by(Platform.id)).all()
        institutions = session.scalars(select(Institution).order_by(Institution.id)).all()
    if not platforms:
        yield Finding(
            "platforms",
            "no Canvas is registered, so nobody can open this",
            OPERATOR,
            "observatory platform add",
        )
    yield from (_key_set(platform, settings) for platform in platforms)
    for institution in institutions:
        yield _reachable(institution, settings)
        yield from _service(institution, settings, now)


def _key_set(platform: Platform, settings: Settings) -> Finding:
    what = f"keys of {platform.issuer}, client {platform.client_id}"
    try:
        answer = requests.get(
            platform.jwks_url, timeout=settings.canvas_timeout.total_seconds(), allow_redirects=False
        )
        answer.raise_for_status()
        keys = keysets.parse(answer.content[:LARGEST])
    except (requests.RequestException, ValueError) as failure:
        told = f"{platform.jwks_url} gives no keys ({type(failure).__name__}); nobody can launch"
        return Finding(what, told, OPERATOR, "check the address (platform add --jwks-url) and the network")
    return Finding(f"{what}: {len(keys)} found")


def _reachable(institution: Institution, settings: Settings) -> Finding:
    """Ask with a token that cannot be good: a Canvas refuses it."""
    what = f"Canvas of {institution.name}"
    try:
        users.profile(tokens.given(institution.canvas_url, "doctor", settings))
    except TokenDead:
        return Finding(f"{what}: {institution.canvas_url} answers")
    except CanvasFailure as failure:
        told = f"{institution.canvas_url} does not answer as Canvas does ({type(failure).__name__})"
        return Finding(what, told, OPERATOR, "check the address (platform add --canvas-url) and the network")
    return Finding(what, "it takes any token", OPERATOR, f"check the address {institution.canvas_url}")


def _service(institution: Institution, settings: Settings, now: datetime) -> Iterable[Finding]:
    what = f"service account of {institution.name}"
    keyring: Keyring = current_app.extensions["keyring"]
    connect = "open the tool from the account's menu in Canvas and connect a service account"
    try:
        grants.client_secret(keyring, institution)
        with db.reading() as session:
            canvas = tokens.service(session, keyring, settings, institution.id, now)
        profile = users.profile(canvas)
    except SecretUnreadable:
        told = "a kept secret opens with none of OBSERVATORY_SECRET_KEYS"
        return [Finding(what, told, OPERATOR, "add the key it was sealed with back to the list")]
    except NotConnected:
        told = "none; only observers' own codes of Canvas work, and no course-scoped pairing"
        return [Finding(what, told, ADMIN, connect)]
    except TokenDead:
        return [Finding(what, "Canvas no longer takes its token; pairings wait", ADMIN, connect)]
    except CanvasFailure as failure:
        told = f"it cannot be used now ({type(failure).__name__} {failure.status or ''})".replace(" )", ")")
        return [Finding(what, told, ADMIN, "check the scopes of the API key, and that Canvas answers")]
    return [Finding(f"{what}: works, as Canvas user {profile.id}")]
