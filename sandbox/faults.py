"""Faults on demand: what a network, a proxy or a tired Canvas does to a request.

A rule is a JSON object: `method` and `route` say which requests (`route` is a prefix of, or a regular
expression found in, the path or the route's template such as `/api/v1/users/:user_id/observees`), `after`
skips the first n of these, `count` or `probability` limits how many are hit, and the rest says what happens
to one that is.
"""

import random
import re
from dataclasses import dataclass
from threading import Lock

from sandbox.reading import Reader, WorldError


@dataclass(slots=True)
class Fault:
    """One rule, with how much of it is used up."""

    method: str | None
    route: str | None
    after: int
    count: int | None
    probability: float
    delay: float
    status: int | None
    throttle: bool
    reset: str | None
    expire_tokens: bool
    html_error: bool

    def concerns(self, method: str, path: str, template: str | None) -> bool:
        """Whether the rule is about this request at all."""
        if self.method not in (None, method):
            return False
        return self.route is None or any(_fits(self.route, each) for each in (path, template) if each)

    def strikes(self) -> bool:
        """Whether it hits this time; call once for every request the rule concerns."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.count == 0 or random.random() >= self.probability:  # noqa: S311 - chance, not secrecy
            return False
        if self.count is not None:
            self.count -= 1
        return True


class Faults:
    """The rules in force; several may hit the same request."""

    def __init__(self, rules: list[Fault] | None = None) -> None:
        self._rules = list(rules or [])
        self._lock = Lock()

    def add(self, rules: list[Fault]) -> None:
        """Put more rules in force."""
        with self._lock:
            self._rules.extend(rules)

    def clear(self) -> None:
        """Let everything work again."""
        with self._lock:
            self._rules.clear()

    def for_request(self, method: str, path: str, template: str | None) -> list[Fault]:
        """The rules that hit this request, in the order they were given."""
        with self._lock:
            concerned = [rule for rule in self._rules if rule.concerns(method, path, template)]
            return [rule for rule in concerned if rule.strikes()]


def parse(value: object) -> list[Fault]:
    """Rules from JSON; raises WorldError naming the wrong key."""
    if not isinstance(value, list):
        raise WorldError("faults: must be a list of rules")
    return [_rule(Reader(each, f"faults[{index}]")) for index, each in enumerate(value)]


def _rule(reader: Reader) -> Fault:
    method = reader.text_or_none("method")
    rule = Fault(
        method=method.upper() if method else None,
        route=reader.text_or_none("route"),
        after=int(reader.amount("after", 0)),
        count=int(reader.amount("count", 0)) if reader.has("count") else None,
        probability=reader.amount("probability", 1),
        delay=reader.amount("delay", 0),
        status=reader.number_or_none("status"),
        throttle=reader.yes_or_no("throttle", False),
        reset=reader.one_of("reset", ("before", "after", None)),
        expire_tokens=reader.yes_or_no("expire_tokens", False),
        html_error=reader.yes_or_no("html_error", False),
    )
    reader.finish()
    if not any((rule.delay, rule.status, rule.throttle, rule.reset, rule.expire_tokens, rule.html_error)):
        raise reader.complain("delay", "a rule must say what happens")
    if rule.status is not None and not 400 <= rule.status <= 599:
        raise reader.complain("status", "must be between 400 and 599")
    _check_expression(reader, rule.route)
    return rule


def _check_expression(reader: Reader, route: str | None) -> None:
    try:
        re.compile(route or "")
    except re.error as problem:
        raise reader.complain("route", f"is no regular expression: {problem}") from None


def _fits(route: str, text: str) -> bool:
    return text.startswith(route) or re.search(route, text) is not None
