"""The pages a person clicks through."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from json import dumps

import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import Browser, Campus


def test_the_login_page_offers_everybody_once_by_what_they_are(campus: Campus) -> None:
    page = campus.browser().get("/login/canvas").text

    headings = ["Administrators", "Teachers", "Teaching assistants", "Designers", "Observers", "Students"]
    places = [page.index(f"<h3>{heading}</h3>") for heading in headings]
    assert places == sorted(places)
    for user in c.WORLD["users"]:
        assert page.count(f'value="{user["id"]}"') == 1
    assert "observes Lin Learner" in page


def test_a_password_opens_the_account_and_a_wrong_one_does_not(campus: Campus) -> None:
    browser = campus.browser()

    def typed(name: str, password: str) -> int:
        form = {"pseudonym_session[unique_id]": name, "pseudonym_session[password]": password}
        return browser.post("/login/canvas", data=form).status_code

    assert typed("ida", "wrong") == 400
    assert typed("nobody", "password") == 400
    assert typed("omar", "password") == 400  # belongs to the other root account
    assert browser.get("/").status_code == 302
    assert typed("IDA", "password") == 302
    assert "Ida Teacher" in browser.get("/").text


def test_the_hosts_name_chooses_the_root_account(campus: Campus) -> None:
    elsewhere = Browser(campus.url.replace("localhost", "127.0.0.1"))

    assert "Log in to Elsewhere" in elsewhere.get("/login/canvas").text


def test_a_page_asked_for_before_login_comes_after_it(campus: Campus) -> None:
    browser = campus.browser()

    assert browser.get("/courses/100/users?page=1").headers["location"] == "/login"
    answer = browser.post("/login/canvas", data={"user_id": c.TEACHER})

    assert answer.headers["location"] == "/courses/100/users?page=1"
    assert browser.log_in(c.TEACHER).get("/login").headers["location"] == "/"


def test_logout_ends_the_session_for_good(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    kept = browser.http.cookies["_legacy_normandy_session"]

    browser.post("/logout")

    for name in ("canvas_session", "_legacy_normandy_session"):
        assert Browser(campus.url).get("/", headers={"Cookie": f"{name}={kept}"}).status_code == 302
    assert browser.get("/").headers["location"] == "/login"


def test_a_discovery_page_comes_before_canvas_own_login(campus: Campus) -> None:
    account = {"id": 1, "name": "Campus", "domain": "localhost", "discovery_url": "http://app.test/start"}
    browser = campus.becomes(accounts=[account, *c.WORLD["accounts"][1:]]).browser()

    assert browser.get("/login").headers["location"] == "http://app.test/start"
    assert browser.get("/login?authentication_provider=canvas").headers["location"] == "/login/canvas"
    assert browser.get("/login/canvas").status_code == 200


@pytest.mark.parametrize(
    ("user_id", "shown", "hidden"),
    [
        (c.TEACHER, ["Biology 101", "Draft", "Unpublished", "Past courses", "Old History"], ["Chemistry"]),
        (c.STUDENT, ["Biology 101"], ["Draft", "Observing"]),
        (c.PARENT, ["Observing Lin Learner", "Biology 101", "/courses/100/grades/30"], ["My courses"]),
        (c.COURSE_OBSERVER, ["Biology 101", "Observer"], ["Grades"]),
        (c.ADMIN, ["Accounts I administer", "Campus"], ["Biology 101"]),
        (c.STRANGER, ["No courses"], ["Biology 101"]),
    ],
)
def test_the_dashboard_shows_what_a_person_takes_part_in(
    campus: Campus, user_id: int, shown: list[str], hidden: list[str]
) -> None:
    page = campus.browser(user_id).get("/").text

    assert [text for text in shown if text not in page] == []
    assert [text for text in hidden if text in page] == []


@pytest.mark.parametrize(
    ("user_id", "path", "status"),
    [
        (c.TEACHER, "/courses/100/users", 200),
        (c.STUDENT, "/courses/100/users", 200),
        (c.PARENT, "/courses/100/users", 403),
        (c.STRANGER, "/courses/100", 403),
        (c.STUDENT, "/courses/400", 403),
        (c.TEACHER, "/courses/400", 200),
        (c.TEACHER, "/courses/999", 404),
        (c.TEACHER, "/courses/100/settings", 200),
        (c.STUDENT, "/courses/100/settings", 403),
        (c.PARENT, "/courses/100/grades/30", 200),
        (c.PARENT, "/courses/100/grades/31", 403),
        (c.STUDENT, "/courses/100/grades/30", 200),
        (c.TEACHER, "/courses/100/grades/31", 200),
        (c.ADMIN, "/accounts/1", 200),
        (c.SUB_ADMIN, "/accounts/2", 200),
        (c.SUB_ADMIN, "/accounts/1", 403),
        (c.TEACHER, "/accounts/1", 403),
        (c.ADMIN, "/accounts/99", 404),
        (c.PARENT, "/profile/settings", 200),
    ],
)
def test_people_see_the_pages_that_are_theirs(campus: Campus, user_id: int, path: str, status: int) -> None:
    assert campus.browser(user_id).get(path).status_code == status


def test_the_people_page_lists_roles_sections_and_whom_observers_observe(campus: Campus) -> None:
    page = campus.browser(c.TEACHER).get("/courses/100/users").text

    lines = [" ".join(line.split()) for line in page.split("<tr>")[1:]]
    ida = next(line for line in lines if "Ida Teacher" in line)
    pat = next(line for line in lines if "Pat Parent" in line)
    assert "A, B" in ida
    assert "Observer" in pat
    assert "Observing: Lin Learner" in pat
    assert "Fay Former" not in page


def test_someone_limited_to_a_section_sees_that_section(campus: Campus) -> None:
    page = campus.browser(c.TA).get("/courses/100/users").text

    assert "Lin Learner" in page
    assert "Max Learner" not in page


def test_a_teacher_switches_a_tool_on_for_a_course(campus: Campus) -> None:
    placement = {"placement": "course_navigation", "text": "Pairing", "default": "disabled"}
    campus.becomes(lti_tools=c.tool(placements=[placement]))
    teacher, student = campus.browser(c.TEACHER), campus.browser(c.STUDENT)
    assert "Pairing" not in student.get("/courses/100").text

    teacher.post("/courses/100/settings", data={"client_id": c.TOOL, "shown": "1"})
    assert "Pairing" in student.get("/courses/100").text
    assert "Pairing" not in campus.browser(c.BOTH).get("/courses/200").text

    teacher.post("/courses/100/settings", data={"client_id": c.TOOL, "shown": "0"})
    assert "Pairing" not in student.get("/courses/100").text


@fact("rest 2", "On /profile/observees an observer adds a student by an exact code, once, and removes them.")
def test_an_observer_adds_a_student_by_code_and_removes_them(campus: Campus) -> None:
    browser = campus.browser(c.PARENT)

    wrong = browser.post("/profile/observees", data={"pairing_code": "AB3DE9"})
    right = browser.post("/profile/observees", data={"pairing_code": "aB3dE9"})
    again = browser.post("/profile/observees", data={"pairing_code": "aB3dE9"})

    assert (wrong.status_code, again.status_code) == (422, 422)
    assert "Invalid pairing code." in wrong.text
    assert right.status_code == 303
    assert "Observing Max Learner" in browser.get("/").text

    browser.post(f"/profile/observees/{c.SECOND_STUDENT}/remove")
    assert "Max Learner" not in browser.get("/").text
    assert "Lin Learner" in browser.get("/profile/observees").text


def test_an_administrator_acts_as_somebody_and_stops(campus: Campus) -> None:
    browser = campus.browser(c.ADMIN)

    browser.post(f"/users/{c.PARENT}/masquerade")
    assert "You are acting as <strong>Pat Parent</strong>" in browser.get("/").text
    assert browser.get("/accounts/1").status_code == 403

    browser.post("/stop_acting")
    assert browser.get("/accounts/1").status_code == 200


@pytest.mark.parametrize(
    ("user_id", "path", "status"),
    [
        (c.TEACHER, f"/users/{c.PARENT}/masquerade", 403),
        (c.SUB_ADMIN, f"/users/{c.PARENT}/masquerade", 403),
        (c.ADMIN, f"/users/{c.OUTSIDER}/masquerade", 404),
        (c.STUDENT, "/courses/100/student_view", 403),
    ],
)
@fact("lti 7.6", "Acting as a user on pages needs become_user in the root account.")
def test_only_the_right_people_become_others(campus: Campus, user_id: int, path: str, status: int) -> None:
    assert campus.browser(user_id).post(path).status_code == status


@fact("rest 4.3", "The test student stays hidden from the roster.")
def test_student_view_uses_one_test_student_in_all_sections(campus: Campus) -> None:
    for _ in range(2):
        browser = campus.browser(c.TEACHER)
        browser.post("/courses/100/student_view")
        assert "Student View" in browser.get("/courses/100").text

    rows = [row for row in campus.state()["enrollments"] if row["type"] == "StudentViewEnrollment"]
    assert {row["section_id"] for row in rows} == {1001, 1002}
    assert len({row["user_id"] for row in rows}) == 1
    assert "Test Student" not in campus.browser(c.TEACHER).get("/courses/100/users").text
    assert "Test Student" not in campus.browser().get("/login/canvas").text


def test_the_account_page_finds_people(campus: Campus) -> None:
    page = campus.browser(c.ADMIN).get("/accounts/1", params={"search_term": "lEARner"}).text

    assert "Lin Learner" in page
    assert "Max Learner" in page
    assert "Sam Stranger" not in page


@contextmanager
def serving(body: bytes, status: int = 200) -> Iterator[str]:
    """A tool that serves its configuration."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/config.json"
        server.shutdown()


