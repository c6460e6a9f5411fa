"""What the claims of a launch say, read into one value: the only place that knows their names and forms."""

import re
from dataclasses import dataclass
from typing import Any

from app.lti import appearance, roles
from app.lti.custom import NUMBER, Custom, normal
from app.lti.protocol import CLAIM, Claims
from app.lti.refusals import Reason, Refused
from app.models import Role

PLACEMENT = "https://www.instructure.com/placement"
STUDENT = "https://www.instructure.com/lti_student_id"
CARD = "student_context_card"
SHARD = 10**13  # Canvas's global numbers: shard times this, plus the local number
CANVAS_LINK = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)  # the id of a link in a course's content
COURSE_TYPE = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"


@dataclass(frozen=True, slots=True)
class LaunchedPerson:
    """Who launched. `name` is None when Canvas does not say."""

    canvas_user_id: str
    name: str | None
    time_zone: str | None
    locale: str | None


@dataclass(frozen=True, slots=True)
class LaunchedCourse:
    """Where from. `section_ids` None: every section; else the only ones Canvas lets the person see."""

    id: str
    name: str
    section_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Launch:
    """A verified launch. Every id is Canvas's number as a string."""

    deployment_id: str
    placement: str
    role: Role
    root_admin: bool  # whether they administer the root account, not only a part of it
    person: LaunchedPerson
    course: LaunchedCourse | None
    student_id: str | None  # whose card it was opened from
    account_id: str | None
    root_account_id: str | None
    canvas_url: str | None
    stand_in: str | None  # "test_student" or "masquerade"
    high_contrast: bool
    accent: str | None  # six hex digits


def read(claims: Claims) -> Launch:
    """The claims as the app means them (LTI Core 1.3, section 5); raises Refused for what makes no sense."""
    custom = Custom.read(claims.get(CLAIM + "custom"))
    uris = roles.read(claims.get(CLAIM + "roles"))
    placement = claims.get(PLACEMENT) or "resource_link"  # Canvas says null for a link in a module
    context = _object(claims, "context")
    _refuse_content_link(_object(claims, "resource_link"))
    role = _role(placement, context, uris, custom)
    return Launch(
        deployment_id=claims[CLAIM + "deployment_id"],
        placement=placement,
        role=role,
        root_admin=custom.flag("canvas_is_root_account_admin") is True,
        person=_person(claims, custom),
        course=_course(context, custom, role) if _is_course(context) else None,
        student_id=_student(claims, custom) if placement == CARD else None,
        account_id=custom.number("canvas_account_id"),
        root_account_id=custom.number("canvas_root_account_id"),
        canvas_url=custom.text("canvas_api_base_url"),
        stand_in=_stand_in(uris, custom),
        high_contrast=custom.fields.get("canvas_high_contrast") in (True, "true"),
        accent=appearance.accent(custom.fields.get("canvas_brand")),
    )


def _person(claims: Claims, custom: Custom) -> LaunchedPerson:
    return LaunchedPerson(
        canvas_user_id=custom.required_number("canvas_user_id"),
        name=custom.text("canvas_user_name") or _words(claims, "name"),
        time_zone=custom.text("canvas_time_zone"),
        locale=custom.text("canvas_locale") or _words(claims, "locale"),
    )


def _role(placement: object, context: Claims, uris: frozenset[str], custom: Custom) -> Role:
    if not isinstance(placement, str):
        raise Refused(Reason.CLAIM_MALFORMED, PLACEMENT)
    administers = custom.flag("canvas_is_root_account_admin") is True or custom.number(
        "canvas_account_id"
    ) in custom.numbers("canvas_adminable_accounts")
    match placement:
        case "account_navigation":
            custom.required_number("canvas_account_id")
            return roles.in_account(administers)
        case "user_navigation":
            return roles.in_user_menu(uris)
        case "global_navigation":
            return roles.in_global_menu(uris)
        case _ if _is_course(context):
            return roles.in_course(uris, administers)
        case _:
            return Role.NOBODY


def _is_course(context: Claims) -> bool:
    kinds = context.get("type")
    return isinstance(kinds, list) and COURSE_TYPE in kinds


def _refuse_content_link(link: Claims) -> None:
    """Turn away links that teachers can put into a course's content (LTI Resource Links API).

    Their custom fields replace ours, so that anybody who may make one could name themselves an admin. A
    menu's link has the id of its context, which is no UUID.
    """
    if CANVAS_LINK.fullmatch(str(link.get("id"))):
        raise Refused(Reason.PLACEMENT, "a link in a course's content")


def _course(context: Claims, custom: Custom, role: Role) -> LaunchedCourse:
    """The course. Only an explicit `false` opens every section: an unset variable must not widen rights."""
    course_id = custom.required_number("canvas_course_id")
    restricted = custom.flag("canvas_section_restricted") is not False and role is not Role.ADMIN
    return LaunchedCourse(
        id=course_id,
        name=custom.text("canvas_course_name") or _words(context, "title") or course_id,
        section_ids=custom.numbers("canvas_section_ids") if restricted else None,
    )


def _student(claims: Claims, custom: Custom) -> str | None:
    """Whose card it was, as this Canvas's own API numbers people; None if it was nobody's.

    Canvas says the global number: the shard times 10^13, plus the local one. Somebody of another shard keeps
    it, for there the same local number is somebody else's. The newest Canvas may say a local number at once.
    """
    said = normal(claims.get(STUDENT))
    if said is None:
        return None
    if not isinstance(said, str) or not NUMBER.fullmatch(said):
        raise Refused(Reason.CLAIM_MALFORMED, STUDENT)
    shard, local = divmod(int(said), SHARD)
    own_shard = int(custom.number("canvas_root_account_global_id") or 0) // SHARD
    return str(local) if shard in (0, own_shard) else str(int(said))


def _stand_in(uris: frozenset[str], custom: Custom) -> str | None:
    """Who is not who they seem. Student view is a masquerade, too, so that it is looked for first."""
    if roles.TEST_USER in uris or custom.flag("canvas_student_view") is True:
        return "test_student"
    return "masquerade" if custom.text("canvas_masquerading_user_id") else None


def _object(claims: Claims, name: str) -> Claims:
    value: Any = claims.get(CLAIM + name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(Reason.CLAIM_MALFORMED, name)
    return value


def _words(claims: Claims, name: str) -> str | None:
    """A text claim; anything else under its name counts as not said."""
    value = claims.get(name)
    return "".join(filter(str.isprintable, value)).strip() or None if isinstance(value, str) else None
