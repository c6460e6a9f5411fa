"""The setup check of an institution: what is in order, what is not, and who can mend it how."""

from flask import Response, abort, render_template, request

from app.canvas.oauth import CALLBACK_PATH, KEY_SCOPES
from app.errors import SecretUnreadable
from app.inspector import dry_run, findings, permissions, service
from app.inspector.findings import Finding, Report
from app.inspector.inspection import Inspector
from app.models import LtiLaunch
from app.web import guard, report, visit
from app.web.forms import DryRunForm

bp = guard.portal("setup", __name__, "/admin/setup")

Page = str | tuple[str, int]


@bp.post("/")
def home() -> Page:
    """The page at once; what was found follows in a second request, for Canvas takes its time."""
    return _page(DryRunForm(formdata=None))


@bp.post("/findings")
def inspect() -> Page:
    """Look at everything, changing nothing; only the findings when a script asks."""
    launch = visit.launch()
    inspector = Inspector(visit.settings(), visit.keyring(), visit.clock)
    made = _report(launch, list(inspector.of_part(launch.institution)))
    fragment = "HX-Request" in request.headers
    template = "admin/findings.html" if fragment else "admin/found.html"
    return render_template(template, launch=launch, sealed=_seal(made), **report.shown(made))


@bp.post("/dry-run")
def rehearse() -> Page:
    """Make a code, use it and end the connection again, for two people made for testing."""
    launch = visit.launch()
    form = DryRunForm()
    if not may_change(launch):
        abort(403)
    if not form.validate():
        return _page(form, 422)
    made = _report(launch, _rehearse(launch, form))
    return render_template("admin/found.html", launch=launch, sealed=_seal(made), **report.shown(made))


@bp.post("/report.<any(html, pdf):kind>")
def save(kind: str) -> Response:
    """A report that was shown, to be kept: the very same, with the date it was made."""
    made = _open(request.form.get("report", ""))
    body = report.as_html(made) if kind == "html" else report.as_pdf(made)
    name = f"observatory-{visit.launch().institution.slug}-{made.made_at:%Y-%m-%d}.{kind}"
    mimetype = "text/html" if kind == "html" else "application/pdf"
    return Response(
        body, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def may_change(launch: LtiLaunch) -> bool:
    """Whether this admin is one of the whole institution, and is here as themself."""
    return launch.root_admin and launch.stand_in is None


def needs() -> dict[str, object]:
    """What Observatory needs in Canvas, for whoever sets it up."""
    return {
        "callback": visit.settings().public_url + CALLBACK_PATH,
        "scopes": KEY_SCOPES,
        "permissions": permissions.NEEDED,
    }


def _page(form: DryRunForm, status: int = 200) -> Page:
    launch = visit.launch()
    page = render_template("admin/setup.html", launch=launch, form=form, may=may_change(launch), **needs())
    return page, status


def _rehearse(launch: LtiLaunch, form: DryRunForm) -> list[Finding]:
    found, canvas = service.examine(launch.institution, visit.keyring(), visit.settings(), visit.now())
    if canvas is None:
        return [found]
    stage = dry_run.Stage(
        institution_id=launch.institution_id,
        director_id=launch.person_id,
        student=form.student.data,
        observer=form.observer.data,
        canvas=canvas,
        keyring=visit.keyring(),
        clock=visit.clock,
    )
    return list(dry_run.perform(stage))


def _report(launch: LtiLaunch, found: list[Finding]) -> Report:
    return findings.report(launch.institution.name, visit.now(), found)


def _seal(made: Report) -> str:
    """The report, for the page to bring back when it is to be saved: nobody can write one of their own."""
    return visit.keyring().seal(made.dumps(), _place())


def _open(sealed: str) -> Report:
    try:
        return findings.loads(visit.keyring().open(sealed, _place()))
    except (SecretUnreadable, ValueError):
        abort(400)


def _place() -> str:
    return f"report:{visit.launch().institution_id}"
