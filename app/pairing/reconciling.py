"""Comparing all links of an institution with Canvas (app.pairing.walks).

What a unit of the walk (a waiting link, an observer, a course) comes to is found by a first look at many
links at once and a close look at those that seem wrong.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import db
from app.errors import RETRYABLE, CanvasThrottled, Failure
from app.models import Reconciliation, Stage
from app.pairing import findings, stages, walks
from app.pairing.applying import Access, Clock
from app.pairing.stages import Tally
from app.pairing.walks import MOMENT, PATIENCE, Problem, note, stage_after


def begin(session: Session, institution_id: int, now: datetime) -> bool:
    """Promise a walk. False: one is under way."""
    counts = dict.fromkeys(("looked", "found", "mended", "elsewhere", "skipped", "stumbles"), 0)
    place = {"stage": Stage.WAITING, "cursor": ""}
    run = Reconciliation(institution_id=institution_id, begun_at=now, seen_at=now, **place, **counts)
    return walks.begin(session, run, "reconcile")


def begin_due(session: Session, now: datetime) -> None:
    """Promise a walk to every institution that is due one."""
    for institution_id in walks.due(session, Reconciliation, now):
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
            note(run, clock())
            return full.wait
        except RETRYABLE:
            if run.stumbles + 1 < PATIENCE:
                note(run, clock(), stumbles=run.stumbles + 1, problem=Problem.CANVAS_AWAY)
                raise
            tally = Tally(skipped=1)
        except Failure as failure:
            _end(run, clock(), Problem.of(failure))
            return None
        _advance(run, unit, tally, clock())
    return MOMENT


def _next_stage(run: Reconciliation, now: datetime) -> Stage | None:
    """Go on to the next stage, or end the walk."""
    following = stage_after(run.stage)
    if following is None:
        _end(run, now, None)
    else:
        note(run, now, stage=following, cursor="")
    return following


def _advance(run: Reconciliation, unit: str, tally: Tally, now: datetime) -> None:
    note(
        run,
        now,
        cursor=unit,
        looked=Reconciliation.looked + tally.looked,
        found=Reconciliation.found + tally.found,
        mended=Reconciliation.mended + tally.mended,
        elsewhere=Reconciliation.elsewhere + tally.elsewhere,
        skipped=Reconciliation.skipped + tally.skipped,
    )


def _end(run: Reconciliation, now: datetime, problem: Problem | None) -> None:
    if not note(run, now, ended_at=now, problem=problem):
        return
    with db.transaction() as session:
        findings.tidy(session, run.institution_id, now)
