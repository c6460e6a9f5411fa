"""Counting an institution's students and their observers in Canvas: a long walk in short, paced turns.

One list of enrollments per course tells the students and whoever observes them there: of all-course links,
too, for these appear in every course. Each turn goes on after the cursor of the last one, and doing a unit
twice changes nothing. No transaction is open while Canvas is asked.
"""

from datetime import datetime, timedelta

from sqlalchemy import CursorResult, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db, jobs
from app.errors import (
    RETRYABLE,
    CanvasForbids,
    CanvasThrottled,
    Failure,
    NotConnected,
    ScopeMissing,
    TokenDead,
)
from app.models import Census, Counting, Institution, OAuthPurpose, Token
from app.pairing import adding_up, looking
from app.pairing.applying import Access, Clock
from app.pairing.reconciling import AT_ONCE, DEAD, EVERY, MOMENT, PATIENCE, Problem

ALLOWED_LATER = (ScopeMissing, CanvasForbids)  # until then our own records are all there is to count


def begin(session: Session, institution_id: int, now: datetime) -> bool:
    """Promise a census. False: one is under way."""
    going = session.scalar(
        select(Census)
        .where(Census.institution_id == institution_id, Census.ended_at.is_(None))
        .with_for_update()
    )
    if going is not None and going.seen_at + DEAD > now:
        return False
    if going is not None:
        going.ended_at, going.problem = now, Problem.STOPPED
        session.flush()
    run = Census(
        institution_id=institution_id,
        begun_at=now,
        seen_at=now,
        stage=Counting.ACCOUNTS,
        cursor="",
        only_ours=False,
        looked=0,
        skipped=0,
        stumbles=0,
    )
    try:
        with session.begin_nested():
            session.add(run)
    except IntegrityError:
        return False
    jobs.enqueue(session, "census", run.id)
    return True


def begin_due(session: Session, now: datetime) -> None:
    """Promise a census for connected institutions that have had none for a day, not too many side by side."""
    going = session.scalars(select(func.count()).where(Census.ended_at.is_(None))).one()
    connected = exists().where(
        Token.institution_id == Institution.id,
        Token.purpose == OAuthPurpose.SERVICE,
        Token.dead_since.is_(None),
    )
    recent = exists().where(Census.institution_id == Institution.id, Census.begun_at > now - EVERY)
    due = select(Institution.id).where(connected, ~recent).order_by(Institution.id)
    for institution_id in session.scalars(due.limit(max(0, AT_ONCE - going))).all():
        begin(session, institution_id, now)


def turn(run_id: int, access: Access, clock: Clock, lasting: timedelta) -> timedelta | None:
    """Count on for a while. How long to wait for the next turn; None: the census is over.

    Raises a retryable Failure when Canvas does not answer, so that the next turn waits longer and longer.
    """
    until = clock() + lasting
    while clock() < until:
        with db.reading() as session:
            run = session.get(Census, run_id)
        if run is None or run.ended_at is not None:
            return None
        try:
            _step(run, access, clock)
        except CanvasThrottled as full:
            _note(run, clock())
            return full.wait
        except ALLOWED_LATER:
            _note(run, clock(), only_ours=True, stage=Counting.GROUPS, cursor="")
        except RETRYABLE:
            if run.stumbles + 1 < PATIENCE or run.stage is not Counting.COURSES:
                _note(run, clock(), stumbles=run.stumbles + 1, problem=Problem.CANVAS_AWAY)
                raise
            _note(run, clock(), cursor=_next_course(run) or run.cursor, stumbles=0, skipped=run.skipped + 1)
        except Failure as failure:
            lost = isinstance(failure, NotConnected | TokenDead)
            _note(
                run, clock(), ended_at=clock(), problem=Problem.NOT_CONNECTED if lost else Problem.NOT_ALLOWED
            )
            return None
    return MOMENT


def _step(run: Census, access: Access, clock: Clock) -> None:
    """Do one unit, and note that it is done."""
    match run.stage:
        case Counting.ACCOUNTS:
            looking.at_accounts(run, access)
            _next_stage(run, clock())
        case Counting.LISTS:
            after = looking.at_a_list(run, access)
            _next_stage(run, clock()) if after is None else _note(run, clock(), cursor=after)
        case Counting.COURSES:
            course = _next_course(run)
            if course is None:
                looking.forget_the_rest(run)
                _next_stage(run, clock())
            else:
                looking.at_course(run, course, access)
                _note(run, clock(), cursor=course, looked=run.looked + 1)
        case Counting.GROUPS | Counting.HIDING:
            _add_up(run, clock)


def _add_up(run: Census, clock: Clock) -> None:
    unit = adding_up.following(run)
    if unit is None:
        _next_stage(run, clock())
        return
    if run.stage is Counting.GROUPS:
        adding_up.count(run, unit, clock())
    else:
        adding_up.hide(run, unit)
    _note(run, clock(), cursor=unit)


def _next_course(run: Census) -> str | None:
    with db.reading() as session:
        return looking.next_course(session, run)


def _next_stage(run: Census, now: datetime) -> None:
    """Go on to the next stage, or end the census."""
    order = list(Counting)
    if run.stage is order[-1]:
        if _note(run, now, ended_at=now, problem=None):
            adding_up.tidy(run.institution_id, now)
        return
    _note(run, now, stage=order[order.index(run.stage) + 1], cursor="")


def _note(run: Census, now: datetime, **values: object) -> bool:
    """Write the census's place down, unless another worker has gone on from there meanwhile."""
    moved = {"stumbles": 0, "problem": None} if {"cursor", "stage"} & set(values) else {}
    with db.transaction() as session:
        result = session.execute(
            update(Census)
            .where(
                Census.id == run.id,
                Census.ended_at.is_(None),
                Census.stage == run.stage,
                Census.cursor == run.cursor,
            )
            .values(seen_at=now, **{**moved, **values})
            .execution_options(synchronize_session=False)
        )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
    return result.rowcount == 1
