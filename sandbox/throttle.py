"""Canvas's request throttle: a leaky bucket per client (RequestThrottle; API docs, "Throttling").

A real Canvas charges the seconds it computes and asks its database. Here every request has a fixed price
and buckets leak by the sandbox's clock, so that the same requests always get the same answers.
"""

from dataclasses import dataclass
from datetime import datetime

import jwt
from flask import Flask, g, request
from werkzeug import Response

from sandbox import sessions
from sandbox.answers import throttled
from sandbox.world import World, current_world

LIMIT = 600.0
MAXIMUM = 800.0
OUTFLOW = 10.0
UP_FRONT = 50.0
READ_COST, WRITE_COST = 0.1, 0.3
TOKEN_COST = 200.0


@dataclass(slots=True)
class Bucket:
    """How full a caller's bucket was, and when."""

    level: float
    touched: datetime


def watch(app: Flask) -> None:
    """Count every API and token request, and refuse when the world throttles and the bucket is full."""

    @app.before_request
    def admit() -> Response | None:
        if not _counted():
            return None
        world = current_world()
        with world.lock:
            bucket = _leaked(world)
            if world.settings.throttle and bucket.level >= LIMIT:
                return throttled(world.settings.throttle_status)
            bucket.level = min(bucket.level + UP_FRONT, MAXIMUM)
        g.counted = True
        return None

    @app.after_request
    def settle(response: Response) -> Response:
        if "counted" not in g:
            return response
        cost, world = _cost(), current_world()
        with world.lock:
            bucket = _leaked(world)
            bucket.level = max(0.0, bucket.level - UP_FRONT + cost)
            remaining = LIMIT - bucket.level
        if bucket_key().startswith("session"):
            return response
        response.headers["x-request-cost"] = f"{cost:.6f}"
        response.headers["x-rate-limit-remaining"] = f"{max(0.0, remaining):.4f}"
        return response


def _counted() -> bool:
    return request.path.startswith("/api/") or request.path == "/login/oauth2/token"


def _cost() -> float:
    if request.path == "/login/oauth2/token":
        return TOKEN_COST
    price = READ_COST if request.method == "GET" else WRITE_COST
    return price + current_world().settings.extra_cost


def bucket_key() -> str:
    """Whose bucket: a tool's services share one, then a token's, a session's, or that of an address."""
    token = request.headers.get("Authorization") or request.args.get("access_token")
    if token and request.path.startswith("/api/lti/"):
        return _tool(token) or f"token {token}"
    if token:
        return f"token {token}"
    session = sessions.current()
    return f"session {session.id}" if session else f"address {request.remote_addr}"


def _tool(token: str) -> str | None:
    """The tool that a service token names, whether the token is good or not."""
    try:
        claims = jwt.decode(token.removeprefix("Bearer "), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return claims.get("sub")


def _leaked(world: World) -> Bucket:
    """The caller's bucket, as full as it still is by now."""
    buckets: dict[str, Bucket] = world.memory.setdefault("buckets", {})
    key = bucket_key()
    now = world.clock.now()
    bucket = buckets.setdefault(key, Bucket(0.0, now))
    passed = max(0.0, (now - bucket.touched).total_seconds())
    bucket.level = max(0.0, bucket.level - passed * OUTFLOW)
    bucket.touched = now
    return bucket
