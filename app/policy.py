"""What an institution allows: every setting, two proposals to start from, and the one in force."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models import Agreement, PolicyRow


class Purpose(StrEnum):
    """What an observer is to a student."""

    PARENT = "parent"  # or guardian
    COACH = "coach"
    ADVISOR = "advisor"
    MENTOR = "mentor"
    TUTOR = "tutor"
    OTHER = "other"


LANGUAGES = ("en", "es", "fr", "pt", "ar", "zh", "vi")  # that letters can be written in


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one institution. The defaults hold until its admin decides otherwise."""

    code_life: timedelta = timedelta(days=30)
    codes_until: date | None = None  # while this day is ahead, every new code lasts to its end instead
    code_uses: int = 2  # so that both parents can use one letter
    teachers_issue: bool = True
    tas_issue: bool = False  # Canvas, too, gives TAs no pairing codes unless somebody says so
    students_issue: bool = True
    observers_most: int | None = None  # per student; None: any number
    students_end: bool = False
    office: str = ""  # how to reach whoever can end a connection
    approval: bool = False  # of what others than the student issued, by the student
    approval_days: int = 14
    agreement: str = ""  # what observers agree to first; empty: nothing
    purposes: tuple[str, ...] = tuple(Purpose)
    time_zone: str = ""  # where days end; empty: that of whoever sets a date
    notices: bool = True
    codes_days: int = 90  # how long the text of a dead code is kept
    links_days: int = 3 * 365  # and an ended connection
    audit_days: int = 3 * 365
    languages: tuple[str, ...] = ("en",)

    def code_ends(self, now: datetime, person_zone: str | None) -> datetime:
        """When a code that is made now ends."""
        if self.codes_until is not None:
            ends = self.end_of(self.codes_until, person_zone)
            if ends > now:
                return ends
        return now + self.code_life

    def end_of(self, day: date, person_zone: str | None) -> datetime:
        """The moment a day is over, in the institution's zone or else the person's, or else UTC."""
        zone = ZoneInfo(self.time_zone or person_zone or "UTC")
        return datetime.combine(day + timedelta(days=1), time(), zone)

    def today(self, now: datetime, person_zone: str | None) -> date:
        """The day it is there."""
        return now.astimezone(ZoneInfo(self.time_zone or person_zone or "UTC")).date()


CONSENT = (
    "What I see here are a student's education records, shown to me with the student's consent."
    " I will use them only to support this student, and show them to nobody else. The student may"
    " take the consent back at any time; then I can no longer see anything."
)
# What tells a school from a college; whatever else an institution has decided stays.
PRESETS: dict[str, dict[str, Any]] = {
    "school": {
        "code_life": timedelta(days=30),
        "code_uses": 2,
        "students_end": False,
        "approval": False,
        "agreement": "",
    },
    "college": {
        "code_life": timedelta(days=14),
        "code_uses": 1,
        "students_end": True,
        "approval": True,
        "agreement": CONSENT,
    },
}


def proposed(now: Policy, preset: str) -> Policy:
    """The policy as it suits a school, or a college; an agreement of the institution's own stays."""
    own = now.agreement not in ("", CONSENT)
    settings = {**PRESETS[preset], "codes_until": None}
    return replace(now, **settings | ({"agreement": now.agreement} if own else {}))


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy, and which of its institution's versions it is: 0 before anything was decided."""

    policy: Policy
    version: int
    agreement: Agreement | None


def of(session: Session, institution_id: int) -> Policy:
    """The policy in force for this institution."""
    return in_force(session, institution_id).policy


def in_force(session: Session, institution_id: int) -> InForce:
    """The policy with its version and its agreement."""
    row = session.get(PolicyRow, institution_id)
    if row is None:
        return InForce(Policy(), 0, None)
    given: dict[str, Any] = {
        "code_life": timedelta(days=row.code_life_days),
        "agreement": row.agreement.text if row.agreement else None,
        "purposes": None if row.purposes is None else tuple(row.purposes),
        "languages": None if row.languages is None else tuple(row.languages),
    }
    decided = {f.name: given[f.name] if f.name in given else getattr(row, f.name) for f in fields(Policy)}
    known = {name: value for name, value in decided.items() if value is not None}
    return InForce(Policy(**known), row.version or 0, row.agreement)


def changes(old: Policy, new: Policy) -> list[str]:
    """The names of the settings that differ, in their order."""
    return [f.name for f in fields(Policy) if getattr(old, f.name) != getattr(new, f.name)]


def decide(
    session: Session, institution_id: int, new: Policy, seen: int, author_id: int | None, now: datetime
) -> bool:
    """Put a policy in force. False: somebody else has changed it since version `seen` was looked at."""
    old = in_force(session, institution_id)
    same = {f.name: getattr(new, f.name) for f in fields(Policy) if f.name not in ("code_life", "agreement")}
    values = {
        **same,
        "code_life_days": new.code_life.days,
        "purposes": list(new.purposes),
        "languages": list(new.languages),
        "version": seen + 1,
    }
    if old.version != seen or not _write(session, institution_id, seen, values):
        return False
    if new.agreement != old.policy.agreement:
        row = session.get_one(PolicyRow, institution_id, populate_existing=True)
        row.agreement = _next_agreement(session, institution_id, new.agreement, author_id, now)
    return True


def _write(session: Session, institution_id: int, seen: int, values: dict[str, object]) -> bool:
    changed = session.execute(
        update(PolicyRow)
        .where(PolicyRow.institution_id == institution_id, func.coalesce(PolicyRow.version, 0) == seen)
        .values(values)
    )
    assert isinstance(changed, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
    if changed.rowcount:
        return True
    if session.get(PolicyRow, institution_id) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(PolicyRow(institution_id=institution_id, **values))
    except IntegrityError:
        return False
    return True


def _next_agreement(
    session: Session, institution_id: int, text: str, author_id: int | None, now: datetime
) -> Agreement | None:
    if not text:
        return None
    last = session.scalar(
        select(func.max(Agreement.version)).where(Agreement.institution_id == institution_id)
    )
    return Agreement(
        institution_id=institution_id, version=(last or 0) + 1, text=text, author_id=author_id, created_at=now
    )
