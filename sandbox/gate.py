"""What stands before every route: faults strike here, and what was served is noted here."""

import re
import socket
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from werkzeug import Response
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from sandbox.answers import fault_answer, throttled
from sandbox.faults import Fault, Faults
from sandbox.requests_seen import RequestsSeen, Seen
from sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Where a route leaves the id of the person it served.
USER_ID = "sandbox.user_id"


class Gate:
    """A WSGI layer around the app; the sandbox's own routes pass it untouched."""

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._app = app
        self._inner = inner

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request, as well as the faults in force let it."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("/_sandbox"):
            return self._inner(environ, start_response)
        template = self._template(environ)
        faults = cast(Faults, self._app.extensions["faults"])
        struck = faults.for_request(environ["REQUEST_METHOD"], path, template)
        for fault in struck:
            time.sleep(fault.delay)
            if fault.expire_tokens:
                self._expire_tokens(environ)
        if any(fault.reset == "before" for fault in struck):
            self._note(environ, template, None)
            raise _cut(environ)
        return self._serve(environ, start_response, template, struck)

    def _serve(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        template: str | None,
        struck: list[Fault],
    ) -> Iterable[bytes]:
        def noting(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            self._note(environ, template, int(status.split()[0]))
            return start_response(status, headers, *rest)

        answer = next((found for fault in struck if (found := self._answer(fault))), None)
        served = (answer or self._inner)(environ, cast("StartResponse", noting))
        if any(fault.reset == "after" for fault in struck):
            for _ in served:
                pass
            raise _cut(environ)
        return served

    def _answer(self, fault: Fault) -> Response | None:
        if fault.throttle:
            return throttled(self._world().settings.throttle_status)
        if fault.html_error:
            return _proxy_page(fault.status or HTTPStatus.BAD_GATEWAY)
        return fault_answer(self._world().settings, fault.status) if fault.status else None

    def _expire_tokens(self, environ: "WSGIEnvironment") -> None:
        """All OAuth tokens grow old at once, and so does the one this request carries."""
        world = self._world()
        carried = Request(environ).headers.get("Authorization", "").removeprefix("Bearer ")
        with world.lock:
            for token in world.tokens.values():
                if token.client_id is not None or token.token == carried:
                    token.expires_at = world.clock.now()

    def _template(self, environ: "WSGIEnvironment") -> str | None:
        """The route as Canvas documents it, `/api/v1/users/:user_id/observees`."""
        try:
            rule, _ = self._app.url_map.bind_to_environ(environ).match(return_rule=True)
        except HTTPException:
            return None
        return re.sub(r"<(?:\w+:)?(\w+)>", r":\1", rule.rule)

    def _note(self, environ: "WSGIEnvironment", template: str | None, status: int | None) -> None:
        seen = cast(RequestsSeen, self._app.extensions["requests_seen"])
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        seen.add(Seen(method, path, template, environ.get(USER_ID), status))

    def _world(self) -> World:
        return cast(World, self._app.extensions["world"])


def _cut(environ: "WSGIEnvironment") -> ConnectionError:
    """Shut the client's connection; raise what this returns, so that the server sends nothing more."""
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return ConnectionAbortedError("a fault cut the connection")


def _proxy_page(status: int) -> Response:
    """What a proxy in front of Canvas says: HTML where JSON was expected."""
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>\n"
    return Response(page, status=status, content_type="text/html")
