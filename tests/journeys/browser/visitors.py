"""A person with a real browser, and what goes wrong in it."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Frame, Locator, Page, Response

from tests.journeys.browser.stage import TOOL, Stage

ANSWERED_WITH_A_REFUSAL = "Failed to load resource: the server responded with a status of "


class Visitor:
    """Somebody with a browser of their own. Its console is listened to: `problems` must stay empty."""

    def __init__(self, stage: Stage, context: BrowserContext, user_id: int | None = None) -> None:
        self.stage = stage
        self.context = context
        self.id = user_id
        self.problems: list[str] = []
        context.set_default_timeout(30_000)  # a busy machine is no failure
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("response", self._see)
        if user_id is not None:
            self.logs_in(user_id)
        self.page = context.pages[0] if context.pages else context.new_page()

    def logs_in(self, user_id: int) -> None:
        """Be somebody in Canvas, in this browser."""
        answer = self.context.request.post(
            f"{self.stage.canvas.url}/login/canvas", form={"user_id": str(user_id)}
        )
        assert answer.ok

    def opens(self, path: str) -> Page:
        """Open a page of the public site."""
        self.page.goto(f"{self.stage.app}{path}")
        return self.page

    def launches(self, place: str, heading: str = "") -> Frame:
        """Open Observatory inside Canvas, from the menu of a course, an account or a person."""
        self.page.goto(f"{self.stage.canvas.url}{place}/external_tools/{TOOL}")
        return self.framed(heading)

    def framed(self, heading: str = "") -> Frame:
        """The frame Observatory is in, once it shows this heading."""
        inside = self.page.frame_locator("iframe[name=tool_content]")
        inside.locator("h1", has_text=heading).filter(has_not_text="Opening Observatory").wait_for()
        frame = self.page.frame("tool_content")
        assert frame is not None
        return frame

    def authorizes(self) -> None:
        """Let Observatory use the account, on Canvas's own page."""
        self.page.get_by_role("button", name="Authorize").click()

    def signs_in(self) -> "Visitor":
        self.opens("/canvas/login")
        self.authorizes()
        self.page.get_by_role("heading", name="My students").wait_for()
        return self

    def redeems(self, code: str) -> Page:
        """Type a code and press the button, signed in or not."""
        page = self.opens("/pair")
        page.get_by_label("Code from your letter").fill(code)
        page.locator("main button.primary").click()
        if page.url.startswith(self.stage.canvas.url):
            self.authorizes()
            page.get_by_role("button", name="Connect me").click()
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ANSWERED_WITH_A_REFUSAL):
            self.problems.append(f"{message.text} ({message.location.get('url')})")

    def _see(self, response: Response) -> None:
        """What a page asks for by itself must be there."""
        asked_for = response.request
        if (
            response.status >= 400
            and not asked_for.is_navigation_request()
            and asked_for.resource_type != "xhr"
        ):
            self.problems.append(f"{response.status} {urlsplit(response.url).path}")


def press(frame: Frame, name: str, heading: str = "") -> None:
    """Press a button, and wait for the page it leads to: the one before may show the same words."""
    with frame.expect_navigation():
        frame.get_by_role("button", name=name, exact=True).click()
    frame.locator("h1", has_text=heading).wait_for()


def code_in(where: Frame | Page | Locator) -> str:
    """The first pairing code shown there."""
    return where.locator(".code").first.inner_text().strip()
