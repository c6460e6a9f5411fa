"""Installing Observatory in Canvas, and opening it from its cards and menus, with real eyes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Frame

from tests.facts import fact
from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import FITS, Looker
from tests.journeys.browser.stage import Stage
from tests.journeys.browser.visitors import Visitor
from tests.people import ADMIN, MATHS, TEACHER
from tests.programs import observatory

pytestmark = pytest.mark.browser

KENJI, PARENT, NEWCOMER = 105, 40, 60
SIZES = """() => { window.sizes = []; addEventListener("message",
  event => event.data.subject === "lti.frameResize" && sizes.push(event.data.height)) }"""


def invitation(stage: Stage) -> str:
    """What the command prints, run beside the demo."""
    ran = observatory(
        *("platform", "invite", "--canvas-url", stage.canvas.url, "--slug", "demo"),
        DATABASE_URL=f"sqlite:///{stage.database}",
        OBSERVATORY_PUBLIC_URL=stage.app,
        OBSERVATORY_SECRET_KEYS=json.loads((stage.database.parent / "secrets.json").read_text())[
            "secret_keys"
        ],
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def opens_registration(admin: Visitor, address: str) -> Frame:
    admin.page.goto(f"{admin.stage.canvas.url}/accounts/1/apps")
    admin.page.get_by_label("Registration URL").fill(address)
    admin.page.get_by_role("button", name="Open the tool's registration page").click()
    admin.page.frame_locator("iframe[name=registration]").locator("h1").wait_for()
    frame = admin.page.frame("registration")
    assert frame is not None
    return frame


@fact("lti 4.2", "Canvas opens a tool's registration page in a frame, and closes it on the tool's message.")
def test_an_administrator_installs_it(meet: Meet, stage: Stage, look: Looker) -> None:
    admin = meet(ADMIN)
    address = invitation(stage)
    frame = opens_registration(admin, address)
    for page in (admin.page, frame):  # Canvas gives this frame a height of its own
        assert page.get_by_role("heading", level=1).is_visible()
    look.examine("install-questions", frame)
    alone = meet()
    alone.page.goto(address)
    look("install-outside-canvas", alone.page)

    frame.get_by_label("Main menu at the side").uncheck()
    assert frame.get_by_label("Administration menu").is_disabled()
    frame.get_by_role("button", name="Install").click()
    frame.get_by_role("heading", name="Observatory knows your Canvas").wait_for()
    look.examine("install-done", frame)
    frame.get_by_role("button", name="Close this window").click()

    admin.page.get_by_role("heading", name="Confirm this app").wait_for()
    assert not admin.page.get_by_label("global_navigation").is_visible()

    frame = opens_registration(admin, address)
    frame.get_by_role("heading", name="This invitation is used up").wait_for()
    look.examine("install-spent", frame)


def test_a_teacher_opens_a_card(meet: Meet, stage: Stage, look: Looker) -> None:
    teacher = meet(TEACHER)
    teacher.page.goto(f"{stage.canvas.url}/courses/{MATHS}/users/{KENJI}")
    teacher.page.get_by_role("link", name="Observers and codes").click()
    frame = teacher.framed("One student in Mathematics 7")
    frame.get_by_role("heading", name="Kenji Tanaka").wait_for()
    look("card-without-code", teacher.page, frame)
    frame.get_by_role("button", name="Make a code").click()
    frame.get_by_role("heading", name="1 code for Mathematics 7").wait_for()
    frame.get_by_role("button", name="Back to the student", exact=True).click()
    frame.get_by_role("button", name="Take back the code of Kenji Tanaka").wait_for()
    look("card-with-code", teacher.page, frame)

    frame.get_by_role("button", name="Take back the code of Kenji Tanaka").click()
    frame.get_by_text("The code was taken back.").wait_for()
    frame.get_by_role("button", name="All students of this course").click()
    frame.get_by_role("checkbox", name="Kenji Tanaka").wait_for()


def test_the_main_menu_opens_a_tab(meet: Meet, stage: Stage, look: Looker) -> None:
    for user, heading in ((PARENT, "Observers have their own page"), (TEACHER, "Where to find Observatory")):
        somebody = meet(user)
        somebody.page.goto(f"{stage.canvas.url}/")
        bar = somebody.page.get_by_role("navigation", name="Global")
        with somebody.context.expect_page() as opened:
            bar.get_by_role("link", name="Observatory (new window)").click()
        tab = opened.value
        tab.get_by_role("heading", name=heading).wait_for()
        look(f"main-menu-{user}", tab)


@pytest.fixture
def dressed(stage: Stage) -> Iterator[None]:
    """A Canvas in the school's color, and a teacher who asked for high contrast in it."""
    before = stage.canvas.state()

    def wear(brand: Any, high_contrast: bool) -> None:
        world = stage.canvas.state()
        world["accounts"][0]["brand"] = brand
        next(one for one in world["users"] if one["id"] == TEACHER)["high_contrast"] = high_contrast
        stage.canvas.use(world)

    wear({"ic-brand-primary": "#7a0019"}, high_contrast=True)
    yield
    wear(before["accounts"][0].get("brand"), high_contrast=False)


@pytest.mark.usefixtures("dressed")
def test_pages_look_as_canvas_does(meet: Meet, look: Looker) -> None:
    for user, color in ((ADMIN, "rgb(122, 0, 25)"), (TEACHER, "rgb(10, 45, 110)")):
        somebody = meet(user)
        frame = somebody.launches(f"/courses/{MATHS}", "Observers in")
        frame.locator("[aria-busy]").wait_for(state="detached")
        accent = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
        probe = "color => { document.body.style.color = color; return getComputedStyle(document.body).color }"
        seen = frame.evaluate(probe, frame.evaluate(accent))
        assert seen == color
        frame.evaluate("document.body.style.color = ''")
        look(f"dressed-{user}", somebody.page, frame)


@fact("lti 5", "lti.frameResize makes the frame as tall as the tool says.")
def test_a_frame_is_as_tall_as_its_page_and_comes_to_rest(meet: Meet, stage: Stage) -> None:
    teacher = meet(TEACHER)
    teacher.page.add_init_script(f"({SIZES})()")
    frame = teacher.launches(f"/courses/{MATHS}", "Observers in")
    frame.locator("[aria-busy]").wait_for(state="detached")
    height = "document.body.getBoundingClientRect().height"

    for width in (1280, 320, 1280):
        teacher.page.set_viewport_size({"width": width, "height": 800})
        frame.evaluate(FITS)
        teacher.page.wait_for_function(
            "wanted => Math.abs(sizes.at(-1) - wanted) < 6", arg=frame.evaluate(height)
        )

    told = teacher.page.evaluate("sizes")
    assert len(told) < 30
    assert all(one != other for one, other in zip(told, told[1:], strict=False))


@fact("lti 5", "lti.scrollToTop moves Canvas's page to its top.")
def test_the_next_page_is_read_from_its_beginning(meet: Meet) -> None:
    """Canvas's page, not the frame, is what scrolls: it would stay where the last page was left."""
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    opens = frame.get_by_role("button", name="See and change the policy")
    opens.scroll_into_view_if_needed()
    admin.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert admin.page.evaluate("scrollY") > 0

    opens.click()
    frame.get_by_role("heading", name="Policy", level=1).wait_for()

    admin.page.wait_for_function("scrollY === 0")
