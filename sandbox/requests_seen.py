"""The log of requests served, so that a test can count calls; it never holds a token or a query."""

from collections import deque
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """One request; `status` is None when the connection was cut before the request had any effect."""

    method: str
    path: str
    route: str | None
    user_id: int | None
    status: int | None


class RequestsSeen:
    """The last 100,000 requests, oldest first."""

    def __init__(self) -> None:
        self._rows: deque[Seen] = deque(maxlen=100_000)
        self._lock = Lock()

    def add(self, row: Seen) -> None:
        """Note a request."""
        with self._lock:
            self._rows.append(row)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._rows.clear()

    def rows(self) -> list[dict[str, Any]]:
        """All rows as JSON objects."""
        with self._lock:
            return [asdict(row) for row in self._rows]
