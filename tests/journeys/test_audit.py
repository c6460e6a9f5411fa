"""What happened, told to administrators: in plain words, as files, and as a record of one student."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import db, trail
from app.audit import Event, record
from app.chain import digest_of
from app.models import AuditEvent, Link, LinkState
from app.pairing import links
from app.pairing.codes import ALL_COURSES
from app.people import remember
from app.web import trail_words
from tests.journeys.rows import change, rows
from tests.people import (
    ADMIN,
    ADVISOR,
    MATHS,
    TEACHER,
    Admin,
    Observer,
    Page,
    School,
    Student,
    Teacher,
    codes_on,
)
from tests.workers import Runner

NOW = datetime(2026, 3, 2, tzinfo=UTC)

pytestmark = pytest.mark.both_databases

KENJI, AIKO, ELENA, OTHER = 105, 44, 40, 43
UNLOCK = "DROP TRIGGER audit_events_stay"


@pytest.fixture
def admin(school: School) -> Admin:
    return Admin(school, ADMIN)


@pytest.fixture
def lived(school: School) -> School:
    """Kenji's teacher gave a code, his mother used it, saw him in one course, and left."""
    (code,) = Teacher(school, TEACHER).issues([KENJI])
    aiko = Observer(school, AIKO)
    aiko.redeems(code)
    aiko.leaves("Leave Mathematics 7")
    aiko.redeems(Student(school, KENJI).issues())
    return school


def opens(admin: Admin) -> Page:
    return admin.press(admin.opens(), "See what happened")


def lines(page: Page) -> list[dict[str, Any]]:
    return [json.loads(line) for line in page.response.text.splitlines()]


def table(page: Page) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.response.text.removeprefix("\ufeff"))))


def test_an_admin_reads_in_plain_words_who_did_what_to_whom(lived: School, admin: Admin) -> None:
    page = opens(admin)

    for words in (
        "Amara Okafor made a code for Kenji Tanaka.",
        "A code for Kenji Tanaka was used by Aiko Tanaka.",
        "From here on Aiko Tanaka can see Kenji Tanaka in Canvas.",
        "Aiko Tanaka ended their connection with Kenji Tanaka.",
        "Kenji Tanaka made a code to give away.",
        "From here on Aiko Tanaka cannot see Kenji Tanaka in Canvas any more.",
        "Helen Whitfield opened Observatory in Canvas.",
    ):
        assert words in page.text, words
    assert page.text.index("Helen Whitfield opened") < page.text.index("Amara Okafor made a code")
    assert "Mathematics 7 · by a code" in page.text


def test_names_are_on_the_page_and_not_in_the_events(lived: School) -> None:
    told = json.dumps([row.facts for row in rows(AuditEvent)])

    assert not [name for name in ("Tanaka", "Okafor", "Mathematics") if name in told]


LOOKING: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"person": "aiko"}, "was used by Aiko Tanaka", "Amara Okafor opened"),
    ({"person": str(KENJI)}, "made a code for Kenji Tanaka", "Amara Okafor opened"),
    ({"kind": "codes"}, "Amara Okafor made a code", "can see Kenji Tanaka"),
    ({"kind": "settings"}, "Canvas was registered", "Amara Okafor"),
    ({"course": "mathematics"}, "Mathematics 7", "all courses"),
    ({"course": str(MATHS)}, "Mathematics 7", "all courses"),
    ({"person": "nobody at all"}, "Nothing was found", "opened Observatory"),
    ({"until": "2020-01-01"}, "Nothing was found", "opened Observatory"),
    ({"since": "2020-01-01", "until": "2100-12-31"}, "Amara Okafor made a code", "Nothing was found"),
    ({"since": "yesterday"}, "Please type a date as year, month and day", "opened Observatory"),
    ({"until": "9999-12-31"}, "Please type a date as year, month and day", "opened Observatory"),
)


def test_events_are_found_by_person_kind_course_and_day(lived: School, admin: Admin) -> None:
    page = opens(admin)
    for looking_for, found, not_found in LOOKING:
        shown = admin.press(page, "Show", **looking_for)

        assert shown.status_code == 200
        assert found in shown.text, looking_for
        assert not_found not in shown.text, looking_for


