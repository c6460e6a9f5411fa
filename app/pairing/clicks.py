"""What admins have clicked to be mended, done one after the other."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from app import db
from app.errors import RETRYABLE, CanvasThrottled, Failure
from app.models import Drift, Link, LinkState
from app.pairing import mending
from app.pairing.applying import Access, Clock
from app.pairing.drift import CLICKS, Kind
from app.pairing.mending import Click, Outcome
from app.pairing.stages import ONE_LINK
from app.pairing.walks import MOMENT

BUSY = timedelta(seconds=5)  # something is under way between the two people


def mend_asked(institution_id: int, access: Access, clock: Clock, lasting: timedelta) -> timedelta | None:
    """Mend what admins have clicked, for a while. How long to wait for the next turn; None: all is done."""
    until, last, busy = clock() + lasting, 0, False
    while clock() < until:
        click = _next_click(institution_id, last)
        if click is None:
            return BUSY if busy else None
        last = click.drift_id
        try:
            with db.acting_by(db.COMMAND if click.by is None else None):
                outcome = mending.by_click(click, access, clock, ONE_LINK)
        except CanvasThrottled as full:
            return full.wait
        except RETRYABLE:
            raise
        except Failure:
            _put_back(click, clock(), refused=True)
            continue
        if outcome is Outcome.BUSY and _still_stands(click):
            busy = True
        else:
            _put_back(click, clock(), refused=False)
    return MOMENT


def _next_click(institution_id: int, after: int) -> Click | None:
    with db.reading() as session:
        found = session.scalar(
            select(Drift)
            .where(
                Drift.institution_id == institution_id,
                Drift.settled_at.is_(None),
                Drift.asked_at.isnot(None),
                Drift.kind.in_(CLICKS),
                Drift.id > after,
            )
            .order_by(Drift.id)
            .limit(1)
        )
    if found is None:
        return None
    return Click(found.id, found.link_id, Kind(found.kind), found.settled_by)


def _still_stands(click: Click) -> bool:
    with db.reading() as session:
        return session.get_one(Link, click.link_id).state is LinkState.ACTIVE


def _put_back(click: Click, now: datetime, refused: bool) -> None:
    """What could not be mended is open again, to be clicked once more."""
    values: dict[str, object] = {"asked_at": None, "settled_by": None}
    with db.transaction() as session:
        session.execute(
            update(Drift)
            .where(Drift.id == click.drift_id, Drift.settled_at.is_(None))
            .values(**values, **({"refused_at": now} if refused else {}))
            .execution_options(synchronize_session=False)
        )
