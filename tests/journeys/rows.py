"""What is written in the database, and time travel by rewriting it."""

from typing import Any, TypeVar

from sqlalchemy import select, text, update
from sqlalchemy.orm import joinedload

from app import db
from app.models import Base, Code, PolicyRow

Row = TypeVar("Row", bound=Base)


def rows(model: type[Row]) -> list[Row]:
    """Every row of a table, the oldest first."""
    with db.reading() as session:
        return list(session.scalars(select(model).order_by(*model.__mapper__.primary_key)))


def codes_with_students() -> list[Code]:
    """Every code with its student at hand."""
    with db.reading() as session:
        return list(session.scalars(select(Code).options(joinedload(Code.student)).order_by(Code.id)))


def change(model: type[Base], **values: Any) -> None:
    """Rewrite every row of a table."""
    with db.transaction() as session:
        session.execute(update(model).values(**values))


def uses() -> list[int]:
    """How often each code was used, the oldest code first."""
    return [code.uses for code in rows(Code)]


def decide(institution_id: int, days: int = 30, uses: int = 2, tas: bool = False) -> None:
    """What an admin decides."""
    row = PolicyRow(institution_id=institution_id, code_life_days=days, code_uses=uses, tas_issue=tas)
    with db.transaction() as session:
        session.merge(row)


def hurry() -> None:
    """Let jobs that were to wait be due now."""
    schema = "" if db.database.engine.dialect.name == "sqlite" else "dbos."
    with db.transaction() as session:
        session.execute(text(f"UPDATE {schema}workflow_status SET delay_until_epoch_ms = 1"))  # noqa: S608
