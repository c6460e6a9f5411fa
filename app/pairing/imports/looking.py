"""The preview: each row is compared with Canvas, and its verdict written down. Nothing is changed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zlib import crc32

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db, policy
from app.canvas.enrollments import LIVE
from app.models import Import, ImportRoad, ImportRow, RowKind, RowState
from app.pairing import rules
from app.pairing.imports import accounts, given, messages, progress, terms
from app.pairing.imports.choosing import AS_FOUND, LEFT_OUT, NEW, SAME, UNDECIDED
from app.pairing.imports.directory import Match
from app.pairing.imports.earlier import Earlier
from app.pairing.imports.given import Wanted
from app.pairing.imports.reading import LANES
from app.pairing.imports.seeing import Seen
from app.pairing.imports.verdicts import Case, Found, Verdict, Where, decide
from app.policy import Policy
from app.sheets.pairs import Action, Given

AT_ONCE = 100


def look_on(of: Import, see: Callable[[Sequence[ImportRow]], list[Seen]], now: datetime) -> bool:
    """Look at some more rows; True when all are looked at. Looking twice changes nothing."""
    with db.reading() as session:
        rows = session.scalars(
            select(ImportRow)
            .where(ImportRow.import_id == of.id, ImportRow.verdict.is_(None))
            .order_by(ImportRow.id)
            .limit(AT_ONCE)
        ).all()
    seen = see(rows)
    with db.transaction() as session:
        following = str(rows[-1].id) if rows else of.cursor
        if not progress.advance(session, of, now, cursor=following, done=Import.done + len(rows)):
            return False
        rule = policy.of(session, of.institution_id)
        for one in seen:
            _name(one)
        earlier = Earlier.of(session, rows)
        for one in seen:
            _judge(one, _case(session, of, one, earlier, rule, now), earlier)
            earlier.add(one.row)
        session.add_all(rows)
    return len(rows) < AT_ONCE


def _name(seen: Seen) -> None:
    """Write down whom and what a row is about."""
    row = seen.row
    row.observer_key = _key(seen)
    row.lane = crc32((row.observer_key or "").encode()) % LANES
    row.observer_id = _only(seen.observer)
    row.student_id = _only(seen.student)
    row.course_id = seen.spot.course.id if seen.spot.course else None
    row.new_login = (
        None if seen.observer.accounts else accounts.login_of(seen.wanted.observer).lower() or None
    )
    row.pair_key = None
    if row.observer_key and row.student_id and row.chosen != LEFT_OUT:
        row.pair_key = f"{row.observer_key}|{row.student_id}|{row.course_id or ''}"


def _judge(seen: Seen, case: Case, earlier: Earlier) -> None:
    """Write down what becomes of a row, and what was seen."""
    row = seen.row
    row.verdict = decide(case)
    row.told = messages.foretold(row.source, seen.wanted, case)
    row.candidates = _candidates(seen, earlier)
    row.state = RowState.SEEN
    row.before = {
        "linked": seen.linked,
        "held": list(seen.held),
        "course_name": seen.spot.course.name if seen.spot.course else None,
        "observer_name": _name_of(seen.observer, seen.wanted.observer),
        "student_name": _name_of(seen.student, seen.wanted.student),
        "observer_sis": _sis(seen.observer),
        "student_sis": _sis(seen.student),
        "by": seen.observer.by,
        "places": [list(place) for place in seen.places],
    }


def _name_of(match: Match, person: Given) -> str:
    return match.accounts[0].name if _only(match) else person.full_name


def _sis(match: Match) -> str | None:
    return match.accounts[0].sis_id if _only(match) else None


def _only(match: Match) -> str | None:
    return match.accounts[0].id if len(match.accounts) == 1 else None


def _key(seen: Seen) -> str | None:
    if found := _only(seen.observer):
        return f"canvas_id:{found}"
    return given.key_of(seen.wanted.observer)


def _case(session: Session, of: Import, seen: Seen, earlier: Earlier, rule: Policy, now: datetime) -> Case:
    row, wanted, person = seen.row, seen.wanted, seen.wanted.observer
    first = None if seen.observer.accounts else earlier.maker(row)
    elsewhere = seen.spot.where is Where.FOUND and not seen.in_course and bool(row.student_id)
    return Case(
        kind=wanted.kind,
        action=wanted.action,
        observer=Found(
            person.identified, _ids(seen.observer), _doubtful(seen), _other_name(row, seen.observer, person)
        ),
        student=Found(
            wanted.student.identified,
            _ids(seen.student),
            other_name=_other_name(row, seen.student, wanted.student),
        ),
        where=Where.STUDENT_ELSEWHERE if elsewhere else seen.spot.where,
        course_found=seen.spot.course_found,
        section_found=seen.spot.section_found,
        linked=_linked(seen),
        everywhere=seen.everywhere,
        named=bool(person.full_name),
        email=person.email,
        login=person.login or (person.email if "@" in person.email else ""),
        promised=first is not None,
        shared=_shared(row, wanted, earlier),
        may_create="create" not in of.rights,
        email_fine=not person.email or bool(messages.EMAIL.fullmatch(person.email)),
        ends=terms.ends(session, of, wanted, now),
        purpose_fine=not wanted.purpose_given or wanted.purpose in rule.purposes,
        login_taken=seen.login_taken,
        earlier=earlier.action(row),
        blocked=seen.blocked,
        consent=rules.office_asks(rule),
        left_out=row.chosen == LEFT_OUT,
        observers_only=wanted.declared in given.OBSERVER,
        unasked=of.road is ImportRoad.FILES,
    )


def _linked(seen: Seen) -> bool:
    """For a removal one section is enough, for an addition every one of the student's has to be there."""
    if seen.wanted.action is Action.REMOVE and seen.spot.course is not None:
        return any(row["state"] in LIVE for row in seen.held)
    return seen.linked


