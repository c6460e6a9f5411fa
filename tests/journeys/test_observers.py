"""The observers' portal: whom they see, and leaving, by every way a connection can have come about."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.models import Code, Link, LinkState, PortalSession, Token
from tests.journeys.rows import change, hurry, rows
from tests.people import BIOLOGY, MATHS, PUBLIC_URL, READING, Observer, School, Student, Teacher
from tests.workers import Runner

pytestmark = pytest.mark.both_databases

Parents = Callable[[int], Observer]
ELENA, MARCUS, LUCAS, AVA, KENJI, FREYA = 40, 41, 101, 104, 105, 107


def deletions(school: School) -> list[str]:
    return [row["path"] for row in school.writes() if row["method"] == "DELETE"]


class TestThePortal:
    def test_lists_students_and_courses_with_ways_into_canvas(
        self, school: School, new_parent: Parents
    ) -> None:
        page = new_parent(ELENA).enters().portal()

        assert "Lucas Novak You see all courses, now and in future." in page.text
        canvas = school.canvas.url
        assert ("Mathematics 7", f"{canvas}/courses/{MATHS}") in page.links
        assert ("Reading Workshop", f"{canvas}/courses/{READING}") in page.links
        assert ("Grades", f"{canvas}/courses/{MATHS}/grades/{LUCAS}") in page.links
        assert "Mathematics 7" in new_parent(ELENA).browser.open(f"{canvas}/courses/{MATHS}").text

    def test_says_where_one_course_is_seen_only(self, teacher: Teacher, parent: Observer) -> None:
        parent.redeems(teacher.issues([KENJI])[0])

        assert "Kenji Tanaka You see this course only." in parent.portal().text

    def test_says_where_some_courses_are_seen_only(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])
        parent.redeems(Teacher(school, 22).issues([KENJI], BIOLOGY)[0])

        page = parent.portal()

        assert "You see these courses only." in page.text
        assert page.text.index("Biology 7") < page.text.index("Mathematics 7")

    def test_teaches_what_to_do_while_it_is_empty(self, parent: Observer) -> None:
        page = parent.enters().portal()

        assert "You are not connected to any student yet." in page.text
        assert ("Use a code", "/pair") in page.links

    def test_shows_a_student_without_open_courses(self, school: School, parent: Observer) -> None:
        parent.redeems(Student(school, KENJI).issues())

        def gone(world: dict[str, Any]) -> None:
            world["enrollments"] = [row for row in world["enrollments"] if row["user_id"] != parent.id]

        school.changes(gone)

        assert "Canvas shows no open course at the moment." in parent.portal().text

    def test_names_a_student_whom_canvas_does_not_name(self, school: School, new_parent: Parents) -> None:
        """Of a course-level observer's student Canvas tells the number only."""
        page = new_parent(MARCUS).enters().portal()

        assert "A student You see this course only." in page.text

    def test_asks_strangers_to_use_a_code_first(self, parent: Observer) -> None:
        page = parent.portal()

        assert page.url == f"{PUBLIC_URL}/pair"
        assert page.has_button("Sign in with Canvas and go on")

    def test_says_when_canvas_does_not_answer(self, school: School, parent: Observer) -> None:
        parent.enters()
        school.canvas.fault(route="/api/v1/users", html_error=True)

        page = parent.portal()

        assert page.status_code == 503
        assert "Canvas does not answer" in page.text


