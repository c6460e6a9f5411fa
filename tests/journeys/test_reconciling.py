"""Somebody changes something in Canvas; reconciling finds it, and does what follows, and no more."""

import pytest

from app.models import LinkState
from tests.facts import fact
from tests.journeys.drifting import (
    a_day_passes,
    enrolls,
    found,
    reconcile,
    removes,
    rows,
    unlinks,
    with_an_admin,
)
from tests.journeys.families import EVERYWHERE, ONE_COURSE, SECTIONS, give_code, in_both_sections, linked
from tests.people import MATHS, Observer, School
from tests.records import states, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
KENJI = 105
FIRST, SECOND = SECTIONS


@pytest.fixture
def parent(school: School) -> Observer:
    in_both_sections(school, [KENJI])
    with_an_admin(school)
    return Observer(school, 44).enters()


@pytest.fixture
def in_maths(school: School, parent: Observer) -> Observer:
    """A parent who sees Kenji in mathematics only."""
    parent.redeems(give_code(school, KENJI, ONE_COURSE))
    return parent


@pytest.fixture
def linked_parent(school: School, parent: Observer) -> Observer:
    """A parent who sees all of Kenji's courses."""
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    return parent


@pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
def test_where_all_is_well_nothing_is_found_and_nothing_written(
    school: School, parent: Observer, run_jobs: Runner, reach: str
) -> None:
    parent.redeems(give_code(school, KENJI, reach))
    school.forgets_calls()

    run = reconcile(school, run_jobs)

    assert (run.looked, run.found, run.mended, run.problem) == (1, 0, 0, None)
    assert found() == []
    assert school.writes() == []
    assert linked(school, parent.id, KENJI, reach)


class TestEverywhere:
    def test_a_link_that_was_ended_in_canvas_ends_here_and_is_not_made_again(
        self, school: School, linked_parent: Observer, run_jobs: Runner
    ) -> None:
        unlinks(school, linked_parent.id, KENJI)

        run = reconcile(school, run_jobs)

        assert states() == [LinkState.ENDED]
        assert found() == [("ended_in_canvas", None)]
        assert (run.found, run.mended) == (1, 0)
        assert not linked(school, linked_parent.id, KENJI, EVERYWHERE)
        assert uses() == [1]

    @fact(
        "rest 1.6",
        "Setting a link that stands does not put a deleted enrollment back; ending and setting it does.",
    )
    def test_a_lost_enrollment_is_told_and_healed_by_a_click_only(
        self, school: School, linked_parent: Observer, run_jobs: Runner
    ) -> None:
        removes(school, linked_parent.id, FIRST)

        reconcile(school, run_jobs)
        reconcile(school, run_jobs)

        assert found() == [("missing_enrollment", None)]
        assert len(school.observing(linked_parent.id)) == 1


class TestOneCourse:
    @fact("rest 3.1", "An observer enrolled by hand does not follow the student to a new section.")
    def test_a_new_section_is_followed(self, school: School, in_maths: Observer, run_jobs: Runner) -> None:
        removes(school, KENJI, SECOND, "Student")
        reconcile(school, run_jobs)
        assert linked(school, in_maths.id, KENJI, ONE_COURSE)
        enrolls(school, KENJI, SECOND)
        assert school.observing(in_maths.id) == [(MATHS, FIRST, KENJI)]

        run = reconcile(school, run_jobs)

        assert linked(school, in_maths.id, KENJI, ONE_COURSE)
        assert (run.found, run.mended) == (1, 1)
        assert found() == [("student_moved", "rule")] * 2
        assert states() == [LinkState.ACTIVE]

    def test_a_student_who_left_is_followed_on_the_next_day(
        self, school: School, in_maths: Observer, run_jobs: Runner
    ) -> None:
        removes(school, KENJI, kind="Student")
        reconcile(school, run_jobs)
        assert (states(), found()) == ([LinkState.ACTIVE], [("student_left", None)])
        assert len(rows(school, in_maths.id)) == 2

        a_day_passes()
        reconcile(school, run_jobs)

        assert (states(), found()) == ([LinkState.ENDED], [("student_left", "rule")])
        assert rows(school, in_maths.id) == []

    def test_a_student_who_is_back_on_the_next_day_has_not_left(
        self, school: School, in_maths: Observer, run_jobs: Runner
    ) -> None:
        removes(school, KENJI, kind="Student")
        reconcile(school, run_jobs)
        for section in SECTIONS:
            enrolls(school, KENJI, section)
        a_day_passes()

        reconcile(school, run_jobs)

        assert (states(), found()) == ([LinkState.ACTIVE], [("student_left", "itself")])
        assert linked(school, in_maths.id, KENJI, ONE_COURSE)

    def test_a_concluded_student_keeps_the_observer(
        self, school: School, in_maths: Observer, run_jobs: Runner
    ) -> None:
        removes(school, KENJI, kind="Student", task="conclude")

        reconcile(school, run_jobs)

        assert (states(), found()) == ([LinkState.ACTIVE], [])
        assert len(rows(school, in_maths.id)) == 2

    def test_what_a_teacher_took_away_ends_the_link(
        self, school: School, in_maths: Observer, run_jobs: Runner
    ) -> None:
        removes(school, in_maths.id)

        reconcile(school, run_jobs)

        assert (states(), found()) == ([LinkState.ENDED], [("ended_in_canvas", None)])
        assert rows(school, in_maths.id) == []

    def test_one_section_that_a_teacher_took_away_is_told_and_stays_away(
        self, school: School, in_maths: Observer, run_jobs: Runner
    ) -> None:
        removes(school, in_maths.id, FIRST)

        reconcile(school, run_jobs)
        reconcile(school, run_jobs)

        assert (states(), found()) == ([LinkState.ACTIVE], [("missing_enrollment", None)])
        assert school.observing(in_maths.id) == [(MATHS, SECOND, KENJI)]
