"""Who may do what, and how long wrong codes make one wait: tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models import Code, LtiLaunch, Person, Role, Scope
from app.pairing import rules, spelling
from app.pairing.rules import LIMITS, IssuingBar, Limit, Reason, Refused, after_miss
from app.policy import Policy

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
LIMIT = Limit(3, timedelta(minutes=10), timedelta(seconds=30), timedelta(minutes=5))


def code(
    uses: int = 0,
    max_uses: int = 2,
    expires_at: datetime = FUTURE,
    revoked_at: datetime | None = None,
    student: int = 1,
    issuer: int = 2,
    institution: int = 1,
) -> Code:
    return Code(
        uses=uses,
        max_uses=max_uses,
        expires_at=expires_at,
        revoked_at=revoked_at,
        student_id=student,
        issuer_id=issuer,
        institution_id=institution,
    )


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (code(), None),
        (code(uses=1), None),
        (code(uses=2), Refused(Reason.USED_UP)),
        (code(expires_at=NOW), Refused(Reason.EXPIRED, NOW)),
        (code(expires_at=PAST), Refused(Reason.EXPIRED, PAST)),
        (code(revoked_at=PAST), Refused(Reason.REVOKED)),
        # the reason that a person can do most about comes first
        (code(revoked_at=PAST, expires_at=PAST, uses=2), Refused(Reason.REVOKED)),
        (code(expires_at=PAST, uses=2), Refused(Reason.EXPIRED, PAST)),
    ],
)
def test_why_a_code_is_dead(one: Code, why: Refused | None) -> None:
    assert rules.why_dead(one, NOW) == why
    assert rules.is_live(one, NOW) == (why is None)


@pytest.mark.parametrize(
    ("one", "observer", "why"),
    [
        (code(), Person(id=9, institution_id=1), None),
        (code(), Person(id=2, institution_id=1), None),  # a teacher may use what they made for another
        (code(), Person(id=9, institution_id=2), Refused(Reason.WRONG_INSTITUTION)),
        (code(), Person(id=1, institution_id=2), Refused(Reason.WRONG_INSTITUTION)),
        (code(student=1, issuer=1), Person(id=1, institution_id=1), Refused(Reason.OWN_CODE)),
        (code(student=1, issuer=2), Person(id=1, institution_id=1), Refused(Reason.SIGNED_IN_AS_STUDENT)),
    ],
)
def test_whom_a_code_is_for(one: Code, observer: Person, why: Refused | None) -> None:
    assert rules.may_redeem(one, observer) == why


@pytest.mark.parametrize(
    ("role", "stand_in", "tas_issue", "bar"),
    [
        (Role.INSTRUCTOR, None, False, None),
        (Role.INSTRUCTOR, "masquerade", False, IssuingBar.STAND_IN),
        (Role.TA, None, False, IssuingBar.TAS_MAY_NOT),
        (Role.TA, None, True, None),
        (Role.TA, "masquerade", True, IssuingBar.STAND_IN),
        (Role.ADMIN, None, True, IssuingBar.ROLE),
        (Role.STUDENT, None, True, IssuingBar.ROLE),
        (Role.STUDENT, "test_student", True, IssuingBar.STAND_IN),
        (Role.OBSERVER, None, True, IssuingBar.ROLE),
        (Role.NOBODY, None, True, IssuingBar.ROLE),
    ],
)
def test_who_may_issue(role: Role, stand_in: str | None, tas_issue: bool, bar: IssuingBar | None) -> None:
    launch = LtiLaunch(role=role, stand_in=stand_in)

    assert rules.bar_to_codes(launch, Scope.COURSE, lambda: Policy(tas_issue=tas_issue)) == bar


@pytest.mark.parametrize(
    ("misses", "ago", "count", "wait"),
    [
        (0, 0, 1, None),
        (2, 0, 3, None),
        (3, 0, 4, 30),
        (4, 0, 5, 60),
        (5, 0, 6, 120),
        (6, 0, 7, 240),
        (7, 0, 8, 300),  # the longest
        (1000, 0, 1001, 300),
        (3, 599, 4, 30),
        (3, 600, 3, None),  # one is forgotten in ten minutes
        (5, 1200, 4, 30),
        (5, 86400, 1, None),
        (5, -60, 6, 120),  # clocks of two servers may differ
    ],
)
def test_how_long_a_wrong_code_makes_one_wait(misses: int, ago: int, count: int, wait: int | None) -> None:
    until = None if wait is None else NOW + timedelta(seconds=wait)

    assert after_miss(LIMIT, misses, NOW - timedelta(seconds=ago), NOW) == (count, until)


@given(st.integers(0, 10**6), st.integers(0, 10**7), st.sampled_from(sorted(LIMITS)))
def test_no_wait_is_longer_than_the_longest(misses: int, ago: int, kind: str) -> None:
    limit = LIMITS[kind]
    count, until = after_miss(limit, misses, NOW - timedelta(seconds=ago), NOW)

    assert 1 <= count <= misses + 1
    assert (until is None) == (count <= limit.free)
    assert until is None or limit.first_wait <= until - NOW <= limit.longest_wait


def guesses_in_a_day(limit: Limit) -> int:
    """How many wrong codes somebody gets in who never rests."""
    now, end, misses, last, count = NOW, NOW + timedelta(days=1), 0, NOW, 0
    while now < end:
        misses, until = after_miss(limit, misses, last, now)
        last, count = now, count + 1
        now = until or now + timedelta(milliseconds=1)
    return count


def test_the_documented_odds_of_guessing_hold() -> None:
    """What app.pairing.rules says beside LIMITS."""
    a_day = guesses_in_a_day(LIMITS["institution"])
    years_until_one_hits = spelling.POSSIBLE / 100_000 / a_day / 365

    assert 1_500 < a_day < 1_700
    assert 570 < years_until_one_hits < 650
    assert guesses_in_a_day(LIMITS["observer"]) < 40
    assert guesses_in_a_day(LIMITS["address"]) < 250


def test_the_limits_get_wider_from_a_person_to_an_institution() -> None:
    assert LIMITS["observer"].free < LIMITS["address"].free < LIMITS["institution"].free