class TestLeaving:
    def test_a_course_is_left_by_the_service_account(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])
        school.forgets_calls()

        asked = parent.press(parent.portal(), "Leave Mathematics 7")
        assert "You will no longer see Kenji Tanaka in Mathematics 7." in asked.text
        assert "To come back, you need a new code." in asked.text
        assert school.writes() == []
        page = parent.press(asked, "Yes, leave")

        assert "You have left" in page.text
        assert "You no longer observe Kenji Tanaka in Mathematics 7" in page.text
        assert school.observing(parent.id) == []
        assert len(deletions(school)) == len(school.writes()) == 1
        assert {row["user_id"] for row in school.writes()} == {11}
        assert "You are not connected to any student yet." in parent.portal().text

    def test_a_course_of_two_sections_is_left_in_both(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(teacher.issues([FREYA])[0])
        school.forgets_calls()

        parent.leaves("Leave Mathematics 7")

        assert school.observing(parent.id) == []
        assert len(deletions(school)) == 2

    def test_all_courses_are_left_with_one_write(self, school: School, parent: Observer) -> None:
        parent.redeems(Student(school, KENJI).issues())
        school.forgets_calls()

        page = parent.leaves("Leave Kenji Tanaka")

        assert "You no longer observe Kenji Tanaka" in page.text
        assert (parent.id, KENJI) not in school.links()
        assert school.observing(parent.id) == []
        assert deletions(school) == [f"/api/v1/users/{parent.id}/observees/{KENJI}"]
        assert len(school.writes()) == 1

    def test_saying_no_changes_nothing(self, school: School, parent: Observer) -> None:
        parent.redeems(Student(school, KENJI).issues())

        asked = parent.press(parent.portal(), "Leave Kenji Tanaka")
        page = parent.follow(asked, "No, stay")

        assert "You see all courses" in page.text
        assert (parent.id, KENJI) in school.links()

    def test_one_course_stays_when_all_courses_are_left(
        self, school: School, teacher: Teacher, parent: Observer, run_jobs: Runner
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])
        parent.redeems(Student(school, KENJI).issues())

        asked = parent.press(parent.portal(), "Leave Kenji Tanaka")
        assert "You will still see Mathematics 7" in asked.text
        page = parent.press(asked, "Yes, leave")

        assert "You have left" in page.text
        hurry()
        run_jobs()
        assert (parent.id, KENJI) not in school.links()
        assert school.observing(parent.id) == [(MATHS, 1011, KENJI)]
        assert {(one.scope, one.state) for one in rows(Link)} == {("course", "active"), ("all", "ended")}

    def test_all_courses_stay_when_one_course_is_left(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])
        page = parent.portal()
        parent.redeems(Student(school, KENJI).issues())
        before = school.observing(parent.id)

        parent.press(parent.press(page, "Leave Mathematics 7"), "Yes, leave")  # the page was open meanwhile

        assert (parent.id, KENJI) in school.links()
        assert school.observing(parent.id) == before

    def test_what_canvas_made_for_all_courses_is_left_as_well(
        self, school: School, new_parent: Parents
    ) -> None:
        elena = new_parent(ELENA).enters()

        page = elena.leaves("Leave Lucas Novak")

        assert "You no longer observe Lucas Novak" in page.text
        assert school.links() == set()
        assert school.observing(ELENA) == []

    def test_what_canvas_made_for_one_course_is_left_as_well(
        self, school: School, new_parent: Parents
    ) -> None:
        marcus = new_parent(MARCUS).enters()

        marcus.leaves("Leave Mathematics 7")

        assert school.observing(MARCUS) == []

    def test_what_was_left_can_be_entered_again_with_a_new_code(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([KENJI])
        parent.redeems(code)
        parent.leaves("Leave Mathematics 7")

        assert "You are connected" in parent.redeems(code).text
        assert school.observing(parent.id) == [(MATHS, 1011, KENJI)]
        assert [code.uses for code in rows(Code)] == [2]

    @pytest.mark.parametrize(
        ("student", "course", "status"),
        [
            (str(AVA), "", 404),
            (str(AVA), str(MATHS), 404),
            (str(KENJI), str(BIOLOGY), 404),
            (str(KENJI), "999", 404),
            ("abc", "", 404),
            ("", "", 400),
            ("1" * 50, "", 400),
        ],
    )
    def test_nobody_elses_connection_can_be_left(
        self, school: School, teacher: Teacher, parent: Observer, student: str, course: str, status: int
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])
        before = (school.links(), school.observing(parent.id), school.observing(MARCUS))
        fields = {"student": student, "course": course, "sure": "1"}

        page = parent.forges(parent.portal(), "/observer/leave", **fields)

        assert page.status_code == status
        assert (school.links(), school.observing(parent.id), school.observing(MARCUS)) == before

    def test_leaving_is_finished_by_the_worker_when_canvas_does_not_answer(
        self, school: School, parent: Observer, run_jobs: Runner
    ) -> None:
        parent.redeems(Student(school, KENJI).issues())
        school.canvas.fault(method="DELETE", status=500)

        page = parent.leaves("Leave Kenji Tanaka")

        assert "Leaving" in page.text
        assert "We keep trying; you can close this page." in page.text
        assert "this connection is being ended." in parent.portal().text
        again = parent.leaves("Leave Kenji Tanaka")
        assert again.url == page.url
        school.mended()
        hurry()
        run_jobs()
        assert "You have left" in parent.browser.open(page.url).text
        assert school.observing(parent.id) == []
        assert [link.state for link in rows(Link)] == [LinkState.ENDED]

    def test_what_was_ended_in_canvas_meanwhile_is_told_and_left_alone(
        self, school: School, parent: Observer
    ) -> None:
        parent.redeems(Student(school, KENJI).issues())
        asked = parent.press(parent.portal(), "Leave Kenji Tanaka")

        def ends(world: dict[str, Any]) -> None:
            world["observation_links"] = []
            world["enrollments"] = [row for row in world["enrollments"] if row["user_id"] != parent.id]

        school.changes(ends)
        school.forgets_calls()

        page = parent.press(asked, "Yes, leave")

        assert page.status_code == 404
        assert "what you look for was ended meanwhile" in page.text
        assert school.writes() == []

    def test_an_answer_to_leaving_that_is_lost_leaves_nothing_behind(
        self, school: School, parent: Observer, run_jobs: Runner
    ) -> None:
        parent.redeems(Student(school, KENJI).issues())
        school.canvas.fault(method="DELETE", route="/api/v1/users", count=1, reset="after")

        page = parent.leaves("Leave Kenji Tanaka")

        assert "Leaving" in page.text
        hurry()
        run_jobs()
        assert "You have left" in parent.browser.open(page.url).text
        assert (parent.id, KENJI) not in school.links()


