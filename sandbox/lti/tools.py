"""Which tools reach a place, who sees them there, and who may open them (context_external_tool.rb)."""

from urllib.parse import parse_qsl, urlsplit

from sandbox.lti.configurations import ConfigurationError, Placement, configuration
from sandbox.lti.roles import Context
from sandbox.permissions import (
    STUDENTS,
    counting_enrollments,
    granted,
    is_account_member,
    reads_as_admin,
)
from sandbox.world import Account, Course, Registration, Tool, User, World

Placed = tuple[Tool, Placement]


def registration_of(world: World, tool: Tool) -> Registration:
    """The app that a deployment is one of."""
    return world.registrations[tool.client_id]


def tools_in(world: World, context: Context, root: Account) -> list[Tool]:
    """Tools that are on in a context: deployed in it or in an account above, and not switched off.

    A person's own menu shows the tools of the root account alone.
    """
    course_id = context.id if isinstance(context, Course) else None
    match context:
        case Course():
            account_id = context.account_id
        case Account():
            account_id = context.id
        case User():
            account_id = root.id
    chain = [account.id for account in world.account_chain(account_id)]
    return [
        tool
        for tool in world.tools.values()
        if (tool.course_id == course_id if tool.course_id else tool.account_id in chain)
        and registration_of(world, tool).enabled
        and is_available(tool, chain, course_id)
    ]


def is_available(tool: Tool, chain: list[int], course_id: int | None) -> bool:
    """Whether a deployment is on: the nearest exception decides (Apps page, "Availability & Exceptions")."""
    said = {(control.account_id, control.course_id): control.available for control in tool.context_controls}
    places = [(None, course_id), *((account_id, None) for account_id in chain)]
    return next((said[place] for place in places if place in said), True)


def placed_tools(
    world: World, placement: str, context: Context, root: Account
) -> tuple[list[Placed], list[str]]:
    """Tools with this placement in a context, whoever looks; and why others cannot be had."""
    found, problems = [], []
    below = isinstance(context, Account) and context.id != root.id
    for tool in tools_in(world, context, root):
        try:
            placed = configuration(world, registration_of(world, tool)).placements.get(placement)
        except ConfigurationError as problem:
            problems.append(str(problem))
            continue
        only_root = placement == "global_navigation" or (placed and placed.root_account_only)
        if placed and not (only_root and below):
            found.append((tool, placed))
    return found, problems


def redirect_allowed(world: World, registration: Registration, redirect_uri: str) -> bool:
    """Whether a launch may be sent there (authentication_controller.rb).

    A registered URI without a query allows any query; one with a query asks that its parameters be there.
    """
    key = world.developer_keys.get(registration.client_id)
    registered = registration.redirect_uris or (key.redirect_uris if key else [])
    asked, _, query = redirect_uri.partition("?")
    present = set(parse_qsl(query, keep_blank_values=True))
    for uri in registered or configuration(world, registration).launch_urls:
        path, _, needed = uri.partition("?")
        if path == asked and set(parse_qsl(needed, keep_blank_values=True)) <= present:
            return bool(urlsplit(asked).scheme)
    return False


def is_visible(
    world: World, user: User | None, context: Context, root: Account, placement: Placement
) -> bool:
    """Whether a person gets to see the link (Navigation Tools docs; context_external_tool.rb)."""
    if not may_launch(world, user, context, root, placement):
        return False
    if placement.visibility not in ("admins", "members"):
        return True
    if user is None:
        return False
    if not isinstance(context, Course):
        # Outside courses "admins" are the account's administrators (Canvas API docs, "Registration").
        place = context if isinstance(context, Account) else root
        return placement.visibility == "members" or is_account_member(world, user.id, place.id)
    if reads_as_admin(world, user.id, context.id):
        return True
    rows = counting_enrollments(world, user.id, context.id)
    return placement.visibility == "members" and any(row.type in STUDENTS for row in rows)


def may_launch(
    world: World, user: User | None, context: Context, root: Account, placement: Placement
) -> bool:
    """Whether a person holds every permission the placement asks for; visibility alone stops no launch."""
    needed = placement.required_permissions
    if user is None:
        return not needed
    return all(_holds(world, user, permission, context, root, placement) for permission in needed)


def _holds(
    world: World, user: User, permission: str, context: Context, root: Account, placement: Placement
) -> bool:
    course_id = context.id if isinstance(context, Course) else None
    account_id = context.id if isinstance(context, Account) else root.id
    if granted(world, user.id, permission, account_id=account_id, course_id=course_id):
        return True
    if placement.name != "global_navigation":
        return False
    # There, a right held in any of the person's courses will do.
    courses = {row.course_id for row in world.enrollments_of(user.id) if row.state == "active"}
    return any(granted(world, user.id, permission, course_id=id) for id in courses)
