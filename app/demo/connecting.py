"""Connecting the demo's service account: the real OAuth round trip, walked as the service persona."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from typing import Any, cast

from flask import Flask
from sqlalchemy import select

from app import db
from app.canvas import lending, oauth, tokens, users
from app.canvas.oauth import Attempt, CallbackProblem, Extra
from app.crypto import random_token
from app.models import Institution, OAuthPurpose

TIMEOUT = 10  # seconds


class NotAuthorized(Exception):
    """Canvas sent no code back: its error word, or why the state was not taken."""


class Browser:
    """Cookies and redirects, as far as a sign-in needs them; stops where it would leave Canvas."""

    def __init__(self, leaves_at: str) -> None:
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), _Staying(leaves_at)
        )

    def go(self, url: str, **form: str) -> str:
        """The address this ends at: a page of Canvas, or the one outside that it was sent to."""
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self._opener.open(url, data, timeout=TIMEOUT) as answer:
                return cast(str, answer.url)
        except urllib.error.HTTPError as answer:
            with answer:
                if 300 <= answer.code < 400:
                    return answer.headers["Location"]
                raise


class _Staying(urllib.request.HTTPRedirectHandler):
    def __init__(self, leaves_at: str) -> None:
        self.leaves_at = leaves_at

    def redirect_request(  # noqa: PLR0913 - the standard library's own signature
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if newurl.startswith(self.leaves_at):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def connect(app: Flask, service_user: int) -> None:
    """Give the only institution the token of this user, with all extras if the key has their scopes."""
    _ask_for(list(Extra))
    try:
        _connect(app, service_user)
    except NotAuthorized as refusal:
        if str(refusal) != CallbackProblem.INVALID_SCOPE:
            raise
        _ask_for(None)
        _connect(app, service_user)


def _ask_for(extras: Iterable[Extra] | None) -> None:
    with db.transaction() as session:
        institution = session.scalars(select(Institution)).one()
        institution.extras = None if extras is None else [extra.value for extra in extras]


def _connect(app: Flask, service_user: int) -> None:
    """What an admin does by clicking."""
    settings, keyring = app.extensions["settings"], app.extensions["keyring"]
    callback = settings.public_url + oauth.CALLBACK_PATH
    secret = random_token()
    with db.transaction() as session:
        institution = session.scalars(select(Institution)).one()
        address = oauth.begin(
            session, keyring, institution, OAuthPurpose.SERVICE, callback, secret, None, None, _now()
        )

    browser = Browser(callback)
    browser.go(f"{institution.canvas_url}/login/canvas", user_id=str(service_user))
    came_back = browser.go(address)
    if not came_back.startswith(callback):
        came_back = browser.go(f"{institution.canvas_url}/login/oauth2/accept", yes="1")
    answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(came_back).query))

    with db.transaction() as session:
        attempt = oauth.take(session, keyring, answer.get("state", ""), secret, _now())
    if not isinstance(attempt, Attempt) or "code" not in answer:
        raise NotAuthorized(answer.get("error", str(attempt)))
    grant = oauth.exchange(settings, keyring, institution, attempt, answer["code"], callback, _now())
    profile = users.profile(tokens.given(institution.canvas_url, grant.access, settings))
    with db.transaction() as session:
        lending.lend(session, keyring, institution.id, grant, profile, _now(), by=None)


def _now() -> datetime:
    return datetime.now(UTC)