def test_a_day_shows_what_began_on_it_though_it_was_written_down_later(school: School) -> None:
    midnight = NOW
    for code, minutes in ((1, -30), (2, 5), (3, -2), (4, 60 * 30)):
        with db.transaction() as session:
            at = midnight + timedelta(minutes=minutes)
            record(session, school.institution_id, Event.CODE_REFUSED, at, code=code)

    def on(day: datetime) -> list[int]:
        wanted = trail.Wanted(school.institution_id, since=day, until=day + timedelta(days=1))
        with db.reading() as session:
            found = [event.facts["code"] for event in trail.page(session, wanted, None, 10).events]
            assert found[::-1] == [
                e.facts["code"] for some in trail.everything(session, wanted) for e in some.events
            ]
        return found

    assert on(midnight - timedelta(days=1)) == [3, 1]
    assert on(midnight) == [2]
    assert on(midnight + timedelta(days=1)) == [4]


def test_of_many_people_or_kinds_the_newest_are_shown_each_once(school: School) -> None:
    with db.transaction() as session:
        ids = [remember(session, school.institution_id, str(n), "Twin", NOW).id for n in range(70, 75)]
        for one in ids * 2:
            record(session, school.institution_id, Event.LINK_ENDED, NOW, one, student=one, observer=ids[0])

    def numbers(**what: Any) -> list[int]:
        wanted = trail.Wanted(school.institution_id, **what)
        with db.reading() as session:
            first = trail.page(session, wanted, None, 3).events
            return [e.number for e in [*first, *trail.page(session, wanted, first[-1].number, 100).events]]

    assert numbers(people=tuple(ids)) == list(range(11, 1, -1))
    assert numbers(people=(ids[2],)) == [9, 4]
    assert numbers(events=(Event.LINK_ENDED, Event.LINK_ADDED)) == list(range(11, 1, -1))


def test_a_long_list_is_read_page_by_page(school: School, admin: Admin) -> None:
    for _ in range(60):
        page = admin.opens()

    newest = admin.press(page, "See what happened")
    older = admin.press(newest, "Older")
    with_nothing_before = admin.press(older, "Newest")

    assert newest.text.count("opened Observatory") == 50
    assert older.text.count("opened Observatory") == 10
    assert not older.has_button("Older")
    assert with_nothing_before.text.count("opened Observatory") == 50


def test_what_is_found_is_saved_for_a_spreadsheet(lived: School, admin: Admin) -> None:
    lived.changes(lambda world: next(u for u in world["users"] if u["id"] == AIKO).update(name="=1+1"))
    Observer(lived, AIKO).enters()
    admin.logs_in()
    found = admin.press(opens(admin), "Show", person=str(AIKO), kind="visits")

    saved = admin.press(found, "Save for a spreadsheet (CSV)")

    assert saved.response.headers["Content-Disposition"].endswith('.csv"')
    assert {row["what"] for row in table(saved)} == {"'=1+1 signed in."}
    assert {row["who: Canvas id"] for row in table(saved)} == {str(AIKO)}
    assert rows(AuditEvent)[-1].event == Event.DATA_EXPORTED


def test_a_saved_chain_can_be_followed_without_observatory(lived: School, admin: Admin) -> None:
    saved = lines(admin.press(opens(admin), "Save for a program (JSON lines)"))

    assert [one["number"] for one in saved] == list(range(1, len(rows(AuditEvent)) + 1))
    before = ""
    for one in saved:
        assert one["digest"] == digest_of(before, {**one, "at": datetime.fromisoformat(one["at"])})
        before = one["digest"]
    assert next(one for one in saved if one["event"] == "code:redeem")["student_canvas_id"] == str(KENJI)


