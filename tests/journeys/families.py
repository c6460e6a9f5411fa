"""Observers and students of the harder journeys: who has which code, and what Canvas then holds."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from app import db, people, policy
from app.models import Role, Scope
from app.pairing import codes
from tests.people import MATHS, School

EVERYWHERE, ONE_COURSE = "all courses", "one course"
SECTIONS = (1011, 1012)  # of mathematics
IN_MATHS = codes.Reach(Scope.COURSE, str(MATHS), "Mathematics 7", tuple(map(str, SECTIONS)))


def in_both_sections(school: School, students: Sequence[int]) -> None:
    """Put these students into both sections of mathematics, and nowhere else."""

    def enroll(world: dict[str, Any]) -> None:
        others = [row for row in world["enrollments"] if row["user_id"] not in students]
        row = {"course_id": MATHS, "type": "StudentEnrollment", "state": "active"}
        world["enrollments"] = others + [
            {"id": 5000 + 10 * student + number, "user_id": student, "section_id": section, **row}
            for student in students
            for number, section in enumerate(SECTIONS)
        ]

    school.changes(enroll)


def give_code(school: School, student_id: int, reach: str, role: Role = Role.STUDENT) -> str:
    """A code for a student, as a page would issue it."""
    keyring, now = school.app.extensions["keyring"], datetime.now(UTC)
    with db.transaction() as session:
        name = f"Student {student_id}"
        student = people.remember(session, school.institution_id, str(student_id), name, now)
        code = codes.issue(
            session,
            keyring,
            issuer=student,
            role=role,
            student=student,
            reach=IN_MATHS if reach == ONE_COURSE else codes.ALL_COURSES,
            policy=policy.of(session, school.institution_id),
            now=now,
        )
        return codes.text_of(keyring, code)


def linked(school: School, observer: int, student: int, reach: str) -> bool:
    """Whether Canvas holds exactly this link of the two; False if nothing, an error if something else."""
    observing = [(course, section) for course, section, whom in school.observing(observer) if whom == student]
    everywhere = (observer, student) in school.links()
    if not observing and not everywhere:
        return False
    expected = school.sections_of(student, None if reach == EVERYWHERE else MATHS)
    assert (observing, everywhere) == (expected, reach == EVERYWHERE)
    return True
