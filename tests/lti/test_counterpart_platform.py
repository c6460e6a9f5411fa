"""A platform that somebody else wrote, lti1p3platform, launches the app; as it comes, without a patch."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from flask import Flask
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import MessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration

from app.models import Role
from tests.facts import fact
from tests.lti.conftest import launches_recorded
from tests.lti.platform import (
    CLAIM,
    CLIENT,
    COURSE,
    DEPLOYMENT,
    INSTRUCTOR,
    ISSUER,
    KEY,
    PLACEMENT,
    Browser,
    Platform,
    claims,
)


class Conf(LTI1P3PlatformConfAbstract):
    """The app, as this platform has registered it."""

    def init_platform_config(self, **given: Any) -> None:
        base = given["public_url"]
        private = KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = KEY.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._registration = (
            Registration()
            .set_iss(ISSUER)
            .set_client_id(CLIENT)
            .set_deployment_id(DEPLOYMENT)
            .set_oidc_login_url(f"{base}/lti/login")
            .set_launch_url(f"{base}/lti/launch")
            .set_platform_public_key(public.decode())
            .set_platform_private_key(private.decode())
        )

    def get_registration_by_params(self, **_: Any) -> Registration:
        return self._registration


class Login(OIDCLoginAbstract):
    def set_lti_message_hint(self, **hint: Any) -> None:
        self._lti_message_hint = hint["hint"]

    def get_redirect(self, url: str) -> str:
        return url


class Asked:
    """The app's authentication request, as it arrives at the platform."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.get_data, self.form_data = dict(query), {}


class Launch(MessageLaunchAbstract):
    def render_launch_form(self, launch_data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return launch_data


@pytest.fixture
def conf(registered: Flask, platform: Platform) -> Conf:
    conf = Conf(public_url=registered.extensions["settings"].public_url)
    platform.publishes(*conf.get_jwks()["keys"])
    return conf


def answer(browser: Browser, conf: Conf) -> dict[str, Any]:
    """What this platform's own code sends to our launch address, after our login has asked for it."""
    login = Login(None, conf)
    login.set_lti_message_hint(hint="a link of its own")
    arrival = urlsplit(login.initiate_login("a person of its own"))
    asked = browser.request("GET", f"{arrival.path}?{arrival.query}")
    assert asked.status_code == 302, asked.text
    message = Launch(Asked(dict(parse_qsl(urlsplit(asked.location).query))), conf)
    ours = claims("", browser.launch_url)
    message.set_user_data(ours["sub"], INSTRUCTOR)
    message.set_resource_link_claim(COURSE["id"], title=COURSE["title"])
    message.set_launch_context_claim(COURSE["id"], COURSE["type"], COURSE["title"], COURSE["label"])
    message.set_custom_parameters_claim(ours[CLAIM + "custom"])
    message.set_extra_claims({PLACEMENT: "course_navigation"})
    form: dict[str, Any] = message.lti_launch()
    return form


@fact("lti 1.1", "The login address takes GET as well as POST.")
@fact(
    "lti 1.4",
    "A standard platform's id_token, without one claim of Canvas's own but the placement, opens the tool.",
)
def test_a_platform_of_other_makers_opens_the_tool(browser: Browser, conf: Conf) -> None:
    form = answer(browser, conf)

    page = browser.returns(form["id_token"], form["state"])

    assert page.status_code == 200, page.text
    (row,) = launches_recorded(browser.app)
    assert (row.role, row.course_id, row.course_name) == (Role.INSTRUCTOR, "77", "Biology 101")


def test_its_launch_opens_the_tool_only_once(browser: Browser, conf: Conf) -> None:
    form = answer(browser, conf)
    assert browser.returns(form["id_token"], form["state"]).status_code == 200

    again = browser.returns(form["id_token"], form["state"])

    assert 400 <= again.status_code < 500
    assert len(launches_recorded(browser.app)) == 1
