"""Reading `enrollment[...]` of a request and saying all that is wrong with it (Enrollments API, create)."""

from sandbox.answers import Refused, broken, not_found
from sandbox.enrolling import Wish
from sandbox.rest import params
from sandbox.rest.api import host_account, path_user
from sandbox.roles import ROLE_IDS
from sandbox.world import Account, Course, User, current_world

ROLES = {name: role_id for name, role_id in ROLE_IDS.items() if name != "StudentViewEnrollment"}
STATES = ("active", "invited", "inactive")
NO_USER = "Can't create an enrollment without a user. Include enrollment[user_id] to create an enrollment"
NO_SIS_ID = "Can't create an enrollment without a sis_user_id or integration_id when root_account is provided"


def wished_role() -> str:
    """The role asked for; a 400 lists every error in the parameters."""
    given = params.group("enrollment")
    if not given:
        raise _bad(["No parameters given"])
    role, problems = _role(given)
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


def wish(role: str) -> Wish:
    """The rest of what is asked; a person to associate who does not exist breaks Canvas's database rule."""
    given = params.group("enrollment")
    state = params.text_in(given, "enrollment_state")
    return Wish(
        type=role,
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
    sis_id = params.text_in(given, "sis_user_id") or ""
    user = current_world().user_by_sis_id(account.id, sis_id) if account else None
    if user is None:
        raise not_found()
    return user


def refuse_concluded(course: Course) -> None:
    """Nobody joins a concluded course."""
    if course.workflow_state == "completed":
        raise _bad(["Can't add an enrollment to a concluded course."])


def _bad(problems: list[str]) -> Refused:
    return Refused(400, {"message": ", ".join(problems)})


def _role(given: params.Params) -> tuple[str, list[str]]:
    """The role by id, name or type, and what is wrong with it."""
    kind = params.text_in(given, "type")
    role_id, name = params.text_in(given, "role_id"), params.text_in(given, "role")
    if role_id is None and name is None:
        return (kind or "StudentEnrollment"), [] if kind in (None, *ROLES) else ["Invalid type"]
    found = next(
        (role for role in ROLES if role_id in (None, str(ROLES[role])) and name in (None, role)), None
    )
    if found is None:
        return "", ["Invalid role"]
    if kind not in (None, found):
        return found, ["The specified type must match the base type for the role"]
    return found, []


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
