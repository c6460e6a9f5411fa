"""Custom variable substitutions (canvas-lms, lib/lti/variable_expander.rb).

A variable that does not apply stays in the launch as the literal text of its name.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.lti import course_variables, person_variables
from sandbox.lti.brands import brand_of, brand_url
from sandbox.lti.launch import Launch
from sandbox.lti.roles import role_names
from sandbox.permissions import granted
from sandbox.world import User, global_id

Value = str | int | bool | None
PERMISSIONS = re.compile(r"\$Canvas\.membership\.permissions<([^>]*)>")
EMBEDDED = re.compile(r"\$\{([^}]+)\}")


def _all(name: str) -> bool:
    return True


def custom(launch: Launch, expanded: Callable[[str], bool] = _all) -> dict[str, Any]:
    """The custom claim: the tool's fields under the placement's, keys lower-cased, `_` for odd characters.

    `expanded` says which variables are filled in; the others stay literal.
    """
    fields = {**launch.configuration.custom_fields}
    if launch.placement:
        fields |= launch.placement.custom_fields
    return {
        re.sub(r"\W", "_", key.lower()): substitute(launch, value, expanded) for key, value in fields.items()
    }


def substitute(launch: Launch, value: Any, expanded: Callable[[str], bool] = _all) -> Any:
    """One field: a variable alone keeps its boolean, numbers become text, `${…}` is filled in place."""
    if not isinstance(value, str):
        return value
    if (found := PERMISSIONS.fullmatch(value)) and expanded("Canvas.membership.permissions"):
        return _permissions(launch, found[1].split(","))
    name = value.removeprefix("$")
    if name != value and name in VARIABLES:
        result = VARIABLES[name](launch) if expanded(name) else None
        if result is None:
            return value
        return result if isinstance(result, bool) else str(result)
    return EMBEDDED.sub(lambda found: _embedded(launch, found, expanded), value)


def _embedded(launch: Launch, found: re.Match[str], expanded: Callable[[str], bool]) -> str:
    result = substitute(launch, f"${found[1]}", expanded)
    return found[0] if result == f"${found[1]}" else json.dumps(result, ensure_ascii=False).strip('"')


def _permissions(launch: Launch, asked: list[str]) -> str:
    user, context = launch.user, launch.context
    if user is None or isinstance(context, User):
        return "$Canvas.membership.permissions<>"
    course_id = launch.course.id if launch.course else None
    names = [name.strip() for name in asked]
    return ",".join(n for n in names if granted(launch.world, user.id, n, launch.account.id, course_id))


def _membership_roles(launch: Launch) -> str | None:
    user, context = launch.user, launch.context
    if user is None or isinstance(context, User):
        return None
    return ",".join(role_names(launch.world, user, context))


def context_id(launch: Launch) -> str:
    """The opaque id of where the launch comes from."""
    return launch.context.lti_context_id


def context_title(launch: Launch) -> str:
    """The name of where the launch comes from."""
    return launch.context.name


VARIABLES: dict[str, Callable[[Launch], Value]] = {
    **person_variables.VARIABLES,
    **course_variables.VARIABLES,
    "Canvas.account.id": lambda launch: launch.account.id,
    "Canvas.account.name": lambda launch: launch.account.name,
    "Canvas.rootAccount.id": lambda launch: launch.root.id,
    "Canvas.root_account.id": lambda launch: launch.root.id,
    "Canvas.root_account.global_id": lambda launch: global_id(launch.root.id),
    "vnd.Canvas.root_account.uuid": lambda launch: launch.root.uuid,
    "Canvas.api.domain": lambda launch: launch.host,
    "Canvas.api.baseUrl": lambda launch: launch.base_url,
    "Canvas.membership.roles": _membership_roles,
    "com.instructure.brandConfigJSON": lambda launch: json.dumps(brand_of(launch.world, launch.account)),
    "com.instructure.brandConfigJSON.url": lambda launch: brand_url(launch.base_url, launch.account),
    "com.instructure.brandConfigJS.url": lambda launch: brand_url(launch.base_url, launch.account, "js"),
    "Message.locale": lambda launch: launch.locale,
    "Context.id": context_id,
    "Context.title": context_title,
    "com.instructure.Context.uuid": lambda launch: launch.context.uuid,
    "com.instructure.Context.globalId": lambda launch: global_id(launch.context.id),
    "ToolConsumerInstance.guid": lambda launch: launch.guid,
}
