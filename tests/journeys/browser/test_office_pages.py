"""The pages of an institution's numbers, policy, events and differences, in a real browser."""

import pytest

from tests.journeys.browser.conftest import Meet
from tests.journeys.browser.looking import Looker
from tests.journeys.browser.stage import Stage
from tests.journeys.browser.visitors import press
from tests.people import ADMIN
from tests.programs import eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_numbers(meet: Meet, look: Looker, stage: Stage) -> None:
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "See the numbers", "Who has an observer")
    if frame.get_by_role("button", name="Count now").count():  # unless it began by itself
        press(frame, "Count now", "Who has an observer")
    eventually(lambda: bool(stage.tells("SELECT count(*) FROM censuses WHERE ended_at IS NOT NULL")))
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "See the numbers", "Who has an observer")
    frame.get_by_text("Counted:").wait_for()
    look("coverage", admin.page, frame)
    press(frame, "Look at Maple Grove Middle School", "Maple Grove Middle School")
    look("coverage-school", admin.page, frame)
    frame.get_by_role("button", name="Who has nobody yet in").first.click()
    frame.get_by_role("heading", name="Who has nobody yet in", level=1).wait_for()
    look("coverage-course", admin.page, frame)


def test_the_policy(meet: Meet, look: Looker, stage: Stage) -> None:
    stage.change("DELETE FROM policies")
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "See and change the policy", "Policy")
    frame.get_by_label("Times a code can be used").fill("0")
    press(frame, "See what would change", "Policy")
    assert frame.locator("[aria-invalid=true]").count() == 1
    look("policy-wrong", admin.page, frame)
    press(frame, "Propose what suits a college", "Policy")
    look("policy-college", admin.page, frame)
    press(frame, "See what would change", "")
    look("policy-changes", admin.page, frame)


def test_what_happened(meet: Meet, look: Looker) -> None:
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "See what happened", "What happened")
    frame.get_by_text("opened Observatory in Canvas").first.wait_for()
    look("audit", admin.page, frame)
    press(frame, "Check it now", "What happened")
    look("audit-proof", admin.page, frame)
    frame.get_by_label("Person: name or Canvas number").fill("nobody of this name")
    press(frame, "Show", "What happened")
    frame.get_by_text("Nothing was found").wait_for()
    frame.get_by_label("Student: name or Canvas number").fill("zzz")
    press(frame, "Show the record", "")
    look("audit-no-record", admin.page, frame)


def test_the_differences(meet: Meet, look: Looker) -> None:
    admin = meet(ADMIN)
    frame = admin.launches("/accounts/1", "Observatory at")
    press(frame, "See the differences", "Differences from Canvas")
    look("drift", admin.page, frame)