class TestSigningOut:
    def test_has_canvas_forget_the_token(self, school: School, parent: Observer) -> None:
        parent.enters()
        assert [row["revoked"] for row in self.tokens(school, parent.id)] == [False]

        page = parent.press(parent.portal(), "Sign out")

        assert "You are signed out of Observatory." in page.text
        assert [row for row in self.tokens(school, parent.id) if not row["revoked"]] == []
        assert rows(PortalSession) == []
        assert len(rows(Token)) == 1  # the service account's
        assert parent.portal().url == f"{PUBLIC_URL}/pair"

    def tokens(self, school: School, user: int) -> list[dict[str, Any]]:
        return [row for row in school.canvas.state()["access_tokens"] if row["user_id"] == user]

    @pytest.mark.parametrize("trouble", ["away", "dead", "forgotten"])
    def test_works_whatever_becomes_of_the_token(
        self, school: School, parent: Observer, trouble: str
    ) -> None:
        page = parent.enters().portal()
        if trouble == "away":
            school.canvas.fault(route="/login/oauth2/token", status=500)
        elif trouble == "dead":
            school.changes(lambda world: world.update(access_tokens=world["access_tokens"][:1]))
        else:
            school.changes(lambda world: world.update(access_tokens=world["access_tokens"][:1]))
            parent.portal()  # finds the token dead, and notes it

        assert "You are signed out" in parent.press(page, "Sign out").text
        assert len(rows(Token)) == 1

    def test_without_being_signed_in_is_harmless(self, parent: Observer) -> None:
        page = parent.enters().portal()
        parent.press(page, "Sign out")

        assert parent.press(page, "Sign out").status_code in (200, 400)


class TestAnOldVisit:
    def test_a_token_that_has_run_out_is_renewed_without_a_word(
        self, school: School, parent: Observer
    ) -> None:
        parent.enters()
        school.canvas.advance(2 * 3600)

        assert "You are not connected to any student yet." in parent.portal().text

    def test_a_token_that_was_taken_back_asks_for_a_new_sign_in(
        self, school: School, parent: Observer
    ) -> None:
        parent.redeems(Student(school, KENJI).issues())
        portal = parent.portal()
        school.changes(lambda world: world.update(access_tokens=world["access_tokens"][:1]))

        page = parent.portal()

        assert page.status_code == 401
        assert "Please sign in again" in page.text
        assert "Nothing is lost" in page.text
        assert parent.press(portal, "Leave Kenji Tanaka").status_code == 401
        parent.logs_in()
        again = parent.signs_in(parent.follow(page, "Sign in with Canvas"))
        assert "Kenji Tanaka You see all courses" in again.text

    def test_our_codes_work_without_the_observers_own_token(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([KENJI])
        parent.enters()
        school.changes(lambda world: world.update(access_tokens=world["access_tokens"][:1]))

        assert "You are connected" in parent.redeems(code).text

    def test_a_visit_that_has_run_out_begins_anew(self, school: School, parent: Observer) -> None:
        parent.redeems(Student(school, KENJI).issues())
        portal = parent.portal()
        change(PortalSession, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

        assert parent.portal().url == f"{PUBLIC_URL}/pair"
        refused = parent.press(portal, "Leave Kenji Tanaka")
        assert refused.status_code == 401
        assert "Please sign in" in refused.text
        assert ("Sign in with Canvas", "/canvas/login") in refused.links
