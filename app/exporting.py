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
NAMING = {  # people, but for their foreign keys
    "audit_events": ("actor_id", "student_id", "observer_id"),
    "imports": ("run_by", "undone_by"),
}
BY_NUMBER = {  # people as Canvas names them
    "people": ("canvas_user_id",),
    "seats": ("observer_id", "student_id"),
    "import_rows": ("observer_id", "student_id"),
    "import_people": ("canvas_id",),
}
HANGING = {  # rows that are about whomever another row is about, by the table they hang on
    "code_sections": "codes",
    "link_enrollments": "links",
    "drifts": "links",
    "sign_ups": "codes",
}


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
    if (belongs := _belongs(table, institution_id)) is None:
        return None
    return query.where(belongs) if person is None else query.where(belongs, _about(table, person))


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
    """The condition that a row of a table is about a person, or tells of something they did."""
    named = [table.c[name] == person.id for name in people_in(table)]
    named += [table.c[name] == person.canvas_user_id for name in BY_NUMBER.get(table.name, ())]
    for one in table.foreign_key_constraints:
        if one.referred_table.name == HANGING.get(table.name):
            (column,), parent = list(one.columns), one.referred_table
            named.append(column.in_(select(parent.c.id).where(_about(parent, person))))
    return or_(false(), *named)


def _belongs(table: Table, institution_id: int) -> ColumnElement[bool] | None:
    """The condition that a row belongs to an institution, by itself or by what it hangs on. None: to none."""
    if "institution_id" in table.c:
        return table.c.institution_id == institution_id
    parent = parent_of(table)
    if parent is None:
        return None
    (column,), other = list(parent.columns), parent.referred_table
    return column.in_(select(other.c.id).where(other.c.institution_id == institution_id))


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
