"""A small LTI platform: its own key, its key set behind real HTTP, tokens as Canvas makes them, or not."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm
from werkzeug.test import TestResponse

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
PLACEMENT = "https://www.instructure.com/placement"
ISSUER = "https://canvas.instructure.com"
CLIENT = "10000000000777"
DEPLOYMENT = "41:1c0ffee1c0ffee1c0ffee1c0ffee1c0ffee1c0ff"
AUTHORIZE = "https://sso.canvas.test/api/lti/authorize_redirect"
CANVAS_URL = "https://school.canvas.test"

# One for the whole run: making a key takes long, and none of them is a secret.
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505

COURSE = {
    "id": "ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12",
    "label": "BIO101",
    "title": "Biology 101",
    "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
}
INSTRUCTOR = [
    LIS + "institution/person#Instructor",
    LIS + "membership#Instructor",
    LIS + "system/person#User",
]


def jwk(key: rsa.RSAPrivateKey, kid: str, **more: str) -> dict[str, Any]:
    numbers = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "kid": kid,
        "n": numbers["n"],
        "e": numbers["e"],
        **more,
    }


def encoded(part: bytes | dict[str, Any]) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Platform:
    """What the platform's key address answers, and how often it was asked."""

    url: str = ""
    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    delay: float = 0
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def publishes(self, *keys: dict[str, Any]) -> None:
        self.body, self.status, self.kind = json.dumps({"keys": keys}).encode(), 200, "application/json"

    def breaks(
        self, status: int = 500, body: bytes = b'{"keys": []}', kind: str = "application/json"
    ) -> None:
        self.status, self.body, self.kind = status, body, kind


@contextmanager
def serving(platform: Platform) -> Iterator[Platform]:
    """The platform's key address, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            with platform.lock:
                platform.asked += 1
            time.sleep(platform.delay)
            self.send_response(platform.status)
            self.send_header("Content-Type", platform.kind)
            self.send_header("Location", platform.url)
            self.end_headers()
            self.wfile.write(platform.body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    platform.url = f"http://127.0.0.1:{server.server_port}/api/lti/security/jwks"
    yield platform
    server.shutdown()
    thread.join()
    server.server_close()


def claims(nonce: str, launch_url: str, **custom: object) -> dict[str, Any]:
    """What Canvas says when an instructor opens the tool from a course."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": CLIENT,
        "azp": CLIENT,
        "sub": "0f6c1c1e-6a52-4a0e-9d55-0b1f4f6c2a11",
        "iat": now - 120,
        "exp": now + 3480,
        "nonce": nonce,
        "locale": "en",
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": DEPLOYMENT,
        CLAIM + "target_link_uri": launch_url,
        CLAIM + "resource_link": {"id": COURSE["id"], "title": "Biology 101", "description": None},
        CLAIM + "context": COURSE,
        CLAIM + "roles": INSTRUCTOR,
        CLAIM + "custom": {
            "canvas_user_id": "1042",
            "canvas_user_name": "Ida Teacher",
            "canvas_locale": "en",
            "canvas_time_zone": "America/Denver",
            "canvas_high_contrast": "false",
            "canvas_brand": "$com.instructure.brandConfigJSON",
            "canvas_masquerading_user_id": "$Canvas.masqueradingUser.id",
            "canvas_student_view": False,
            "canvas_course_id": "77",
            "canvas_course_name": "Biology 101",
            "canvas_section_ids": "701,702",
            "canvas_section_restricted": False,
            "canvas_account_id": "3",
            "canvas_root_account_id": "1",
            "canvas_root_account_global_id": "70000000000001",
            "canvas_adminable_accounts": "",
            "canvas_is_root_account_admin": False,
            "canvas_api_base_url": CANVAS_URL,
            **custom,
        },
        CLAIM + "launch_presentation": {
            "document_target": "iframe",
            "return_url": CANVAS_URL + "/courses/77",
        },
        PLACEMENT: "course_navigation",
    }


def signed(body: dict[str, Any], key: rsa.RSAPrivateKey = KEY, kid: str | None = "k1") -> str:
    return jwt.encode(body, key, "RS256", headers={"kid": kid} if kid else {})


def jws(body: dict[str, Any], header: dict[str, Any], key: rsa.RSAPrivateKey = KEY) -> str:
    """Properly signed (RS256), whatever the header says."""
    text = f"{encoded(header)}.{encoded(body)}"
    return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def unsigned(body: dict[str, Any]) -> str:
    return f"{encoded({'alg': 'none', 'typ': 'JWT', 'kid': 'k1'})}.{encoded(body)}."


def signed_with_the_public_key(body: dict[str, Any]) -> str:
    """HS256, with the public key everybody knows as the secret: the classical forgery."""
    secret = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{encoded(body)}"
    return f"{text}.{encoded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


@dataclass(frozen=True)
class Sent:
    """Where a login sent the browser, taken apart."""

    location: str
    state: str
    nonce: str


class Browser:
    """A browser with its cookies, between Canvas and us."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.launch_url = app.extensions["settings"].public_url + "/lti/launch"

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        with self.app.app_context():  # each request its own `g`
            return self.client.open(path, method=method, **options)

    def knocks(
        self, headers: dict[str, str] | None = None, method: str = "POST", **params: str
    ) -> TestResponse:
        """Canvas sends the browser to our login."""
        given = {
            "iss": ISSUER,
            "login_hint": "9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d9d",
            "client_id": CLIENT,
            "lti_deployment_id": DEPLOYMENT,
            "target_link_uri": self.launch_url,
            "lti_message_hint": "hint.of.canvas",
            "canvas_environment": "prod",
            "canvas_region": "not_configured",
            **params,
        }
        where = {"query_string": given} if method == "GET" else {"data": given}
        return self.request(method, "/lti/login", headers=headers, **where)

    def begins(self, **params: str) -> Sent:
        """A login that is sent on to Canvas at once."""
        answer = self.knocks(**params)
        assert answer.status_code == 302, answer.text
        return sent_to(answer.location)

    def returns(
        self, token: str | None, state: str | None, headers: dict[str, str] | None = None, **more: str
    ) -> TestResponse:
        """Canvas posts back, with the two fields of its own that mean nothing to us."""
        form = {"utf8": "✓", "authenticity_token": "x", "id_token": token, "state": state, **more}
        present = {name: value for name, value in form.items() if value is not None}
        return self.request("POST", "/lti/launch", data=present, headers=headers)

    def launches(self, **custom: object) -> TestResponse:
        """All of it: the instructor opens the tool."""
        sent = self.begins()
        return self.returns(signed(claims(sent.nonce, self.launch_url, **custom)), sent.state)


def sent_to(location: str) -> Sent:
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    return Sent(location, query["state"], query["nonce"])
