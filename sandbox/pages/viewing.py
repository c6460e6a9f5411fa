"""Who looks at a page and what they may see; refusals are plain pages, as Canvas gives them."""

from typing import NoReturn

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from sandbox import sessions
from sandbox.lti.brands import brand_url
from sandbox.permissions import is_account_member, may_read_course
from sandbox.world import Account, Course, User, current_world

TITLES = {400: "Something is missing", 401: "Unauthorized", 403: "Unauthorized", 404: "Page Not Found"}
TEXTS = {
    400: "This request cannot be understood.",
    401: "It looks like you don't have permission to view this page.",
    403: "It looks like you don't have permission to view this page.",
    404: "We couldn't find that page.",
}


def frame() -> dict[str, object]:
    """What the frame around every page needs: who is here, who is behind them, whose Canvas it is."""
    return {
        "me": sessions.current_user(),
        "behind": sessions.real_user(),
        "root": root_account(),
        "platform_storage": current_world().settings.platform_storage,
        "brand_url": brand_url(request.host_url.rstrip("/"), root_account()),
    }


def viewer() -> User:
    """The person logged in; anybody else goes to log in first and comes back afterwards."""
    user = sessions.current_user()
    if user is None:
        sessions.begin().return_to = request.full_path.rstrip("?") if request.method == "GET" else None
        abort(redirect(url_for("pages.login")))
    return user


def root_account() -> Account:
    """The root account that this host serves."""
    return current_world().account_for_host(request.host)


def refuse() -> NoReturn:
    """End with the page for people who are known but not allowed."""
    abort(current_world().settings.forbidden_status)


def the_course(course_id: int) -> Course:
    """A course the viewer may open."""
    world, user = current_world(), viewer()
    course = world.courses.get(course_id)
    if course is None or course.workflow_state == "deleted":
        abort(404)
    if not may_read_course(world, user.id, course.id):
        refuse()
    return course


def open_course(course_id: int) -> Course:
    """A course the viewer may open, or a published public one for somebody who is not logged in."""
    course = current_world().courses.get(course_id)
    if sessions.current_user() is None and course and is_open_to_all(course):
        return course
    return the_course(course_id)


def is_open_to_all(course: Course) -> bool:
    """Whether a course needs no log-in: public and published."""
    return course.is_public and course.workflow_state == "available"


def the_account(account_id: int) -> Account:
    """An account the viewer administers."""
    world, user = current_world(), viewer()
    account = world.accounts.get(account_id)
    if account is None:
        abort(404)
    if not is_account_member(world, user.id, account.id):
        refuse()
    return account


def show_refusals(blueprint: Blueprint) -> None:
    """Give a blueprint's refusals a page."""

    @blueprint.errorhandler(HTTPException)
    def refusal(error: HTTPException) -> Response:
        status = error.code or 500
        if error.response is not None:
            return make_response(error.response)
        if status not in TITLES:
            return make_response(error.get_response())
        text = TEXTS[status] if error.description == type(error).description else error.description
        return make_response(render_template("refusal.html", title=TITLES[status], text=text), status)
