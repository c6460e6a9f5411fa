"""Many families at once, and requests that die: one account each, no use lost, none given twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app import db
from app.models import Link, LinkState, SignUp, SignUpState
from app.pairing import guesses
from app.pairing.sign_up import noting
from app.pairing.sign_up.outcomes import Asked, Work
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code
from tests.journeys.rows import change, hurry, rows, uses
from tests.journeys.test_sign_up import EMAIL, PASSWORD, Family, account, creations, grown
from tests.people import School
from tests.workers import Runner

pytestmark = pytest.mark.both_databases(always=True)

KENJI = 105


@pytest.fixture
def open_school(school: School) -> School:
    grown(school, "manage_user_logins")
    Family(school).browser.open(f"{school.base}/sign-up")  # who may sign up is known
    return school


def all_at_once(school: School, code: str, emails: list[str]) -> list[str]:
    families = [Family(school, f"203.0.113.{number}") for number in range(len(emails))]
    pages = [family.browser.open(f"{school.base}/sign-up") for family in families]
    with ThreadPoolExecutor(len(emails)) as pool:
        sent = [
            pool.submit(family.sends, page, code=code, email=email)
            for family, page, email in zip(families, pages, emails, strict=True)
        ]
    return [one.result().text for one in sent]


@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_of_four_who_use_the_same_letter_at_once_two_get_an_account(open_school: School, reach: str) -> None:
    code = give_code(open_school, KENJI, reach)
    emails = [f"number{n}@families.example" for n in range(4)]

    all_at_once(open_school, code, emails)

    assert uses() == [2]
    assert len([email for email in emails if account(open_school, email)]) == 2
    assert len(rows(Link)) == 2


def test_one_form_sent_three_times_at_once_makes_one_account(open_school: School) -> None:
    code = give_code(open_school, KENJI, EVERYWHERE)

    all_at_once(open_school, code, [EMAIL] * 3)

    assert creations(open_school) == 1
    assert uses() == [1]
    assert [row.state for row in rows(SignUp)] == [SignUpState.MADE]


def begin(school: School, reach: str) -> Work:
    """What a request does before it dies."""
    keyring, now = school.app.extensions["keyring"], datetime.now(UTC)
    code = give_code(school, KENJI, reach).replace("-", "")
    who = guesses.stranger(keyring, school.institution_id, "203.0.113.1")
    asked = Asked(name="Mio Tanaka", login=EMAIL, password=PASSWORD)
    with db.transaction() as session:
        begun = noting.begin(session, keyring, school.institution_id, asked, code, who, now, timedelta(0))
    assert isinstance(begun, Work)
    return begun


@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_a_request_that_died_before_it_asked_canvas_is_undone(
    open_school: School, run_jobs: Runner, reach: str
) -> None:
    begin(open_school, reach)
    assert uses() == [1]

    run_jobs()

    assert uses() == [0]
    assert [(row.state, row.asked) for row in rows(SignUp)] == [(SignUpState.UNDONE, "")]
    assert creations(open_school) == 0


def test_a_job_waits_for_an_account_that_may_still_be_made(open_school: School, run_jobs: Runner) -> None:
    work = begin(open_school, ONE_COURSE)
    with db.transaction() as session:
        noted = replace(work, before=())
        assert noting.note_look(session, open_school.app.extensions["keyring"], noted)

    run_jobs()
    assert [row.state for row in rows(SignUp)] == [SignUpState.BEGUN]
    open_school.changes(lambda world: world["users"].append(somebody()))
    hurry()
    run_jobs()

    assert [row.state for row in rows(SignUp)] == [SignUpState.MADE]
    hurry()
    run_jobs()
    assert [(link.state, link.scope) for link in rows(Link)] == [(LinkState.ACTIVE, "course")]
    assert uses() == [1]


def test_a_job_that_can_never_find_out_gives_the_use_back(open_school: School, run_jobs: Runner) -> None:
    work = begin(open_school, EVERYWHERE)
    with db.transaction() as session:
        noted = replace(work, before=())
        assert noting.note_look(session, open_school.app.extensions["keyring"], noted)
    open_school.changes(lambda world: world.update(access_tokens=[]))

    run_jobs()
    assert uses() == [1]
    change(SignUp, created_at=datetime.now(UTC) - timedelta(days=8))
    hurry()
    run_jobs()

    assert uses() == [0]


def somebody() -> dict[str, object]:
    return {"id": 990, "name": "Mio Tanaka", "logins": [{"unique_id": EMAIL}]}
