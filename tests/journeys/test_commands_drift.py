"""From the command line: Canvas is compared with our connections, and what differs is mended or left."""

import pytest

from app.models import AuditEvent, How
from tests.commands import Terminal, command
from tests.journeys.drifting import drifts, found, runs, unlinks, with_an_admin
from tests.journeys.rows import rows
from tests.people import School
from tests.workers import Runner

__all__ = ["command"]
pytestmark = pytest.mark.both_databases
AIKO, KENJI = 44, 105


@pytest.fixture
def parted(school: School, command: Terminal, run_jobs: Runner) -> School:
    """Two people were connected, and somebody ended it in Canvas."""
    with_an_admin(school)
    command.done("people", "connect", AIKO, KENJI)
    unlinks(school, AIKO, KENJI)
    assert "Comparing begins." in command.done("drift", "look")
    run_jobs()
    assert runs()[-1].ended_at is not None
    return school


def test_what_was_ended_in_canvas_is_told_and_connected_again(
    parted: School, command: Terminal, run_jobs: Runner
) -> None:
    (number,) = (one.id for one in drifts())
    told = command.done("drift", "show")
    assert "1 connections, 1 not as in Canvas." in told
    assert f"{number:>6}  Aiko Tanaka, who observes Kenji Tanaka: all courses, found 20" in told
    assert "Connect again: observatory drift mend NUMBER, or --all ended_in_canvas" in told
    (plain,) = command("drift", "show", "--json").json
    assert (plain["observer"], plain["kind"]) == (str(AIKO), "ended_in_canvas")

    assert command.done("drift", "mend", "--all", "ended_in_canvas") == "To be put right: 1.\n"
    run_jobs()
    assert (AIKO, KENJI) in parted.links()
    assert found() == [("ended_in_canvas", How.CLICK)]
    mended = [row for row in rows(AuditEvent) if row.event == "link:mend"]
    assert [(row.actor_id, row.facts["by"]) for row in mended] == [(None, "cli")]


def test_it_is_left_as_it_is(parted: School, command: Terminal) -> None:
    (number,) = (one.id for one in drifts())

    assert command.done("drift", "leave", number) == "It stays as it is in Canvas.\n"
    assert found() == [("ended_in_canvas", How.LEFT)]
    (left,) = (row for row in rows(AuditEvent) if row.event == "drift:leave")
    assert (left.actor_id, left.facts["by"], left.facts["kind"]) == (None, "cli", "ended_in_canvas")
    assert "Whoever runs the server left Aiko Tanaka with Kenji Tanaka as it is" in command.done(
        "audit", "list", "--kind", "connections"
    )
    assert "there is nothing of this" in command.refused("drift", "mend", number)
    assert "there is no difference" in command.refused("drift", "leave", number)


def test_what_makes_no_sense_is_told(school: School, command: Terminal) -> None:
    assert "Run: observatory drift look" in command.done("drift", "show")
    assert "say either a number or --all" in command.refused("drift", "mend")
    assert "say either" in command.refused("drift", "mend", 1, "--all", "ended_in_canvas")
