"""The admin's portal: is this institution connected, and who lends the service account."""

from flask import Blueprint, abort, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.canvas import users
from app.errors import Failure
from app.models import OAuthPurpose, Person, Token
from app.web import canvas, errors, headers, visit

bp = Blueprint("admin", __name__, url_prefix="/admin")


@bp.get("/")
def closed() -> str:
    """What somebody sees who comes by a bookmark; the guard answers before this does."""
    abort(401)


@bp.post("/")
def home() -> str:
    """Whether the service account works, tried out just now."""
    launch = visit.launch()
    headers.lead_out(launch.institution.canvas_url)
    with db.reading() as session:
        service = _service(session, launch.institution_id)
    problem = None
    if service is not None:
        try:
            users.profile(canvas.service(launch.institution_id).within(visit.settings().redeem_budget))
        except Failure as failure:
            problem, _status = errors.kind_of(failure)
    return render_template(
        "admin/home.html",
        launch=launch,
        institution=launch.institution,
        service=service,
        problem=problem,
        ready=launch.institution.oauth_client_id is not None,
    )


def _service(session: Session, institution_id: int) -> Person | None:
    return session.scalar(
        select(Person)
        .join(Token, Token.person_id == Person.id)
        .where(Token.institution_id == institution_id, Token.purpose == OAuthPurpose.SERVICE)
    )
