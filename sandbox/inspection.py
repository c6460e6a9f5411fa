"""Looking into the sandbox and turning its knobs, under /_sandbox and from this machine only."""

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from flask import Blueprint, current_app, request
from werkzeug import Response

from sandbox.dumping import dump
from sandbox.faults import Faults, parse
from sandbox.reading import Reader, WorldError
from sandbox.requests_seen import RequestsSeen
from sandbox.sis import queue
from sandbox.world import World, current_world
from sandbox.worldfile import load

blueprint = Blueprint("inspection", __name__, url_prefix="/_sandbox")


@blueprint.before_request
def only_from_here() -> Response | None:
    """Refuse callers from other machines."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - stands for "unknown"
    mapped = getattr(address, "ipv4_mapped", None)
    return None if (mapped or address).is_loopback else Response("only from loopback\n", status=403)


@blueprint.errorhandler(WorldError)
def explain(problem: WorldError) -> tuple[dict[str, str], int]:
    """Say which key is wrong."""
    return {"error": str(problem)}, 400


@blueprint.get("/state")
def state() -> dict[str, Any]:
    """The whole world as a world file."""
    world = current_world()
    with world.lock:
        return dump(world)


@blueprint.put("/state")
def replace_state() -> dict[str, str]:
    """Go on with another world, given as a world file; a reset still goes back to the first."""
    fresh = load(request.get_json(force=True))
    queue.leave(current_world())
    current_app.extensions["world"] = fresh
    queue.wake(fresh)
    return {}


@blueprint.get("/log")
def log() -> list[dict[str, Any]]:
    """The requests served, oldest first."""
    return _seen().rows()


@blueprint.delete("/log")
def clear_log() -> dict[str, str]:
    """Forget the requests served."""
    _seen().clear()
    return {}


@blueprint.post("/faults")
def add_faults() -> dict[str, str]:
    """Put more fault rules in force."""
    cast(Faults, current_app.extensions["faults"]).add(parse(request.get_json(force=True)))
    return {}


@blueprint.delete("/faults")
def clear_faults() -> dict[str, str]:
    """End all faults."""
    cast(Faults, current_app.extensions["faults"]).clear()
    return {}


@blueprint.post("/clock")
def move_clock() -> dict[str, str]:
    """Move the clock: `{"advance": seconds}` or `{"at": "2030-01-01T00:00:00Z"}`."""
    wanted = request.get_json(force=True)
    clock = current_world().clock
    try:
        if "advance" in wanted:
            clock.advance(float(wanted["advance"]))
        else:
            moment = datetime.fromisoformat(wanted["at"])
            clock.set(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (KeyError, TypeError, ValueError):
        raise WorldError('clock: must be {"advance": seconds} or {"at": time}') from None
    return {"now": clock.now().isoformat()}


@blueprint.post("/sis")
def steer_sis_imports() -> dict[str, bool | int | None]:
    """Hold SIS imports or let them go on: `hold`, `hold_after` rows, and `wait` until nothing moves."""
    world, reader = current_world(), Reader(request.get_json(force=True), "")
    with world.lock:
        settings = world.settings
        settings.sis_hold = reader.yes_or_no("hold", settings.sis_hold)
        if reader.has("hold_after"):
            settings.sis_hold_after = reader.number_or_none("hold_after")
    wait = reader.yes_or_no("wait", False)
    reader.finish()
    (queue.wait if wait else queue.wake)(world)
    return {"hold": settings.sis_hold, "hold_after": settings.sis_hold_after}


@blueprint.post("/reset")
def reset() -> dict[str, str]:
    """Begin again: the first world, its faults, an empty log."""
    cast(Callable[[], None], current_app.extensions["begin"])()
    return {}


def _seen() -> RequestsSeen:
    return cast(RequestsSeen, current_app.extensions["requests_seen"])


def begin(app_extensions: dict[str, Any], make_world: Callable[[], World], faults: object) -> None:
    """Put everything at its start."""
    if "world" in app_extensions:
        queue.leave(app_extensions["world"])
    app_extensions["world"] = make_world()
    queue.wake(app_extensions["world"])
    app_extensions["faults"] = Faults(parse(faults))
    app_extensions["requests_seen"] = RequestsSeen()
