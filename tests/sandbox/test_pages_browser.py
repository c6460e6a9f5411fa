"""The sandbox in a real browser: a tool of another site in Canvas's frame, and pages on a phone."""

from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.sandbox import campus as c
from tests.sandbox.campus import Campus
from tests.sandbox.framed import log_in, opened

pytestmark = pytest.mark.browser


def test_a_tool_of_another_site_stores_and_resizes_through_the_page(page: Page, tool: str) -> None:
    log_in(page, "Ida Teacher")
    page.goto(f"/courses/{c.COURSE}")
    page.get_by_role("link", name="Pairing").click()
    frame = opened(page)

    def ask(message: dict[str, Any], through: str | None = "post_message_forwarding") -> Any:
        return frame.evaluate("([message, frame]) => ask(message, frame)", [message, through])

    def put(key: str, value: str) -> Any:
        return ask({"subject": "lti.put_data", "key": key, "value": value, "message_id": "p"})

    def get(key: str, through: str | None = "post_message_forwarding") -> Any:
        return ask({"subject": "lti.get_data", "key": key, "message_id": "g"}, through)

    offered = ask({"subject": "lti.capabilities", "message_id": "1"}, None)["supported_messages"]
    assert {"subject": "lti.get_data", "frame": "post_message_forwarding"} in offered
    assert {"subject": "lti.frameResize"} in offered

    assert put("state", "s1") == {
        "subject": "lti.put_data.response",
        "message_id": "p",
        "key": "state",
        "value": "s1",
    }
    assert get("state")["value"] == get("state", None)["value"] == "s1"
    assert page.evaluate(f"localStorage.getItem('lti|platform_storage|{tool}|state')") == "s1"
    assert put("big", "x" * 4096)["error"]["code"] == "storage_exhaustion"
    assert put("state", "")["value"] is None
    assert get("state")["value"] is None
    missing = ask({"subject": "lti.put_data", "value": "x", "message_id": "m"})
    assert missing["error"] == {"code": "bad_request", "message": "Missing required 'key' field"}

    ask({"subject": "lti.frameResize", "height": 1234, "message_id": "h"}, None)
    assert page.locator("iframe[name=tool_content]").evaluate("frame => frame.style.height") == "1234px"
    assert ask({"subject": "lti.fetchWindowSize", "message_id": "w"}, None)["width"] == 320
    assert ask({"subject": "lti.getPageSettings", "message_id": "s"}, None)["pageSettings"]["locale"] == "en"
    unknown = ask({"subject": "lti.nonsense", "message_id": "u"}, None)
    assert unknown["error"]["code"] == "unsupported_subject"


def test_a_canvas_without_platform_storage_answers_so(page: Page, campus: Campus, tool: str) -> None:
    tools = campus.state()["lti_tools"]
    campus.becomes(lti_tools=tools, settings={"platform_storage": False})
    log_in(page, "Ida Teacher")
    page.goto(f"/courses/{c.COURSE}/external_tools/1")

    message = {"subject": "lti.get_data", "key": "k", "message_id": "1"}
    answer = opened(page).evaluate("message => ask(message)", message)

    assert answer["error"]["code"] == "unsupported_subject"
    assert page.frame("post_message_forwarding") is None


def test_a_tool_leaves_the_frame_for_the_full_window(page: Page, tool: str) -> None:
    log_in(page, "Ida Teacher")
    page.goto(f"/courses/{c.COURSE}/external_tools/1")
    asked = {"subject": "requestFullWindowLaunch", "data": f"{tool}/lti/launch?client_id={c.TOOL}"}

    opened(page).evaluate("message => canvas.postMessage(message, '*')", asked)
    page.wait_for_url(f"{tool}/lti/launch?*")

    assert "full_win_launch_requested=1" in page.url
    assert page.get_by_role("heading", name="Opened").is_visible()


def test_a_tool_in_its_own_window_finds_storage_at_its_opener(page: Page, tool: str) -> None:
    log_in(page, "Pat Parent")
    page.goto("/profile/settings")

    with page.expect_popup() as popup:
        page.get_by_role("link", name="My pairings").click()
    popup.value.get_by_role("heading", name="Opened").wait_for()

    message = {"subject": "lti.put_data", "key": "k", "value": "v", "message_id": "1"}
    answer = popup.value.evaluate("message => ask(message, 'post_message_forwarding')", message)
    assert answer["value"] == "v"


def test_a_student_makes_a_pairing_code_for_an_observer(page: Page, campus: Campus) -> None:
    campus.becomes(
        accounts=[c.WORLD["accounts"][0] | {"self_registration": "observer"}, *c.WORLD["accounts"][1:]]
    )
    log_in(page, "Lin Learner")
    page.goto("/profile/settings")

    page.get_by_role("button", name="Make a pairing code").click()
    page.wait_for_function("document.getElementById('pairing_code').textContent.length === 6")

    code = page.locator("#pairing_code").inner_text()
    log_in(page, "Olu Onlooker")
    page.goto("/profile/observees")
    page.get_by_label("Student pairing code").fill(code)
    page.get_by_role("button", name="Add student").click()
    assert page.get_by_role("button", name="Remove Lin Learner").is_visible()


PAGES = {
    "Ida Teacher": [
        "/",
        "/courses/100",
        "/courses/100/users",
        "/courses/100/users/30",
        "/courses/100/settings",
        "/courses/100/external_tools/1",
        "/courses/999",
    ],
    "Pat Parent": ["/", "/profile/observees", "/profile/settings", "/courses/100/grades/30", "/logout"],
    "Ada Admin": [
        "/accounts/1",
        "/accounts/1/apps",
        f"/accounts/1/apps/{c.TOOL}",
        "/accounts/1/authentication_providers",
    ],
}


def check(page: Page, path: str) -> None:
    """A page fits a phone and has no violation that axe finds."""
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    found = Axe().run(page, options={"iframes": False}).response["violations"]
    assert [(path, entry["id"], entry["nodes"][0]["html"]) for entry in found] == []


@pytest.mark.slow
def test_pages_are_accessible_and_fit_a_phone(page: Page, tool: str) -> None:
    check(page, "/login/canvas")
    for name, paths in PAGES.items():
        log_in(page, name)
        for path in paths:
            check(page, path)
    asked = {"client_id": c.KEY, "response_type": "code", "redirect_uri": c.CALLBACK}
    check(page, "/login/oauth2/auth?" + urlencode(asked))


def test_pages_for_strangers_are_accessible_and_fit_a_phone(page: Page, campus: Campus) -> None:
    providers = [{"id": 1, "auth_type": "saml"}, {"id": 2, "auth_type": "canvas"}]
    account = {"self_registration": "observer", "authentication_providers": providers}
    campus.becomes(accounts=[c.WORLD["accounts"][0] | account, *c.WORLD["accounts"][1:]])
    for path in ("/login/canvas", "/register", "/login/saml/1"):
        check(page, path)
    page.get_by_label("Username the school knows").fill("stranger")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").inner_text() == "Canvas doesn't have an account for user: stranger"
