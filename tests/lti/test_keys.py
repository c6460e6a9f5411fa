"""Our own keys: published, rotated with an overlap, retired."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import Flask

from app import db
from app.lti import keys
from app.models import AuditEvent, ToolKey
from app.web import visit
from tests.commands import Terminal, command
from tests.journeys.rows import rows
from tests.lti.platform import Browser
from tests.programs import observatory

__all__ = ["command"]
WEEK = timedelta(days=7)


def rotate(app: Flask, retire_after: timedelta = WEEK) -> str:
    with db.transaction() as session:
        return keys.rotate(session, app.extensions["keyring"], visit.clock(), retire_after).kid


def published(browser: Browser) -> list[str]:
    return [key["kid"] for key in browser.request("GET", "/lti/jwks.json").get_json()["keys"]]


def test_a_new_key_is_published_at_once_and_the_old_one_stays_a_while(browser: Browser) -> None:
    (old,) = published(browser)

    new = rotate(browser.app)

    assert published(browser) == [new, old]
    with db.reading() as session:
        current = keys.current(session, visit.clock())
        assert current is not None
        assert current.kid == new
        later = keys.jwks(session, visit.clock() + WEEK)["keys"]
    assert [key["kid"] for key in later] == [new]


def test_a_second_rotation_does_not_lengthen_the_first_ones_overlap(browser: Browser) -> None:
    (old,) = published(browser)
    rotate(browser.app, timedelta(days=1))
    with db.reading() as session:
        until = session.query(ToolKey).filter_by(kid=old).one().retired_at

    rotate(browser.app, WEEK)

    with db.reading() as session:
        assert session.query(ToolKey).filter_by(kid=old).one().retired_at == until
    assert len(published(browser)) == 3


def test_a_stolen_key_goes_at_once(browser: Browser) -> None:
    rotate(browser.app)

    new = rotate(browser.app, timedelta(0))

    assert published(browser) == [new]


def test_the_command_makes_a_key_that_opens(app: Flask, browser: Browser, database_url: str) -> None:
    (old,) = published(browser)

    ran = observatory("keys", "rotate", "--retire-after", "2", DATABASE_URL=database_url)

    new, kept = published(browser)
    assert (ran.returncode, kept) == (0, old)
    assert new in ran.stdout
    assert "PRIVATE" not in ran.stdout
    noted = rows(AuditEvent)[-1]
    assert (noted.event, noted.actor_id, noted.facts) == ("key:rotate", None, {"key": new, "by": "cli"})


@pytest.mark.parametrize("days", ["-1", "1e300", "nan", "4000"])
def test_days_that_no_calendar_has_are_refused(browser: Browser, command: Terminal, days: str) -> None:
    before = published(browser)

    ran = command("keys", "rotate", "--retire-after", days)

    assert (ran.status, "Say a number of days from 0 to 3650." in ran.err) == (2, True)
    assert published(browser) == before


def test_a_private_key_is_sealed(browser: Browser) -> None:
    new = rotate(browser.app)

    with db.reading() as session:
        row = session.query(ToolKey).filter_by(kid=new).one()
    assert "PRIVATE" not in row.private_pem
    pem = browser.app.extensions["keyring"].open(row.private_pem, f"tool_keys.private_pem:{new}")
    assert load_pem_private_key(pem.encode(), None).key_size == 2048  # type: ignore[union-attr]
