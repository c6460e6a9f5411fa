"""kill -9 of the server around what Canvas cannot be asked twice: an account, a code of Canvas's own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.models import LinkState, Proof, SignUp, SignUpState, Way
from tests import valve
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, linked
from tests.journeys.rows import change, rows
from tests.journeys.test_kills import Death, Programs, begin, parent, pipe, programs, send
from tests.journeys.test_sign_up import EMAIL, PASSWORD, Family, creations, grown, made
from tests.people import Observer, Page, School, field
from tests.programs import answers, eventually
from tests.records import all_links, states, time_passes, uses

__all__ = ["parent", "pipe", "programs"]
pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

KENJI, NATIVE = 105, "aB3dE9"
CREATE = 4  # the call that makes the account: the three before it look


def sends_the_form(page: Page, url: str, family: Family, code: str) -> None:
    """A family presses the button; the server dies meanwhile."""
    name = "__Host-observatory"
    cookie = {"Cookie": f"{name}={family.browser.http.cookies[name]}"}
    form = {
        "csrf_token": field(page, "csrf_token"), "code": code, "name": "Mio Tanaka", "email": EMAIL,
        "password": PASSWORD, "terms": "y", "language": "",
    }  # fmt: skip
    try:
        answer = httpx.post(f"{url}/sign-up", data=form, headers=cookie, timeout=60, trust_env=False)
    except httpx.TransportError:
        return
    raise AssertionError(f"it lived to say {answer.status_code}")


def killed_while_signing_up(programs: Programs, family: Family, page: Page, code: str, moment: str) -> None:
    server, url = programs.server()
    eventually(lambda: answers(f"{url}/healthz"))
    death = Death("", moment, CREATE)
    programs.doom(death)
    with ThreadPoolExecutor(1) as threads:
        sent = threads.submit(sends_the_form, page, url, family, code)
        programs.die(death, server)
        sent.result(30)
    assert [row.state for row in rows(SignUp)] == [SignUpState.BEGUN]


@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_an_account_whose_server_died_is_not_asked_for_twice(
    school: School, programs: Programs, reach: str
) -> None:
    grown(school, "manage_user_logins")
    code, family = give_code(school, KENJI, reach), Family(school)
    page = family.browser.open(f"{school.base}/sign-up")
    killed_while_signing_up(programs, family, page, code, valve.AFTER)

    again = family.sends(page, code=code)
    assert "Almost there" in again.text
    time_passes()
    begin(programs.worker())
    eventually(lambda: states() == [LinkState.ACTIVE])

    assert "Your account is made" in family.browser.open(f"{school.base}/sign-up/done").text
    assert creations(school) == 1
    assert uses() == [1]
    assert linked(school, made(school)["id"], KENJI, reach)


def test_an_account_canvas_never_heard_of_is_asked_for_again(school: School, programs: Programs) -> None:
    grown(school, "manage_user_logins")
    code, family = give_code(school, KENJI, EVERYWHERE), Family(school)
    page = family.browser.open(f"{school.base}/sign-up")
    killed_while_signing_up(programs, family, page, code, valve.BEFORE)

    change(SignUp, created_at=datetime.now(UTC) - timedelta(minutes=3))
    time_passes()
    begin(programs.worker())
    eventually(lambda: [row.state for row in rows(SignUp)] == [SignUpState.UNDONE])

    assert (uses(), creations(school)) == ([0], 0)
    assert "Your account is made" in family.sends(page, code=code).text
    assert creations(school) == 1


def test_a_code_of_canvas_whose_server_died_is_written_down(
    school: School, programs: Programs, parent: Observer
) -> None:
    row = {"user_id": KENJI, "code": NATIVE, "expires_at": "2099-01-01T00:00:00Z"}
    school.changes(lambda world: world["pairing_codes"].append(row))
    server, url = programs.server()
    eventually(lambda: answers(f"{url}/healthz"))
    death = Death(EVERYWHERE, valve.AFTER, 2)  # the first call looks whom she sees
    programs.doom(death)
    with ThreadPoolExecutor(1) as threads:
        sent = threads.submit(send, parent, url, NATIVE)
        programs.die(death, server)
        sent.result(30)
    assert (states(), len(rows(Proof))) == ([], 1)

    time_passes()
    begin(programs.worker())
    eventually(lambda: rows(Proof) == [])

    assert [(link.way, link.state) for link in all_links()] == [(Way.NATIVE_CODE, LinkState.ACTIVE)]
    assert linked(school, parent.id, KENJI, EVERYWHERE)
    assert "Kenji Tanaka" in parent.portal().text
