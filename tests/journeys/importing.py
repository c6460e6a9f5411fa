"""Sheets for imports, and how an admin brings them in, on pages or straight away."""

import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.canvas.oauth import IMPORT_SCOPES, SERVICE_SCOPES
from app.errors import CanvasUnreachable
from app.models import Import, ImportRoad, ImportRow, ImportState
from app.pairing.imports import intake, progress, steering
from app.pairing.imports.reading import LANES
from app.tasks import imports as tasks
from tests.people import SERVICE, School

S = ImportState
FIRST, IN_A_COURSE = 1_000_000, 100
PARENTS = ("Parent Name", "Parent Email", "Student ID")
LINKS = ("observer_id", "student_id", "status")
ROADS = [ImportRoad.API, ImportRoad.SIS]
PARENT, OTHER = 44, 43  # they have accounts, and no SIS ids before `prepare`
NINA = ("Nina New", "nina@family.test")
FAMILY = [
    (*NINA, "S000105"),
    (*NINA, "S000106"),
    ("", f"parent{PARENT}@family.test", "S000107"),
]


@pytest.fixture
def ready(school: School) -> School:
    """A school that `prepare` has prepared."""
    school.changes(prepare)
    return school


def lend_all(world: dict[str, Any]) -> None:
    """The service account's token has the scopes of imports, too, and its role every permission."""
    next(row for row in world["admins"] if row["user_id"] == SERVICE)["permissions"] = None
    lent = next(row for row in world["access_tokens"] if row["user_id"] == SERVICE)
    scopes = list(dict.fromkeys((*SERVICE_SCOPES, *IMPORT_SCOPES)))
    lent["scopes"] = scopes
    world["developer_keys"][0]["allow_includes"] = True
    world["developer_keys"][0]["scopes"] = list(
        dict.fromkeys((*(world["developer_keys"][0]["scopes"] or ()), *scopes))
    )


def add_students(world: dict[str, Any], count: int) -> None:
    """As many students more, each in one of the courses for a hundred of them."""
    courses = [
        {"id": FIRST + n, "account_id": 1, "name": f"Course {n}", "course_code": f"C{n}",
         "workflow_state": "available", "sections": [{"id": FIRST + n, "name": "A"}]}
        for n in range(-(-count // IN_A_COURSE))
    ]  # fmt: skip
    world["courses"] += courses
    for n in range(count):
        login = {"account_id": 1, "unique_id": f"student{n}", "sis_user_id": sis_id_of_student(n)}
        world["users"].append({"id": FIRST + n, "name": f"Student {n}", "logins": [login]})
        place = {"course_id": FIRST + n // IN_A_COURSE, "section_id": FIRST + n // IN_A_COURSE}
        row = {"user_id": FIRST + n, "type": "StudentEnrollment", "state": "active"}
        world["enrollments"].append(row | place)


def sis_id_of_student(number: int) -> str:
    """Of the one with this number among those who were added, from 0 on."""
    return f"X{number:07}"


def prepare(world: dict[str, Any]) -> None:
    """The account may do everything; two parents have SIS ids, and the course and its sections, too."""
    lend_all(world)
    for user in world["users"]:
        if user["id"] in (PARENT, OTHER):
            user["logins"][0]["sis_user_id"] = f"P{user['id']}"
            user["email"] = f"parent{user['id']}@family.test"
    for course in world["courses"]:
        course["sis_course_id"] = f"C{course['id']}"
        for section in course["sections"]:
            section["sis_section_id"] = f"X{section['id']}"


def forget_sis(world: dict[str, Any], user_id: int) -> None:
    user = next(each for each in world["users"] if each["id"] == user_id)
    user["logins"][0]["sis_user_id"] = None


def admin_token(school: School) -> str:
    return next(token["token"] for token in school.canvas.state()["access_tokens"])


def sheet(rows: Iterable[Sequence[str]], header: Sequence[str] = PARENTS) -> bytes:
    """A sheet as CSV."""
    return "\r\n".join(",".join(row) for row in [header, *rows]).encode() + b"\r\n"


def uploaded(school: School, content: bytes, name: str = "parents.csv") -> int:
    """Take a file in, and begin the preview with what is guessed."""
    now = datetime.now(UTC)
    with db.transaction() as session:
        of = intake.take_in(session, school.institution_id, None, name, io.BytesIO(content), now)
        assert steering.preview(session, of, None, now)
    return of.id


def one(import_id: int) -> Import:
    with db.reading() as session:
        return session.get_one(Import, import_id)


def work(import_id: int) -> Import:
    """Do what its jobs do, one after another, until somebody has to decide."""
    for _ in range(500):
        of = one(import_id)
        if of.state not in progress.WORKING or of.paused:
            return of
        for lane in range(LANES if of.state in (S.RUNNING, S.UNDOING) else 1):
            with suppress(CanvasUnreachable):  # a job comes again
                tasks.work_on(import_id, lane, of.state.value)
    raise AssertionError(f"still {one(import_id).state}")


def previewed(school: School, content: bytes, name: str = "parents.csv") -> int:
    import_id = uploaded(school, content, name)
    of = work(import_id)
    assert (of.state, of.problem) == (S.READY, None)
    return import_id


def rows(import_id: int) -> list[ImportRow]:
    with db.reading() as session:
        return list(
            session.scalars(select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.id))
        )


def verdicts(import_id: int) -> list[str | None]:
    return [row.verdict for row in rows(import_id)]


def ran(import_id: int, road: ImportRoad = ImportRoad.API) -> Import:
    with db.transaction() as session:
        of = session.get_one(Import, import_id)
        assert steering.run(session, of, road, None, datetime.now(UTC))
    return work(import_id)


def undone(import_id: int) -> Import:
    with db.transaction() as session:
        of = session.get_one(Import, import_id)
        assert steering.undo(session, of, None, datetime.now(UTC))
    return work(import_id)


def memory(school: School) -> dict[str, Any]:
    """All of Canvas, but for what it keeps of things that are over.

    Left out: its list of SIS imports, deleted links and enrollments, people whose every login is deleted, and
    of an enrollment its number and times, as one that comes back may be another row, and which SIS import
    wrote it last, which nobody can take back.
    """
    world = school.canvas.state()
    world.pop("sis_imports")
    users = [user for user in world["users"] if not user["logins"] or any(map(_lives, user["logins"]))]
    enrollments = [row for row in world["enrollments"] if row["state"] != "deleted"]
    links = [row for row in world["observation_links"] if row["state"] == "active"]
    return world | {
        "users": users,
        "enrollments": sorted(map(_without_stamps, enrollments)),
        "links": sorted((row["observer_id"], row["student_id"]) for row in links),
        "logins": sorted(login["unique_id"] for user in users for login in user["logins"] if _lives(login)),
        "observation_links": sorted(map(_without_stamps, links)),
    }


def _lives(login: dict[str, Any]) -> bool:
    return bool(login["workflow_state"] == "active")


def _without_stamps(row: dict[str, Any]) -> list[tuple[str, str]]:
    stamps = ("id", "created_at", "updated_at", "sis_batch_id")
    return [(name, str(value)) for name, value in sorted(row.items()) if name not in stamps]
