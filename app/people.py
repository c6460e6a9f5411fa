"""The people of an institution, known by their Canvas user id."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models import LtiLaunch, Person


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the server: acts for an institution by commands, and is nobody in Canvas."""

    institution_id: int
    id: None = None
    person_id: None = None  # as a launch has one
    time_zone: None = None
    root_admin: bool = True  # sees all of it, and no part of it in particular
    account_id: None = None


Actor = Person | Operator
Onlooker = LtiLaunch | Operator


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
    told = {"name": name or canvas_user_id, "time_zone": time_zone, "locale": locale}
    key = {"institution_id": institution_id, "canvas_user_id": canvas_user_id, "created_at": now}
    return _remember(session, [key | told])[0]


def remember_all(
    session: Session, institution_id: int, names: Mapping[str, str | None], now: datetime
) -> dict[str, Person]:
    """The same for many by Canvas user id, always in one order: two of us never wait for each other."""
    told = [
        {
            "institution_id": institution_id,
            "canvas_user_id": canvas_user_id,
            "name": names[canvas_user_id] or canvas_user_id,
            "time_zone": None,
            "locale": None,
            "created_at": now,
        }
        for canvas_user_id in sorted(names)
    ]
    return {person.canvas_user_id: person for person in _remember(session, told)} if told else {}


def _remember(session: Session, told: Sequence[Mapping[str, object]]) -> Sequence[Person]:
    statement = _upsert(session.get_bind().dialect.name)
    found: Sequence[Person] = session.scalars(
        statement, told, execution_options={"populate_existing": True}
    ).all()
    return found


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
