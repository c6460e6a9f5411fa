"""The people of an institution, known by their Canvas user id."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models import Person


def find(session: Session, institution_id: int, canvas_user_id: str) -> Person | None:
    """Somebody we have met before."""
    return session.scalar(
        select(Person).where(Person.institution_id == institution_id, Person.canvas_user_id == canvas_user_id)
    )


def remember(
    session: Session,
    institution_id: int,
    canvas_user_id: str,
    name: str | None,
    now: datetime,
    time_zone: str | None = None,
    locale: str | None = None,
) -> Person:
    """The row of this person, made or brought up to date. What Canvas did not say is left as it was."""
    person = find(session, institution_id, canvas_user_id)
    if person is None:
        person = Person(
            institution_id=institution_id,
            canvas_user_id=canvas_user_id,
            name=name or "",
            time_zone=time_zone,
            locale=locale,
            created_at=now,
        )
        try:
            with session.begin_nested():
                session.add(person)
        except IntegrityError:  # somebody else met them in the same moment
            return remember(session, institution_id, canvas_user_id, name, now, time_zone, locale)
    person.name = name or person.name
    person.time_zone = time_zone or person.time_zone
    person.locale = locale or person.locale
    return person
