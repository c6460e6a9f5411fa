"""What a server or a network can do to a request, and what we send."""

import gzip
import itertools
import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.canvas import Canvas, observees, tokens, users
from app.canvas.http import BODY_CEILING
from app.errors import CanvasFailure, CanvasNonsense, CanvasThrottled, CanvasUnreachable, TokenDead
from app.settings import Settings
from tests.canvas.conftest import TOKEN
from tests.canvas.remote import Remote, Reply
from tests.facts import fact

MIA = {"id": 41, "name": "Mia Holm", "sortable_name": "Holm, Mia"}
START = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip(piece: bytes, seconds: float = 0.1) -> Iterable[bytes]:
    for _ in range(200):
        yield piece
        time.sleep(seconds)


@fact("lti 8", "Every request names us and a contact in its User-Agent, which Canvas demands.")
def test_we_say_who_we_are(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(data=MIA))
    users.profile(canvas, "41")
    headers = remote.seen[0].headers
    assert headers["user-agent"].startswith("Observatory/")
    assert "tests@observatory.test" in headers["user-agent"]
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in remote.seen[0].target


def test_a_contact_in_any_script_can_be_named(remote: Remote, quick: Settings) -> None:
    remote.says(Reply(data=MIA))
    users.profile(tokens.given(remote.url, TOKEN, replace(quick, contact="学校\r\nX: y")), "41")
    assert "x" not in remote.seen[0].headers


def test_a_cookie_is_never_kept(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(data=MIA, headers={"Set-Cookie": "_session=somebody; Path=/"}))
    users.profile(canvas, "41")
    users.profile(canvas, "41")
    assert "cookie" not in remote.seen[1].headers


def test_connections_are_used_again(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(data=MIA))
    for _ in range(5):
        users.profile(canvas, "41")
    assert len({seen.port for seen in remote.seen}) == 1


def test_an_id_leads_nowhere_else(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(data=MIA))
    users.profile(canvas, "../accounts?x=1#y")
    assert remote.seen[0].target == "/api/v1/users/..%2Faccounts%3Fx%3D1%23y/profile"
    for empty in ("", ".", ".."):
        with pytest.raises(ValueError, match="empty piece"):
            observees.remove(canvas, "10", empty)


def test_redirects_are_not_followed(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(307, body=b"", headers={"Location": f"{remote.url}/api/v1/users/41"}))
    with pytest.raises(CanvasNonsense):
        users.profile(canvas, "41")
    assert len(remote.seen) == 1


NONSENSE = {
    "cut JSON": Reply(body=b'{"id": 41, "name": "Mi'),
    "a list for an object": Reply(data=[MIA]),
    "a text for an object": Reply(data="Mia"),
    "bytes that are no text": Reply(body=b'{"id": 41, "name": "\xff\xfe\xff"}'),
    "latin-1": Reply(body='{"id": 41, "name": "Søren"}'.encode("latin-1")),
    "a number of 5,000 digits": Reply(body=b'{"id": ' + b"9" * 5000 + b"}"),
    "lists without end": Reply(body=b"[" * 200_000),
    "gzip that is none": Reply(data=MIA, headers={"Content-Encoding": "gzip"}),
    "gzip that is cut": Reply(body=gzip.compress(b" " * 100)[:-20], headers={"Content-Encoding": "gzip"}),
    "more than we read": Reply(body=b" " * (BODY_CEILING + 1)),
    "more than we read, packed": Reply(
        body=gzip.compress(b" " * (BODY_CEILING + 1)), headers={"Content-Encoding": "gzip"}
    ),
}


