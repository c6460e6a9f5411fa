"""The people of an institution, known by their Canvas user id."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models import Person


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the server: acts for an institution by commands, and is nobody in Canvas."""

    institution_id: int
    id: None = None
    time_zone: None = None


Actor = Person | Operator


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
    known = {
        "institution_id": institution_id,
        "canvas_user_id": canvas_user_id,
        "name": name or canvas_user_id,
        "time_zone": time_zone,
        "locale": locale,
        "created_at": now,
    }
    statement = _upsert(session.get_bind().dialect.name)
    person: Person = session.scalars(statement, known, execution_options={"populate_existing": True}).one()
    return person


def known(session: Session, institution_id: int, canvas_user_ids: Iterable[str]) -> dict[str, int]:
    """The rows (people.id) of those of these people, by their Canvas user id, who have one."""
    asked = select(Person.canvas_user_id, Person.id).where(
        Person.institution_id == institution_id, Person.canvas_user_id.in_(list(canvas_user_ids))
    )
    return {canvas_user_id: row_id for canvas_user_id, row_id in session.execute(asked)}


@cache
def _upsert(dialect: str) -> Any:
    """Made once: composing it costs more than running it. A name that is only the id was not said."""
    table = Person.metadata.tables[Person.__tablename__]
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    said = {
        "name": func.nullif(new.excluded.name, new.excluded.canvas_user_id),
        "time_zone": new.excluded.time_zone,
        "locale": new.excluded.locale,
    }
    kept = {column: func.coalesce(value, table.c[column]) for column, value in said.items()}
    key = ["institution_id", "canvas_user_id"]
    return select(Person).from_statement(
        new.on_conflict_do_update(index_elements=key, set_=kept).returning(table)
    )
