"""Who may do what, decided purely: no database, no Canvas, no clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.models import Code, LtiLaunch, Person, Role, Scope
from app.policy import Policy


class Reason(StrEnum):
    """Why a code was not redeemed, or a link not made. Each has its sentence in parts/reasons.html."""

    NOTHING_TYPED = "nothing_typed"
    TYPO = "typo"
    ONE_AT_A_TIME = "one_at_a_time"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED_UP = "used_up"
    REVOKED = "revoked"
    OWN_CODE = "own_code"
    SIGNED_IN_AS_STUDENT = "signed_in_as_student"
    WRONG_INSTITUTION = "wrong_institution"
    TOO_MANY_TRIES = "too_many_tries"
    STILL_ENDING = "still_ending"
    ENOUGH_OBSERVERS = "enough_observers"
    # what the student answered
    DECLINED = "declined"
    NOT_ANSWERED = "not_answered"
    NATIVE_INVALID = "native_invalid"
    UNDER_WAY = "under_way"
    TOO_MANY_ACCOUNTS = "too_many_accounts"
    ACCOUNT_FIRST = "account_first"
    # what Canvas answered
    COURSE_CONCLUDED = "course_concluded"
    STUDENT_LEFT_COURSE = "student_left_course"
    OBSERVER_UNKNOWN = "observer_unknown"
    LINKED_NOTHING = "linked_nothing"
    NOT_ALLOWED = "not_allowed"
    NOT_CONNECTED = "not_connected"
    CANVAS_REFUSED = "canvas_refused"
    GAVE_UP = "gave_up"
    CANVAS_AWAY = "canvas_away"


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why; `when` is the date it expired or the time to come back."""

    reason: Reason
    when: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How many wrong codes are free, how fast they are forgotten, and how the wait grows after that."""

    free: int
    forgets_one_in: timedelta
    first_wait: timedelta
    longest_wait: timedelta


# With these, 100,000 live codes and a whole institution guessing without pause, about 1,600 guesses fit into
# a day, and each hits with a chance of 100,000 / 32^9. That is one stolen code in some 600 years.
LIMITS = {
    "observer": Limit(5, timedelta(hours=1), timedelta(seconds=30), timedelta(days=1)),
    "address": Limit(20, timedelta(minutes=10), timedelta(seconds=30), timedelta(hours=1)),
    "institution": Limit(500, timedelta(minutes=1), timedelta(seconds=10), timedelta(minutes=10)),
    # Of asking Canvas for an account, right or wrong: nobody shall try with one code who has one already.
    "sign_up_code": Limit(5, timedelta(hours=1), timedelta(seconds=30), timedelta(days=1)),
    "sign_up_address": Limit(40, timedelta(minutes=5), timedelta(seconds=30), timedelta(hours=1)),
}


def after_miss(
    limit: Limit, misses: int, last_miss_at: datetime, now: datetime
) -> tuple[int, datetime | None]:
    """The count after one more wrong code, and until when to wait."""
    # Of two guesses at once, the later one to be counted may be the earlier one to have come.
    forgotten = max(0, (now - last_miss_at) // limit.forgets_one_in)
    count = max(0, misses - forgotten) + 1
    over = count - limit.free
    if over <= 0:
        return count, None
    wait = min(limit.first_wait * 2 ** min(over - 1, 20), limit.longest_wait)
    return count, now + wait


def is_live(code: Code, now: datetime) -> bool:
    """Whether somebody could still redeem this code."""
    return why_dead(code, now) is None


def may_redeem(code: Code, observer: Person) -> Refused | None:
    """Whether this code is for this person at all; says nothing of a code that belongs elsewhere."""
    if code.institution_id != observer.institution_id:
        return Refused(Reason.WRONG_INSTITUTION)
    if code.student_id == observer.id:
        own = code.issuer_id == observer.id
        return Refused(Reason.OWN_CODE if own else Reason.SIGNED_IN_AS_STUDENT)
    return None


def why_dead(code: Code, now: datetime) -> Refused | None:
    """Why a code can no longer be redeemed by anybody."""
    if code.revoked_at is not None:
        return Refused(Reason.REVOKED)
    if now >= code.expires_at:
        return Refused(Reason.EXPIRED, code.expires_at)
    if code.uses >= code.max_uses:
        return Refused(Reason.USED_UP)
    return None


def is_for_the_student_to_say(code: Code, policy: Policy) -> bool:
    """Whether a link by this code waits for the student's yes. Their own code is one."""
    return policy.approval and code.issuer_role is not Role.STUDENT


def office_asks(policy: Policy, agreed: bool = False) -> bool:
    """Whether a link by the office's word waits for the student's yes, as one by a teacher's code does.

    `agreed`: an admin says of one student that they have agreed, on paper or at the counter. A sheet of many
    cannot say so. The limit of observers binds those who hand out codes; the office is told and may pass it.
    """
    return policy.approval and not agreed


def speaks_for_the_student(code: Code, role: Role, policy: Policy) -> bool:
    """Whether a code must not be handed to this issuer, since with it nobody would ask the student."""
    return policy.approval and code.issuer_role is Role.STUDENT and role is not Role.STUDENT


def lasts_longer(code: Code, ends_at: datetime | None) -> bool:
    """Whether this code's link would outlast one that ends then."""
    return ends_at is not None and (code.link_ends_at is None or code.link_ends_at > ends_at)


class IssuingBar(StrEnum):
    """Why somebody who came in may look but not issue."""

    STAND_IN = "stand_in"
    TEACHERS_MAY_NOT = "teachers_may_not"
    TAS_MAY_NOT = "tas_may_not"
    STUDENTS_MAY_NOT = "students_may_not"
    ROLE = "role"


ISSUERS: dict[tuple[Role, Scope], tuple[Callable[[Policy], bool], IssuingBar]] = {
    (Role.INSTRUCTOR, Scope.COURSE): (lambda policy: policy.teachers_issue, IssuingBar.TEACHERS_MAY_NOT),
    (Role.TA, Scope.COURSE): (lambda policy: policy.tas_issue, IssuingBar.TAS_MAY_NOT),
    (Role.STUDENT, Scope.ALL): (lambda policy: policy.students_issue, IssuingBar.STUDENTS_MAY_NOT),
}


NO_MORE = frozenset({IssuingBar.TEACHERS_MAY_NOT, IssuingBar.TAS_MAY_NOT, IssuingBar.STUDENTS_MAY_NOT})


def may_take_back(bar: IssuingBar | None) -> bool:
    """Whether somebody may end codes: who may make none any more, those of their own."""
    return bar is None or bar in NO_MORE


def bar_to_codes(launch: LtiLaunch, scope: Scope, policy: Callable[[], Policy]) -> IssuingBar | None:
    """Why this launch may not issue codes of this reach; None if it may."""
    if launch.stand_in:
        return IssuingBar.STAND_IN
    if (launch.role, scope) not in ISSUERS:
        return IssuingBar.ROLE
    allowed, bar = ISSUERS[launch.role, scope]
    return None if allowed(policy()) else bar
