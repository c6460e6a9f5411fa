"""What a person is in the place they were launched from."""

from collections.abc import Collection

from app.lti.refusals import Reason, Refused
from app.models import Role

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
INSTRUCTOR = LIS + "membership#Instructor"
TEACHING_ASSISTANT = LIS + "membership/Instructor#TeachingAssistant"
LEARNER = LIS + "membership#Learner"
MENTOR = LIS + "membership#Mentor"
INSTITUTION_ADMINISTRATOR = LIS + "institution/person#Administrator"
INSTITUTION_STUDENT = LIS + "institution/person#Student"
INSTITUTION_PERSON = LIS + "institution/person#"
SYSTEM_USER = LIS + "system/person#User"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


def read(claim: object) -> frozenset[str]:
    """The roles claim (LTI Core 1.3, section 5.3.7; A.2 lists the words)."""
    if not isinstance(claim, list) or not all(isinstance(role, str) for role in claim):
        raise Refused(Reason.CLAIM_MALFORMED, "roles")
    return frozenset(claim)


def in_course(roles: Collection[str], administers: bool) -> Role:
    """The role in a course: by membership of this course alone, whatever somebody is elsewhere.

    A TA carries the Instructor role as well, so that the sub-role is looked for first.
    """
    for uri, role in (
        (TEACHING_ASSISTANT, Role.TA),
        (INSTRUCTOR, Role.INSTRUCTOR),
        (LEARNER, Role.STUDENT),
        (MENTOR, Role.OBSERVER),
    ):
        if uri in roles:
            return role
    return Role.ADMIN if administers and INSTITUTION_ADMINISTRATOR in roles else Role.NOBODY


def in_account(administers: bool) -> Role:
    """The role in an account: as Canvas's list of administered accounts says; the roles name no account."""
    return Role.ADMIN if administers else Role.NOBODY


def in_user_menu(roles: Collection[str]) -> Role:
    """The role in one's own menu: whoever is a student somewhere may have a code for all courses."""
    return Role.STUDENT if INSTITUTION_STUDENT in roles else in_global_menu(roles)


def in_global_menu(roles: Collection[str]) -> Role:
    """The role outside of courses and accounts: whoever the institution has no role for may be an observer.

    Canvas's map of institution roles has none for observers, so that they come as users and nothing else.
    """
    known = any(role.startswith(INSTITUTION_PERSON) for role in roles)
    return Role.OBSERVER if SYSTEM_USER in roles and not known else Role.NOBODY