def _ids(match: Match) -> tuple[str, ...]:
    return tuple(one.id for one in match.accounts)


def _doubtful(seen: Seen) -> bool:
    """Somebody has the e-mail address, but under another name: perhaps two people share it."""
    if seen.observer.by != "email" or len(seen.observer.accounts) != 1:
        return False
    if seen.row.chosen not in UNDECIDED:
        return False
    return not given.alike(seen.wanted.observer.full_name, seen.observer.accounts[0].name)


def _other_name(row: ImportRow, match: Match, person: Given) -> bool:
    """A mistyped id, or a badly sorted sheet: whoever was found is called something else."""
    asks = row.chosen is None and match.by != "email" and len(match.accounts) == 1
    return asks and given.unlike(person.full_name, match.accounts[0].name)


def _shared(row: ImportRow, wanted: Wanted, earlier: Earlier) -> bool:
    """Two people may be given by one identifier, or one login would be of two."""
    if row.chosen not in UNDECIDED:
        return False
    if wanted.action is Action.ADD and earlier.rival(row):
        return True
    first = earlier.maker(row)
    if first is None or first.kind is RowKind.ACCOUNT:
        return False
    return not given.agree(Wanted.from_json(first.given).observer, wanted.observer)


def _candidates(seen: Seen, earlier: Earlier) -> list[dict[str, Any]] | None:
    """Whom an admin can choose for this row."""
    row = seen.row
    if row.verdict == Verdict.AMBIGUOUS:
        return [one.to_json() for one in seen.observer.accounts]
    if row.verdict == Verdict.OTHER_NAME:
        return [_as_found(seen)]
    if row.verdict != Verdict.SHARED_EMAIL:
        return None
    if seen.observer.accounts:
        return [seen.observer.accounts[0].to_json(), *_separate(seen.wanted.observer)]
    rival = earlier.rival(row)
    own = _separate(replace(seen.wanted.observer, login="")) if rival else []
    first = rival or earlier.maker(row)
    name = Wanted.from_json(first.given).observer.full_name if first else ""
    return [{"id": SAME, "name": name, "email": seen.wanted.observer.email}, *own]


def _as_found(seen: Seen) -> dict[str, str]:
    """The names of the sheet beside those of Canvas, of whoever is called something else."""
    both = ((seen.observer, seen.wanted.observer), (seen.student, seen.wanted.student))
    other = [(match, person) for match, person in both if _other_name(seen.row, match, person)]
    return {
        "id": AS_FOUND,
        "name": ", ".join(person.full_name for _, person in other),
        "known": ", ".join(match.accounts[0].name for match, _ in other),
    }


def _separate(person: Given) -> list[dict[str, str]]:
    """An account beside somebody with the same address needs a login of its own, which the row gives."""
    login = person.login or person.sis_id
    return [{"id": NEW, "name": person.full_name, "login": login}] if login else []
