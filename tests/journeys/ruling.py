"""What an admin decides, without the clicks that test_policy.py does."""

from datetime import UTC, datetime
from typing import Any

from app import db, people, policy
from app.policy import Policy
from tests.people import ADMIN, School


def rule(school: School, **settings: Any) -> None:
    """Put a policy in force that has these settings, and the defaults beside them."""
    now = datetime.now(UTC)
    with db.transaction() as session:
        admin = people.remember(session, school.institution_id, str(ADMIN), "Helen Park", now)
        seen = policy.in_force(session, school.institution_id).version
        assert policy.decide(session, school.institution_id, Policy(**settings), seen, admin.id, now)
