"""What counting (app.pairing.census) and comparing with Canvas (app.pairing.reconciling) have in common.

Both are long walks in short, paced turns. Each turn goes on after the place where the last one ended, whoever
died meanwhile; a thing that is done twice changes nothing. No transaction is open while Canvas is asked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self, TypeVar

from sqlalchemy import CursorResult, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db, jobs
from app.errors import Failure, NotConnected, TokenDead
from app.models import Institution, OAuthPurpose, Token, Walk

EVERY = timedelta(hours=23)  # a little less than a day, so that it does not creep around the clock
AT_ONCE = 3  # institutions walked side by side; people's own jobs need workers too
DEAD = timedelta(hours=1)  # a walk without a sign of life for so long has lost its job
PATIENCE = 6  # attempts at one place, minutes apart, before the walk goes on without it
MOMENT = timedelta(seconds=1)  # between two turns

S = TypeVar("S", bound=StrEnum)


class Problem(StrEnum):
    """Why a walk waits, or ended early."""

    CANVAS_AWAY = "canvas_away"
    NOT_CONNECTED = "not_connected"
    NOT_ALLOWED = "not_allowed"
    STOPPED = "stopped"

    @classmethod
    def of(cls, failure: Failure) -> Self:
        """What a failure that lasts means to a walk."""
        return cls.NOT_CONNECTED if isinstance(failure, NotConnected | TokenDead) else cls.NOT_ALLOWED


def begin(session: Session, walk: Walk, job: str) -> bool:
    """Promise a walk. False: one is under way; two at once would only ask Canvas everything twice."""
    kind, now = type(walk), walk.begun_at
    going = session.scalar(
        select(kind)
        .where(kind.institution_id == walk.institution_id, kind.ended_at.is_(None))
        .with_for_update()
    )
    if going is not None and going.seen_at + DEAD > now:
        return False
    if going is not None:
        going.ended_at, going.problem = now, Problem.STOPPED
        session.flush()
    try:
        with session.begin_nested():
            session.add(walk)
    except IntegrityError:
        return False
    jobs.enqueue(session, job, walk.id)
    return True


def due(session: Session, kind: type[Walk], now: datetime) -> Sequence[int]:
    """Connected institutions without such a walk for a day, not too many side by side."""
    going = session.scalars(select(func.count()).where(kind.ended_at.is_(None))).one()
    connected = exists().where(
        Token.institution_id == Institution.id,
        Token.purpose == OAuthPurpose.SERVICE,
        Token.dead_since.is_(None),
    )
    recent = exists().where(kind.institution_id == Institution.id, kind.begun_at > now - EVERY)
    waiting = select(Institution.id).where(connected, ~recent).order_by(Institution.id)
    return session.scalars(waiting.limit(max(0, AT_ONCE - going))).all()


def note(walk: Walk, now: datetime, **values: object) -> bool:
    """Write a walk's place down, unless another worker has gone on from there meanwhile."""
    kind = type(walk)
    moved = {"stumbles": 0, "problem": None} if {"cursor", "stage"} & set(values) else {}
    with db.transaction() as session:
        result = session.execute(
            update(kind)
            .where(
                kind.id == walk.id,
                kind.ended_at.is_(None),
                kind.stage == walk.stage,
                kind.cursor == walk.cursor,
            )
            .values(seen_at=now, **{**moved, **values})
            .execution_options(synchronize_session=False)
        )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
    return result.rowcount == 1


def stage_after(stage: S) -> S | None:
    """The next stage; None after the last one."""
    order = list(type(stage))
    return None if stage is order[-1] else order[order.index(stage) + 1]
