"""Apps in a world file: one row of `lti_tools` for each deployment.

The first row of a client_id describes the app, further rows only say where else it is deployed.
`lti_registrations` holds the apps that are deployed nowhere.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sandbox.apps import ContextControl, Registration, Tool
from sandbox.reading import Reader

if TYPE_CHECKING:
    from sandbox.world import World

PRIVACY_LEVELS = ("anonymous", "name_only", "email_only", "public")
DESCRIBING = tuple(name for name in Registration.__slots__ if name not in ("client_id", "root_account_id"))


def read_apps(world: "World", top: Reader) -> None:
    """Registrations and deployments."""
    for reader in top.each("lti_registrations"):
        root_id = _place(reader, "account_id", world.accounts) or next(iter(world.accounts))
        _registration(world, reader, reader.text("client_id"), root_id)
    for reader in top.each("lti_tools"):
        _tool(world, reader)


def _registration(world: "World", reader: Reader, client_id: str, root_account_id: int) -> None:
    if client_id in world.registrations:
        raise reader.complain("client_id", "this app is there twice")
    privacy_level = reader.text_or_none("privacy_level")
    if privacy_level is not None and privacy_level not in PRIVACY_LEVELS:
        raise reader.complain("privacy_level", "must be one of " + ", ".join(PRIVACY_LEVELS))
    world.registrations[client_id] = Registration(
        client_id=client_id,
        root_account_id=root_account_id,
        configuration_url=reader.text_or_none("configuration_url"),
        configuration=reader.anything("configuration"),
        enabled=reader.yes_or_no("enabled", True),
        redirect_uris=reader.texts("redirect_uris"),
        disabled_placements=reader.texts("disabled_placements"),
        scopes=reader.texts_or_none("scopes"),
        privacy_level=privacy_level,
    )


def _tool(world: "World", reader: Reader) -> None:
    tool_id = reader.number_or_none("id") or world.next_id("tool")
    if tool_id in world.tools:
        raise reader.complain("id", f"{tool_id} is there twice")
    client_id = reader.text("client_id")
    account_id = _place(reader, "account_id", world.accounts)
    course_id = _place(reader, "course_id", world.courses)
    if course_id is not None:
        account_id = world.courses[course_id].account_id
    account_id = account_id or next(iter(world.accounts))
    place = world.accounts[account_id] if course_id is None else world.courses[course_id]
    tool = Tool(
        id=tool_id,
        client_id=client_id,
        deployment_id=reader.text("deployment_id", f"{tool_id}:{place.lti_context_id}"),
        account_id=account_id,
        course_id=course_id,
        context_controls=[_control(world, each) for each in reader.each("context_controls")],
    )
    if client_id not in world.registrations:
        _registration(world, reader, client_id, world.root_account(account_id).id)
    elif found := next((name for name in DESCRIBING if reader.has(name)), None):
        raise reader.complain(found, "only the first row of a client_id describes the app")
    if any(other.deployment_id == tool.deployment_id for other in world.deployments(client_id)):
        raise reader.complain("deployment_id", "this deployment is there twice")
    world.add_tool(tool)


def _control(world: "World", reader: Reader) -> ContextControl:
    account_id = _place(reader, "account_id", world.accounts)
    course_id = _place(reader, "course_id", world.courses)
    if (account_id is None) == (course_id is None):
        raise reader.complain("account_id", "give either account_id or course_id")
    return ContextControl(reader.yes_or_no("available", True), account_id, course_id)


def _place(reader: Reader, key: str, places: dict[int, Any]) -> int | None:
    value = reader.number_or_none(key)
    if value is not None and value not in places:
        raise reader.complain(key, f"there is no {value}")
    return value


def dump_apps(world: "World") -> dict[str, Any]:
    """The two keys that `read_apps` reads."""
    rows, described = [], set()
    for tool in world.tools.values():
        row = asdict(tool)
        if tool.client_id not in described:
            row |= _description(world.registrations[tool.client_id])
        described.add(tool.client_id)
        rows.append(row)
    idle = [app for app in world.registrations.values() if app.client_id not in described]
    return {
        "lti_tools": rows,
        "lti_registrations": [
            {"client_id": app.client_id, "account_id": app.root_account_id, **_description(app)}
            for app in idle
        ],
    }


def _description(registration: Registration) -> dict[str, Any]:
    return {name: getattr(registration, name) for name in DESCRIBING}
