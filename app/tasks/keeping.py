"""Keeping nothing longer than the policy says."""

from datetime import UTC, datetime
from typing import cast

from flask import current_app
from sqlalchemy import select

from app import db, retention
from app.crypto import Keyring
from app.models import Institution


def enforce_retention() -> None:
    """Delete what every institution's policy says is over."""
    with db.reading() as session:
        institutions = session.scalars(select(Institution.id)).all()
    keyring = cast(Keyring, current_app.extensions["keyring"])
    for institution_id in institutions:
        retention.enforce(keyring, institution_id, datetime.now(UTC))
