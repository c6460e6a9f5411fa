"""How Canvas looks around us: the main color of an account's theme, if everybody can read it."""

import json
import re
from typing import Any

# In the order of liking (Canvas's theme editor; `$com.instructure.brandConfigJSON`).
COLORS = ("ic-brand-primary", "ic-link-color", "ic-brand-button--primary-bgd")
COLOR = re.compile(r"#?([0-9a-fA-F]{6})")
GROUND = "f4f6fa"  # the darkest light ground that words of this color stand on
ENOUGH = 4.5  # WCAG 2.2, criterion 1.4.3


def accent(brand: object) -> str | None:
    """Six hex digits out of a theme as Canvas writes it; None if there is no color that can be read."""
    if isinstance(brand, str):
        try:
            brand = json.loads(brand)
        except (ValueError, RecursionError):
            return None
    if not isinstance(brand, dict):
        return None
    return next(filter(None, (_color(brand.get(name)) for name in COLORS)), None)


def readable(color: str) -> bool:
    """Whether words of this color can be read on our grounds, and white words on it."""
    dark, light = sorted((_luminance(color), _luminance(GROUND)))
    return (light + 0.05) / (dark + 0.05) >= ENOUGH


def _color(value: Any) -> str | None:
    found = COLOR.fullmatch(value) if isinstance(value, str) else None
    color = found[1].lower() if found else None
    return color if color and readable(color) else None


def _luminance(color: str) -> float:
    """The relative luminance of WCAG 2.2, from 0 for black to 1 for white."""
    parts = (int(color[start : start + 2], 16) / 255 for start in (0, 2, 4))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
