"""An institution's first page: what is kept of it, and what Canvas tells for it.

The page itself is public and asks Canvas nothing; an admin's click brings it up to date.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit, db
from app.canvas import Canvas, accounts
from app.canvas.accounts import TermsOfService
from app.canvas.authentication_providers import CANVAS, Provider
from app.models import FrontPage, Institution, LoginWay, Shown
from app.people import Actor

FRESH = timedelta(days=1)  # how long what Canvas said about signing up is taken for true
LONGEST_TEXT = 2000  # characters
LONGEST_LABEL = 60
LARGEST_LOGO = 200 * 1024  # bytes
# An account has one of each at most, so that their address needs no number (Authentication Providers API).
SINGLE = frozenset({"apple", CANVAS, "facebook", "github", "google", "linkedin"})
OPEN = ("observer", "all")  # Canvas's words for: an observer may sign up


def of(session: Session, institution_id: int) -> FrontPage:
    """The page, or an empty one that is not kept."""
    return session.get(FrontPage, institution_id) or FrontPage(institution_id=institution_id)


def kept(session: Session, institution_id: int) -> FrontPage:
    """The page's row, locked; made if it is not there."""
    query = select(FrontPage).where(FrontPage.institution_id == institution_id).with_for_update()
    row = session.scalar(query)
    if row is None:
        try:
            with session.begin_nested():
                session.add(FrontPage(institution_id=institution_id))
        except IntegrityError:
            pass  # somebody else made it in the same moment
        row = session.scalars(query).one()
    return row


def keep(session: Session, by: Actor, text: str, picture: bytes | None, now: datetime) -> None:
    """Keep the page's text, and its picture: without bytes there is none from now on, None leaves it."""
    row = kept(session, by.institution_id)
    row.text = text or None
    if picture is not None:
        row.logo, row.logo_type = picture or None, image_type(picture)
    facts: dict[str, audit.Fact] = {"what": "page", "picture": bool(picture)}
    audit.record(session, by.institution_id, audit.Event.FRONT_PAGE_CHANGED, now, by.id, **facts)


def follow(session: Session, by: Actor, providers: Sequence[Provider], now: datetime) -> None:
    """Have the ways to log in follow Canvas."""
    learn_ways(session, by.institution_id, providers)
    facts: dict[str, audit.Fact] = {"what": "ways", "count": len(providers)}
    audit.record(session, by.institution_id, audit.Event.FRONT_PAGE_CHANGED, now, by.id, **facts)


def wrong_with(text: str, picture: bytes | None) -> str | None:
    """What cannot be kept: the text or the picture; None if both can."""
    if picture and (len(picture) > LARGEST_LOGO or image_type(picture) is None):
        return "picture"
    return "text" if len(text) > LONGEST_TEXT else None


def learn(session: Session, institution_id: int, terms: TermsOfService, now: datetime) -> FrontPage:
    """Write down what Canvas says about signing up."""
    row = kept(session, institution_id)
    row.self_registration = terms.self_registration_type
    row.terms_passive, row.asked_at = terms.passive, now
    return row


def ask(institution_id: int, nobody: Canvas, now: datetime) -> FrontPage:
    """The page, with what Canvas says right now about signing up; raises CanvasFailure if it does not."""
    terms = accounts.terms_of_service(nobody)
    with db.transaction() as session:
        return learn(session, institution_id, terms, now)


def is_fresh(page: FrontPage, now: datetime) -> bool:
    """Whether it is known well enough who may sign up."""
    return page.asked_at is not None and page.asked_at > now - FRESH


def ways(session: Session, institution_id: int) -> Sequence[LoginWay]:
    """The ways to log in, in their order."""
    query = select(LoginWay).where(LoginWay.institution_id == institution_id)
    return session.scalars(query.order_by(LoginWay.position, LoginWay.id)).all()


def shown_to(all_ways: Iterable[LoginWay], who: Shown) -> list[LoginWay]:
    """Those that one kind of visitor is shown."""
    return [way for way in all_ways if way.shown in (who, Shown.EVERYBODY)]


def home(institution: Institution, public_url: str) -> str:
    """Where the world finds its public pages, also once it is no longer the only one of the server."""
    base = f"https://{institution.host}" if institution.host else f"{public_url}/at/{institution.slug}"
    return f"{base}/"


def address(canvas_url: str, way: LoginWay) -> str:
    """Where people log in this way: never /login, which leads back here (canvas-lms, login_controller.rb)."""
    own = way.type if way.type in SINGLE else f"{way.type}/{way.provider_id}"
    return f"{canvas_url}/login/{own}"


def canvas_login(canvas_url: str) -> str:
    """Canvas's own login page, which is there whatever else is set."""
    return f"{canvas_url}/login/{CANVAS}"


def learn_ways(session: Session, institution_id: int, providers: Sequence[Provider]) -> None:
    """Follow Canvas: what is new comes last, what is gone goes; what an admin chose stays."""
    known = {way.provider_id: way for way in ways(session, institution_id)}
    for gone in known.keys() - {one.id for one in providers}:
        session.delete(known[gone])
    last = max((way.position for way in known.values()), default=0)
    for place, provider in enumerate(providers, last + 1):
        if provider.id in known:
            known[provider.id].type = provider.type
            continue
        session.add(
            LoginWay(
                institution_id=institution_id,
                provider_id=provider.id,
                type=provider.type,
                shown=Shown.EVERYBODY if provider.type == CANVAS else Shown.SCHOOL,
                position=place,
            )
        )


def differ(known: Iterable[LoginWay], providers: Iterable[Provider]) -> bool:
    """Whether Canvas has other ways to log in than we know."""
    return {(way.provider_id, way.type) for way in known} != {(one.id, one.type) for one in providers}


def as_label(typed: str) -> str | None:
    """What is written on the button of a way to log in; None: what fits its type."""
    return " ".join(typed.split())[:LONGEST_LABEL] or None


def image_type(content: bytes) -> str | None:
    """The media type of a picture, by its first bytes; None for anything but PNG, JPEG and WebP."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None
