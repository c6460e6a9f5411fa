"""The token a tool calls services with, and what the services answer to a wrong one (lti_services.rb)."""

import secrets
from typing import Any
from uuid import uuid4

import jwt
from flask import Response, jsonify, request

from sandbox.world import Registration, World

LIFE_SECONDS = 3600
STATUSES = {400: "bad_request", 401: "unauthorized", 404: "not_found"}


class ServiceRefusal(Exception):  # noqa: N818  an answer, not an error
    """Ends a service request in the services' own shape of errors: an object, not a list."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def response(self) -> Response:
        """The answer to send."""
        answer = jsonify(errors={"type": STATUSES[self.status], "message": self.message})
        answer.status_code = self.status
        return answer


def _secret(world: World) -> str:
    secret: str = world.memory.setdefault("service_secret", secrets.token_hex(32))
    return secret


def issue(world: World, registration: Registration, scopes: list[str], base_url: str) -> str:
    """A signed token for an hour; it is nowhere kept."""
    now = int(world.clock.now().timestamp())
    claims = {
        "iss": base_url,
        "sub": registration.client_id,
        "aud": f"{base_url}/login/oauth2/token",
        "iat": now,
        "exp": now + LIFE_SECONDS,
        "jti": str(uuid4()),
        "scopes": " ".join(scopes),
        "canvas.instructure.com": {"account_uuid": world.accounts[registration.root_account_id].uuid},
    }
    return jwt.encode(claims, _secret(world), "HS256")


def caller(world: World, scope: str) -> Registration:
    """The app that calls, if its token is good, its key on, and the scope among the token's."""
    bearer = request.authorization.token if request.authorization else request.args.get("access_token")
    if not bearer:
        raise ServiceRefusal(401, "Missing access token")
    claims = _read(world, bearer)
    if claims["exp"] <= world.clock.now().timestamp():
        raise ServiceRefusal(401, "Access token expired")
    if claims["aud"] != f"{request.host_url}login/oauth2/token":
        raise ServiceRefusal(401, "Invalid access token field/s: the 'aud' is invalid")
    found = world.registrations.get(claims["sub"])
    if found is None or not found.enabled:
        raise ServiceRefusal(401, "Unknown or inactive Developer Key")
    if scope not in claims["scopes"].split():
        raise ServiceRefusal(401, "Insufficient permissions")
    return found


def _read(world: World, bearer: str) -> dict[str, Any]:
    try:
        # The world's clock decides, not the machine's.
        unchecked = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
        claims: dict[str, Any] = jwt.decode(bearer, _secret(world), ["HS256"], options=unchecked)  # type: ignore[arg-type]
        return claims
    except jwt.InvalidSignatureError:
        raise ServiceRefusal(401, "Invalid access token") from None
    except jwt.InvalidTokenError:
        raise ServiceRefusal(401, "Invalid access token format") from None
