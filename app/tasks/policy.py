"""What the policy has happen by itself: last days, and the end of a student's time to answer."""

from datetime import UTC, datetime

from app import db
from app.pairing import approvals, ending

AT_ONCE = 200  # in one transaction


def end_due() -> None:
    """End links whose last day is over, however long ago that was."""
    now = datetime.now(UTC)
    while True:
        with db.transaction() as session:
            ended = ending.end_due(session, now, AT_ONCE)
        if ended < AT_ONCE:
            return


def lapse_due() -> None:
    """Let go links that no student has answered about in time."""
    now = datetime.now(UTC)
    while True:
        with db.transaction() as session:
            lapsed = approvals.lapse_due(session, now, AT_ONCE)
        if lapsed < AT_ONCE:
            return
