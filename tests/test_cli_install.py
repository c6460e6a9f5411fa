"""The commands that make Canvas and Observatory known to each other."""

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.models import Deployment, Institution, Invitation, Platform
from tests.facts import fact
from tests.programs import observatory

SCHOOL = ("--canvas-url", "https://maple.instructure.com", "--client-id", "10000000000002")


@fact("lti 1.2", "Production, beta and test have issuers of their own, and sso hosts that answer for all.")
@pytest.mark.parametrize(
    ("environment", "slug", "issuer", "sso"),
    [
        ("production", "maple", "https://canvas.instructure.com", "https://sso.canvaslms.com"),
        ("beta", "maple-beta", "https://canvas.beta.instructure.com", "https://sso.beta.canvaslms.com"),
        ("test", "maple-test", "https://canvas.test.instructure.com", "https://sso.test.canvaslms.com"),
    ],
)
def test_an_environment_of_hosted_canvas_needs_no_addresses(
    app: Flask, database_url: str, environment: str, slug: str, issuer: str, sso: str
) -> None:
    ran = observatory(
        *("platform", "add", "--environment", environment, *SCHOOL, "--deployment-id", "1:a"),
        DATABASE_URL=database_url,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    with db.reading() as session:
        platform = session.scalars(select(Platform)).one()
        assert session.scalars(select(Institution)).one().slug == slug
    assert platform.issuer == issuer
    assert platform.authorize_url == f"{sso}/api/lti/authorize_redirect"
    assert platform.token_url == f"{sso}/login/oauth2/token"
    assert platform.jwks_url == f"{sso}/api/lti/security/jwks"


def test_a_deployment_may_be_shown_later_and_a_name_stays(app: Flask, database_url: str) -> None:
    words = ("platform", "add", *SCHOOL)
    for more in (("--name", "Maple Grove", "--host", "maple.test"), ("--deployment-id", "1:a"), ()):
        ran = observatory(*words, *more, DATABASE_URL=database_url)
        assert (ran.returncode, ran.stderr) == (0, "")

    with db.reading() as session:
        institution = session.scalars(select(Institution)).one()
        deployment = session.scalars(select(Deployment)).one()
        assert session.scalars(select(Platform)).one().adopts_until is None
    assert (institution.name, institution.host) == ("Maple Grove", "maple.test")
    assert deployment.deployment_id == "1:a"


def test_an_invitation_is_printed_once_and_kept_as_a_digest(app: Flask, database_url: str) -> None:
    ran = observatory(
        *("platform", "invite", *SCHOOL[:2]),
        DATABASE_URL=database_url,
        OBSERVATORY_PUBLIC_URL="https://observatory.example",
    )

    start = "https://observatory.example/lti/register?invite="
    assert ran.returncode == 0
    assert ran.stdout.startswith(start)
    token = ran.stdout.removeprefix(start).strip()
    with db.reading() as session:
        invitation = session.scalars(select(Invitation)).one()
    assert len(token) == 43
    assert token not in invitation.digest


def test_an_invitation_that_cannot_be_is_not_made(app: Flask, database_url: str) -> None:
    ran = observatory(
        "platform", "invite", "--canvas-url", "maple", "--slug", "a b", DATABASE_URL=database_url
    )

    assert ran.returncode == 1
    assert [line.split()[0] for line in ran.stderr.splitlines()] == ["slug", "canvas_url"]


def test_the_secret_of_the_key_is_not_taken_as_an_argument(app: Flask, database_url: str) -> None:
    ran = observatory(
        *("platform", "add", *SCHOOL, "--oauth-client-id", "1", "--oauth-client-secret", "of the key"),
        DATABASE_URL=database_url,
    )

    assert ran.returncode == 2
    assert "No such option '--oauth-client-secret'" in ran.stderr
