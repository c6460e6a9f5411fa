"""Comparing all links of an institution with Canvas: a long walk in short turns, paced and resumable.

Each turn goes on after the cursor of the last one. What a unit of the walk (a waiting link, an observer, a
course) comes to is found by a first look at many links at once and a close look at those that seem wrong;
doing a unit twice changes nothing. No transaction is open while Canvas is asked.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CursorResult, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db, jobs
from app.errors import RETRYABLE, CanvasThrottled, Failure, NotConnected, TokenDead
from app.models import Institution, OAuthPurpose, Reconciliation, Stage, Token
from app.pairing import findings, stages
from app.pairing.applying import Access, Clock
from app.pairing.stages import Tally

EVERY = timedelta(hours=23)  # a little less than a day, so that it does not creep around the clock
AT_ONCE = 3  # institutions walked side by side; people's own jobs need workers too
DEAD = timedelta(hours=1)  # a walk without a sign of life for so long has lost its job
PATIENCE = 6  # attempts at one observer or course, minutes apart, before the walk goes on without it
MOMENT = timedelta(seconds=1)  # between two turns


class Problem(StrEnum):
    """Why a walk waits, or ended early."""

    CANVAS_AWAY = "canvas_away"
    NOT_CONNECTED = "not_connected"
    NOT_ALLOWED = "not_allowed"
    STOPPED = "stopped"


def begin(session: Session, institution_id: int, now: datetime) -> bool:
    """Promise a walk. False: one is under way; two at once would only ask Canvas everything twice."""
    going = session.scalar(
        select(Reconciliation)
        .where(Reconciliation.institution_id == institution_id, Reconciliation.ended_at.is_(None))
        .with_for_update()
    )
    if going is not None and going.seen_at + DEAD > now:
        return False
    if going is not None:
        going.ended_at, going.problem = now, Problem.STOPPED
        session.flush()
    counts = dict.fromkeys(("looked", "found", "mended", "elsewhere", "skipped", "stumbles"), 0)
    run = Reconciliation(
        institution_id=institution_id,
        begun_at=now,
        seen_at=now,
        stage=Stage.WAITING,
        cursor="",
        **counts,
    )
    try:
        with session.begin_nested():
            session.add(run)
    except IntegrityError:
        return False
    jobs.enqueue(session, "reconcile", run.id)
    return True


def begin_due(session: Session, now: datetime) -> None:
    """Promise a walk for institutions that have had none for a day, not too many side by side."""
    going = session.scalars(select(func.count()).where(Reconciliation.ended_at.is_(None))).one()
    connected = exists().where(
        Token.institution_id == Institution.id,
        Token.purpose == OAuthPurpose.SERVICE,
        Token.dead_since.is_(None),
    )
    recent = exists().where(
        Reconciliation.institution_id == Institution.id, Reconciliation.begun_at > now - EVERY
    )
    due = select(Institution.id).where(connected, ~recent).order_by(Institution.id)
    for institution_id in session.scalars(due.limit(max(0, AT_ONCE - going))).all():
        begin(session, institution_id, now)


def turn(run_id: int, access: Access, clock: Clock, lasting: timedelta) -> timedelta | None:
    """Walk on for a while. How long to wait for the next turn; None: the walk is over.

    Raises a retryable Failure when Canvas does not answer, so that the next turn waits longer and longer.
    """
    until = clock() + lasting
    while clock() < until:
        with db.reading() as session:
            run = session.get(Reconciliation, run_id)
            if run is None or run.ended_at is not None:
                return None
            unit = stages.NEXT[run.stage](session, run)
        if unit is None:
            if _next_stage(run, clock()) is None:
                return None
            continue
        try:
            tally = stages.walk(run, unit, access, clock)
        except CanvasThrottled as full:
            _note(run, clock())
            return full.wait
        except RETRYABLE:
            if run.stumbles + 1 < PATIENCE:
                _note(run, clock(), stumbles=run.stumbles + 1, problem=Problem.CANVAS_AWAY)
                raise
            tally = Tally(skipped=1)
        except Failure as failure:
            _end(run, clock(), _problem(failure))
            return None
        _advance(run, unit, tally, clock())
    return MOMENT


def _problem(failure: Failure) -> Problem:
    lost = isinstance(failure, NotConnected | TokenDead)
    return Problem.NOT_CONNECTED if lost else Problem.NOT_ALLOWED


def _next_stage(run: Reconciliation, now: datetime) -> Stage | None:
    """Go on to the next stage, or end the walk."""
    order = list(Stage)
    if run.stage is order[-1]:
        _end(run, now, None)
        return None
    following = order[order.index(run.stage) + 1]
    _note(run, now, stage=following, cursor="", stumbles=0)
    return following


def _advance(run: Reconciliation, unit: str, tally: Tally, now: datetime) -> None:
    _note(
        run,
        now,
        cursor=unit,
        stumbles=0,
        problem=None,
        looked=Reconciliation.looked + tally.looked,
        found=Reconciliation.found + tally.found,
        mended=Reconciliation.mended + tally.mended,
        elsewhere=Reconciliation.elsewhere + tally.elsewhere,
        skipped=Reconciliation.skipped + tally.skipped,
    )


def _end(run: Reconciliation, now: datetime, problem: Problem | None) -> None:
    if not _note(run, now, ended_at=now, problem=problem):
        return
    with db.transaction() as session:
        findings.tidy(session, run.institution_id, now)


def _note(run: Reconciliation, now: datetime, **values: object) -> bool:
    """Write the walk's place down, unless another worker has gone on from there meanwhile."""
    with db.transaction() as session:
        result = session.execute(
            update(Reconciliation)
            .where(
                Reconciliation.id == run.id,
                Reconciliation.ended_at.is_(None),
                Reconciliation.stage == run.stage,
                Reconciliation.cursor == run.cursor,
            )
            .values(seen_at=now, **values)
            .execution_options(synchronize_session=False)
        )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
    return result.rowcount == 1
