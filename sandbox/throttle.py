"""Canvas's request throttle: a leaky bucket per token (RequestThrottle; API docs, "Throttling")."""

import time
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, g, request
from werkzeug import Response

from sandbox.answers import throttled
from sandbox.world import World, current_world

LIMIT = 600.0
MAXIMUM = 800.0
OUTFLOW = 10.0
UP_FRONT = 50.0
# Stands for the seconds a real Canvas spends in its database; ours costs next to nothing.
DATABASE_COST = 0.1
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
        g.began = time.thread_time()
        return None

    @app.after_request
    def settle(response: Response) -> Response:
        if "began" not in g:
            return response
        cost = time.thread_time() - g.began + DATABASE_COST
        if request.path == "/login/oauth2/token":
            cost += TOKEN_COST
        world = current_world()
        with world.lock:
            bucket = _leaked(world)
            bucket.level = max(0.0, bucket.level - UP_FRONT + cost)
            remaining = LIMIT - bucket.level
        response.headers["x-request-cost"] = f"{cost:.6f}"
        response.headers["x-rate-limit-remaining"] = f"{max(0.0, remaining):.4f}"
        return response


def _counted() -> bool:
    return request.path.startswith("/api/") or request.path == "/login/oauth2/token"


def _leaked(world: World) -> Bucket:
    """The caller's bucket, as full as it still is by now."""
    buckets: dict[str, Bucket] = world.memory.setdefault("buckets", {})
    key = (
        request.headers.get("Authorization") or request.args.get("access_token") or request.remote_addr or ""
    )
    now = world.clock.now()
    bucket = buckets.setdefault(key, Bucket(0.0, now))
    passed = max(0.0, (now - bucket.touched).total_seconds())
    bucket.level = max(0.0, bucket.level - passed * OUTFLOW)
    bucket.touched = now
    return bucket
