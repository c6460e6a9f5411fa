"""What earlier rows of a file say of the same observers and the same pairs, asked for many rows at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models import ImportRow, RowKind
from app.pairing.imports.verdicts import ASKS, DOES, Verdict
from app.sheets.pairs import Action

MAKES = (Verdict.ACCOUNT, Verdict.NEW)
COUNT = DOES | ASKS | {Verdict.ALREADY, Verdict.NOT_LINKED}  # a row with a problem says nothing of a pair

First = dict[str, ImportRow]  # the first row, by what it is about


@dataclass(slots=True)
class Earlier:
    """The first row that makes an observer's account, and the first one that counts about a pair."""

    makers: First = field(default_factory=dict)
    logins: First = field(default_factory=dict)  # the same by the login that it makes
    pairs: First = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, rows: Sequence[ImportRow]) -> "Earlier":
        """What the rows before these say; their own keys are known, their verdicts are not."""
        about_pairs = and_(ImportRow.kind == RowKind.PAIR, ImportRow.verdict.in_(COUNT))
        makes = ImportRow.verdict.in_(MAKES)
        return cls(
            _first(session, rows, ImportRow.observer_key, makes),
            _first(session, rows, ImportRow.new_login, makes),
            _first(session, rows, ImportRow.pair_key, about_pairs),
        )

    def add(self, row: ImportRow) -> None:
        """A row whose verdict is known by now."""
        if row.verdict in MAKES:
            _keep(self.makers, row.observer_key, row)
            _keep(self.logins, row.new_login, row)
        if row.kind is RowKind.PAIR and row.verdict in COUNT:
            _keep(self.pairs, row.pair_key, row)

    def maker(self, row: ImportRow) -> ImportRow | None:
        """The first row about this observer, if it is an earlier one that makes their account."""
        return _before(self.makers.get(row.observer_key or ""), row)

    def rival(self, row: ImportRow) -> ImportRow | None:
        """An earlier row that makes an account with the same login, of whoever has another identifier."""
        found = _before(self.logins.get(row.new_login or ""), row)
        return found if found is not None and found.observer_key != row.observer_key else None

    def action(self, row: ImportRow) -> Action | None:
        """What an earlier row asks for the same pair."""
        found = _before(self.pairs.get(row.pair_key or ""), row)
        return Action(found.given["action"]) if found else None


def _first(
    session: Session,
    rows: Sequence[ImportRow],
    column: InstrumentedAttribute[str | None],
    which: ColumnElement[bool],
) -> First:
    keys = {key for row in rows if (key := getattr(row, column.key))}
    if not keys:
        return {}
    ids = [row.id for row in rows]
    first = (
        select(func.min(ImportRow.id))
        .where(
            ImportRow.import_id == rows[0].import_id,
            column.in_(keys),
            ImportRow.id < max(ids),
            ImportRow.id.not_in(ids),
            which,
        )
        .group_by(column)
    )
    found = session.scalars(select(ImportRow).where(ImportRow.id.in_(first)))
    return {getattr(row, column.key): row for row in found}


def _keep(first: First, key: str | None, row: ImportRow) -> None:
    if key and (key not in first or row.id < first[key].id):
        first[key] = row


def _before(found: ImportRow | None, row: ImportRow) -> ImportRow | None:
    return found if found is not None and found.id < row.id else None
