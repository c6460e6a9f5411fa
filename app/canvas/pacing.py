"""Canvas's request budget: one per token, shared by every process of the database.

Canvas fills a bucket for each token with what its calls cost, lets it leak, and refuses calls while it is
full. Every answer says what is left. A person's calls go out at once. Bulk work writes down each call it
has under way, and waits while that would leave less than half of the bucket to the people who wait.
Sources: Canvas "Throttling"; the response headers X-Rate-Limit-Remaining and X-Request-Cost.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app import db
from app.canvas.answers import Answer
from app.errors import CanvasFailure, CanvasThrottled
from app.models import Token

BUCKET = 600.0  # units, of which a call costs about as many as it takes seconds of Canvas's time
LEAK = 10.0  # units a second that Canvas forgives
UP_FRONT = 50.0  # units Canvas books for a call while it runs
RESERVE = BUCKET / 2  # for people who wait
LOW = RESERVE / 2  # only if less is left, a person's call tells the others
STREAK = timedelta(seconds=5)  # in which calls one after another may share a turn
BRIEFLY = (0.1, 0.3)  # seconds until another look, while other bulk calls are under way

Send = Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Hold:
    """Not yet: at least so many seconds to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of a token in the database. `row` gives its row, locked; None if it is gone."""

    row: Callable[[Session], Token | None] = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)

    def take(self, longest: timedelta) -> datetime | Hold:
        """Begin a bulk call, which is over at the time given back, whatever becomes of this process."""
        now = self.now()
        with db.transaction() as session:
            row = self.row(session)
            if row is None:
                return now  # the call itself will tell that the token is gone
            running = _running(row, now)
            left = estimate(row.budget_left, row.budget_seen_at, now)
            short = RESERVE + UP_FRONT * (len(running) + 1) - left
            if short > 0:
                return Hold(min(short / LEAK, random.uniform(*BRIEFLY)) if running else short / LEAK)  # noqa: S311
            row.calls_until = [*running, (now + longest).isoformat()]
            return now + longest

    def settle(self, taken: datetime, left: float | None) -> None:
        """End a bulk call; `left` is what Canvas said."""
        now = self.now()
        with db.transaction() as session:
            row = self.row(session)
            if row is None:
                return
            running = _running(row, now)
            if taken.isoformat() in running:
                running.remove(taken.isoformat())
            row.calls_until = running
            if left is not None:
                row.budget_left, row.budget_seen_at = left, now

    def note(self, left: float) -> None:
        """Tell the others that little is left."""
        with db.transaction() as session:
            row = self.row(session)
            if row is not None:
                row.budget_left, row.budget_seen_at = left, self.now()


def estimate(left: float | None, seen: datetime | None, now: datetime) -> float:
    """What is left by now of a budget that was seen then; a whole one, if it never was."""
    if left is None or seen is None:
        return BUCKET
    return min(left + LEAK * max((now - seen).total_seconds(), 0.0), max(left, BUCKET))


def at_once(budget: Budget | None, send: Send) -> Answer:
    """A call for somebody who waits; writes to the database only when little is left."""
    left = None
    try:
        answer = send()
        left = answer.left
    except CanvasFailure as failure:
        left = failure.left
        raise
    finally:
        if budget and left is not None and left < LOW:
            budget.note(left)
    return answer


@dataclass(slots=True)
class Streak:
    """Bulk calls of one thread, one after another. While Canvas says that plenty is left they share a turn.

    They count as one call under way, and the database is asked and told for all of them together.
    """

    budget: Budget
    lasting: timedelta = timedelta()
    turn: datetime | None = None
    left: float | None = None

    def begin(self, longest: timedelta, until: float) -> None:
        """Go on, or wait for a turn."""
        if self.turn is not None and not self._may_go_on(self.turn, longest):
            self.end()
        if self.turn is None:
            self.turn = _turn(self.budget, longest + self.lasting, until)

    def end(self) -> None:
        """Give the turn back."""
        if self.turn is not None:
            turn, self.turn = self.turn, None
            self.budget.settle(turn, self.left)

    def _may_go_on(self, turn: datetime, longest: timedelta) -> bool:
        plenty = self.left is not None and self.left >= RESERVE + UP_FRONT
        return plenty and self.budget.now() + longest <= turn


def in_turn(streak: Streak, send: Send, longest: timedelta, until: float) -> Answer:
    """A call of bulk work. Waits for its turn until then at most, by the monotonic clock.

    Raises CanvasThrottled when its turn does not come. A call that Canvas itself refuses for want of
    budget has had no effect, so it is sent again, if there is time.
    """
    while True:
        streak.begin(longest, until)
        streak.left = None
        try:
            answer = send()
            streak.left = answer.left
            return answer
        except CanvasFailure as failure:
            streak.left = failure.left
            if not isinstance(failure, CanvasThrottled) or time.monotonic() >= until:
                raise
        finally:
            if not streak.lasting:
                streak.end()


def _turn(budget: Budget, longest: timedelta, until: float) -> datetime:
    while isinstance(taken := budget.take(longest), Hold):
        if time.monotonic() + taken.seconds > until:
            raise _held_back(taken.seconds)
        time.sleep(taken.seconds)
    return taken


def _held_back(seconds: float) -> CanvasThrottled:
    failure = CanvasThrottled("GET", "/api/v1", None, "held back for people who wait")
    failure.wait = timedelta(seconds=max(seconds, 1.0))
    return failure


def _running(row: Token, now: datetime) -> list[str]:
    """The bulk calls under way, by when they are over at the latest: the dead do not count for ever."""
    return [end for end in row.calls_until or () if datetime.fromisoformat(end) > now.astimezone(UTC)]
