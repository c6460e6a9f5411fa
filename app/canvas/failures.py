"""What an answer means that is not a success: the only place that decides."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from app.errors import (
    CanvasFailure,
    CanvasForbids,
    CanvasMissing,
    CanvasNonsense,
    CanvasRejects,
    CanvasThrottled,
    CanvasUnreachable,
    FieldError,
    ScopeMissing,
    TokenDead,
)

DEAD_TOKEN = frozenset({"Invalid access token.", "Expired access token.", "Revoked access token."})
OAUTH_REFUSALS = frozenset({"invalid_request", "invalid_grant", "invalid_client", "unauthorized_client"})
WRONG_PASSWORD = "Invalid credentials provided."  # noqa: S105 - of the observee, not of the caller
LONGEST_MESSAGE = 300  # characters
DEEPEST_MESSAGE = 5  # levels of `errors`
MOST_FIELDS = 50  # of a form; no form of Canvas has more


def kind(status: int, headers: Mapping[str, str], data: Any, text: str) -> type[CanvasFailure]:
    """The class of failure that an answer outside 2xx stands for.

    `data` is the body's JSON, or None. Canvas says "forbidden" with 401 or 403 and "throttled" with 403
    or 429, depending on its version; only the body tells a dead token from a forbidden person.
    Sources: Canvas "API Authentication", "Throttling", "Developer Keys".
    """
    if status == 429 or (status == 403 and "Rate Limit Exceeded" in text[:1000]):
        return CanvasThrottled
    if status >= 500 or status in (408, 425):
        return CanvasUnreachable
    if status < 400 or not isinstance(data, dict):
        return CanvasNonsense  # a redirect, or the page of something that stands before Canvas
    if data.get("error") in OAUTH_REFUSALS:
        return CanvasRejects
    if status in (401, 403):
        return _unauthorized(headers, data)
    return CanvasMissing if status == 404 else CanvasRejects


def _unauthorized(headers: Mapping[str, str], data: dict[str, Any]) -> type[CanvasFailure]:
    message = reason(data)
    if message == WRONG_PASSWORD:
        return CanvasRejects  # User Observees API, POST: a 401 about another person's password
    if "insufficient scopes" in message.lower():
        return ScopeMissing
    if data.get("status") == "unauthorized":
        return CanvasForbids
    # A translated message is recognized by the header, which Canvas sends for bad tokens only.
    bearer_wanted = "bearer" in headers.get("www-authenticate", "").lower()
    if bearer_wanted or data.get("status") == "unauthenticated" or message in DEAD_TOKEN:
        return TokenDead
    return CanvasForbids


def shaped(data: Any) -> Any:
    """The body in the shape most of Canvas uses: the Conversations API sends its errors as a bare list."""
    if isinstance(data, list) and data and all(isinstance(one, dict) and "message" in one for one in data):
        return {"errors": data}
    return data


def reason(data: Any) -> str:
    """Canvas's own words, from any of the shapes it puts them in, in one short line."""
    if not isinstance(data, dict):
        return ""
    if data.get("errors"):
        found = _messages(data["errors"], DEEPEST_MESSAGE)
    else:
        found = [data[key] for key in ("error", "error_description", "message") if data.get(key)]
        found = [": ".join(word for word in found if isinstance(word, str))]
    return _line("; ".join(found))


def by_field(data: Any) -> tuple[FieldError, ...]:
    """What is wrong with each field of a form that Canvas did not take."""
    errors = data.get("errors") if isinstance(data, dict) else None
    return tuple(islice(_fields(errors, (), DEEPEST_MESSAGE), MOST_FIELDS))


def _fields(errors: Any, place: tuple[str, ...], depth: int) -> Iterator[FieldError]:
    """Errors by the field they hang on, or that they name themselves."""
    if depth == 0:
        return
    if isinstance(errors, list):
        for error in errors:
            yield from _fields(error, place, depth - 1)
    elif isinstance(errors, dict) and isinstance(errors.get("message"), str):
        name = ".".join(place) or errors.get("field") or errors.get("attribute")
        if isinstance(name, str):
            word = next((w for key in ("type", "code") if isinstance(w := errors.get(key), str)), "")
            yield FieldError(_line(name), _line(word), _line(errors["message"]))
    elif isinstance(errors, dict):
        for key, error in errors.items():
            yield from _fields(error, (*place, key), depth - 1)


def _line(words: str) -> str:
    return " ".join(words.split())[:LONGEST_MESSAGE]


def _messages(errors: Any, depth: int) -> list[str]:
    """The texts in `errors`: a string, a list of objects, or an object of lists by field."""
    if isinstance(errors, str):
        return [errors]
    if depth == 0:
        return []
    if isinstance(errors, list):
        return [message for error in errors for message in _messages(error, depth - 1)]
    if isinstance(errors, dict):
        if isinstance(errors.get("message"), str):
            return [errors["message"]]
        return [message for error in errors.values() for message in _messages(error, depth - 1)]
    return []
