"""Somebody changes something in Canvas; reconciling finds it, and does what follows, and no more."""

import pytest

from app.models import LinkState
from tests.facts import fact
from tests.journeys.drifting import (
    AN_ADMIN,
    a_day_passes,
    deletes_person,
    differences,
    enrolls,
    found,
    reconcile,
    removes,
    rows,
    unlinks,
    with_an_admin,
)
from tests.journeys.families import EVERYWHERE, ONE_COURSE, SECTIONS, give_code, in_both_sections, linked
from tests.people import ADMIN, MATHS, Admin, Observer, School
from tests.records import everything_settles, states, uses
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
KENJI = 105
WHO = "Aiko Tanaka, who observes Student 105"
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
    school: School, parent: Observer, reach: str
) -> None:
    parent.redeems(give_code(school, KENJI, reach))
    school.forgets_calls()

    run = reconcile(school)

    assert (run.looked, run.found, run.mended, run.problem) == (1, 0, 0, None)
    assert found() == []
    assert school.writes() == []
    assert linked(school, parent.id, KENJI, reach)


class TestEverywhere:
    def test_a_link_that_was_ended_in_canvas_ends_here_and_is_not_made_again(
        self, school: School, linked_parent: Observer
    ) -> None:
        unlinks(school, linked_parent.id, KENJI)

        run = reconcile(school)

        assert states() == [LinkState.ENDED]
        assert found() == [("ended_in_canvas", None)]
        assert (run.found, run.mended) == (1, 0)
        assert not linked(school, linked_parent.id, KENJI, EVERYWHERE)
        assert uses() == [1]
        assert "this connection was ended in Canvas" in linked_parent.portal().text

    def test_what_was_ended_by_mistake_is_connected_again_by_a_click(
        self, school: School, linked_parent: Observer, run_jobs: Runner
    ) -> None:
        unlinks(school, linked_parent.id, KENJI)
        reconcile(school)
        admin = Admin(school, ADMIN)

        admin.press(differences(admin), f"Connect again: {WHO}")
        run_jobs()

        assert states() == [LinkState.ENDED, LinkState.ACTIVE]
        assert linked(school, linked_parent.id, KENJI, EVERYWHERE)
        assert found() == [("ended_in_canvas", "click")]
        assert uses() == [1]
        assert "was ended in Canvas" not in linked_parent.portal().text

    def test_what_was_meant_to_end_is_left_so(self, school: School, linked_parent: Observer) -> None:
        unlinks(school, linked_parent.id, KENJI)
        reconcile(school)
        admin = Admin(school, ADMIN)

        page = admin.press(differences(admin), f"Leave it so: {WHO}")
        reconcile(school)

        assert "It stays as it is in Canvas." in page.text
        assert "Nothing to decide" in page.text
        assert found() == [("ended_in_canvas", "left")]
        assert not linked(school, linked_parent.id, KENJI, EVERYWHERE)

    def test_a_delete_that_canvas_carries_out_late_is_found_and_mended_by_a_click(
        self, school: School, parent: Observer
    ) -> None:
        parent.redeems(give_code(school, KENJI, EVERYWHERE))
        parent.leaves("Leave Kenji Tanaka")
        parent.redeems(give_code(school, KENJI, EVERYWHERE))
        unlinks(school, parent.id, KENJI)  # the first leave's call, once more

        reconcile(school)

        assert states() == [LinkState.ENDED, LinkState.ENDED]
        assert found() == [("ended_in_canvas", None)]

    @fact(
        "rest 1.7",
        "Ending a link takes the enrollments made by hand with it; they are made again for our own links.",
    )
    def test_healing_keeps_what_the_two_share_in_one_course(
        self, school: School, in_maths: Observer, run_jobs: Runner
    ) -> None:
        in_maths.redeems(give_code(school, KENJI, EVERYWHERE))
        removes(school, in_maths.id, FIRST)
        reconcile(school)
        admin = Admin(school, ADMIN)

        admin.press(differences(admin), f"Put it right: {WHO}")
        run_jobs()
        everything_settles(run_jobs)

        assert states() == [LinkState.ACTIVE, LinkState.ACTIVE]
        assert linked(school, in_maths.id, KENJI, EVERYWHERE)
        in_maths.leaves("Leave Kenji Tanaka")
        everything_settles(run_jobs)
        assert linked(school, in_maths.id, KENJI, ONE_COURSE)

    @pytest.mark.parametrize(("who", "kind"), [(44, "observer_gone"), (KENJI, "student_gone")])
    @pytest.mark.parametrize("reach", [EVERYWHERE, ONE_COURSE])
    def test_a_deleted_person_ends_the_link(
        self, school: School, parent: Observer, who: int, kind: str, reach: str
    ) -> None:
        parent.redeems(give_code(school, KENJI, reach))
        deletes_person(school, who)

        reconcile(school)

        assert (states(), found()) == ([LinkState.ENDED], [(kind, "rule")])
        assert not linked(school, parent.id, KENJI, reach)

    def test_links_that_others_made_are_counted_and_left_alone(
        self, school: School, linked_parent: Observer
    ) -> None:
        answer = school.canvas.put(f"/users/{linked_parent.id}/observees/106", AN_ADMIN)
        assert answer.status_code == 200

        run = reconcile(school)

        assert (run.looked, run.found, run.elsewhere) == (1, 0, 1)
        assert (linked_parent.id, 106) in school.links()
        page = differences(Admin(school, ADMIN))
        assert "Canvas also holds 1 connection of these observers" in page.text

    @fact(
        "rest 1.6",
        "Setting a link that stands does not put a deleted enrollment back; ending and setting it does.",
    )
    def test_a_lost_enrollment_is_told_and_healed_by_a_click_only(
        self, school: School, linked_parent: Observer, run_jobs: Runner
    ) -> None:
        removes(school, linked_parent.id, FIRST)

        reconcile(school)
        reconcile(school)

        assert found() == [("missing_enrollment", None)]
        assert len(school.observing(linked_parent.id)) == 1
        admin = Admin(school, ADMIN)
        page = differences(admin)
        assert "A section is missing (1)" in page.text
        assert "1 section is missing" in page.text

        done = admin.press(page, f"Put it right: {WHO}")
        assert "It will be done in a moment." in done.text
        run_jobs()

        assert found() == [("missing_enrollment", "click")]
        assert states() == [LinkState.ACTIVE]
        assert linked(school, linked_parent.id, KENJI, EVERYWHERE)
        assert uses() == [1]
        assert reconcile(school).found == 0
        assert "put right" in differences(admin).text


