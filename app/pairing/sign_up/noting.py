"""What is written down while somebody makes an account with a code of ours.

A sign-up that was begun always has a job, which finds out what became of it.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app import audit, jobs, people, policy
from app.canvas.users import User
from app.crypto import Keyring
from app.models import Agreement, Code, Person, Road, Scope, SignUp, SignUpState
from app.pairing import agreements, bars, codes, guesses, links, redemption, rules
from app.pairing.asking import Told
from app.pairing.guesses import Guesser
from app.pairing.redemption import AlreadyConnected, Redeemed
from app.pairing.rules import Reason, Refused
from app.pairing.sign_up.outcomes import Again, Asked, Work
from app.policy import InForce

TWICE = timedelta(minutes=10)  # the same form again within this time was sent by a second click


def begin(
    session: Session,
    keyring: Keyring,
    institution_id: int,
    asked: Asked,
    text: str,
    who: Guesser,
    now: datetime,
    delay: timedelta,
) -> Work | Again | Refused:
    """Set a use of the code aside, and promise a job. A refusal is an answer: guesses are counted."""
    wait = guesses.wait_until(session, institution_id, who, now)
    if wait is not None:
        return Refused(Reason.TOO_MANY_TRIES, wait)
    code = codes.find(session, keyring, text)
    if code is None:
        guesses.miss(session, institution_id, who, now)
        return refuse(session, institution_id, Refused(Reason.UNKNOWN), now)
    if code.institution_id != institution_id:
        return refuse(session, institution_id, Refused(Reason.WRONG_INSTITUTION), now)
    session.refresh(code, with_for_update=True)  # of two clicks in the same moment the second sees the first
    digest = keyring.digest(f"login:{institution_id}:{asked.login.casefold()}")
    twin = _twin(session, keyring, code, digest, asked, now)
    if twin is not None:
        return Again(twin)
    dead = rules.why_dead(code, now)
    if dead is not None:
        return refuse(session, institution_id, dead, now)
    bar = bars.forbids(session, institution_id, code.student, None, bars.as_listed(asked.login))
    if bar is not None:
        bars.note(session, bar, None, now, None)
        return refuse(session, institution_id, bars.NEUTRAL, now)
    often = too_often(session, institution_id, {"sign_up_code": str(code.id), **address_of(who)}, now)
    return often or _hold(session, keyring, code, digest, asked, now, delay)


def address_of(who: Guesser) -> Guesser:
    """The address alone, under the name it has where accounts are counted."""
    return {"sign_up_address": who["address"]}


def too_often(session: Session, institution_id: int, who: Guesser, now: datetime) -> Refused | None:
    """Count that Canvas is asked for an account; no, if that was done too often."""
    wait = guesses.wait_until(session, institution_id, who, now)
    if wait is not None:
        return Refused(Reason.TOO_MANY_ACCOUNTS, wait)
    guesses.miss(session, institution_id, who, now)
    return None


def worked(session: Session, institution_id: int, who: Guesser, now: datetime) -> None:
    """Do not hold an account that was made against its address: a whole evening of parents may share one."""
    guesses.forgive(session, institution_id, address_of(who), now)


def refuse(session: Session, institution_id: int, refusal: Refused, now: datetime) -> Refused:
    """Write down that a code was refused to somebody who has not signed in."""
    audit.record(session, institution_id, audit.Event.CODE_REFUSED, now, reason=refusal.reason)
    return refusal


def _twin(
    session: Session, keyring: Keyring, code: Code, digest: str, asked: Asked, now: datetime
) -> int | None:
    """The same form, sent a moment ago. Two parents who share an address send different names."""
    row = session.scalar(
        select(SignUp)
        .where(
            SignUp.institution_id == code.institution_id,
            SignUp.code_id == code.id,
            SignUp.login_digest == digest,
            SignUp.state != SignUpState.UNDONE,
            SignUp.created_at > now - TWICE,
        )
        .order_by(SignUp.id.desc())
        .limit(1)
    )
    return row.id if row and _name_in(session, keyring, row) == asked.name else None


def _name_in(session: Session, keyring: Keyring, row: SignUp) -> str | None:
    work = find(session, keyring, row.id)
    if work is not None:
        return work.name
    person = session.get(Person, row.person_id or 0)
    return person.name if person else None


def _hold(
    session: Session,
    keyring: Keyring,
    code: Code,
    digest: str,
    asked: Asked,
    now: datetime,
    delay: timedelta,
) -> Work | Refused:
    in_force = policy.in_force(session, code.institution_id)
    student = session.get_one(Person, code.student_id)
    work = Work(
        sign_up_id=0,
        institution_id=code.institution_id,
        road=road(code, in_force),
        student=student.canvas_user_id,
        name=asked.name,
        login=asked.login,
        locale=asked.locale,
        created_at=now,
        agreement_id=asked.agreement_id,
    )
    row = SignUp(
        institution_id=work.institution_id,
        code_id=code.id,
        road=work.road,
        login_digest=digest,
        asked=_seal(keyring, work, digest),
        state=SignUpState.BEGUN,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # the same person with another code, in the same moment
        return Refused(Reason.UNDER_WAY)
    if not codes.spend(session, code, now):
        session.delete(row)
        session.refresh(code)
        dead = rules.why_dead(code, now) or Refused(Reason.USED_UP)
        return refuse(session, code.institution_id, dead, now)
    jobs.enqueue(session, "finish_sign_up", row.id, delay=delay)
    return replace(work, sign_up_id=row.id)


def road(code: Code, in_force: InForce) -> Road:
    """By a code of Canvas's own only where it does exactly what ours does: all courses, at once, for good."""
    waits = rules.is_for_the_student_to_say(code, in_force.policy)
    limited = in_force.policy.observers_most is not None or code.link_ends_at is not None
    return Road.PLAIN if code.scope is not Scope.ALL or waits or limited else Road.NATIVE


