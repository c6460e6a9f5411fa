"""A tool inside Canvas's frame, and the form that starts its launch (external_tools_controller.rb)."""

from urllib.parse import parse_qs, urlsplit

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import sessions
from sandbox.lti.launch import Launch
from sandbox.lti.launches import prepare
from sandbox.lti.roles import Context
from sandbox.lti.tools import ConfigurationError, configuration, may_launch
from sandbox.pages import blueprint, navigation
from sandbox.pages.navigation import Navigation
from sandbox.pages.viewing import refuse, root_account, the_account, the_course, viewer
from sandbox.world import Account, Course, Tool, User, current_world

PLACEMENTS = {"courses": "course_navigation", "accounts": "account_navigation", "users": "user_navigation"}
PATH = "/<any(courses, accounts, users):kind>/<int:context_id>/external_tools"


@blueprint.get(PATH + "/<int:tool_id>")
def tool(kind: str, context_id: int, tool_id: int) -> Response | str:
    """The page around a tool; `display=borderless` leaves the page out."""
    context, user = _context(kind, context_id), viewer()
    launch = _launch(kind, context, tool_id)
    target = f"{request.path}/launch?{request.query_string.decode()}".rstrip("?")
    if request.args.get("display") == "borderless":
        return redirect(target)
    return render_template(
        "tool.html",
        title=launch.placement.text,
        context=context,
        nav=_navigation(context, user),
        target=target,
        retrieve=url_for("pages.retrieve", kind=kind, context_id=context_id),
    )


@blueprint.get(PATH + "/<int:tool_id>/launch")
def launch_tool(kind: str, context_id: int, tool_id: int) -> str:
    """The form that the browser posts to the tool's login initiation URL."""
    return _form(_launch(kind, _context(kind, context_id), tool_id))


@blueprint.get(PATH + "/retrieve")
def retrieve(kind: str, context_id: int) -> str:
    """Launch the tool that a URL belongs to, at that URL (`requestFullWindowLaunch`)."""
    context, url = _context(kind, context_id), request.args.get("url", "")
    found = _tool_at(url)
    if found is None:
        abort(404, "No tool is installed for that address.")
    return _form(_launch(kind, context, found.id, url))


def _form(launch: Launch) -> str:
    return render_template(
        "lti/form.html",
        action=launch.configuration.oidc_initiation_url,
        fields=prepare(launch),
        title=launch.placement.text,
    )


def _context(kind: str, context_id: int) -> Context:
    if kind == "courses":
        return the_course(context_id)
    if kind == "accounts":
        return the_account(context_id)
    user = viewer()
    if user.id != context_id:
        refuse()
    return user


def _navigation(context: Context, user: User) -> Navigation:
    match context:
        case Course():
            return navigation.of_course(context, user)
        case Account():
            return navigation.of_account(context, user)
        case _:
            return navigation.of_user(user)


def _launch(kind: str, context: Context, tool_id: int, url: str | None = None) -> Launch:
    """A launch that is allowed; visibility alone forbids none, required permissions do."""
    world, user, root = current_world(), viewer(), root_account()
    name = request.args.get("placement") or request.args.get("launch_type") or PLACEMENTS[kind]
    found, problems = navigation.placed_tools(name, context)
    placed = next(((tool, placement) for tool, placement in found if tool.id == tool_id), None)
    if placed is None:
        abort(404, "; ".join(problems) or "Couldn't find valid settings for this link.")
    tool, placement = placed
    if not may_launch(world, user, context, root, placement):
        refuse()
    return Launch(
        world=world,
        tool=tool,
        configuration=configuration(world, tool),
        placement=placement,
        context=context,
        root=root,
        user=user,
        real_user=sessions.real_user(),
        base_url=request.host_url.rstrip("/"),
        target_link_uri=url or placement.target_link_uri,
    )


def _tool_at(url: str) -> Tool | None:
    """The tool named by `client_id` in a URL's query, else the one whose launch URLs have its origin."""
    world, parts = current_world(), urlsplit(url)
    for client_id in parse_qs(parts.query).get("client_id", []):
        if client_id in world.tools:
            return world.tools[client_id]
    for tool in world.tools.values():
        try:
            known = [urlsplit(launch_url) for launch_url in configuration(world, tool).launch_urls]
        except ConfigurationError:
            continue
        if any((one.scheme, one.netloc) == (parts.scheme, parts.netloc) for one in known):
            return tool
    return None
