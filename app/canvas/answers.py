"""Reading an answer at the door: every field is checked, and a wrong one is named, never shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.errors import CanvasNonsense

LONGEST_LIFE = 10 * 365 * 24 * 3600  # seconds; no token lives longer, and larger numbers break dates


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of an answer. Reading a field gives the right type or raises CanvasNonsense."""

    method: str
    path: str
    where: str
    values: Mapping[str, Any] = field(repr=False)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self.values.get(name) is not None

    def wrong(self, name: str, wanted: str) -> CanvasNonsense:
        """The complaint about a field: what was wanted and what kind of thing was found."""
        found = type(self.values[name]).__name__ if name in self.values else "nothing"
        return CanvasNonsense(self.method, self.path, 200, f"{self.where}{name}: {found}, not {wanted}")

    def id(self, name: str = "id") -> str:
        """An id, which Canvas sends as a number or as text ("12", "1~12"); text in this program."""
        return identifier(self.values.get(name)) or self._fail(name, "an id")

    def optional_id(self, name: str) -> str | None:
        """An id, or None when there is none."""
        return self.id(name) if self.has(name) else None

    def ids(self, name: str) -> tuple[str, ...]:
        """A list of ids."""
        found = self.values.get(name)
        ids = [identifier(value) for value in found] if isinstance(found, list) else [None]
        return tuple(value or self._fail(name, "a list of ids") for value in ids)

    def text(self, name: str) -> str:
        """A text that every database can hold: no NUL, no half characters."""
        value = self.values.get(name)
        if not isinstance(value, str):
            raise self.wrong(name, "a text")
        return storable(value)

    def optional_text(self, name: str) -> str | None:
        """A text, or None when there is none."""
        return self.text(name) if self.has(name) else None

    def secret(self, name: str) -> str:
        """A token: printable ASCII, not empty, fit for a header."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable()):
            raise self.wrong(name, "a token")
        return value

    def flag(self, name: str) -> bool:
        """True or false; the documentation of account permissions shows them as texts."""
        value = self.values.get(name)
        if value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def number(self, name: str) -> int:
        """A whole number from zero on, as a count is."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
            raise self.wrong(name, "a number")
        return value

    def seconds(self, name: str) -> int:
        """A span of time."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST_LIFE:
            raise self.wrong(name, "a number of seconds")
        return value

    def optional_moment(self, name: str) -> datetime | None:
        """A time with its zone, or None when there is none."""
        return self.moment(name) if self.has(name) else None

    def moment(self, name: str) -> datetime:
        """A time with its zone."""
        try:
            value = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self.wrong(name, "a time") from None
        if value.tzinfo is None:
            raise self.wrong(name, "a time with a zone")
        return value

    def object(self, name: str) -> "Fields":
        """The object inside this one."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise self.wrong(name, "an object")
        return Fields(self.method, self.path, f"{self.where}{name}.", value)

    def objects(self, name: str) -> list["Fields"]:
        """The objects inside this one."""
        value = self.values.get(name)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.wrong(name, "a list of objects")
        return [
            Fields(self.method, self.path, f"{self.where}{name}[{n}].", one) for n, one in enumerate(value)
        ]

    def text_pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A list of pairs of texts."""
        found = self.values.get(name)
        if not isinstance(found, list):
            raise self.wrong(name, "a list of pairs")
        return tuple(self._pair(name, one) for one in found)

    def _pair(self, name: str, value: Any) -> tuple[str, str]:
        match value:
            case [str() as one, str() as other]:
                return storable(one), storable(other)
        raise self.wrong(name, "a list of pairs")

    def _fail(self, name: str, wanted: str) -> str:
        raise self.wrong(name, wanted)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Canvas said with a 2xx: its JSON, where the next page is, and what is left of the budget."""

    method: str
    path: str
    data: Any = field(repr=False)
    next: str | None = field(default=None, repr=False)
    left: float | None = None
    size: int = 0  # bytes

    def object(self) -> Fields:
        """The answer as one object."""
        if not isinstance(self.data, dict):
            raise CanvasNonsense(self.method, self.path, 200, f"{type(self.data).__name__}, not an object")
        return Fields(self.method, self.path, "", self.data)

    def objects(self) -> list[Fields]:
        """The answer as a list of objects."""
        if not isinstance(self.data, list) or not all(isinstance(one, dict) for one in self.data):
            raise CanvasNonsense(self.method, self.path, 200, "not a list of objects")
        return [Fields(self.method, self.path, f"[{n}].", one) for n, one in enumerate(self.data)]


def storable(text: str) -> str:
    """A text without what some databases cannot hold: NUL, and halves of characters."""
    return text.encode(errors="replace").decode().replace("\x00", "")


def identifier(value: Any) -> str | None:
    """An id as text, or None when this is none. Ids of another shard look like `1~12`."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.replace("~", "", 1).isdigit():
        return value
    return None
