"""A real Chromium before a real server: people with browsers, and eyes that look at every page."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.chromium import launch_options
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.stage import Stage, running
from tests.journeys.browser.visitors import Visitor
from tests.programs import ROOT

SCREENSHOTS = ROOT / "screenshots"
Meet = Callable[..., Visitor]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", action="store_true", help="save every page looked at to screenshots/")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One for each module, so that no test depends on which others ran before it, or in which process."""
    with running(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="package")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def chromium(driver: Playwright) -> Iterator[Browser]:
    browser = driver.chromium.launch(**launch_options())
    yield browser
    browser.close()


@pytest.fixture
def meet(stage: Stage, chromium: Browser) -> Iterator[Meet]:
    """Meet somebody with a browser of their own; its console must stay quiet."""
    visitors: list[Visitor] = []

    def meet(user_id: int | None = None, **options: Any) -> Visitor:
        visitors.append(Visitor(stage, chromium.new_context(**options), user_id))
        return visitors[-1]

    yield meet
    stage.canvas.call("DELETE", "/_sandbox/faults")
    for visitor in visitors:
        visitor.context.close()
    assert [problem for visitor in visitors for problem in visitor.problems] == []


@pytest.fixture(scope="package")
def album(request: pytest.FixtureRequest) -> Path | None:
    """Where screenshots go, if they were asked for."""
    if not request.config.getoption("--screenshots", default=False):
        return None
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir()
    return SCREENSHOTS


@pytest.fixture
def look(album: Path | None) -> Looker:
    return Looker(album)
