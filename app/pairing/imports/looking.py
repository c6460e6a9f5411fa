"""The preview: each row is compared with Canvas, and its verdict written down. Nothing is changed.

Calls to Canvas, besides those of `directory` and `courses`: two for each observer who has an account (whom
they observe; where), one for each student of a row about a course. None for an observer who is new.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import db, people, policy
from app.canvas import Canvas, enrollments, observees
from app.canvas.enrollments import LIVE, OBSERVER, STUDENT, Enrollment
from app.errors import CanvasMissing
from app.models import Import, ImportRoad, ImportRow, RowKind, RowState
from app.pairing import bars, rules
from app.pairing.imports import given, messages, progress, terms
from app.pairing.imports.courses import EVERYWHERE, Atlas, Spot
from app.pairing.imports.directory import Directory, Match
from app.pairing.imports.earlier import Earlier
from app.pairing.imports.given import Wanted
from app.pairing.imports.reading import LANES
from app.pairing.imports.verdicts import Case, Found, Verdict, Where, decide
from app.policy import Policy
from app.sheets.pairs import Action, Given

AT_ONCE = 100
LEFT_OUT, NEW = "left_out", "new"  # what an admin may decide, besides an account's number; or:
SAME = "same"  # the same person as in an earlier row
HELD = (*LIVE, "inactive", "completed")


@dataclass(frozen=True, slots=True)
class Seen:
    """What Canvas says of a row."""

    row: ImportRow
    wanted: Wanted
    observer: Match
    student: Match
    spot: Spot
    linked: bool
    everywhere: bool  # linked over all courses
    in_course: tuple[str, ...]  # sections of the course in which the student is
    places: tuple[tuple[str, str], ...]  # SIS ids of course and section, as Canvas's files are to name them
    held: tuple[dict[str, str], ...]  # observer enrollments of this pair
    login_taken: str | None
    blocked: bool = False


@dataclass(slots=True)
class Eyes:
    """Canvas, as one turn sees it; what was asked is not asked again."""

    canvas: Canvas
    directory: Directory
    atlas: Atlas
    observed: dict[str, tuple[frozenset[str], list[Enrollment]]] = field(default_factory=dict)
    studied: dict[str, list[Enrollment]] = field(default_factory=dict)
    barred: frozenset[str] = frozenset()  # students of the do-not-pair list

    def see_all(self, rows: Sequence[ImportRow]) -> list[Seen]:
        """Everything about some rows."""
        wanted = [Wanted.from_json(row.given) for row in rows]
        self.directory.foresee([person for one in wanted for person in (one.observer, one.student)])
        students = {account.id for one in wanted for account in self.directory.match(one.student).accounts}
        with db.reading() as session:
            self.barred = bars.barred(session, self.directory.of.institution_id, students)
        return [self.see(row) for row in rows]

    def see(self, row: ImportRow) -> Seen:
        """Everything about one row."""
        wanted = Wanted.from_json(row.given)
        observer, student = self._observer(row, wanted), self.directory.match(wanted.student)
        if wanted.kind is RowKind.ACCOUNT:
            return Seen(
                row,
                wanted,
                observer,
                Match(),
                EVERYWHERE,
                False,
                False,
                (),
                (),
                (),
                self._holder(wanted, observer),
            )
        spot = self.atlas.find(wanted)
        seen = Seen(row, wanted, observer, student, spot, False, False, (), (), (), None)
        if len(student.accounts) != 1:
            return seen
        in_course = self._in_course(spot, student.accounts[0].id)
        seen = replace(seen, in_course=in_course, places=self.atlas.places(in_course))
        seen = replace(
            seen, blocked=self._blocked(row.institution_id, wanted, observer, student.accounts[0].id)
        )
        if len(observer.accounts) != 1:
            return seen
        linked, held = self._between(observer.accounts[0].id, student.accounts[0].id, spot, in_course)
        everywhere = student.accounts[0].id in self.observed[observer.accounts[0].id][0]
        return replace(seen, linked=linked, everywhere=everywhere, held=held)

    def _observer(self, row: ImportRow, wanted: Wanted) -> Match:
        if row.chosen in (NEW, LEFT_OUT, SAME):
            return Match()
        if row.chosen:
            return self.directory.match(Given(canvas_id=row.chosen))
        return self.directory.match(wanted.observer)

    def _holder(self, wanted: Wanted, observer: Match) -> str | None:
        """Who else has the login of a row of users.csv, as Canvas's importer would put it."""
        holder = self.directory.holder_of(wanted.observer.login)
        if holder is None or holder.sis_id in (None, wanted.observer.sis_id):
            return None
        return f"SIS ID {holder.sis_id}"

    def _blocked(self, institution_id: int, wanted: Wanted, observer: Match, student: str) -> bool:
        """Whether the do-not-pair list keeps these two apart; asked again right before Canvas is told."""
        if student not in self.barred:
            return False
        with db.reading() as session:
            known = people.known(session, institution_id, [student, *(one.id for one in observer.accounts)])
            entries = bars.against(session, institution_id, known[student]) if student in known else ()
        given_by = bars.as_listed(wanted.observer.email, wanted.observer.login)
        if len(observer.accounts) != 1:
            return bars.match(entries, None, given_by) is not None
        who = observer.accounts[0].id
        told = bars.addresses(self.canvas, who, entries)
        return bars.match(entries, known.get(who), None if told is None else told | given_by) is not None

    def _between(
        self, observer: str, student: str, spot: Spot, in_course: Sequence[str]
    ) -> tuple[bool, tuple[dict[str, str], ...]]:
        """Whether the pair is linked as far as the row reaches, and the enrollments it has."""
        if observer not in self.observed:
            self.observed[observer] = self._ask(observer)
        linked, rows = self.observed[observer]
        held = [row for row in rows if row.associated_user_id == student]
        if spot.course is None:
            return student in linked, tuple(_kept(row) for row in held)
        here = [row for row in held if row.course_id == spot.course.id]
        covered = {row.section_id for row in here if row.state in LIVE}
        return bool(covered) and covered >= set(in_course), tuple(_kept(row) for row in here)

    def _ask(self, observer: str) -> tuple[frozenset[str], list[Enrollment]]:
        try:
            linked = frozenset(one.id for one in observees.list_observees(self.canvas, observer))
            return linked, enrollments.of_user(self.canvas, observer, [OBSERVER], HELD)
        except CanvasMissing:
            return frozenset(), []

    def _in_course(self, spot: Spot, student: str) -> tuple[str, ...]:
        if spot.course is None:
            return ()
        if student not in self.studied:
            self.studied[student] = enrollments.of_user(self.canvas, student, [STUDENT])
        rows = [row for row in self.studied[student] if row.course_id == spot.course.id]
        if spot.section is not None and spot.section.id not in {row.section_id for row in rows}:
            return ()
        return tuple(dict.fromkeys(row.section_id for row in rows))


