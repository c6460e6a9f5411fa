"""By keyboard, from right to left, on a phone, on paper, without scripts, and with what scripts add."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import OVERFLOW, Looker
from tests.journeys.browser.stage import Stage
from tests.journeys.browser.visitors import Visitor, code_in
from tests.people import MATHS, TEACHER

pytestmark = pytest.mark.browser

ISABELLA, DMITRI, HANA = 114, 115, 116
FOCUSED = """() => {
  const one = document.activeElement
  const name = one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent
  return [name, getComputedStyle(one).outlineStyle]
}"""


def roster(visitor: Visitor) -> Frame:
    frame = visitor.launches(f"/courses/{MATHS}", "Observers in")
    frame.get_by_role("checkbox", name="Kenji Tanaka").wait_for()
    return frame


def issued(meet: Meet, student: str) -> str:
    frame = roster(meet(TEACHER))
    frame.get_by_role("checkbox", name=student).check()
    frame.get_by_role("button", name="Make codes for the ticked").first.click()
    frame.get_by_role("heading", name="1 code for Mathematics 7").wait_for()
    return code_in(frame)


def tab(page: Page, seen: Page | Frame) -> str:
    """Press the tab key; what has the focus now, which must be visible."""
    page.keyboard.press("Tab")
    words, outline = seen.evaluate(FOCUSED)
    assert outline == "solid", f"the focus on {words!r} cannot be seen"
    return " ".join(words.split())


def test_a_qr_link_fills_in_the_code_and_leaves_the_address(meet: Meet) -> None:
    page = meet().opens("/pair#K7Q2M-9XWPT")
    field = page.get_by_label("Code from your letter")
    expect(field).to_have_value("K7Q2M-9XWPT")
    assert page.url.endswith("/pair")

    page.evaluate("location.hash = '22222-33333'")  # a second QR code, while the page is open
    expect(field).to_have_value("22222-33333")
    assert page.url.endswith("/pair")
    assert page.evaluate("history.length") <= 3


def test_a_code_is_redeemed_by_keyboard_alone(meet: Meet) -> None:
    code = issued(meet, "Isabella Rossi")
    parent = meet(61)
    page = parent.opens("/pair")

    assert tab(page, page) == "Skip to the main part"
    assert tab(page, page).startswith("Observatory")
    assert tab(page, page) == "Code from your letter or message"
    page.keyboard.type(code.lower())
    assert tab(page, page) == "Sign in with Canvas and go on"
    page.keyboard.press("Enter")
    parent.authorizes()
    page.get_by_role("button", name="Connect me").wait_for()
    page.get_by_label("Code from your letter").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are connected to Isabella Rossi").wait_for()


def test_the_skip_link_leads_past_the_menu(meet: Meet) -> None:
    page = meet(61).signs_in().page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert tab(page, page) not in ("My students", "Sign out")


def test_the_roster_is_used_by_keyboard_alone(meet: Meet) -> None:
    teacher = meet(TEACHER)
    frame = roster(teacher)
    frame.get_by_role("button", name="Make codes for the ticked").first.focus()
    assert tab(teacher.page, frame).endswith("without an observer")
    assert tab(teacher.page, frame) == "Make codes for all 24 students"
    assert tab(teacher.page, frame).startswith("Tick all")
    assert tab(teacher.page, frame) == "Find a student"
    teacher.page.keyboard.type("hana")
    assert frame.get_by_role("row").count() == 2  # its head and one student
    assert tab(teacher.page, frame) == "Choose Hana Kim"
    teacher.page.keyboard.press("Space")
    frame.get_by_role("button", name="Make codes for the ticked").last.focus()
    teacher.page.keyboard.press("Enter")
    frame.get_by_role("heading", name="1 code for Mathematics 7").wait_for()
    assert frame.get_by_text("Hana Kim").is_visible()


def test_the_roster_ticks_counts_and_finds(meet: Meet) -> None:
    frame = roster(meet(TEACHER))
    everybody = frame.get_by_role("checkbox", name="Tick all")
    ticked = frame.get_by_text(re.compile("^Ticked: "))
    boxes = frame.get_by_role("checkbox", name=re.compile("^Choose"))

    everybody.check()
    expect(ticked).to_have_text(f"Ticked: {boxes.count()}")
    frame.get_by_role("checkbox", name="Kenji Tanaka").uncheck()
    expect(ticked).to_have_text(f"Ticked: {boxes.count() - 1}")
    assert everybody.evaluate("box => box.indeterminate")
    everybody.check()
    everybody.uncheck()
    expect(ticked).to_have_text("Ticked: 0")

    find = frame.get_by_label("Find a student")
    find.fill("AMELIE")
    expect(boxes).to_have_count(1)
    everybody.check()
    expect(ticked).to_have_text("Ticked: 1")
    find.fill("nobody at all")
    expect(frame.get_by_text("No student here is called that.")).to_be_visible()
    find.press("Enter")
    find.fill("")
    expect(frame.get_by_role("checkbox", name="Amélie Dubois")).to_be_checked()


def test_a_code_is_copied(meet: Meet, stage: Stage) -> None:
    teacher = meet(TEACHER)
    teacher.context.grant_permissions(["clipboard-read", "clipboard-write"])
    frame = roster(teacher)
    frame.get_by_role("checkbox", name="Dmitri Volkov").check()
    frame.get_by_role("button", name="Make codes for the ticked").first.click()
    frame.get_by_role("heading", name="1 code for Mathematics 7").wait_for()
    frame.get_by_role("button", name="Copy").click()
    frame.get_by_role("button", name="Copied").wait_for()
    assert teacher.page.evaluate("navigator.clipboard.readText()") == code_in(frame)


def test_a_button_works_once(meet: Meet, stage: Stage) -> None:
    parent = meet(62).signs_in()
    page = parent.opens("/pair")
    page.get_by_label("Code from your letter").fill("00000-00000")
    posted = []
    page.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
    page.evaluate(
        "() => { const button = document.querySelector('main button'); button.click(); button.click() }"
    )
    page.get_by_role("alert").wait_for()
    assert len(posted) == 1


def test_a_lost_connection_is_told_with_a_way_on(meet: Meet) -> None:
    teacher = meet(TEACHER)
    teacher.context.route("**/instructor/students", lambda route: route.abort(), times=1)
    frame = teacher.launches(f"/courses/{MATHS}", "Observers in")
    frame.get_by_role("alert").get_by_text("There is no connection").wait_for()
    frame.get_by_role("button", name="Try again").click()
    frame.get_by_role("checkbox", name="Kenji Tanaka").wait_for()
    teacher.problems.clear()  # the console speaks of the lost connection


def test_a_code_is_redeemed_without_scripts(meet: Meet) -> None:
    code = issued(meet, "Ravi Patel")
    page = meet(63, java_script_enabled=False).redeems(code)
    page.get_by_role("heading", name="You are connected to Ravi Patel").wait_for()
    page.get_by_role("link", name="My students").first.click()
    page.get_by_role("button", name="Leave Mathematics 7").click()
    page.get_by_role("button", name="Yes, leave").click()
    page.get_by_role("heading", name="You have left").wait_for()


def test_everything_fits_at_four_times_the_size(meet: Meet) -> None:
    visitor = meet(64, viewport={"width": 320, "height": 256})  # 1280 x 1024 at 400 %
    for path in ("/", "/pair", "/observer/", "/nothing"):
        assert visitor.opens(path).evaluate(OVERFLOW) <= 0, path


def test_pages_are_mirrored_for_scripts_from_right_to_left(meet: Meet, look: Looker) -> None:
    visitor = meet(TEACHER)
    visitor.context.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => { document.documentElement.dir = 'rtl' })"
    )
    for path in ("/", "/pair"):
        look(f"rtl-{path.strip('/') or 'front'}", visitor.opens(path))
    page = visitor.page
    field, button = page.get_by_label("Code from your letter"), page.locator("main button.primary")
    page.set_viewport_size({"width": 1280, "height": 800})
    edges = [box["x"] + box["width"] for one in (field, button) if (box := one.bounding_box())]
    assert abs(edges[0] - edges[1]) <= 1, "field and button begin at the same edge, on the right"
    look("rtl-roster", page, roster(visitor))


def test_codes_print_neatly(meet: Meet, album: Path | None) -> None:
    teacher = meet(TEACHER)
    frame = roster(teacher)
    for student in ("Kenji Tanaka", "Emma Johansson", "Grace O'Brien"):
        frame.get_by_role("checkbox", name=student).check()
    frame.get_by_role("button", name="Make codes for the ticked").first.click()
    frame.get_by_role("button", name="Print").wait_for()
    printed(teacher.page, frame, album, "print-slips")

    student = meet(HANA)
    frame = student.launches(f"/users/{HANA}", "Who can see my courses")
    frame.get_by_role("button", name="Make a code").click()
    frame.get_by_role("button", name="Print").wait_for()
    assert frame.get_by_role("img", name="QR code").is_visible()
    printed(student.page, frame, album, "print-student")


def printed(page: Page, frame: Frame, album: Path | None, name: str) -> None:
    """No buttons on paper, but the codes."""
    page.emulate_media(media="print")
    assert frame.locator(".code").first.is_visible()
    assert frame.locator("button:visible").count() == 0
    if album:
        frame.locator("html").screenshot(path=album / f"{name}.png")
    page.emulate_media(media="screen")