class TestTheRecordOfAStudent:
    """Who had access, from when to when, how it came, who ended it."""

    def record(self, admin: Admin) -> Page:
        return admin.press(opens(admin), "Show the record", student="Kenji")

    def test_it_tells_each_access_with_its_beginning_and_end(self, lived: School, admin: Admin) -> None:
        page = self.record(admin)

        assert "Who had access to Kenji Tanaka" in page.text
        assert "Mathematics 7" in page.text
        assert "by Aiko Tanaka" in page.text
        assert "given by Amara Okafor" in page.text
        assert "all courses" in page.text
        assert "still" in page.text

    def test_it_is_saved_for_a_spreadsheet(self, lived: School, admin: Admin) -> None:
        first, second = table(admin.press(self.record(admin), "Save for a spreadsheet (CSV)"))

        assert (first["observer"], first["access to"], first["ended by"]) == (
            "Aiko Tanaka",
            "Mathematics 7",
            "observer",
        )
        assert first["from"] < first["until"]
        assert (second["access to"], second["until"], second["given by"]) == (
            "all courses",
            "",
            "Kenji Tanaka",
        )

    def test_it_tells_what_was_ended_in_canvas(self, lived: School, admin: Admin, run_jobs: Runner) -> None:
        lived.changes(lambda world: world.update(observation_links=[]))
        admin.logs_in()
        admin.press(admin.press(admin.opens(), "See the differences"), "Look now")
        run_jobs()

        assert "by somebody in Canvas" in self.record(admin).text

    def test_it_outlives_the_connections(self, lived: School, admin: Admin) -> None:
        with db.transaction() as session:
            session.execute(text("DELETE FROM links"))

        first, _second = table(admin.press(self.record(admin), "Save for a spreadsheet (CSV)"))

        assert (first["observer"], first["course: Canvas id"]) == ("Aiko Tanaka", str(MATHS))
        assert first["ended by whom"] == "Aiko Tanaka"

    def test_what_canvas_made_is_told_with_the_day_it_was_seen_there(
        self, lived: School, admin: Admin
    ) -> None:
        Observer(lived, ELENA).enters().leaves("Leave Lucas Novak")
        with db.transaction() as session:
            session.execute(text("DELETE FROM links"))

        page = admin.press(opens(admin), "Show the record", student="Lucas")
        (only,) = table(admin.press(page, "Save for a spreadsheet (CSV)"))

        assert " before " in page.text
        assert (only["observer: Canvas id"], only["how"], only["from"]) == (str(ELENA), "canvas", "")
        assert only["seen in Canvas"] <= only["until"]

    def test_what_was_left_before_canvas_held_it_was_no_access(self, lived: School, admin: Admin) -> None:
        lived.canvas.fault(method="PUT", route="/users/:user_id/observees/:observee_id", status=500)
        Observer(lived, OTHER).redeems(codes_on(Student(lived, KENJI).opens())[0])
        with db.transaction() as session:
            link = session.get_one(Link, rows(Link)[-1].id)
            assert link.state is LinkState.PENDING
            links.leave(session, link.observer, link.student, ALL_COURSES, datetime.now(UTC), timedelta(0))

        record = table(admin.press(self.record(admin), "Save for a spreadsheet (CSV)"))

        assert {one["observer: Canvas id"] for one in record} == {str(AIKO)}

    def test_a_number_that_is_given_again_joins_no_two_connections(self, lived: School, admin: Admin) -> None:
        """As SQLite does, once the newest connection is deleted."""
        with db.transaction() as session:
            session.execute(text("DELETE FROM links"))
            if session.get_bind().dialect.name == "postgresql":
                session.execute(text("ALTER SEQUENCE links_id_seq RESTART"))
        (code,) = Teacher(lived, TEACHER).issues([KENJI])
        Observer(lived, AIKO).redeems(code)
        Observer(lived, OTHER).redeems(codes_on(Student(lived, KENJI).opens())[0])

        record = table(admin.press(self.record(admin), "Save for a spreadsheet (CSV)"))

        told = [(one["observer: Canvas id"], one["access to"], bool(one["until"])) for one in record]
        aiko, other = str(AIKO), str(OTHER)
        first = [(aiko, "Mathematics 7", True), (aiko, "Mathematics 7", False)]
        assert told == [*first, (aiko, "all courses", False), (other, "all courses", False)]

    def test_it_tells_a_long_connection_whose_beginning_is_not_kept_any_more(
        self, lived: School, admin: Admin
    ) -> None:
        postgresql = db.database.engine.dialect.name == "postgresql"
        unlock = "SET LOCAL session_replication_role = replica" if postgresql else UNLOCK
        with db.transaction() as session:
            session.execute(text(unlock))
            session.execute(text("DELETE FROM audit_events WHERE event = 'link:connect'"))

        first, _second = table(admin.press(self.record(admin), "Save for a spreadsheet (CSV)"))

        assert (first["access to"], first["ended by"]) == ("Mathematics 7", "observer")
        assert first["from"] < first["until"]

    def test_what_canvas_did_not_connect_again_is_over(self, lived: School, admin: Admin) -> None:
        link = rows(Link)[-1]
        assert "still" in self.record(admin).text
        change(Link, state=LinkState.FAILED)
        with db.transaction() as session:
            about = {"link": link.id, "student": link.student_id, "observer": link.observer_id}
            record(session, lived.institution_id, Event.LINK_FAILED, datetime.now(UTC), **about)

        page = self.record(admin)

        assert "Canvas did not connect them again" in page.text
        assert "still" not in page.text

    def test_of_several_people_of_a_name_one_is_chosen(self, lived: School, admin: Admin) -> None:
        several = admin.press(opens(admin), "Show the record", student="tanaka")
        assert "Several people have such a name." in several.text

        assert "Who had access to" in admin.press(several, "Show the record of Kenji Tanaka").text

    def test_somebody_never_met_is_said_so(self, lived: School, admin: Admin) -> None:
        page = admin.press(opens(admin), "Show the record", student="Nobody At All")

        assert "Observatory has never met “Nobody At All”." in page.text

    def test_a_student_without_observers_has_an_empty_record(self, lived: School, admin: Admin) -> None:
        page = admin.press(opens(admin), "Show the record", student=str(TEACHER))

        assert "Nobody has had access" in page.text


