"""Native pairing codes: who may have one made, and making them (User Observees API, pairing codes)."""

import base64
import re
import secrets
from datetime import timedelta

from sandbox.permissions import granted
from sandbox.world import PairingCode, User, World

RIGHT = "generate_observer_pairing_code"
LIFETIME = timedelta(days=7)


def is_student(world: World, user: User) -> bool:
    """Whether someone has a student's enrollment; a completed one counts."""
    kinds, gone = ("StudentEnrollment", "StudentViewEnrollment"), ("rejected", "inactive", "deleted")
    return any(row.type in kinds and row.state not in gone for row in world.enrollments_of(user.id))


def may_make_code(world: World, user_id: int, student: User) -> bool:
    """Whether a person may have a code for a student: their own, or by right in one of their courses."""
    if not is_student(world, student):
        return False
    courses = {row.course_id for row in world.enrollments_of(student.id) if row.state != "deleted"}
    return user_id == student.id or any(granted(world, user_id, RIGHT, course_id=each) for each in courses)


def make_code(world: World, student: User) -> PairingCode:
    """A new code of six letters and digits that no other usable code has; older ones stay good."""
    while True:
        letters = re.sub(r"\W", "", base64.b64encode(secrets.token_bytes(16)).decode())[:6]
        if world.usable_code(letters) is None:
            return _keep(world, student, letters)


def make_list_code(world: World, student: User) -> PairingCode:
    """A new code of six hexadecimal digits, as a course's list has them; nobody checks that it is unique."""
    return _keep(world, student, secrets.token_hex(3))


def _keep(world: World, student: User, text: str) -> PairingCode:
    expires_at = world.clock.now() + LIFETIME
    return world.add_pairing_code(
        PairingCode(id=world.next_id("pairing_code"), user_id=student.id, code=text, expires_at=expires_at)
    )
