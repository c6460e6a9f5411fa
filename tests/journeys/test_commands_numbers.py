"""From the command line: how many have observers, and what is written down of everything that was done."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import audit, db
from app.models import AuditEvent, Census, Link, LinkState, Scope
from app.tasks import coverage as task
from tests.commands import Terminal, command
from tests.journeys.rows import rows
from tests.journeys.test_coverage import HIGH, allow_to_count, open_schools, watch
from tests.people import School

__all__ = ["command"]
pytestmark = pytest.mark.both_databases
AIKO, KENJI, ELENA, LUCAS = 44, 105, 40, 101


class TestCoverage:
    @pytest.fixture
    def counted(self, school: School, command: Terminal) -> School:
        """A district that was counted from the command line."""

        school.changes(lambda world: (open_schools(world), allow_to_count(world)))
        school.changes(lambda world: watch(world, AIKO, range(101, 111)))
        assert "Counting begins." in command.done("coverage", "count")
        while task.count(rows(Census)[-1].id) is not None:
            pass
        return school

    def test_is_shown_of_the_whole_and_of_a_part(self, counted: School, command: Terminal) -> None:
        whole = command.done("coverage", "show")
        part = command("coverage", "show", "--account", HIGH, "--json").json

        assert whole.startswith("Maple Grove Schools, counted 20")
        assert "              24  students\n" in whole
        assert "              14  nobody yet\n" in whole
        assert f"{HIGH}  Maple Grove High School: students 24, with an observer not shown\n" in whole
        assert (part["students"]["total"], part["students"]["none"]) == (
            24,
            None,
        )  # it gives a small one away
        assert [one["name"] for one in part["courses"]] == ["Chemistry"]
        assert "Numbers under 5 are not shown" in command.done("coverage", "show", "--account", HIGH)

    def test_who_has_nobody_is_saved(self, counted: School, command: Terminal, tmp_path: Path) -> None:
        command.done("coverage", "show", "--csv", tmp_path / "nobody.csv")

        lines = (tmp_path / "nobody.csv").read_text().splitlines()
        assert len(lines) == 1 + 14
        assert lines[1].startswith("111,")
        assert command.done("coverage", "show", "--csv", "-").splitlines()[1:] == lines[1:]
        told = command.refused("coverage", "show", "--account", HIGH, "--csv", tmp_path / "high.csv")
        assert "who has nobody yet is not told here" in told
        saved = [row.facts for row in rows(AuditEvent) if row.event == "data:export"]
        assert saved == [{"what": "nobody_yet", "account": "1", "by": "cli"}] * 2

    def test_what_is_not_counted_is_told(self, school: School, command: Terminal) -> None:
        assert "Run: observatory coverage count" in command.refused("coverage", "show")
        ran = command("coverage", "count")
        assert "No worker is running, so nothing goes on yet." in ran.err
        assert "counting is under way; 0 courses so far" in command.refused("coverage", "show")
        assert "under way already" in command.done("coverage", "count")

    def test_there_is_no_part_that_canvas_did_not_tell_of(self, counted: School, command: Terminal) -> None:
        assert "no account with the number 77" in command.refused("coverage", "show", "--account", 77)


class TestTheTrail:
    @pytest.fixture
    def busy(self, school: School, command: Terminal) -> School:
        """Somebody was connected, and a policy was changed."""
        command.done("people", "connect", AIKO, KENJI)
        command.done("policy", "set", "code_uses=1", "--yes")
        return school

    def test_is_listed_in_sentences_and_searched(self, busy: School, command: Terminal) -> None:
        told = command.done("audit", "list")
        assert "Whoever runs the server changed the policy.\n        code_uses: 2 → 1" in told
        assert "Whoever runs the server connected Aiko Tanaka with Kenji Tanaka.\n" in told

        connections = command("audit", "list", "--kind", "connections", "--person", "kenji", "--json").json
        assert [one["event"] for one in connections] == ["link:connect", "link:add"]
        tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
        assert command.done("audit", "list", "--since", tomorrow) == "Nothing of this kind is written down.\n"
        assert len(command.done("audit", "list", "--last", 1, "--kind", "settings").splitlines()) == 2

    def test_asks_for_more_of_a_name_that_many_courses_have(self, busy: School, command: Terminal) -> None:
        with db.transaction() as session:
            (link,) = session.query(Link)
            for number in range(51):
                session.add(
                    Link(
                        institution_id=link.institution_id,
                        observer_id=link.observer_id,
                        student_id=link.student_id,
                        scope=Scope.COURSE,
                        course_id=str(number),
                        course_name=f"Math {number}",
                        way=link.way,
                        holds_use=False,
                        state=LinkState.ENDED,
                        created_at=link.created_at,
                    )
                )

        assert "Too many courses have such a name." in command.refused("audit", "list", "--course", "math")
        assert (
            command.done("audit", "list", "--course", "math 7") == "Nothing of this kind is written down.\n"
        )

    def test_is_saved_for_people_and_for_programs(
        self, busy: School, command: Terminal, tmp_path: Path
    ) -> None:
        command.done("audit", "export", tmp_path / "events.csv", "--kind", "connections")
        command.done("audit", "export", tmp_path / "events.jsonl")

        assert len((tmp_path / "events.csv").read_text().splitlines()) == 3
        lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
        assert [line["number"] for line in lines] == [row.number for row in rows(AuditEvent)]
        assert lines[-1]["facts"] == {
            **{"what": "audit", "kind": None, "since": "", "until": ""},
            "by": "cli",
        }
        copies = len(rows(AuditEvent))
        assert "File exists" in command.refused("audit", "export", tmp_path / "events.csv")
        assert len(rows(AuditEvent)) == copies  # nothing was saved

    def test_tells_who_had_access_to_a_student(self, busy: School, command: Terminal, tmp_path: Path) -> None:
        command.done("people", "disconnect", AIKO, KENJI, "--yes")

        told = command.done("audit", "record", "kenji")
        assert told.startswith("Kenji Tanaka, Canvas number 105\n  Aiko Tanaka: all courses, from 20")
        assert told.endswith("(by the office)\n    by an administrator\n")
        (plain,) = command("audit", "record", KENJI, "--json").json
        assert (plain["observer: Canvas id"], plain["ended by"]) == (str(AIKO), "office")
        assert rows(AuditEvent)[-1].facts["what"] == "disclosures"
        command.done("audit", "record", KENJI, "--csv", tmp_path / "record.csv")
        assert len((tmp_path / "record.csv").read_text().splitlines()) == 2

    def test_tells_of_what_canvas_made_since_when_at_the_latest(
        self, busy: School, command: Terminal
    ) -> None:
        command.done("people", "disconnect", ELENA, LUCAS, "--yes")

        assert "all courses, from before 20" in command.done("audit", "record", LUCAS)
        (plain,) = command("audit", "record", LUCAS, "--json").json
        assert (plain["from"], plain["seen in Canvas"][:2]) == (None, "20")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("list", "--since", "monday"), "Please type a date as year, month and day: 2026-01-31."),
            (("export", "events.txt"), "must end in .csv or .jsonl"),
            (("record", "zzz"), "has met nobody called 'zzz'"),
            (("record", "tanaka"), "may mean several people; give a number:\n  44  Aiko Tanaka\n"),
        ],
    )
    def test_says_what_it_does_not_understand(
        self, busy: School, command: Terminal, words: tuple[str, ...], told: str
    ) -> None:
        assert told in command.refused("audit", *words)

    def test_tells_what_the_server_did_by_itself_as_such(self, busy: School, command: Terminal) -> None:
        with db.transaction() as session:
            audit.record(session, busy.institution_id, audit.Event.SERVICE_LOST, datetime.now(UTC))

        assert rows(AuditEvent)[-1].facts == {}
        assert "  Canvas no longer accepted the service account.\n" in command.done("audit", "list")
