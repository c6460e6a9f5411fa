"""Custom variable substitutions (canvas-lms, lib/lti/variable_expander.rb).

A variable that does not apply stays in the launch as the literal text of its name.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.lti.launch import Launch, given_and_family
from sandbox.lti.roles import administered_accounts, current_enrollments, role_names
from sandbox.permissions import granted
from sandbox.world import Course, User, global_id

Value = str | int | bool | None
LONGEST_LIST = 40_000
PERMISSIONS = re.compile(r"\$Canvas\.membership\.permissions<([^>]*)>")
EMBEDDED = re.compile(r"\$\{([^}]+)\}")


def custom(launch: Launch) -> dict[str, Any]:
    """The custom claim: the tool's fields under the placement's, keys lower-cased, `_` for odd characters."""
    fields = {**launch.configuration.custom_fields, **launch.placement.custom_fields}
    return {re.sub(r"\W", "_", key.lower()): substitute(launch, value) for key, value in fields.items()}


def substitute(launch: Launch, value: Any) -> Any:
    """One field: a variable alone keeps its boolean, numbers become text, `${…}` is filled in place."""
    if not isinstance(value, str):
        return value
    if found := PERMISSIONS.fullmatch(value):
        return _permissions(launch, found[1].split(","))
    if value.startswith("$") and value[1:] in VARIABLES:
        result = VARIABLES[value[1:]](launch)
        if result is None:
            return value
        return result if isinstance(result, bool) else str(result)
    return EMBEDDED.sub(lambda found: _embedded(launch, found), value)


def _embedded(launch: Launch, found: re.Match[str]) -> str:
    result = substitute(launch, f"${found[1]}")
    return found[0] if result == f"${found[1]}" else json.dumps(result).strip('"')


def _permissions(launch: Launch, asked: list[str]) -> str:
    if isinstance(launch.context, User):
        return "$Canvas.membership.permissions<>"
    course_id = launch.course.id if launch.course else None
    names = [name.strip() for name in asked]
    held = [n for n in names if granted(launch.world, launch.user.id, n, launch.account.id, course_id)]
    return ",".join(held)


def _of_course(read: Callable[[Launch, Course], Value]) -> Callable[[Launch], Value]:
    """A variable that exists in courses only."""
    return lambda launch: read(launch, launch.course) if launch.course else None


def _sections(launch: Launch, course: Course) -> list[int]:
    rows = current_enrollments(launch.world, launch.user, course)
    return sorted({row.section_id for row in rows})


def _section_ids(launch: Launch, course: Course) -> str:
    return ",".join(map(str, _sections(launch, course)))


def _section_names(launch: Launch, course: Course) -> str:
    return json.dumps([launch.world.sections[id].name for id in _sections(launch, course)])


def _section_restricted(launch: Launch, course: Course) -> bool:
    rows = current_enrollments(launch.world, launch.user, course)
    return bool(rows) and all(row.limit_to_section for row in rows)


def _enrollment_state(launch: Launch, course: Course) -> str:
    states = {row.state for row in launch.world.enrollments_of(launch.user.id) if row.course_id == course.id}
    return next((state for state in ("active", "inactive") if state in states), "")


def _concluded_roles(launch: Launch, course: Course) -> str:
    rows = launch.world.enrollments_of(launch.user.id)
    over = {row.type for row in rows if row.course_id == course.id and row.state == "completed"}
    return ",".join(sorted(over))


def _membership_roles(launch: Launch) -> Value:
    context = launch.context
    return None if isinstance(context, User) else ",".join(role_names(launch.world, launch.user, context))


def _observees(launch: Launch, course: Course) -> str:
    return ",".join(student.lti_id for student in launch.observees)


def _observee_sis_ids(launch: Launch, course: Course) -> str:
    logins = (launch.world.login_in(student, launch.root.id) for student in launch.observees)
    return ",".join(login.sis_user_id for login in logins if login and login.sis_user_id)


def _adminable_accounts(launch: Launch) -> str:
    ids = ",".join(map(str, administered_accounts(launch.world, launch.user, launch.root)))
    return ids if len(ids) <= LONGEST_LIST else ids[:LONGEST_LIST] + ",truncated"


def _is_root_admin(launch: Launch) -> bool:
    return any(
        row.user_id == launch.user.id and row.account_id == launch.root.id for row in launch.world.admins
    )


def _workflow_state(launch: Launch, course: Course) -> str:
    return {"unpublished": "claimed"}.get(course.workflow_state, course.workflow_state)


def _login_name(launch: Launch) -> Value:
    return launch.login.unique_id if launch.login else None


def _sis_id(launch: Launch) -> Value:
    return launch.login.sis_user_id if launch.login else None


def context_id(launch: Launch) -> str:
    """The opaque id of where the launch comes from."""
    return launch.context.lti_context_id


def context_title(launch: Launch) -> str:
    """The name of where the launch comes from."""
    return launch.context.name


VARIABLES: dict[str, Callable[[Launch], Value]] = {
    "Canvas.user.id": lambda launch: launch.user.id,
    "User.id": lambda launch: launch.user.id,
    "Canvas.user.globalId": lambda launch: global_id(launch.user.id),
    "Canvas.user.loginId": _login_name,
    "User.username": _login_name,
    "Canvas.user.sisSourceId": _sis_id,
    "Person.sourcedId": _sis_id,
    "vnd.Canvas.Person.email.sis": lambda launch: launch.user.email if _sis_id(launch) else None,
    "Canvas.user.isRootAccountAdmin": _is_root_admin,
    "Canvas.user.adminableAccounts": _adminable_accounts,
    "Canvas.user.prefersHighContrast": lambda launch: "false",
    "Canvas.course.id": _of_course(lambda launch, course: course.id),
    "Canvas.course.name": _of_course(lambda launch, course: course.name),
    "Canvas.course.workflowState": _of_course(_workflow_state),
    "Canvas.course.sectionIds": _of_course(_section_ids),
    "Canvas.course.sectionRestricted": _of_course(_section_restricted),
    "com.instructure.User.sectionNames": _of_course(_section_names),
    "com.instructure.contextLabel": _of_course(lambda launch, course: course.course_code),
    "vnd.instructure.Course.uuid": _of_course(lambda launch, course: course.uuid),
    "Canvas.account.id": lambda launch: launch.account.id,
    "Canvas.account.name": lambda launch: launch.account.name,
    "Canvas.rootAccount.id": lambda launch: launch.root.id,
    "Canvas.root_account.id": lambda launch: launch.root.id,
    "Canvas.root_account.global_id": lambda launch: global_id(launch.root.id),
    "vnd.Canvas.root_account.uuid": lambda launch: launch.root.uuid,
    "Canvas.api.domain": lambda launch: launch.host,
    "Canvas.api.baseUrl": lambda launch: launch.base_url,
    "Canvas.membership.roles": _membership_roles,
    "Canvas.membership.concludedRoles": _of_course(_concluded_roles),
    "Canvas.enrollment.enrollmentState": _of_course(_enrollment_state),
    "Canvas.masqueradingUser.id": lambda launch: launch.real_user.id if launch.real_user else None,
    "Canvas.masqueradingUser.userId": lambda launch: launch.real_user.lti_id if launch.real_user else None,
    "com.instructure.Observee.sisIds": _of_course(_observee_sis_ids),
    "com.instructure.User.observees": _of_course(_observees),
    "com.instructure.User.student_view": lambda launch: launch.user.test_student,
    "com.instructure.brandConfigJSON.url": lambda launch: f"{launch.base_url}/static/brand.json",
    "Person.name.full": lambda launch: launch.user.name,
    "Person.name.display": lambda launch: launch.user.short_name,
    "Person.name.given": lambda launch: given_and_family(launch.user)[0],
    "Person.name.family": lambda launch: given_and_family(launch.user)[1],
    "com.instructure.Person.name_sortable": lambda launch: launch.user.sortable_name,
    "Person.email.primary": lambda launch: launch.user.email,
    "Person.address.timezone": lambda launch: launch.user.time_zone,
    "Message.locale": lambda launch: launch.user.locale or "en",
    "Context.id": context_id,
    "Context.title": context_title,
    "com.instructure.Context.uuid": lambda launch: launch.context.uuid,
    "com.instructure.Context.globalId": lambda launch: global_id(launch.context.id),
    "vnd.instructure.User.uuid": lambda launch: launch.user.uuid,
    "vnd.instructure.User.current_uuid": lambda launch: launch.user.uuid,
    "ToolConsumerInstance.guid": lambda launch: launch.guid,
}
