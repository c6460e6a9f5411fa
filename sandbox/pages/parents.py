"""Parent registration through a SAML provider: the student logs in, then the parent is linked."""

from flask import abort, jsonify, redirect, url_for
from werkzeug.wrappers import Response

from sandbox import parents, providers, sessions
from sandbox.pages import blueprint
from sandbox.pages.login import enter
from sandbox.pages.sso import asserted_id, identity_page
from sandbox.pages.viewing import root_account
from sandbox.rest import params
from sandbox.world import AuthenticationProvider, current_world

NOT_THE_STUDENT = "The login does not belong to the student you named. Try again with the student beside you."


@blueprint.post("/external_auth_observers/redirect_login")
def redirect_login() -> Response | tuple[Response, int]:
    """A parent signs up: remember what they typed and send the student to log in (saml_controller.rb)."""
    _provider()
    world, root = current_world(), root_account()
    email = params.text_in(params.group("pseudonym"), "unique_id") or ""
    student = params.text_in(params.group("observee"), "unique_id") or ""
    if world.user_by_login(root.id, email):
        return _refused("pseudonym[unique_id]", "Email already in use")
    if world.user_by_login(root.id, student) is None:
        return _refused("observee[unique_id]", "Username could not be found")
    password = params.text_in(params.group("pseudonym"), "password")
    name = params.text_in(params.group("user"), "name") or email
    proof = parents.Proof(student, name=name, email=email, password=password)
    sessions.begin().parent_registration = proof
    return jsonify({"redirect": url_for("pages.saml_observee")})


@blueprint.get("/saml_observee")
def saml_observee() -> str:
    """The identity provider's page where the student logs in."""
    return identity_page(_provider(), url_for("pages.saml_observee_return"))


@blueprint.post("/saml_observee")
def saml_observee_return() -> Response:
    """Back from the identity provider: link the parent, whose session this is."""
    _provider()
    world, session = current_world(), sessions.begin()
    proof, session.parent_registration = session.parent_registration, None
    if not isinstance(proof, parents.Proof):
        return redirect(url_for("pages.login"))
    with world.lock:
        observer = parents.accept(world, root_account(), proof, asserted_id(root_account()))
    if observer is None:
        session.message = NOT_THE_STUDENT
        return redirect(url_for("pages.login"))
    return redirect(url_for("pages.home")) if session.user_id == observer.id else enter(observer)


def _provider() -> AuthenticationProvider:
    provider = providers.for_parents(root_account())
    return provider or abort(404)


def _refused(input_name: str, text: str) -> tuple[Response, int]:
    return jsonify({"error": {"input_name": input_name, "message": text}}), 422
