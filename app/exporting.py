"""Everything that is kept of an institution, or of one person, as a zip of JSON lines: one file per table.

Secrets stay behind: what is sealed, and the digests that sealed things or visitors are found by.
"""

import json
import zipfile
from base64 import b64encode
from datetime import date, datetime
from typing import IO, Any

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Select, Table, false, or_, select
from sqlalchemy.orm import Session

from app.models import Base, Person
from app.resealing import SEALED

AT_ONCE = 500
PEOPLE = Base.metadata.tables["people"]
INSTITUTIONS = Base.metadata.tables["institutions"]
AUDIT = ("audit_events", "audit_heads")  # their digests are no secrets, but prove the events
NAMING = {"audit_events": ("actor_id", "student_id", "observer_id")}  # people, but for their foreign keys


def export(session: Session, institution_id: int, person: Person | None, file: IO[bytes]) -> dict[str, int]:
    """Write the zip; how many rows of each table are in it. Give it a snapshot."""
    counts = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in Base.metadata.sorted_tables:
            query = rows_of(table, institution_id, person)
            if query is not None and (count := _write(session, archive, table, query)):
                counts[table.name] = count
    return counts


def rows_of(table: Table, institution_id: int, person: Person | None) -> Select[Any] | None:
    """The rows of a table that belong to an institution, or are about one of its people. None: none do."""
    query = select(*(column for column in table.c if column.name not in secrets(table)))
    if table is INSTITUTIONS:
        return query.where(table.c.id == institution_id) if person is None else None
    if "institution_id" not in table.c:
        parent = parent_of(table)
        return query.where(_child_of(parent, institution_id, person)) if parent is not None else None
    query = query.where(table.c.institution_id == institution_id)
    return query if person is None else query.where(_about(table, person))


def secrets(table: Table) -> set[str]:
    """The columns that are never shown."""
    sealed = {one.column for one in SEALED if one.table.__tablename__ == table.name}
    digests = {column.name for column in table.c if column.name.endswith("digest")}
    kept_apart = {"who"} if table.name == "guesses" else set()  # a digest too
    return sealed | kept_apart | (set() if table.name in AUDIT else digests)


def parent_of(table: Table) -> ForeignKeyConstraint | None:
    """What a table without an institution of its own hangs on."""
    return next(
        (one for one in table.foreign_key_constraints if one.referred_table is not INSTITUTIONS), None
    )


def people_in(table: Table) -> list[str]:
    """The columns of a table that point at people."""
    found = [
        column.name
        for one in table.foreign_key_constraints
        if one.referred_table is PEOPLE
        for column in one.columns
        if column.name != "institution_id"
    ]
    return sorted(found) + list(NAMING.get(table.name, ()))


def _about(table: Table, person: Person) -> ColumnElement[bool]:
    if table is PEOPLE:
        return table.c.id == person.id
    columns = people_in(table)
    return or_(*(table.c[name] == person.id for name in columns)) if columns else false()


def _child_of(
    parent: ForeignKeyConstraint, institution_id: int, person: Person | None
) -> ColumnElement[bool]:
    (column,), table = list(parent.columns), parent.referred_table
    belongs = table.c.institution_id == institution_id
    mine = belongs if person is None else belongs & _about(table, person)
    return column.in_(select(table.c.id).where(mine))


def _write(session: Session, archive: zipfile.ZipFile, table: Table, query: Select[Any]) -> int:
    count = 0
    with session.execute(query.order_by(*table.primary_key).execution_options(yield_per=AT_ONCE)) as rows:
        for batch in rows.partitions():
            if not count:
                lines = archive.open(f"{table.name}.jsonl", "w")
            lines.writelines(_line(row._asdict()) for row in batch)
            count += len(batch)
    if count:
        lines.close()
    return count


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(type(value).__name__)
