"""Finding people's accounts by what a row gives: from the account's list, or one question for each.

Calls to Canvas: with the list none for each row; without it one for each identifier that is new in this turn.
A key that does not "allow include parameters" hides addresses in lists: then each address is one question,
and a second one if somebody answers to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app import db
from app.canvas import Canvas, users
from app.canvas.users import User
from app.errors import CanvasForbids, CanvasMissing
from app.models import Import, ImportPerson, ImportState
from app.pairing.imports import progress
from app.sheets.pairs import Given

HERE = "self"  # the root account of Canvas's host
LIST_FROM = 60  # distinct rows from which on the list may be cheaper than a question for each
A_PAGE = 100  # people of a page of the list
START = "start"  # the place before the first page, where "" means something else
MOST = 6  # accounts with one e-mail address that an admin can be asked about
IDENTIFIERS = ("canvas_id", "sis_id", "login", "email")  # the surest first
SEARCHABLE = 2  # letters Canvas wants at least


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody in Canvas."""

    id: str
    name: str
    sis_id: str | None = None
    login: str | None = None
    email: str | None = None

    def to_json(self) -> dict[str, str]:
        """For an admin to choose from."""
        told = {"id": self.id, "name": self.name, "sis_id": self.sis_id, "login": self.login}
        return {name: value for name, value in {**told, "email": self.email}.items() if value}


@dataclass(frozen=True, slots=True)
class Match:
    """The accounts that fit, and by what they were found."""

    accounts: tuple[Account, ...] = ()
    by: str = ""


def _as_listed(by: str, value: str) -> str:
    return value if by in ("sis_id", "canvas_id") else value.lower()


def _account(person: User) -> Account:
    return Account(person.id, person.name, person.sis_user_id, _lower(person.login), _lower(person.email))


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None


def keep(session: Session, import_id: int, found: Iterable[User]) -> None:
    """Write a page of the list down; a page that comes again changes nothing."""
    dialect = session.get_bind().dialect.name
    rows = [
        {
            "import_id": import_id,
            "canvas_id": person.id,
            "name": person.name,
            "sis_id": person.sis_user_id,
            "login": _lower(person.login),
            "email": _lower(person.email),
        }
        for person in found
    ]
    if rows:
        insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(ImportPerson)
        session.execute(insert.on_conflict_do_nothing(), rows)


def forget(session: Session, import_id: int) -> None:
    """Throw the list away."""
    session.execute(delete(ImportPerson).where(ImportPerson.import_id == import_id))


def tells_emails(session: Session, import_id: int) -> bool:
    """Whether Canvas told any address in the list; a key without "include" parameters tells none."""
    asked = select(ImportPerson.canvas_id).where(
        ImportPerson.import_id == import_id, ImportPerson.email.isnot(None)
    )
    return session.scalar(asked.limit(1)) is not None


@dataclass(slots=True)
class Directory:
    """Whom a school has, as one turn of one import sees it."""

    canvas: Canvas
    of: Import
    emails: bool = False  # the list tells addresses
    asked: dict[tuple[str, str], tuple[Account, ...]] = field(default_factory=dict)

    def foresee(self, people: Sequence[Given]) -> None:
        """Look many up in the list at once; matching them then asks nobody."""
        for by in filter(self._in_list, IDENTIFIERS):
            values = {_as_listed(by, value) for person in people if (value := getattr(person, by))}
            if lacking := [value for value in values if (by, value) not in self.asked]:
                self._look_up(by, lacking)

    def match(self, person: Given) -> Match:
        """Who is meant: by the surest identifier that anybody answers to."""
        for by in IDENTIFIERS:
            value = getattr(person, by)
            found = self._by(by, value) if value else ()
            if found:
                return Match(found, by)
        return Match()

    def holder_of(self, login: str) -> Account | None:
        """Whose login this is."""
        return next(iter(self._by("login", login)), None) if login else None

    def _by(self, by: str, value: str) -> tuple[Account, ...]:
        value = _as_listed(by, value)
        if (by, value) not in self.asked:
            if self._in_list(by):
                self._look_up(by, [value])
            else:
                self.asked[by, value] = self._question(by, value)
        return self.asked[by, value]

    def _in_list(self, by: str) -> bool:
        return self.of.listed and (by != "email" or self.emails)

    def _look_up(self, by: str, values: Sequence[str]) -> None:
        columns = (
            ("email", "login") if by == "email" else (by,)
        )  # many log in with an address that is no e-mail
        fits = or_(*(getattr(ImportPerson, name).in_(values) for name in columns))
        with db.reading() as session:
            listed = session.scalars(
                select(ImportPerson).where(ImportPerson.import_id == self.of.id, fits)
            ).all()
        found: dict[str, list[Account]] = {value: [] for value in values}
        for row in sorted(listed, key=lambda row: row.canvas_id):
            account = Account(row.canvas_id, row.name, row.sis_id, row.login, row.email)
            for value in {getattr(row, name) for name in columns} & found.keys():
                found[value].append(account)
        self.asked |= {(by, value): tuple(accounts[:MOST]) for value, accounts in found.items()}

    def _question(self, by: str, value: str) -> tuple[Account, ...]:
        if by == "email":
            return self._search(value)
        if by == "canvas_id" and not value.isdigit():
            return ()
        names = {"canvas_id": value, "sis_id": users.by_sis_id(value), "login": users.by_login(value)}
        try:
            return (_account(users.get(self.canvas, names[by])),)
        except CanvasMissing:
            return ()

    def _search(self, email: str) -> tuple[Account, ...]:
        if len(email) < SEARCHABLE:
            return ()
        found = [_account(one) for one in users.search_account(self.canvas, HERE, email, most=MOST * 4)]
        return tuple(one for one in found if email in (one.login, one.email or self._address_of(one)))[:MOST]

    def _address_of(self, person: Account) -> str | None:
        """An address that the list does not tell: a key without "include" parameters leaves it out."""
        try:
            return _lower(users.profile(self.canvas, person.id).email)
        except (CanvasMissing, CanvasForbids):
            return None


def list_some(of: Import, canvas: Canvas, rows: int, now: datetime) -> bool | None:
    """List some more people while that is cheaper than a question for each of so many rows.

    None: there are more; else whether everybody is listed.
    """
    with db.reading() as session:
        listed = how_many(session, of.id)
    if rows < LIST_FROM or listed > rows * A_PAGE:
        return False
    found, following = users.page_of_account(canvas, HERE, None if of.cursor in ("", START) else of.cursor)
    with db.transaction() as session:
        keep(session, of.id, found)
        if following is not None:
            done = {"done": listed + len(found)} if of.state is ImportState.LISTING else {}
            progress.advance(session, of, now, cursor=following, **done)
    return True if following is None else None


def how_many(session: Session, import_id: int) -> int:
    """How many people of the account are listed."""
    return session.scalars(
        select(func.count()).select_from(ImportPerson).where(ImportPerson.import_id == import_id)
    ).one()
