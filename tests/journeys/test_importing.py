"""Observers in bulk: what a preview says, what then happens by either road, and how it is undone."""

import pytest

from app.models import ImportRoad, ImportState
from tests.journeys.importing import lend_all, memory, previewed, ran, rows, sheet, undone, verdicts
from tests.people import School

pytestmark = pytest.mark.both_databases


@pytest.fixture
def ready(school: School) -> School:
    school.changes(lend_all)
    return school


def sis(school: School, user_id: int) -> str:
    user = next(one for one in school.canvas.state()["users"] if one["id"] == user_id)
    return user["logins"][0]["sis_user_id"]


def test_a_new_parent_gets_an_account_and_sees_the_student(ready: School) -> None:
    before = memory(ready)
    content = sheet([("Nina New", "nina@family.test", sis(ready, 105)), ("Nina New", "nina@family.test", sis(ready, 106))])
    import_id = previewed(ready, content)
    assert verdicts(import_id) == ["new", "new"]
    assert memory(ready) == before

    of = ran(import_id)

    assert (of.state, of.done, of.total) == (ImportState.DONE, 2, 2)
    observer = int(rows(import_id)[0].observer_id or 0)
    assert {(observer, 105), (observer, 106)} <= ready.links()
    assert [row.state for row in rows(import_id)] == ["done", "done"]

    undone(import_id)
    assert memory(ready) == before
