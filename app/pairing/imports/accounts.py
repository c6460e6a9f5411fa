"""Making sure, while an import runs, that the observer of a row has an account.

Look, note, then write: a row that is repeated finds the account it made before. Calls to Canvas: one look and
one write for each new observer; none for somebody who has an account.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.canvas import Canvas, users
from app.canvas.users import Invalid, NewUser, User
from app.errors import CanvasMissing
from app.models import Import, ImportRow, RowState
from app.pairing.imports import progress
from app.pairing.imports.directory import HERE, Directory
from app.pairing.imports.given import Wanted
from app.sheets.pairs import Given

CREATING = "creating"  # noted in ImportRow.before when nobody was found, before the first write
OF_ANOTHER = "login_taken"


@dataclass(frozen=True, slots=True)
class Refused:
    """No account could be made, and why: Canvas's words, or a word of ours."""

    why: str


def ensure(of: Import, row: ImportRow, canvas: Canvas) -> str | Refused:
    """The Canvas number of the row's observer."""
    if row.observer_id:
        return row.observer_id
    with db.reading() as session:
        shared = _of_earlier_row(session, row)
    if shared:
        return _written(row, shared, shared=True)
    person = Wanted.from_json(row.given).observer
    there = _look(canvas, names_of(row))
    if isinstance(there, Refused):
        return there
    if there:
        return _written(row, there.id, handed_in=row.user_line is not None)
    if row.user_line is not None and row.told:
        return Refused(row.told)
    if of.canceling:
        return Refused(progress.CANCELED)
    if not login_of(person):
        return Refused("unknown_observer")
    _note(row)
    made = users.create(canvas, HERE, _newcomer(person))
    if isinstance(made, User):
        return _written(row, made.id)
    return _taken(row, canvas, made)


def recognize(row: ImportRow, directory: Directory) -> str | None:
    """The Canvas number of the row's observer, if the directory knows them."""
    if row.observer_id:
        return row.observer_id
    person = names_of(row)
    found = [one for one in directory.match(person).accounts if not _another(person, one.sis_id)]
    return found[0].id if len(found) == 1 else None


def login_of(person: Given) -> str:
    """What a new observer logs in with."""
    return person.login or person.email or person.sis_id


def _newcomer(person: Given) -> NewUser:
    return NewUser(
        name=person.full_name or login_of(person),
        login=login_of(person),
        email=person.email or None,
        sis_user_id=person.sis_id or None,
    )


def names_of(row: ImportRow) -> Given:
    """What a new observer is found by, once there."""
    person = Wanted.from_json(row.given).observer
    return Given(sis_id=person.sis_id, login=login_of(person))


def _another(person: Given, sis_id: str | None) -> bool:
    """Whether the account is somebody else's, who has the same login: families share an address."""
    return bool(person.sis_id and sis_id) and person.sis_id != sis_id


def _look(canvas: Canvas, person: Given) -> User | Refused | None:
    names = [users.by_sis_id(person.sis_id)] if person.sis_id else []
    names += [users.by_login(person.login)] if person.login else []
    for name in names:
        try:
            there = users.get(canvas, name)
        except CanvasMissing:
            continue
        return Refused(OF_ANOTHER) if _another(person, there.sis_user_id) else there
    return None


def _taken(row: ImportRow, canvas: Canvas, no: Invalid) -> str | Refused:
    """Canvas says no; perhaps somebody else has done this very row in the same moment."""
    there = _look(canvas, names_of(row))
    if isinstance(there, User):
        return _written(row, there.id)
    return Refused("; ".join(dict.fromkeys(field.message for field in no.fields)))


def _of_earlier_row(session: Session, row: ImportRow) -> str | None:
    if row.observer_key is None:
        return None
    found: str | None = session.scalar(
        select(ImportRow.observer_id)
        .where(
            ImportRow.import_id == row.import_id,
            ImportRow.observer_key == row.observer_key,
            ImportRow.id < row.id,  # a later one may be done first, but has made nobody
            ImportRow.observer_id.isnot(None),
        )
        .limit(1)
    )
    return found


def _note(row: ImportRow) -> None:
    """Nobody is there: whoever is there from now on was made for this row."""
    with db.transaction() as session:
        now = _fresh(session, row)
        now.before = {**(now.before or {}), CREATING: True}
        if now.state is RowState.SEEN:
            now.state = RowState.DOING


def _written(row: ImportRow, observer_id: str, *, handed_in: bool = False, shared: bool = False) -> str:
    """Keep who it is, and whether they were made for this row; what is kept already stays."""
    with db.transaction() as session:
        row.observer_id = keep(_fresh(session, row), observer_id, handed_in=handed_in, shared=shared)
    return row.observer_id


def keep(row: ImportRow, observer_id: str, *, handed_in: bool, shared: bool = False) -> str:
    """The same for a row that is locked."""
    if row.observer_id is None:
        row.observer_id = observer_id
        row.made_account = not shared and (handed_in or bool((row.before or {}).get(CREATING)))
    return row.observer_id


def _fresh(session: Session, row: ImportRow) -> ImportRow:
    return session.get_one(ImportRow, row.id, with_for_update=True)
