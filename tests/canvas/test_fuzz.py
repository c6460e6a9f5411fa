"""A Canvas that means harm: whatever it answers, every call ends with a value or a failure that has a name.

Nothing larger than a few pages is kept, no secret is repeated, no other server is called, and nobody waits
longer than they may.
"""

import inspect
import json
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.canvas import (
    Canvas,
    accounts,
    authentication_providers,
    conversations,
    courses,
    enrollments,
    observees,
    sections,
    sis_imports,
    terms,
    tokens,
    users,
)
from app.canvas.http import BODY_CEILING
from app.errors import CanvasFailure, CanvasNonsense, CanvasUnreachable
from tests.canvas.endpoints import ENDPOINTS
from tests.canvas.remote import Remote, Reply, Seen, serve
from tests.conftest import settings_for

MODULES = (
    accounts,
    authentication_providers,
    conversations,
    courses,
    enrollments,
    observees,
    sections,
    sis_imports,
    terms,
    users,
)
TOKEN = "a-secret-access-token"
SECRETS = (TOKEN, "aB3dE9", "s3cret-passw0rd", "the-student-s-token")  # what the endpoints' table sends
SHORT = "0.4"  # seconds a call may take
HUNDRED = 100 * 1024 * 1024
SMALL = 40 * 1024 * 1024  # what a call may need, of which a page's values are the most
NAMES = sorted(ENDPOINTS)
START = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PAGE = b"<!DOCTYPE html><html><body><h1>Sorry</h1>" + TOKEN.encode() + b" aB3dE9</body></html>"
STATUSES = (200, 201, 206, 226, 400, 401, 403, 404, 409, 418, 422, 429, 451, 500, 502, 599, 799)
MEGABYTE = b" " * (1024 * 1024)


@pytest.fixture(scope="module")
def hostile() -> Iterator[Remote]:
    server, remote = serve()
    yield remote
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def canvas(hostile: Remote) -> Canvas:
    short = settings_for("sqlite://", OBSERVATORY_CANVAS_TIMEOUT=SHORT)
    return replace(tokens.given(hostile.url, TOKEN, short), page_ceiling=5)


def ends(canvas: Canvas, name: str) -> object:
    """The value, or the failure: one of ours, with a message that repeats no secret."""
    call, _good = ENDPOINTS[name]
    try:
        return call(canvas)
    except CanvasFailure as caught:
        failure = caught
    told = f"{failure} {failure!r} {vars(failure)} {failure.__cause__} {failure.__context__!r}"
    assert not [secret for secret in SECRETS if secret in told]
    assert failure.path.startswith("/api/v1")
    assert len(str(failure)) < 500
    return failure


def test_every_endpoint_is_attacked() -> None:
    public = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), "") == "canvas"
    }
    in_course = ("students", "of_student", "observers", "of_observer")  # shorthands of `of_course`
    tried = {name.partition(",")[0] for name in NAMES}
    assert public - {f"enrollments.{who}_in_course" for who in in_course} == tried


def good(name: str) -> bytes:
    return json.dumps(ENDPOINTS[name][1]).encode()


