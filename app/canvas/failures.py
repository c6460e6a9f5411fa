"""What an answer means that is not a success: the only place that decides."""

from collections.abc import Mapping
from typing import Any

from app.errors import (
    CanvasFailure,
    CanvasForbids,
    CanvasMissing,
    CanvasNonsense,
    CanvasRejects,
    CanvasThrottled,
    CanvasUnreachable,
    ScopeMissing,
    TokenDead,
)

DEAD_TOKEN = frozenset({"Invalid access token.", "Expired access token.", "Revoked access token."})
OAUTH_REFUSALS = frozenset({"invalid_request", "invalid_grant", "invalid_client", "unauthorized_client"})
LONGEST_MESSAGE = 300  # characters
DEEPEST_MESSAGE = 5  # levels of `errors`


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
    if "insufficient scopes" in message.lower():
        return ScopeMissing
    if data.get("status") == "unauthorized":
        return CanvasForbids
    # A translated message is recognized by the header, which Canvas sends for bad tokens only.
    bearer_wanted = "bearer" in headers.get("www-authenticate", "").lower()
    if bearer_wanted or data.get("status") == "unauthenticated" or message in DEAD_TOKEN:
        return TokenDead
    return CanvasForbids


def reason(data: Any) -> str:
    """Canvas's own words, from any of the shapes it puts them in, in one short line."""
    if not isinstance(data, dict):
        return ""
    if data.get("errors"):
        found = _messages(data["errors"], DEEPEST_MESSAGE)
    else:
        found = [data[key] for key in ("error", "error_description", "message") if data.get(key)]
        found = [": ".join(word for word in found if isinstance(word, str))]
    return " ".join("; ".join(found).split())[:LONGEST_MESSAGE]


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
