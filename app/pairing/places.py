"""How many observers a student can have, where the policy says so."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Link, LinkState, Person
from app.policy import Policy

TAKEN = (LinkState.WAITING, LinkState.PENDING, LinkState.ACTIVE)


def taken(
    session: Session, institution_id: int, student_id: int, watching: Collection[str]
) -> frozenset[str]:
    """Who is counted as an observer of the student, by Canvas's numbers; `watching` as Canvas told."""
    ours = session.scalars(
        select(Person.canvas_user_id)
        .join(Link, Link.observer_id == Person.id)
        .where(
            Link.institution_id == institution_id,
            Link.student_id == student_id,
            Link.state.in_(TAKEN),
        )
    )
    return frozenset((*ours, *watching))


def has_room(
    session: Session, observer: Person, student_id: int, policy: Policy, watching: Collection[str]
) -> bool:
    """Whether this observer may join those of the student; those who are there already may.

    Locks the student, so that two who come at once are counted one after the other.
    """
    if policy.observers_most is None:
        return True
    session.execute(select(Person.id).where(Person.id == student_id).with_for_update(key_share=True))
    there = taken(session, observer.institution_id, student_id, watching)
    return observer.canvas_user_id in there or len(there) < policy.observers_most
