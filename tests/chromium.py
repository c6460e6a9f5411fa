"""The Chromium the tests drive: the system's own, or the one Playwright has installed."""

import os
import shutil
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--disable-site-isolation-trials",  # Playwright now and then loses a frame that changes its process
)


def launch_options() -> dict[str, Any]:
    """How to launch it: on nobody's screen, and sending nothing but what a test sends."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": installed(), "args": [*QUIET, *root]}


def installed() -> Path | None:
    """The system's Chromium; None leaves the choice to Playwright."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None
