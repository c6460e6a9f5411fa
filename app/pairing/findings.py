"""What was found to have drifted apart, written down, and read again for the page that shows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, joinedload

from app import audit, jobs
from app.models import Drift, How, Link, LinkState, Reconciliation
from app.models.pairing import OPEN
from app.pairing import links
from app.pairing.drift import CHOICES, CLICKS, Kind

CHOOSE_WITHIN = timedelta(days=30)  # after that, what was ended in Canvas stays so
KEPT = timedelta(days=90)
SHOWN = 100  # of one kind on the page

WHILE_ACTIVE = (Kind.MISSING_ENROLLMENT, Kind.STUDENT_MOVED, Kind.STUDENT_LEFT)  # about a link that stands


def note(
    session: Session,
    link: Link,
    kind: Kind,
    now: datetime,
    places: Iterable[str] = (),
    refused: bool = False,
) -> Drift | None:
    """Write down what was found, once however often it is found. None: an admin left this as it is."""
    where = sorted(places)
    found = session.scalar(
        select(Drift)
        .where(Drift.link_id == link.id, Drift.kind == kind)
        .order_by(Drift.settled_at.isnot(None), Drift.id.desc())
        .limit(1)
        .with_for_update()
    )
    if found is not None and found.settled_at is None:
        found.places = where
        found.refused_at = now if refused else None
        return found
    if found is not None and found.how is How.LEFT and found.places == where:
        return None
    fresh = Drift(
        institution_id=link.institution_id,
        link_id=link.id,
        kind=kind,
        places=where,
        since=now,
        refused_at=now if refused else None,
    )
    try:
        with session.begin_nested():
            session.add(fresh)
    except IntegrityError:  # somebody else found it in the same moment
        return None
    return fresh


def settle(drift: Drift, how: How, now: datetime, by: int | None = None) -> None:
    """This one is over."""
    drift.settled_at, drift.how, drift.settled_by = now, how, by


def as_it_should_be(
    session: Session, link_ids: Sequence[int], now: datetime, but: Iterable[Kind] = ()
) -> None:
    """These links stand well in Canvas: what was found of them before is over, except these kinds."""
    kinds = [kind for kind in (*WHILE_ACTIVE, Kind.WAITING) if kind not in but]
    _end(session, now, Drift.link_id.in_(link_ids), Drift.kind.in_(kinds))


def since(session: Session, link_id: int, kind: Kind) -> datetime | None:
    """Since when this has been found of a link without a break."""
    return session.scalar(
        select(Drift.since).where(Drift.link_id == link_id, Drift.kind == kind, Drift.settled_at.is_(None))
    )


def tidy(session: Session, institution_id: int, now: datetime) -> None:
    """Close what is over without us, leave what nobody decided, and forget what is long past."""
    ours = Drift.institution_id == institution_id
    link, twin = aliased(Link), aliased(Link)
    not_active = exists().where(link.id == Drift.link_id, link.state != LinkState.ACTIVE)
    not_waiting = exists().where(
        link.id == Drift.link_id, link.state.notin_([LinkState.PENDING, LinkState.ENDING])
    )
    back = exists().where(
        link.id == Drift.link_id,
        twin.institution_id == link.institution_id,
        twin.observer_id == link.observer_id,
        twin.student_id == link.student_id,
        twin.scope == link.scope,
        func.coalesce(twin.course_id, "") == func.coalesce(link.course_id, ""),
        twin.state.in_(OPEN),
    )
    _end(session, now, ours, Drift.kind.in_(WHILE_ACTIVE), not_active)
    _end(session, now, ours, Drift.kind == Kind.WAITING, not_waiting)
    _end(session, now, ours, Drift.kind == Kind.ENDED_IN_CANVAS, back)
    undecided = (Drift.kind == Kind.ENDED_IN_CANVAS, Drift.since < now - CHOOSE_WITHIN)
    _end(session, now, ours, *undecided, how=How.LEFT)
    # A missing enrollment that an admin left as it is would be found anew if that were forgotten.
    remembered = and_(Drift.how == How.LEFT, Drift.kind == Kind.MISSING_ENROLLMENT)
    session.execute(delete(Drift).where(ours, Drift.settled_at < now - KEPT, ~remembered))
    session.execute(
        delete(Reconciliation).where(
            Reconciliation.institution_id == institution_id, Reconciliation.ended_at < now - KEPT
        )
    )


def _end(session: Session, now: datetime, *which: object, how: How = How.ITSELF) -> None:
    session.execute(
        update(Drift)
        .where(Drift.settled_at.is_(None), *which)  # type: ignore[arg-type]
        .values(settled_at=now, how=how)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class Group:
    """What an admin sees of one kind: how many, and the first of them."""

    kind: Kind
    count: int
    drifts: Sequence[Drift]

    @property
    def clickable(self) -> bool:
        """Whether a click can mend these."""
        return self.kind in CLICKS

    @property
    def meant(self) -> bool:
        """Whether it may be meant to be so."""
        return self.kind in CHOICES


@dataclass(frozen=True, slots=True)
class Overview:
    """An institution's drift: the last comparison, the one under way, what is open and what was done."""

    last: Reconciliation | None
    running: Reconciliation | None
    open: Sequence[Group]
    done: Sequence[Drift]


