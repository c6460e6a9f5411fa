"""Ending what a dry run of the setup check has begun, should its process have died."""

from datetime import UTC, datetime

from app import db
from app.inspector import dry_run


def end_dry_run(link_id: int) -> None:
    """Begin to end the connection unless that was done; telling Canvas is another job."""
    with db.transaction() as session:
        dry_run.end(session, link_id, datetime.now(UTC))
