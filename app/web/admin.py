"""The admin's portal: is this institution connected, and who lends the service account."""

from flask import render_template

from app import db
from app.canvas import users
from app.errors import Failure
from app.inspector import service
from app.models import LtiLaunch
from app.pairing import bars, ending
from app.web import canvas, errors, guard, headers, setup, visit

bp = guard.portal("admin", __name__, "/admin")


@bp.post("/")
def home() -> str:
    """Whether the service account works, tried out just now."""
    launch = visit.launch()
    headers.lead_out(launch.institution.canvas_url)
    problem = None
    with db.reading() as session:
        lent = service.lent(session, launch.institution_id)
        wishes = ending.requests(session, launch.institution_id) if launch.root_admin else []
    if lent is not None:
        try:
            users.profile(canvas.service(launch.institution_id).within(visit.settings().redeem_budget))
        except Failure as failure:
            problem, _status = errors.kind_of(failure)
            with db.reading() as session:  # it may have been found dead just now
                lent = service.lent(session, launch.institution_id)
    return render_template(
        "admin/home.html",
        launch=launch,
        institution=launch.institution,
        lent=lent,
        problem=problem,
        wishes=wishes,
        ready=launch.institution.oauth_client_id is not None,
        may=setup.may_change(launch),
        alerts=_alerts(launch),
        **setup.needs(),
    )


def _alerts(launch: LtiLaunch) -> bars.Alerts:
    """The alerts of the do-not-pair list; only for those who may open it."""
    if not setup.may_change(launch):
        return bars.Alerts(0, 0)
    with db.reading() as session:
        return bars.alerts(session, launch.institution_id)
