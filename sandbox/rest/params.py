"""Request parameters as Rails reads them: query, form or JSON, with `a[b]` and `a[]` nested."""

import re
from datetime import UTC, datetime
from typing import Any

from flask import g, request

from sandbox.answers import Refused, message

Params = dict[str, Any]


def params() -> Params:
    """All parameters of this request, nested."""
    if "params" not in g:
        g.params = _read()
    found: Params = g.params
    return found


def text(name: str) -> str | None:
    """A top-level parameter as text; blank counts as absent."""
    return text_in(params(), name)


def text_in(values: Params, name: str) -> str | None:
    """A parameter of a nested group as text; blank counts as absent."""
    value = values.get(name)
    return None if value is None or isinstance(value, dict | list) else str(value).strip() or None


def many(name: str) -> list[str]:
    """A list parameter; a single value counts as a list of one."""
    value = params().get(name)
    if value is None or isinstance(value, dict):
        return []
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def group(name: str) -> Params:
    """A nested group such as `enrollment`, empty when absent."""
    value = params().get(name)
    return value if isinstance(value, dict) else {}


def flag(values: Params, name: str) -> bool:
    """A yes or no in any of the ways Rails takes it."""
    return str(values.get(name, "")).lower() in ("true", "1", "t", "yes", "on")


def moment(values: Params, name: str) -> datetime | None:
    """A time; one that cannot be read counts as absent, as in Rails."""
    try:
        found = datetime.fromisoformat(text_in(values, name) or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def search_term() -> str | None:
    """The lower-cased search term; one that is too short is refused."""
    term = text("search_term")
    if term is not None and len(term) < 2:
        problem = "2 or more characters is required"
        raise Refused(400, {"errors": [{"field": "search_term", "code": "invalid", "message": problem}]})
    return term.lower() if term else None


def strip_includes() -> None:
    """Reduce `include` for a scoped key: only the value `uuid` survives (API docs, "Developer Keys")."""
    for name in ("include", "includes"):
        value = params().get(name)
        if isinstance(value, list):
            params()[name] = [each for each in value if each == "uuid"]
        else:
            params().pop(name, None)


def from_query() -> Params:
    """The parameters of the query alone, nested."""
    found: Params = {}
    for key, value in request.args.items(multi=True):
        _put(found, key, value)
    return found


def _read() -> Params:
    found = from_query()
    for key, value in request.form.items(multi=True):
        _put(found, key, value)
    if request.mimetype == "application/json" and request.get_data():
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise Refused(400, message("unable to parse the request body"))
        found.update(body)
    return found


def _put(found: Params, key: str, value: str) -> None:
    """Put `a[b][]=c` where it belongs."""
    name, *rest = re.findall(r"[^\[\]]+|\[\]", key) or [key]
    here: Any = found
    for following in rest:
        if following == "[]":
            here = here.setdefault(name, [])
            if isinstance(here, list):
                here.append(value)
            return
        here = here.setdefault(name, {})
        if not isinstance(here, dict):
            return
        name = following
    here[name] = value
