"""The policy as a value: when codes end, and what its proposals are."""

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, date, datetime, timedelta

import pytest

from app import policy
from app.policy import PRESETS, Policy
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
    assert PRESETS["school"] == Policy()


def test_a_college_lets_students_decide() -> None:
    college = PRESETS["college"]

    assert (college.students_end, college.approval, bool(college.agreement)) == (True, True, True)
    assert policy.changes(Policy(), college) == [
        "code_life", "code_uses", "students_end", "approval", "agreement",
    ]  # fmt: skip


def test_every_setting_has_a_field_and_says_whom_it_is_about() -> None:
    names = [f.name for f in fields(Policy)]

    assert sorted(name for _, group in GROUPS for name in group) == sorted(names)
    for name in names:
        described = getattr(PolicyForm, name).kwargs.get("description")
        assert described, name


def test_a_policy_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        Policy().code_uses = 9  # type: ignore[misc]