def test_a_person_whose_name_is_gone_is_called_by_their_number(lived: School, admin: Admin) -> None:
    with db.transaction() as session:
        session.execute(text("UPDATE people SET name = canvas_user_id WHERE canvas_user_id = '44'"))

    assert "A code for Kenji Tanaka was used by Canvas user 44." in opens(admin).text


def test_the_admin_of_a_part_is_told_who_may_look(lived: School) -> None:
    advisor = Admin(lived, ADVISOR)
    page = advisor.opens(account=2)

    assert not page.has_button("See what happened")
    for path in ("", "check", "events.csv", "student", "student.csv"):
        closed = advisor.forges(advisor.press(page, "Check the setup"), f"/admin/audit/{path}")
        assert closed.status_code == 403
        assert "An administrator of the whole institution can open it" in closed.text
        assert "Tanaka" not in closed.text


def test_an_admin_acting_as_another_looks_but_saves_nothing(lived: School, admin: Admin) -> None:
    lived.changes(lambda world: world["admins"].append({"user_id": 20, "account_id": 1, "permissions": None}))
    admin.logs_in()
    admin.acts_as(20)

    page = opens(admin)

    assert "was used by Aiko Tanaka" in page.text
    assert not page.has_button("Save for a spreadsheet (CSV)")
    assert admin.forges(page, "/admin/audit/events.csv").status_code == 403
    assert admin.forges(page, "/admin/audit/student.csv", student=str(KENJI)).status_code == 403


def test_a_check_says_that_all_is_as_it_was_written(lived: School, admin: Admin) -> None:
    page = admin.press(opens(admin), "Check it now")

    assert f"{len(rows(AuditEvent))} events were checked. All are as they were written." in page.text


def test_every_event_has_a_sentence_and_a_group() -> None:
    grouped = [word for kind in trail_words.kinds() for word in trail_words.events_of(kind)]

    assert set(Event) <= set(trail_words.SENTENCES), "say it in app/web/trail_words.py"
    assert sorted(grouped) == sorted(trail_words.SENTENCES)


def test_events_know_under_which_policy_they_happened(lived: School, admin: Admin) -> None:
    assert {row.policy for row in rows(AuditEvent)} == {None}


def test_times_are_where_the_reader_is(lived: School, admin: Admin) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")

    assert "Nothing was found" in admin.press(opens(admin), "Show", since=tomorrow).text
