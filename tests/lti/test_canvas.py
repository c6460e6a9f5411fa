"""Launches by the sandbox's Canvas, from each place and by each kind of person."""

from typing import Any

import pytest
from flask import Flask

from app.lti import configuration
from app.models import LtiLaunch, Role
from tests.facts import fact
from tests.lti.conftest import add_platform, launches_recorded
from tests.lti.platform import Browser, Platform
from tests.sandbox import campus
from tests.sandbox.running import Sandbox

COURSE, ACCOUNT, COLLEGE, MENU = f"courses/{campus.COURSE}", "accounts/1", "accounts/2", "users/{user}"


@pytest.fixture
def registered(app: Flask, sandbox: Sandbox) -> Flask:
    """The application, known to the sandbox and knowing it."""
    public_url = app.extensions["settings"].public_url
    tool = {**campus.WORLD["lti_tools"][0], "configuration": configuration.canvas_json(public_url)}
    sandbox.use({**campus.WORLD, "lti_tools": [tool]})
    words = {
        "canvas_url": sandbox.url,
        "client_id": tool["client_id"],
        "deployment_id": tool["deployment_id"],
        "authorize_url": f"{sandbox.url}/api/lti/authorize_redirect",
    }
    assert add_platform(app, Platform(url=f"{sandbox.url}/api/lti/security/jwks"), **words) == []
    return app


def launched(browser: Browser, canvas: campus.Browser, place: str) -> LtiLaunch:
    """Click the tool in Canvas, and follow the forms and redirects to the end."""
    start = canvas.initiation(f"/{place}/external_tools/1/launch")
    begun = browser.request("POST", "/lti/login", data=start.fields)
    assert begun.status_code == 302, begun.text
    answered = canvas.get(canvas.get(begun.location).headers["location"])
    back = campus.Form(answered.text)
    page = browser.request("POST", "/lti/launch", data=back.fields)
    assert "Reason" not in page.text
    return launches_recorded(browser.app)[-1]


@fact(
    "lti 2.2", "Roles of a launch follow who the person is: teacher, TA, designer, student, observer, admin."
)
@pytest.mark.parametrize(
    ("user", "place", "role", "facts"),
    [
        (campus.TEACHER, COURSE, Role.INSTRUCTOR, {"section_ids": None, "course_name": "Biology 101"}),
        (campus.TA, COURSE, Role.TA, {"section_ids": ["1001"]}),
        (campus.DESIGNER, COURSE, Role.NOBODY, {}),
        (campus.STUDENT, COURSE, Role.STUDENT, {"course_id": "100"}),
        (campus.BOTH, COURSE, Role.STUDENT, {}),
        (campus.PARENT, COURSE, Role.OBSERVER, {}),
        (campus.ADMIN, COURSE, Role.ADMIN, {"section_ids": None, "root_admin": True}),
        (campus.SUB_ADMIN, COURSE, Role.ADMIN, {"section_ids": None, "root_admin": False}),
        (campus.ADMIN, ACCOUNT, Role.ADMIN, {"account_id": "1", "root_admin": True}),
        (
            campus.SUB_ADMIN,
            COLLEGE,
            Role.ADMIN,
            {"account_id": "2", "root_admin": False},
        ),
        (campus.STUDENT, MENU, Role.STUDENT, {"course_id": None, "placement": "user_navigation"}),
        (campus.TEACHER, MENU, Role.NOBODY, {"course_id": None}),
        (campus.PARENT, MENU, Role.OBSERVER, {"course_id": None}),
    ],
    ids=[
        "a teacher in a course",
        "a TA of one section",
        "a designer",
        "a student in a course",
        "a student who teaches another course",
        "a parent in a course",
        "an admin in a course",
        "a college's admin in a course",
        "an admin",
        "a college's admin",
        "a student in their own menu",
        "a teacher in their own menu",
        "a parent in their own menu",
    ],
)
def test_canvas_launches(
    browser: Browser, sandbox: Sandbox, user: int, place: str, role: Role, facts: dict[str, Any]
) -> None:
    canvas = campus.Browser(sandbox.url).log_in(user)

    launch = launched(browser, canvas, place.format(user=user))

    assert launch.role == role
    assert launch.stand_in is None
    assert {name: getattr(launch, name) for name in facts} == facts


@fact("lti 2.2", "Student View launches as the test student.")
def test_a_teacher_in_student_view_is_known_as_the_test_student(browser: Browser, sandbox: Sandbox) -> None:
    canvas = campus.Browser(sandbox.url).log_in(campus.TEACHER)
    canvas.post(f"/courses/{campus.COURSE}/student_view")

    launch = launched(browser, canvas, COURSE)

    assert (launch.role, launch.stand_in) == (Role.STUDENT, "test_student")


@fact("lti 2.7", "While masquerading, the launch is the other person's and names the real one in a variable.")
def test_an_admin_who_acts_as_somebody_is_known_to_stand_in(browser: Browser, sandbox: Sandbox) -> None:
    canvas = campus.Browser(sandbox.url).log_in(campus.ADMIN)
    canvas.post(f"/users/{campus.STUDENT}/masquerade")

    launch = launched(browser, canvas, f"users/{campus.STUDENT}")

    assert (launch.role, launch.stand_in) == (Role.STUDENT, "masquerade")
