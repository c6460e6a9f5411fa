"""How many observers a student can have, where the policy says so."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import policy as policies
from app.crypto import Keyring
from app.models import Code, Link, LinkState, Person
from app.pairing import codes
from app.policy import Policy

TAKEN = (LinkState.WAITING, LinkState.PENDING, LinkState.ACTIVE)


def limited(session: Session, keyring: Keyring, observer: Person, text: str) -> str | None:
    """The student of this code, by Canvas's number, if it matters who observes them in Canvas."""
    if policies.of(session, observer.institution_id).observers_most is None:
        return None
    code = codes.find(session, keyring, text)
    if code is None or code.institution_id != observer.institution_id:
        return None
    return code.student.canvas_user_id


def has_room(
    session: Session, observer: Person, code: Code, policy: Policy, watching: Collection[str]
) -> bool:
    """Whether this observer may join those of the student; those who are there already may.

    Locks the student, so that two who come at once are counted one after the other.
    """
    if policy.observers_most is None:
        return True
    session.execute(select(Person.id).where(Person.id == code.student_id).with_for_update(key_share=True))
    ours = session.scalars(
        select(Person.canvas_user_id)
        .join(Link, Link.observer_id == Person.id)
        .where(
            Link.institution_id == code.institution_id,
            Link.student_id == code.student_id,
            Link.state.in_(TAKEN),
        )
    )
    there = {*ours, *watching}
    return observer.canvas_user_id in there or len(there) < policy.observers_most
