"""One person's page: the codes that are good, and where every connection came from and went."""

from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.models import AuditEvent
from tests.journeys.drifting import unlinks, with_an_admin
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, linked
from tests.journeys.office import EVERYTHING, Office, allow
from tests.people import ADVISOR, Admin, Observer, School, codes_on
from tests.records import all_codes

pytestmark = pytest.mark.both_databases
KENJI, AIKO = 105, 44


@pytest.fixture
def office(school: School) -> Office:
    allow(school, *EVERYTHING)
    return Office(school)


def test_the_good_codes_of_a_student_are_listed(school: School, office: Office) -> None:
    give_code(school, 106, EVERYWHERE)
    give_code(school, KENJI, ONE_COURSE)
    code = give_code(school, KENJI, EVERYWHERE)

    page = office.finds("kenji", "Kenji Tanaka")

    assert page.text.count("used 0 of 2 times") == 2
    assert "Mathematics 7 used 0 of 2 times · until" in page.text
    assert "made by Student 105 on" in page.text
    assert code not in page.text


def test_a_student_without_a_course_gets_an_observer_and_a_code(school: School, office: Office) -> None:
    def leaves(world: dict[str, Any]) -> None:
        world["enrollments"] = [row for row in world["enrollments"] if row["user_id"] != KENJI]

    school.changes(leaves)
    office.logs_in()

    page = office.adds_observer(office.finds("kenji", "Kenji Tanaka"), "aiko", "Aiko Tanaka")
    assert "Connected with Aiko Tanaka." in page.text
    (code,) = codes_on(office.press(page, "Make a code"))

    assert (AIKO, KENJI) in school.links()
    assert "You are connected" in Observer(school, 43).enters().redeems(code).text


def test_a_revoked_code_connects_nobody_and_what_it_made_stays(school: School, office: Office) -> None:
    code = give_code(school, KENJI, EVERYWHERE)
    Observer(school, AIKO).enters().redeems(code)
    office.logs_in()

    page = office.press(office.finds("kenji", "Kenji Tanaka"), "Revoke the code for all courses")

    assert "The code does not work any more." in page.text
    assert "used 1 of 2 times" not in page.text
    assert Observer(school, 43).enters().redeems(code).status_code == 422
    assert linked(school, AIKO, KENJI, EVERYWHERE)
    with db.reading() as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.event == "code:revoke"))
    assert event.actor_id not in (None, event.student_id)


def test_revoking_twice_is_told(school: School, office: Office) -> None:
    give_code(school, KENJI, EVERYWHERE)
    page = office.finds("kenji", "Kenji Tanaka")
    office.press(page, "Revoke the code for all courses")

    assert "There was no such code any more." in office.press(page, "Revoke the code for all courses").text


def test_the_admin_of_a_part_and_a_stand_in_revoke_nothing(school: School, office: Office) -> None:
    give_code(school, KENJI, EVERYWHERE)
    part = Admin(school, ADVISOR)
    assert part.forges(part.opens(account=2), "/admin/people/revoke/1", person="105").status_code == 403
    school.changes(
        lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None})
    )
    acting = Office(school)
    acting.acts_as(20)
    page = acting.finds("kenji", "Kenji Tanaka")

    assert "used 0 of 2 times" in page.text
    assert not page.has_button("Revoke the code for all courses")
    assert acting.forges(page, "/admin/people/revoke/1", person="105").status_code == 403
    assert [code.revoked_at for code in all_codes()] == [None]


def test_the_history_says_who_ended_a_connection(school: School, office: Office) -> None:
    aiko = Observer(school, AIKO).enters()
    aiko.redeems(give_code(school, KENJI, EVERYWHERE))
    aiko.leaves("Leave Kenji Tanaka")

    page = office.finds("aiko", "Aiko Tanaka")

    assert "Aiko Tanaka, who observes Kenji Tanaka all courses by a code · from" in page.text
    assert "ended by the observer" in page.text


def test_what_others_have_ended_in_canvas_is_connected_anew(school: School, office: Office) -> None:
    with_an_admin(school)
    office.logs_in()
    office.adds_observer(office.finds("kenji", "Kenji Tanaka"), "aiko", "Aiko Tanaka")
    unlinks(school, AIKO, KENJI)

    page = office.adds_observer(office.finds("kenji", "Kenji Tanaka"), "aiko", "Aiko Tanaka")

    assert "Connected with Aiko Tanaka." in page.text
    assert linked(school, AIKO, KENJI, EVERYWHERE)


def test_whom_a_code_connected_is_told_by_name(school: School, office: Office) -> None:
    code = give_code(school, KENJI, EVERYWHERE)

    page = office.press(office.finds("aiko", "Aiko Tanaka"), "Use the code", code=code)

    assert "Connected with Student 105." in page.text


def test_what_was_done_is_told_even_if_canvas_goes_away(school: School, office: Office) -> None:
    give_code(school, KENJI, EVERYWHERE)
    page = office.finds("kenji", "Kenji Tanaka")
    school.canvas.fault(method="GET", route="/api/v1/users/:user_id/observers", status=500)

    page = office.press(page, "Revoke the code for all courses")

    assert "The code does not work any more." in page.text
    assert "Canvas could not be asked for the rest of this page." in page.text
    school.mended()
    assert "Nobody yet." in office.press(page, "Open Kenji Tanaka").text
