"""What Canvas says of a row, before anything is decided. Nothing is changed.

Calls to Canvas, besides those of `directory` and `courses`: two for each observer who has an account (whom
they observe; where), one for each student of a row about a course. None for an observer who is new.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app import db, people
from app.canvas import Canvas, enrollments, observees
from app.canvas.enrollments import LIVE, OBSERVER, STUDENT, Enrollment
from app.errors import CanvasMissing
from app.models import ImportRow, RowKind
from app.pairing import bars
from app.pairing.imports import choosing
from app.pairing.imports.courses import EVERYWHERE, Atlas, Spot
from app.pairing.imports.directory import Directory, Match
from app.pairing.imports.given import Wanted
from app.sheets.pairs import Given

HELD = (*LIVE, "inactive", "completed")


@dataclass(frozen=True, slots=True)
class Seen:
    """What Canvas says of a row."""

    row: ImportRow
    wanted: Wanted
    observer: Match
    student: Match
    spot: Spot
    linked: bool = False
    everywhere: bool = False  # linked over all courses
    in_course: tuple[str, ...] = ()  # sections of the course in which the student is
    places: tuple[tuple[str, str], ...] = ()  # SIS ids of course and section, as Canvas's files name them
    held: tuple[dict[str, str], ...] = ()  # observer enrollments of this pair
    login_taken: str | None = None
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
        wanted = [one for row in rows if not (one := Wanted.from_json(row.given)).of_others]
        self.directory.foresee([person for one in wanted for person in (one.observer, one.student)])
        students = {account.id for one in wanted for account in self.directory.match(one.student).accounts}
        with db.reading() as session:
            self.barred = bars.barred(session, self.directory.of.institution_id, students)
        return [self.see(row) for row in rows]

    def see(self, row: ImportRow) -> Seen:
        """Everything about one row."""
        wanted = Wanted.from_json(row.given)
        if wanted.of_others:
            return Seen(row, wanted, Match(), Match(), EVERYWHERE)
        observer, student = self._observer(row, wanted), self.directory.match(wanted.student)
        if wanted.kind is RowKind.ACCOUNT:
            taken = self._holder(wanted, observer)
            return Seen(row, wanted, observer, Match(), EVERYWHERE, login_taken=taken)
        spot = self.atlas.find(wanted)
        seen = Seen(row, wanted, observer, student, spot)
        if len(student.accounts) != 1:
            return seen
        in_course = self._in_course(spot, student.accounts[0].id)
        blocked = self._blocked(row.institution_id, wanted, observer, student.accounts[0].id)
        seen = replace(seen, in_course=in_course, places=self.atlas.places(in_course), blocked=blocked)
        if len(observer.accounts) != 1:
            return seen
        linked, held = self._between(observer.accounts[0].id, student.accounts[0].id, spot, in_course)
        everywhere = student.accounts[0].id in self.observed[observer.accounts[0].id][0]
        return replace(seen, linked=linked, everywhere=everywhere, held=held)

    def _observer(self, row: ImportRow, wanted: Wanted) -> Match:
        if row.chosen in choosing.NOBODY:
            return Match()
        if row.chosen not in choosing.UNDECIDED:
            return self.directory.match(Given(canvas_id=row.chosen))
        return self.directory.match(wanted.observer)

    def _holder(self, wanted: Wanted, observer: Match) -> str | None:
        """Who else has the login of a row of users.csv, as Canvas's importer would put it."""
        holder = self.directory.holder_of(wanted.observer.login)
        if holder is None or holder.sis_id == wanted.observer.sis_id:
            return None
        if holder.sis_id is not None:
            return f"SIS ID {holder.sis_id}"
        # whoever has no SIS id is given the row's, unless that one is somebody else's
        theirs = observer.by != "sis_id" or holder in observer.accounts
        return None if theirs else f"Canvas ID {holder.id}"

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
