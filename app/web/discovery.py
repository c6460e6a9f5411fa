"""The public first page of an institution: who are you, and where do you log in?

Canvas may lead everybody here who opens it without having signed in (its discovery address), so no link may
lead to Canvas's own /login, which would lead back. Nothing is asked of Canvas for it.
"""

import hashlib
import re
from enum import StrEnum

from flask import Blueprint, Response, abort, make_response, render_template, request

from app import db
from app import policy as policies
from app.models import Institution, Shown
from app.pairing import front as pages
from app.web import connect, tenants, visit

bp = Blueprint("discovery", __name__)

REMEMBERED = "__Host-who"  # a cookie of its own, for it outlives the visit
A_YEAR = 365 * 24 * 3600  # seconds
# Canvas's words for somebody whom only the school's login knows (canvas-lms, saml_controller.rb).
UNKNOWN = "Canvas doesn't have an account for user"
LOGIN = re.compile(r"\S{1,100}")


class Who(StrEnum):
    """What somebody says they are. AGAIN forgets it; WRONG is signed in as somebody else."""

    SCHOOL = "school"
    PARENT = "parent"
    NEW = "new"
    UNSURE = "unsure"
    WRONG = "wrong"
    AGAIN = "again"


REMEMBERABLE = (Who.SCHOOL, Who.PARENT)  # what it is good to be led to another time


@bp.get("/")
def front() -> Response:
    """The question, or what fits its answer: just given, or remembered from the last time."""
    institution = tenants.here()
    connect.leads_to(institution)
    message = _message()
    who = _said() or (None if message else _before(institution))
    with db.reading() as session:
        page = pages.of(session, institution.id)
        ways = pages.ways(session, institution.id)
        office = policies.of(session, institution.id).office
    url = institution.canvas_url
    shown = Shown.SCHOOL if who is Who.SCHOOL else Shown.OBSERVERS
    answer = make_response(
        render_template(
            "discovery/front.html",
            institution=institution,
            observer=visit.find_observer(),
            bye="bye" in request.args,
            message=message,
            who=who,
            page=page,
            logo=_version(page.logo) if page.logo else None,
            ways=[(way, pages.address(url, way)) for way in pages.shown_to(ways, shown)],
            canvas_login=pages.canvas_login(url),
            may_sign_up=page.self_registration in (None, *pages.OPEN),
            office=office,
            under_way=connect.under_way(),
        )
    )
    return _keep(answer, institution)


@bp.get("/logo")
def logo() -> Response:
    """The institution's picture; it can be nothing but a picture."""
    with db.reading() as session:
        page = pages.of(session, tenants.here().id)
    if page.logo is None or page.logo_type is None:
        abort(404)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "max-age=3600"}
    return Response(page.logo, mimetype=page.logo_type, headers=headers)


def _said() -> Who | None:
    """What they say now."""
    said = request.args.get("who", "")
    return Who(said) if said in tuple(Who) else None


def _before(institution: Institution) -> Who | None:
    """What they are if they do not say: a parent on the way to Canvas, else what they said here last."""
    if "bye" in request.args:
        return None
    if connect.under_way():
        return Who.PARENT
    at, _, who = request.cookies.get(REMEMBERED, "").partition(":")
    return Who(who) if at == institution.slug and who in REMEMBERABLE else None


def _keep(answer: Response, institution: Institution) -> Response:
    """Remember what they said, or forget it; what they say now also ends what they had begun as a parent."""
    said = _said()
    if said in (Who.SCHOOL, Who.AGAIN):
        connect.stay()
    if said in REMEMBERABLE:
        kept = f"{institution.slug}:{said}"
        answer.set_cookie(REMEMBERED, kept, A_YEAR, secure=True, httponly=True, samesite="Lax")
    elif said is Who.AGAIN:
        answer.delete_cookie(REMEMBERED, secure=True, httponly=True, samesite="Lax")
    return answer


def _message() -> tuple[str, str] | None:
    """What became of a login that failed: unknown to Canvas, with its name, or something else.

    Anybody can write an address with a message, so that nothing but a login is repeated on the page.
    """
    words = " ".join(request.args.get("message", "").split())
    if not words:
        return None
    if not words.startswith(UNKNOWN):
        return "other", ""
    login = words.removeprefix(UNKNOWN).removeprefix(":").strip()
    return "unknown", login if LOGIN.fullmatch(login) else ""


def _version(content: bytes) -> str:
    """Changes with the picture, so that browsers ask for a new one."""
    return hashlib.sha256(content).hexdigest()[:12]
