"""The policy page: proposals, a second look, and what is written down."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app import db, policy
from app.models import Agreement, AuditEvent, LtiLaunch, PolicyRow
from app.policy import Policy
from tests.browser import Page
from tests.journeys.rows import change, rows
from tests.people import ADMIN, ADVISOR, Admin, School, Student

pytestmark = pytest.mark.both_databases

SEE, SAVE = "See what would change", "Put this in force"


@pytest.fixture
def admin(school: School) -> Admin:
    return Admin(school, ADMIN)


def opens(admin: Admin) -> Page:
    return admin.press(admin.opens(), "See and change the policy")


def typed(wanted: Policy) -> dict[str, str]:
    """The settings of a policy as its fields take them, without those that are lists or days."""
    data = {name: getattr(wanted, name) for name in ("office", "time_zone", "audit_days", "agreement")}
    return {name: str(value) for name, value in data.items()} | (
        {"tas_issue": "y"} if wanted.tas_issue else {}
    )


def in_force(school: School) -> Policy:
    with db.reading() as session:
        return policy.of(session, school.institution_id)


def changed() -> list[dict[str, object]]:
    return [row.facts for row in rows(AuditEvent) if row.event == "policy:change"]


def test_a_setting_is_changed_after_a_second_look(school: School, admin: Admin) -> None:
    page = admin.press(opens(admin), SEE, code_life="14", observers_most="4", tas_issue="y")

    assert "Days a code lasts now: 30 days then: 14 days" in page.text
    assert "Codes that were made already keep the date printed on them." in page.text
    assert "now: any number then: 4" in page.text
    assert "now: no then: yes" in page.text
    assert in_force(school) == Policy()

    page = admin.press(page, SAVE)

    assert "The policy is in force." in page.text
    assert in_force(school) == Policy(code_life=timedelta(days=14), observers_most=4, tas_issue=True)
    (fact,) = changed()
    assert fact == {
        "code_life": "30 days, 0:00:00 → 14 days, 0:00:00",
        "tas_issue": "False → True",
        "observers_most": "None → 4",
    }


@pytest.mark.parametrize("name", ["school", "college"])
def test_a_proposal_is_taken_over(school: School, admin: Admin, name: str) -> None:
    page = admin.press(opens(admin), f"Propose what suits a {name}")
    assert "This is a proposal. Nothing is changed yet" in page.text

    page = admin.press(page, SEE, office="Room 12")
    admin.press(page, SAVE)

    assert in_force(school) == replace(policy.proposed(Policy(), name), office="Room 12")


def test_a_proposal_leaves_what_is_not_about_it(school: School, admin: Admin) -> None:
    own = Policy(
        tas_issue=True, office="Room 9", time_zone="America/Denver", audit_days=400, agreement="Ours"
    )
    admin.press(admin.press(opens(admin), SEE, **typed(own)), SAVE)
    assert in_force(school) == own

    page = admin.press(opens(admin), "Propose what suits a college")
    admin.press(admin.press(page, SEE), SAVE)

    college = policy.proposed(Policy(), "college")
    assert in_force(school) == replace(
        own, code_life=college.code_life, code_uses=1, students_end=True, approval=True
    )


def test_a_day_that_is_over_keeps_nothing_from_being_changed(school: School, admin: Admin) -> None:
    day = (datetime.now(UTC) + timedelta(days=100)).date()
    admin.press(admin.press(opens(admin), SEE, codes_until=day.isoformat()), SAVE)
    change(PolicyRow, codes_until=date(2020, 6, 30))

    page = admin.press(opens(admin), SEE, code_uses="3")
    assert "Or until a day, for all codes now: June 30, 2020 then: no day" in page.text
    admin.press(page, SAVE)

    assert in_force(school) == Policy(code_uses=3)


def test_a_proposal_alone_changes_nothing(school: School, admin: Admin) -> None:
    page = admin.press(opens(admin), "Propose what suits a college")
    admin.press(admin.press(page, SEE), "Leave it as it is")

    assert rows(PolicyRow) == []
    assert changed() == []


def test_what_was_typed_stays_when_something_is_amiss(admin: Admin) -> None:
    long = "x" * 5001
    page = admin.press(
        opens(admin),
        SEE,
        code_life="soon",
        code_uses="0",
        codes_until="2020-01-01",
        time_zone="Mars/Base",
        agreement=long,
        office="Room 12",
    )

    assert page.status_code == 422
    assert "5 settings need another look." in page.text
    assert "Please give a whole number from 1 to 730." in page.text
    assert "This day is over." in page.text
    assert "We do not know this time zone." in page.text
    typed = dict(page.form_with(SEE)[0].fields)
    assert (typed["code_life"], typed["code_uses"], typed["codes_until"]) == ("soon", "0", "2020-01-01")
    assert (typed["time_zone"], typed["agreement"], typed["office"]) == ("Mars/Base", long, "Room 12")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("codes_until", "tomorrow", "Please give a day like 2027-06-30."),
        ("codes_until", "9999-12-31", "more than three years away"),
        ("code_life", "9" * 5000, "Please give a whole number from 1 to 730."),
        ("code_life", "", "Please give a whole number from 1 to 730."),
        ("code_life", "٣٠", "Please give a whole number from 1 to 730."),
        ("observers_most", "0", "Please give a whole number from 1 to 50."),
        ("languages", None, "Please tick at least one language."),
        ("languages", "tlh", "is not a valid choice"),
    ],
)
def test_what_makes_no_sense_gets_a_kind_word(admin: Admin, name: str, value: str | None, words: str) -> None:
    page = opens(admin)
    fields = [pair for pair in page.form_with(SEE)[0].fields if pair[0] != name]
    fields += [*page.form_with(SEE)[0].checked] if name != "languages" else []
    fields += [(name, value)] if value is not None else []
    page = admin.browser.send(page, "/admin/policy/review", "post", fields)

    assert page.status_code == 422
    assert words in page.text


def test_going_back_from_the_second_look_keeps_everything(admin: Admin) -> None:
    page = admin.press(opens(admin), SEE, code_life="7", agreement="First line.\nSecond line.", tas_issue="y")

    page = admin.press(page, "Change something")

    form = page.form_with(SEE)[0]
    assert dict(form.fields)["code_life"] == "7"
    assert dict(form.fields)["agreement"] == "First line.\nSecond line."
    assert ("tas_issue", "y") in form.checked


def test_nothing_different_is_said_and_not_saved(admin: Admin) -> None:
    assert "Nothing is different from what holds now" in admin.press(opens(admin), SEE).text
    assert rows(PolicyRow) == []


def test_two_admins_do_not_undo_each_others_changes(school: School, admin: Admin) -> None:
    other = Admin(school, ADMIN)
    mine = admin.press(opens(admin), SEE, code_uses="3")
    theirs = other.press(opens(other), SEE, code_life="60")
    other.press(theirs, SAVE)

    page = admin.press(mine, SAVE)

    assert page.status_code == 409
    assert "Somebody else has changed the policy meanwhile." in page.text
    assert "now: 60 days then: 30 days" in page.text
    assert in_force(school) == Policy(code_life=timedelta(days=60))
    admin.press(page, SAVE)
    assert in_force(school) == Policy(code_uses=3)


def test_each_text_to_agree_to_is_a_version_that_stays(school: School, admin: Admin) -> None:
    for text in ("One.", "Two.", "", "Two."):
        admin.press(admin.press(opens(admin), SEE, agreement=text), SAVE)

    assert [(row.version, row.text) for row in rows(Agreement)] == [(1, "One."), (2, "Two."), (3, "Two.")]
    assert in_force(school).agreement == "Two."
    assert changed() == [{"agreement": "changed"}] * 4


def test_an_admin_of_a_part_is_told_who_decides(school: School) -> None:
    part = Admin(school, ADVISOR)
    page = part.opens(2)

    assert not page.has_button("See and change the policy")
    refused = part.forges(page, "/admin/policy/")
    assert refused.status_code == 403
    assert "An administrator of the whole institution can open it" in refused.text


def test_somebody_acting_as_an_admin_changes_nothing(school: School, admin: Admin) -> None:
    page = admin.press(opens(admin), SEE, code_uses="3")
    change(LtiLaunch, stand_in="masquerade")

    assert admin.press(page, SAVE).status_code == 403
    assert not admin.press(page, "Change something").has_button(SAVE)
    assert rows(PolicyRow) == []


def test_a_code_lasts_until_the_day_that_was_chosen(school: School, admin: Admin) -> None:
    day = (datetime.now(UTC) + timedelta(days=100)).date()
    page = admin.press(opens(admin), SEE, codes_until=day.isoformat(), time_zone="America/Denver")
    admin.press(page, SAVE)

    now = datetime.now(UTC)
    assert in_force(school).codes_until == day
    assert in_force(school).code_ends(now, None).astimezone(UTC).date() == day + timedelta(days=1)


def test_a_code_names_its_last_day_as_the_school_reckons_it(school: School, admin: Admin) -> None:
    day = (datetime.now(UTC) + timedelta(days=100)).date()
    page = admin.press(opens(admin), SEE, codes_until=day.isoformat(), time_zone="America/Denver")
    admin.press(page, SAVE)

    student = Student(school, 105)
    page = student.press(student.opens(), "Make a code")

    assert f"It ends on {day:%B} {day.day}, {day.year}." in page.text
