"""How many have an observer, and who has nobody yet: counted in Canvas, told to whom it concerns."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import db
from app.canvas.oauth import COVERAGE_SCOPES
from app.errors import CanvasUnreachable
from app.models import AuditEvent, Census, Code, CountedCourse, Coverage, Role, Seat
from app.pairing import census
from app.tasks import coverage as task
from app.tasks.pairing import access
from tests.journeys.families import EVERYWHERE, ONE_COURSE, give_code
from tests.journeys.rows import change, rows
from tests.people import (
    ADMIN,
    ADVISOR,
    MATHS,
    PUBLIC_URL,
    TEACHER,
    Admin,
    Observer,
    Page,
    School,
    Teacher,
    codes_on,
    row_of,
)

pytestmark = pytest.mark.both_databases

MIDDLE, HIGH, ANNEX = 2, 3, 4
CHEMISTRY, CRAFTS = 301, 401
HEAD_OF_HIGH = 23
STUDENTS = range(101, 125)


@pytest.fixture
def district(school: School) -> School:
    """A second school with a course of everybody, and an annex with two students."""
    school.changes(lambda world: (open_schools(world), allow_to_count(world)))
    return school


def open_schools(world: dict[str, Any]) -> None:
    world["accounts"] += [
        {"id": HIGH, "name": "Maple Grove High School", "parent_account_id": 1},
        {"id": ANNEX, "name": "The Annex", "parent_account_id": MIDDLE},
    ]
    world["courses"] += [course(CHEMISTRY, HIGH, "Chemistry"), course(CRAFTS, ANNEX, "Crafts")]
    world["admins"].append({"user_id": HEAD_OF_HIGH, "account_id": HIGH, "permissions": ["read_roster"]})
    world["enrollments"] += [
        {
            "id": 70_000 + course_id + student,
            "user_id": student,
            "course_id": course_id,
            "section_id": course_id * 10,
            "type": "StudentEnrollment",
            "state": "active",
        }
        for course_id, students in ((CHEMISTRY, STUDENTS), (CRAFTS, STUDENTS[:2]))
        for student in students
    ]


def course(course_id: int, account: int, name: str) -> dict[str, Any]:
    sections = [{"id": course_id * 10, "name": name}]
    return {
        "id": course_id,
        "account_id": account,
        "name": name,
        "course_code": name,
        "workflow_state": "available",
        "sections": sections,
    }


def watch(world: dict[str, Any], observer: int, students: Iterable[int]) -> None:
    """Somebody observes students in chemistry; Observatory has nothing to do with it."""
    world["enrollments"] += [
        {
            "id": 90_000 + 1000 * observer + student,
            "user_id": observer,
            "course_id": CHEMISTRY,
            "section_id": CHEMISTRY * 10,
            "type": "ObserverEnrollment",
            "associated_user_id": student,
            "state": "active",
        }
        for student in students
    ]


def allow_to_count(world: dict[str, Any]) -> None:
    world["access_tokens"][0]["scopes"] += COVERAGE_SCOPES
    world["developer_keys"][0]["scopes"] += COVERAGE_SCOPES


def counts(school: School) -> Census:
    """Count once, to the end, as the job does."""
    with db.transaction() as session:
        assert census.begin(session, school.institution_id, datetime.now(UTC))
    run = rows(Census)[-1]
    while task.count(run.id) is not None:
        pass
    return rows(Census)[-1]


def numbers(account: str = "") -> tuple[int | None, int | None, int | None]:
    row = [row for row in rows(Coverage) if row.account_id == account][-1]
    return row.none, row.one, row.several


def in_canvas(school: School, *courses: int) -> tuple[int, int, int]:
    """The same, from what Canvas holds."""
    state = school.canvas.state()
    observers: dict[int, set[int]] = defaultdict(set)
    published = {row["id"] for row in state["courses"] if row["workflow_state"] == "available"}
    live = [row for row in state["enrollments"] if row["state"] == "active" and row["course_id"] in courses]
    live = [row for row in live if row["course_id"] in published]
    sitting = {(r["course_id"], r["user_id"]) for r in live if r["type"] == "StudentEnrollment"}
    for _, student in sitting:
        observers[student] = set()
    for row in live:
        if row["type"] == "ObserverEnrollment" and (row["course_id"], row["associated_user_id"]) in sitting:
            observers[row["associated_user_id"]].add(row["user_id"])
    many = [len(found) for found in observers.values()]
    return many.count(0), many.count(1), len([each for each in many if each > 1])


ALL = (101, 102, 103, 104, 105, CHEMISTRY, CRAFTS)


def sort_courses(line: str) -> list[str]:
    """The cells of a line of the list, the courses in the order of their names."""
    *person, courses = line.split(",", 2)
    return [*person, "; ".join(sorted(courses.split("; ")))]


def sees_numbers(admin: Admin, account: int = 1) -> Page:
    return admin.press(admin.opens(account), "See the numbers")


class TestCounting:
    def test_each_student_is_counted_once_whatever_the_kind_of_link(self, district: School) -> None:
        parent = Observer(district, 44).enters()
        parent.redeems(give_code(district, 105, EVERYWHERE))
        parent.redeems(give_code(district, 106, ONE_COURSE))
        Observer(district, 43).enters().redeems(give_code(district, 105, ONE_COURSE))

        run = counts(district)

        assert (run.problem, run.only_ours, run.skipped) == (None, False, 0)
        none, one, several = numbers()
        assert (none, one, several) == in_canvas(district, *ALL)
        assert several == 1
        assert numbers(str(HIGH)) == in_canvas(district, CHEMISTRY)
        assert numbers(str(MIDDLE)) == in_canvas(district, *set(ALL) - {CHEMISTRY})
        (whole,) = (row for row in rows(Coverage) if row.account_id == "")
        assert (whole.issued, whole.redeemed, whole.everywhere, whole.in_courses) == (3, 3, 1, 2)

    def test_only_published_courses_count(self, district: School) -> None:
        counts(district)

        assert {row.course_id for row in rows(CountedCourse)} == {"101", "102", "103", "301", "401"}

    def test_a_course_whose_term_is_over_does_not_count(self, district: School) -> None:
        def end_term(world: dict[str, Any]) -> None:
            over = next(row for row in world["courses"] if row["id"] == CHEMISTRY)
            over |= {"end_at": "2026-01-31T00:00:00Z", "restrict_enrollments_to_course_dates": True}

        district.changes(end_term)
        counts(district)

        assert str(CHEMISTRY) not in {row.course_id for row in rows(CountedCourse)}
        assert numbers() == in_canvas(district, *set(ALL) - {CHEMISTRY})

    def test_a_course_that_canvas_does_not_show_keeps_the_rest_from_nothing(self, district: School) -> None:
        closed = f"/api/v1/courses/{CHEMISTRY}/enrollments"
        district.canvas.fault(method="GET", route=closed, status=403)

        run = counts(district)

        assert (run.only_ours, run.problem, run.skipped) == (False, None, 1)
        assert numbers() == in_canvas(district, *set(ALL) - {CHEMISTRY})
        assert "About 1 course Canvas gave no answer" in sees_numbers(Admin(district, ADMIN)).text

    def test_where_canvas_shows_no_course_only_our_own_records_are_counted(self, district: School) -> None:
        district.canvas.fault(method="GET", route="/api/v1/courses/:course_id/enrollments", status=403)

        assert counts(district).only_ours
        assert numbers() == (None, None, None)

    def test_counting_again_follows_canvas(self, district: School) -> None:
        counts(district)
        before = len(rows(Seat))

        def leave(world: dict[str, Any]) -> None:
            world["enrollments"] = [row for row in world["enrollments"] if row["course_id"] != CHEMISTRY]
            next(row for row in world["courses"] if row["id"] == MATHS)["workflow_state"] = "completed"

        district.changes(leave)
        counts(district)

        assert len(rows(Seat)) < before
        assert numbers() == in_canvas(district, *ALL)
        assert str(MATHS) not in {row.course_id for row in rows(CountedCourse)}

    def test_a_count_in_many_short_turns_comes_to_the_same(self, district: School) -> None:
        counts(district)
        expected = numbers(), numbers(str(HIGH)), len(rows(Seat))
        with db.transaction() as session:
            census.begin(session, district.institution_id, datetime.now(UTC))
        run, turns = rows(Census)[-1], 0
        while task_turn(run.id) is not None:
            turns += 1

        assert turns > 10
        assert (numbers(), numbers(str(HIGH)), len(rows(Seat))) == expected

    def test_while_canvas_is_away_the_count_waits_and_then_goes_on(self, district: School) -> None:
        with db.transaction() as session:
            census.begin(session, district.institution_id, datetime.now(UTC))
        run = rows(Census)[-1]
        district.canvas.fault(method="GET", route="/api/v1/courses/:course_id/enrollments", status=503)

        with pytest.raises(CanvasUnreachable):
            task.count(run.id)
        assert rows(Census)[-1].problem == "canvas_away"
        district.mended()
        assert task.count(run.id) is None

        assert numbers() == in_canvas(district, *ALL)

    def test_a_count_is_due_once_a_day(self, district: School) -> None:
        task.begin_counting()
        task.begin_counting()
        assert len(rows(Census)) == 1
        assert task.count(rows(Census)[0].id) is None
        task.begin_counting()
        assert len(rows(Census)) == 1
        change(Census, begun_at=datetime.now(UTC) - timedelta(days=1))
        task.begin_counting()
        assert len(rows(Census)) == 2

    def test_without_the_scopes_only_our_own_records_are_counted(self, school: School) -> None:
        Observer(school, 44).enters().redeems(give_code(school, 105, EVERYWHERE))

        run = counts(school)

        assert run.only_ours
        assert numbers() == (None, None, None)
        page = sees_numbers(Admin(school, ADMIN))
        assert "These are only Observatory's own records." in page.text
        assert COVERAGE_SCOPES[0] in page.text
        assert "1" in row_of(page, "Codes made")
        refused = sees_numbers(Admin(school, ADVISOR), MIDDLE)
        assert "cannot tell yet which students belong to the part you administer" in refused.text


def task_turn(run_id: int) -> timedelta | None:
    """One step of a count, and no more."""
    moments = iter([datetime.now(UTC) + timedelta(seconds=second) for second in (0, 1)])
    later = datetime.now(UTC) + timedelta(seconds=9)
    return census.turn(run_id, access(), lambda: next(moments, later), timedelta(seconds=5))


class TestLooking:
    def test_an_admin_goes_from_the_whole_to_a_course_and_makes_codes(self, district: School) -> None:
        counts(district)
        admin = Admin(district, ADMIN)
        page = sees_numbers(admin)
        none, one, several = in_canvas(district, *ALL)
        assert str(none + one + several) in row_of(page, "Students, each counted once")
        assert "Maple Grove High School" in page.text

        high = admin.forges(page, "/admin/coverage/", account=str(HIGH))
        assert "fewer than 5" in row_of(high, "Chemistry") or "not shown" in row_of(high, "Chemistry")
        who = admin.press(high, "Who has nobody yet")
        assert "Kenji Tanaka" in who.text
        assert "Lucas Novak" in who.text  # observed elsewhere; not in this course, which is new
        made = admin.press(who, "Make codes for these 24 students")

        texts = codes_on(made)
        assert len(texts) == in_canvas(district, CHEMISTRY)[0]
        assert {(code.issuer_role, code.course_id) for code in rows(Code)} == {(Role.ADMIN, "301")}
        assert "You are connected" in Observer(district, 44).enters().redeems(texts[0]).text

    def test_the_list_can_be_saved_as_a_sheet(self, district: School) -> None:
        counts(district)
        admin = Admin(district, ADMIN)

        answer = admin.forges(sees_numbers(admin), f"/admin/coverage/courses/{CHEMISTRY}/sheet")

        assert answer.response.headers["Content-Disposition"] == 'attachment; filename="nobody-yet.csv"'
        lines = answer.response.content.decode("utf-8-sig").splitlines()
        assert lines[0] == "Student,Number in Canvas,Course"
        assert "Kenji Tanaka,105,Chemistry" in lines
        saved = rows(AuditEvent)[-1]
        assert (saved.event, saved.course_id) == ("data:export", str(CHEMISTRY))
        assert "Tanaka" not in str(saved.facts)

    def test_all_of_an_institution_can_be_saved_with_their_courses(self, district: School) -> None:
        district.changes(lambda world: watch(world, 43, STUDENTS[:10]))
        counts(district)
        admin = Admin(district, ADMIN)

        answer = admin.press(sees_numbers(admin), "Save who has nobody yet (CSV)")

        header, *lines = answer.response.content.decode("utf-8-sig").splitlines()
        assert header == "Number in Canvas,Student,Courses"
        assert len(lines) == numbers()[0]
        assert "111,,Biology 7; Chemistry; Mathematics 7" in {",".join(sort_courses(line)) for line in lines}

    def test_of_a_small_part_no_number_is_told_but_who_is_to_act_gets_to_its_courses(
        self, district: School
    ) -> None:
        counts(district)
        admin = Admin(district, ADMIN)
        middle = admin.forges(sees_numbers(admin), "/admin/coverage/", account=str(MIDDLE))

        assert "fewer than 5" in row_of(middle, "The Annex")
        annex = admin.forges(middle, "/admin/coverage/", account=str(ANNEX))
        assert "too small to be told about" in annex.text
        assert row_of(annex, "Crafts") == "Crafts" + " not shown" * 4 + " Who has nobody yet"
        names = admin.press(annex, "Who has nobody yet")
        assert "Who has nobody yet in Crafts" in names.text
        assert admin.forges(middle, "/admin/coverage/sheet", account=str(ANNEX)).status_code == 404

    def test_a_principal_sees_their_school_and_no_other(self, district: School) -> None:
        counts(district)
        head = Admin(district, HEAD_OF_HIGH)
        page = sees_numbers(head, HIGH)

        assert "Who has an observer: Maple Grove High School" in page.text
        assert "Middle School" not in page.text
        assert not page.has_button("Count now")
        for account in (1, MIDDLE, ANNEX, 99):
            assert head.forges(page, "/admin/coverage/", account=str(account)).status_code == 404
            assert head.forges(page, "/admin/coverage/sheet", account=str(account)).status_code == 404
        for path in ("", "/sheet", "/codes"):
            other = head.forges(page, f"/admin/coverage/courses/{MATHS}{path}")
            assert other.status_code == (403 if path == "/codes" else 404)
        own = head.press(page, "Who has nobody yet")
        assert "Kenji Tanaka" in own.text
        assert "Codes are made by the teachers of the course" in own.text
        assert head.forges(page, f"/admin/coverage/courses/{CHEMISTRY}/codes").status_code == 403
        assert head.forges(page, "/admin/coverage/count").status_code == 403
        assert rows(Code) == []

    def test_an_admin_counts_now(self, district: School) -> None:
        admin = Admin(district, ADMIN)
        page = sees_numbers(admin)
        assert "Nothing was counted here yet." in page.text

        page = admin.press(page, "Count now")

        assert "Observatory is counting now." in page.text
        assert not page.has_button("Count now")
        assert len(rows(Census)) == 1

    def test_weeks_stand_beside_one_another_in_a_chart_and_a_table(self, district: School) -> None:
        district.changes(lambda world: watch(world, 44, STUDENTS[:14]))
        counts(district)
        week = timedelta(days=8)
        change(Census, begun_at=datetime.now(UTC) - week, ended_at=datetime.now(UTC) - week)
        district.changes(lambda world: watch(world, 43, STUDENTS[:8]))
        counts(district)

        page = sees_numbers(Admin(district, ADMIN))

        none, one, several = in_canvas(district, *ALL)
        assert min(none, one, several) >= 5
        assert row_of(page, "of them several") == f"of them several {several}"
        admin = Admin(district, ADMIN)
        sheet = admin.press(sees_numbers(admin), "Save who has nobody yet (CSV)")
        assert len(sheet.response.content.decode("utf-8-sig").splitlines()) == 1 + none
        assert rows(AuditEvent)[-1].facts == {"what": "nobody_yet", "account": "1"}
        assert "Week by week" in page.text
        assert page.response.text.count('role="img"') == 2

    def test_a_bookmark_opens_nothing(self, district: School) -> None:
        page = district.browser().open(f"{PUBLIC_URL}/admin/coverage/")

        assert page.status_code == 401


class TestTeachers:
    def test_a_teacher_sees_how_many_and_takes_the_list_along(self, district: School) -> None:
        teacher = Teacher(district, TEACHER)
        page = teacher.sees_students()
        none, one, several = in_canvas(district, MATHS)
        assert f"{one + several} of {none + one + several} students have an observer." in page.text

        teacher.issues([105, 106])
        who = teacher.press(page, "List those who have nobody yet")
        told = [row_of(who, name) for name in ("Nobody yet", "One observer", "Several observers")]
        assert told == [f"Nobody yet {none}", f"One observer {one}", f"Several observers {several}"]
        assert row_of(who, "Codes made for this course").endswith(" 2")
        assert row_of(who, "Codes used at least once").endswith(" 0")
        assert "Kenji Tanaka" in who.text
        assert "Lucas Novak" not in who.text
        sheet = teacher.press(who, "Save as a sheet (CSV)")

        assert "Kenji Tanaka,105,Mathematics 7" in sheet.response.content.decode("utf-8-sig").splitlines()
        saved = rows(AuditEvent)[-1]
        assert (saved.event, saved.course_id) == ("data:export", str(MATHS))

    def test_somebody_who_acts_as_a_teacher_reads_the_list_and_takes_nothing_along(
        self, district: School
    ) -> None:
        admin = Teacher(district, ADMIN)
        admin.acts_as(TEACHER)

        who = admin.press(admin.sees_students(), "List those who have nobody yet")

        assert "Kenji Tanaka" in who.text
        assert not who.has_button("Save as a sheet (CSV)")
        assert admin.forges(who, "/instructor/nobody-yet/sheet").status_code == 403
