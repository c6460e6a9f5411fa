"""The first page, signing up and the admin's page about them, in a real browser."""

import pytest
from playwright.sync_api import Page

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.visitors import code_in, press
from tests.people import ADMIN

pytestmark = pytest.mark.browser

ELIF = 111


def student_code(meet: Meet, student: int) -> str:
    frame = meet(student).launches(f"/users/{student}", "Who can see my courses")
    frame.get_by_role("button", name="Make a code").click()
    frame.get_by_role("button", name="Take the code back").wait_for()
    return code_in(frame)


def fill(page: Page, email: str) -> None:
    page.get_by_label("Your full name").fill("Robin Everly-Featherstonehaugh")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("Choose a password").fill("correct horse battery")
    page.get_by_label("I agree to Canvas's terms of use.").check()


def test_a_family_makes_an_account_and_signs_in(meet: Meet, look: Looker) -> None:
    code = student_code(meet, ELIF)
    family = meet()
    page = family.opens(f"/sign-up#{code}")
    assert page.get_by_label("Code from your letter").input_value() == code
    look("sign-up", page)

    page.get_by_role("button", name="Make my account").click()
    page.get_by_text("Something needs another look.").wait_for()
    look("sign-up-mistakes", page)

    fill(page, "robin@families.example")
    page.get_by_role("button", name="Make my account").click()
    page.get_by_role("heading", name="Your account is made").wait_for()
    look("sign-up-done", page)

    other = meet()
    again = other.opens(f"/sign-up#{code}")
    fill(again, "robin@families.example")
    again.get_by_label("Choose a password").fill("another one entirely")
    again.get_by_role("button", name="Make my account").click()
    again.get_by_role("heading", name="Your account").first.wait_for()


def test_the_first_page_with_each_answer(meet: Meet, look: Looker) -> None:
    visitor = meet()
    for who in ("school", "parent", "new", "unsure", "wrong"):
        look(f"front-{who}", visitor.opens(f"/?who={who}"))
    look("front-message", visitor.opens("/?who=again&message=Canvas doesn't have an account for user: robin"))


def test_the_first_page_from_right_to_left(meet: Meet, look: Looker) -> None:
    visitor = meet()
    for path in ("/", "/?who=parent", "/sign-up"):
        page = visitor.opens(path)
        page.evaluate("document.documentElement.dir = 'rtl'")
        look.examine(f"rtl-{path}", page)


def test_the_choice_is_remembered_without_scripts(meet: Meet) -> None:
    visitor = meet(java_script_enabled=False)
    visitor.opens("/").get_by_role("link", name="Parent with an account").click()

    page = visitor.opens("/")

    assert page.get_by_role("heading", level=1).inner_text() == "Parents and other observers: log in"


def test_the_admins_page(meet: Meet, look: Looker) -> None:
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "See accounts and first page", "Accounts for families")
    press(frame, "Read the logins from Canvas", "Accounts for families")
    frame.get_by_text("Look below whether each login").wait_for()
    look("admin-registration", admin.page, frame)

    press(frame, "Set it in Canvas", "Let Canvas lead to the first page?")
    look("admin-registration-discovery", admin.page, frame)
    press(frame, "No, leave it", "Accounts for families")
