"""Signing up as a parent with a pairing code (Canvas's /register, which posts to /users)."""

from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import sessions
from sandbox.answers import Refused
from sandbox.pages import blueprint
from sandbox.pages.login import enter
from sandbox.pages.viewing import root_account
from sandbox.rest import api, params
from sandbox.rest.signing_up import Form, answer, sign_up
from sandbox.world import current_world

CLOSED = "Self registration has not been enabled for this account"
TEXTS = {
    ("name", "blank"): "Enter your full name.",
    ("terms_of_use", "accepted"): "You must agree to the terms.",
    ("unique_id", "not_email"): "This is not a valid email address.",
    ("unique_id", "taken"): "This email is already in use.",
    ("password", "too_short"): "The password must have at least 8 characters.",
    ("code", "invalid"): "Your pairing code is invalid. Check it, or ask the student for a new one.",
}


@blueprint.get("/register")
def register() -> Response | str:
    """The form for parents, where people may sign up by themselves."""
    if root_account().self_registration == "none":
        return _closed()
    return _page([])


@blueprint.post("/users")
def create_user() -> Response | str | tuple[str, int]:
    """Sign up and be logged in at once; a script asks for JSON and gets what the API says."""
    as_json = request.accept_mimetypes.best == "application/json"
    with current_world().lock:
        try:
            api.authenticate("url:POST|/users", public=True)
            form = Form(root_account())
            if as_json:
                return jsonify(answer(form))
            user = sign_up(form)
        except Refused as refused:
            if as_json:
                return refused.response()
            return _closed() if refused.status == 403 else (_page(_told(refused.body)), 400)
    return redirect(url_for("pages.home"), 303) if sessions.current_user_id() is not None else enter(user)


def _closed() -> Response:
    sessions.begin().message = CLOSED
    return redirect(url_for("pages.home"))


def _page(problems: list[str]) -> str:
    given = params.params()
    return render_template(
        "register.html",
        problems=problems,
        name=params.text_in(params.group("user"), "name") or "",
        unique_id=params.text_in(params.group("pseudonym"), "unique_id") or "",
        code=params.text_in(params.group("pairing_code"), "code") or params.text_in(given, "code") or "",
        must_accept=root_account().terms_type != "no_terms" and not root_account().terms_passive,
    )


def _told(body: Any) -> list[str]:
    """The errors of the answer in words."""
    errors = body["errors"]
    found = [
        TEXTS.get((problem["attribute"], problem["type"]))
        for group in ("user", "pseudonym", "pairing_code")
        for problems in errors[group].values()
        for problem in problems
    ]
    captcha = ["Show that you are not a robot."] if errors["recaptcha"] else []
    return [text for text in found if text] + captcha
