"""QR codes as SVG, inside the page: no image address that could leak what it holds."""

import segno
from markupsafe import Markup


def svg(text: str) -> Markup:
    """A QR code of this text, 29 mm or more in print; the page around it says what it is."""
    drawn: str = segno.make(text, error="m").svg_inline(
        scale=6, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup(drawn)  # noqa: S704 - segno's own drawing of modules; holds no text of anybody's
