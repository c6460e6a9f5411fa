"""CPU per redemption: an observer signed in with Canvas redeems a student's all-course code."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select

from app import create_app, db, jobs, people
from app.canvas import tokens
from app.canvas.grants import Tokens
from app.crypto import fingerprint
from app.models import Institution, Link, LinkState, OAuthPurpose, PortalSession, Role
from app.pairing import codes
from app.policy import Policy
from bench.databases import Database
from bench.serving import (
    PUBLIC_URL,
    WARM_UP,
    Cost,
    Meter,
    serving,
    working,
)
from bench.serving import (
    measure as measured,
)
from tests.conftest import settings_for
from tests.sandbox.running import running

COURSE, SECTION, ADMIN = 100, 1000, 1
FIRST_STUDENT, FIRST_OBSERVER = 10_000, 20_000


def measure(database: Database, folder: Path, count: int, rounds: int) -> Cost:
    """A redemption; what the worker does afterwards is counted, what Canvas does is not."""
    many = WARM_UP + count * rounds
    with running() as canvas:
        canvas.use(_world(many))
        app = create_app(settings_for(database.url, OBSERVATORY_PUBLIC_URL=PUBLIC_URL))
        with app.app_context():
            jobs.migrate()
            pairs = iter(_prepare(app, canvas.url, many))
        with (
            serving("app.wsgi:create", database, folder) as server,
            working(database, folder) as worker,
            httpx.Client(base_url=PUBLIC_URL, trust_env=False) as browser,
        ):
            meter = Meter(database, server, worker)
            once = lambda: _redeem(browser, *next(pairs))  # noqa: E731 - the thing that is measured
            cost = measured("redemption, all courses", meter, once, count, rounds)
        with app.app_context(), db.reading() as session:
            states = session.scalars(select(Link.state)).all()
        assert states.count(LinkState.ACTIVE) == len(states) == many
        return cost


def _world(many: int) -> dict[str, Any]:
    def person(number: int, name: str) -> dict[str, Any]:
        login = {"account_id": 1, "unique_id": f"u{number}", "password": "p", "sis_user_id": None}
        return {"id": number, "name": name, "logins": [login], "tokens": [f"tok-{number}"]}

    students = [person(FIRST_STUDENT + n, f"Student {n}") for n in range(many)]
    observers = [person(FIRST_OBSERVER + n, f"Observer {n}") for n in range(many)]
    return {
        "accounts": [{"id": 1, "name": "Bench School", "domain": "localhost"}],
        "users": [person(ADMIN, "Admin"), *students, *observers],
        "admins": [{"user_id": ADMIN, "account_id": 1}],
        "courses": [
            {
                "id": COURSE,
                "account_id": 1,
                "name": "Bench",
                "course_code": "B",
                "workflow_state": "available",
                "sections": [{"id": SECTION, "name": "A"}],
            }
        ],
        "enrollments": [
            {
                "user_id": FIRST_STUDENT + n,
                "course_id": COURSE,
                "section_id": SECTION,
                "type": "StudentEnrollment",
                "state": "active",
            }
            for n in range(many)
        ],
    }


def _prepare(app: Flask, canvas_url: str, many: int) -> Iterator[tuple[str, str]]:
    """Codes, and the cookies of observers who are signed in."""
    keyring = app.extensions["keyring"]
    now = datetime.now(UTC)
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer
    with db.transaction() as session:
        institution = session.scalars(select(Institution)).one()
        institution.canvas_url = canvas_url
        admin = people.remember(session, institution.id, str(ADMIN), "Admin", now)
        kept = Tokens(access=f"tok-{ADMIN}")
        tokens.store(session, keyring, institution.id, admin.id, OAuthPurpose.SERVICE, kept, now)
        pairs = []
        for n in range(many):
            student = people.remember(session, institution.id, str(FIRST_STUDENT + n), f"Student {n}", now)
            observer = people.remember(session, institution.id, str(FIRST_OBSERVER + n), f"Observer {n}", now)
            code = codes.issue(
                session,
                keyring,
                issuer=student,
                role=Role.STUDENT,
                student=student,
                reach=codes.ALL_COURSES,
                policy=Policy(),
                now=now,
            )
            handle = f"handle-{n}"
            session.add(
                PortalSession(
                    institution_id=institution.id,
                    person_id=observer.id,
                    handle_digest=fingerprint(handle),
                    created_at=now,
                    expires_at=now + timedelta(hours=1),
                )
            )
            pairs.append((codes.text_of(keyring, code), signer.dumps({"portal": handle})))
    return iter(pairs)


def _redeem(browser: httpx.Client, code: str, cookie: str) -> None:
    page = browser.get("/pair", headers={"Cookie": f"__Host-observatory={cookie}"})
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token, page.text
    fresh = page.headers["set-cookie"].partition(";")[0]
    answer = browser.post(
        "/pair",
        data={"csrf_token": token[1], "code": code},
        headers={"Cookie": fresh, "Referer": f"{PUBLIC_URL}/pair"},
    )
    assert answer.status_code == 303, answer.text
    browser.cookies.clear()
