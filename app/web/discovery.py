"""The public first page of an institution: who are you, and where do you log in?

Canvas may lead everybody here who opens it without having signed in (its discovery address), so no link may
lead to Canvas's own /login, which would lead back. Nothing is asked of Canvas for it.
"""

import hashlib
import re
from enum import StrEnum

from flask import Blueprint, Response, abort, make_response, render_template, request
from flask import session as cookie

from app import db
from app import policy as policies
from app.models import Shown
from app.pairing import front as pages
from app.web import connect, tenants, visit

bp = Blueprint("discovery", __name__)

REMEMBERED = "__Host-who"  # a cookie of its own, for it outlives the visit
A_YEAR = 365 * 24 * 3600  # seconds
LONGEST_MESSAGE = 300  # characters
# Canvas's words for somebody whom only the school's login knows (canvas-lms, saml_controller.rb).
UNKNOWN = re.compile(r"Canvas doesn't have an account for user:? *(?P<login>.*)")


class Who(StrEnum):
    """What somebody says they are. AGAIN forgets it; WRONG is signed in as somebody else."""

    SCHOOL = "school"
    PARENT = "parent"
    NEW = "new"
    UNSURE = "unsure"
    WRONG = "wrong"
    AGAIN = "again"


@bp.get("/")
def front() -> Response:
    """The question, or what fits its answer: just given, or remembered from the last time."""
    institution = tenants.here()
    connect.leads_to(institution)
    who = _who()
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
            message=_message(),
            who=who,
            page=page,
            logo=_version(page.logo) if page.logo else None,
            ways=[(way, pages.address(url, way)) for way in pages.shown_to(ways, shown)],
            canvas_login=pages.canvas_login(url),
            may_sign_up=page.self_registration in (None, *pages.OPEN),
            office=office,
        )
    )
    if who in (Who.SCHOOL, Who.PARENT):
        answer.set_cookie(REMEMBERED, who, A_YEAR, secure=True, httponly=True, samesite="Lax")
    elif request.args.get("who") == Who.AGAIN:
        answer.delete_cookie(REMEMBERED, secure=True, httponly=True, samesite="Lax")
    return answer


@bp.get("/logo")
def logo() -> Response:
    """The institution's picture; it can be nothing but a picture."""
    with db.reading() as session:
        page = pages.of(session, tenants.here().id)
    if page.logo is None or page.logo_type is None:
        abort(404)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "max-age=3600"}
    return Response(page.logo, mimetype=page.logo_type, headers=headers)


def _who() -> Who | None:
    """What they say now, else what they said last; the second only of what it is good to be led to."""
    said = request.args.get("who", "")
    if said in tuple(Who):
        return Who(said) if said != Who.AGAIN else None
    before = request.cookies.get(REMEMBERED, "") or str(cookie.get(connect.WHO, ""))
    return Who(before) if before in (Who.SCHOOL, Who.PARENT) and "bye" not in request.args else None


def _message() -> tuple[str, str] | None:
    """What Canvas has to say about a login that failed: a login it does not know, or its own words."""
    words = " ".join(request.args.get("message", "").split())[:LONGEST_MESSAGE]
    if not words:
        return None
    unknown = UNKNOWN.match(words)
    return ("unknown", unknown["login"]) if unknown else ("other", words)


def _version(content: bytes) -> str:
    """Changes with the picture, so that browsers ask for a new one."""
    return hashlib.sha256(content).hexdigest()[:12]
