"""A server on loopback that answers what it is told to, however wrong."""

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    port: int  # the client's: one per connection

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode())


@dataclass(frozen=True)
class Reply:
    """What is sent back: JSON of `data`, or `body` as it is, or the `raw` pieces of a whole answer."""

    status: int = 200
    data: Any = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: Iterable[bytes] | None = None


@dataclass
class Remote:
    """The server: what it saw, and how it answers."""

    url: str
    answer: Callable[[Seen], Reply]
    seen: list[Seen] = field(default_factory=list)

    def says(self, *replies: Reply) -> None:
        """Answer with these, one after the other; the last one for ever."""
        left = list(replies)
        self.answer = lambda _seen: left.pop(0) if len(left) > 1 else left[0]


def serve() -> tuple[ThreadingHTTPServer, Remote]:
    """A server that is running; shut it down at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet per answer

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.command, self.path, headers, body, self.client_address[1])
            remote.seen.append(seen)
            try:
                self.reply(remote.answer(seen))
            except OSError:  # the client has seen enough
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

        def reply(self, reply: Reply) -> None:
            if reply.raw is not None:
                self.close_connection = True
                for piece in reply.raw:
                    self.wfile.write(piece)
                    self.wfile.flush()
                return
            body = json.dumps(reply.data).encode() if reply.body is None else reply.body
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | reply.headers
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # clients hang up when they have seen enough

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    remote = Remote(f"http://127.0.0.1:{server.server_port}", lambda _seen: Reply(data={}))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server, remote
