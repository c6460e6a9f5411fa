"""The policy as a value: when codes end, and what its proposals are."""

from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app import policy
from app.models import Code, LtiLaunch, Role, Scope
from app.pairing import rules
from app.pairing.codes import Terms
from app.pairing.rules import IssuingBar
from app.policy import Policy
from app.web.policy_form import GROUPS, PolicyForm

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("until", "zone", "person", "ends"),
    [
        (None, "", None, NOW + MONTH),
        (date(2027, 6, 30), "", None, datetime(2027, 7, 1, tzinfo=UTC)),
        (date(2027, 6, 30), "America/Denver", None, datetime(2027, 7, 1, 6, tzinfo=UTC)),
        (date(2027, 6, 30), "", "America/Denver", datetime(2027, 7, 1, 6, tzinfo=UTC)),
        (date(2027, 6, 30), "Asia/Tokyo", "America/Denver", datetime(2027, 6, 30, 15, tzinfo=UTC)),
        (date(2026, 11, 1), "America/Denver", None, datetime(2026, 11, 2, 7, tzinfo=UTC)),  # clocks change
        (date(2026, 9, 1), "", None, datetime(2026, 9, 2, tzinfo=UTC)),  # today, to its end
        (date(2026, 8, 31), "", None, NOW + MONTH),  # over: the number of days counts again
    ],
)
def test_when_a_code_ends(until: date | None, zone: str, person: str | None, ends: datetime) -> None:
    assert Policy(codes_until=until, time_zone=zone).code_ends(NOW, person) == ends


@pytest.mark.parametrize(
    ("moment", "day"),
    [(datetime(2026, 9, 1, 5, 59, tzinfo=UTC), date(2026, 8, 31)), (NOW, date(2026, 9, 1))],
)
def test_which_day_it_is_at_the_school(moment: datetime, day: date) -> None:
    assert Policy(time_zone="America/Denver").today(moment, "Asia/Tokyo") == day


def test_a_school_starts_with_what_holds_anyway() -> None:
    assert policy.proposed(Policy(), "school") == Policy()


def test_a_college_lets_students_decide() -> None:
    college = policy.proposed(Policy(), "college")

    assert (college.students_end, college.approval, bool(college.agreement)) == (True, True, True)
    assert policy.changes(Policy(), college) == [
        "code_life", "code_uses", "students_end", "approval", "agreement",
    ]  # fmt: skip


def test_a_school_takes_back_what_only_a_college_had() -> None:
    college = policy.proposed(Policy(office="Room 9"), "college")
    assert policy.proposed(college, "school") == Policy(office="Room 9")
    assert policy.proposed(replace(college, agreement="Ours"), "school").agreement == "Ours"


def test_every_setting_has_a_field_and_says_whom_it_is_about() -> None:
    names = [f.name for f in fields(Policy)]

    assert sorted(name for _, group in GROUPS for name in group) == sorted(names)
    for name in names:
        described = getattr(PolicyForm, name).kwargs.get("description")
        assert described, name


def test_a_policy_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        Policy().code_uses = 9  # type: ignore[misc]


LAUNCHES = [
    (Role.INSTRUCTOR, Scope.COURSE, "teachers_issue", IssuingBar.TEACHERS_MAY_NOT),
    (Role.TA, Scope.COURSE, "tas_issue", IssuingBar.TAS_MAY_NOT),
    (Role.STUDENT, Scope.ALL, "students_issue", IssuingBar.STUDENTS_MAY_NOT),
]


@pytest.mark.parametrize(("role", "scope", "setting", "bar"), LAUNCHES)
@pytest.mark.parametrize("allowed", [True, False])
def test_who_may_issue_what(role: Role, scope: Scope, setting: str, bar: IssuingBar, allowed: bool) -> None:
    rule = replace(Policy(), **{setting: allowed})
    launch = LtiLaunch(role=role, stand_in=None)
    other = Scope.ALL if scope is Scope.COURSE else Scope.COURSE

    assert rules.bar_to_codes(launch, scope, lambda: rule) == (None if allowed else bar)
    assert rules.bar_to_codes(launch, other, lambda: rule) == IssuingBar.ROLE


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", list(Scope))
def test_whoever_acts_as_another_issues_nothing(role: Role, scope: Scope) -> None:
    launch = LtiLaunch(role=role, stand_in="masquerade")

    assert rules.bar_to_codes(launch, scope, Policy) == IssuingBar.STAND_IN


@pytest.mark.parametrize(
    ("approval", "issuer", "asks"),
    [
        (True, Role.INSTRUCTOR, True),
        (True, Role.TA, True),
        (True, Role.ADMIN, True),
        (True, Role.STUDENT, False),
        (False, Role.INSTRUCTOR, False),
    ],
)
def test_when_the_student_is_asked(approval: bool, issuer: Role, asks: bool) -> None:
    assert rules.is_for_the_student_to_say(Code(issuer_role=issuer), Policy(approval=approval)) == asks


@pytest.mark.parametrize(
    ("approval", "agreed", "asks"),
    [(False, False, False), (False, True, False), (True, False, True), (True, True, False)],
)
def test_when_the_office_asks_the_student(approval: bool, agreed: bool, asks: bool) -> None:
    assert rules.office_asks(Policy(approval=approval), agreed) == asks


@pytest.mark.parametrize(
    ("link_ends", "code_ends", "longer"),
    [
        (None, None, False),
        (None, NOW, False),
        (NOW, None, True),
        (NOW, NOW, False),
        (NOW, NOW + MONTH, True),
        (NOW, NOW - MONTH, False),
    ],
)
def test_which_code_lets_a_link_last_longer(
    link_ends: datetime | None, code_ends: datetime | None, longer: bool
) -> None:
    assert rules.lasts_longer(Code(link_ends_at=code_ends), link_ends) == longer


@pytest.mark.parametrize(
    ("terms", "word"),
    [
        (Terms(), ""),
        (Terms("coach"), "coach/"),
        (Terms(last_day=date(2027, 3, 12)), "/2027-03-12"),
        (Terms("coach", date(2027, 3, 12)), "coach/2027-03-12"),
    ],
)
def test_terms_tell_codes_apart(terms: Terms, word: str) -> None:
    assert str(terms) == word
