"""A tool of another site for Canvas's frame, and clicks that lead there."""

import re
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlencode

from playwright.sync_api import Frame, Page

TOOL_PAGE = """<!doctype html><title>Tool</title><h1>Opened</h1><script>
const canvas = parent === window ? opener : parent
const ask = (message, frame) => new Promise(answer => {
  addEventListener("message", function hear({data}) {
    if (data.subject !== message.subject + ".response" || data.message_id !== message.message_id) return
    removeEventListener("message", hear)
    answer(data)
  })
  ;(frame ? canvas.frames[frame] : canvas).postMessage(message, "*")
})
</script>"""


class Tool(BaseHTTPRequestHandler):
    """Answers login initiation as tools with platform storage do, from a script; then shows its page."""

    canvas = ""

    def do_GET(self) -> None:  # noqa: N802
        """Its registration page."""
        self._send(TOOL_PAGE)

    def do_POST(self) -> None:  # noqa: N802
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        page = TOOL_PAGE if "id_token" in form else f"refused: {form.get('error')}"
        if self.path.startswith("/lti/login"):
            page = f"<script>location.replace({self._authentication_request(form)!r})</script>"
        self._send(page)

    def _send(self, page: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def _authentication_request(self, form: dict[str, str]) -> str:
        kept = {name: form[name] for name in ("client_id", "login_hint", "lti_message_hint")}
        fixed = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
        }
        asked = kept | fixed | {"nonce": "n", "state": "s", "redirect_uri": form["target_link_uri"]}
        return f"{self.canvas}/api/lti/authorize_redirect?{urlencode(asked)}"

    def log_message(self, format: str, *args: object) -> None:
        return


def log_in(page: Page, name: str) -> None:
    page.goto("/login/canvas")
    page.get_by_role("button", name=re.compile(f"^{name}")).click()


def opened(page: Page) -> Frame:
    """The tool's frame, once the launch is through."""
    page.frame_locator("iframe[name=tool_content]").get_by_role("heading", name="Opened").wait_for()
    frame = page.frame("tool_content")
    assert frame is not None
    return frame
