"""Using a code: every way it can end, what it costs, and what Canvas then holds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.models import Code, Guesses, Link, LinkState
from app.pairing import spelling
from tests.journeys.rows import change, hurry, rows, uses
from tests.people import (
    MATHS,
    PUBLIC_URL,
    TEACHER,
    Observer,
    Page,
    School,
    Student,
    Teacher,
    field,
)
from tests.workers import Runner

pytestmark = pytest.mark.both_databases(always=True)

Parents = Callable[[int], Observer]
LUCAS, OMAR, AVA, KENJI, FREYA = 101, 103, 104, 105, 107


def refuses(page: Page, sentence: str, next_step: str, kept: str) -> None:
    """The page says why and what next, and keeps what was typed."""
    assert page.status_code == 422
    assert sentence in page.text
    assert next_step in page.text
    assert field(page) == kept


def concludes(world: dict[str, Any]) -> None:
    next(one for one in world["courses"] if one["id"] == MATHS)["workflow_state"] = "completed"


def leaves_course(world: dict[str, Any]) -> None:
    for row in world["enrollments"]:
        if row["user_id"] == KENJI and row["course_id"] == MATHS:
            row["state"] = "deleted"


class TestWhatWorks:
    def test_a_course_code_opens_exactly_that_course_with_one_write(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([KENJI])

        page = parent.redeems(code)

        assert "You are connected to Kenji Tanaka" in page.text
        assert "You can see one course: Mathematics 7." in page.text
        assert ("Open in Canvas", f"{school.canvas.url}/courses/{MATHS}") in page.links
        assert school.observing(parent.id) == [(MATHS, 1011, KENJI)]
        assert not any(observer == parent.id for observer, _ in school.links())
        assert [(row["method"], row["path"]) for row in school.writes()] == [
            ("POST", "/api/v1/sections/1011/enrollments")
        ]
        assert uses() == [1]

    def test_a_student_in_two_sections_is_seen_in_both_with_one_write_each(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([FREYA])

        parent.redeems(code)

        assert school.observing(parent.id) == [(MATHS, 1011, FREYA), (MATHS, 1012, FREYA)]
        assert [row["path"] for row in school.writes()] == [
            "/api/v1/sections/1011/enrollments",
            "/api/v1/sections/1012/enrollments",
        ]

    def test_an_all_course_code_opens_every_course_with_one_write(
        self, school: School, parent: Observer
    ) -> None:
        code = Student(school, KENJI).issues()

        page = parent.redeems(code)

        assert "You can see all courses." in page.text
        assert (parent.id, KENJI) in school.links()
        seen = {(course, section) for course, section, _ in school.observing(parent.id)}
        assert seen == set(school.sections_of(KENJI))
        assert [(row["method"], row["path"]) for row in school.writes()] == [
            ("PUT", f"/api/v1/users/{parent.id}/observees/{KENJI}")
        ]

    def test_a_code_may_be_typed_carelessly(self, school: School, parent: Observer) -> None:
        code = Student(school, KENJI).issues()
        ways = {
            "in small letters": code.lower(),
            "with spaces": "  ".join(code.replace("-", "")),
            "with look-alikes": code.replace("0", "o").replace("1", "l"),
            "with another dash": code.replace("-", "\u2013"),
            "pasted with more than the code": f"\t{code} \u00a0",
        }

        for way, typed in ways.items():
            assert "You are connected" in parent.redeems(typed).text, way
        assert uses() == [1]

    def test_both_parents_use_one_letter_and_a_third_person_does_not(
        self, school: School, teacher: Teacher, new_parent: Parents
    ) -> None:
        (code,) = teacher.issues([KENJI])

        for person in (44, 43):
            assert "You are connected" in new_parent(person).redeems(code).text

        refuses(
            new_parent(42).redeems(code),
            "This code has already been used as often as it can be.",
            "Ask the student or the teacher for a new code.",
            code,
        )
        assert uses() == [2]
        assert school.observing(42) == []

    def test_a_course_code_is_followed_by_an_all_course_code(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(teacher.issues([KENJI])[0])

        assert "You can see all courses." in parent.redeems(Student(school, KENJI).issues()).text
        assert (parent.id, KENJI) in school.links()

    def test_the_code_typed_before_signing_in_is_there_afterwards(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([KENJI])
        typed = code.lower().replace("-", " ")

        page = parent.browser.open(f"{PUBLIC_URL}/pair")
        assert not page.has_button("Connect me")
        page = parent.signs_in(parent.press(page, "Sign in with Canvas and go on", code=typed))

        assert field(page) == typed
        assert "You are signed in as Aiko Tanaka." in page.text
        assert "You are connected" in parent.press(page, "Connect me").text
        assert field(parent.browser.open(f"{PUBLIC_URL}/pair")) == ""

    def test_a_link_that_canvas_does_not_confirm_at_once_is_finished_by_the_worker(
        self, school: School, teacher: Teacher, parent: Observer, run_jobs: Runner
    ) -> None:
        (code,) = teacher.issues([KENJI])
        parent.enters()
        school.canvas.fault(method="POST", route="/api/v1/sections", status=500)

        page = parent.redeems(code)

        assert "Almost there" in page.text
        assert "you can close this page" in page.text
        portal = parent.portal()
        assert "Kenji Tanaka, Mathematics 7: we are waiting for Canvas." in portal.text
        assert "Almost there" in parent.follow(portal, "See more").text
        assert school.observing(parent.id) == []
        assert "Almost there" in parent.browser.http.get(page.url, headers={"HX-Request": "true"}).text
        school.mended()
        hurry()
        run_jobs()
        assert "You are connected to Kenji Tanaka" in parent.browser.open(page.url).text
        assert school.observing(parent.id) == [(MATHS, 1011, KENJI)]
        assert uses() == [1]


class TestAlreadyConnected:
    """Not an error, and it spends nothing."""

    def test_by_the_same_code(self, school: School, teacher: Teacher, parent: Observer) -> None:
        (code,) = teacher.issues([KENJI])
        parent.redeems(code)
        school.forgets_calls()

        page = parent.redeems(code)

        assert page.status_code == 200
        assert "You are connected to Kenji Tanaka" in page.text
        assert uses() == [1]
        assert school.writes() == []

    def test_also_when_the_code_is_dead_by_now(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([KENJI])
        parent.redeems(code)
        change(Code, revoked_at=datetime.now(UTC))

        assert "You are connected to Kenji Tanaka" in parent.redeems(code).text

    def test_by_a_link_that_was_made_in_canvas(self, school: School, new_parent: Parents) -> None:
        code = Student(school, LUCAS).issues()

        page = new_parent(40).redeems(code)

        assert "You are connected to Lucas Novak" in page.text
        assert "You were connected already, so your code is not used up." in page.text
        assert uses() == [0]
        assert school.writes() == []

    @pytest.mark.parametrize(("person", "pupil"), [(40, LUCAS), (41, AVA)])
    def test_by_canvas_where_the_code_is_for_one_course(
        self, school: School, teacher: Teacher, new_parent: Parents, person: int, pupil: int
    ) -> None:
        (code,) = teacher.issues([pupil])

        page = new_parent(person).redeems(code)

        assert "You were connected already, so your code is not used up." in page.text
        assert uses() == [0]
        assert school.writes() == []

    def test_by_our_all_course_link_where_the_code_is_for_one_course(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        parent.redeems(Student(school, KENJI).issues())
        (code,) = teacher.issues([KENJI])
        school.forgets_calls()

        page = parent.redeems(code)

        assert "You can see all courses." in page.text
        assert uses() == [1, 0]
        assert school.writes() == []


class TestRefusals:
    def test_nothing_typed(self, parent: Observer) -> None:
        refuses(
            parent.enters().redeems("  "),
            "Please type the code from your letter or message.",
            "It looks like K7Q2M-9XWPT.",
            "  ",
        )

    def test_nothing_but_commas_before_signing_in(self, parent: Observer) -> None:
        page = parent.browser.open(f"{PUBLIC_URL}/pair")

        page = parent.press(page, "Sign in with Canvas and go on", code=" ,; ")

        refuses(page, "Please type the code", "It looks like", " ,; ")

    def test_a_typing_mistake_is_found_before_it_counts(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([KENJI])
        wrong = code[:-1] + ("2" if code[-1] != "2" else "3")

        refuses(
            parent.enters().redeems(wrong),
            "This code has a typing mistake.",
            "Please compare it with your letter, one character at a time.",
            wrong,
        )
        assert rows(Guesses) == []

    def test_an_unknown_code(self, parent: Observer) -> None:
        code = spelling.show(spelling.make())

        refuses(
            parent.enters().redeems(code),
            "We do not know this code.",
            "If it is the same, ask for a new code.",
            code,
        )
        assert {row.kind: row.misses for row in rows(Guesses)} == {
            "observer": 1, "address": 1, "institution": 1,
        }  # fmt: skip

    def test_an_expired_code_names_its_last_day(self, school: School, parent: Observer) -> None:
        code = Student(school, KENJI).issues()
        change(Code, expires_at=datetime(2026, 1, 31, 12, tzinfo=UTC))

        refuses(
            parent.enters().redeems(code),
            "This code ended on January 31, 2026.",
            "Ask the student or the teacher for a new code.",
            code,
        )
        assert uses() == [0]

    def test_a_code_that_was_taken_back(self, school: School, parent: Observer) -> None:
        student = Student(school, KENJI)
        code = student.issues()
        student.press(student.opens(), "Take the code back")

        refuses(
            parent.enters().redeems(code),
            "This code was taken back by the person who made it.",
            "Ask the student or the teacher for a new code.",
            code,
        )

    def test_ones_own_code(self, school: School, new_parent: Parents) -> None:
        code = Student(school, KENJI).issues()

        refuses(
            new_parent(KENJI).enters().redeems(code),
            "This is your own code.",
            "They sign in with their own account and use it here.",
            code,
        )
        assert uses() == [0]

    def test_signed_in_as_the_student(self, teacher: Teacher, new_parent: Parents) -> None:
        (code,) = teacher.issues([KENJI])

        refuses(
            new_parent(KENJI).enters().redeems(code),
            "You are signed in as the student this code is for.",
            "Sign out, then sign in with your own account. Your code is not used up.",
            code,
        )

    def test_a_course_that_is_over(self, school: School, teacher: Teacher, parent: Observer) -> None:
        (code,) = teacher.issues([KENJI])
        parent.enters()
        school.changes(concludes)

        refuses(
            parent.redeems(code),
            "This course is over, so nobody can be added to it.",
            "Ask the student for a code for all courses. Your code is not used up.",
            code,
        )
        assert uses() == [0]
        assert school.observing(parent.id) == []

    def test_a_student_who_has_left_the_course(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([KENJI])
        parent.enters()
        school.changes(leaves_course)

        refuses(
            parent.redeems(code),
            "The student is no longer in this course.",
            "Ask the teacher whether the student moved to another course. Your code is not used up.",
            code,
        )
        assert uses() == [0]
        assert school.writes() == []
        assert school.observing(parent.id) == []

    def test_a_failed_pairing_says_why_also_when_it_is_looked_at_later(
        self, school: School, teacher: Teacher, parent: Observer
    ) -> None:
        (code,) = teacher.issues([KENJI])
        parent.enters()
        school.changes(leaves_course)
        parent.redeems(code)
        (link,) = rows(Link)

        page = parent.browser.open(f"{PUBLIC_URL}/observer/pairings/{link.id}")

        assert "This did not work" in page.text
        assert "The student is no longer in this course." in page.text
        assert "Ask the teacher" in page.text

    def test_an_account_that_shares_no_school_with_the_student(
        self, school: School, parent: Observer
    ) -> None:
        code = Student(school, KENJI).issues()
        parent.enters()

        def elsewhere(world: dict[str, Any]) -> None:
            world["accounts"].append({"id": 50, "name": "Elsewhere", "domain": "elsewhere.test"})
            kenji = next(user for user in world["users"] if user["id"] == KENJI)
            kenji["logins"] = [{"account_id": 50, "unique_id": "kenji"}]

        school.changes(elsewhere)

        page = parent.redeems(code)

        assert page.status_code == 422
        assert field(page) == code
        assert uses() == [0]
        assert school.observing(parent.id) == []

    def test_a_right_that_the_service_account_lacks(self, school: School, parent: Observer) -> None:
        code = Student(school, KENJI).issues()
        parent.enters()

        def weaker(world: dict[str, Any]) -> None:
            for admin in world["admins"]:
                if admin["user_id"] == 11:
                    admin["permissions"] = ["read_roster", "read_course_list"]

        school.changes(weaker)

        refuses(
            parent.redeems(code),
            "Canvas does not let Observatory do this yet.",
            "A Canvas administrator has to give Observatory one more right. Your code is not used up.",
            code,
        )
        assert uses() == [0]

    def test_a_pairing_that_is_just_being_ended(self, school: School, parent: Observer) -> None:
        code = Student(school, KENJI).issues()
        parent.redeems(code)
        school.canvas.fault(method="DELETE", status=500)
        parent.leaves("Leave Kenji Tanaka")

        refuses(
            parent.redeems(code),
            "An earlier connection to this student is just being ended.",
            "Please try again in a minute. Your code is not used up.",
            code,
        )
        assert uses() == [1]

    def test_half_a_connection_is_undone_and_never_shown_as_one(
        self, school: School, teacher: Teacher, parent: Observer, run_jobs: Runner
    ) -> None:
        (code,) = teacher.issues([FREYA])
        parent.enters()
        school.canvas.fault(method="POST", route="/api/v1/sections/1012", status=400)

        refuses(
            parent.redeems(code),
            "This connection could not be made.",
            "Please ask the school office. They can find out more and help you.",
            code,
        )
        (link,) = rows(Link)
        assert link.state is LinkState.ENDING
        assert "Freya Lindqvist, Mathematics 7: this did not work." in parent.portal().text
        told = parent.browser.open(f"{PUBLIC_URL}/observer/pairings/{link.id}")
        assert "This did not work This connection could not be made." in told.text
        school.mended()
        hurry()
        run_jobs()
        assert school.observing(parent.id) == []
        assert uses() == [0]
        assert rows(Link)[0].state is LinkState.FAILED
        assert "Freya Lindqvist, Mathematics 7: this did not work." in parent.portal().text

        assert "You can see one course: Mathematics 7." in parent.redeems(code).text
        assert "this did not work" not in parent.portal().text


class TestGuessing:
    def guesses(self, observer: Observer, times: int) -> Page:
        for _ in range(times):
            page = observer.redeems(spelling.make())
        return page

    def test_five_wrong_codes_are_free_and_then_waits_begin(self, school: School, parent: Observer) -> None:
        good = Student(school, KENJI).issues()

        assert "We do not know this code." in self.guesses(parent.enters(), 6).text

        refuses(
            parent.redeems(good),
            "There were too many wrong codes. You can try again from",
            "Your own code stays good meanwhile.",
            good,
        )
        assert uses() == [0]
        change(Guesses, wait_until=datetime.now(UTC) - timedelta(seconds=1))
        assert "You are connected" in parent.redeems(good).text

    def test_waiting_makes_no_wait_longer(self, parent: Observer) -> None:
        self.guesses(parent.enters(), 6)
        before = {row.kind: row.wait_until for row in rows(Guesses)}

        self.guesses(parent, 3)

        assert {row.kind: row.wait_until for row in rows(Guesses)} == before

    def test_the_end_of_a_wait_is_told_in_the_persons_zone(self, school: School) -> None:
        school.changes(lambda world: [user.update(time_zone="Asia/Tokyo") for user in world["users"]])
        parent = Observer(school, 44)
        self.guesses(parent.enters(), 6)
        change(Guesses, wait_until=datetime(2031, 1, 1, 2, tzinfo=UTC))

        assert "You can try again from January 1, 2031 11:00 AM." in parent.redeems(spelling.make()).text

    def test_one_address_is_limited_whoever_sits_there(self, school: School, parent: Observer) -> None:
        self.guesses(parent.enters(), 1)
        change(Guesses, misses=20)
        self.guesses(parent, 1)
        with_same_address, elsewhere = Observer(school, 43), Observer(school, 42, address="198.51.100.9")

        assert "too many wrong codes" in self.guesses(with_same_address.enters(), 1).text
        assert "We do not know this code." in self.guesses(elsewhere.enters(), 1).text

    def test_a_whole_institution_is_limited(self, school: School, parent: Observer) -> None:
        self.guesses(parent.enters(), 1)
        change(Guesses, misses=500)
        self.guesses(parent, 1)

        elsewhere = Observer(school, 42, address="198.51.100.9").enters()

        assert "too many wrong codes" in self.guesses(elsewhere, 1).text

    def test_no_address_is_kept_in_clear(self, parent: Observer) -> None:
        self.guesses(parent.enters(), 1)

        assert not any("203.0.113.7" in row.who for row in rows(Guesses))


class TestSeveralCodes:
    def test_all_good_ones_connect(self, school: School, teacher: Teacher, parent: Observer) -> None:
        first, second = teacher.issues([OMAR, KENJI])

        page = parent.enters().redeems(f"{first}, {second}")

        assert page.status_code == 200
        assert "Omar Haddad: connected." in page.text
        assert "Kenji Tanaka: connected." in page.text
        assert field(page) == ""
        assert school.observing(parent.id) == [(MATHS, 1011, OMAR), (MATHS, 1011, KENJI)]
        assert "You can see one course" in parent.follow(page, "See more").text

    def test_each_is_told_by_itself_and_only_the_refused_stay_typed(
        self, school: School, teacher: Teacher, parent: Observer, run_jobs: Runner
    ) -> None:
        first, second, third = teacher.issues([OMAR, FREYA, KENJI])  # by sortable name
        parent.enters().redeems(first)
        unknown = spelling.show(spelling.make())
        school.canvas.fault(method="POST", route="/api/v1/sections", after=1, count=2, status=500)

        page = parent.redeems(f"{first};{third},\n{unknown} , {second}, oops, {first}")

        assert page.status_code == 422
        assert "Omar Haddad: you were connected already. The code is not used up." in page.text
        assert "Kenji Tanaka: connected." in page.text
        assert "Freya Lindqvist: we are waiting for Canvas." in page.text
        assert "We do not know this code." in page.text
        assert "This code has a typing mistake." in page.text
        assert field(page) == f"{unknown}, oops"
        assert page.text.count("Omar Haddad") == 1

    def test_several_survive_the_sign_in(self, teacher: Teacher, parent: Observer) -> None:
        first, second = teacher.issues([OMAR, KENJI])

        page = parent.redeems(f"{first}\n{second}")

        assert "Omar Haddad: connected." in page.text
        assert "Kenji Tanaka: connected." in page.text


def test_nobody_else_sees_what_became_of_a_pairing(
    school: School, teacher: Teacher, parent: Observer, new_parent: Parents
) -> None:
    page = parent.redeems(teacher.issues([KENJI])[0])

    assert new_parent(43).enters().browser.open(page.url).status_code == 404
    assert parent.browser.open(f"{PUBLIC_URL}/observer/pairings/999").status_code == 404


def test_a_second_course_code_of_another_course_is_a_second_link(school: School, parent: Observer) -> None:
    parent.redeems(Teacher(school, TEACHER).issues([KENJI])[0])

    page = parent.redeems(Teacher(school, 22).issues([KENJI], 102)[0])

    assert "You can see one course: Biology 7." in page.text
    assert school.observing(parent.id) == [(MATHS, 1011, KENJI), (102, 1021, KENJI)]
