"""What makes no sense in the environment is told in one line, before anything starts."""

import pytest

from app import settings
from app.errors import SettingsWrong

KEY = "k1:" + "A" * 43 + "="


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "foo"),
        ("DATABASE_URL", "mysql://somewhere/observatory"),
        ("OBSERVATORY_PROXIES", "nan"),
        ("OBSERVATORY_PROXIES", "inf"),
        ("OBSERVATORY_LAUNCH_HOURS", "1e15"),
        ("OBSERVATORY_LAUNCH_HOURS", "-1"),
        ("OBSERVATORY_SECRET_KEYS", "k1:Zoë"),
    ],
)
def test_a_setting_that_makes_no_sense_is_told_by_its_name(name: str, value: str) -> None:
    settings.read({"OBSERVATORY_SECRET_KEYS": KEY})

    with pytest.raises(SettingsWrong) as wrong:
        settings.read({"OBSERVATORY_SECRET_KEYS": KEY, name: value})

    (complaint,) = wrong.value.complaints
    assert name in complaint
