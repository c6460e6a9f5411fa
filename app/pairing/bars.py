"""The do-not-pair list: who must not be connected with whom, whatever code they have.

Asked wherever a link begins, and again right before Canvas is told, for the entry may be younger than the
link. Whoever is refused reads the same words as when Canvas refuses; the office reads the reason.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app import audit
from app.canvas import Canvas, users
from app.errors import CanvasFailure, CanvasForbids, CanvasMissing, ScopeMissing
from app.models import Bar, BarHit, Person
from app.pairing.rules import Reason, Refused
from app.people import Actor

NEUTRAL = Refused(Reason.CANVAS_REFUSED)  # says nothing of a list
STILL = timedelta(days=3)  # looked for daily: what was not found for so long was over
Addresses = frozenset[str] | None  # e-mail addresses and login of somebody; None: Canvas does not tell


def forbids(
    session: Session,
    institution_id: int,
    student: Person,
    observer: Person | None,
    addresses: frozenset[str] = frozenset(),
) -> Bar | None:
    """The entry that keeps these two apart, if any. Without an address, entries for one do not count."""
    return match(against(session, institution_id, student.id), observer.id if observer else None, addresses)


def as_listed(*texts: str | None) -> frozenset[str]:
    """Addresses and logins as entries have them."""
    return frozenset(text.strip().lower() for text in texts if text)


def against(session: Session, institution_id: int, student_id: int) -> Sequence[Bar]:
    """The entries in force about a student."""
    return session.scalars(
        select(Bar)
        .where(Bar.institution_id == institution_id, Bar.student_id == student_id, Bar.ended_at.is_(None))
        .order_by(Bar.id)
    ).all()


def barred(session: Session, institution_id: int, canvas_user_ids: Iterable[str]) -> frozenset[str]:
    """Those of these students, by their Canvas user id, about whom an entry is in force."""
    about = (
        select(Person.canvas_user_id)
        .join(Bar, Bar.student_id == Person.id)
        .where(
            Person.institution_id == institution_id,
            Person.canvas_user_id.in_(list(canvas_user_ids)),
            Bar.ended_at.is_(None),
        )
    )
    return frozenset(session.scalars(about))


def is_about(
    institution_id: SQLColumnExpression[int], canvas_user_id: SQLColumnExpression[str | None]
) -> ColumnElement[bool]:
    """Whether an entry in force is about the student of a row, by two columns of it."""
    return (
        exists()
        .where(
            Person.institution_id == institution_id,
            Person.canvas_user_id == canvas_user_id,
            Bar.student_id == Person.id,
            Bar.ended_at.is_(None),
        )
        .correlate_except(Person, Bar)
    )


def match(entries: Iterable[Bar], observer_id: int | None, addresses: Addresses) -> Bar | None:
    """The first entry that means this observer."""
    return next((bar for bar in entries if _means(bar, observer_id, addresses)), None)


def _means(bar: Bar, observer_id: int | None, addresses: Addresses) -> bool:
    """Where Canvas hides addresses, an address means everybody; a person may come with another account."""
    if bar.email is not None:
        return addresses is None or bar.email in addresses
    if bar.observer_id is None:
        return True
    return bar.observer_id == observer_id or not (addresses or frozenset()).isdisjoint(bar.addresses)


def by_address(bar: Bar) -> bool:
    """Whether an entry asks by which address somebody is reached."""
    return bool(bar.email or bar.addresses)


def addresses(canvas: Canvas, user_id: str, entries: Iterable[Bar]) -> Addresses:
    """What somebody is reached and signs in by, asked only if an entry goes by that.

    Users API, GET /api/v1/users/:user_id/profile: the e-mail needs a permission of its own.
    """
    if not any(map(by_address, entries)):
        return frozenset()
    try:
        profile = users.profile(canvas, user_id)
    except CanvasMissing:
        return frozenset()  # nobody; nothing will be made
    except (CanvasForbids, ScopeMissing):
        return None
    if not profile.tells_email:
        return None
    return as_listed(profile.email, profile.login)


def own_addresses(canvas: Canvas, user_id: str, entries: Iterable[Bar]) -> Addresses:
    """The same when the link is there already: no answer counts as hidden."""
    try:
        return addresses(canvas, user_id, entries)
    except CanvasFailure:
        return None


def note(session: Session, bar: Bar, observer_id: int | None, now: datetime, actor_id: int | None) -> None:
    """Alert the office: an entry kept somebody away. Tries of one person are one alert until it is seen."""
    hit = _alert(session, bar, observer_id, now)
    hit.times += 1
    _record(session, bar, audit.Event.BAR_HIT, now, actor_id, observer=observer_id)


def note_standing(session: Session, bar: Bar, observer_id: int, now: datetime) -> None:
    """Alert the office: somebody observes against an entry. Once, for as long as it is so."""
    last = session.scalar(
        select(BarHit)
        .where(BarHit.bar_id == bar.id, BarHit.observer_id == observer_id, BarHit.connected)
        .order_by(BarHit.id.desc())
        .limit(1)
    )
    if last is not None and last.last_at > now - STILL:
        last.last_at = now
        return
    _alert(session, bar, observer_id, now).connected = True
    _record(session, bar, audit.Event.BAR_STANDS, now, None, observer=observer_id)


def _alert(session: Session, bar: Bar, observer_id: int | None, now: datetime) -> BarHit:
    """The alert about these two that nobody has seen yet; made if there is none."""
    hit = _unseen(session, bar, observer_id)
    if hit is None:
        hit = BarHit(
            institution_id=bar.institution_id,
            bar_id=bar.id,
            observer_id=observer_id,
            times=0,
            first_at=now,
            last_at=now,
        )
        try:
            with session.begin_nested():
                session.add(hit)
        except IntegrityError:  # they tried twice in the same moment
            hit = _unseen(session, bar, observer_id) or hit
    hit.last_at = now
    return hit


def _unseen(session: Session, bar: Bar, observer_id: int | None) -> BarHit | None:
    return session.scalar(
        select(BarHit)
        .where(
            BarHit.bar_id == bar.id,
            BarHit.observer_id == observer_id if observer_id else BarHit.observer_id.is_(None),
            BarHit.seen_at.is_(None),
        )
        .with_for_update()
        .limit(1)
    )


class Alerts(NamedTuple):
    """How many people were kept away, and how many are connected all the same, unseen by an administrator."""

    kept_away: int
    connected: int


def alerts(session: Session, institution_id: int) -> Alerts:
    """Count the alerts no administrator has seen yet."""
    standing = func.count().filter(BarHit.connected)
    unseen = (BarHit.institution_id == institution_id, BarHit.seen_at.is_(None))
    both, connected = session.execute(select(func.count(), standing).where(*unseen)).one()
    return Alerts(both - connected, connected)


def unseen(session: Session, institution_id: int) -> Sequence[BarHit]:
    """The alerts no administrator has seen yet, the newest first."""
    return session.scalars(
        select(BarHit)
        .where(BarHit.institution_id == institution_id, BarHit.seen_at.is_(None))
        .options(joinedload(BarHit.bar).joinedload(Bar.student), joinedload(BarHit.observer))
        .order_by(BarHit.last_at.desc(), BarHit.id.desc())
    ).all()


def see(session: Session, admin: Actor, hit_id: int, now: datetime) -> bool:
    """An administrator has seen an alert. False: there is no such one."""
    hit = session.scalar(
        select(BarHit)
        .where(BarHit.id == hit_id, BarHit.institution_id == admin.institution_id, BarHit.seen_at.is_(None))
        .options(joinedload(BarHit.bar))
    )
    if hit is None:
        return False
    hit.seen_at, hit.seen_by = now, admin.id
    _record(session, hit.bar, audit.Event.BAR_SEEN, now, admin.id, observer=hit.observer_id)
    return True


def every(session: Session, institution_id: int) -> Sequence[Bar]:
    """The whole list: what is in force first, each by the student's name."""
    return session.scalars(
        select(Bar)
        .join(Person, Person.id == Bar.student_id)
        .where(Bar.institution_id == institution_id)
        .options(joinedload(Bar.student), joinedload(Bar.observer), joinedload(Bar.maker))
        .order_by(Bar.ended_at.isnot(None), Person.name, Bar.id)
    ).all()


