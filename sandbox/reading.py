"""Reading a JSON object key by key, with complaints that name the key."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any


class WorldError(Exception):
    """A world file that cannot be read; its text is one line that names the key."""


class Reader:
    """Takes values out of one JSON object; whatever is left at the end is an unknown key."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise WorldError(f"{path or 'the world'}: must be an object")
        self._values: dict[str, Any] = dict(value)
        self._path = path

    def at(self, key: str) -> str:
        """The full name of a key, as in `courses[0].sections[1].id`."""
        return f"{self._path}.{key}" if self._path else key

    def complain(self, key: str, problem: str) -> WorldError:
        """The error to raise about a key."""
        return WorldError(f"{self.at(key)}: {problem}")

    def has(self, key: str) -> bool:
        """Whether a key not yet taken is there."""
        return key in self._values

    def has_value(self, key: str) -> bool:
        """Whether a key is there with something else than null; a null one is taken."""
        if self._values.get(key) is None:
            self._values.pop(key, None)
            return False
        return True

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._values:
            raise self.complain(key, "unknown key")

    def number_or_none(self, key: str) -> int | None:
        """A whole number above zero, or None."""
        value = self._values.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.complain(key, "must be a whole number above 0")
        return value

    def number(self, key: str) -> int:
        """A whole number above zero that must be there."""
        value = self.number_or_none(key)
        if value is None:
            raise self.complain(key, "is missing")
        return value

    def amount(self, key: str, default: float) -> float:
        """A number that is not negative."""
        value = self.any_number(key, default)
        if value < 0:
            raise self.complain(key, "must be 0 or more")
        return value

    def any_number(self, key: str, default: float) -> float:
        """A number of any kind."""
        value = self._values.pop(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.complain(key, "must be a number")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required when there is no default."""
        value = self.text_or_none(key)
        if value is None:
            value = default
        if value is None:
            raise self.complain(key, "is missing")
        return value

    def text_or_none(self, key: str) -> str | None:
        """A text, or None."""
        value = self._values.pop(key, None)
        if value is not None and not isinstance(value, str):
            raise self.complain(key, "must be a text")
        return value

    def one_of(self, key: str, allowed: tuple[Any, ...], default: Any = None) -> Any:
        """One of the allowed values."""
        value = self._values.pop(key, default)
        if isinstance(value, bool) != isinstance(allowed[0], bool) or value not in allowed:
            raise self.complain(key, "must be one of " + ", ".join(str(one) for one in allowed))
        return value

    def yes_or_no(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._values.pop(key, default)
        if not isinstance(value, bool):
            raise self.complain(key, "must be true or false")
        return value

    def moment(self, key: str, default: datetime | None = None) -> datetime:
        """An ISO 8601 time; required when there is no default."""
        value = self.moment_or_none(key) or default
        if value is None:
            raise self.complain(key, "is missing")
        return value

    def moment_or_none(self, key: str) -> datetime | None:
        """An ISO 8601 time (UTC unless it says otherwise), or None."""
        value = self.text_or_none(key)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.complain(key, "must be a time such as 2030-01-01T00:00:00Z") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def items(self, key: str) -> list[object]:
        """A list, empty when absent."""
        value = self._values.pop(key, None)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.complain(key, "must be a list")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts, empty when absent."""
        found: list[str] = []
        for index, value in enumerate(self.items(key)):
            if not isinstance(value, str):
                raise self.complain(f"{key}[{index}]", "must be a text")
            found.append(value)
        return found

    def texts_or_none(self, key: str) -> list[str] | None:
        """A list of texts, or None when absent or null."""
        return self.texts(key) if self._values.get(key) is not None else self._values.pop(key, None)

    def numbers(self, key: str) -> list[int]:
        """A list of whole numbers, empty when absent."""
        found: list[int] = []
        for index, value in enumerate(self.items(key)):
            if not isinstance(value, int) or isinstance(value, bool):
                raise self.complain(f"{key}[{index}]", "must be a whole number")
            found.append(value)
        return found

    def anything(self, key: str) -> dict[str, Any] | None:
        """A JSON object passed on as it is, or None."""
        value = self._values.pop(key, None)
        if value is not None and not isinstance(value, dict):
            raise self.complain(key, "must be an object")
        return value

    def each(self, key: str) -> Iterator["Reader"]:
        """A reader for every object of a list; each is finished after its turn."""
        for index, value in enumerate(self.items(key)):
            reader = Reader(value, f"{self.at(key)}[{index}]")
            yield reader
            reader.finish()

    def inside(self, key: str) -> "Reader":
        """A reader for the object under a key, empty when absent."""
        return Reader(self._values.pop(key, None) or {}, self.at(key))
