"""Tokens for tools themselves: the grant `client_credentials` (OAuth2 Endpoints; LTI Security 1.1, 4.1.1)."""

from typing import Any, cast

import jwt
from flask import request

from sandbox.lti import service_token
from sandbox.lti.configurations import (
    Configuration,
    ConfigurationError,
    NotJson,
    configuration,
    fetch_json,
)
from sandbox.oauth import errors
from sandbox.oauth.errors import Refusal, RequestError
from sandbox.world import Registration, World

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REQUIRED = ("iss", "sub", "aud", "iat", "exp", "jti")
OLDEST_SECONDS = 300
FUTURE_SECONDS = 30
SSO_HOSTS = {"prod": "sso.canvaslms.com", "beta": "sso.beta.canvaslms.com", "test": "sso.test.canvaslms.com"}


def grant(world: World) -> dict[str, Any]:
    """A token for the scopes asked, after every check of the tool's assertion."""
    if request.form.get("client_assertion_type") != JWT_BEARER:
        raise RequestError(_invalid("assertion method not supported for this grant_type"))
    assertion = request.form.get("client_assertion", "")
    registration = _client(world, assertion)
    try:
        configured = configuration(world, registration)
    except ConfigurationError as problem:
        raise RequestError(_invalid(f"JWK Error: {problem}")) from None
    claims = _verified(assertion, configured)
    if wrong := _problems(world, claims):
        raise RequestError(_invalid(" | ".join(wrong)))
    wanted = request.form.get("scope", "").split()
    refused = [scope for scope in wanted if scope not in configured.scopes]
    if refused or not wanted:
        raise RequestError(errors.scopes_refused(refused))
    token = service_token.issue(world, registration, wanted, request.host_url.rstrip("/"))
    life = service_token.LIFE_SECONDS
    return {"access_token": token, "token_type": "Bearer", "expires_in": life, "scope": " ".join(wanted)}


def _invalid(text: str) -> Refusal:
    return Refusal(400, "invalid_request", text)


def _client(world: World, assertion: str) -> Registration:
    """The app that an assertion says it is from."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise RequestError(_invalid("JWS signature invalid.")) from None
    found = world.registrations.get(str(claims.get("sub")))
    if found is None or not found.enabled:
        raise RequestError(errors.UNKNOWN_CLIENT)
    return found


def _verified(assertion: str, configured: Configuration) -> dict[str, Any]:
    """The claims, if one of the tool's own keys signed them."""
    key = _key(assertion, configured)
    unchecked = {"verify_exp": False, "verify_iat": False, "verify_aud": False, "verify_nbf": False}
    try:
        # Canvas reads `sub` as text whatever it is, and its own checks tell more than the library's.
        unread = {"verify_sub": False, "verify_jti": False, "verify_iss": False}
        return jwt.decode(assertion, key, ["RS256"], options=cast(Any, unchecked | unread))
    except (jwt.InvalidTokenError, jwt.InvalidKeyError):
        raise RequestError(_invalid("JWS signature invalid.")) from None


def _key(assertion: str, configured: Configuration) -> jwt.PyJWK:
    """The public key that the assertion's `kid` names; a single inline key needs no name."""
    try:
        if not configured.public_jwk_url:
            return jwt.PyJWK.from_dict(configured.public_jwk or {}, "RS256")
        document = fetch_json(configured.public_jwk_url)
        return jwt.PyJWKSet.from_dict(document)[str(jwt.get_unverified_header(assertion).get("kid"))]
    except ConfigurationError as problem:
        text = "Invalid JSON" if isinstance(problem, NotJson) else str(problem)
        raise RequestError(_invalid(f"JWK Error: {text}")) from None
    except (AttributeError, TypeError):
        raise RequestError(_invalid("JWK Error: Invalid JSON")) from None
    except KeyError:
        raise RequestError(_invalid("JWK Error: JSON::JWK::Set::KidNotFound")) from None
    except jwt.PyJWTError as problem:
        raise RequestError(_invalid(f"JWK Error: {problem}")) from None


def _problems(world: World, claims: dict[str, Any]) -> list[str]:
    """What Canvas holds against the claims, all of it at once (canvas-lms, jwt_validator.rb)."""
    missing = [name for name in REQUIRED if claims.get(name) in (None, "")]
    found = [f"the following assertions are missing: {','.join(missing)}"] if missing else []
    found += [] if "aud" in missing or _is_for_us(world, claims["aud"]) else ["the 'aud' is invalid"]
    now = world.clock.now().timestamp()
    for name, problem in (("exp", _about_exp), ("iat", _about_iat)):
        if name not in missing and (text := problem(claims[name], now)):
            found.append(text)
    if world.settings.jti_once and "jti" not in missing and not found:
        used: set[str] = world.memory.setdefault("jtis", set())
        found += ["the 'jti' is invalid"] if str(claims["jti"]) in used else []
        used.add(str(claims["jti"]))
    return found


def _is_for_us(world: World, audience: Any) -> bool:
    hosts = (request.host_url.rstrip("/"), f"https://{SSO_HOSTS[world.settings.canvas_environment]}")
    addresses = {f"{host}/login/oauth2/token" for host in hosts}
    return bool(addresses & set(audience if isinstance(audience, list) else [str(audience)]))


def _about_exp(value: Any, now: float) -> str | None:
    if not _is_number(value):
        return "the 'exp' must be a number"
    return "the JWT has expired" if value <= now else None


def _about_iat(value: Any, now: float) -> str | None:
    if not _is_number(value):
        return "the 'iat' must be a number"
    if value < now - OLDEST_SECONDS:
        return f"the 'iat' must be less than {OLDEST_SECONDS} seconds old"
    return "the 'iat' must not be in the future" if value > now + FUTURE_SECONDS else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
