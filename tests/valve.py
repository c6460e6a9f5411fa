"""A valve in the pipe to Canvas: it can hold back the n-th call, or its answer, until the caller is gone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

BEFORE, AFTER = "before the effect", "after the effect"
NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "host"}


class Valve:
    """Passes everything on, except what `shut` says."""

    def __init__(self, canvas_url: str) -> None:
        self.http = httpx.Client(base_url=canvas_url, timeout=20, trust_env=False)
        self.url = ""
        self._lock = threading.Lock()
        self.open()

    def shut(self, number: int, moment: str) -> None:
        """Hold the call of this number, counted from now, in this moment. It never goes on."""
        self.open()
        with self._lock:
            self._number, self._moment = number, moment

    def open(self) -> None:
        """Let everything pass."""
        with self._lock:
            self._number, self._moment, self._seen = 0, "", 0
            self.holding, self._gone = threading.Event(), threading.Event()

    def caller_is_gone(self) -> None:
        """Whoever called is dead: let go of what is held."""
        self._gone.set()

    def holds(self) -> tuple[str | None, threading.Event]:
        """Count a call; the moment in which it is to be held, if it is the one."""
        with self._lock:
            self._seen += 1
            return (self._moment if self._seen == self._number else None), self._gone


@contextmanager
def valve_before(canvas_url: str) -> Iterator[Valve]:
    valve = Valve(canvas_url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            moment, gone = valve.holds()
            if moment == BEFORE:
                return self.hold(gone)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in NOT_PASSED_ON}
            answer = valve.http.request(self.command, self.path, headers=headers, content=body)
            if moment == AFTER:
                return self.hold(gone)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in {*NOT_PASSED_ON, "content-encoding"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)
            return None

        do_GET = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815 - the names http.server asks for

        def hold(self, gone: threading.Event) -> None:
            valve.holding.set()
            gone.wait(60)
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    valve.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield valve
    finally:
        valve.caller_is_gone()
        server.shutdown()
        thread.join()
        server.server_close()
        valve.http.close()
