"""The setup check in a real browser: found by itself, read by everybody, kept as a file."""

from pathlib import Path

import pytest
from playwright.sync_api import Frame

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.visitors import Visitor
from tests.people import ADMIN

pytestmark = pytest.mark.browser


def setup(admin: Visitor) -> Frame:
    frame = admin.launches("/accounts/1", "Observatory at")
    frame.get_by_role("button", name="Check the setup").click()
    frame.get_by_text("in order.").first.wait_for(timeout=20_000)
    return frame


def test_an_admin_checks_the_setup(meet: Meet, look: Looker) -> None:
    admin = meet(ADMIN)
    look("admin-home", admin.page, admin.launches("/accounts/1", "Observatory at"))
    frame = setup(admin)

    frame.get_by_text("Observatory opens inside Canvas in this browser.").wait_for()
    assert frame.get_by_text("Observatory can keep a cookie of its own inside Canvas.").is_visible()
    assert frame.get_by_text("Canvas keeps things for Observatory (platform storage).").is_visible()
    look("admin-setup", admin.page, frame)

    frame.get_by_role("button", name="Copy the scopes").wait_for()
    frame.get_by_text("Scopes of the service account: all").click()
    courses = "url:GET|/api/v1/users/:user_id/courses"
    assert frame.get_by_role("listitem").filter(has_text=courses).is_visible()


@pytest.mark.parametrize(("button", "kind"), [("Save as PDF", "pdf"), ("Save as a web page", "html")])
def test_the_report_is_saved_from_within_canvas(
    meet: Meet, look: Looker, tmp_path: Path, button: str, kind: str
) -> None:
    admin = meet(ADMIN)
    frame = setup(admin)

    with admin.page.expect_download() as saving:
        frame.get_by_role("button", name=button).click()
    path = tmp_path / saving.value.suggested_filename
    saving.value.save_as(path)

    assert path.name.startswith("observatory-demo-")
    assert path.suffix == f".{kind}"
    if kind == "html":
        page = admin.context.new_page()
        page.goto(path.as_uri())
        assert (
            page.get_by_role("heading", level=1).inner_text() == "Setup of Observatory at Maple Grove Schools"
        )
        look("admin-report", page)


def test_a_dry_run_is_told_step_by_step(meet: Meet, look: Looker) -> None:
    admin = meet(ADMIN)
    frame = setup(admin)

    frame.get_by_label("Test student's number in Canvas").fill("120")
    frame.get_by_label("Test observer's number in Canvas").fill("79")
    frame.get_by_role("button", name="Try it out and undo it").click()

    frame.get_by_text("The connection was ended; nothing is left of it").wait_for(timeout=20_000)
    look("admin-dry-run", admin.page, frame)
