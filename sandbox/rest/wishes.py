"""Reading `enrollment[...]` of a request and saying all that is wrong with it (Enrollments API, create)."""

from dataclasses import dataclass

from sandbox.answers import Refused, broken, not_found
from sandbox.dates import concluded, section_open
from sandbox.enrolling import Wish
from sandbox.rest import params
from sandbox.rest.api import host_account, path_user
from sandbox.roles import ROLE_IDS, custom_roles
from sandbox.world import Account, Course, Role, Section, User, current_world

TYPES = frozenset(ROLE_IDS) - {"StudentViewEnrollment"}
STATES = ("active", "invited", "inactive")
NO_USER = "Can't create an enrollment without a user. Include enrollment[user_id] to create an enrollment"
NO_SIS_ID = "Can't create an enrollment without a sis_user_id or integration_id when root_account is provided"


@dataclass(frozen=True, slots=True)
class Asked:
    """The kind of enrollment asked for, and the custom role if it is one."""

    type: str
    role_id: int | None = None


def wished_role(course: Course) -> Asked:
    """The role asked for; a 400 lists every error in the parameters."""
    given = params.group("enrollment")
    if not given:
        raise _bad(["No parameters given"])
    role, problems = _role(given, course)
    if params.text("root_account"):
        if not (params.text_in(given, "sis_user_id") or params.text_in(given, "integration_id")):
            problems.append(NO_SIS_ID)
    elif not params.text_in(given, "user_id"):
        problems.append(NO_USER)
    if params.text_in(given, "self_enrollment_code"):
        raise _bad(_self_enrollment_problems(given))
    if problems:
        raise _bad(problems)
    return role


def wish(asked: Asked) -> Wish:
    """The rest of what is asked; a person to associate who does not exist breaks Canvas's database rule."""
    given = params.group("enrollment")
    state = params.text_in(given, "enrollment_state")
    return Wish(
        type=asked.type,
        role_id=asked.role_id,
        state=state if state in STATES else None,
        associated_user_id=_associated_user(params.text_in(given, "associated_user_id")),
        limit_to_section=params.flag(given, "limit_privileges_to_course_section"),
        start_at=params.moment(given, "start_at"),
        end_at=params.moment(given, "end_at"),
    )


def wished_user() -> User:
    """The person to enroll, by id or by SIS id in a trusted account; 404 when there is none."""
    given, domain = params.group("enrollment"), params.text("root_account")
    if domain is None:
        return path_user(params.text_in(given, "user_id") or "")
    account = _trusted(domain)
    user = _by_sis_id(account, given) if account else None
    if user is None:
        raise not_found()
    return user


def refuse_concluded(course: Course, user: User, section: Section | None) -> None:
    """Nobody joins a concluded course; whoever is in it may still join a given section that is open."""
    world = current_world()
    inside = any(row.course_id == course.id for row in world.enrollments_of(user.id))
    if concluded(world, course) and not (inside and section is not None and section_open(world, section)):
        raise _bad(["Can't add an enrollment to a concluded course."])


def _bad(problems: list[str]) -> Refused:
    return Refused(400, {"message": ", ".join(problems)})


def _role(given: params.Params, course: Course) -> tuple[Asked, list[str]]:
    """The role by id, name or type, and what is wrong with it."""
    kind = params.text_in(given, "type")
    role_id, name = params.text_in(given, "role_id"), params.text_in(given, "role")
    if role_id is None and name is None:
        return Asked(kind or "StudentEnrollment"), [] if kind in (None, *TYPES) else ["Invalid type"]
    problems = []
    custom = _custom_role(course, role_id, name)
    builtin = (each for each in TYPES if (str(ROLE_IDS[each]) if role_id else each) == (role_id or name))
    base = custom.base_role_type if custom else next(builtin, None)
    if base is None:
        return Asked(""), ["Invalid role"]
    if custom and custom.workflow_state == "inactive":
        problems.append("Cannot create an enrollment with this role because it is inactive.")
    if kind not in (None, base):
        problems.append("The specified type must match the base type for the role")
    return Asked(base, custom.id if custom else None), problems


def _custom_role(course: Course, role_id: str | None, name: str | None) -> Role | None:
    """A course role that the course's account or one above it has made."""
    for role in custom_roles(current_world(), course.account_id):
        wanted = str(role.id) == role_id if role_id else role.label == name
        if wanted and role.base_role_type in TYPES:
            return role
    return None


def _by_sis_id(account: Account, given: params.Params) -> User | None:
    """The person with a SIS id, or else an integration id, in an account."""
    world, sis_id = current_world(), params.text_in(given, "sis_user_id")
    if sis_id is not None:
        return world.user_by_sis_id(account.id, sis_id)
    found = world.login_by_integration_id(account.id, params.text_in(given, "integration_id") or "")
    return found[0] if found else None


def _self_enrollment_problems(given: params.Params) -> list[str]:
    """No course of the sandbox is open for self-enrollment, so every code is wrong."""
    problems = ["enrollment[self_enrollment_code] is invalid"]
    if params.text_in(given, "user_id") != "self":
        problems.append("enrollment[user_id] must be 'self' when self-enrolling")
    return [*problems, "course is not open for self-enrollment"]


def _associated_user(text: str | None) -> int | None:
    """Stored as given; only a number will do, and it must be somebody's."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) not in current_world().users:
        raise broken()
    return int(text)


def _trusted(domain: str) -> Account | None:
    """The root account of a domain, if it is the host's or one that trusts it."""
    world, here = current_world(), host_account()
    reach = (here.id, *here.trusted_account_ids)
    return next((world.accounts[each] for each in reach if world.accounts[each].domain == domain), None)
