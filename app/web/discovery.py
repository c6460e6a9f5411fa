"""The public first page of an institution."""

from flask import Blueprint, render_template, request

from app.web import connect, tenants, visit

bp = Blueprint("discovery", __name__)


@bp.get("/")
def front() -> str:
    """Who are you? A parent with a code, or somebody who belongs into Canvas."""
    institution = tenants.here()
    connect.leads_to(institution)
    return render_template(
        "discovery/front.html",
        institution=institution,
        observer=visit.find_observer(),
        bye="bye" in request.args,
    )
