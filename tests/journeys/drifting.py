"""What people do in Canvas behind our back, and looking for what came of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from app import db
from app.models import Drift, Link, Reconciliation
from app.pairing import reconciling
from tests.people import ADMIN, MATHS, School
from tests.workers import Runner

AN_ADMIN = "the token of somebody who may do everything"


def with_an_admin(school: School) -> None:
    """Somebody in Canvas can do things behind our back."""

    def lend(world: dict[str, Any]) -> None:
        next(user for user in world["users"] if user["id"] == ADMIN)["tokens"] = [AN_ADMIN]

    school.changes(lend)


def reconcile(school: School, run_jobs: Runner) -> Reconciliation:
    """Compare everything once, to the end."""
    with db.transaction() as session:
        assert reconciling.begin(session, school.institution_id, datetime.now(UTC))
    run_jobs()
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
        session.execute(update(Reconciliation).values(begun_at=Reconciliation.begun_at))
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
    school: School, user: int, section: int | None = None, kind: str = "Observer", task: str = "delete"
) -> None:
    """Somebody ends a person's enrollments in mathematics: all, or those of one section."""
    for row in rows(school, user, kind):
        if section in (None, row["section_id"]):
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


def links_between(observer: int, student: int) -> list[Link]:
    """Every link of ours between two people, the oldest first."""
    with db.reading() as session:
        people = (joinedload(Link.observer), joinedload(Link.student))
        found = session.scalars(select(Link).options(*people).order_by(Link.id)).all()
    return [
        link
        for link in found
        if (link.observer.canvas_user_id, link.student.canvas_user_id) == (str(observer), str(student))
    ]
