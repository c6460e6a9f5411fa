"""The second ring: a Canvas, seen through one person's token."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote

import stamina

from app.canvas import http, pacing
from app.canvas.answers import Answer, Fields
from app.canvas.http import Call, Pairs, Upload
from app.canvas.pacing import Budget, Streak
from app.errors import CanvasNonsense, CanvasThrottled, CanvasUnreachable, TokenDead
from app.settings import Settings

PAGE_SIZE = ("per_page", "100")  # the most Canvas gives
TRIES = 3  # of a call that only reads
LONGEST_PAUSE = 0.6  # seconds between them
PATIENCE = timedelta(seconds=10)  # of bulk work that can come again later


class Bearer(Protocol):
    """A token that may know how to replace itself."""

    def current(self, until: float) -> str:
        """The token to send."""

    def renewed(self, refused: str, until: float) -> str:
        """Another token than the refused one, or TokenDead."""

    def lose(self, refused: str) -> None:
        """Give up a token that was refused though it is fresh."""

    @property
    def budget(self) -> Budget | None:
        """What all who use this token share; None if nobody else does."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """One Canvas, seen through one token. Cheap; made for a request or a job, and not kept."""

    base_url: str
    bearer: Bearer = field(repr=False)
    settings: Settings = field(repr=False)
    deadline: float | None = None  # by the monotonic clock; for everything asked of it together
    patience: timedelta | None = None  # of bulk work with each call; None: somebody waits
    streak: Streak | None = field(default=None, repr=False)  # of calls that share a turn
    page_ceiling: int = 1000  # pages of one list; more is an endless one
    list_ceiling: int = 128 * 1024 * 1024  # bytes of one list; 100,000 users are some 40 MB

    def within(self, budget: timedelta) -> "Canvas":
        """The same Canvas for somebody who waits: everything asked of it takes at most this long."""
        return replace(self, deadline=time.monotonic() + budget.total_seconds())

    def in_bulk(self, patience: timedelta = PATIENCE) -> "Canvas":
        """The same Canvas for work nobody waits for: it leaves half of the token's budget to people.

        Each call waits for its turn, at most this long, and then raises CanvasThrottled, whose `wait` says
        when to come again. Never inside a transaction.
        """
        return replace(self, patience=patience)

    @contextmanager
    def in_a_row(self) -> Iterator["Canvas"]:
        """The same Canvas for many calls of bulk work by this thread, one right after another."""
        budget = self.bearer.budget
        if budget is None or self.patience is None:
            yield self
            return
        streak = Streak(budget, pacing.STREAK)
        try:
            yield replace(self, streak=streak)
        finally:
            streak.end()

    def get(self, path: str, *params: tuple[str, str]) -> Answer:
        """Read; tried again when Canvas stumbles."""
        return self._send(self._call("GET", path, params=params))

    def post(self, path: str, *form: tuple[str, str], secrets: Iterable[str] = ()) -> Answer:
        """Create. Not repeated here: whether it has happened is for the caller to find out."""
        return self._send(self._call("POST", path, form=form, secrets=tuple(secrets)))

    def upload(self, path: str, file: Upload, *form: tuple[str, str]) -> Answer:
        """Create from a file. Not repeated here."""
        return self._send(self._call("POST", path, form=form, upload=file))

    def put(self, path: str, *form: tuple[str, str]) -> Answer:
        """Set. Not repeated here."""
        return self._send(self._call("PUT", path, form=form))

    def delete(self, path: str, *params: tuple[str, str]) -> Answer:
        """Remove. Not repeated here."""
        return self._send(self._call("DELETE", path, params=params))

    def pages(self, path: str, *params: tuple[str, str], under: str | None = None) -> Iterator[Fields]:
        """Every object of a list, page after page; `under` is the key that some lists stand under.

        The next page is taken word for word from the `Link` header, for Canvas's bookmarks mean nothing
        to others, and only if it is on this Canvas: the token goes with it. Source: "Pagination".
        """
        answer, size = self.get(path, PAGE_SIZE, *params), 0
        for _ in range(self.page_ceiling):
            size += answer.size
            if size > self.list_ceiling:
                raise CanvasNonsense("GET", path, 200, f"a list of more than {self.list_ceiling} bytes")
            yield from answer.object().objects(under) if under else answer.objects()
            if answer.next is None:
                return
            url = http.beside(self.base_url + path, answer.next)
            if url is None:
                raise CanvasNonsense("GET", path, 200, "the next page is on another server")
            answer = self._send(Call("GET", url, self.settings.contact))
        raise CanvasNonsense("GET", path, 200, f"more than {self.page_ceiling} pages")

    def page(
        self, path: str, *params: tuple[str, str], after: str | None = None
    ) -> tuple[list[Fields], str | None]:
        """One page of a list, and where the next one is; `after` is what the page before said.

        For lists too long for one turn of a job: the place is kept between turns.
        """
        if after is None:
            answer = self.get(path, PAGE_SIZE, *params)
        else:
            url = http.beside(self.base_url + path, after)
            if url is None:
                raise CanvasNonsense("GET", path, 200, "the next page is on another server")
            answer = self._send(Call("GET", url, self.settings.contact))
        return list(answer.objects()), answer.next

    def _call(
        self,
        method: str,
        path: str,
        params: Pairs = (),
        form: Pairs = (),
        secrets: tuple[str, ...] = (),
        upload: Upload | None = None,
    ) -> Call:
        url = self.base_url + path
        return Call(method, url, self.settings.contact, "", params, form, secrets, upload)

    def _send(self, call: Call) -> Answer:
        budget = self.bearer.budget
        if budget is None or self.patience is None:
            return pacing.at_once(budget, lambda: self._at_once(call))
        until = time.monotonic() + self.patience.total_seconds()
        if self.deadline is not None:
            until = min(until, self.deadline)
        streak = self.streak or Streak(budget)
        return pacing.in_turn(streak, lambda: self._at_once(call), self.settings.canvas_timeout, until)

    def _at_once(self, call: Call) -> Answer:
        until = time.monotonic() + self.settings.canvas_timeout.total_seconds()
        if self.deadline is not None:
            until = min(until, self.deadline)
        token = self.bearer.current(until)
        try:
            return _patiently(replace(call, bearer=token), until)
        except TokenDead:
            token = self.bearer.renewed(token, until)
        try:
            return _patiently(replace(call, bearer=token), until)
        except TokenDead:
            self.bearer.lose(token)
            raise


def _patiently(call: Call, until: float) -> Answer:
    """Send; what only reads is sent up to three times, soon after one another, while there is time."""

    def again(problem: Exception) -> bool:
        if call.method != "GET" or time.monotonic() + LONGEST_PAUSE > until:
            return False
        return isinstance(problem, CanvasUnreachable | CanvasThrottled)

    for attempt in stamina.retry_context(
        on=again, attempts=TRIES, timeout=None, wait_initial=0.2, wait_max=LONGEST_PAUSE, wait_jitter=0.2
    ):
        with attempt:
            answer = http.send(call, until)
    return answer


def named(kind: str, value: str) -> str:
    """How an id of a school's own stands in a path (API docs, "SIS IDs"); a slash would lead elsewhere."""
    plain = value.isascii() and value.replace("_", "").replace("-", "").isalnum()
    return f"{kind}:{value}" if plain else f"hex:{kind}:{value.encode().hex()}"


def path(*pieces: str) -> str:
    """A path of the API; ids are quoted, so that none can lead elsewhere."""
    if not all(piece.strip(".") for piece in pieces):
        raise ValueError("an empty piece would change what the path means")
    return "/api/v1/" + "/".join(quote(piece, safe="~") for piece in pieces)
