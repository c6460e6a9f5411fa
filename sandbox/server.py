"""The sandbox as a Flask app and as a server on loopback."""

import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

from flask import Flask, request
from werkzeug import Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox import inspection, lti, oauth, pages, rest, sessions, throttle
from sandbox.answers import no_user_agent
from sandbox.gate import USER_ID, Gate
from sandbox.world import World, current_world


def create_app(make_world: Callable[[], World], faults: object = ()) -> Flask:
    """The sandbox around a world; `make_world` is called again at every reset."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask types the provider by its base
    restart = partial(inspection.begin, app.extensions, make_world, list(faults))  # type: ignore[call-overload]
    restart()
    app.extensions["begin"] = restart
    app.before_request(_insist_on_user_agent)
    throttle.watch(app)
    app.after_request(_name_visitor)
    for part in (inspection, rest, lti, oauth, pages):
        app.register_blueprint(part.blueprint)
    app.wsgi_app = Gate(app, app.wsgi_app)  # type: ignore[method-assign]
    return app


def serve(app: Flask, port: int, *, quiet: bool, tls: tuple[str, str] | None = None) -> None:
    """Answer at `localhost` until told to stop; port 0 picks a free one. Says `ready …` once it answers."""
    stopping = threading.Event()

    def stop(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    handler = _QuietHandler if quiet else _Handler
    for server in _servers(app, port, tls, handler):
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        port = server.port
    if not (tls or quiet):
        print("sandbox: plain HTTP, on loopback only", file=sys.stderr)
    print(f"ready http{'s' if tls else ''}://localhost:{port}", flush=True)
    stopping.wait()


class _Handler(WSGIRequestHandler):
    """HTTP/1.1, for proper framing; its request lines leave out queries, which may hold tokens."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        print(f"{self.command} {self.path.partition('?')[0]} {getattr(code, 'value', code)}", file=sys.stderr)


class _QuietHandler(_Handler):
    """The same without request lines."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def _servers(
    app: Flask, port: int, tls: tuple[str, str] | None, handler: type[WSGIRequestHandler]
) -> list[BaseWSGIServer]:
    """One server for each address `localhost` may mean, on the same port."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
    servers = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            listener = _listen(family, address, port)
        except OSError:
            if family == socket.AF_INET:
                raise
            continue
        port = listener.getsockname()[1]
        servers.append(
            make_server(
                address,
                port,
                app,
                threaded=True,
                request_handler=handler,
                ssl_context=context,
                fd=listener.detach(),
            )
        )
    return servers


def _listen(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    listener.listen(128)
    return listener


def _insist_on_user_agent() -> Response | None:
    """Requests to the API that do not say who they are get 403 (Instructure, "User-Agent header")."""
    concerned = request.path.startswith(("/api/", "/login/oauth2/"))
    if concerned and current_world().settings.require_user_agent and not request.headers.get("User-Agent"):
        return no_user_agent().response()
    return None


def _name_visitor(response: Response) -> Response:
    """Leave the person served where the log finds them."""
    if USER_ID not in request.environ:
        request.environ[USER_ID] = sessions.current_user_id()
    return response
