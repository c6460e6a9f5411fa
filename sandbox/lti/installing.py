"""Registering apps, deploying them, and taking them away (Canvas's Apps page)."""

from sandbox.records import GLOBAL_ID_BASE
from sandbox.world import Account, ContextControl, Course, Registration, Tool, World, global_id


def new_client_id(world: World) -> str:
    """The global id of a fresh developer key."""
    taken = [int(one) for one in (*world.developer_keys, *world.registrations) if one.isdecimal()]
    return str(global_id(1 + max((one - GLOBAL_ID_BASE for one in taken if one > GLOBAL_ID_BASE), default=0)))


def register(world: World, root: Account, registration: Registration) -> Registration:
    """Keep a new app and deploy it in the root account; the administrator has yet to switch it on."""
    world.registrations[registration.client_id] = registration
    deploy(world, registration.client_id, root)
    return registration


def deploy(world: World, client_id: str, place: Account | Course) -> Tool:
    """Install an app in an account or a course; a second time in the same place gives the first."""
    course_id = place.id if isinstance(place, Course) else None
    account_id = place.account_id if isinstance(place, Course) else place.id
    for tool in world.deployments(client_id):
        if (tool.account_id, tool.course_id) == (account_id, course_id):
            return tool
    tool_id = world.next_id("tool")
    deployment_id = f"{tool_id}:{place.lti_context_id}"
    return world.add_tool(Tool(tool_id, client_id, deployment_id, account_id, course_id))


def control(tool: Tool, said: ContextControl) -> None:
    """Switch a deployment on or off in one account or course, in place of what was said of it before."""
    place = (said.account_id, said.course_id)
    others = [one for one in tool.context_controls if (one.account_id, one.course_id) != place]
    tool.context_controls = [*others, said]


def withdraw(world: World, tool: Tool) -> None:
    """Delete one deployment."""
    del world.tools[tool.id]


def forget(world: World, client_id: str) -> None:
    """Delete an app with everything deployed of it."""
    for tool in world.deployments(client_id):
        withdraw(world, tool)
    del world.registrations[client_id]
