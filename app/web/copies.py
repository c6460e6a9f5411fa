"""Files with names in them that somebody saves: that they did is written down."""

from app import audit, db
from app.web import visit


def note(what: str, **facts: audit.Fact) -> None:
    """Write down who saves a copy of what; somebody who acts as another saves nothing."""
    launch = visit.acting()
    with db.transaction() as session:
        audit.record(
            session, launch.institution_id, audit.Event.DATA_EXPORTED, visit.now(), launch.person_id,
            what=what, **facts,
        )  # fmt: skip
