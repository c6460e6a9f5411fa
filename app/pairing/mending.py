"""Putting one link right that is not as in Canvas. Safe to repeat, and safe to be killed at any point.

The link is held, looked at closely, changed in Canvas and written down, in this order. Whoever is killed in
between leaves rows in Canvas that the next look finds and takes for ours; nothing is made that the student's
own sections do not call for, so a link never shows more than its reach.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from app import audit, db
from app.canvas import Canvas, enrollments
from app.errors import CanvasForbids, CanvasMissing, CanvasRejects
from app.models import Drift, How, Link
from app.pairing import comparing, drift, findings, holding, links, settling
from app.pairing.applying import MARGIN, Access, Clock
from app.pairing.comparing import Close
from app.pairing.drift import Kind
from app.pairing.settling import Held, Work

REFUSALS = (CanvasRejects, CanvasForbids, CanvasMissing)  # of a write: about this link, not about us


@dataclass(frozen=True, slots=True)
class Click:
    """A drift that an admin has asked to be mended."""

    drift_id: int
    link_id: int
    kind: Kind
    by: int | None  # people.id; None: from the command line


class Outcome(Enum):
    """What came of a close look."""

    BUSY = auto()  # somebody is at it, or it is no longer active
    FINE = auto()
    FOUND = auto()  # for somebody to decide, or for time to tell
    MENDED = auto()


@dataclass(slots=True)
class Done:
    """What was changed in Canvas so far."""

    added: list[Held] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def examine(link_id: int, access: Access, clock: Clock, budget: timedelta) -> Outcome:
    """Look at one active link closely, and do what follows by rule. Raises a Failure if Canvas cannot say."""
    return _held(link_id, access, clock, budget, None)


def by_click(click: Click, access: Access, clock: Clock, budget: timedelta) -> Outcome:
    """Mend what an admin has asked to be mended, if it is still so."""
    if click.kind is Kind.ENDED_IN_CANVAS:
        return _reconnect(click, clock())
    return _held(click.link_id, access, clock, budget, click)


def _held(link_id: int, access: Access, clock: Clock, budget: timedelta, asked: Click | None) -> Outcome:
    now = clock()
    with db.transaction() as session:
        work = holding.hold(session, link_id, now, until=now + budget + MARGIN)
    if work is None:
        return Outcome.BUSY
    try:
        canvas = access.service(work.institution_id)
        close = comparing.look_closely(canvas, work)
        return _Case(canvas, work, close, clock, asked).close()
    finally:
        with db.transaction() as session:
            holding.let_go(session, work)


def _reconnect(click: Click, now: datetime) -> Outcome:
    with db.transaction() as session:
        found = session.get_one(Drift, click.drift_id, with_for_update=True)
        over = session.get_one(Link, found.link_id)
        if found.settled_at is not None:
            return Outcome.FINE
        link = links.reconnect(session, over, now)
        findings.settle(found, How.CLICK if link else How.ITSELF, now, click.by)
        if link is not None:
            links.record(session, link, audit.Event.LINK_MENDED, now, click.by)
    return Outcome.MENDED


@dataclass(frozen=True, slots=True)
class _Case:
    """One held link that was looked at closely; `asked` if an admin wants it mended."""

    canvas: Canvas
    work: Work
    seen: Close
    clock: Clock
    asked: Click | None

    def close(self) -> Outcome:
        """Do what is to be done, and write it down."""
        verdict = self.seen.verdict
        if verdict.ended or verdict.left:
            return self._over()
        if self.asked is None or self.asked.kind is not Kind.MISSING_ENROLLMENT:
            return self._follow(also=())
        if verdict.missing and self.work.course_id is None:
            return self._heal(self.asked)
        return self._follow(also=verdict.missing)

    def _over(self) -> Outcome:
        now, why = self.clock(), self.seen.why
        if why is Kind.STUDENT_LEFT and not (self.asked and self.asked.kind is why):
            with db.reading() as session:
                since = findings.since(session, self.work.link_id, why)
            if not drift.has_left(since, now, anything_held=bool(self.seen.verdict.remove)):
                return self._tell(why)
        done = Done()
        try:
            self._remove(done)
        except REFUSALS:
            return self._tell(why, refused=True)
        with db.transaction() as session:
            if not settling.gone(session, self.work, now, why):
                return Outcome.BUSY
            found = findings.note(session, session.get_one(Link, self.work.link_id), why, now)
            if found is not None and why is not Kind.ENDED_IN_CANVAS:
                self._settle(found, now)
        return Outcome.FOUND if why is Kind.ENDED_IN_CANVAS else Outcome.MENDED

    def _heal(self, asked: Click) -> Outcome:
        now = self.clock()
        with db.transaction() as session:
            if not holding.heal(session, self.work, asked.by, now):
                return Outcome.BUSY
            self._settle(session.get_one(Drift, asked.drift_id), now)
        return Outcome.MENDED

    def _follow(self, also: Iterable[drift.Row]) -> Outcome:
        """Give the link the enrollments it should have; `also` those that somebody took away."""
        verdict, done = self.seen.verdict, Done()
        again = {row.section for row in also}
        refused = False
        try:
            for section in (*verdict.add, *sorted(again)):
                row = enrollments.observe_section(self.canvas, section, self.work.observer, self.work.student)
                done.added.append(Held(row.id, row.section_id))
            self._remove(done)
        except REFUSALS:
            refused = True
        return self._write(done, again, refused)

    def _remove(self, done: Done) -> None:
        for row in self.seen.verdict.remove:
            enrollments.delete(self.canvas, row.course, row.id)
            done.removed.append(row.id)

    def _write(self, done: Done, again: set[str], refused: bool) -> Outcome:
        verdict, now = self.seen.verdict, self.clock()
        lost = [] if refused else [one.enrollment_id for one in self.work.known if one.section_id in again]
        missing = [row.section for row in verdict.missing if refused or row.section not in again]
        moved = bool(verdict.add or verdict.remove)
        with db.transaction() as session:
            if not holding.followed(
                session,
                self.work,
                now,
                found=[Held(row.id, row.section) for row in verdict.adopt],
                added=done.added,
                removed=done.removed,
                forget=[*verdict.forget, *lost],
            ):
                return Outcome.BUSY
            link = session.get_one(Link, self.work.link_id)
            found = moved and findings.note(session, link, Kind.STUDENT_MOVED, now, (), refused)
            if found and not refused:
                findings.settle(found, How.RULE, now)
            told = missing and findings.note(session, link, Kind.MISSING_ENROLLMENT, now, missing, refused)
            if self.asked and again and not missing:
                self._settle(session.get_one(Drift, self.asked.drift_id), now)
            kinds = [Kind.STUDENT_MOVED] * refused + [Kind.MISSING_ENROLLMENT] * bool(missing)
            findings.as_it_should_be(session, [link.id], now, but=kinds)
        if refused or told:
            return Outcome.FOUND
        return Outcome.MENDED if moved or again else Outcome.FINE

    def _tell(self, kind: Kind, refused: bool = False) -> Outcome:
        """Only write down what was found."""
        with db.transaction() as session:
            link = session.get_one(Link, self.work.link_id)
            findings.note(session, link, kind, self.clock(), (), refused)
        return Outcome.FOUND

    def _settle(self, found: Drift, now: datetime) -> None:
        if self.asked is None:
            findings.settle(found, How.RULE, now)
        else:
            findings.settle(found, How.CLICK, now, self.asked.by)
