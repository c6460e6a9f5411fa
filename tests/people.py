"""The people of the journeys: what they do, in their own words."""

import html
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urljoin

from flask import Flask

from app import db
from app.models import Institution
from tests.browser import Browser, Page
from tests.sandbox.running import Sandbox

PUBLIC_URL = "https://observatory.test"

# Of the sandbox's made-up school.
ADMIN, SERVICE, ADVISOR = 10, 11, 12
TEACHER, TWO_SIDED, LIMITED, TA = 20, 21, 22, 24
MATHS, BIOLOGY, READING, OVER, DRAFT = 101, 102, 103, 104, 105


class School:
    """A Canvas and an Observatory that know each other."""

    def __init__(self, app: Flask, canvas: Sandbox, tool_id: int, base: str = PUBLIC_URL) -> None:
        self.app = app
        self.canvas = canvas
        self.tool_id = tool_id
        self.base = base  # of its public pages

    def browser(self, address: str = "203.0.113.7") -> Browser:
        return Browser(self.app, PUBLIC_URL, address)

    @property
    def institution_id(self) -> int:
        with db.reading() as session:
            return session.query(Institution.id).scalar()

    def links(self) -> set[tuple[int, int]]:
        """Observer and student of every observation link Canvas holds."""
        rows = self.canvas.state()["observation_links"]
        return {(r["observer_id"], r["student_id"]) for r in rows if r.get("state", "active") == "active"}

    def observing(self, observer: int) -> list[tuple[int, int, int]]:
        """Course, section and student of every active observer enrollment of a person, sorted."""
        return sorted(
            (row["course_id"], row["section_id"], row["associated_user_id"])
            for row in self.canvas.state()["enrollments"]
            if row["user_id"] == observer and row["type"] == "ObserverEnrollment" and row["state"] == "active"
        )

    def sections_of(self, student: int, course: int | None = None) -> list[tuple[int, int]]:
        """Course and section of a student's active enrollments, sorted."""
        return sorted(
            (row["course_id"], row["section_id"])
            for row in self.canvas.state()["enrollments"]
            if row["user_id"] == student
            and row["type"] == "StudentEnrollment"
            and row["state"] == "active"
            and course in (None, row["course_id"])
        )

    def writes(self) -> list[dict[str, Any]]:
        """The calls that changed something in Canvas, in order."""
        return [
            row
            for row in self.canvas.log()
            if row["method"] != "GET" and row["path"].startswith("/api/") and row["status"] < 400
        ]

    def changes(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Something happens in Canvas. Everybody is logged out of it; tokens stay good."""
        world = self.canvas.state()
        change(world)
        self.canvas.use(world)

    def forgets_calls(self) -> None:
        """From here on `writes` counts anew."""
        self.canvas.call("DELETE", "/_sandbox/log")

    def mended(self) -> None:
        """Canvas is well again."""
        self.canvas.call("DELETE", "/_sandbox/faults")


class Person:
    """Somebody with a browser who is logged in to Canvas."""

    def __init__(self, school: School, user_id: int, address: str = "203.0.113.7") -> None:
        self.school = school
        self.id = user_id
        self.browser = school.browser(address)
        self.logs_in()

    def logs_in(self) -> None:
        """Log in to Canvas."""
        school, user_id = self.school, self.id
        answer = self.browser.http.post(f"{school.canvas.url}/login/canvas", data={"user_id": user_id})
        assert answer.status_code == 200, answer.text

    def launches(self, path: str) -> Page:
        """Open the tool from a place in Canvas, and do what Canvas's frame and scripts do."""
        frame = self.browser.open(f"{self.school.canvas.url}{path}/external_tools/{self.school.tool_id}")
        assert frame.frames, frame.text
        login = self.browser.open(urljoin(frame.url, frame.frames[0]))
        answer = self.browser.pass_on(login)  # Canvas's form to our login, and on to Canvas's authorize
        return self.browser.pass_on(answer)  # Canvas's form to our launch

    def follow(self, page: Page, words: str) -> Page:
        return self.browser.follow(page, words)

    def forges(self, page: Page, path: str, **fields: str) -> Page:
        """Post what no button offers, with the proof that this page carries."""
        proof = ("launch", "csrf_token")
        found = [pair for form in page.forms for pair in form.fields if pair[0] in proof]
        assert found, f"{page.url} carries no proof"
        return self.browser.send(page, PUBLIC_URL + path, "post", [found[0], *fields.items()])

    def acts_as(self, user_id: int) -> None:
        """Masquerade in Canvas."""
        self._in_canvas(f"/users/{user_id}/masquerade")

    def _in_canvas(self, path: str) -> None:
        assert self.browser.http.post(self.school.canvas.url + path).status_code == 200

    def press(self, page: Page, words: str, ticked: Iterable[int] = (), **typed: str) -> Page:
        return self.browser.press(page, words, tuple(str(one) for one in ticked), **typed)


class Teacher(Person):
    """An instructor (or TA) in one course."""

    def opens_course(self, course: int = MATHS) -> Page:
        return self.launches(f"/courses/{course}")

    def sees_students(self, course: int = MATHS) -> Page:
        return self.press(self.opens_course(course), "Show the students")

    def issues(self, students: Iterable[int], course: int = MATHS) -> list[str]:
        """Codes for these students, in the order of their names."""
        page = self.press(self.sees_students(course), "Make codes for the ticked students", ticked=students)
        assert page.status_code == 200, page.text
        return codes_on(page)

    def looks_as_student(self, course: int = MATHS) -> None:
        """Enter Canvas's Student View."""
        self._in_canvas(f"/courses/{course}/student_view")


class Student(Person):
    """A student in their own account menu."""

    def opens(self) -> Page:
        return self.launches(f"/users/{self.id}")

    def issues(self) -> str:
        (code,) = codes_on(self.press(self.opens(), "Make a code"))
        return code

    def sees_observers(self) -> str:
        return self.press(self.opens(), "Show who can see me").text


class Observer(Person):
    """A parent or other observer on the public site."""

    def signs_in(self, page: Page) -> Page:
        """From Canvas's consent page back to us."""
        return self.press(page, "Authorize") if page.has_button("Authorize") else page

    def enters(self) -> "Observer":
        page = self.signs_in(self.browser.open(f"{self.school.base}/canvas/login"))
        assert page.status_code == 200, page.text
        return self

    def redeems(self, code: str) -> Page:
        """Type a code; sign in first where that is asked for."""
        page = self.browser.open(f"{self.school.base}/pair")
        if page.has_button("Sign in with Canvas and go on"):
            page = self.press(page, "Sign in with Canvas and go on", code=code)
            page = self.signs_in(page)
            if not page.has_button("Connect me"):
                return page
            return self.press(page, "Connect me")
        return self.press(page, "Connect me", code=code)

    def portal(self) -> Page:
        return self.browser.open(f"{self.school.base}/observer/")

    def leaves(self, words: str) -> Page:
        """Press a leave button of the portal, and confirm."""
        return self.press(self.press(self.portal(), words), "Yes, leave")


class Admin(Person):
    """An administrator in the account navigation."""

    def opens(self, account: int = 1) -> Page:
        return self.launches(f"/accounts/{account}")


def codes_on(page: Page) -> list[str]:
    """The codes a page shows, in order, each once."""
    words = (word.strip(".,:;()") for word in page.text.split())
    shaped = [w for w in words if len(w) == 11 and w[5] == "-" and w.replace("-", "").isalnum()]
    return list(dict.fromkeys(w for w in shaped if w.upper() == w))


def row_of(page: Page, name: str) -> str:
    """What a table's row about somebody says."""
    for row in re.findall(r"<tr>(.*?)</tr>", page.response.text, re.S):
        words = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", row)).split())
        if name in words:
            return words
    raise AssertionError(f"no row about {name!r}: {page.text}")


def field(page: Page, name: str = "code") -> str:
    """What a field of the page holds."""
    return next(value for form in page.forms for key, value in form.fields if key == name)
