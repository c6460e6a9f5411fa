"""An admin imports a sheet in a real browser: every page on the way, and its way back."""

from pathlib import Path

import pytest
from playwright.sync_api import Frame

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.stage import Stage
from tests.journeys.browser.visitors import Visitor, press
from tests.people import ADMIN, MATHS, SERVICE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROWS = """Parent name;Parent e-mail;Parent SIS id;Student SIS id;Course;Last day;Purpose;Action
Nina Newcomer;nina@family.test;;S000105;;;;
Nina Newcomer;nina@family.test;;S000106;;;;
Ned Newcomer;nina@family.test;;S000105;;;;
Casey Coach;casey@club.test;;S000107;M101;12/03/2031;Coach;
Maximiliana-Alexandrina Featherstonehaugh-Cholmondeley-Warner;{long}@family.test;;S000108;;;;
Olga Other;{shared};Q7;S000109;;;;
Nobody Known;nobody@family.test;;S999999;;;;
Nobody Written;;;S000105;;;;
Late Comer;late@club.test;;S000105;M101;2020-01-01;Coach;
""".format(long="maximiliana-alexandrina.featherstonehaugh", shared="parent44@family.test")


def upload(admin: Visitor, sheet: Path) -> Frame:
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "Import a sheet", "Import observers")
    frame.get_by_label("Sheet").set_input_files(sheet)
    press(frame, "Upload", "What the columns mean")
    return frame


def awaited(frame: Frame, button: str, heading: str) -> None:
    """Press it and wait until somebody has to decide; the page finds out by itself, and goes there."""
    press(frame, button)
    frame.get_by_role("heading", name=heading, level=1).wait_for(timeout=60_000)


def test_the_pages_of_an_import(meet: Meet, look: Looker, stage: Stage, tmp_path: Path) -> None:
    prepare(stage)
    sheet = tmp_path / "parents of year 7.csv"
    sheet.write_text(ROWS, "utf-8")
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "Import a sheet", "Import observers")
    look("import-home", admin.page, frame)

    frame = upload(admin, sheet)
    look("import-columns", admin.page, frame)
    stage.change("UPDATE tokens SET purpose = 'observer' WHERE purpose = 'service'")
    press(frame, "Show what would happen")
    frame.get_by_role("button", name="Make the files without Canvas").wait_for(timeout=60_000)
    assert frame.get_by_text("No account is connected").is_visible()
    look("import-stopped", admin.page, frame)
    awaited(frame, "Make the files without Canvas", "Files for Canvas")
    look("import-files", admin.page, frame)

    stage.change(
        "UPDATE tokens SET purpose = 'service'"
        " WHERE person_id = (SELECT id FROM people WHERE canvas_user_id = ?)",
        str(SERVICE),
    )
    frame = upload(admin, sheet)
    awaited(frame, "Show what would happen", "What would happen")
    look("import-preview", admin.page, frame)
    for shown in (
        "Two people seem to share one e-mail address, login or id",
        "Canvas does not know the student",
    ):
        press(frame, f"Show: {shown}")
        frame.get_by_role("heading", name=shown, level=2).wait_for()
        look(f"import-preview-{shown.split()[0].lower()}", admin.page, frame)
    stage.canvas.fault(method="POST", route="/api/v1/accounts/:account_id/users", delay=6, count=1)
    press(frame, "Do 4 rows one by one")
    frame.get_by_role("button", name="Pause").wait_for()
    look("import-progress", admin.page, frame)
    press(frame, "Pause", "The import has stopped")
    look("import-paused", admin.page, frame)
    awaited(frame, "Go on", "The import is done")
    look("import-result", admin.page, frame)
    press(frame, "See what undoing would do", "Undo this import?")
    look("import-undo", admin.page, frame)
    awaited(frame, "Yes, undo it", "The import was undone")
    look("import-undone", admin.page, frame)


def prepare(stage: Stage) -> None:
    """The school's course has an SIS id, and one parent's address is known."""
    world = stage.canvas.state()
    for course in world["courses"]:
        course["sis_course_id"] = "M101" if course["id"] == MATHS else None
    for user in world["users"]:
        if user["id"] == 44:
            user["email"] = "parent44@family.test"
    stage.canvas.use(world)
