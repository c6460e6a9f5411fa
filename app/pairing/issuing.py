"""Codes for many students of a course at once, as they are handed out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app import people, policy
from app.crypto import Keyring
from app.models import Code, LtiLaunch, Scope
from app.pairing import codes
from app.pairing.codes import NO_TERMS, Reach, Terms
from app.pairing.lists import RosterStudent


@dataclass(frozen=True, slots=True)
class Slip:
    """What a family is given: whose code, and the code."""

    name: str
    code: Code
    text: str


def issue_in_course(
    session: Session,
    keyring: Keyring,
    launch: LtiLaunch,
    course: Reach,
    students: Iterable[RosterStudent],
    now: datetime,
    terms: Terms = NO_TERMS,
) -> list[Slip]:
    """A live code for each of these students of a course, by whoever was launched."""
    rule = policy.of(session, launch.institution_id)
    slips = []
    for one in students:
        student = people.remember(session, launch.institution_id, one.canvas_id, one.name, now)
        code = codes.issue(
            session,
            keyring,
            issuer=launch.person,
            role=launch.role,
            student=student,
            reach=Reach(Scope.COURSE, course.course_id, course.course_name, one.section_ids),
            policy=rule,
            now=now,
            terms=terms,
        )
        slips.append(Slip(one.name, code, codes.text_of(keyring, code)))
    return slips
