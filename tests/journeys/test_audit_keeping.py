"""What is kept, for how long, and how it goes: by policy, of one person, of a whole institution."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app import audit, db, exporting, policy, purging, retention, verifying
from app.crypto import Keyring
from app.models import (
    Acceptance,
    AuditEvent,
    AuditHead,
    Code,
    EndRequest,
    Institution,
    Link,
    LinkState,
    Person,
    Seat,
    Token,
)
from app.pairing import agreements, ending
from tests.journeys.conftest import LENT, SECRET
from tests.journeys.families import EVERYWHERE, give_code
from tests.journeys.rows import change, rows
from tests.journeys.ruling import rule
from tests.people import ADMIN, Admin, Observer, School, Student, codes_on

pytestmark = pytest.mark.both_databases

KENJI, AIKO = 105, 44
YEARS = timedelta(days=4 * 365)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def keyring(app: Flask) -> Keyring:
    found: Keyring = app.extensions["keyring"]
    return found


@pytest.fixture
def lived(school: School) -> School:
    """Kenji gave his mother a code; she used it and left; then he asked once more who can see him."""
    kenji, aiko = Student(school, KENJI), Observer(school, AIKO)
    aiko.redeems(kenji.issues())
    aiko.leaves("Leave Kenji Tanaka")
    kenji.opens()
    return school


def person(canvas_id: int) -> Person | None:
    with db.reading() as session:
        return session.scalar(select(Person).where(Person.canvas_user_id == str(canvas_id)))


def sound(keyring: Keyring, school: School) -> verifying.Proof:
    with db.snapshot() as session:
        proof = verifying.verify(session, keyring, school.institution_id)
    assert proof.flaw is None
    return proof


class TestByPolicy:
    """What the policy says is over goes."""

    def test_nothing_is_over_at_first(self, lived: School, keyring: Keyring) -> None:
        with db.snapshot() as session:
            assert retention.over(session, lived.institution_id, now()) == {}
        assert retention.enforce(keyring, lived.institution_id, now()) == {}

    def test_what_is_told_first_is_what_goes(self, lived: School, keyring: Keyring) -> None:
        later, events = now() + YEARS, len(rows(AuditEvent))
        with db.snapshot() as session:
            told = retention.over(session, lived.institution_id, later)
        assert told == {"texts of codes": 1, "links": 1, "audit events": events}

        done = retention.enforce(keyring, lived.institution_id, later)

        assert done.items() >= told.items()
        assert done["codes"] == 1  # nothing holds it any more once the connection is gone
        assert (rows(Link), rows(Code)) == ([], [])
        assert {row.facts["what"] for row in rows(AuditEvent)} >= {"links", "codes", "audit events"}

    def test_the_chain_is_cut_and_still_proved(self, lived: School, keyring: Keyring) -> None:
        events = len(rows(AuditEvent))
        retention.enforce(keyring, lived.institution_id, now() + YEARS)

        (head,) = rows(AuditHead)
        assert head.cut_number == events
        assert rows(AuditEvent)[0].number == events + 1
        assert sound(keyring, lived).proved == head.number - events

    def test_a_broken_chain_is_not_cut(self, lived: School, keyring: Keyring) -> None:
        change(AuditHead, signature="")
        before = len(rows(AuditEvent))

        assert "audit events" not in retention.enforce(keyring, lived.institution_id, now() + YEARS)
        assert len(rows(AuditEvent)) > before

    def test_people_nobody_speaks_of_any_more_go_last(self, lived: School, keyring: Keyring) -> None:
        later = now() + YEARS
        retention.enforce(keyring, lived.institution_id, later)
        for table in ("portal_sessions", "lti_launches"):
            with db.transaction() as session:
                session.execute(text(f"DELETE FROM {table}"))  # noqa: S608

        retention.enforce(keyring, lived.institution_id, later)

        names = {row.name for row in rows(Person)}
        assert "Kenji Tanaka" not in names
        assert names >= {"Aiko Tanaka", "Observatory Service"}  # whose tokens are there

    def test_what_holds_nobody_any_more_goes_too(self, lived: School, keyring: Keyring) -> None:
        kenji, aiko = person(KENJI), person(AIKO)
        assert kenji
        assert aiko
        rule(lived, agreement="Be kind.")
        with db.transaction() as session:
            agreement = policy.in_force(session, lived.institution_id).agreement
            assert agreement
            agreements.accept(session, aiko, agreement, now())
            ending.ask_office(session, kenji, aiko, now())
            session.execute(update(EndRequest).values(settled_at=now()))
            session.execute(update(Token).where(Token.person_id == aiko.id).values(dead_since=now()))

        done = retention.enforce(keyring, lived.institution_id, now() + YEARS)

        assert done.items() >= {"end requests": 1, "dead tokens": 1, "acceptances": 1}.items()
        assert (rows(Acceptance), rows(EndRequest), len(rows(Token))) == ([], [], 1)

    def test_who_still_observes_has_still_agreed(self, school: School, keyring: Keyring) -> None:
        rule(school, agreement="Be kind.")
        aiko = Observer(school, AIKO).enters()
        aiko.press(aiko.redeems(give_code(school, KENJI, EVERYWHERE)), "I agree; connect me")

        retention.enforce(keyring, school.institution_id, now() + YEARS)

        assert len(rows(Acceptance)) == 1

    def test_open_connections_stay_however_old(self, school: School, keyring: Keyring) -> None:
        Observer(school, AIKO).redeems(give_code(school, KENJI, EVERYWHERE))

        retention.enforce(keyring, school.institution_id, now() + YEARS)

        assert [link.state for link in rows(Link)] == [LinkState.ACTIVE]


class TestOnePerson:
    """Everything of one person goes; what others did or were told keeps the number."""

    def forget(self, canvas_id: int, really: bool = True) -> purging.Forgotten | purging.StillConnected:
        with db.transaction() as session:
            found = session.scalars(select(Person).where(Person.canvas_user_id == str(canvas_id))).one()
            return purging.forget(session, found, now(), really=really)

    def test_it_is_told_first_and_nothing_is_done(self, lived: School) -> None:
        before = [len(rows(table)) for table in (Link, Code, Token, AuditEvent)]

        told = self.forget(AIKO, really=False)

        assert isinstance(told, purging.Forgotten)
        assert told.deleted.items() >= {"links": 1, "tokens": 1, "portal_sessions": 1}.items()
        assert set(told.kept) == {"audit_events"}
        assert [len(rows(table)) for table in (Link, Code, Token, AuditEvent)] == before
        assert (found := person(AIKO)) is not None
        assert found.name == "Aiko Tanaka"
        assert told == self.forget(AIKO)

    def test_the_record_of_the_other_person_still_tells_of_them(
        self, lived: School, keyring: Keyring
    ) -> None:
        self.forget(AIKO)

        admin = Admin(lived, ADMIN)
        page = admin.press(admin.opens(), "See what happened")
        record = admin.press(page, "Show the record", student=str(KENJI))
        assert "Aiko" not in page.text + record.text
        assert "Canvas user 44" in page.text
        assert "Canvas user 44" in record.text
        sound(keyring, lived)

    def test_a_student_goes_with_their_codes(self, lived: School) -> None:
        self.forget(KENJI)

        assert rows(Code) == []
        assert (found := person(KENJI)) is not None
        assert found.name == str(KENJI)

    def test_rows_that_name_them_as_canvas_does_go_too(self, lived: School) -> None:
        seats = [Seat(course_id="101", student_id=str(KENJI), observer_id=who) for who in ("", str(AIKO))]
        with db.transaction() as session:
            for seat in seats:
                seat.institution_id = lived.institution_id
            session.add_all(seats)
        assert len(exported(lived, person(AIKO))["seats"]) == 1

        told = self.forget(AIKO)

        assert isinstance(told, purging.Forgotten)
        assert told.deleted["seats"] == 1
        assert [seat.observer_id for seat in rows(Seat)] == [""]

    def test_whoever_is_still_connected_stays(self, school: School) -> None:
        Observer(school, AIKO).redeems(give_code(school, KENJI, EVERYWHERE))

        assert self.forget(AIKO) == purging.StillConnected(1)
        assert len(rows(Link)) == 1

    def test_somebody_nobody_speaks_of_goes_altogether(self, school: School) -> None:
        with db.transaction() as session:
            session.add(
                Person(institution_id=school.institution_id, canvas_user_id="77", name="X", created_at=now())
            )

        told = self.forget(77)

        assert told == purging.Forgotten({}, {})
        assert person(77) is None


def test_a_whole_institution_goes_and_another_stays(lived: School, keyring: Keyring) -> None:
    maple = lived.institution_id
    with db.transaction() as session:
        other = Institution(
            slug="birch", name="Birch", canvas_url="https://birch.example", created_at=now(),
        )  # fmt: skip
        session.add(other)
        session.flush()
        audit.record(session, other.id, audit.Event.PLATFORM_INVITED, now())
    with db.snapshot() as session:
        told = purging.of_institution(session, maple)

    done = purging.remove(maple)

    assert done == told
    assert [row.slug for row in rows(Institution)] == ["birch"]
    assert [row.institution_id for row in rows(AuditEvent)] == [other.id]
    with db.snapshot() as session:
        assert verifying.verify(session, keyring, other.id).flaw is None


def exported(school: School, who: Person | None = None) -> dict[str, list[dict[str, Any]]]:
    file = io.BytesIO()
    with db.snapshot() as session:
        counts = exporting.export(session, school.institution_id, who, file)
    with zipfile.ZipFile(file) as archive:
        found = {
            name.removesuffix(".jsonl"): [json.loads(line) for line in archive.read(name).splitlines()]
            for name in archive.namelist()
        }
    assert counts == {name: len(lines) for name, lines in found.items()}
    return found


class TestACopy:
    """Everything that is kept, without a secret."""

    def test_all_of_an_institution_is_in_it(self, lived: School) -> None:
        found = exported(lived)

        assert set(found) >= {
            "institutions",
            "people",
            "codes",
            "links",
            "tokens",
            "audit_events",
            "platforms",
        }
        assert {row["name"] for row in found["people"]} >= {"Kenji Tanaka", "Aiko Tanaka"}
        assert len(found["audit_events"]) == len(rows(AuditEvent))

    def test_no_secret_is_in_it(self, lived: School) -> None:
        (code,) = codes_on(Student(lived, KENJI).opens())
        told = json.dumps(exported(lived))

        for secret in (code, code.replace("-", ""), LENT.access, LENT.refresh or "", SECRET):
            assert secret not in told
        (sealed, *_) = [row.sealed for row in rows(Code)]
        assert sealed not in told
        assert rows(Code)[0].digest not in told
        assert rows(Token)[0].access not in told

    def test_of_one_person_only_what_is_about_them_is_in_it(self, lived: School) -> None:
        Admin(lived, ADMIN).opens()

        found = exported(lived, person(AIKO))

        assert [row["name"] for row in found["people"]] == ["Aiko Tanaka"]
        assert len(found["links"]) == 1
        assert "codes" not in found
        assert "institutions" not in found
        assert "Helen" not in json.dumps(found)
        assert {row["event"] for row in found["audit_events"]} >= {"code:redeem", "link:connect"}