def find(session: Session, keyring: Keyring, sign_up_id: int) -> Work | None:
    """A sign-up of which nobody knows yet what became of it; None if it is settled."""
    row = session.get_one(SignUp, sign_up_id)
    if row.state is not SignUpState.BEGUN:
        return None
    student = session.get_one(Person, session.get_one(Code, row.code_id).student_id)
    kept = json.loads(keyring.open(row.asked, _place(row.login_digest)))
    before = None if kept["before"] is None else tuple(kept["before"])
    return Work(
        row.id,
        row.institution_id,
        row.road,
        student.canvas_user_id,
        kept["name"],
        kept["login"],
        kept["locale"],
        row.created_at,
        kept["agreement"],
        before,
    )


def note_look(session: Session, keyring: Keyring, work: Work) -> bool:
    """Write down, before Canvas is asked, what it held without us. False: this sign-up is settled already."""
    row = session.get_one(SignUp, work.sign_up_id)
    sealed = _seal(keyring, work, row.login_digest)
    return _change(session, work, asked=sealed)


def made(
    session: Session, keyring: Keyring, work: Work, user: User, now: datetime, head_start: timedelta
) -> int | None:
    """Canvas made the account: connect it. The link that waits for Canvas, if any."""
    if not _change(session, work, state=SignUpState.MADE, asked="", settled_at=now):
        return None
    row = session.get_one(SignUp, work.sign_up_id, populate_existing=True)
    person = people.remember(session, work.institution_id, user.id, user.name, now, locale=work.locale)
    row.person_id = person.id
    code = session.get_one(Code, row.code_id)
    facts: dict[str, audit.Fact] = {"code": code.id, "student": code.student_id, "observer": person.id}
    audit.record(session, work.institution_id, audit.Event.ACCOUNT_MADE, now, person.id, **facts)
    note_agreement(session, person, work.agreement_id, now)
    if work.road is Road.NATIVE:
        row.link_id = _connected_by_canvas(session, person, code, now, head_start)
    else:
        row.link_id, row.reason = _connect(session, keyring, person, code, work, now, head_start)
    return row.link_id


def _connected_by_canvas(
    session: Session, person: Person, code: Code, now: datetime, head_start: timedelta
) -> int | None:
    """Canvas has linked them with the account; a job looks, and mends it if that was only half done."""
    link = links.start(session, person, code, now, head_start)
    if link is None:
        codes.give_back(session, code.id)
        return None
    link.found_in_canvas = False  # what it will find there is ours
    facts = {"code": code.id, "link": link.id, "student": code.student_id, "course": code.course_id}
    audit.record(session, code.institution_id, audit.Event.CODE_REDEEMED, now, person.id, **facts)
    return link.id


def _connect(
    session: Session,
    keyring: Keyring,
    person: Person,
    code: Code,
    work: Work,
    now: datetime,
    head_start: timedelta,
) -> tuple[int | None, Reason | None]:
    """Redeem the code as anybody does, in the transaction that gives back the use that was set aside.

    Nobody guesses any more, and whatever took its time was not theirs.
    """
    codes.give_back(session, code.id)
    text = codes.text_of(keyring, code).replace("-", "")
    told = Told(frozenset(work.before or ()), bars.as_listed(work.login))
    redeemed = redemption.redeem(
        session, keyring, person, text, {}, now, head_start, told, held_since=work.created_at
    )
    match redeemed:
        case Redeemed(link_id) | AlreadyConnected(link_id):
            return link_id, None
        case Refused(reason):
            return None, reason


def note_account(session: Session, person: Person, now: datetime) -> None:
    """Write down that somebody made an account with one of Canvas's own codes."""
    audit.record(session, person.institution_id, audit.Event.ACCOUNT_MADE, now, person.id, observer=person.id)


def note_agreement(session: Session, person: Person, agreement_id: int | None, now: datetime) -> None:
    """Write down what they agreed to on the form, if anything."""
    if agreement_id is not None:
        agreements.accept(session, person, session.get_one(Agreement, agreement_id), now)


def undone(session: Session, work: Work, now: datetime) -> None:
    """There is no account: give the use of the code back."""
    if _change(session, work, state=SignUpState.UNDONE, asked="", settled_at=now):
        codes.give_back(session, session.get_one(SignUp, work.sign_up_id).code_id)


def told(session: Session, institution_id: int, sign_up_id: int) -> SignUp | None:
    """A sign-up with its link and student, for whoever made it."""
    return session.scalar(
        select(SignUp)
        .where(SignUp.id == sign_up_id, SignUp.institution_id == institution_id)
        .options(joinedload(SignUp.link), joinedload(SignUp.code).joinedload(Code.student))
    )


def forget(session: Session, before: datetime) -> None:
    """Throw away what was settled long ago."""
    session.execute(delete(SignUp).where(SignUp.state != SignUpState.BEGUN, SignUp.created_at < before))


def _change(session: Session, work: Work, **values: object) -> bool:
    result = session.execute(
        update(SignUp).where(SignUp.id == work.sign_up_id, SignUp.state == SignUpState.BEGUN).values(**values)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker that a rowcount exists
    return result.rowcount == 1


def _seal(keyring: Keyring, work: Work, digest: str) -> str:
    kept = {
        "name": work.name,
        "login": work.login,
        "locale": work.locale,
        "agreement": work.agreement_id,
        "before": work.before,
    }
    return keyring.seal(json.dumps(kept), _place(digest))


def _place(digest: str) -> str:
    return f"sign_ups.asked:{digest}"
