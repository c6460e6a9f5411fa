"""Finding out what became of an account somebody asked for, should the request have died or heard nothing."""

from datetime import UTC, datetime, timedelta
from typing import cast

from flask import current_app

from app.crypto import Keyring
from app.errors import RETRYABLE, CanvasThrottled, Failure
from app.pairing.sign_up import finding_out
from app.tasks.pairing import FOR_AN_ADMIN, access

AT_ONCE = timedelta(0)


def finish_sign_up(sign_up_id: int) -> timedelta | None:
    """Settle it, one way or the other."""
    keyring = cast(Keyring, current_app.extensions["keyring"])
    try:
        return finding_out.finish(keyring, sign_up_id, access().service, _clock, AT_ONCE)
    except CanvasThrottled as full:
        return full.wait
    except RETRYABLE:
        raise
    except Failure:
        return FOR_AN_ADMIN


def _clock() -> datetime:
    return datetime.now(UTC)
