"""Kept tokens: sealed, renewed once for everybody, and given up when Canvas says so."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.canvas import tokens, users
from app.errors import CanvasNonsense, CanvasUnreachable, NotConnected, SecretUnreadable, TokenDead
from app.models import Institution, Token
from tests.canvas.bureau import LATER, NOW, OBSERVER, SERVICE, Bureau
from tests.canvas.remote import Remote, Reply, Seen
from tests.facts import fact

SOON = NOW + timedelta(seconds=59)
BEARER = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
DEAD = Reply(401, {"errors": [{"message": "Invalid access token."}]}, headers=BEARER)

both_databases = pytest.mark.both_databases(always=True)


class Office(Bureau):
    """One institution at the hostile Canvas."""

    def __init__(self, app: Flask, remote: Remote) -> None:
        super().__init__(app, remote.url)
        self.remote = remote

    def refreshes(self) -> list[Seen]:
        return [seen for seen in self.remote.seen if seen.path == "/login/oauth2/token"]

    def behaves(self, refresh: Reply | Callable[[], Reply], *, good: str = "new") -> None:
        """Take only the good access token, and answer a refresh like this."""

        def answer(seen: Seen) -> Reply:
            if seen.path == "/login/oauth2/token":
                return refresh if isinstance(refresh, Reply) else refresh()
            if seen.headers.get("authorization") != f"Bearer {good}":
                return DEAD
            return Reply(data={"id": 41, "name": "Mia"})

        self.remote.answer = answer


@pytest.fixture
def office(app: Flask, remote: Remote) -> Office:
    return Office(app, remote)


def granted(access: str = "new", **more: object) -> Reply:
    user = {"id": 77, "name": "P", "global_id": "10000000000077"}
    return Reply(
        data={"access_token": access, "token_type": "Bearer", "user": user, "expires_in": 3600, **more}
    )


def refusal(status: int, error: str, description: str) -> Reply:
    return Reply(status, {"error": error, "error_description": description})


@both_databases
def test_a_token_is_sealed_where_it_is_kept(office: Office) -> None:
    office.keeps()
    (row,) = office.rows()
    assert "old" not in row.access
    assert "refresh-secret" not in str(row.refresh)
    assert (office.opened(), office.opened("refresh")) == ("old", "refresh-secret")
    with pytest.raises(SecretUnreadable):
        office.keyring.open(row.access, f"tokens.access:{office.id}/{office.admin}/observer")


@both_databases
def test_a_new_service_account_replaces_the_old_one(office: Office) -> None:
    office.keeps("first")
    office.keeps("second", person=office.person("78"))
    (row,) = office.rows()
    assert (row.person_id, office.opened()) != (office.admin, "first")


def test_a_person_may_be_service_account_and_observer_at_once(office: Office) -> None:
    office.keeps("as admin")
    office.keeps("as observer", purpose=OBSERVER)
    office.keeps("as another", purpose=OBSERVER, person=office.person("78"))
    assert len(office.rows()) == 3
    with db.transaction() as session:
        tokens.forget(session, office.id, office.admin, OBSERVER)
    assert [row.purpose for row in office.rows()] == [SERVICE, OBSERVER]


def test_without_a_token_nothing_is_connected(office: Office) -> None:
    office.keeps("as observer", purpose=OBSERVER)
    with pytest.raises(NotConnected):
        office.canvas(SERVICE)
    with pytest.raises(NotConnected):
        office.canvas(OBSERVER, office.person("78"))


def test_a_good_token_is_used_as_it_is(office: Office) -> None:
    office.keeps("new")
    office.behaves(granted())
    users.profile(office.canvas(), "41")
    assert office.refreshes() == []


@fact("lti 7.2", "A refresh sends the key and the refresh token in a form, and gets a token for an hour.")
@both_databases
@pytest.mark.parametrize("expires_at", [NOW - timedelta(days=1), SOON])
def test_an_ending_token_is_renewed_before_it_is_used(office: Office, expires_at: datetime) -> None:
    office.keeps(expires_at=expires_at)
    office.behaves(granted())
    canvas = office.canvas()
    users.profile(canvas, "41")
    users.profile(canvas, "41")
    (refresh,) = office.refreshes()
    assert refresh.form == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-secret"],
        "client_id": ["10000000000001"],
        "client_secret": ["key-secret"],
    }
    assert refresh.target == "/login/oauth2/token"
    assert "authorization" not in refresh.headers
    (row,) = office.rows()
    assert (office.opened(), office.opened("refresh")) == ("new", "refresh-secret")
    assert row.expires_at is not None
    assert LATER <= row.expires_at < LATER + timedelta(minutes=1)


@fact("lti 7.2", "The refresh token stays the same unless Canvas sends another.")
def test_a_refused_token_is_renewed_and_the_call_repeated(office: Office) -> None:
    office.keeps()
    office.behaves(granted(refresh_token="another"))
    assert users.profile(office.canvas(), "41").name == "Mia"
    assert [seen.method for seen in office.remote.seen] == ["GET", "POST", "GET"]
    assert office.opened("refresh") == "another", "should Canvas ever begin to send a new one"


@both_databases
@pytest.mark.parametrize("expires_at", [NOW, LATER], ids=["seen to end", "refused"])
def test_eight_at_once_renew_once(office: Office, expires_at: datetime) -> None:
    office.keeps(expires_at=expires_at)

    def slowly() -> Reply:
        time.sleep(0.3)
        return granted()

    office.behaves(slowly)
    ready = threading.Barrier(8)

    def call(_: int) -> str:
        with office.app.app_context():
            canvas = office.canvas()
            ready.wait()
            return users.profile(canvas, "41").name

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == ["Mia"] * 8
    assert len(office.refreshes()) == 1


def test_one_canvas_shared_by_threads_renews_once(office: Office) -> None:
    office.keeps()
    office.behaves(granted())
    canvas = office.canvas()

    def call(_: int) -> str:
        with office.app.app_context():
            return users.profile(canvas, "41").name

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, range(4))) == ["Mia"] * 4
    assert len(office.refreshes()) == 1


REFUSALS = {
    "refresh token revoked": refusal(400, "invalid_request", "refresh_token not found"),
    "grant gone": refusal(400, "invalid_grant", "gone"),
    "key deleted": refusal(401, "invalid_client", "unknown client"),
    "secret changed": Reply(
        401,
        {"error": "invalid_client", "error_description": "invalid client"},
        headers={"WWW-Authenticate": "Canvas OAuth 2.0"},
    ),
}


@fact("lti 7.2", "A refused refresh token is `invalid_request`, a key that is gone `invalid_client`.")
@both_databases
@pytest.mark.parametrize("reply", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refused_renewal_ends_the_token_for_everybody(office: Office, reply: Reply) -> None:
    office.keeps()
    office.behaves(reply)
    first, second = office.canvas(), office.canvas()
    for canvas in (first, second):
        with pytest.raises(TokenDead):
            users.profile(canvas, "41")
    with pytest.raises(TokenDead):
        office.canvas()
    assert len(office.refreshes()) == 1
    (row,), (event,) = office.rows(), office.events()
    assert row.dead_since is not None
    assert (event.event, event.facts) == ("service:lose", {"person_id": office.admin})


def test_an_observer_s_dead_token_is_no_event(office: Office) -> None:
    office.keeps(purpose=OBSERVER)
    office.behaves(REFUSALS["grant gone"])
    with pytest.raises(TokenDead):
        users.profile(office.canvas(OBSERVER), "41")
    assert office.rows()[0].dead_since is not None
    assert office.events() == []


TROUBLES = {
    "away": (Reply(503, body=b""), CanvasUnreachable),
    "cut": (Reply(raw=[]), CanvasUnreachable),
    "a page": (Reply(200, body=b"<html>"), CanvasNonsense),
    "a page that says no": (Reply(403, body=b"<html>"), CanvasNonsense),
    "no token": (Reply(data={"token_type": "Bearer"}), CanvasNonsense),
    "a token for another place": (granted("line\nbreak"), CanvasNonsense),
    "a life without end": (granted(expires_in=10**30), CanvasNonsense),
    "a life in words": (granted(expires_in="an hour"), CanvasNonsense),
    "a refusal of something else": (Reply(400, {"message": "odd"}), CanvasNonsense),
}


@both_databases
@pytest.mark.parametrize(("reply", "failure"), TROUBLES.values(), ids=TROUBLES.keys())
def test_trouble_while_renewing_keeps_the_token(
    office: Office, reply: Reply, failure: type[Exception]
) -> None:
    office.keeps()
    office.behaves(reply)
    with pytest.raises(failure):
        users.profile(office.canvas(), "41")
    assert office.rows()[0].dead_since is None
    office.behaves(granted())
    assert users.profile(office.canvas(), "41").name == "Mia"


def test_a_renewal_that_hangs_is_left(office: Office) -> None:
    def hangs() -> Reply:
        time.sleep(3)
        return granted()

    office.keeps(expires_at=NOW)
    office.behaves(hangs)
    started = time.monotonic()
    with pytest.raises(CanvasUnreachable):
        users.profile(office.canvas().within(timedelta(seconds=0.5)), "41")
    assert time.monotonic() - started < 1.5
    assert office.opened() == "old"


@both_databases
def test_who_waits_for_another_s_renewal_waits_no_longer_than_they_may(office: Office) -> None:
    office.keeps(expires_at=NOW)
    office.behaves(granted())
    canvas = office.canvas().within(timedelta(seconds=0.4))
    locked = threading.Event()

    def hold_the_row() -> None:
        with office.app.app_context(), db.transaction() as session:
            session.scalars(select(Token).with_for_update()).one()
            locked.set()
            time.sleep(3)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold_the_row)
        locked.wait()
        started = time.monotonic()
        with pytest.raises(CanvasUnreachable):
            users.profile(canvas, "41")
        waited = time.monotonic() - started
    # SQLite has one lock for everything and waits for it by its own clock.
    assert waited < (5 if db.database.engine.dialect.name == "sqlite" else 2)
    assert office.refreshes() == []


@both_databases
def test_a_fresh_token_that_is_refused_is_given_up(office: Office) -> None:
    office.keeps()
    office.behaves(granted("unwanted"))
    with pytest.raises(TokenDead):
        users.profile(office.canvas(), "41")
    with pytest.raises(TokenDead):
        office.canvas()
    assert len(office.refreshes()) == 1


@both_databases
def test_a_token_made_by_hand_works_until_it_is_refused(office: Office) -> None:
    office.keeps("new", refresh=None, expires_at=None)
    office.behaves(Reply(500))
    assert users.profile(office.canvas(), "41").name == "Mia"
    office.behaves(Reply(500), good="another")
    with pytest.raises(TokenDead):
        users.profile(office.canvas(), "41")
    assert office.refreshes() == []
    assert [event.event for event in office.events()] == ["service:lose"]


@both_databases
def test_a_new_token_revives_what_was_dead(office: Office) -> None:
    office.keeps()
    office.behaves(REFUSALS["grant gone"])
    with pytest.raises(TokenDead):
        users.profile(office.canvas(), "41")
    office.keeps("new")
    assert users.profile(office.canvas(), "41").name == "Mia"


def test_who_held_the_old_service_account_goes_on_with_the_new(office: Office) -> None:
    office.keeps()
    office.behaves(REFUSALS["grant gone"])
    canvas = office.canvas()
    office.keeps("new", person=office.person("78"))
    assert users.profile(canvas, "41").name == "Mia"
    assert office.refreshes() == []


def test_a_job_that_outlives_its_token_renews_it(office: Office) -> None:
    office.keeps("new", expires_at=NOW + timedelta(seconds=61))
    office.behaves(granted())
    canvas = office.canvas()
    users.profile(canvas, "41")
    time.sleep(1.1)
    users.profile(canvas, "41")
    assert len(office.refreshes()) == 1


def test_without_a_developer_key_nothing_is_renewed(office: Office) -> None:
    office.keeps(expires_at=NOW)
    with db.transaction() as session:
        session.get_one(Institution, office.id).oauth_client_secret = None
    with pytest.raises(NotConnected):
        users.profile(office.canvas(), "41")


def test_a_renewal_tells_no_secret(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    office.keeps()
    echo = "key-secret and refresh-secret and old"
    office.behaves(Reply(400, {"error": "odd", "error_description": echo}))
    canvas = office.canvas()
    with pytest.raises(CanvasNonsense) as caught:
        users.profile(canvas, "41")
    told = "\n".join([repr(caught.value), repr(canvas), repr(canvas.bearer), caplog.text])
    for secret in ("key-secret", "refresh-secret", "'old'"):
        assert secret not in told
