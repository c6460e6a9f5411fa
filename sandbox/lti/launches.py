"""Login initiation: a launch is prepared, and the browser sent to the tool (LTI Security 1.1, 5.1.1.1)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from sandbox.lti.launch import Launch
from sandbox.lti.messages import resource_link_request
from sandbox.lti.roles import Context
from sandbox.world import Account, Tool, World, global_id, opaque_id

HINT_LIFE = timedelta(minutes=5)
# The login_hint of everybody who is not logged in.
PUBLIC_HINT = opaque_id("user", 0)
STORAGE_TARGET = "post_message_forwarding"


class InvalidHint(Exception):  # noqa: N818  Canvas answers "Invalid lti_message_hint"
    """A message hint that is forged, garbled or too old."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A launch that waits for the tool's authentication request."""

    tool: Tool
    context: Context
    root: Account
    anonymous: bool
    claims: dict[str, Any]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Hint:
    """What Canvas told itself through the tool."""

    verifier: str
    canvas_domain: str
    storage_target: bool


def _prepared(world: World) -> dict[str, Prepared]:
    prepared: dict[str, Prepared] = world.memory.setdefault("launches", {})
    return prepared


def _secret(world: World) -> str:
    secret: str = world.memory.setdefault("hint_secret", secrets.token_hex(32))
    return secret


def prepare(launch: Launch) -> dict[str, str]:
    """Keep a launch and give the fields of the form that is posted to the tool's login initiation URL."""
    world = launch.world
    verifier, expires_at = secrets.token_hex(64), world.clock.now() + HINT_LIFE
    with world.lock:
        prepared = _prepared(world)
        for old in [key for key, entry in prepared.items() if entry.expires_at <= world.clock.now()]:
            del prepared[old]
        claims = resource_link_request(launch)
        prepared[verifier] = Prepared(
            launch.tool, launch.context, launch.root, launch.user is None, claims, expires_at
        )
    hint = {
        "verifier": verifier,
        "canvas_domain": launch.host,
        "context_type": type(launch.context).__name__,
        "context_id": global_id(launch.context.id),
        "canvas_locale": launch.locale,
        "include_storage_target": world.settings.platform_storage,
        "exp": int(expires_at.timestamp()),
    }
    fields = {
        "iss": world.settings.issuer,
        "login_hint": launch.user.lti_context_id if launch.user else PUBLIC_HINT,
        "client_id": launch.tool.client_id,
        "lti_deployment_id": launch.tool.deployment_id,
        "deployment_id": launch.tool.deployment_id,
        "target_link_uri": launch.target_link_uri,
        "lti_message_hint": jwt.encode(hint, _secret(world), "HS256"),
        "canvas_environment": world.settings.canvas_environment,
        "canvas_region": world.settings.canvas_region,
    }
    return fields | ({"lti_storage_target": STORAGE_TARGET} if world.settings.platform_storage else {})


def read_hint(world: World, text: str) -> Hint:
    """The hint, if it is ours and less than five minutes old."""
    try:
        # The world's clock decides, not the machine's.
        claims = jwt.decode(text, _secret(world), ["HS256"], options={"verify_exp": False})
        if claims["exp"] <= world.clock.now().timestamp():
            raise InvalidHint
        return Hint(claims["verifier"], claims["canvas_domain"], claims["include_storage_target"])
    except (jwt.InvalidTokenError, KeyError) as problem:
        raise InvalidHint from problem


def peek(world: World, verifier: str) -> Prepared | None:
    """The launch that waits under a verifier."""
    return _prepared(world).get(verifier)


def consume(world: World, verifier: str) -> Prepared | None:
    """The launch, which can be had only once."""
    with world.lock:
        return _prepared(world).pop(verifier, None)
