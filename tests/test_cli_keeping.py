"""`audit verify`, `export` and `purge`, as whoever runs the server uses them."""

import io
import json
import sqlite3
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app import audit, db, people
from app.models import AuditEvent, Institution
from tests.commands import Terminal, command

__all__ = ["command"]

NOW = datetime(2020, 3, 1, tzinfo=UTC)


@pytest.fixture
def server(app: Flask, command: Terminal) -> Terminal:
    """A database with one institution and one person whom an old event tells of."""
    with db.transaction() as session:
        maple = Institution(slug="maple", name="Maple", canvas_url="https://maple.example", created_at=NOW)
        session.add(maple)
        session.flush()
        mia = people.remember(session, maple.id, "44", "Mia Holm", NOW)
        audit.record(session, maple.id, audit.Event.OBSERVER_SIGNED_IN, NOW, mia.id)
        audit.record(session, maple.id, audit.Event.OBSERVER_SIGNED_IN, datetime.now(UTC), mia.id)
    return command


def events() -> int:
    with db.reading() as session:
        return session.query(AuditEvent).count()


def run(server: Terminal, *words: str) -> tuple[int, str]:
    ran = server(*words)
    return ran.status, ran.out + ran.err


def test_a_sound_chain_is_told_with_its_end_to_be_noted(server: Terminal) -> None:
    status, told = run(server, "audit", "verify")

    assert status == 0
    assert told.startswith("maple: 2 events are as they were written; the last is 2:")
    noted = told.strip().rpartition(" ")[2]
    assert run(server, "audit", "verify", "--institution", "maple", "--expect", noted)[0] == 0
    status, told = run(server, "audit", "verify", "--institution", "maple", "--expect", "2:ab")
    assert (status, "event 2 is no longer the one that was expected" in told) == (1, True)


def test_a_broken_chain_is_told_with_its_first_broken_event(server: Terminal) -> None:
    with db.transaction() as session:
        session.execute(text("DROP TRIGGER audit_events_stay_as_they_are"))
        session.execute(text("UPDATE audit_events SET actor_id = 99 WHERE number = 2"))

    status, told = run(server, "audit", "verify")

    assert status == 1
    assert told == "maple: BROKEN: event 2, or the one before it, is not as it was written\n"


def test_a_copy_is_readable_for_its_maker_only_and_overwrites_nothing(
    server: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "maple.zip"

    status, told = run(server, "export", "--institution", "maple", str(file))

    assert status == 0
    assert "  1 people" in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("people.jsonl"))["name"] == "Mia Holm"
    assert events() == 3
    status, told = run(server, "export", "--institution", "maple", str(file))
    assert (status, "cannot be written: File exists." in told) == (1, True)


@pytest.mark.slow
def test_a_database_that_somebody_holds_is_told_in_a_line(server: Terminal, database_url: str) -> None:
    """Which takes the half minute that a command waits for it."""
    with sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        status, told = run(server, "keys", "rotate")
        other.execute("ROLLBACK")

    assert (status, told) == (
        1,
        "observatory: the database does not answer, or somebody holds it (OperationalError)."
        " Look whether it runs, and try again.\n",
    )


def test_purging_tells_first_and_does_it_when_it_is_told_to(server: Terminal) -> None:
    assert run(server, "purge") == (
        0,
        "maple:\n  1 audit events\nNothing was deleted yet. Add --yes to do it.\n",
    )
    assert events() == 2

    assert run(server, "purge", "--yes") == (0, "maple:\n  1 audit events\nDeleted.\n")
    assert run(server, "purge")[1].startswith("maple:\n  nothing\n")
    assert run(server, "audit", "verify")[0] == 0


def test_a_copy_on_standard_output_is_a_zip_and_nothing_else(server: Terminal) -> None:
    ran = server("export", "--institution", "maple", "-")

    assert (ran.raw[:2], ran.raw[-2:]) == (b"PK", b"\0\0")  # how a zip begins and ends
    with zipfile.ZipFile(io.BytesIO(ran.raw)) as archive:
        assert json.loads(archive.read("people.jsonl"))["name"] == "Mia Holm"
    assert "  1 people" in ran.err


def test_a_person_is_forgotten(server: Terminal) -> None:
    words = ("purge", "--institution", "maple", "--person", "44")
    kept = "  2 audit_events stay, with a number in place of the name\n"
    assert (
        run(server, *words)[1] == f"maple:\n  nothing\n{kept}Nothing was deleted yet. Add --yes to do it.\n"
    )

    assert run(server, *words, "--yes")[1].endswith("Deleted.\n")

    with db.reading() as session:
        assert session.scalars(text("SELECT name FROM people")).all() == ["44"]


def test_an_institution_is_removed(server: Terminal) -> None:
    told = run(server, "purge", "--institution", "maple", "--everything")[1]
    assert "  2 audit_events" in told
    assert "Connections that Canvas holds stay in Canvas." in told
    assert events() == 2

    assert run(server, "purge", "--institution", "maple", "--everything", "--yes")[0] == 0

    with db.reading() as session:
        assert session.query(Institution).count() == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("export", "--institution", "oak", "x.zip"), "there is no institution 'oak' on this server."),
        (("purge", "--everything"), "say of which institution, with --institution."),
        (
            ("purge", "--institution", "maple", "--person", "5"),
            "nothing is kept of a person with the number 5.",
        ),
        (("purge", "--institution", "maple", "--person", "5", "--everything"), "either --person or"),
        (("audit", "verify", "--expect", "last"), "--expect takes what a former run printed"),
        (
            ("audit", "verify", "--institution", "maple", "--expect", "9" * 20 + ":ab"),
            "--expect takes what a former run printed",
        ),
        (
            ("audit", "verify", "--institution", "maple", "--expect", "9" * 5000 + ":ab"),
            "--expect takes what a former run printed",
        ),
        (("platform", "invite", "--canvas-url", "http://[bad"), "canvas_url must start with https://"),
        (
            ("platform", "add", "--canvas-url", "http://[bad", "--client-id", "1"),
            "canvas_url must start with https://",
        ),
    ],
)
def test_what_makes_no_sense_is_told_in_a_line(server: Terminal, words: tuple[str, ...], told: str) -> None:
    status, said = run(server, *words)

    assert status == 1
    assert told in said
    assert events() == 2
