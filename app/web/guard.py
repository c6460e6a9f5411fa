"""Who may enter where: one table. What it does not name, nobody enters."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from app.models import Role
from app.web import visit

Answer = BaseResponse | None


@dataclass(frozen=True, slots=True)
class Audience:
    """Who a blueprint is for, in words, and the check at its door: None lets in."""

    words: str
    check: Callable[[], Answer]


def everybody() -> Answer:
    """A public page."""
    return None


def launched(*roles: Role) -> Callable[[], Answer]:
    """Somebody who was launched from Canvas in one of these roles, by the handle their page carries."""

    def check() -> Answer:
        found = visit.find_launch()
        if found is None:
            return _refuse("reopen", 401)
        if found.role not in roles:
            return _refuse("role", 403)
        return None

    return check


def at_the_top(*, in_person: bool = False) -> Callable[[], Answer]:
    """An admin of the whole institution; with `in_person` nobody who acts as somebody else in Canvas."""

    def check() -> Answer:
        refused = launched(Role.ADMIN)()
        if refused is not None:
            return refused
        launch = visit.launch()
        if not launch.root_admin or (in_person and launch.stand_in):
            return _refuse("part", 403)
        return None

    return check


def signed_in() -> Answer:
    """An observer who signed in with Canvas; others are sent to do so."""
    if visit.find_observer() is not None:
        return None
    if request.method == "GET":
        return redirect(url_for("observer.pair"), 303)
    return _refuse("sign_in", 401)


AUDIENCES = {
    "health": Audience("machines that watch over this one", everybody),
    "lti": Audience("Canvas, which proves itself by its signature", everybody),
    "discovery": Audience("everybody", everybody),
    "sign_up": Audience("everybody", everybody),
    "connect": Audience("everybody who is sent to or from Canvas's sign-in", everybody),
    "observer": Audience("everybody; what is an observer's own asks for a sign-in", everybody),
    "portal": Audience("observers who have signed in", signed_in),
    "instructor": Audience(
        "instructors and TAs of the launched course, and admins who look at it",
        launched(Role.INSTRUCTOR, Role.TA, Role.ADMIN),
    ),
    "student": Audience("students launched from Canvas", launched(Role.STUDENT)),
    "admin": Audience("admins launched from their account", launched(Role.ADMIN)),
    "setup": Audience("admins launched from their account", launched(Role.ADMIN)),
    "bars": Audience(
        "admins launched from the account at the top, as themselves", at_the_top(in_person=True)
    ),
    "counter": Audience(
        "admins launched from the account at the top, as themselves", at_the_top(in_person=True)
    ),
    "people": Audience("admins launched from the account at the top", at_the_top()),
    "policy": Audience("admins launched from the account at the top", at_the_top()),
    "registration": Audience("admins launched from the account at the top", at_the_top()),
    "imports": Audience("admins launched from the account at the top", at_the_top()),
    "coverage": Audience("admins, for the accounts they administer", launched(Role.ADMIN)),
    "drift": Audience("admins launched from the account at the top", at_the_top()),
    "trail": Audience("admins launched from the account at the top", at_the_top()),
}


def portal(name: str, module: str, path: str) -> Blueprint:
    """Pages entered by a launch only; somebody who comes by a bookmark is told to open it from Canvas."""
    bp = Blueprint(name, module, url_prefix=path)
    bp.add_url_rule("/", "closed", lambda: abort(401))
    return bp


def stand_at_the_door(app: Flask) -> None:
    """Check every request against the table before its route runs."""

    @app.before_request
    def check() -> Answer:
        if request.endpoint in (None, "static"):
            return None  # no such page, or a public file
        audience = AUDIENCES.get(request.blueprint or "")
        if audience is None:
            abort(403)
        return audience.check()


def _refuse(kind: str, status: int) -> Response:
    page = "refusals/part.html" if kind == "part" else "refusals/entry.html"
    return make_response(render_template(page, kind=kind), status)