def overview(session: Session, institution_id: int) -> Overview:
    """What an admin sees."""
    runs = select(Reconciliation).where(Reconciliation.institution_id == institution_id)
    newest = Reconciliation.id.desc()
    counts = {Kind(kind): count for kind, count in open_counts(session, institution_id).items()}
    ours = _shown(institution_id)
    groups = [
        Group(
            kind,
            counts[kind],
            session.scalars(
                ours.where(Drift.kind == kind, Drift.settled_at.is_(None)).order_by(Drift.id).limit(SHOWN)
            ).all(),
        )
        for kind in Kind
        if kind in counts
    ]
    told = Drift.how.in_([How.RULE, How.CLICK]) & Drift.settled_at.is_not(None)
    done = ours.where(told).order_by(Drift.settled_at.desc(), Drift.id.desc()).limit(SHOWN)
    return Overview(
        last=session.scalar(runs.where(Reconciliation.ended_at.isnot(None)).order_by(newest).limit(1)),
        running=session.scalar(runs.where(Reconciliation.ended_at.is_(None))),
        open=groups,
        done=session.scalars(done).all(),
    )


def open_counts(session: Session, institution_id: int | None = None) -> dict[str, int]:
    """How many of each kind are open, in one institution or in all."""
    counting = select(Drift.kind, func.count()).where(Drift.settled_at.is_(None)).group_by(Drift.kind)
    if institution_id is not None:
        counting = counting.where(Drift.institution_id == institution_id)
    return dict(row for row in session.execute(counting))


def _shown(institution_id: int) -> Select[Drift]:
    people = joinedload(Drift.link)
    return (
        select(Drift)
        .where(Drift.institution_id == institution_id)
        .options(people.joinedload(Link.observer), people.joinedload(Link.student))
    )


def ask(session: Session, institution_id: int, admin_id: int | None, now: datetime, *which: object) -> int:
    """Have these mended by a job; how many."""
    asked = session.scalars(
        update(Drift)
        .where(
            Drift.institution_id == institution_id,
            Drift.settled_at.is_(None),
            Drift.kind.in_(CLICKS),
            *which,  # type: ignore[arg-type]
        )
        .values(asked_at=now, settled_by=admin_id, refused_at=None)
        .returning(Drift.id)
        .execution_options(synchronize_session=False)
    ).all()
    if asked:
        jobs.enqueue(session, "mend_drift", institution_id)
    return len(asked)


def leave(session: Session, institution_id: int, drift_id: int, admin_id: int | None, now: datetime) -> bool:
    """Leave one as it is. False: there is no such one to choose about."""
    drift = session.scalar(
        select(Drift)
        .where(
            Drift.id == drift_id,
            Drift.institution_id == institution_id,
            Drift.settled_at.is_(None),
            Drift.kind.in_(CHOICES),
        )
        .with_for_update()
    )
    if drift is None:
        return False
    settle(drift, How.LEFT, now, admin_id)
    links.record(session, drift.link, audit.Event.DRIFT_LEFT, now, admin_id, kind=drift.kind)
    return True
