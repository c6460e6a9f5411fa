"""Whoever dies between Canvas's answer and our own note: the connection is written down all the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app import db, people
from app.canvas import Canvas, observees, tokens
from app.models import AuditEvent, Bar, BarHit, LinkState, Person, Proof, Token, Way
from app.pairing import proofs
from app.pairing.proofs import Claim
from tests.journeys.office import EVERYTHING, allow
from tests.journeys.rows import change, hurry, rows
from tests.people import ADMIN, Observer, School
from tests.records import everything_settles, only_link, states
from tests.workers import Runner

pytestmark = pytest.mark.both_databases
KENJI, AIKO = 105, 44
NATIVE = "aB3dE9"


class Killed(BaseException):
    """The process is gone: nothing after this is done."""


@pytest.fixture
def aiko(school: School) -> Person:
    """She has signed in, and Kenji has made a code of Canvas's own."""
    Observer(school, AIKO).enters()
    row = {"user_id": KENJI, "code": NATIVE, "expires_at": "2099-01-01T00:00:00Z"}
    school.changes(lambda world: world["pairing_codes"].append(row))
    return known(school, AIKO, "Aiko Tanaka")


def known(school: School, number: int, name: str) -> Person:
    with db.transaction() as session:
        return people.remember(session, school.institution_id, str(number), name, now())


def now() -> datetime:
    return datetime.now(UTC)


def own(school: School, person: Person) -> Canvas:
    kept = school.app.extensions
    with db.reading() as session:
        return tokens.observer(
            session, kept["keyring"], kept["settings"], school.institution_id, person.id, now()
        )


def lent(school: School) -> Canvas:
    kept = school.app.extensions
    with db.reading() as session:
        return tokens.service(session, kept["keyring"], kept["settings"], school.institution_id, now())


def dies(claim: Claim, tell: Callable[[], object]) -> None:
    """Do everything up to the end of `tell`, and no more."""

    def killed() -> None:
        tell()
        raise Killed

    with pytest.raises(Killed):
        proofs.prove(claim, killed, now, timedelta(0))


def by_code(claim: Claim) -> Callable[[], object]:
    return lambda: observees.add_by_code(claim.canvas, claim.whose, NATIVE)


def themself(school: School, aiko: Person) -> Claim:
    return Claim(own(school, aiko), "self", aiko)


def test_what_canvas_has_made_is_written_down_by_the_job(
    school: School, aiko: Person, run_jobs: Runner
) -> None:
    claim = themself(school, aiko)
    dies(claim, by_code(claim))
    assert (states(), len(rows(Proof))) == ([], 1)

    run_jobs()

    assert [(link.way, link.state) for link in [only_link()]] == [(Way.NATIVE_CODE, LinkState.ACTIVE)]
    assert (AIKO, KENJI) in school.links()
    assert rows(Proof) == []
    assert "Kenji Tanaka" in Observer(school, AIKO).enters().portal().text


def test_where_canvas_was_never_asked_the_note_goes_after_a_while(
    school: School, aiko: Person, run_jobs: Runner
) -> None:
    dies(themself(school, aiko), lambda: None)

    run_jobs()
    assert len(rows(Proof)) == 1  # perhaps Canvas is at it still
    change(Proof, created_at=now() - proofs.LATE)
    hurry()
    run_jobs()

    assert (states(), rows(Proof)) == ([], [])


def test_an_admin_who_died_is_still_named(school: School, aiko: Person, run_jobs: Runner) -> None:
    allow(school, *EVERYTHING)
    admin = known(school, ADMIN, "Helen Park")
    claim = Claim(lent(school), str(AIKO), aiko, admin, Way.ADMIN)
    dies(
        claim,
        lambda: observees.add_by_credentials(claim.canvas, claim.whose, "kenji.student", "password"),
    )

    run_jobs()

    assert only_link().way is Way.ADMIN
    (event,) = [row for row in rows(AuditEvent) if row.event == "link:add"]
    assert event.actor_id == admin.id


def test_the_service_account_looks_where_the_observer_is_signed_out(
    school: School, aiko: Person, run_jobs: Runner
) -> None:
    claim = themself(school, aiko)
    dies(claim, by_code(claim))
    with db.transaction() as session:
        session.query(Token).filter_by(person_id=aiko.id).delete()

    run_jobs()

    assert states() == [LinkState.ACTIVE]


def test_where_nobody_may_look_it_is_given_up_after_days(
    school: School, aiko: Person, run_jobs: Runner
) -> None:
    claim = themself(school, aiko)
    dies(claim, by_code(claim))
    with db.transaction() as session:
        session.query(Token).delete()

    run_jobs()
    assert len(rows(Proof)) == 1
    change(Proof, created_at=now() - proofs.GIVE_UP)
    hurry()
    run_jobs()

    assert rows(Proof) == []


def test_what_the_list_forbids_is_ended_all_the_same(school: School, aiko: Person, run_jobs: Runner) -> None:
    kenji = known(school, KENJI, "Kenji Tanaka")
    bar = Bar(
        institution_id=school.institution_id, student_id=kenji.id, observer_id=aiko.id,
        document="Court order 12/2026", made_at=now(), made_by=kenji.id,
    )  # fmt: skip
    with db.transaction() as session:
        session.add(bar)
    claim = themself(school, aiko)
    dies(claim, by_code(claim))

    run_jobs()
    everything_settles(run_jobs)

    assert (AIKO, KENJI) not in school.links()
    assert states() == [LinkState.ENDED]
    assert [hit.times for hit in rows(BarHit)] == [1]


def test_a_request_that_lives_leaves_no_note_and_the_job_changes_nothing(
    school: School, aiko: Person, run_jobs: Runner
) -> None:
    claim = themself(school, aiko)
    assert isinstance(proofs.prove(claim, by_code(claim), now, timedelta(0)), proofs.Linked)
    assert rows(Proof) == []
    events = len(rows(AuditEvent))

    run_jobs()

    assert (states(), len(rows(AuditEvent))) == ([LinkState.ACTIVE], events)


def test_a_lost_answer_that_comes_later_is_found(school: School, aiko: Person, run_jobs: Runner) -> None:
    """Canvas did it after we had looked whether it did."""
    school.canvas.fault(method="POST", route="/api/v1/users/:user_id/observees", reset="before")
    page = Observer(school, AIKO).enters().redeems(NATIVE)
    assert "Canvas does not answer at the moment." in page.text
    school.mended()
    claim = themself(school, aiko)
    observees.add_by_code(claim.canvas, claim.whose, NATIVE)

    hurry()
    run_jobs()

    assert states() == [LinkState.ACTIVE]
    assert rows(Proof) == []
