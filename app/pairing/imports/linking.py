"""Connecting, and ending, the pair of one row. The links are links like all others: app.pairing tells Canvas.

Calls to Canvas: those of app.pairing.applying. Killed at any point, a row is done by whoever comes after.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit, db, people, policy
from app.canvas import enrollments, observees
from app.canvas.enrollments import LIVE, Enrollment
from app.errors import CanvasForbids
from app.models import (
    EndedBy,
    Import,
    ImportRow,
    Link,
    LinkEnrollment,
    LinkState,
    Person,
    RowState,
    Scope,
    Way,
)
from app.pairing import applying, codes, links
from app.pairing.applying import Access, Clock
from app.pairing.imports import progress, terms
from app.pairing.imports.given import Wanted
from app.pairing.imports.verdicts import Verdict
from app.pairing.rules import Reason

BUDGET = timedelta(seconds=60)  # for all calls about one row


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: `made` if Canvas was changed by us; `why` if it could not be done."""

    made: bool
    why: str | None = None


class NotYet(Exception):
    """Somebody else is telling Canvas about these two people."""


class Settled(Exception):
    """Somebody else has done this row meanwhile."""


@dataclass(frozen=True, slots=True)
class Doer:
    """An import at work."""

    of: Import
    access: Access
    clock: Clock

    @property
    def actor(self) -> int | None:
        """Whose doing it is."""
        return progress.actor(self.of)

    def connect(self, row: ImportRow) -> Outcome:
        """Have Canvas hold the row's link."""
        if row.pair_line is not None and row.told and not self._is_linked(row):
            return Outcome(False, row.told)  # by Canvas's own importer
        with db.transaction() as session:
            link, ours = self._order(session, row)
        if link.state is LinkState.ACTIVE and not ours:
            if not applying.is_gone(link.id, self.access, self.clock):
                return Outcome(False)
            with db.transaction() as session:
                link, ours = self._order(session, row)
        if not self.tell(link.id):
            raise NotYet
        with db.reading() as session:
            link = session.get_one(Link, link.id)
        if link.state is not LinkState.ACTIVE:
            return Outcome(False, link.reason or Reason.CANVAS_REFUSED)
        return Outcome(ours and not link.found_in_canvas)

    def ask(self, row: ImportRow) -> Outcome:
        """Have the student asked; Canvas knows nothing of it until they say yes."""
        now = self.clock()
        with db.transaction() as session:
            hold(session, row)
            observer, student = self._people(session, row, now)
            days = policy.of(session, self.of.institution_id).approval_days
            until = now + timedelta(days=days)
            link, new = links.ask(session, observer, student, _reach(row), Way.IMPORT, now, until, self.actor)
            if new:
                terms.put(session, self.of, Wanted.from_json(row.given), link)
            ours = new or row.link_id == link.id
            if ours:
                _note(session, row, link.id)
        return Outcome(ours)

    def disconnect(self, row: ImportRow) -> Outcome:
        """Have Canvas let the row's link go; what was over before is not this import's doing."""
        now = self.clock()
        by_importer = row.pair_line is not None and not row.told
        ours = by_importer or row.link_id is not None or self._is_linked(row)
        with db.transaction() as session:
            hold(session, row)
            observer, student = self._people(session, row, now)
            link = links.open_same(session, observer, student, _reach(row))
            if link is None and not ours:
                return Outcome(False)
            if link is None:
                link, _new = links.open_or_new(session, observer, student, _reach(row), Way.CANVAS, now)
                begin_to_end(session, link, EndedBy.OFFICE, now, self.actor)
            elif link.again or link.state is not LinkState.ENDING:
                begin_to_end(session, link, EndedBy.OFFICE, now, self.actor)
            if ours:
                _note(session, row, link.id)
        if not self.tell(link.id):
            raise NotYet
        return Outcome(ours)

    def connect_again(self, row: ImportRow) -> bool:
        """Have Canvas hold again what the row had it let go. False: it, or the do-not-pair list, refuses."""
        now = self.clock()
        with db.transaction() as session:
            observer, student = self._people(session, row, now)
            link, new = links.open_or_new(session, observer, student, _reach(row), Way.IMPORT, now)
            if new:
                link.state = LinkState.PENDING
                over = session.get(Link, row.link_id or 0) or link
                link.purpose, link.ends_on, link.ends_at = over.purpose, over.ends_on, over.ends_at
                links.record(session, link, audit.Event.LINK_ADDED, now, self.actor)
        if not self.tell(link.id):
            raise NotYet
        with db.reading() as session:
            return session.get_one(Link, link.id).state is LinkState.ACTIVE

    def _order(self, session: Session, row: ImportRow) -> tuple[Link, bool]:
        """The row's link, waiting for Canvas; and whether this import has it made."""
        now = self.clock()
        hold(session, row)
        observer, student = self._people(session, row, now)
        link, new = links.open_or_new(session, observer, student, _reach(row), Way.IMPORT, now)
        if new:
            link.state = LinkState.PENDING
            terms.put(session, self.of, Wanted.from_json(row.given), link)
            if row.pair_line is not None:
                _look_back(link, row)
            links.record(session, link, audit.Event.LINK_ADDED, now, self.actor)
        session.flush()
        ours = new or row.link_id == link.id
        if ours:
            _note(session, row, link.id)
        return link, ours

    def tell(self, link_id: int) -> bool:
        """Tell Canvas. What concerns this link alone ends it; what concerns everything is raised."""
        try:
            return applying.attempt(link_id, self.access, self.clock, BUDGET)
        except CanvasForbids:
            with db.transaction() as session:
                link = session.get_one(Link, link_id, with_for_update=True)
                if link.state is not LinkState.PENDING:
                    raise
                link.state, link.reason = LinkState.ENDING, Reason.NOT_ALLOWED  # what is half made is undone
            return applying.attempt(link_id, self.access, self.clock, BUDGET)

    def _is_linked(self, row: ImportRow) -> bool:
        if row.course_id is not None:
            return bool(self._enrollments(row, row.course_id))
        canvas = self.access.service(self.of.institution_id)
        return observees.find(canvas, row.observer_id or "", row.student_id or "") is not None

    def has_begun(self, row: ImportRow) -> bool:
        """Whether Canvas was changed for the row's pair: by us, or by its importer since the preview."""
        if row.link_id is not None or row.pair_line is None:
            return row.link_id is not None
        removes = row.verdict == Verdict.REMOVE
        if row.course_id is None:
            return self._is_linked(row) is not removes
        before = {one["section"] for one in held_before(row)}
        now = {one.section_id for one in self._enrollments(row, row.course_id)}
        return bool(before - now if removes else now - before)

    def _enrollments(self, row: ImportRow, course_id: str) -> list[Enrollment]:
        canvas = self.access.service(self.of.institution_id)
        there = enrollments.of_observer_in_course(canvas, course_id, row.observer_id or "")
        return [one for one in there if one.associated_user_id == row.student_id]

    def _people(self, session: Session, row: ImportRow, now: datetime) -> tuple[Person, Person]:
        told, school = row.before or {}, self.of.institution_id
        return (
            people.remember(session, school, row.observer_id or "", told.get("observer_name"), now),
            people.remember(session, school, row.student_id or "", told.get("student_name"), now),
        )


