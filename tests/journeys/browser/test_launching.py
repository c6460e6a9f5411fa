"""Into Observatory from Canvas, whatever a browser lets a frame remember."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.journeys.browser import cookies
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.stage import Stage
from tests.journeys.browser.visitors import Visitor
from tests.people import MATHS, TEACHER

pytestmark = pytest.mark.browser

COURSE = f"/courses/{MATHS}"
HEADING = "Observers in Mathematics 7"
Arrive = Callable[..., Visitor]


@pytest.fixture
def arrive(stage: Stage, driver: Playwright, tmp_path: Path) -> Iterator[Arrive]:
    """A teacher with a browser that has these rules for cookies."""
    with ExitStack() as stack:

        def arrive(mode: int, *blocked: tuple[str, str]) -> Visitor:
            context = stack.enter_context(cookies.profile(driver, tmp_path / "profile", mode, *blocked))
            return Visitor(stage, context, TEACHER)

        yield arrive


@pytest.fixture
def no_storage(stage: Stage) -> Iterator[None]:
    """A Canvas without platform storage."""
    state = stage.canvas.state()
    stage.canvas.use({**state, "settings": {**state["settings"], "platform_storage": False}})
    yield
    stage.canvas.use({**stage.canvas.state(), "settings": state["settings"]})


def stored_in_canvas(visitor: Visitor) -> list[str]:
    """What Canvas's page keeps for tools."""
    return [
        key
        for key in visitor.page.evaluate("Object.keys(localStorage)")
        if key.startswith(f"lti|platform_storage|{visitor.stage.app}")
    ]


@pytest.mark.parametrize(("mode", "plain"), [(cookies.THIRD_PARTY_BLOCKED, False), (cookies.ALLOWED, True)])
@pytest.mark.usefixtures("no_storage")
def test_a_launch_needs_no_third_party_cookies(arrive: Arrive, mode: int, plain: bool) -> None:
    teacher = arrive(mode)
    teacher.page.goto(f"{teacher.stage.canvas.url}/login/canvas")
    assert cookies.plain_cookie_comes_back(teacher.page) is plain

    for _again in range(2):
        frame = teacher.launches(COURSE, HEADING)
        frame.get_by_role("checkbox", name="Kenji Tanaka").wait_for()

    assert stored_in_canvas(teacher) == []
    assert teacher.problems == []


def test_a_launch_needs_no_cookies_where_canvas_has_storage(arrive: Arrive) -> None:
    teacher = arrive(cookies.THIRD_PARTY_BLOCKED, ("http://127.0.0.1", "*"))
    teacher.page.goto(f"{teacher.stage.canvas.url}/login/canvas")
    assert not cookies.plain_cookie_comes_back(teacher.page)

    frame = teacher.launches(COURSE, HEADING)
    frame.get_by_role("checkbox", name="Kenji Tanaka").wait_for()

    assert teacher.context.cookies(f"{teacher.stage.app}/lti") == []
    assert len(stored_in_canvas(teacher)) == 1
    assert teacher.problems == []


@pytest.mark.usefixtures("no_storage")
def test_with_neither_a_new_tab_leads_there(arrive: Arrive, stage: Stage, look: Looker) -> None:
    teacher = arrive(cookies.THIRD_PARTY_BLOCKED, (stage.app, stage.canvas.url))
    teacher.page.goto(f"{stage.canvas.url}{COURSE}/external_tools/1")
    frame = teacher.page.frame_locator("iframe[name=tool_content]")
    link = frame.get_by_role("link", name="Open in a new tab")
    link.wait_for()
    assert frame.get_by_text("so Observatory opens in a tab of its own").is_visible()
    assert link.evaluate("link => link === document.activeElement")
    look("launch-in-new-tab", teacher.page, teacher.page.frame("tool_content"))

    with teacher.context.expect_page() as opened:
        link.press("Enter")
    tab = opened.value
    tab.get_by_role("heading", name=HEADING).wait_for()
    tab.get_by_role("checkbox", name="Kenji Tanaka").check()
    tab.get_by_role("button", name="Make codes for the ticked").first.click()
    tab.get_by_role("heading", name="1 code for Mathematics 7").wait_for()
    assert teacher.problems == []


def test_a_launch_works_without_scripts(stage: Stage, meet: Callable[..., Visitor]) -> None:
    teacher = meet(TEACHER, java_script_enabled=False)
    teacher.page.goto(f"{stage.canvas.url}{COURSE}/external_tools/1")
    frame = teacher.page.frame_locator("iframe[name=tool_content]")
    frame.get_by_role("button").click()  # Canvas's own form
    frame.get_by_role("link", name="Continue here").click()
    frame.get_by_role("button").click()  # Canvas's answer

    frame.get_by_role("heading", name=HEADING).wait_for()
    frame.get_by_role("button", name="Show the students").click()
    frame.get_by_role("checkbox", name="Tane Ngata").check()
    frame.get_by_role("button", name="Make codes for the ticked").first.click()
    frame.get_by_role("heading", name="1 code for Mathematics 7").wait_for()
