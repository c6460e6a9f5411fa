"""What Canvas's page answers to the tool in its frame, in a real browser."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from playwright.sync_api import Frame, Page

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import Campus
from tests.sandbox.framed import log_in, opened
from tests.sandbox.test_lti_registration import registration

pytestmark = pytest.mark.browser

PATH = f"/courses/{c.COURSE}/external_tools/1"
DISPLAY = {
    *("lti.scrollToTop", "lti.enableScrollEvents", "lti.showAlert", "lti.screenReaderAlert"),
    *("lti.setUnloadMessage", "lti.removeUnloadMessage", "lti.showModuleNavigation"),
    *("lti.hideRightSideWrapper", "lti.resourceImported", "toggleCourseNavigationMenu"),
    *("showNavigationMenu", "hideNavigationMenu"),
}


class Asking:
    """The tool in its frame, asking Canvas's page or the storage frame beside it."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def __call__(self, subject: str, through: str | None = None, **message: Any) -> Any:
        asked = {"subject": subject, "message_id": "m", **message}
        return self.frame.evaluate("([message, frame]) => ask(message, frame)", [asked, through])

    def send(self, subject: str, **message: Any) -> None:
        self.frame.evaluate("message => canvas.postMessage(message, '*')", {"subject": subject, **message})


def opened_by(page: Page, name: str) -> Asking:
    log_in(page, name)
    page.goto(PATH)
    return Asking(opened(page))


@fact("lti 5", "lti.capabilities lists every subject; get and put name the frame post_message_forwarding.")
@fact("lti 5", "Answers have the subject with .response and echo message_id.")
@fact("lti 5", "An unknown subject of LTI is answered with unsupported_subject; others not at all.")
@fact("lti 5", "The display subjects are answered too.")
@fact("lti 5", "frameResize resizes the frame, without a token; fetchWindowSize tells sizes and offsets.")
def test_every_subject_is_answered(page: Page, tool: str) -> None:
    ask = opened_by(page, "Ida Teacher")

    supported = ask("lti.capabilities")["supported_messages"]
    assert DISPLAY | {"lti.get_data", "lti.frameResize", "requestFullWindowLaunch"} <= {
        one["subject"] for one in supported
    }
    assert [one["subject"] for one in supported if "frame" in one] == ["lti.put_data", "lti.get_data"]

    for subject in DISPLAY - {"lti.setUnloadMessage"}:
        answer = ask(subject, body="Saved")
        assert (answer["subject"], answer["message_id"]) == (f"{subject}.response", "m")
        assert "error" not in answer
    assert page.get_by_text("Tool: Saved").is_visible()
    assert ask("lti.showAlert")["error"]["code"] == "bad_request"
    assert ask("lti.nonsense")["error"]["code"] == "unsupported_subject"
    assert ask("lti.frameResize", height=987)["subject"] == "lti.frameResize.response"
    assert page.locator("iframe[name=tool_content]").evaluate("frame => frame.style.height") == "987px"
    assert set(ask("lti.fetchWindowSize")) >= {"height", "width", "footer", "offset", "scrollY"}


@fact("lti 5", "getPageSettings gives locale, time_zone, use_high_contrast and the address of the theme.")
@fact("lti 5", "getPageContent needs its scope on the key.", uncertain="the error's code was not read")
def test_the_page_tells_how_it_looks(page: Page, campus: Campus, tool: str) -> None:
    likes = {"locale": "de", "time_zone": "Europe/Berlin", "high_contrast": True}
    users = [row | likes if row["id"] == c.TEACHER else row for row in c.WORLD["users"]]
    accounts = [row | {"brand": {"mine": row["id"]}} for row in c.WORLD["accounts"]]
    campus.becomes(users=users, accounts=accounts, lti_tools=campus.state()["lti_tools"])
    ask = opened_by(page, "Ida Teacher")

    settings = ask("lti.getPageSettings")["pageSettings"]

    theme = settings.pop("active_brand_config_json_url")
    assert httpx.get(theme).json()["mine"] == 2
    assert settings == {"locale": "de", "time_zone": "Europe/Berlin", "use_high_contrast": True}
    assert ask("lti.getPageContent")["error"]["code"] == "error"