class TestOneCourse:
    @fact("rest 3.1", "An observer enrolled by hand does not follow the student to a new section.")
    def test_a_new_section_is_followed(self, school: School, in_maths: Observer) -> None:
        removes(school, KENJI, SECOND, "Student")
        reconcile(school)
        assert linked(school, in_maths.id, KENJI, ONE_COURSE)
        enrolls(school, KENJI, SECOND)
        assert school.observing(in_maths.id) == [(MATHS, FIRST, KENJI)]

        run = reconcile(school)

        assert linked(school, in_maths.id, KENJI, ONE_COURSE)
        assert (run.found, run.mended) == (1, 1)
        assert found() == [("student_moved", "rule")] * 2
        assert states() == [LinkState.ACTIVE]

    def test_a_student_who_left_is_followed_on_the_next_day(self, school: School, in_maths: Observer) -> None:
        removes(school, KENJI, kind="Student")
        reconcile(school)
        assert (states(), found()) == ([LinkState.ACTIVE], [("student_left", None)])
        assert len(rows(school, in_maths.id)) == 2

        a_day_passes()
        reconcile(school)

        assert (states(), found()) == ([LinkState.ENDED], [("student_left", "rule")])
        assert rows(school, in_maths.id) == []

    def test_a_student_who_is_back_on_the_next_day_has_not_left(
        self, school: School, in_maths: Observer
    ) -> None:
        removes(school, KENJI, kind="Student")
        reconcile(school)
        for section in SECTIONS:
            enrolls(school, KENJI, section)
        a_day_passes()

        reconcile(school)

        assert (states(), found()) == ([LinkState.ACTIVE], [("student_left", "itself")])
        assert linked(school, in_maths.id, KENJI, ONE_COURSE)

    def test_a_concluded_student_keeps_the_observer(self, school: School, in_maths: Observer) -> None:
        removes(school, KENJI, kind="Student", task="conclude")

        reconcile(school)

        assert (states(), found()) == ([LinkState.ACTIVE], [])
        assert len(rows(school, in_maths.id)) == 2

    def test_what_a_teacher_took_away_ends_the_link(self, school: School, in_maths: Observer) -> None:
        removes(school, in_maths.id)

        reconcile(school)

        assert (states(), found()) == ([LinkState.ENDED], [("ended_in_canvas", None)])
        assert rows(school, in_maths.id) == []

    def test_one_section_that_a_teacher_took_away_is_told_and_stays_away(
        self, school: School, in_maths: Observer, run_jobs: Runner
    ) -> None:
        removes(school, in_maths.id, FIRST)

        reconcile(school)
        reconcile(school)

        assert (states(), found()) == ([LinkState.ACTIVE], [("missing_enrollment", None)])
        assert school.observing(in_maths.id) == [(MATHS, SECOND, KENJI)]
        admin = Admin(school, ADMIN)
        admin.press(differences(admin), f"Put it right: {WHO}")
        run_jobs()
        assert found() == [("missing_enrollment", "click")]
        assert linked(school, in_maths.id, KENJI, ONE_COURSE)
        assert reconcile(school).found == 0

    def test_one_section_that_a_teacher_took_away_can_be_left_so(
        self, school: School, in_maths: Observer
    ) -> None:
        removes(school, in_maths.id, FIRST)
        reconcile(school)
        admin = Admin(school, ADMIN)

        admin.press(differences(admin), f"Leave it so: {WHO}")
        reconcile(school)

        assert found() == [("missing_enrollment", "left")]
        assert school.observing(in_maths.id) == [(MATHS, SECOND, KENJI)]

    def test_a_student_who_left_is_followed_at_once_by_a_click(
        self, school: School, in_maths: Observer, run_jobs: Runner
    ) -> None:
        removes(school, KENJI, kind="Student")
        reconcile(school)
        admin = Admin(school, ADMIN)

        admin.press(differences(admin), f"End it now: {WHO}")
        run_jobs()

        assert (states(), found()) == ([LinkState.ENDED], [("student_left", "click")])
        assert rows(school, in_maths.id) == []

    def test_a_row_that_was_there_before_us_stays_when_the_student_moves(
        self, school: School, parent: Observer
    ) -> None:
        removes(school, KENJI, SECOND, "Student")
        data = {"user_id": parent.id, "type": "ObserverEnrollment", "associated_user_id": KENJI}
        wish = {f"enrollment[{key}]": value for key, value in data.items()}
        school.canvas.post(f"/sections/{FIRST}/enrollments", AN_ADMIN, **wish)
        parent.redeems(give_code(school, KENJI, ONE_COURSE))
        enrolls(school, KENJI, SECOND)
        removes(school, KENJI, FIRST, "Student")

        reconcile(school)

        assert school.observing(parent.id) == [(MATHS, FIRST, KENJI), (MATHS, SECOND, KENJI)]

    def test_a_deleted_course_ends_the_link(self, school: School, in_maths: Observer) -> None:
        assert school.canvas.delete(f"/courses/{MATHS}", AN_ADMIN, event="delete").status_code == 200

        reconcile(school)

        assert (states(), found()) == ([LinkState.ENDED], [("course_gone", "rule")])

    def test_a_change_that_canvas_refuses_is_told_and_tried_again(
        self, school: School, in_maths: Observer
    ) -> None:
        removes(school, KENJI, SECOND, "Student")
        reconcile(school)
        enrolls(school, KENJI, SECOND)
        school.canvas.fault(method="POST", route="/api/v1/sections/:section_id/enrollments", status=403)

        reconcile(school)

        page = differences(Admin(school, ADMIN))
        assert "Canvas did not allow the change" in page.text
        school.mended()
        reconcile(school)
        assert found() == [("student_moved", "rule"), ("student_moved", "rule")]
        assert linked(school, in_maths.id, KENJI, ONE_COURSE)
