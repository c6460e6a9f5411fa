"""What the OAuth endpoints answer when they refuse (OAuth2 Endpoints; RFC 6749, sections 4.1.2.1 and 5.2)."""

from dataclasses import dataclass

from flask import Response, jsonify


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error body and its status."""

    status: int
    error: str
    description: str

    def response(self) -> Response:
        """The JSON answer; a 401 names the scheme, as Canvas does."""
        answer = jsonify(error=self.error, error_description=self.description)
        answer.status_code = self.status
        if self.status == 401:
            answer.headers["WWW-Authenticate"] = "Canvas OAuth 2.0"
        return answer


class RequestError(Exception):
    """Ends a token request with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.description)
        self.refusal = refusal


UNKNOWN_CLIENT = Refusal(401, "invalid_client", "unknown client")
WRONG_SECRET = Refusal(401, "invalid_client", "invalid client")
BAD_REDIRECT = Refusal(400, "invalid_request", "redirect_uri does not match client settings")
UNKNOWN_CODE = Refusal(400, "invalid_grant", "authorization_code not found")
OTHER_CLIENT = Refusal(400, "invalid_grant", "incorrect client")
BAD_VERIFIER = Refusal(400, "invalid_grant", "code_verifier does not match")
# Canvas answers invalid_request here, not the invalid_grant of RFC 6749.
UNKNOWN_REFRESH_TOKEN = Refusal(400, "invalid_request", "refresh_token not found")
OTHER_GRANT = Refusal(
    400, "unsupported_grant_type", "The grant_type you requested is not currently supported"
)


def missing(parameter: str, grant_type: str) -> Refusal:
    """A grant without its one necessary parameter."""
    text = f"You must provide the {parameter} parameter when using the {grant_type} grant type"
    return Refusal(400, "invalid_request", text)


def scopes_refused(scopes: list[str]) -> Refusal:
    """Scopes that the developer key does not have."""
    text = (
        "A requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource "
        f"owner. The following scopes were requested, but not granted: {', '.join(scopes)}"
    )
    return Refusal(400, "invalid_scope", text)