def cut(body: bytes) -> list[Reply]:
    """JSON that ends too early, at every tenth of its length."""
    return [Reply(body=body[: len(body) * tenth // 10]) for tenth in range(10)]


def misencoded(body: bytes) -> list[Reply]:
    """The right words in the wrong bytes, and two encodings in one body."""
    text = body.decode().replace("M", "Mø", 1)
    encodings = ("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7")
    bodies = [text.encode(encoding) for encoding in encodings]
    mixed = [b"\xef\xbb\xbf" + text.encode("utf-16"), body[:9] + text.encode("latin-1")]
    bodies += [*mixed, b"\xff" + body, body + b"\0"]
    lie = {"Content-Type": "application/json; charset=shift_jis"}
    return [Reply(body=one, headers=lie) for one in bodies]


def mislabeled(body: bytes) -> list[Reply]:
    """Pages of proxies, statuses nobody expects, and lengths that are lies."""
    html = {"Content-Type": "text/html"}
    pages = [Reply(status, body=PAGE, headers=html) for status in STATUSES]
    empty = [Reply(status, body=b"") for status in STATUSES]
    lengths = [b"999999", b"-5", b"0x10", b"1, 2", b"9" * 30]
    lies = [Reply(raw=[START + b"Content-Length: " + length + b"\r\n\r\n" + body]) for length in lengths]
    packings = ("gzip", "br", "deflate", "x", "gzip, gzip")
    return pages + empty + lies + [Reply(body=body, headers={"Content-Encoding": how}) for how in packings]


def broken(body: bytes) -> list[Reply]:
    """Answers that are not quite HTTP."""
    head = START + b"Content-Length: %d\r\n" % len(body)
    raw = [
        b"",
        b"\0" * 100,
        b"HTTP/1.1 200\r\n\r\n" + body,
        b"HTTP/9.9 200 OK\r\n\r\n" + body,
        b"HTTP/1.1 0 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n" + body,
        b"HTTP/1.1 200 OK\n\n" + body,
        head + b"Content-Length: 3\r\n\r\n" + body,
        head + b"X\0: y\r\n\r\n" + body,
        head + b"Link: " + b"<" * 60_000 + b"\r\n\r\n" + body,
        head + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + b"\r\n" + body,
        START + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body,
        START + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + body,
        START + b"Transfer-Encoding: gzip\r\n\r\n" + body,
    ]
    return [Reply(raw=[one]) for one in raw]


ATTACKS: dict[str, Callable[[bytes], list[Reply]]] = {
    "cut": cut,
    "misencoded": misencoded,
    "mislabeled": mislabeled,
    "broken": broken,
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", NAMES)
def test_a_bad_answer_ends_in_a_value_or_a_name(
    canvas: Canvas, hostile: Remote, name: str, attack: str
) -> None:
    for reply in ATTACKS[attack](good(name)):
        hostile.says(reply)
        ends(canvas, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_that_repeats_what_we_sent_is_told_without_it(
    canvas: Canvas, hostile: Remote, name: str
) -> None:
    for status in STATUSES:

        def echo(seen: Seen, status: int = status) -> Reply:
            words = f"{seen.target} {seen.headers} {seen.body.decode()}"
            return Reply(status, {"errors": {"user": {"name": [{"message": words, "type": words}]}}})

        hostile.answer = echo
        ends(canvas, name)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


HEADERS = ("Link", "X-Rate-Limit-Remaining", "WWW-Authenticate", "Content-Type", "Set-Cookie")
HEADER_WORDS = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60
)


@st.composite
def near_misses(draw: st.DrawFn, name: str) -> Any:
    """The good answer with something else in a few of its places."""

    def twist(value: Any) -> Any:
        if draw(st.integers(0, 7)) == 0:
            return draw(json_values)
        if isinstance(value, dict):
            return {key: twist(inner) for key, inner in value.items()}
        return [twist(inner) for inner in value] if isinstance(value, list) else value

    return twist(ENDPOINTS[name][1])


@st.composite
def attacks(draw: st.DrawFn) -> tuple[str, Reply]:
    """An endpoint, and an answer of any status, body and header."""
    name = draw(st.sampled_from(NAMES))
    data = st.builds(lambda value: json.dumps(value).encode(), json_values | near_misses(name))
    body = draw(data | st.binary(max_size=200))
    status = draw(st.sampled_from([200, 200, 200, 201, 301, 400, 401, 403, 404, 422, 500]))
    words = st.text(
        st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60
    )
    names = st.sampled_from(
        ["Link", "X-Rate-Limit-Remaining", "WWW-Authenticate", "Content-Type", "Set-Cookie"]
    )
    return name, Reply(status, body=body, headers=draw(st.dictionaries(names, words, max_size=3)))


@settings(max_examples=300, deadline=None)
@given(attacks())
def test_chance_finds_no_answer_that_breaks_a_call(
    canvas: Canvas, hostile: Remote, attack: tuple[str, Reply]
) -> None:
    name, reply = attack
    hostile.says(reply)
    ends(canvas, name)


def flood(total: int) -> Iterable[bytes]:
    for _ in range(total // len(MEGABYTE)):
        yield MEGABYTE


def chunked(total: int) -> Iterable[bytes]:
    yield START + b"Transfer-Encoding: chunked\r\n\r\n"
    for piece in flood(total):
        yield b"%x\r\n" % len(piece) + piece + b"\r\n"
    yield b"0\r\n\r\n"


def bomb(total: int) -> bytes:
    """Some hundred kilobytes that unpack to so much."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(map(packer.compress, flood(total))) + packer.flush()


def page_of(values: bytes, size: int = BODY_CEILING) -> bytes:
    """A page of so many bytes, full of the same."""
    return b"[" + values * ((size - 10) // len(values)) + b"0]"


FLOODS: dict[str, Callable[[], Reply]] = {
    "plain": lambda: Reply(raw=[START + b"Content-Length: %d\r\n\r\n" % HUNDRED, *flood(HUNDRED)]),
    "chunked": lambda: Reply(raw=chunked(HUNDRED)),
    "without a length": lambda: Reply(raw=[START + b"\r\n", *flood(HUNDRED)]),
    "packed": lambda: Reply(body=bomb(HUNDRED), headers={"Content-Encoding": "gzip"}),
    "a refusal": lambda: Reply(raw=[START.replace(b"200 OK", b"422 No") + b"\r\n", *flood(HUNDRED)]),
}


@pytest.mark.parametrize("flood_name", FLOODS)
@pytest.mark.parametrize("name", ["observees.add", "courses.of_account"])
def test_a_hundred_megabytes_are_not_kept(
    canvas: Canvas, hostile: Remote, patient_canvas: Canvas, name: str, flood_name: str
) -> None:
    hostile.says(FLOODS[flood_name]())
    tracemalloc.start()
    try:
        failure = ends(patient_canvas, name)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(failure, CanvasNonsense)
    assert peak < SMALL


@pytest.fixture(scope="module")
def patient_canvas(canvas: Canvas) -> Canvas:
    """For answers that take their time to be made."""
    return replace(canvas, settings=settings_for("sqlite://", OBSERVATORY_CANVAS_TIMEOUT="30"))


def test_the_values_that_need_the_most_memory_are_bounded(hostile: Remote, patient_canvas: Canvas) -> None:
    hostile.says(Reply(body=page_of(b"[],", len(MEGABYTE))))
    tracemalloc.start()
    try:
        assert isinstance(ends(patient_canvas, "courses.of_account"), CanvasNonsense)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * len(MEGABYTE), "so the largest page needs 160 MB at the worst"


def test_a_list_of_large_pages_is_given_up(hostile: Remote, patient_canvas: Canvas) -> None:
    pages = endless(
        hostile, page_of(b'{"id":1,"name":"M","pad":"' + b"x" * 5000 + b'"},').replace(b",0]", b"]")
    )
    hostile.answer = pages
    limited = replace(patient_canvas, list_ceiling=3 * BODY_CEILING, page_ceiling=1000)
    hostile.seen.clear()
    failure = ends(limited, "observees.list_observees")
    assert isinstance(failure, CanvasNonsense)
    assert "a list of more than" in failure.message
    assert len(hostile.seen) == 4


def endless(hostile: Remote, body: bytes) -> Callable[[Seen], Reply]:
    numbers = iter(range(1, 10**9))

    def answer(seen: Seen) -> Reply:
        link = f'<{hostile.url}{seen.path}?page={next(numbers)}>; rel="next"'
        return Reply(body=body, headers={"Link": link})

    return answer


@pytest.mark.parametrize("name", NAMES)
def test_pages_without_end_come_to_an_end(canvas: Canvas, hostile: Remote, name: str) -> None:
    hostile.answer = endless(hostile, good(name))
    hostile.seen.clear()
    ends(canvas, name)
    assert len(hostile.seen) <= 6


@pytest.mark.parametrize("name", NAMES)
def test_no_redirect_leads_the_token_elsewhere(canvas: Canvas, hostile: Remote, name: str) -> None:
    server, elsewhere = serve()
    elsewhere.says(Reply(body=good(name)))
    there = (f"{elsewhere.url}/api/v1/x", f"//127.0.0.1:{server.server_port}/x")
    try:
        for status in (301, 302, 303, 307, 308):
            for target in (*there, "/api/v1/loop", "http://[::1", ""):
                to = {"Location": target, "Refresh": f"0; url={target}"}
                hostile.says(Reply(status, body=b"", headers=to))
                hostile.seen.clear()
                assert isinstance(ends(canvas, name), CanvasNonsense | CanvasUnreachable)
                assert {seen.target for seen in hostile.seen} == {hostile.seen[0].target}, "no loop is run"
        link = f'<{elsewhere.url}/api/v1/x>; rel="next"'
        hostile.says(Reply(body=good(name), headers={"Link": link, "Location": elsewhere.url}))
        ends(canvas, name)
        assert elsewhere.seen == []
    finally:
        server.shutdown()
        server.server_close()


class Drip:
    """A server that sends a piece now and then, for as long as somebody listens."""

    def __init__(self, first: bytes, piece: bytes) -> None:
        self.first, self.piece = first, piece
        self.left = threading.Event()

    def pieces(self) -> Iterator[bytes]:
        try:
            yield self.first
            while True:
                yield self.piece
                time.sleep(0.02)
        finally:
            self.left.set()


DRIPS = {
    "nothing": (b"", b""),
    "a status line": (b"", b"H"),
    "headers": (START, b"X-A: b\r\n"),
    "one header": (START + b"X-A: ", b"b"),
    "go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "a body": (START + b"Content-Length: 99999999\r\n\r\n", b" "),
    "a body without a length": (START + b"\r\n", b" "),
    "chunks": (START + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a chunk's name": (START + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "a packed body": (START + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08" + b"\0" * 7, b"\0"),
}


@pytest.mark.parametrize("drip", DRIPS)
@pytest.mark.parametrize("name", ["observees.add", "courses.of_account"])
def test_a_slow_drip_is_left_in_time(canvas: Canvas, hostile: Remote, name: str, drip: str) -> None:
    dripping = Drip(*DRIPS[drip])
    hostile.answer = lambda _seen: Reply(raw=dripping.pieces())
    failure = ends(canvas.within(timedelta(seconds=0.2)), name)
    assert isinstance(failure, CanvasUnreachable | CanvasNonsense)
    if drip != "nothing":  # who sends nothing does not notice that nobody listens
        assert dripping.left.wait(30), "the connection is closed"