def _kept(row: Enrollment) -> dict[str, str]:
    return {"id": row.id, "course": row.course_id, "section": row.section_id, "state": row.state}


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
        observer=Found(person.identified, _ids(seen.observer), _doubtful(seen)),
        student=Found(wanted.student.identified, _ids(seen.student)),
        where=Where.STUDENT_ELSEWHERE if elsewhere else seen.spot.where,
        course_found=seen.spot.course_found,
        section_found=seen.spot.section_found,
        linked=_linked(seen),
        everywhere=seen.everywhere,
        named=bool(person.full_name),
        email=person.email,
        login=person.login or (person.email if "@" in person.email else ""),
        promised=first is not None,
        shared=first is not None and not _same_name(first, wanted) and row.chosen is None,
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
    if seen.observer.by != "email" or len(seen.observer.accounts) != 1 or seen.row.chosen:
        return False
    return not given.alike(seen.wanted.observer.full_name, seen.observer.accounts[0].name)


def _same_name(first: ImportRow, wanted: Wanted) -> bool:
    if first.kind is RowKind.ACCOUNT:
        return True
    return given.alike(Wanted.from_json(first.given).observer.full_name, wanted.observer.full_name)


def _candidates(seen: Seen, earlier: Earlier) -> list[dict[str, Any]] | None:
    """Whom an admin can choose for this row."""
    row = seen.row
    if row.verdict == Verdict.AMBIGUOUS:
        return [one.to_json() for one in seen.observer.accounts]
    if row.verdict != Verdict.SHARED_EMAIL:
        return None
    if seen.observer.accounts:
        return [seen.observer.accounts[0].to_json(), *_separate(seen.wanted.observer)]
    first = earlier.maker(row)
    name = Wanted.from_json(first.given).observer.full_name if first else ""
    return [{"id": SAME, "name": name, "email": seen.wanted.observer.email}]


def _separate(person: Given) -> list[dict[str, str]]:
    """An account beside somebody with the same address needs a login of its own, which the row gives."""
    login = person.login or person.sis_id
    return [{"id": NEW, "name": person.full_name, "login": login}] if login else []


def counts(session: Session, import_id: int) -> dict[str, int]:
    """How many rows have each verdict."""
    found = session.execute(
        select(ImportRow.verdict, func.count())
        .where(ImportRow.import_id == import_id, ImportRow.verdict.isnot(None))
        .group_by(ImportRow.verdict)
    )
    return {str(verdict): count for verdict, count in found}


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
            taken += 1
    return taken
