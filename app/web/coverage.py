"""Who has observers and who nobody yet: for an admin of the institution, or of the part they administer."""

from collections.abc import Sequence

from flask import Response, abort, render_template, request
from flask_babel import gettext

from app import db
from app.canvas.oauth import COVERAGE_SCOPES
from app.models import CountedCourse, LtiLaunch, Scope
from app.pairing import census, coverage, lists
from app.pairing.codes import Reach
from app.pairing.issuing import issue_in_course
from app.pairing.lists import RosterStudent
from app.sheets.writing import for_people
from app.web import canvas, copies, guard, setup, visit

bp = guard.portal("coverage", __name__, "/admin/coverage")

Page = str | tuple[str, int]


@bp.post("/")
def home() -> Page:
    """How many have observers: in the account that is asked for, else in all this admin may look at."""
    return _home()


@bp.post("/count")
def count() -> Page:
    """Count now; a job does it."""
    launch = visit.launch()
    if not setup.may_change(launch):
        abort(403)
    with db.transaction() as session:
        census.begin(session, launch.institution_id, visit.now())
    return _home(done="count")


@bp.post("/sheet")
def students() -> Response:
    """All of an account who have nobody yet, as a sheet; as they were counted last."""
    launch = visit.launch()
    with db.reading() as session:
        at = coverage.account(session, launch, request.form.get("account") or None)
        last = coverage.last(session, launch.institution_id)
        if at is None or last is None or not coverage.view(session, launch, last, at, 0, visit.now()).listed:
            abort(404)
        rows = coverage.nobody_yet(session, at)
    copies.note("nobody_yet", account=at.account_id)
    return _download((gettext("Number in Canvas"), gettext("Student"), gettext("Courses")), rows)


@bp.post("/courses/<course_id>")
def course(course_id: str) -> Page:
    """The students of a course who have nobody yet, as Canvas tells them now."""
    launch = visit.launch()
    row = _course(launch, course_id)
    roster = _roster(row)
    return render_template(
        "admin/coverage_course.html",
        launch=launch,
        course=row,
        total=len(roster),
        nobody=lists.nobody_yet(roster),
        may_issue=setup.may_change(launch),
    )


@bp.post("/courses/<course_id>/sheet")
def sheet(course_id: str) -> Response:
    """The same as a sheet."""
    row = _course(visit.launch(), course_id)
    return as_sheet(row.course_id, row.name, lists.nobody_yet(_roster(row)))


@bp.post("/courses/<course_id>/codes")
def issue(course_id: str) -> Page:
    """A code of this one course for each of its students who has nobody yet."""
    launch = visit.launch()
    if not setup.may_change(launch):
        abort(403)
    row = _course(launch, course_id)
    chosen, reach = lists.nobody_yet(_roster(row)), Reach(Scope.COURSE, row.course_id, row.name)
    with db.transaction() as session:
        issued = issue_in_course(session, visit.keyring(), launch, reach, chosen, visit.now())
    return render_template("admin/coverage_issued.html", launch=launch, course=row, issued=issued)


def as_sheet(course_id: str | None, course_name: str, students: list[RosterStudent]) -> Response:
    """A file for people: name, Canvas's number and course of each; that it is saved is written down."""
    copies.note("nobody_yet", course=course_id)
    header = (gettext("Student"), gettext("Number in Canvas"), gettext("Course"))
    rows = [(student.name, student.canvas_id, course_name) for student in students]
    return _download(header, rows)


def _download(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Response:
    answer = Response(b"".join(for_people(header, rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="nobody-yet.csv"'
    return answer


def _home(done: str | None = None) -> Page:
    launch = visit.launch()
    wanted = request.form.get("account") or None
    page = request.form.get("page", 0, type=int)
    with db.reading() as session:
        at = coverage.account(session, launch, wanted)
        if wanted and at is None:
            abort(404)
        last = coverage.last(session, launch.institution_id)
        whole = launch.root_admin and at is None
        view = None
        if last is not None and (at is not None or whole):
            view = coverage.view(session, launch, last, at, min(max(page, 0), 10_000), visit.now())
        latest = coverage.last(session, launch.institution_id, whole=False)
        running = coverage.running(session, launch.institution_id)
    return render_template(
        "admin/coverage.html",
        launch=launch,
        view=view,
        last=last,
        latest=latest,
        running=running,
        page=page,
        done=done,
        may_count=setup.may_change(launch),
        may_connect=setup.may_change(launch) and launch.institution.oauth_client_id is not None,
        scopes=COVERAGE_SCOPES,
    )


def _course(launch: LtiLaunch, course_id: str) -> CountedCourse:
    with db.reading() as session:
        found = coverage.course(session, launch, course_id)
    if found is None:
        abort(404)
    return found


def _roster(course: CountedCourse) -> list[RosterStudent]:
    return lists.roster(canvas.service(course.institution_id), course.course_id, None)
