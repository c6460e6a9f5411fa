"""What people do in Canvas behind our back, and looking for what came of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import db, people
from app.models import Drift, Reconciliation
from app.pairing import guesses, reconciling, redemption, spelling
from app.tasks.pairing import finish_link
from app.tasks.reconcile import reconcile as walk
from tests.browser import Page
from tests.journeys.families import give_code
from tests.people import ADMIN, MATHS, Admin, School

AN_ADMIN = "the token of somebody who may do everything"


def with_an_admin(school: School) -> None:
    """Somebody in Canvas can do things behind our back."""

    def lend(world: dict[str, Any]) -> None:
        next(user for user in world["users"] if user["id"] == ADMIN)["tokens"] = [AN_ADMIN]

    school.changes(lend)


def reconcile(school: School) -> Reconciliation:
    """Compare everything once, to the end, as the job does; the job itself will find it done."""
    with db.transaction() as session:
        assert reconciling.begin(session, school.institution_id, datetime.now(UTC))
    walk(runs()[-1].id)
    run = runs()[-1]
    assert run.ended_at is not None
    return run


def runs() -> list[Reconciliation]:
    with db.reading() as session:
        return list(session.scalars(select(Reconciliation).order_by(Reconciliation.id)))


def drifts() -> list[Drift]:
    """Everything that was ever found, the oldest first."""
    with db.reading() as session:
        return list(session.scalars(select(Drift).options(joinedload(Drift.link)).order_by(Drift.id)))


def found() -> list[tuple[str, str | None]]:
    """Kind of every drift, and how it was settled."""
    return [(drift.kind, drift.how) for drift in drifts()]


def a_day_passes() -> None:
    """What was found was found a day earlier, and the last comparison was then too."""
    day = timedelta(days=1)
    with db.transaction() as session:
        for drift in session.scalars(select(Drift)):
            drift.since -= day
        for run in session.scalars(select(Reconciliation)):
            run.begun_at -= day


def rows(school: School, user: int, kind: str = "Observer", course: int = MATHS) -> list[dict[str, Any]]:
    """A person's enrollments in a course that are not deleted."""
    return [
        row
        for row in school.canvas.state()["enrollments"]
        if (row["user_id"], row["course_id"]) == (user, course)
        and row["type"] == f"{kind}Enrollment"
        and row["state"] != "deleted"
    ]


def removes(
    school: School,
    user: int,
    section: int | None = None,
    kind: str = "Observer",
    task: str = "delete",
    whom: int | None = None,
) -> None:
    """Somebody ends enrollments of a person in mathematics: all, or of one section or one observed."""
    for row in rows(school, user, kind):
        if section in (None, row["section_id"]) and whom in (None, row["associated_user_id"]):
            path = f"/courses/{MATHS}/enrollments/{row['id']}"
            assert school.canvas.delete(path, AN_ADMIN, task=task).status_code == 200


def enrolls(school: School, student: int, section: int) -> None:
    """Somebody puts a student into a section."""
    data = {
        "enrollment[user_id]": student,
        "enrollment[type]": "StudentEnrollment",
        "enrollment[enrollment_state]": "active",
    }
    answer = school.canvas.post(f"/sections/{section}/enrollments", AN_ADMIN, **data)
    assert answer.status_code == 200, answer.text


def unlinks(school: School, observer: int, student: int) -> None:
    """Somebody ends the link of two people in Canvas."""
    assert school.canvas.delete(f"/users/{observer}/observees/{student}", AN_ADMIN).status_code == 200


def deletes_person(school: School, user: int) -> None:
    """Somebody deletes a person from the institution."""
    assert school.canvas.delete(f"/accounts/1/users/{user}", AN_ADMIN).status_code == 200


def connects(school: School, observer: int, student: int, reach: str, names: tuple[str, str]) -> int:
    """A link as by a redeemed code, without a browser; its number here."""
    keyring, now = school.app.extensions["keyring"], datetime.now(UTC)
    code = spelling.read(give_code(school, student, reach))
    assert isinstance(code, spelling.Ours)
    with db.transaction() as session:
        person = people.remember(session, school.institution_id, str(observer), names[0], now)
        people.remember(session, school.institution_id, str(student), names[1], now)
        who = guesses.guesser(keyring, person, "203.0.113.7")
        outcome = redemption.redeem(session, keyring, person, code.text, who, now, timedelta())
    assert isinstance(outcome, redemption.Redeemed)
    finish_link(outcome.link_id)
    return outcome.link_id


def differences(admin: Admin) -> Page:
    """The page that shows an admin what was found."""
    return admin.press(admin.opens(), "See the differences")