def one(session: Session, institution_id: int, bar_id: int) -> Bar | None:
    """One entry with its people."""
    return session.scalar(
        select(Bar)
        .where(Bar.id == bar_id, Bar.institution_id == institution_id)
        .options(joinedload(Bar.student), joinedload(Bar.observer), joinedload(Bar.maker))
    )


def make(
    session: Session,
    admin: Actor,
    student: Person,
    observer: Person | None,
    email: str | None,
    document: str,
    now: datetime,
    addresses: frozenset[str] = frozenset(),
) -> Bar:
    """Put an entry on the list; `addresses` are those of the observer, who may come with another account.

    One that is in force already, about the same two, is given back.
    """
    whom = observer.id if observer else None, email.strip().lower() if email else None
    for same in against(session, admin.institution_id, student.id):
        if (same.observer_id, same.email) == whom:
            return same
    bar = Bar(
        institution_id=admin.institution_id,
        student_id=student.id,
        observer_id=whom[0],
        email=whom[1],
        addresses=sorted(as_listed(*addresses)),
        document=document,
        made_at=now,
        made_by=admin.id,
    )
    session.add(bar)
    session.flush()
    _record(session, bar, audit.Event.BAR_MADE, now, admin.id, observer=bar.observer_id)
    return bar


def end(session: Session, admin: Actor, bar: Bar, now: datetime) -> None:
    """Take an entry out of force; it stays on the list with its history."""
    if bar.ended_at is None:
        bar.ended_at, bar.ended_by, bar.addresses = now, admin.id, []
        _record(session, bar, audit.Event.BAR_ENDED, now, admin.id, observer=bar.observer_id)


def looked(session: Session, admin: Actor, bar: Bar | None, now: datetime) -> None:
    """Write down that somebody looked at the list, or at one entry."""
    if bar is None:
        audit.record(session, admin.institution_id, audit.Event.BAR_LOOKED, now, admin.id)
    else:
        _record(session, bar, audit.Event.BAR_LOOKED, now, admin.id)


def _record(
    session: Session,
    bar: Bar,
    event: audit.Event,
    now: datetime,
    actor_id: int | None,
    **facts: audit.Fact,
) -> None:
    audit.record(
        session, bar.institution_id, event, now, actor_id, bar=bar.id, student=bar.student_id, **facts
    )
