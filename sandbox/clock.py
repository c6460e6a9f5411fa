"""The sandbox's own clock, so that a test can make an hour pass at once."""

from datetime import UTC, datetime, timedelta

# When a made-up world began.
BEGINNING = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Clock:
    """Tells the time in aware UTC; it runs on from wherever it was last set."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The sandbox's present moment, aware UTC."""
        return datetime.now(UTC) + self._ahead

    @property
    def ahead(self) -> float:
        """Seconds by which it is ahead of the real time."""
        return self._ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        """Move forward (or back, with a negative number) by some seconds."""
        self._ahead += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Make it `moment` now."""
        self._ahead = moment - datetime.now(UTC)
