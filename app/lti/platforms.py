"""Registering a Canvas: its institution, the client id it gave us, and where we are deployed."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.crypto import Keyring
from app.lti import keys
from app.models import Deployment, Institution, Platform
from app.settings import safe_url

SLUG = re.compile(r"[A-Za-z0-9_-]+")


def add(
    session: Session,
    keyring: Keyring,
    *,
    slug: str,
    name: str,
    canvas_url: str,
    issuer: str,
    client_id: str,
    deployment_id: str,
    authorize_url: str,
    token_url: str,
    jwks_url: str,
    now: datetime,
    host: str | None = None,
) -> list[str]:
    """Add a platform, or bring it up to date, and add one more deployment; the complaints, if any.

    Safe to repeat with the same words. With complaints nothing is written.
    """
    urls = {
        "canvas_url": canvas_url,
        "authorize_url": authorize_url,
        "token_url": token_url,
        "jwks_url": jwks_url,
    }
    complaints = _complaints(
        urls, slug=slug, name=name, issuer=issuer, client_id=client_id, deployment_id=deployment_id
    )
    institution = session.scalars(select(Institution).where(Institution.slug == slug)).first()
    platform = session.scalars(
        select(Platform).where(Platform.issuer == issuer, Platform.client_id == client_id)
    ).first()
    if platform and (institution is None or platform.institution_id != institution.id):
        complaints.append(f"Client {client_id} of {issuer} belongs to another institution.")
    if complaints:
        return complaints

    if institution is None:
        institution = Institution(slug=slug, created_at=now)
        session.add(institution)
    institution.name = name
    institution.host = host
    institution.canvas_url = canvas_url.rstrip("/")
    session.flush()  # its id is needed below

    if platform is None:
        platform = Platform(institution_id=institution.id, issuer=issuer, client_id=client_id, created_at=now)
        session.add(platform)
    platform.authorize_url = authorize_url
    platform.token_url = token_url
    platform.jwks_url = jwks_url
    session.flush()  # its id is needed below

    _deploy(session, platform, deployment_id, now)
    if keys.current(session) is None:
        keys.make(session, keyring, now)
    audit.record(
        session,
        institution.id,
        audit.Event.PLATFORM_ADDED,
        now,
        issuer=issuer,
        client=client_id,
        deployment=deployment_id,
    )
    return []


def _complaints(urls: dict[str, str], **words: str) -> list[str]:
    """What cannot be right about what was given."""
    wrong = [
        f"{name} must start with https:// (http:// is for this machine only), not {url!r}."
        for name, url in urls.items()
        if not safe_url(url)
    ]
    wrong += [f"{name} is empty." for name, word in words.items() if not word.strip()]
    if words["slug"].strip() and not SLUG.fullmatch(words["slug"]):
        wrong.append(f"slug must be of letters, digits, - and _, not {words['slug']!r}: it is in addresses.")
    if "?" in urls["authorize_url"]:
        wrong.append("authorize_url must not have a query: the login's own is added to it.")
    return wrong


def _deploy(session: Session, platform: Platform, deployment_id: str, now: datetime) -> None:
    known = select(Deployment).where(
        Deployment.platform_id == platform.id, Deployment.deployment_id == deployment_id
    )
    if session.scalars(known).first() is None:
        session.add(
            Deployment(
                institution_id=platform.institution_id,
                platform_id=platform.id,
                deployment_id=deployment_id,
                created_at=now,
            )
        )
