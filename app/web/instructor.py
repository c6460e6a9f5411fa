"""The instructor's portal: a course's students, who observes them, and codes for this one course."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from flask import Response, abort, render_template, request
from sqlalchemy.orm import Session

from app import db, policy
from app.canvas import Canvas
from app.models import Code, LtiLaunch, Scope
from app.pairing import codes, lists, rules
from app.pairing.codes import Reach
from app.pairing.issuing import issue_in_course
from app.pairing.lists import RosterStudent
from app.web import canvas, coverage, guard, visit
from app.web.forms import IssueForm

bp = guard.portal("instructor", __name__, "/instructor")

Page = str | tuple[str, int]


def enter() -> Page:
    """The first page of a launch: of the student whose card it was opened from, else of the whole course."""
    launch = visit.launch()
    return render_template("instructor/card.html", launch=launch) if launch.student_id else home()


@bp.post("/")
def home() -> Page:
    """The course's first page. The students follow in a second request, since Canvas takes its time."""
    launch = visit.launch()
    return render_template("instructor/home.html", launch=launch, bar=_bar(launch))


@bp.post("/student")
def student() -> Page:
    """The student of the card alone, if Canvas shows them to this visitor; only the part for a script."""
    launch = visit.launch()
    one = next((row for row in _roster(launch) if row.canvas_id == launch.student_id), None)
    bar = _bar(launch)
    with db.reading() as session:
        found = () if one is None else _live(session, launch, bar)
        rule = policy.of(session, launch.institution_id)
    mine = [code for code in found if code.student.canvas_user_id == launch.student_id]
    page = render_template(
        "instructor/student.html" if "HX-Request" in request.headers else "instructor/card.html",
        launch=launch,
        bar=bar,
        asked=True,
        student=one,
        live=mine,
        texts={} if bar else _texts(mine),
        form=IssueForm(formdata=None),
        purposes=rule.purposes,
    )
    return page, 200 if one else 404


@bp.post("/students")
def students() -> Page:
    """The course's students with their observers, and live codes for those who may issue them.

    A script asks for the table only.
    """
    launch = visit.launch()
    template = "instructor/roster.html" if "HX-Request" in request.headers else "instructor/students.html"
    return _students(template, _roster(launch), IssueForm(formdata=None))


@bp.post("/codes")
def issue() -> Page:
    """Issue course-scoped codes for the ticked students, for those who have nobody yet, or for everybody."""
    launch = visit.launch()
    form = IssueForm()
    if _bar(launch) is not None:
        abort(403)
    roster = _roster(launch)
    with db.reading() as session:
        terms = form.terms(policy.of(session, launch.institution_id), launch.person.time_zone)
    if terms is None:
        return _students("instructor/students.html", roster, form), 422
    chosen = _chosen(roster, form)
    if not chosen:
        return render_template("instructor/nobody.html", launch=launch, whom=form.whom.data), 422
    course = Reach(Scope.COURSE, launch.course_id, launch.course_name)
    with db.transaction() as session:
        issued = issue_in_course(session, visit.keyring(), launch, course, chosen, visit.now(), terms)
    return render_template("instructor/issued.html", launch=launch, issued=issued)


@bp.post("/nobody-yet")
def nobody_yet() -> Page:
    """Those who have nobody yet, to be read and printed; and how many have one or several observers.

    Whoever sees the roster sees each student's observers, so no small number is hidden from them.
    """
    launch = visit.launch()
    roster = _roster(launch)
    with db.reading() as session:
        tally = codes.tally(session, codes.seen_by(launch), visit.now())
    return render_template(
        "instructor/nobody_yet.html",
        launch=launch,
        total=len(roster),
        nobody=lists.nobody_yet(roster),
        one=sum(len(student.observers) == 1 for student in roster),
        tally=tally,
    )


@bp.post("/nobody-yet/sheet")
def nobody_yet_sheet() -> Response:
    """The same as a sheet."""
    launch = visit.launch()
    return coverage.as_sheet(launch.course_id, launch.course_name or "", lists.nobody_yet(_roster(launch)))


@bp.post("/codes/<row:code_id>/revoke")
def revoke(code_id: int) -> Page:
    """End a live code of this course; who may make none any more ends those of their own."""
    launch = visit.launch()
    bar = _bar(launch)
    if not rules.may_take_back(bar):
        abort(403)
    with db.transaction() as session:
        if not codes.revoke(session, launch, code_id, visit.now(), own=bar is not None):
            abort(403 if bar else 404)
    template = "instructor/card.html" if "card" in request.form else "instructor/home.html"
    return render_template(template, launch=launch, bar=bar, done="revoked")


def _live(session: Session, launch: LtiLaunch, bar: rules.IssuingBar | None) -> Sequence[Code]:
    if not rules.may_take_back(bar):
        return ()
    return codes.live(session, launch, visit.now(), own=bar is not None)


def _texts(found: Iterable[Code]) -> dict[int, str]:
    return {code.id: codes.text_of(visit.keyring(), code) for code in found}


def _bar(launch: LtiLaunch) -> rules.IssuingBar | None:
    with db.reading() as session:  # opens no connection unless the policy is asked for
        return rules.bar_to_codes(launch, Scope.COURSE, lambda: policy.of(session, launch.institution_id))


def _roster(launch: LtiLaunch) -> list[RosterStudent]:
    if launch.course_id is None:
        abort(404)
    service: Canvas = canvas.service(launch.institution_id)
    return lists.roster(service, launch.course_id, launch.section_ids)


def _students(template: str, roster: list[RosterStudent], form: IssueForm) -> str:
    launch = visit.launch()
    with db.reading() as session:
        rule = policy.of(session, launch.institution_id)
        bar = rules.bar_to_codes(launch, Scope.COURSE, lambda: rule)
        found = _live(session, launch, bar)
    live = defaultdict(list)
    for code in found:
        live[code.student.canvas_user_id].append(code)
    return render_template(
        template,
        launch=launch,
        bar=bar,
        roster=roster,
        live=live,
        texts={} if bar else _texts(found),
        form=form,
        purposes=rule.purposes,
    )


def _chosen(roster: list[RosterStudent], form: IssueForm) -> list[RosterStudent]:
    """Those of Canvas's own list that were asked for: a made-up id chooses nobody."""
    if form.whom.data == "everybody":
        return roster
    if form.whom.data == "nobody_yet":
        return lists.nobody_yet(roster)
    wanted = set(form.students.data or [])
    return [student for student in roster if student.canvas_id in wanted]
