"""Several schools on one server: behind one issuer or one client id, and copies of one for trying out."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app import db
from app.models import AuditEvent, Deployment, Institution, LtiLaunch, Role
from app.models import Platform as PlatformRow
from app.web import visit
from tests.facts import fact
from tests.lti.conftest import add_platform, launches_recorded
from tests.lti.platform import (
    CANVAS_URL,
    CLAIM,
    CLIENT,
    DEPLOYMENT,
    LIS,
    PLACEMENT,
    Browser,
    Platform,
    claims,
    signed,
)

OTHER_CLIENT, OTHER_DEPLOYMENT = "10000000000888", "88:other"
OTHER_URL = "https://other.canvas.test"
ACCOUNT = {"id": "cd34" * 10, "title": "The School", "type": ["Account"]}
ADMIN = [LIS + "institution/person#Administrator", LIS + "system/person#User"]


def launches(
    browser: Browser, client: str, deployment: str, changes: dict[str, Any] | None = None, **custom: object
) -> Any:
    sent = browser.begins(client_id=client, lti_deployment_id=deployment)
    body = {
        **claims(sent.nonce, browser.launch_url, **custom),
        "aud": client,
        "azp": client,
        CLAIM + "deployment_id": deployment,
        **(changes or {}),
    }
    return browser.returns(signed(body), sent.state)


def school_of(launch: LtiLaunch) -> str:
    with db.reading() as session:
        return session.get_one(Institution, launch.institution_id).slug


@fact("lti 1.2", "All schools of an environment share its issuer; the client id tells them apart.")
def test_two_schools_share_an_issuer_and_stay_apart(browser: Browser, platform: Platform) -> None:
    words = {"slug": "other", "canvas_url": OTHER_URL, "client_id": OTHER_CLIENT}
    assert add_platform(browser.app, platform, **words) == []

    launches(browser, CLIENT, DEPLOYMENT)
    launches(browser, OTHER_CLIENT, DEPLOYMENT)

    first, second = launches_recorded(browser.app)
    assert (school_of(first), school_of(second)) == ("school", "other")
    assert first.person_id != second.person_id  # the same number, but another school's


@fact("lti 1.2", "One client id may be deployed in several root accounts; the deployment tells them apart.")
def test_two_schools_share_a_client_and_stay_apart(browser: Browser, platform: Platform) -> None:
    words = {"slug": "other", "canvas_url": OTHER_URL, "deployment_id": OTHER_DEPLOYMENT}
    assert add_platform(browser.app, platform, **words) == []

    launches(browser, CLIENT, DEPLOYMENT)
    page = launches(browser, CLIENT, OTHER_DEPLOYMENT)

    first, second = launches_recorded(browser.app)
    assert (school_of(first), school_of(second)) == ("school", "other")
    assert first.person_id != second.person_id
    assert f"frame-ancestors {OTHER_URL}" in page.headers["Content-Security-Policy"]


def test_a_login_is_framed_by_the_canvas_of_its_deployment(browser: Browser, platform: Platform) -> None:
    words = {"slug": "other", "canvas_url": OTHER_URL, "deployment_id": OTHER_DEPLOYMENT}
    assert add_platform(browser.app, platform, **words) == []

    framed = {"Sec-Fetch-Dest": "iframe"}
    for name in ("lti_deployment_id", "deployment_id"):
        page = Browser(browser.app).knocks(
            headers=framed, **{"lti_deployment_id": "", name: OTHER_DEPLOYMENT}
        )
        assert f"frame-ancestors {OTHER_URL}" in page.headers["Content-Security-Policy"]


@fact("lti 2.1", "A tool deployed once more, in a course or below, has a deployment id of its own.")
def test_one_school_may_have_several_deployments(browser: Browser, platform: Platform) -> None:
    assert add_platform(browser.app, platform, deployment_id=OTHER_DEPLOYMENT) == []

    launches(browser, CLIENT, DEPLOYMENT)
    launches(browser, CLIENT, OTHER_DEPLOYMENT)

    first, second = launches_recorded(browser.app)
    assert (school_of(first), school_of(second)) == ("school", "school")
    assert first.person_id == second.person_id


def test_an_unknown_deployment_is_turned_away_at_the_door(browser: Browser) -> None:
    page = browser.knocks(lti_deployment_id="99:<new>")

    assert page.status_code == 403
    assert "99:&lt;new&gt;" in page.text
    assert "observatory platform add" in page.text


def test_a_deployment_of_one_school_is_not_given_to_another(browser: Browser, platform: Platform) -> None:
    words = {"slug": "other", "canvas_url": OTHER_URL}

    (said,) = add_platform(browser.app, platform, **words)

    assert "belongs to another institution" in said
    with db.reading() as session:
        assert session.query(Institution).count() == 1


@fact("lti 1.2", "Beta and test have issuers and addresses of their own.")
def test_a_copy_for_trying_out_is_a_school_of_its_own(browser: Browser, platform: Platform) -> None:
    beta = {"issuer": "https://canvas.beta.instructure.com", "canvas_url": "https://school.beta.canvas.test"}

    (said,) = add_platform(browser.app, platform, **beta)
    assert "needs a slug of its own" in said

    assert add_platform(browser.app, platform, **beta, slug="school-beta") == []
    sent = browser.begins(iss=beta["issuer"])
    body = {**claims(sent.nonce, browser.launch_url), "iss": beta["issuer"]}
    browser.returns(signed(body), sent.state)
    launches(browser, CLIENT, DEPLOYMENT)

    first, second = launches_recorded(browser.app)
    assert (school_of(first), school_of(second)) == ("school-beta", "school")
    assert first.person_id != second.person_id


def test_a_school_that_moves_takes_its_deployment_along(browser: Browser, platform: Platform) -> None:
    assert add_platform(browser.app, platform, canvas_url="https://new.canvas.test/") == []

    with db.reading() as session:
        assert session.query(Institution).one().canvas_url == "https://new.canvas.test"


# A Canvas that did not name its deployment.

BY_ADMIN = {CLAIM + "context": ACCOUNT, CLAIM + "roles": ADMIN, PLACEMENT: "account_navigation"}
OF_ROOT = {"canvas_account_id": "1", "canvas_is_root_account_admin": True}


@pytest.fixture
def waiting(app: Flask, registered: Flask) -> Flask:
    """The platform registered, its deployment unknown."""
    with db.transaction() as session:
        session.query(Deployment).delete()
        until = visit.clock() + timedelta(days=7)
        session.execute(update(PlatformRow).values(adopts_until=until))
    return registered


def deployments() -> list[str]:
    with db.reading() as session:
        return [row.deployment_id for row in session.query(Deployment)]


def test_the_first_launch_of_the_whole_accounts_admin_shows_the_deployment(
    waiting: Flask, browser: Browser
) -> None:
    page = launches(browser, CLIENT, DEPLOYMENT, BY_ADMIN, **OF_ROOT)

    assert page.status_code == 200
    assert deployments() == [DEPLOYMENT]
    assert launches_recorded(waiting)[-1].role is Role.ADMIN
    with db.reading() as session:
        event = session.query(AuditEvent).filter_by(event="deployment:adopt").one()
    assert event.facts == {"client": CLIENT, "deployment": DEPLOYMENT, "by": "1042"}
    assert launches(browser, CLIENT, DEPLOYMENT).status_code == 200


@pytest.mark.parametrize(
    ("changes", "custom"),
    [
        ({}, {}),
        ({PLACEMENT: "course_navigation"}, OF_ROOT),
        ({**BY_ADMIN, PLACEMENT: "global_navigation"}, OF_ROOT),
        (BY_ADMIN, {**OF_ROOT, "canvas_account_id": "3"}),
        (BY_ADMIN, {**OF_ROOT, "canvas_root_account_id": None}),
        (BY_ADMIN, {"canvas_account_id": "1", "canvas_adminable_accounts": "1"}),
        (BY_ADMIN, {**OF_ROOT, "canvas_masquerading_user_id": "9"}),
        (BY_ADMIN, {**OF_ROOT, "canvas_api_base_url": OTHER_URL}),
        (BY_ADMIN, {**OF_ROOT, "canvas_api_base_url": None}),
    ],
    ids=[
        "a teacher",
        "an admin in a course",
        "an admin in the main menu",
        "an account below",
        "no root account",
        "not of the root account by Canvas's word",
        "somebody who acts as an admin",
        "another Canvas",
        "a Canvas that does not say where",
    ],
)
def test_no_other_launch_shows_it(
    waiting: Flask, browser: Browser, changes: dict[str, Any], custom: dict[str, Any]
) -> None:
    page = launches(browser, CLIENT, DEPLOYMENT, changes, **custom)

    assert page.status_code == 403
    assert "<code>deployment_waiting</code>" in page.text
    assert DEPLOYMENT in page.text
    assert deployments() == []
    assert launches_recorded(waiting) == []


def test_a_second_deployment_cannot_show_itself(waiting: Flask, browser: Browser) -> None:
    launches(browser, CLIENT, DEPLOYMENT, BY_ADMIN, **OF_ROOT)

    page = browser.knocks(lti_deployment_id=OTHER_DEPLOYMENT)

    assert page.status_code == 403
    assert deployments() == [DEPLOYMENT]


def test_after_a_week_nothing_shows_itself(waiting: Flask, browser: Browser) -> None:
    with db.transaction() as session:
        session.execute(update(PlatformRow).values(adopts_until=visit.clock()))

    page = launches(browser, CLIENT, DEPLOYMENT, BY_ADMIN, **OF_ROOT)

    assert "<code>deployment_unknown</code>" in page.text
    assert deployments() == []


def test_a_deployment_shown_by_an_unsigned_launch_is_none(waiting: Flask, browser: Browser) -> None:
    sent = browser.begins()
    body = {**claims(sent.nonce, browser.launch_url, **OF_ROOT), **BY_ADMIN, "iss": "https://elsewhere.test"}

    assert browser.returns(signed(body), sent.state).status_code == 400
    assert deployments() == []


def test_a_deployment_that_is_named_later_ends_the_waiting(
    waiting: Flask, browser: Browser, platform: Platform
) -> None:
    assert add_platform(waiting, platform, canvas_url=CANVAS_URL) == []

    with db.reading() as session:
        assert session.query(PlatformRow).one().adopts_until is None
    assert launches(browser, CLIENT, DEPLOYMENT).status_code == 200