def installed_from(url: str) -> list[dict[str, object]]:
    return [{"client_id": c.TOOL, "deployment_id": "1:abcd", "account_id": 1, "configuration_url": url}]


def test_a_tools_configuration_is_fetched_from_its_url(campus: Campus) -> None:
    with serving(dumps(c.configuration()).encode()) as url:
        browser = campus.becomes(lti_tools=installed_from(url)).browser(c.TEACHER)
        assert "Pairing" in browser.get("/courses/100").text
    assert "Pairing" in browser.get("/courses/100").text


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        (b"<html>", 200, "cannot be read"),
        (b"{}", 200, "&#39;title&#39; is missing"),
        (b" " * 300_000, 200, "is larger than 256 KiB"),
        (b"", 500, "500"),
    ],
)
def test_a_configuration_that_cannot_be_had_is_explained_to_staff(
    campus: Campus, body: bytes, status: int, complaint: str
) -> None:
    with serving(body, status) as url:
        campus.becomes(lti_tools=installed_from(url))
        page = campus.browser(c.TEACHER).get("/courses/100")
        launch = campus.browser(c.TEACHER).get("/courses/100/external_tools/1/launch")
        student = campus.browser(c.STUDENT).get("/courses/100")

    assert complaint in page.text
    assert launch.status_code == 404
    assert "A tool is not shown" not in student.text


def test_a_tool_that_is_down_is_asked_again_soon(campus: Campus) -> None:
    with serving(dumps(c.configuration()).encode()) as url:
        pass
    browser = campus.becomes(lti_tools=installed_from(url)).browser(c.TEACHER)

    assert "cannot be read" in browser.get("/courses/100").text
