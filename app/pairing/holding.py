"""Active links while they are compared with Canvas, written down. Each step is one transaction.

A held link is leased, so that nobody else tells Canvas about these two people meanwhile. Leaving does not
wait for it: then nothing that was found out here is written any more.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import audit, jobs
from app.models import Link, LinkEnrollment, LinkState
from app.pairing import links
from app.pairing.settling import Held, Work, change, open_pair, work_on


def hold(session: Session, link_id: int, now: datetime, until: datetime) -> Work | None:
    """Take an active link. None: it is not active, or something is under way between the two people."""
    pair = open_pair(session, link_id)
    link = next((one for one in pair if one.id == link_id), None)
    quiet = all(
        one.state is LinkState.ACTIVE and not (one.leased_until and one.leased_until >= now) for one in pair
    )
    if link is None or not quiet:
        return None
    link.leased_until = until
    return work_on(link, now)


def let_go(session: Session, work: Work) -> None:
    """Give a held link back, whatever has become of it."""
    session.execute(
        update(Link).where(Link.id == work.link_id, Link.leased_until == work.lease).values(leased_until=None)
    )


def followed(
    session: Session,
    work: Work,
    now: datetime,
    *,
    found: Sequence[Held],
    added: Sequence[Held],
    removed: Sequence[str],
    forget: Iterable[str],
) -> bool:
    """A course-scoped link stands on other enrollments now. False: it is no longer what was held."""
    if not change(session, work, leased_until=None):
        return False
    link = session.get_one(Link, work.link_id, populate_existing=True)
    over = {*removed, *forget}
    link.enrollments = [one for one in link.enrollments if one.enrollment_id not in over]
    known = {one.enrollment_id for one in link.enrollments}
    link.enrollments += [
        LinkEnrollment(enrollment_id=one.enrollment_id, section_id=one.section_id, ours=True)
        for one in (*found, *added)
        if one.enrollment_id not in known
    ]
    if added or removed:
        links.record(
            session, link, audit.Event.LINK_FOLLOWED, now, None, added=len(added), removed=len(removed)
        )
    return True


def heal(session: Session, work: Work, actor_id: int | None, now: datetime) -> bool:
    """Begin to end a held all-course link and make it again. False: it is no longer what was held.

    Setting a link that stands heals nothing in Canvas (User Observees API, PUT).
    """
    if not change(session, work, state=LinkState.ENDING, again=True, reason=None, leased_until=None):
        return False
    link = session.get_one(Link, work.link_id, populate_existing=True)
    links.record(session, link, audit.Event.LINK_MENDED, now, actor_id)
    jobs.enqueue(session, "end_link", link.id)
    return True
