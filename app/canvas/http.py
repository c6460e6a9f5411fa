"""The first ring: one request, and its answer or a failure with a name.

Nothing waits longer than the deadline, nothing larger than the ceiling is kept, no redirect is followed,
no cookie is taken, and no secret reaches an exception or a log.
"""

import atexit
import json
import os
import re
import time
import zlib
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from typing import IO, Any
from urllib.parse import quote_plus, urlencode, urljoin, urlsplit

import httpx

from app.canvas import failures
from app.canvas.answers import Answer
from app.canvas.punctual import deadline, make_punctual
from app.errors import (
    CanvasFailure,
    CanvasNonsense,
    CanvasRejects,
    CanvasThrottled,
    CanvasUnreachable,
    FieldError,
    TokenDead,
)
from app.settings import LOOPBACK_HOSTS

BODY_CEILING = 4 * 1024 * 1024  # bytes, unpacked; a page of 100 users is some 100 KB
CONNECT_TIMEOUT = 5.0  # seconds
PACKINGS = ("identity", "gzip", "x-gzip")
GZIP = zlib.MAX_WBITS | 16  # zlib's word for it

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form. One that is open is read from its start, piece by piece, as often as it is sent."""

    part: str
    name: str
    content: bytes | IO[bytes] = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request to be sent. `form` makes a body; secrets go there or into the bearer, never into `url`."""

    method: str
    url: str
    contact: str
    bearer: str = field(default="", repr=False)
    params: Pairs = ()
    form: Pairs = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)  # besides the bearer: blotted out of messages
    upload: Upload | None = None

    @property
    def path(self) -> str:
        """The path alone, fit for an exception."""
        return urlsplit(self.url).path


def send(call: Call, until: float) -> Answer:
    """Canvas's answer, or a CanvasFailure; not later than `until` by the monotonic clock."""
    if not (call.bearer.isascii() and call.bearer.isprintable()):
        raise TokenDead(call.method, call.path, None, "badly copied: Canvas makes no such token")
    status, headers, body = _exchange(call, until)
    data = _json(body)
    if 200 <= status < 300 and data is not NOT_JSON:
        next_page = httpx.Response(status, headers=headers).links.get("next", {}).get("url")
        return Answer(call.method, call.path, data, next_page, _left(headers), len(body))
    if 200 <= status < 300:
        raise CanvasNonsense(call.method, call.path, status, f"{_media_type(headers)} that is not JSON")
    raise _failure(call, status, headers, data, body)


def _failure(call: Call, status: int, headers: httpx.Headers, data: Any, body: bytes) -> CanvasFailure:
    """What the answer means, with what it tells besides."""
    found = None if data is NOT_JSON else failures.shaped(data)
    kind = failures.kind(status, headers, found, body[:1000].decode(errors="replace"))
    failure = kind(call.method, call.path, status, _blot(failures.reason(found), call))
    if isinstance(failure, CanvasRejects):
        failure.fields = tuple(
            FieldError(*(_blot(words, call) for words in (error.field, error.type, error.message)))
            for error in failures.by_field(found)
        )
    failure.left = 0.0 if isinstance(failure, CanvasThrottled) else _left(headers)
    return failure


def beside(url: str, link: str) -> str | None:
    """The address a link on this page leads to, word for word; None if that is on another server."""
    try:
        address = urljoin(url, link)
        here, there = httpx.URL(url), httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        return None
    same = (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port)
    return address if same else None


def _exchange(call: Call, until: float) -> tuple[int, httpx.Headers, bytes]:
    """Status, headers and whole body of the answer."""

    def unreachable(why: str) -> CanvasFailure:
        return CanvasUnreachable(call.method, call.path, None, why)

    left = until - time.monotonic()
    if left <= 0:
        raise unreachable("no time left")
    request = _request(call, httpx.Timeout(left, connect=min(left, CONNECT_TIMEOUT)))
    try:
        with deadline(until):
            response = _client(os.getpid()).send(request, stream=True)
            try:
                return response.status_code, response.headers, _body(call, response)
            finally:
                response.close()
    except httpx.ConnectError as problem:
        raise unreachable(str(problem)) from None  # a name, a port or a certificate; nothing was sent yet
    except httpx.TransportError as problem:
        raise unreachable(type(problem).__name__) from None  # its text may repeat what was sent


def _request(call: Call, timeout: httpx.Timeout) -> httpx.Request:
    headers = {
        "User-Agent": user_agent(call.contact),
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
    }
    if call.bearer:
        headers["Authorization"] = f"Bearer {call.bearer}"
    common: dict[str, Any] = {
        "params": call.params or None,  # None keeps the query of a next page as it is
        "headers": headers,
        "extensions": {"timeout": timeout.as_dict()},
    }
    if file := call.upload:
        if not isinstance(file.content, bytes):
            file.content.seek(0)
        files = {file.part: (file.name, file.content, file.media_type)}
        form = {name: [value for other, value in call.form if other == name] for name, _ in call.form}
        return httpx.Request(call.method, call.url, data=form, files=files, **common)
    if call.form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    content = urlencode(call.form) if call.form else None
    return httpx.Request(call.method, call.url, content=content, **common)


def _body(call: Call, response: httpx.Response) -> bytes:
    """The whole body, unpacked no further than the ceiling: httpx unpacks first and lets us look later."""

    def nonsense(what: str) -> CanvasNonsense:
        return CanvasNonsense(call.method, call.path, response.status_code, what)

    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in PACKINGS:
        raise nonsense("packed in a way that was not asked for")
    unpacker = zlib.decompressobj(GZIP) if packing != "identity" else None
    body = bytearray()
    try:
        for piece in response.iter_raw():
            body += unpacker.decompress(piece, BODY_CEILING + 1 - len(body)) if unpacker else piece
            if len(body) > BODY_CEILING:
                raise nonsense(f"more than {BODY_CEILING} bytes")
    except zlib.error:
        raise nonsense("its compression is broken") from None
    if unpacker and not unpacker.eof and body:
        raise nonsense("its compression is cut")
    return bytes(body)


NOT_JSON: Any = object()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOT_JSON


def _left(headers: httpx.Headers) -> float | None:
    """What is left of the token's budget: X-Rate-Limit-Remaining (Canvas "Throttling")."""
    told = headers.get("x-rate-limit-remaining", "")
    if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,20})?", told):
        return None
    return max(float(told), 0.0)


def _media_type(headers: httpx.Headers) -> str:
    """What the answer claims to be, in a form that is safe to log."""
    claimed = headers.get("content-type", "").partition(";")[0].strip()
    return claimed if claimed in ("text/html", "application/json", "text/plain") else "something"


def _blot(message: str, call: Call) -> str:
    """The message without our secrets, should the other side repeat them."""
    for secret in filter(None, (call.bearer, *call.secrets)):
        message = message.replace(secret, "…").replace(quote_plus(secret), "…")
    return message


@cache
def user_agent(contact: str) -> str:
    """How we name ourselves; Canvas refuses requests that do not ("Enforcing User-Agent Header")."""
    fit = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in contact)
    return f"Observatory/{version('observatory')} ({fit})"


@cache
def _client(pid: int) -> httpx.Client:
    """The connections of this process, shared by its threads; a forked child opens its own.

    Cookies are refused: they would carry one person's session into another's request. A proxy named by
    the environment is used, but never for this very machine.
    """
    own_machine = {f"all://{'[::1]' if host == '::1' else host}": None for host in LOOPBACK_HOSTS}
    nothing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    client = make_punctual(httpx.Client(cookies=nothing, mounts=own_machine, follow_redirects=False))
    atexit.register(client.close)
    return client
