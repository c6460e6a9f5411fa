"""Nobody changes what was written down: not in the database, or not without being found."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from app import audit, chain, db, resealing
from app.audit import Event
from app.crypto import Keyring
from app.errors import SecretUnreadable
from app.models import AuditEvent, AuditHead
from app.settings import SecretKey
from app.verifying import Flaw, Proof, holds, verify
from tests.conftest import TEST_KEY
from tests.journeys.rows import decide, rows
from tests.people import School

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def write(school_id: int, count: int = 1, **facts: audit.Fact) -> None:
    for number in range(count):
        with db.transaction() as session:
            audit.record(session, school_id, Event.CODE_ISSUED, NOW, 7, code=number, **facts)


@pytest.fixture
def school_id(registered: School) -> int:
    write(registered.institution_id, 9)
    return registered.institution_id


@pytest.fixture
def keyring(app: Flask) -> Keyring:
    found: Keyring = app.extensions["keyring"]
    return found


def proof(keyring: Keyring, school_id: int, most: int | None = None) -> Proof:
    with db.snapshot() as session:
        return verify(session, keyring, school_id, most)


@pytest.fixture
def tamper(app: Flask) -> Callable[..., None]:
    """Somebody who may do anything in the database, but has no secret key."""

    def run(statement: str, **values: object) -> None:
        postgresql = db.database.engine.dialect.name == "postgresql"
        with db.database.engine.begin() as connection:
            if postgresql:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            else:
                connection.execute(text("DROP TRIGGER IF EXISTS audit_events_stay"))
                connection.execute(text("DROP TRIGGER IF EXISTS audit_events_stay_as_they_are"))
            connection.execute(text(statement), values)

    return run


def test_each_event_has_a_number_and_holds_the_digest_before_it(school_id: int, keyring: Keyring) -> None:
    events = rows(AuditEvent)

    assert [event.number for event in events] == list(range(1, 11))
    assert proof(keyring, school_id) == Proof(chain.Head(school_id, 10, events[-1].digest), 10, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET actor_id = 8 WHERE number = 5",
        "UPDATE audit_events SET digest = digest WHERE number = 5",
        "DELETE FROM audit_events WHERE number = 5",
        "DELETE FROM audit_events",
    ],
)
def test_the_database_refuses_to_change_or_delete_events(school_id: int, statement: str) -> None:
    before = [event.digest for event in rows(AuditEvent)]

    with pytest.raises(DatabaseError, match="append only"), db.transaction() as session:
        session.execute(text(statement))

    assert [event.digest for event in rows(AuditEvent)] == before


@pytest.mark.parametrize(
    ("statement", "flaw", "number"),
    [
        ("UPDATE audit_events SET actor_id = 8 WHERE number = 5", Flaw.CHANGED, 5),
        ("UPDATE audit_events SET facts = '{\"code\": 99}' WHERE number = 5", Flaw.CHANGED, 5),
        ("UPDATE audit_events SET student_id = 3 WHERE number = 5", Flaw.CHANGED, 5),
        ("UPDATE audit_events SET digest = 'ab' WHERE number = 5", Flaw.CHANGED, 5),
        ("DELETE FROM audit_events WHERE number = 5", Flaw.MISSING, 5),
        ("DELETE FROM audit_events WHERE number = 10", Flaw.MISSING, 10),
        ("UPDATE audit_heads SET number = 9", Flaw.NOT_SIGNED, None),
        ("UPDATE audit_heads SET cut_number = 5", Flaw.NOT_SIGNED, None),
        ("UPDATE audit_heads SET signature = ''", Flaw.NOT_SIGNED, None),
        ("DELETE FROM audit_heads", Flaw.NO_HEAD, None),
        ("DELETE FROM audit_heads WHERE number = 10", Flaw.NO_HEAD, None),
    ],
)
def test_what_was_changed_in_the_database_is_found(
    school_id: int,
    keyring: Keyring,
    tamper: Callable[..., None],
    statement: str,
    flaw: Flaw,
    number: int | None,
) -> None:
    tamper(statement)

    found = proof(keyring, school_id)

    assert (found.flaw, found.number) == (flaw, number)
    assert found.proved == (number - 1 if number else 0)


def test_an_event_that_was_slipped_in_is_found(
    school_id: int, keyring: Keyring, tamper: Callable[..., None]
) -> None:
    tamper(
        "INSERT INTO audit_events (institution_id, at, event, facts, digest, number)"
        " SELECT institution_id, at, event, facts, digest, 11 FROM audit_events WHERE number = 10"
    )

    assert (proof(keyring, school_id).flaw, proof(keyring, school_id).number) == (Flaw.ADDED, 11)


def test_a_chain_forged_to_its_end_is_not_signed_by_the_next_event(
    school_id: int, keyring: Keyring, tamper: Callable[..., None]
) -> None:
    """Digests need no key: whoever writes to the database can make them all anew, but not sign."""
    before = rows(AuditEvent)[-2]
    last = {name: getattr(rows(AuditEvent)[-1], name) for name in chain.TOLD} | {"actor_id": 8}
    forged = chain.digest_of(before.digest, last)
    tamper("UPDATE audit_events SET actor_id = 8, digest = :forged WHERE number = 10", forged=forged)
    tamper("UPDATE audit_heads SET digest = :forged", forged=forged)

    write(school_id)

    assert proof(keyring, school_id).flaw is Flaw.NOT_SIGNED


def test_a_chain_whose_end_was_lost_goes_on_but_is_not_proved(
    school_id: int, keyring: Keyring, tamper: Callable[..., None]
) -> None:
    tamper("DELETE FROM audit_heads")

    write(school_id)

    assert rows(AuditEvent)[-1].number == 11
    assert proof(keyring, school_id).flaw is Flaw.NOT_SIGNED


def test_whoever_puts_back_an_old_state_is_found_by_what_was_noted(
    school_id: int, keyring: Keyring, tamper: Callable[..., None]
) -> None:
    (old,) = rows(AuditHead)
    write(school_id, 2)
    noted = proof(keyring, school_id).head
    tamper("DELETE FROM audit_events WHERE number > 10")
    put_back = "UPDATE audit_heads SET number = 10, digest = :digest, signature = :signature"
    tamper(put_back, digest=old.digest, signature=old.signature)

    assert proof(keyring, school_id).flaw is None
    with db.reading() as session:
        assert not holds(session, school_id, noted.number, noted.digest)


def test_the_newest_events_can_be_proved_alone(
    school_id: int, keyring: Keyring, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE audit_events SET actor_id = 8 WHERE number = 5")

    found = proof(keyring, school_id, most=4)

    assert (found.proved, found.unproved, found.flaw) == (4, 6, None)
    assert proof(keyring, school_id, most=6).flaw is Flaw.CHANGED


def test_a_change_that_is_undone_leaves_no_event_and_no_gap(school_id: int, keyring: Keyring) -> None:
    def revoke_and_fail() -> None:
        with db.transaction() as session:
            audit.record(session, school_id, Event.CODE_REVOKED, NOW)
            session.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(SQLAlchemyError):
        revoke_and_fail()
    write(school_id)

    assert [event.event for event in rows(AuditEvent)[-2:]] == [Event.CODE_ISSUED] * 2
    assert proof(keyring, school_id).proved == 11


def test_an_event_of_a_savepoint_goes_with_it(school_id: int, keyring: Keyring) -> None:
    with db.transaction() as session:
        audit.record(session, school_id, Event.CODE_ISSUED, NOW, code=101)
        with session.begin_nested():
            audit.record(session, school_id, Event.CODE_ISSUED, NOW, code=102)
        with session.begin_nested() as outer:
            audit.record(session, school_id, Event.CODE_ISSUED, NOW, code=103)
            with session.begin_nested():
                audit.record(session, school_id, Event.CODE_ISSUED, NOW, code=104)
            outer.rollback()
        audit.record(session, school_id, Event.CODE_ISSUED, NOW, code=105)

    assert [event.facts["code"] for event in rows(AuditEvent)[-3:]] == [101, 102, 105]
    assert proof(keyring, school_id).flaw is None


def test_many_who_write_at_once_make_one_chain(app: Flask, school_id: int, keyring: Keyring) -> None:
    def work() -> None:
        with app.app_context():
            write(school_id, 10)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert proof(keyring, school_id).proved == 70
    assert [event.number for event in rows(AuditEvent)] == list(range(1, 71))


def test_an_event_tells_under_which_policy_it_happened(school_id: int, keyring: Keyring) -> None:
    decide(school_id)
    with db.transaction() as session:
        session.execute(text("UPDATE policies SET version = 3"))
    write(school_id)

    assert [event.policy for event in rows(AuditEvent)[-2:]] == [None, 3]
    assert proof(keyring, school_id).flaw is None


def test_a_new_secret_key_signs_the_chain_anew(school_id: int, keyring: Keyring) -> None:
    new = SecretKey("t2", b"another key of thirty-two bytes!")
    both, only_new = Keyring((new, SecretKey("t1", TEST_KEY))), Keyring((new,))
    assert proof(only_new, school_id).flaw is Flaw.NOT_SIGNED
    assert proof(both, school_id).flaw is None

    tally = resealing.reseal(both, datetime.now(UTC))

    assert not tally.unreadable
    assert proof(only_new, school_id).flaw is None


def test_a_process_without_the_newest_key_writes_nothing_rather_than_break_the_chain(
    app: Flask, school_id: int, keyring: Keyring
) -> None:
    new = SecretKey("t2", b"another key of thirty-two bytes!")
    both = Keyring((new, SecretKey("t1", TEST_KEY)))
    resealing.reseal(both, datetime.now(UTC))

    with pytest.raises(SecretUnreadable, match="'t2'"):
        write(school_id)

    assert proof(both, school_id).flaw is None
    assert [event.event for event in rows(AuditEvent)[10:]] == ["secrets:rotate"]
    assert f"audit_heads.signature:{school_id}" in resealing.reseal(keyring, datetime.now(UTC)).unreadable


def test_a_head_signed_by_an_older_release_is_signed_on(
    school_id: int, keyring: Keyring, tamper: Callable[..., None]
) -> None:
    """It writes no key's name, or leaves that of another key standing."""
    for signer in (None, "t9"):
        tamper("UPDATE audit_heads SET signer = :signer", signer=signer)

        write(school_id)

        assert proof(keyring, school_id).flaw is None
        assert rows(AuditHead)[0].signer == "t1"


def test_a_chain_that_no_key_signed_is_not_signed_by_rotating(
    school_id: int, keyring: Keyring, tamper: Callable[..., None]
) -> None:
    with db.transaction() as session:
        session.execute(update(AuditHead).values(signature="ab"))

    assert f"audit_heads.signature:{school_id}" in resealing.reseal(keyring, datetime.now(UTC)).unreadable
    assert proof(keyring, school_id).flaw is Flaw.NOT_SIGNED