@fact("lti 5", "Platform storage is Canvas's localStorage, parted by the sender's origin.")
@fact("lti 5", "The storage frame and Canvas's page answer from the same storage.")
@fact("lti 5", "A tool has 500 keys and 4096 characters of keys and values, else storage_exhaustion.")
@fact("lti 5", "A falsy value deletes; a missing field is bad_request and named.")
def test_storage_has_its_limits(page: Page, tool: str) -> None:
    ask = opened_by(page, "Ida Teacher")

    def put(key: str, value: str | None, through: str | None = "post_message_forwarding") -> Any:
        return ask("lti.put_data", through, key=key, value=value)

    assert put("a", "x" * 4095)["value"] == "x" * 4095
    assert put("b", "y")["error"]["code"] == "storage_exhaustion"
    assert put("a", None)["value"] is None
    assert put("b", "y")["value"] == "y"
    assert ask("lti.get_data", key="b")["value"] == "y"
    assert page.evaluate("Object.keys(localStorage)") == [f"lti|platform_storage|{tool}|b"]
    for index in range(500):
        ask.send("lti.put_data", key=f"{index:x}", value="1", message_id="bulk")
    assert put("", "1", None)["error"] == {"code": "bad_request", "message": "Missing required 'key' field"}
    assert put("one more", "1", None)["error"]["code"] == "storage_exhaustion"


@fact("lti 5", "requestFullWindowLaunch takes an address, or an object with launchType and launchOptions.")
@fact("lti 5", "The tool's address gets platform_redirect_url and full_win_launch_requested=1.")
@fact("lti 5", "A popup is 800 by 600 unless it asks otherwise.")
def test_a_tool_asks_for_a_window(page: Page, tool: str) -> None:
    ask = opened_by(page, "Ida Teacher")
    url = f"{tool}/lti/launch?client_id={c.TOOL}"

    with page.expect_popup() as popup:
        ask.send("requestFullWindowLaunch", data={"url": url, "launchType": "popup"})
    popup.value.get_by_role("heading", name="Opened").wait_for()

    query = dict(parse_qsl(urlsplit(popup.value.url).query))
    assert query["full_win_launch_requested"] == "1"
    assert query["platform_redirect_url"].endswith(PATH)
    assert ask("requestFullWindowLaunch", data={"url": url, "launchType": "moon"})["error"]["code"] == "error"
    assert ask("requestFullWindowLaunch", data={})["error"]["code"] == "bad_request"


@fact("lti 4.2", "The tool ends by org.imsglobal.lti.close; then the administrator confirms the app.")
def test_an_administrator_registers_a_tool_from_the_apps_page(page: Page, tool: str) -> None:
    log_in(page, "Ada Admin")
    page.goto("/accounts/1/apps")
    page.get_by_label("Registration URL").fill(f"{tool}/register")
    page.get_by_role("button", name="Open the tool's registration page").click()
    page.frame_locator("iframe[name=registration]").get_by_role("heading", name="Opened").wait_for()
    frame = page.frame("registration")
    assert frame
    given = dict(parse_qsl(urlsplit(frame.url).query))
    headers = {"Authorization": f"Bearer {given['registration_token']}"}
    endpoint = httpx.get(given["openid_configuration"]).json()["registration_endpoint"]
    httpx.post(endpoint, json=registration(client_name="Registered"), headers=headers)

    frame.evaluate("() => canvas.postMessage({subject: 'org.imsglobal.lti.close'}, '*')")
    page.get_by_role("heading", name="Confirm this app").wait_for()
    page.get_by_label("user_navigation").uncheck()
    page.get_by_role("button", name="Save").click()

    page.goto(f"/courses/{c.COURSE}")
    assert page.get_by_role("navigation", name="Course").get_by_role("link", name="Pairing").count() == 2
    page.goto("/profile/settings")
    assert page.get_by_role("link", name="Pairing", exact=True).count() == 0
