"""The observer's own pages: whom they can see, what is under way, and leaving."""

from datetime import timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import db, people, policy
from app.canvas import Canvas, courses
from app.errors import CanvasFailure, Failure, NotConnected, TokenDead
from app.models import Link, LinkState, Person, Scope
from app.pairing import agreements, approvals, codes, links, lists
from app.web import canvas, visit
from app.web.forms import LeaveForm

bp = Blueprint("portal", __name__, url_prefix="/observer")

TOLD_FOR = timedelta(days=14)  # how long an observer is told what others have ended, or has failed

Page = str | Response | tuple[str, int]


@bp.errorhandler(NotConnected)
@bp.errorhandler(TokenDead)
def sign_in_again(failure: Failure) -> Page:
    """Canvas takes the observer's own token no more; their portal needs no other."""
    return render_template("portal/again.html", observer=visit.observer()), 401


@bp.get("/")
def home() -> Page:
    """The students and courses this observer can see, as Canvas holds them now."""
    observer = visit.observer()
    with db.reading() as session:
        own = lists.links_of(session, observer.person)
        names = {link.student.canvas_user_id: link.student.name for link in own}
        tells = policy.of(session, observer.institution_id).notices
        gone = lists.ended_by_others(session, observer.person, visit.now() - TOLD_FOR) if tells else []
        failed = lists.failed(session, observer.person, visit.now() - TOLD_FOR)
        agreement = agreements.due(session, observer.person)
    own_eyes = canvas.own(observer.person)
    students = lists.observed(own_eyes, names)
    under_way = [*(link for link in own if link.state is not LinkState.ACTIVE), *failed]
    return render_template(
        "portal/home.html",
        observer=observer,
        institution=observer.institution,
        students=students,
        at_school=None if students else _at_school(own_eyes),
        under_way=under_way,
        gone=gone,
        agreement=agreement,
        ours={(link.student.canvas_user_id, link.course_id): link for link in own},
    )


def _at_school(own_eyes: Canvas) -> frozenset[str]:
    """What somebody is here who observes nobody: perhaps they came with a student's or a teacher's login."""
    try:
        return courses.own_roles(own_eyes) - {"observer"}
    except CanvasFailure:
        return frozenset()


@bp.post("/agree")
def agree() -> Page:
    """Agree to the text in force, if it is the one that was shown."""
    observer = visit.observer()
    with db.transaction() as session:
        agreement = agreements.due(session, observer.person)
        if agreement is not None and request.form.get("agreed") == str(agreement.id):
            agreements.accept(session, observer.person, agreement, visit.now())
    return redirect(url_for(".home"), 303)


@bp.get("/pairings/<row:link_id>")
def pairing(link_id: int) -> Page:
    """What became of one pairing; asks again by itself while Canvas has not answered."""
    observer = visit.observer()
    with db.reading() as session:
        link = lists.own_link(session, observer.person, link_id)
    if link is None:
        abort(404)
    fragment = "HX-Request" in request.headers
    return render_template(
        "portal/state.html" if fragment else "portal/pairing.html",
        link=link,
        already="already" in request.args,
        observer=observer,
        institution=observer.institution,
    )


@bp.post("/pairings/<row:link_id>/withdraw")
def withdraw(link_id: int) -> Page:
    """Take back what still waits for the student."""
    observer = visit.observer()
    with db.transaction() as session:
        approvals.withdraw(session, observer.person, link_id, visit.now())
    return redirect(url_for(".pairing", link_id=link_id), 303)


@bp.post("/leave")
def leave() -> Page:
    """Ask first, then end one of one's own links."""
    observer = visit.observer()
    form = LeaveForm()
    if not form.validate():
        abort(400)
    with db.reading() as session:
        own = lists.links_of(session, observer.person)
    student, reach = _asked(observer.person, form, own)
    if "sure" not in request.form:
        stays = [
            link for link in own
            if link.scope is Scope.COURSE
            and link.state is not LinkState.WAITING
            and link.student.canvas_user_id == student.canvas_id
        ]  # fmt: skip
        return render_template(
            "portal/leave.html",
            form=form,
            observer=observer,
            institution=observer.institution,
            student=student,
            reach=reach,
            stays=stays if reach.scope is Scope.ALL else [],
        )
    with db.transaction() as session:
        person = people.remember(
            session, observer.institution_id, student.canvas_id, student.name, visit.now()
        )
        link = links.leave(session, observer.person, person, reach, visit.now(), visit.head_start())
    canvas.attempt(link.id)
    return redirect(url_for(".pairing", link_id=link.id), 303)


def _asked(observer: Person, form: LeaveForm, own: list[Link]) -> tuple[lists.SeenStudent, codes.Reach]:
    """The student and reach the form names, if Canvas shows them to this observer; else 404."""
    names = {link.student.canvas_user_id: link.student.name for link in own}
    seen = lists.observed(canvas.own(observer), names)
    student = next((one for one in seen if one.canvas_id == form.student.data), None)
    if student is None:
        abort(404)
    if not form.course.data:
        return student, codes.ALL_COURSES
    course = next((one for one in student.courses if one.id == form.course.data), None)
    if course is None:
        abort(404)
    return student, codes.Reach(Scope.COURSE, course.id, course.name)
