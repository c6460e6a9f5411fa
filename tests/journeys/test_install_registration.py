"""An administrator installs Observatory in Canvas: by an invitation, or by pasting what it says of itself."""

from datetime import timedelta
from urllib.parse import urljoin

import pytest
from flask import Flask
from sqlalchemy import update

from app import db, tasks
from app.lti import invitations, platforms
from app.models import AuditEvent, Deployment, Institution, Invitation, Platform, Role
from app.web import visit
from tests.browser import Page
from tests.facts import fact
from tests.journeys.rows import rows
from tests.lti.conftest import launches_recorded
from tests.lti.platform import Platform as Address
from tests.lti.platform import serving
from tests.people import ADMIN, MATHS, PUBLIC_URL, TEACHER, Admin, Person, School, Teacher
from tests.sandbox.running import Sandbox

EVERYWHERE = ("course_navigation", "student_context_card", "user_navigation", "global_navigation")


@pytest.fixture
def school(app: Flask, canvas: Sandbox) -> School:
    """A Canvas without any tool, and an Observatory that knows no Canvas."""
    empty = School(app, canvas, 0)
    empty.changes(lambda world: world.update(lti_tools=[], lti_registrations=[]))
    return empty


@pytest.fixture
def admin(school: School) -> Admin:
    return Admin(school, ADMIN)


def invitation(school: School, canvas_url: str | None = None) -> str:
    """What `observatory platform invite` prints."""
    with db.transaction() as session:
        token = invitations.invite(session, "maple", None, canvas_url or school.canvas.url, visit.clock())
    assert isinstance(token, str)
    return f"{PUBLIC_URL}/lti/register?invite={token}"


def opens_registration(admin: Admin, address: str) -> Page:
    """Paste the address into Canvas's page for apps; what its frame shows then."""
    apps = admin.browser.open(f"{admin.school.canvas.url}/accounts/1/apps")
    form = next(form for form in apps.forms if form.action.endswith("/dynamic"))
    framed = admin.browser.send(apps, form.action, "post", [("url", address)])
    return admin.browser.open(urljoin(framed.url, framed.frames[0]))


def installs(admin: Admin, page: Page, *places: str, privacy: str = "anonymous") -> Page:
    chosen = [*places, privacy]
    return admin.browser.press(page, "Install", tuple(chosen), name="Maple Grove Schools")


def switches_on(school: School, client_id: str) -> None:
    """Confirm the app in Canvas, as it came."""
    admin = Person(school, ADMIN)
    placements = [("placements", name) for name in ("account_navigation", *EVERYWHERE)]
    answer = admin.browser.http.post(
        f"{school.canvas.url}/accounts/1/apps/{client_id}",
        data={"placements": [name for _, name in placements], "enabled": "1", "privacy_level": "anonymous"},
    )
    assert answer.status_code == 200, answer.text
    tools = school.canvas.state()["lti_tools"]
    school.tool_id = next(tool["id"] for tool in tools if tool["client_id"] == client_id)


@fact("lti 4.2", "A tool that registers itself learns its client id, and on new Canvas its deployment id.")
def test_an_administrator_installs_it_with_an_invitation(school: School, admin: Admin) -> None:
    page = opens_registration(admin, invitation(school))
    assert "Install Observatory" in page.text
    assert "frame-ancestors " + school.canvas.url in page.response.headers["content-security-policy"]

    page = installs(admin, page, *EVERYWHERE)

    assert "Maple Grove Schools is registered." in page.text
    (platform,) = rows(Platform)
    switches_on(school, platform.client_id)
    assert admin.opens().status_code == 200
    assert launches_recorded(school.app)[-1].role is Role.ADMIN


def test_what_was_not_chosen_is_not_there(school: School, admin: Admin) -> None:
    page = opens_registration(admin, invitation(school))

    installs(admin, page, "user_navigation", privacy="name_only")

    (tool,) = school.canvas.state()["lti_tools"]
    (extension,) = tool["configuration"]["extensions"]
    placed = {one["placement"]: one for one in extension["settings"]["placements"]}
    assert set(placed) == {"user_navigation", "account_navigation"}  # an admin has to come in somewhere
    assert extension["privacy_level"] == "name_only"


def test_a_course_shows_it_only_when_its_teacher_says_so(school: School, admin: Admin) -> None:
    installs(admin, opens_registration(admin, invitation(school)), *EVERYWHERE)
    switches_on(school, rows(Platform)[0].client_id)
    teacher = Teacher(school, TEACHER)
    course = f"{school.canvas.url}/courses/{MATHS}"
    entry = f"/courses/{MATHS}/external_tools/{school.tool_id}"
    assert entry not in dict(map(reversed, teacher.browser.open(course).links))

    settings = teacher.browser.open(f"{course}/settings")
    teacher.press(settings, "Show Observatory")

    assert entry in dict(map(reversed, teacher.browser.open(course).links))
    assert "Observers in Mathematics 7" in teacher.opens_course().text


