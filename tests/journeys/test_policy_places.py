"""How many observers a student can have."""

from collections import Counter

import pytest

from tests.journeys.ruling import rule
from tests.journeys.test_races import crowd_of, ready
from tests.people import Observer, School, Student, Teacher
from tests.records import all_links, at_once, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases(always=True)

LUCAS, KENJI = 101, 105
FULL = "This student has as many observers as the school allows."


@pytest.fixture
def kenji(school: School) -> Student:
    return Student(school, KENJI)


def test_one_too_many_is_told_neutrally_and_loses_nothing(school: School, kenji: Student) -> None:
    rule(school, observers_most=1, code_uses=5)
    code = kenji.issues()
    assert "You are connected" in Observer(school, 44).redeems(code).text

    page = Observer(school, 43).redeems(code)

    assert page.status_code == 422
    assert FULL in page.text
    assert "Ask the student or the school office whether there can be room for you." in page.text
    assert uses() == [1]
    assert school.links() & {(43, KENJI)} == set()


def test_somebody_who_is_there_already_may_see_more(school: School, kenji: Student, teacher: Teacher) -> None:
    rule(school, observers_most=1)
    parent = Observer(school, 44)
    parent.redeems(teacher.issues([KENJI])[0])

    assert "You are connected" in parent.redeems(kenji.issues()).text


def test_those_whom_canvas_knows_count_too(school: School) -> None:
    rule(school, observers_most=1)  # Elena Novak observes Lucas, by Canvas

    assert FULL in Observer(school, 44).redeems(Student(school, LUCAS).issues()).text
    assert all_links() == []


def test_ours_count_while_canvas_does_not_say(school: School, kenji: Student) -> None:
    rule(school, observers_most=1)
    code = kenji.issues()
    school.canvas.fault(method="GET", route=f"/api/v1/users/{KENJI}/observers", status=503)

    assert "You are connected" in Observer(school, 44).redeems(code).text
    assert FULL in Observer(school, 43).redeems(code).text


def test_nobody_loses_a_connection_when_fewer_are_allowed(
    school: School, kenji: Student, parent: Observer
) -> None:
    code = kenji.issues()
    parent.redeems(code)
    Observer(school, 43).redeems(code)

    rule(school, observers_most=1)

    assert school.links() >= {(44, KENJI), (43, KENJI)}
    assert "You were connected already" in parent.redeems(code).text


def test_a_place_is_free_again_when_somebody_leaves(school: School, kenji: Student, parent: Observer) -> None:
    rule(school, observers_most=1)
    code = kenji.issues()
    parent.redeems(code)
    parent.leaves("Leave Kenji Tanaka")

    assert "You are connected" in Observer(school, 43).redeems(code).text


def test_of_many_at_once_only_so_many_get_in(school: School, kenji: Student, run_jobs: Runner) -> None:
    rule(school, observers_most=3, code_uses=20)
    code = kenji.issues()
    crowd = crowd_of(school, 8)

    pages = at_once([ready(observer, code) for observer in crowd])
    run_jobs()

    assert Counter(page.status_code for page in pages) == {200: 3, 422: 5}
    assert len([link for link in school.links() if link[1] == KENJI]) == 3
    assert uses() == [3]
