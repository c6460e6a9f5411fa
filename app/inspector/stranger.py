"""Asking a Canvas what it tells everybody: without a token, within a deadline, and never much."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

from app.canvas.http import user_agent

LARGEST = 256 * 1024  # bytes of an answer


class NoAnswer(Exception):
    """Nobody answered in time, or far too much; the text says what kind of failure it was."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and when it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took: timedelta

    @property
    def date(self) -> datetime | None:
        """The time by the other side's clock (RFC 9110, section 6.6.1)."""
        try:
            return parsedate_to_datetime(self.headers["date"])
        except (KeyError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody without a token, who has time until `until` by the monotonic clock."""

    contact: str
    until: float

    def asks(self, url: str, **params: str) -> Heard:
        """The answer as it comes, redirects included; raises NoAnswer."""
        begun = time.monotonic()
        left = self.until - begun
        if left <= 0:
            raise NoAnswer("no time left")
        headers = {"User-Agent": user_agent(self.contact), "Accept": "application/json"}
        try:
            with requests.get(
                url, params=params, headers=headers, timeout=left, stream=True, allow_redirects=False
            ) as answer:
                took = timedelta(seconds=time.monotonic() - begun)
                return Heard(answer.status_code, answer.headers, self._body(answer), took)
        except requests.RequestException as failure:
            raise NoAnswer(type(failure).__name__) from None

    def _body(self, answer: requests.Response) -> bytes:
        body = b""
        for piece in answer.iter_content(8192):
            body += piece
            if len(body) > LARGEST or time.monotonic() > self.until:
                raise NoAnswer("too long, or too slow")
        return body
