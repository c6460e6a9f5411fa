"""Without a service account: a student makes one of Canvas's own codes, in a tab of its own."""

from collections.abc import Iterator

import pytest

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.stage import Stage
from tests.journeys.browser.visitors import code_in

pytestmark = pytest.mark.browser

MATEO, PARENT = 108, 70


@pytest.fixture
def lost(stage: Stage) -> Iterator[None]:
    """Canvas takes the service account's token no longer."""
    stage.change("UPDATE tokens SET dead_since = created_at WHERE purpose = 'service'")
    yield
    stage.change("UPDATE tokens SET dead_since = NULL WHERE purpose = 'service'")


@pytest.mark.usefixtures("lost")
def test_a_student_makes_a_code_in_canvas(stage: Stage, meet: Meet, look: Looker) -> None:
    student = meet(MATEO)
    frame = student.launches(f"/users/{MATEO}", "Who can see my courses")
    frame.locator("[aria-busy]").wait_for(state="detached")
    look("student-not-connected", student.page, frame)

    with student.context.expect_page() as opened:
        frame.get_by_role("button", name="Make a code in Canvas").click()
    tab = opened.value
    tab.get_by_role("button", name="Authorize").click()
    tab.get_by_role("heading", name="Your code of Canvas").wait_for()

    look("student-canvas-code", tab)
    code = code_in(tab)
    assert len(code) == 6
    parent = meet(PARENT)
    page = parent.redeems(code)
    page.get_by_role("heading", name="You are connected to").wait_for()
    assert MATEO in stage.linked(PARENT)
