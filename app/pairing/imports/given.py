"""What a row asks for, as it is kept in the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from app.models import RowKind
from app.sheets import days, words
from app.sheets.pairs import Action, Given, Pair, Place
from app.sheets.vocabulary import spelled

STATUSES = {"active": Action.ADD}  # of users.csv: whoever is to be suspended or deleted is not our business
OBSERVER = ("", "observer")  # what a file of Canvas may declare somebody to be, to be our business


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pair, or an account: then `observer` is whose, and `extra` the other columns of users.csv."""

    kind: RowKind
    action: Action
    action_given: str
    observer: Given
    student: Given = Given()
    course: Place = Place()
    section: Place = Place()
    until: date | None = None
    until_given: str = ""
    purpose: str = ""  # a word of app.policy.Purpose
    purpose_given: str = ""
    declared: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def course_scoped(self) -> bool:
        """Whether it is about one course only."""
        return bool(self.course) or bool(self.section)

    @property
    def of_others(self) -> bool:
        """Whether it is a row of enrollments.csv about somebody who is no observer."""
        return self.kind is RowKind.PAIR and self.declared not in OBSERVER

    def with_login(self, login: str) -> "Wanted":
        """The same with a login for the observer."""
        return replace(self, observer=replace(self.observer, login=login))

    def by(self, observer: Given) -> "Wanted":
        """The same with another observer."""
        return replace(self, observer=observer)

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it; blanks are left out."""
        people = {name: _fields(getattr(self, name)) for name in ("observer", "student")}
        places = {name: _fields(getattr(self, name)) for name in ("course", "section")}
        own = {
            "kind": self.kind.value,
            "action": self.action.value,
            "action_given": self.action_given,
            "until": self.until.isoformat() if self.until else "",
            "until_given": self.until_given,
            "purpose": self.purpose,
            "purpose_given": self.purpose_given,
            "declared": self.declared,
            "extra": _filled(dict(self.extra)),
        }
        return _filled({**own, **people, **places})

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Wanted":
        """From `to_json`."""
        return cls(
            RowKind(kept["kind"]),
            Action(kept["action"]),
            kept.get("action_given", ""),
            Given(**kept.get("observer", {})),
            Given(**kept.get("student", {})),
            Place(**kept.get("course", {})),
            Place(**kept.get("section", {})),
            date.fromisoformat(kept["until"]) if "until" in kept else None,
            kept.get("until_given", ""),
            kept.get("purpose", ""),
            kept.get("purpose_given", ""),
            kept.get("declared", ""),
            kept.get("extra", {}),
        )


def _fields(of: Given | Place) -> dict[str, str]:
    return _filled({name: getattr(of, name) for name in of.__slots__})


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def of_pair(pair: Pair, day_first: bool | None) -> Wanted:
    """What a pair of a sheet asks for."""
    return Wanted(
        RowKind.PAIR,
        pair.action,
        pair.action_given,
        pair.observer,
        pair.student,
        pair.course,
        pair.section,
        days.read(pair.end_date, day_first),
        pair.end_date,
        words.purpose(pair.relationship) or "",
        pair.relationship,
        declared=pair.role.lower(),
    )


def of_user(record: Mapping[str, str]) -> Wanted:
    """What a row of users.csv asks for ("SIS Import Format", users.csv)."""
    status = record.get("status", "")
    known = ("user_id", "login_id", "email", "first_name", "last_name", "full_name", "status")
    person = Given(
        sis_id=record.get("user_id", ""),
        login=record.get("login_id", ""),
        email=record.get("email", ""),
        first_name=record.get("first_name", ""),
        last_name=record.get("last_name", ""),
        name=record.get("full_name", ""),
    )
    return Wanted(
        RowKind.ACCOUNT,
        STATUSES.get(status.lower(), Action.UNCLEAR),
        status,
        person,
        declared=record.get("declared_user_type", "").lower(),
        extra={name: value for name, value in record.items() if name not in known and value},
    )


def key_of(person: Given) -> str | None:
    """The same for all rows that give a person by the same identifier; the surest one counts."""
    for name in ("canvas_id", "sis_id", "login", "email"):
        value = getattr(person, name)
        if value:
            return f"{name}:{value if name == 'sis_id' else value.lower()}"
    return None


def agree(one: Given, other: Given) -> bool:
    """Whether two rows with the same identifier can mean one person: nothing else that both give differs."""
    told = ((one.email, other.email), (one.login, other.login))
    differ = any(first and second and first.lower() != second.lower() for first, second in told)
    return not differ and alike(one.full_name, other.full_name)


def alike(given: str, known: str) -> bool:
    """Whether two names can be one person's: one says no word that the other does not say, too."""
    first, second = (set(name.casefold().replace(",", " ").split()) for name in (given, known))
    return not first or not second or first <= second or second <= first


def unlike(given: str, known: str) -> bool:
    """Whether two names are two people's: no word of one begins as a word of the other does."""
    first, second = (_words(name) for name in (given, known))
    near = any(one.startswith(other) or other.startswith(one) for one in first for other in second)
    return bool(first and second) and not near


def _words(name: str) -> list[str]:
    return [word for word in spelled(name).split() if len(word) > 1 or not word.isascii()]  # no initials
