"""Registering a Canvas: its institution, the client id it gave us, and where we are deployed."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import audit
from app.crypto import Keyring
from app.lti import keys
from app.lti.claims import Launch
from app.models import Deployment, Institution, Platform, Role
from app.settings import origin, safe_url

SLUG = re.compile(r"[A-Za-z0-9_-]+")
ADOPTION = timedelta(days=7)  # how long a Canvas may take to show its deployment
# Whose a launch or login is: the deployment's, so that schools behind one client id stay apart.
OWNER = func.coalesce(Deployment.institution_id, Platform.institution_id)


def add(
    session: Session,
    keyring: Keyring,
    *,
    slug: str,
    name: str | None,
    canvas_url: str,
    issuer: str,
    client_id: str,
    deployment_id: str | None,
    authorize_url: str,
    token_url: str,
    jwks_url: str,
    now: datetime,
    host: str | None = None,
) -> list[str]:
    """Add a platform, or bring it up to date, and add one more deployment; the complaints, if any.

    Without a deployment id the first launch has to show it; see `adopt`. A name or host that is not given
    stays as it was. Safe to repeat with the same words. With complaints nothing is written.
    """
    urls = {
        "canvas_url": canvas_url,
        "authorize_url": authorize_url,
        "token_url": token_url,
        "jwks_url": jwks_url,
    }
    words = {"slug": slug, "name": name, "issuer": issuer, "client_id": client_id}
    complaints = _complaints(urls, {**words, "deployment_id": deployment_id})
    canvas_url = canvas_url.rstrip("/")
    institution = session.scalars(select(Institution).where(Institution.slug == slug)).first()
    platform = session.scalars(
        select(Platform).where(Platform.issuer == issuer, Platform.client_id == client_id)
    ).first()
    known = _deployments(session, platform)
    complaints += _conflicts(institution, platform, known, canvas_url, deployment_id)
    if complaints:
        return complaints

    institution = institution or found(session, slug, name, canvas_url, now)
    institution.name = name or institution.name
    institution.host = host or institution.host
    institution.canvas_url = canvas_url
    if platform is None:
        platform = Platform(institution_id=institution.id, issuer=issuer, client_id=client_id, created_at=now)
        session.add(platform)
    platform.authorize_url = authorize_url
    platform.token_url = token_url
    platform.jwks_url = jwks_url
    if deployment_id is None and not known:
        platform.adopts_until = now + ADOPTION
    session.flush()  # its id is needed below

    if deployment_id is not None and deployment_id not in known:
        _deploy(session, platform, institution, deployment_id, now)
    if keys.current(session, now) is None:
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


def found(session: Session, slug: str, name: str | None, canvas_url: str, now: datetime) -> Institution:
    """A new institution."""
    host = urlsplit(canvas_url).hostname or ""
    institution = Institution(slug=slug, name=name or host, canvas_url=canvas_url, created_at=now)
    session.add(institution)
    session.flush()  # its id is needed next
    return institution


def adopt(
    session: Session, platform: Platform, institution: Institution, launch: Launch, now: datetime
) -> Deployment | None:
    """Take down the deployment of a Canvas that did not name it, once, from its own administrator's hand.

    docs/decisions/0005 says why this launch is enough, and why no other is.
    """
    if not _vouched_for(launch, institution):
        return None
    query = update(Platform).where(Platform.id == platform.id, Platform.adopts_until > now)
    if session.scalar(query.values(adopts_until=None).returning(Platform.id)) is None:
        return None
    deployment = _deploy(session, platform, institution, launch.deployment_id, now)
    session.flush()  # its id is needed next
    audit.record(
        session,
        institution.id,
        audit.Event.DEPLOYMENT_ADOPTED,
        now,
        client=platform.client_id,
        deployment=launch.deployment_id,
        by=launch.person.canvas_user_id,
    )
    return deployment


def _vouched_for(launch: Launch, institution: Institution) -> bool:
    """Whether it is the root account's administrator, in that account's own menu, in the Canvas we expect."""
    return (
        launch.placement == "account_navigation"
        and launch.role is Role.ADMIN
        and launch.root_admin
        and launch.account_id is not None
        and launch.account_id == launch.root_account_id
        and launch.stand_in is None
        and launch.deployment_id.strip() != ""
        and origin(launch.canvas_url or "") == origin(institution.canvas_url)
    )


def _complaints(urls: dict[str, str], words: dict[str, str | None]) -> list[str]:
    """What cannot be right about what was given."""
    wrong = [
        f"{name} must start with https:// (http:// is for this machine only), not {url!r}."
        for name, url in urls.items()
        if not safe_url(url)
    ]
    wrong += [f"{name} is empty." for name, word in words.items() if word is not None and not word.strip()]
    wrong += slug_complaints(words["slug"] or "")
    if "?" in urls["authorize_url"]:
        wrong.append("authorize_url must not have a query: the login's own is added to it.")
    return wrong


def slug_complaints(slug: str) -> list[str]:
    """What is wrong with a slug."""
    if not slug.strip() or SLUG.fullmatch(slug):
        return []
    return [f"slug must be of letters, digits, - and _, not {slug!r}: it is in addresses."]


def _conflicts(
    institution: Institution | None,
    platform: Platform | None,
    known: dict[str, int],
    canvas_url: str,
    deployment_id: str | None,
) -> list[str]:
    """What is someone else's already, or would move a school's people to another Canvas."""
    ours = institution.id if institution else None
    owner = _owner(platform, known, deployment_id)
    if platform and owner not in (None, ours):
        return [f"Deployment {deployment_id} of client {platform.client_id} belongs to another institution."]
    same = platform is not None and ours in (platform.institution_id, *known.values())
    if institution and institution.canvas_url != canvas_url and not same:
        return [
            f"{institution.slug} is at {institution.canvas_url}. A beta or test Canvas, or another school, "
            "needs a slug of its own: its people are not the same."
        ]
    return []


def _owner(platform: Platform | None, known: dict[str, int], deployment_id: str | None) -> int | None:
    """Whose a deployment is already; a new one beside others is nobody's yet."""
    if platform is None:
        return None
    if deployment_id is None or not known:
        return platform.institution_id
    return known.get(deployment_id)


def _deployments(session: Session, platform: Platform | None) -> dict[str, int]:
    """The institution of each deployment that a platform has."""
    if platform is None:
        return {}
    rows = select(Deployment).where(Deployment.platform_id == platform.id)
    return {row.deployment_id: row.institution_id for row in session.scalars(rows)}


def _deploy(
    session: Session, platform: Platform, institution: Institution, deployment_id: str, now: datetime
) -> Deployment:
    platform.adopts_until = None
    deployment = Deployment(
        institution_id=institution.id,
        platform_id=platform.id,
        deployment_id=deployment_id,
        created_at=now,
    )
    session.add(deployment)
    return deployment
