"""The custom claim: what Canvas put into the variables of our configuration, made safe to read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.lti.refusals import Reason, Refused

NUMBER = re.compile(r"[0-9]{1,20}")


def normal(value: object) -> str | bool | None:
    """One value as the app means it (Canvas API docs, "Variable Substitutions").

    Canvas leaves a variable it cannot expand as the literal `$Name`, or sends null or nothing; it sends
    numbers as strings, but other platforms do not; booleans come as booleans or as words.
    """
    match value:
        case None | bool():
            return value
        case int():
            return str(value)
        case str():
            text = "".join(filter(str.isprintable, value)).strip()
            if text in ("true", "false"):
                return text == "true"
            return None if not text or text.startswith("$") else text
        case _:
            raise Refused(Reason.CLAIM_MALFORMED, f"a custom value is a {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class Custom:
    """The custom fields of a launch (LTI Core 1.3, section 5.4.6)."""

    fields: Mapping[str, object]

    @classmethod
    def read(cls, claim: object) -> "Custom":
        """The claim, which may be left out when there is nothing in it."""
        if claim is None:
            return cls({})
        if not isinstance(claim, dict):
            raise Refused(Reason.CLAIM_MALFORMED, "custom")
        return cls(claim)

    def text(self, name: str) -> str | None:
        """Words, such as a name."""
        value = normal(self.fields.get(name))
        return str(value).lower() if isinstance(value, bool) else value

    def flag(self, name: str) -> bool | None:
        """Yes, no, or not said."""
        value = normal(self.fields.get(name))
        if isinstance(value, str):
            raise Refused(Reason.CLAIM_MALFORMED, f"custom {name} is neither true nor false")
        return value

    def number(self, name: str) -> str | None:
        """One of Canvas's numbers, as a string."""
        value = self.text(name)
        if value is not None and not NUMBER.fullmatch(value):
            raise Refused(Reason.CLAIM_MALFORMED, f"custom {name} is not a number")
        return value

    def required_number(self, name: str) -> str:
        """One of Canvas's numbers, without which there is no launch."""
        value = self.number(name)
        if value is None:
            raise Refused(Reason.IDS_MISSING, f"custom {name}")
        return value

    def numbers(self, name: str) -> tuple[str, ...]:
        """A comma list of Canvas's numbers. Canvas cuts a long one and says so with a last word."""
        words = [
            word.strip()
            for word in (self.text(name) or "").removesuffix(",truncated").split(",")
            if word.strip()
        ]
        if not all(NUMBER.fullmatch(word) for word in words):
            raise Refused(Reason.CLAIM_MALFORMED, f"custom {name} is not a list of numbers")
        return tuple(words)
