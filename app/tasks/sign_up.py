"""Finding out what became of an account somebody asked for, should the request have died or heard nothing."""

from datetime import UTC, datetime, timedelta
from typing import cast

from flask import current_app

from app.crypto import Keyring
from app.pairing.sign_up import finding_out
from app.tasks.pairing import access, with_patience

AT_ONCE = timedelta(0)


def finish_sign_up(sign_up_id: int) -> timedelta | None:
    """Settle it, one way or the other."""
    keyring = cast(Keyring, current_app.extensions["keyring"])
    return with_patience(lambda: finding_out.finish(keyring, sign_up_id, access().service, _clock, AT_ONCE))


def _clock() -> datetime:
    return datetime.now(UTC)
