"""What an institution allows."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from app.models import PolicyRow


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one institution. The defaults hold until its admin decides otherwise."""

    code_life: timedelta = timedelta(days=30)
    code_uses: int = 2  # so that both parents can use one letter
    tas_issue: bool = False  # Canvas, too, gives TAs no pairing codes unless somebody says so


def of(session: Session, institution_id: int) -> Policy:
    """The policy in force for this institution."""
    row = session.get(PolicyRow, institution_id)
    if row is None:
        return Policy()
    return Policy(timedelta(days=row.code_life_days), row.code_uses, row.tas_issue)
