"""The people of an institution, known by their Canvas user id."""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models import Person


def remember(
    session: Session,
    institution_id: int,
    canvas_user_id: str,
    name: str | None,
    now: datetime,
    time_zone: str | None = None,
    locale: str | None = None,
) -> Person:
    """The person's row, made or brought up to date in one statement. Silence of Canvas erases nothing."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    key = {"institution_id": institution_id, "canvas_user_id": canvas_user_id}
    known = {"name": name, "time_zone": time_zone, "locale": locale}
    said = {column: value for column, value in known.items() if value}
    statement = (
        insert(Person)
        .values({**known, **key, "name": name or canvas_user_id, "created_at": now})
        .on_conflict_do_update(index_elements=list(key), set_=said or key)
        .returning(Person)
    )
    return session.scalars(statement, execution_options={"populate_existing": True}).one()
