"""Looking at a page: does it fit, can everybody use it, what does it look like."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page

WIDE, NARROW = 1280, 320
TOUCH = 44  # CSS pixels
TOO_SMALL = f"""() => [...document.querySelectorAll("button, a.button, select, input:not([type=hidden])")]
  .map(one => [one, (one.closest("label, .tick") || one).getBoundingClientRect()])
  .filter(([one, box]) => box.width && (box.height < {TOUCH} || box.width < {TOUCH}))
  .map(([one, box]) => `${{one.outerHTML}}: ${{box.width}} x ${{box.height}}`)"""
FITS = """() => new Promise((done, fail) => {
  const look = left => document.scrollingElement.scrollHeight <= innerHeight ? done()
    : left ? setTimeout(look, 50, left - 1) : fail("Canvas did not make the frame as tall as the page")
  look(60)
})"""
OVERFLOW = "document.scrollingElement.scrollWidth - innerWidth"


class Looker:
    """Looks at a page at two widths and in the dark, and keeps pictures where it is told to."""

    def __init__(self, album: Path | None) -> None:
        self.album = album
        self.axe = Axe()

    def __call__(self, name: str, page: Page, frame: Frame | None = None) -> None:
        """Look at a page, or at the frame within it."""
        before = page.viewport_size
        for width, dark in ((WIDE, False), (NARROW, False), (NARROW, True)):
            page.emulate_media(color_scheme="dark" if dark else "light")
            page.set_viewport_size({"width": width, "height": 800})
            label = f"{name}-{width}{'-dark' if dark else ''}"
            self._unfold(page, frame)
            self.examine(label, frame or page)
            if self.album:
                page.screenshot(path=self.album / f"{label}.png")
        page.emulate_media(color_scheme="light")
        if before:
            page.set_viewport_size(before)

    def examine(self, label: str, seen: Page | Frame) -> None:
        """Nothing sticks out, nothing is too small to touch, and axe finds nothing."""
        assert seen.evaluate(OVERFLOW) <= 0, f"{label}: scrolls sideways"
        assert seen.evaluate(TOO_SMALL) == [], f"{label}: too small to touch"
        found = self.axe.run(seen).response["violations"]
        assert [(label, rule["id"], node["html"]) for rule in found for node in rule["nodes"]] == []

    def _unfold(self, page: Page, frame: Frame | None) -> None:
        """Make the window as tall as the page, and wait for the frame to be as tall as what is in it."""
        if frame:
            frame.evaluate(FITS)
        height = max(800, page.evaluate("document.scrollingElement.scrollHeight"))
        page.set_viewport_size({"width": page.evaluate("innerWidth"), "height": height})
