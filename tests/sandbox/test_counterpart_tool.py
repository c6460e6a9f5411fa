"""A plain tool on PyLTI1p3, as its documentation builds one, is launched by the sandbox."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, jsonify
from flask.testing import FlaskClient
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.registration import Registration
from pylti1p3.tool_config import ToolConfDict
from werkzeug.test import TestResponse

from tests.facts import fact
from tests.sandbox.campus import CLAIM, COURSE, LAUNCH, STUDENT, TEACHER, TOOL, Browser, Campus, Form, tool

ISSUER = "https://canvas.instructure.com"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


def plain_tool(canvas: str) -> Flask:
    """Login and launch, and not a line more than PyLTI1p3 asks for."""
    app = Flask(__name__)
    app.secret_key = "only for this test"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    conf = ToolConfDict(
        {
            ISSUER: [
                {
                    "default": True,
                    "client_id": TOOL,
                    "auth_login_url": f"{canvas}/api/lti/authorize_redirect",
                    "auth_token_url": f"{canvas}/login/oauth2/token",
                    "auth_audience": None,
                    "key_set_url": f"{canvas}/api/lti/security/jwks",
                    "key_set": None,
                    "deployment_ids": ["1:abcd"],
                }
            ]
        }
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app.config["public_jwk"] = Registration.get_jwk(public.decode())
    conf.set_private_key(ISSUER, private.decode(), client_id=TOOL)
    conf.set_public_key(ISSUER, public.decode(), client_id=TOOL)

    @app.route("/lti/login", methods=["GET", "POST"])
    def login() -> Any:
        return FlaskOIDCLogin(FlaskRequest(), conf).redirect(LAUNCH)

    @app.post("/lti/launch")
    def launch() -> Any:
        message = FlaskMessageLaunch(FlaskRequest(), conf)
        return jsonify(message.get_launch_data())

    @app.post("/lti/roster")
    def roster() -> Any:
        message = FlaskMessageLaunch(FlaskRequest(), conf)
        message.get_launch_data()
        return jsonify(message.get_nrps().get_members())

    return app


class Visit:
    """One person's browser between the sandbox and the tool."""

    def __init__(self, campus: Campus, app: Flask, user_id: int) -> None:
        self.browser: Browser = campus.browser(user_id)
        self.tool: FlaskClient = app.test_client()

    def answer(self, path: str) -> Form:
        """What Canvas's page would post to the tool's launch address."""
        begun = self.browser.initiation(path)
        sent = self.tool.post("/lti/login", data=begun.fields, base_url="http://tool.test")
        assert sent.status_code == 302, sent.text
        first = self.browser.get(sent.location)
        return Form(self.browser.get(first.headers["location"]).text)

    def opens(self, path: str, route: str = "/lti/launch") -> TestResponse:
        form = self.answer(path)
        return self.tool.post(route, data=form.fields, base_url="http://tool.test")


@pytest.fixture
def app(campus: Campus) -> Flask:
    return plain_tool(campus.url)


@fact(
    "lti 1.4",
    "An id_token is signed with RS256 by a published key and valid for a tool that checks all of it.",
)
@fact(
    "lti 2.3",
    "A course's link carries the course, the account's menu the account, a person's menu the person.",
)
def test_a_plain_tool_is_launched_from_everywhere(campus: Campus, app: Flask) -> None:
    for user, path, kind in (
        (
            TEACHER,
            f"/courses/{COURSE}/external_tools/1/launch",
            "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering",
        ),
        (10, "/accounts/1/external_tools/1/launch", "Account"),
        (STUDENT, f"/users/{STUDENT}/external_tools/1/launch", "User"),
    ):
        page = Visit(campus, app, user).opens(path)

        assert page.status_code == 200, page.text
        assert page.json
        assert page.json[CLAIM + "context"]["type"] == [kind]
        assert page.json[CLAIM + "message_type"] == "LtiResourceLinkRequest"


def test_what_was_tampered_with_is_refused_by_it(campus: Campus, app: Flask) -> None:
    visit = Visit(campus, app, TEACHER)
    form = visit.answer(f"/courses/{COURSE}/external_tools/1/launch")
    head, body, signature = form.fields["id_token"].split(".")
    form.fields["id_token"] = ".".join((head, body, signature[::-1]))
    app.config["PROPAGATE_EXCEPTIONS"] = False

    page = visit.tool.post("/lti/launch", data=form.fields, base_url="http://tool.test")

    assert page.status_code == 500  # it raises; a tool of more care would say so


def test_it_opens_after_the_platform_has_changed_its_key(campus: Campus, app: Flask) -> None:
    assert Visit(campus, app, TEACHER).opens(f"/courses/{COURSE}/external_tools/1/launch").status_code == 200
    campus.sandbox.call("POST", "/_sandbox/rotate_keys")

    fresh = plain_tool(campus.url)

    assert (
        Visit(campus, fresh, TEACHER).opens(f"/courses/{COURSE}/external_tools/1/launch").status_code == 200
    )


@fact("lti 6.1", "A tool's assertion, signed with its own key, is traded for a service token.")
@fact("lti 6.2", "With it the roster of the course is read, page by page, with the roles people have in it.")
def test_a_plain_tool_reads_the_roster(campus: Campus, app: Flask) -> None:
    installed = tool(public_jwk=app.config["public_jwk"], scopes=[NRPS])
    del installed[0]["configuration"]["public_jwk_url"]
    campus.becomes(lti_tools=installed)

    page = Visit(campus, app, TEACHER).opens(f"/courses/{COURSE}/external_tools/1/launch", "/lti/roster")

    assert page.status_code == 200, page.text
    names = {member["name"] for member in page.json or []}
    assert {"Ida Teacher", "Lin Learner", "Pat Parent"} <= names
    assert "Fay Former" not in names
