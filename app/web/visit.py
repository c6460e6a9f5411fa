"""Who is here: the launch or the signed-in observer behind this request, and the moment it happens in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from flask import abort, current_app, g, request
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import db
from app.crypto import Keyring, fingerprint
from app.models import Institution, LtiLaunch, PortalSession
from app.settings import Settings

LAUNCH_FIELD = "launch"
LAUNCH_HEADER = "X-Observatory-Launch"
SESSION_KEY = "portal"
SLUG = "observatory.slug"  # where the WSGI environment keeps the slug of /at/<slug>/


@dataclass(frozen=True, slots=True)
class Visit:
    """A launch, with the random handle that its pages carry in a hidden field or a header."""

    launch: LtiLaunch
    handle: str


def now() -> datetime:
    """The moment of this request: one for all it does."""
    if "now" not in g:
        g.now = clock()
    return cast(datetime, g.now)


def clock() -> datetime:
    """The time it is."""
    return datetime.now(UTC)


def keyring() -> Keyring:
    """The server's secret keys."""
    return cast(Keyring, current_app.extensions["keyring"])


def settings() -> Settings:
    """The server's settings."""
    return cast(Settings, current_app.extensions["settings"])


def head_start() -> timedelta:
    """How long the worker leaves a link to the request that touched it."""
    return settings().redeem_budget + timedelta(seconds=2)


def enter(launch: LtiLaunch, handle: str) -> None:
    """From here on this request is of that launch."""
    g.visit = Visit(launch, handle)


def visit() -> Visit:
    """The launch this request is of; the guard has made sure that there is one."""
    return cast(Visit, g.visit)


def launch() -> LtiLaunch:
    """The launch row this request is of."""
    return visit().launch


def acting() -> LtiLaunch:
    """The launch, if whoever is here came as themself: a stand-in changes nothing."""
    found = launch()
    if found.stand_in:
        abort(403)
    return found


def find_launch() -> LtiLaunch | None:
    """The live launch whose handle this request carries, if any."""
    handle = request.headers.get(LAUNCH_HEADER) or request.form.get(LAUNCH_FIELD, "")
    if not handle:
        return None
    with db.reading() as session:
        found = session.scalar(
            select(LtiLaunch)
            .where(LtiLaunch.handle_digest == fingerprint(handle), LtiLaunch.expires_at > now())
            .options(joinedload(LtiLaunch.person), joinedload(LtiLaunch.institution))
        )
    if found is not None:
        enter(found, handle)
    return found


def find_observer() -> PortalSession | None:
    """The signed-in observer of this browser, if any."""
    if "observer" not in g:
        handle = cookie.get(SESSION_KEY)
        g.observer = _observer(handle) if isinstance(handle, str) else None
    return cast(PortalSession | None, g.observer)


def _observer(handle: str) -> PortalSession | None:
    query = (
        select(PortalSession)
        .join(Institution)
        .where(PortalSession.handle_digest == fingerprint(handle), PortalSession.expires_at > now())
        .options(joinedload(PortalSession.person), joinedload(PortalSession.institution))
    )
    slug = request.environ.get(SLUG)
    if slug is not None:  # signed in at one institution says nothing at another
        query = query.where(Institution.slug == slug)
    with db.reading() as session:
        return session.scalar(query)


def observer() -> PortalSession:
    """The signed-in observer; the guard has made sure that there is one."""
    found = find_observer()
    if found is None:
        raise LookupError("no observer is signed in")
    return found
