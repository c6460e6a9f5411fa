"""Dynamic registration, Canvas's side: the token, the OpenID configuration, the registration endpoint.

Source: Canvas API docs, "LTI Dynamic Registration"; 1EdTech LTI Dynamic Registration 1.0, section 3.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlencode
from uuid import uuid4

import jwt
from flask import Response, jsonify, request

from sandbox.lti import blueprint, openid_registration, scopes
from sandbox.lti.installing import deploy, new_client_id
from sandbox.lti.openid_registration import CANVAS, PLACEMENTS, TOOL
from sandbox.lti.variables import VARIABLES
from sandbox.records import opaque_id
from sandbox.world import Account, Registration, User, World, current_world, global_id

TOKEN_LIFE = timedelta(hours=1)
MISSING = "Access token missing (You must include the registration_token parameter)."
SPENT = "The registration token has been used already."
INVALID = "Invalid access token."


@dataclass(slots=True)
class Begun:
    """A registration that an administrator has begun; `client_id` once the tool has registered."""

    root_account_id: int
    client_id: str | None = None


class BadToken(Exception):  # noqa: N818  an answer, not an error
    """A registration token that opens nothing."""


def begun(world: World) -> dict[str, Begun]:
    """Registrations under way, by their uuid."""
    found: dict[str, Begun] = world.memory.setdefault("registrations_begun", {})
    return found


def _secret(world: World) -> str:
    secret: str = world.memory.setdefault("registration_secret", secrets.token_hex(32))
    return secret


def begin(world: World, user: User, root: Account, registration_url: str, base_url: str) -> tuple[str, str]:
    """Begin a registration: its uuid, and the address of the tool's page for Canvas's frame."""
    uuid, now = str(uuid4()), world.clock.now()
    begun(world)[uuid] = Begun(root.id)
    claims = {
        "uuid": uuid,
        "initiated_at": now.isoformat(),
        "user_id": user.id,
        "root_account_global_id": global_id(root.id),
        "root_account_domain": base_url.partition("://")[2],
        "registration_url": registration_url,
        "exp": int((now + TOKEN_LIFE).timestamp()),
    }
    token = jwt.encode(claims, _secret(world), "HS256")
    configuration = f"{base_url}/api/lti/security/openid-configuration?registration_token={token}"
    query = urlencode({"openid_configuration": configuration, "registration_token": token})
    return uuid, f"{registration_url}{'&' if '?' in registration_url else '?'}{query}"


def _token(world: World) -> Begun:
    """The registration that the request's token stands for."""
    bearer = request.authorization.token if request.authorization else None
    text = bearer or request.args.get("registration_token")
    if not text:
        raise BadToken(MISSING)
    try:
        # The world's clock decides, not the machine's.
        claims = jwt.decode(text, _secret(world), ["HS256"], options={"verify_exp": False})
    except jwt.InvalidTokenError:
        raise BadToken(INVALID) from None
    found = begun(world).get(claims["uuid"])
    if found is None or claims["exp"] <= world.clock.now().timestamp():
        raise BadToken(INVALID)
    return found


@blueprint.errorhandler(BadToken)
def unauthorized(problem: BadToken) -> tuple[Response, int]:
    """The 401 of the registration endpoints."""
    return jsonify(error=str(problem)), 401


@blueprint.get("/api/lti/security/openid-configuration")
def openid_configuration() -> Response:
    """What this Canvas offers to a tool that registers (security_controller.rb)."""
    world = current_world()
    root, base_url = world.accounts[_token(world).root_account_id], request.host_url.rstrip("/")
    return jsonify(
        {
            "issuer": world.settings.issuer,
            "authorization_endpoint": f"{base_url}/api/lti/authorize_redirect",
            "registration_endpoint": f"{base_url}/api/lti/registrations",
            "jwks_uri": f"{base_url}/api/lti/security/jwks",
            "token_endpoint": f"{base_url}/login/oauth2/token",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "scopes_supported": list(scopes.SUPPORTED),
            "response_types_supported": ["id_token"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "picture", "email", "name", "given_name", "family_name", "locale"],
            "subject_types_supported": ["public"],
            "authorization_server": request.host,
            "https://purl.imsglobal.org/spec/lti-platform-configuration": _platform(world, root),
        }
    )


def _platform(world: World, root: Account) -> dict[str, Any]:
    hosted = world.settings.canvas_region != "not_configured"
    names = [CANVAS + name for name in PLACEMENTS] + ["ContentArea", "RichTextEditor"]
    return {
        "product_family_code": "canvas",
        "version": "vCloud" if hosted else "OpenSource",
        "messages_supported": [
            {"type": "LtiResourceLinkRequest", "placements": names},
            {"type": "LtiDeepLinkingRequest", "placements": names},
            {"type": "LtiEulaRequest"},
        ],
        "notice_types_supported": list(scopes.NOTICE_TYPES),
        "variables": sorted(VARIABLES),
        CANVAS + "account_name": root.name,
        CANVAS + "account_lti_guid": f"{opaque_id('guid', root.id)}:canvas-lms",
        CANVAS + "account_domain": request.host,
    }


@blueprint.post("/api/lti/registrations")
def register() -> tuple[Response, int] | Response:
    """Keep a tool that registers itself; it stays off until the administrator confirms it."""
    world, body = current_world(), cast(Any, request.get_json(silent=True))
    waiting = _token(world)
    if wrong := openid_registration.problems(body):
        return jsonify(errors=wrong), 422
    with world.lock:
        if waiting.client_id is not None:
            raise BadToken(SPENT)
        waiting.client_id = new_client_id(world)
        root = world.accounts[waiting.root_account_id]
        world.registrations[waiting.client_id] = Registration(
            client_id=waiting.client_id,
            root_account_id=root.id,
            configuration=openid_registration.as_configuration(body),
            enabled=False,
            redirect_uris=list(body["redirect_uris"]),
        )
        tool = deploy(world, waiting.client_id, root)
    answer = openid_registration.echo(body) | {"client_id": waiting.client_id}
    if world.settings.registration_has_deployment_id:
        number = int(waiting.client_id) - global_id(0)
        view = f"{request.host_url}api/lti/registrations/{number}/view"
        answer["deployment_id"] = tool.deployment_id
        answer[TOOL] = {**answer[TOOL], CANVAS + "registration_config_url": view}
    return jsonify(answer)
