"""What an admin decides about rows that were asked about; they are looked at again."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.models import Import, ImportRow, RowState
from app.pairing.imports.earlier import Earlier
from app.pairing.imports.given import Wanted

# besides an account's number:
LEFT_OUT, NEW = "left_out", "new"
SAME = "same"  # the same person as in an earlier row
AS_FOUND = "as_found"  # whoever the row's ids say, whatever their names
UNDECIDED = (None, AS_FOUND)  # about who the observer is
NOBODY = (NEW, LEFT_OUT, SAME)  # no account that is there already


def choose(session: Session, of: Import, choices: Iterable[tuple[int, str]]) -> int:
    """Take an admin's decisions; those rows are looked at again. How many there were."""
    taken = 0
    for row_id, choice in choices:
        row = session.get(ImportRow, row_id)
        if row is None or row.import_id != of.id or row.candidates is None or row.state is not RowState.SEEN:
            continue
        found = next((one for one in row.candidates if one["id"] == choice), None)
        if found is not None or choice == LEFT_OUT:
            row.chosen, row.state, row.verdict = choice, RowState.READ, None
            if choice == NEW and found is not None:
                row.given = Wanted.from_json(row.given).with_login(found["login"]).to_json()
            if choice == SAME and (first := Earlier.of(session, [row]).rival(row)):
                observer = Wanted.from_json(first.given).observer
                row.given = Wanted.from_json(row.given).by(observer).to_json()
            taken += 1
    return taken