def _look_back(link: Link, row: ImportRow) -> None:
    """Canvas's importer has been there before us: only what the preview saw is not this import's doing."""
    link.found_in_canvas = False
    if link.scope is Scope.COURSE:
        link.enrollments = [
            LinkEnrollment(enrollment_id=one["id"], section_id=one["section"], ours=False)
            for one in held_before(row)
        ]


def held_before(row: ImportRow) -> list[dict[str, str]]:
    """The enrollments of the pair that the preview saw."""
    return [one for one in (row.before or {}).get("held", ()) if one["state"] in LIVE]


def begin_to_end(session: Session, link: Link, by: EndedBy, now: datetime, actor_id: int | None) -> None:
    """Begin to end a link; whoever calls tells Canvas."""
    link.state, link.ended_by = LinkState.ENDING, by
    link.reason, link.again = None, False
    links.record(session, link, audit.Event.LINK_ENDING, now, actor_id)


def _reach(row: ImportRow) -> codes.Reach:
    if row.course_id is None:
        return codes.ALL_COURSES
    name = (row.before or {}).get("course_name") or row.course_id
    return codes.Reach(Scope.COURSE, row.course_id, str(name))


def hold(session: Session, row: ImportRow) -> None:
    """See the row as it is now, and keep it so until this transaction ends. Raises Settled when it is done.

    A worker that seemed dead may still be at it: then both do the same, and only one writes it down.
    """
    now = session.scalars(
        select(ImportRow)
        .where(ImportRow.id == row.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if now.state not in progress.OPEN_ROWS:
        raise Settled
    row.link_id = now.link_id


def _note(session: Session, row: ImportRow, link_id: int) -> None:
    row.link_id = link_id
    session.execute(
        update(ImportRow).where(ImportRow.id == row.id).values(link_id=link_id, state=RowState.DOING)
    )
