"""Until when, and what for: what a row about one course says of its link."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import policy
from app.models import Import, Link, Person, Scope
from app.pairing.imports.given import Wanted
from app.pairing.imports.verdicts import Ends


def ends_at(session: Session, of: Import, wanted: Wanted) -> datetime | None:
    """The moment the last day of a row is over, where whoever uploaded it is."""
    if wanted.until is None:
        return None
    uploader = session.get(Person, of.person_id) if of.person_id else None
    rule = policy.of(session, of.institution_id)
    return rule.end_of(wanted.until, uploader.time_zone if uploader else None)


def ends(session: Session, of: Import, wanted: Wanted, now: datetime) -> Ends:
    """Whether that makes sense."""
    if not wanted.until_given:
        return Ends.NEVER
    end = ends_at(session, of, wanted)
    if end is None:
        return Ends.UNCLEAR
    return Ends.AHEAD if end > now else Ends.OVER


def put(session: Session, of: Import, wanted: Wanted, link: Link) -> None:
    """Write them down at a new link."""
    if link.scope is Scope.COURSE:
        link.purpose = wanted.purpose or None
        link.ends_on, link.ends_at = wanted.until, ends_at(session, of, wanted)
