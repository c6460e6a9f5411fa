"""Taking a file in: kept in pieces in the database, and put on disk whenever somebody reads it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import audit, db
from app.models import Import, ImportChunk, ImportState
from app.sheets import columns
from app.sheets.columns import Mapping
from app.sheets.kinds import Kind
from app.sheets.recognizing import Choices, Recognized, open_file
from app.sheets.troubles import Refused, Trouble

LARGEST = 32 * 1024**2  # bytes of an upload; 100,000 rows are some ten
PIECE = 512 * 1024
LONGEST_NAME = 120
ON_DISK = "file"  # an uploaded name can be one that no disk takes


def take_in(
    session: Session,
    institution_id: int,
    person_id: int | None,
    name: str,
    content: IO[bytes],
    now: datetime,
) -> Import:
    """Keep a file. Raises Refused when it is too large, or nothing that can be read."""
    made = Import(
        institution_id=institution_id,
        person_id=person_id,
        run_by=person_id,
        file_name=Path(name.replace("\\", "/")).name[:LONGEST_NAME] or "file",
        size=0,
        created_at=now,
        state=ImportState.COLUMNS,
        choices={},
        headers={},
        cursor="",
        total=0,
        done=0,
        pace_since=now,
        pace_from=0,
        rights={},
        sis_words=[],
    )
    session.add(made)
    session.flush()
    number = 0
    while piece := content.read(PIECE):
        made.size += len(piece)
        if made.size > LARGEST:
            raise Refused(Trouble.BYTES, found=made.size, limit=LARGEST)
        session.add(ImportChunk(import_id=made.id, number=number, content=piece))
        number += 1
        session.flush()
    with on_disk(session, made) as path:
        _recognize(made, open_file(path))
    audit.record(
        session, institution_id, audit.Event.IMPORT_UPLOADED, now, person_id, batch=made.id, size=made.size
    )
    return made


def _recognize(made: Import, found: Recognized) -> None:
    """Raises Refused for whatever is wrong in any row, so that nobody meets it later."""
    for table in found.tables:
        table.count()
    made.headers = {table.kind.value: list(table.header) for table in found.tables}
    made.mapping = None if found.canvas else columns.guess(found.tables[0]).to_json()


@contextmanager
def on_disk(session: Session, of: Import) -> Iterator[Path]:
    """The file, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="import") as folder:
        path = Path(folder) / ON_DISK
        with path.open("wb") as target:
            numbers = session.scalars(
                select(ImportChunk.number).where(ImportChunk.import_id == of.id).order_by(ImportChunk.number)
            ).all()
            for number in numbers:  # one piece at a time in memory
                target.write(
                    session.scalars(
                        select(ImportChunk.content).where(
                            ImportChunk.import_id == of.id, ImportChunk.number == number
                        )
                    ).one()
                )
        yield path


@contextmanager
def recognized(of: Import) -> Iterator[Recognized]:
    """The tables of the file, read as was chosen."""
    with db.reading() as session, on_disk(session, of) as path:
        yield open_file(path, chosen(of))


def chosen(of: Import) -> Choices:
    """How the file is to be read."""
    return Choices(**of.choices)


def read_days(of: Import, day_first: bool) -> None:
    """Say which way round its dates are written."""
    of.choices = {**of.choices, "day_first": day_first}


def reread(session: Session, of: Import, choices: Choices) -> None:
    """Read the file in another way, with the meanings guessed anew. Raises Refused."""
    with on_disk(session, of) as path:
        _recognize(of, open_file(path, choices))  # a guess reads rows, so the file must still be there
    of.choices = {each.name: getattr(choices, each.name) for each in fields(choices)}


def mapping_of(of: Import) -> Mapping:
    """What the columns of a sheet mean."""
    return Mapping.from_json(of.mapping or [])


def is_sheet(of: Import) -> bool:
    """Whether its columns are ours to understand; else it is files of Canvas."""
    return Kind.SHEET.value in of.headers


def forget_file(session: Session, of: Import) -> None:
    """Throw the file away; its rows are in the database."""
    session.execute(delete(ImportChunk).where(ImportChunk.import_id == of.id))
