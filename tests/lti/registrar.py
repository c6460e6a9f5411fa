"""A platform's side of dynamic registration, over real HTTP, as one Canvas or another does it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.lti.platform import CLIENT, DEPLOYMENT, ISSUER

CANVAS = "https://canvas.instructure.com/lti/"
TOKEN = "a.registration.token"  # noqa: S105
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


@dataclass
class Registrar:
    """What it answers; a test changes it. `seen` keeps the requests: method, path, bearer, body."""

    url: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=lambda: {"client_id": CLIENT})
    status: int = 200
    raw: bytes | None = None  # instead of the answers
    wants_header: bool = False  # else the token as a parameter
    seen: list[tuple[str, str, str | None, Any]] = field(default_factory=list)

    def openid_configuration(self) -> dict[str, Any]:
        """Of a Canvas of 2026, with what a test changed."""
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{self.url}/api/lti/authorize_redirect",
            "registration_endpoint": f"{self.url}/api/lti/registrations",
            "jwks_uri": f"{self.url}/api/lti/security/jwks",
            "token_endpoint": f"{self.url}/login/oauth2/token",
            **self.told,
        }

    @property
    def offer(self) -> dict[str, str]:
        """What Canvas adds to the address of our page."""
        address = f"{self.url}/api/lti/security/openid-configuration?registration_token={TOKEN}"
        return {"openid_configuration": address, "registration_token": TOKEN}

    @property
    def registered(self) -> dict[str, Any]:
        """What we sent."""
        (body,) = [body for method, *_, body in self.seen if method == "POST"]
        return dict(body)

    def as_new_canvas(self) -> None:
        self.answer["deployment_id"] = DEPLOYMENT
        names = ("course_navigation", "user_navigation", "account_navigation", "global_navigation")
        offered = [{"type": "LtiResourceLinkRequest", "placements": [CANVAS + name for name in names]}]
        self.told[PLATFORM] = {"messages_supported": [*offered, {"type": "LtiEulaRequest"}]}


@contextmanager
def serving() -> Iterator[Registrar]:
    registrar = Registrar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            given = parse_qs(urlsplit(self.path).query).get("registration_token") == [TOKEN]
            if registrar.wants_header:
                given = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            self._answer("GET", None, registrar.openid_configuration() if given else None)

        def do_POST(self) -> None:  # noqa: N802
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            given = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            self._answer("POST", body, registrar.answer if given else None)

        def _answer(self, method: str, body: Any, answer: dict[str, Any] | None) -> None:
            path = urlsplit(self.path).path
            registrar.seen.append((method, path, self.headers.get("Authorization"), body))
            self.send_response(registrar.status if answer is not None else 401)
            self.send_header("Location", f"{registrar.url}/elsewhere")
            self.end_headers()
            self.wfile.write(registrar.raw if registrar.raw is not None else json.dumps(answer).encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    registrar.url = f"http://127.0.0.1:{server.server_port}"
    yield registrar
    server.shutdown()
    thread.join()
    server.server_close()
