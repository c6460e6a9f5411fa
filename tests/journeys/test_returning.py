"""What others change in Canvas is found out when it matters."""

from typing import Any

import pytest

from app.models import LinkState
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code, in_both_sections, linked
from tests.people import Observer, School
from tests.records import states, uses

REACHES = pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
KENJI = 105


@pytest.fixture
def parent(school: School) -> Observer:
    in_both_sections(school, [KENJI])
    return Observer(school, 44).enters()


def remove_by_others(school: School, observer: int) -> None:
    def remove(world: dict[str, Any]) -> None:
        world["enrollments"] = [row for row in world["enrollments"] if row["user_id"] != observer]
        links = world["observation_links"]
        world["observation_links"] = [row for row in links if row["observer_id"] != observer]

    school.changes(remove)


@REACHES
def test_a_parent_whom_others_removed_in_canvas_comes_back_with_a_live_code(
    school: School, parent: Observer, reach: str
) -> None:
    code = give_code(school, KENJI, reach)
    parent.redeems(code)
    remove_by_others(school, parent.id)

    page = parent.redeems(code)

    assert page.status_code == 200
    assert linked(school, parent.id, KENJI, reach)
    assert states() == [LinkState.ENDED, LinkState.ACTIVE]
    assert uses() == [2]


@REACHES
def test_a_parent_whom_others_removed_cannot_come_back_with_a_code_that_is_used_up(
    school: School, parent: Observer, reach: str
) -> None:
    code = give_code(school, KENJI, reach)
    parent.redeems(code)
    remove_by_others(school, parent.id)
    parent.redeems(code)
    remove_by_others(school, parent.id)

    page = parent.redeems(code)

    assert page.status_code == 422
    assert "already been used" in page.text
    assert not linked(school, parent.id, KENJI, reach)


@REACHES
def test_a_parent_is_still_connected_while_canvas_does_not_say_otherwise(
    school: School, parent: Observer, reach: str
) -> None:
    code = give_code(school, KENJI, reach)
    parent.redeems(code)
    school.canvas.fault(route="/api/v1/", status=403)

    page = parent.redeems(code)

    assert page.status_code == 200
    assert states() == [LinkState.ACTIVE]
    assert uses() == [1]
