"""Reading the rows of a file into the database, once each, in turns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zlib import crc32

from sqlalchemy import insert

from app import db
from app.models import Import, ImportRow, RowState
from app.pairing.imports import given, intake, progress
from app.pairing.imports.given import Wanted
from app.sheets import columns
from app.sheets.kinds import Kind
from app.sheets.pairs import pairs
from app.sheets.recognizing import Recognized
from app.sheets.tables import Table

AT_ONCE = 1000  # rows of a statement
PIECE = 10_000  # of a transaction
PIECES = 5  # of a turn: each turn reads the file from its start
LANES = 4
ORDER = {Kind.USERS: 0, Kind.ENROLLMENTS: 1, Kind.USER_OBSERVERS: 2, Kind.SHEET: 3}  # Canvas's order


@dataclass(frozen=True, slots=True)
class Item:
    """One pair, or one row of users.csv, and where it stands."""

    source: str
    number: int
    wanted: Wanted
    raw: tuple[str, ...]


def items(of: Import, found: Recognized) -> Iterator[Item]:
    """Everything a file asks for; accounts come before those who need them."""
    for table in sorted(found.tables, key=lambda table: ORDER[table.kind]):
        if table.kind is Kind.USERS:
            yield from _users(table)
            continue
        mapping = columns.guess(table) if table.kind is not Kind.SHEET else intake.mapping_of(of)
        for pair in pairs(table.rows(), mapping):
            wanted = given.of_pair(pair, intake.chosen(of).day_first)
            yield Item(table.kind.value, pair.row, wanted, pair.raw)


def _users(table: Table) -> Iterator[Item]:
    names = [each.strip().lower() for each in table.header]
    for row in table.rows():
        values = [each.strip() for each in row.cells]
        record = dict(zip(names, values + [""] * (len(names) - len(values)), strict=False))
        yield Item(table.kind.value, row.number, given.of_user(record), row.cells)


def read_on(of: Import, now: datetime) -> bool:
    """Read some more rows; True when all are read. A repeated turn reads none twice."""
    done = int(of.cursor or 0)
    with intake.recognized(of) as found:
        total = of.total or sum(table.count() for table in found.tables)
        rest = islice(items(of, found), done, None)
        for _ in range(PIECES):
            some = list(islice(rest, PIECE))
            done += len(some)
            if not _keep(of, some, now, cursor=str(done), total=total, done=done):
                return False
            of.cursor = str(done)
            if len(some) < PIECE:
                return True
    return False


def _keep(of: Import, some: Sequence[Item], now: datetime, **place: object) -> bool:
    """Write a piece down, unless somebody else has, or the import was given up."""
    with db.transaction() as session:
        if not progress.advance(session, of, now, **place):
            return False
        for start in range(0, len(some), AT_ONCE):
            session.execute(insert(ImportRow), [_row(of, item) for item in some[start : start + AT_ONCE]])
    return True


def _row(of: Import, item: Item) -> dict[str, object]:
    key = given.key_of(item.wanted.observer)
    return {
        "institution_id": of.institution_id,
        "import_id": of.id,
        "source": item.source,
        "number": item.number,
        "kind": item.wanted.kind,
        "raw": list(item.raw),
        "given": item.wanted.to_json(),
        "state": RowState.READ,
        "lane": crc32((key or "").encode()) % LANES,
        "observer_key": key,
        "verdict": None,
    }