@pytest.mark.parametrize("reply", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_called_so(canvas: Canvas, remote: Remote, reply: Reply) -> None:
    remote.says(reply)
    with pytest.raises(CanvasNonsense):
        users.profile(canvas, "41")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_every_unicode_is_read(canvas: Canvas, remote: Remote, encoding: str) -> None:
    remote.says(Reply(body='{"id": 41, "name": "Søren 学"}'.encode(encoding)))
    assert users.profile(canvas, "41").name == "Søren 学"


def test_a_name_can_be_kept_in_any_database(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(body=b'{"id": 41, "name": "M\\u0000i\\ud800a"}'))
    assert users.profile(canvas, "41").name == "Mi?a"


SLOW = {
    "says nothing": [b""],
    "drips its headers": [START, b"X-A: b\r\n"],
    "drips its body": [START + b"Content-Length: 999\r\n\r\n", b" "],
    "never ends": [START + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"],
}


@pytest.mark.parametrize("pieces", SLOW.values(), ids=SLOW.keys())
def test_a_slow_server_is_left_in_time(canvas: Canvas, remote: Remote, pieces: list[bytes]) -> None:
    remote.answer = lambda _seen: Reply(raw=itertools.chain(pieces[:-1], drip(pieces[-1])))
    started = time.monotonic()
    with pytest.raises(CanvasUnreachable):
        observees.add(canvas, "10", "11")
    assert 1.2 < time.monotonic() - started < 4


BROKEN = {
    "hangs up": [],
    "cuts the body": [START + b"Content-Length: 999\r\n\r\n{"],
    "cuts a chunk": [START + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"],
    "speaks no HTTP": [b"220 smtp ready\r\n"],
    "has an endless header": [START + b"X-A: " + b"b" * 300_000],
}


@pytest.mark.parametrize("pieces", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_may_have_had_its_effect(canvas: Canvas, remote: Remote, pieces: list[bytes]) -> None:
    remote.answer = lambda _seen: Reply(raw=pieces)
    with pytest.raises(CanvasUnreachable):
        observees.add(canvas, "10", "11")
    assert len(remote.seen) == 1


def test_nobody_listens(quick: Settings) -> None:
    with pytest.raises(CanvasUnreachable, match="refused"):
        users.profile(tokens.given("http://127.0.0.1:1", TOKEN, quick), "41")


@pytest.mark.parametrize("broken", ["sec\nret", "sec\0ret", "“secret”", "sécret"])
def test_a_badly_copied_token_is_dead(remote: Remote, quick: Settings, broken: str) -> None:
    with pytest.raises(TokenDead) as caught:
        observees.add(tokens.given(remote.url, broken, quick), "10", "11")
    assert "ret" not in str(caught.value)
    assert remote.seen == []


def test_space_around_a_token_is_forgiven(remote: Remote, quick: Settings) -> None:
    remote.says(Reply(data=MIA))
    users.profile(tokens.given(remote.url, " token\n", quick), "41")
    assert remote.seen[0].headers["authorization"] == "Bearer token"


@fact("lti 8", "Throttled is 429, or 403 with its words; a read is tried again.")
@pytest.mark.parametrize("stumble", [Reply(502, body=b""), Reply(429, body=b""), Reply(raw=[])])
def test_reading_is_tried_again(remote: Remote, canvas: Canvas, patient: Settings, stumble: Reply) -> None:
    remote.says(stumble, stumble, Reply(data=MIA))
    assert users.profile(replace(canvas, settings=patient), "41").name == "Mia Holm"
    assert len(remote.seen) == 3


def test_reading_is_given_up_soon(canvas: Canvas, remote: Remote, patient: Settings) -> None:
    remote.says(Reply(429, body=b""))
    started = time.monotonic()
    with pytest.raises(CanvasThrottled):
        users.profile(replace(canvas, settings=patient), "41")
    assert len(remote.seen) == 3
    assert time.monotonic() - started < 5


def test_a_person_waits_no_longer_than_their_budget(canvas: Canvas, remote: Remote) -> None:
    waiting = canvas.within(timedelta(seconds=0.5))
    remote.answer = lambda _seen: Reply(raw=drip(b""))
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(CanvasUnreachable):
            users.profile(waiting, "41")
    assert time.monotonic() - started < 1.4, "three calls, one budget"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=[]),
        Reply(500, body=b""),
        Reply(403, data={"errors": [{"message": f"no, {TOKEN}"}]}),
        Reply(200, body=b"<"),
    ],
)
def test_a_failure_tells_no_secret(
    canvas: Canvas, remote: Remote, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    remote.says(reply)
    with pytest.raises(CanvasFailure) as caught:
        observees.add_by_code(canvas, "self", "aB3dE9")
    told = [str(caught.value), repr(caught.value), repr(canvas), caplog.text, str(vars(caught.value))]
    told += [repr(entry.__dict__) for entry in caplog.records]
    for secret in (TOKEN, "aB3dE9"):
        assert secret not in "\n".join(told)
