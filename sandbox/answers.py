"""Canvas's answers to requests it will not serve, body and headers (Canvas API docs)."""

import json
from typing import Any

from werkzeug import Response

from sandbox.world import Settings

BEARER = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
NO_USER_AGENT = "You are not authorized to access this site because you have not provided a valid user agent."


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """Ends a request with a status and a JSON body."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}

    def response(self) -> Response:
        """The answer to send."""
        text = json.dumps(self.body)
        kind = "application/json; charset=utf-8"
        return Response(text, status=self.status, headers=self.headers, content_type=kind)


def message(text: str) -> dict[str, Any]:
    """The usual body with one message."""
    return {"errors": [{"message": text}]}


def unauthenticated() -> Refused:
    """Nobody is logged in and there is no token."""
    body = {"status": "unauthenticated", "errors": [{"message": "user authorization required"}]}
    return Refused(401, body, BEARER)


def bad_token(text: str = "Invalid access token.", **details: str) -> Refused:
    """The token is unknown, expired or revoked."""
    return Refused(401, {"errors": [{"message": text, **details}]}, BEARER)


def out_of_scope() -> Refused:
    """The token's key is scoped and this route is not among its scopes; no WWW-Authenticate."""
    return Refused(401, message("Insufficient scopes on access token."))


def forbidden(settings: Settings) -> Refused:
    """Known but not permitted: 403, or 401 on a Canvas without `api_auth_error_updates`."""
    text = "user not authorized to perform that action"
    return Refused(settings.forbidden_status, {"status": "unauthorized", "errors": [{"message": text}]})


def not_found() -> Refused:
    """No such record or route."""
    return Refused(404, message("The specified resource does not exist."))


def broken() -> Refused:
    """Canvas's own failure."""
    error = {"message": "An error occurred.", "error_code": "internal_server_error"}
    return Refused(500, {"errors": [error], "error_report_id": 1})


def no_user_agent() -> Refused:
    """Every caller must say who it is."""
    return Refused(403, {"error": "Forbidden", "message": NO_USER_AGENT})


def throttled(status: int) -> Response:
    """The rate limit is spent: 429 since October 2025, 403 before."""
    name = "429 Too Many Requests" if status == 429 else "403 Forbidden"
    headers = {"X-Rate-Limit-Remaining": "0.0"}
    body = f"{name} (Rate Limit Exceeded)\n"
    return Response(body, status=status, headers=headers, content_type="text/plain")


def fault_answer(settings: Settings, status: int) -> Response:
    """Canvas's body for a status a fault asks for."""
    match status:
        case 401:
            return bad_token().response()
        case 403:
            refused = forbidden(settings)
            return Refused(403, refused.body).response()
        case 404:
            return not_found().response()
        case 429:
            return throttled(429)
        case _:
            return Refused(status, broken().body).response()