@fact("lti 4.2", "An older Canvas does not name the deployment when a tool registers itself.")
def test_a_canvas_that_does_not_name_its_deployment_is_asked_by_a_launch(
    school: School, admin: Admin
) -> None:
    school.changes(lambda world: world["settings"].update(registration_has_deployment_id=False))
    admin.logs_in()

    page = installs(admin, opens_registration(admin, invitation(school)), *EVERYWHERE)

    assert "within seven days" in page.text
    assert rows(Deployment) == []
    switches_on(school, rows(Platform)[0].client_id)
    too_early = Teacher(school, TEACHER).opens_course()
    assert too_early.status_code == 403
    assert "almost ready" in too_early.text

    assert admin.opens().status_code == 200

    (deployment,) = rows(Deployment)
    assert deployment.deployment_id == school.canvas.state()["lti_tools"][0]["deployment_id"]
    (event,) = [row for row in rows(AuditEvent) if row.event == "deployment:adopt"]
    assert event.facts["by"] == str(ADMIN)
    assert "Observers in Mathematics 7" in Teacher(school, TEACHER).opens_course().text


def test_an_invitation_works_once(school: School, admin: Admin) -> None:
    address = invitation(school)
    installs(admin, opens_registration(admin, address), *EVERYWHERE)

    page = opens_registration(admin, address)

    assert page.status_code == 403
    assert "This invitation is used up" in page.text
    assert len(rows(Platform)) == 1


def test_an_invitation_ends_after_a_week(school: School, admin: Admin) -> None:
    address = invitation(school)
    with db.transaction() as session:
        session.execute(update(Invitation).values(expires_at=visit.clock()))

    page = opens_registration(admin, address)

    assert (page.status_code, "This invitation is over" in page.text) == (403, True)


@pytest.mark.parametrize("query", ["", "?invite=", "?invite=made-up"])
def test_nobody_registers_without_an_invitation(school: School, admin: Admin, query: str) -> None:
    page = opens_registration(admin, f"{PUBLIC_URL}/lti/register{query}")

    assert page.status_code == 403
    assert "observatory platform invite" in page.text
    assert rows(Institution) == []


def test_another_canvas_cannot_use_the_invitation(school: School, admin: Admin) -> None:
    page = opens_registration(admin, invitation(school, "https://school.example"))

    page = installs(admin, page, *EVERYWHERE)

    assert page.status_code == 422
    assert "https://school.example" in page.text
    assert rows(Platform) == []
    assert rows(Invitation)[0].spent_at is None
    assert not [row for row in school.canvas.log() if "openid-configuration" in row["path"]]


def test_an_invitation_is_not_kept_in_clear(school: School) -> None:
    token = invitation(school).rpartition("=")[2]

    assert token not in str([vars(row) for row in [*rows(Invitation), *rows(AuditEvent)]])


def test_a_name_is_asked_for_again_and_nothing_lost(school: School, admin: Admin) -> None:
    page = opens_registration(admin, invitation(school))

    page = admin.browser.press(page, "Install", ("anonymous", "user_navigation"), name="  ")

    assert page.status_code == 422
    assert "give your school a name" in page.text
    assert "is registered" in installs(admin, page, "user_navigation").text


@fact(
    "lti 4.1",
    "Canvas takes a configuration from its address or pasted; an app comes by its client id.",
)
@pytest.mark.parametrize("method", ["url", "json"])
def test_an_administrator_gives_the_configuration_and_registers_by_hand(
    school: School, admin: Admin, method: str
) -> None:
    configuration = admin.browser.open(f"{PUBLIC_URL}/lti/config.json").response.text
    canvas = school.canvas.url

    with serving(Address()) as address:
        address.body = configuration.encode()
        given = ("url", address.url) if method == "url" else ("configuration", configuration)
        apps = admin.browser.open(f"{canvas}/accounts/1/apps")
        page = admin.browser.send(apps, f"{canvas}/accounts/1/apps/{method}", "post", [given])
    client_id = page.url.rpartition("/")[2]
    switches_on(school, client_id)
    (tool,) = school.canvas.state()["lti_tools"]
    with db.transaction() as session:
        complaints = platforms.add(
            session,
            school.app.extensions["keyring"],
            slug="maple",
            name=None,
            canvas_url=canvas,
            issuer=school.canvas.state()["settings"]["issuer"],
            client_id=client_id,
            deployment_id=tool["deployment_id"],
            authorize_url=f"{canvas}/api/lti/authorize_redirect",
            token_url=f"{canvas}/login/oauth2/token",
            jwks_url=f"{canvas}/api/lti/security/jwks",
            now=visit.clock(),
        )

    assert complaints == []
    assert "Observers in Mathematics 7" in Teacher(school, TEACHER).opens_course().text


def test_an_invitation_of_long_ago_is_thrown_away(school: School) -> None:
    invitation(school)
    tasks.TASKS["upkeep"]()
    assert len(rows(Invitation)) == 1
    with db.transaction() as session:
        session.execute(update(Invitation).values(expires_at=visit.clock() - timedelta(days=31)))

    tasks.TASKS["upkeep"]()

    assert rows(Invitation) == []
