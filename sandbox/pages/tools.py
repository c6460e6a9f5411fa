"""A tool inside Canvas's frame, and the form that starts its launch (external_tools_controller.rb)."""

from urllib.parse import parse_qs, urlsplit

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import sessions
from sandbox.ids import number
from sandbox.lti import scopes
from sandbox.lti.brands import brand_url
from sandbox.lti.configurations import ConfigurationError, Placement, configuration
from sandbox.lti.launch import Launch
from sandbox.lti.launches import prepare
from sandbox.lti.roles import Context
from sandbox.lti.tools import is_visible, may_launch, registration_of, tools_in
from sandbox.pages import blueprint, navigation
from sandbox.pages.navigation import Navigation
from sandbox.pages.viewing import open_course, refuse, root_account, the_account, viewer
from sandbox.world import Account, Course, Tool, User, current_world

PLACEMENTS = {"courses": "course_navigation", "accounts": "account_navigation", "users": "user_navigation"}
PATH = "/<any(courses, accounts, users):kind>/<int:context_id>/external_tools"


@blueprint.get(PATH + "/<int:tool_id>")
def tool(kind: str, context_id: int, tool_id: int) -> Response | str:
    """The page around a tool; `display=borderless` leaves the page out, full width the menu."""
    context = _context(kind, context_id)
    launch = _launch(kind, context, tool_id)
    target = f"{request.path}/launch?{request.query_string.decode()}".rstrip("?")
    display = request.args.get("display") or _placed(launch).display_type
    if display == "borderless":
        return redirect(target)
    title = _placed(launch).label(launch.locale)
    return render_template(
        "tool.html",
        title=title,
        context=context,
        nav=None if display == "full_width" else _navigation(context, launch.user),
        target=target,
        retrieve=url_for("pages.retrieve", kind=kind, context_id=context_id),
        brand_url=brand_url(launch.base_url, launch.account),
        page_content=scopes.PAGE_CONTENT in launch.configuration.scopes,
    )


@blueprint.get(PATH + "/<int:tool_id>/launch")
def launch_tool(kind: str, context_id: int, tool_id: int) -> str:
    """The form that the browser posts to the tool's login initiation URL."""
    return _form(_launch(kind, _context(kind, context_id), tool_id))


@blueprint.get(PATH + "/retrieve")
def retrieve(kind: str, context_id: int) -> str:
    """Launch the tool that a URL belongs to, at that URL (`requestFullWindowLaunch`)."""
    context, url = _context(kind, context_id), request.args.get("url", "")
    found = _tool_at(url, context)
    if found is None:
        abort(404, "No tool is installed for that address.")
    return _form(_launch(kind, context, found.id, url))


@blueprint.get("/<any(courses, accounts, users):kind>/<int:context_id>/external_content/success/<source>")
def content_returned(kind: str, context_id: int, source: str) -> str:
    """Where `return_url` leads: from inside the tool's frame back to the page the tool was opened from."""
    match kind:
        case "courses":
            target = url_for("pages.course", course_id=context_id)
        case "accounts":
            target = url_for("pages.account", account_id=context_id)
        case _:
            target = url_for("pages.home")
    return render_template("lti/returned.html", target=target)


def _form(launch: Launch) -> str:
    return render_template(
        "lti/form.html",
        action=launch.configuration.login_url(launch.world.settings.canvas_region),
        fields=prepare(launch),
        title=_placed(launch).label(launch.locale),
    )


def _placed(launch: Launch) -> Placement:
    """The placement of a launch that began at a link."""
    if launch.placement is None:
        raise ValueError("a launch from a page has a placement")
    return launch.placement


def _asked_placement(kind: str) -> str:
    return request.args.get("placement") or request.args.get("launch_type") or PLACEMENTS[kind]


def _context(kind: str, context_id: int) -> Context:
    if kind == "courses":
        return open_course(context_id)
    user = viewer()
    if kind == "users":
        if user.id != context_id:
            refuse()
        return user
    root = root_account()
    everybody = _asked_placement(kind) == "global_navigation" and current_world().login_in(user, root.id)
    return root if everybody and context_id == root.id else the_account(context_id)


def _navigation(context: Context, user: User | None) -> Navigation | None:
    if user is None:
        return None
    match context:
        case Course():
            return navigation.of_course(context, user)
        case Account():
            return navigation.of_account(context, user)
        case _:
            return navigation.of_user(user)


def _launch(kind: str, context: Context, tool_id: int, url: str | None = None) -> Launch:
    """A launch that is allowed; visibility alone forbids none, required permissions do."""
    world, user, root = current_world(), sessions.current_user(), root_account()
    found, problems = navigation.placed(_asked_placement(kind), context)
    chosen = next(((tool, placement) for tool, placement in found if tool.id == tool_id), None)
    if chosen is None:
        abort(404, "; ".join(problems) or "Couldn't find valid settings for this link.")
    tool, placement = chosen
    if not may_launch(world, user, context, root, placement):
        refuse()
    return Launch(
        world=world,
        tool=tool,
        configuration=configuration(world, registration_of(world, tool)),
        placement=placement,
        context=context,
        root=root,
        user=user,
        base_url=request.host_url.rstrip("/"),
        target_link_uri=url or placement.target_link_uri,
        real_user=sessions.real_user(),
        student=_carded_student(context, user, placement),
    )


def _carded_student(context: Context, user: User | None, placement: Placement) -> User | None:
    """Whose card is open: a student of the course, now or before; without the parameter nobody's."""
    if placement.name != "student_context_card" or "student_id" not in request.args:
        return None
    world = current_world()
    student = world.users.get(number(request.args["student_id"]) or 0)
    rows = world.enrollments_of(student.id) if student else []
    attended = any(row.course_id == context.id and row.type == "StudentEnrollment" for row in rows)
    if not (attended and is_visible(world, user, context, root_account(), placement)):
        refuse()
    return student


def _tool_at(url: str, context: Context) -> Tool | None:
    """The tool named by `client_id` in a URL's query, else the one whose launch URLs have its origin."""
    world, parts = current_world(), urlsplit(url)
    reachable = tools_in(world, context, root_account())
    named = parse_qs(parts.query).get("client_id", [])
    for tool in reachable:
        if tool.client_id in named:
            return tool
    for tool in reachable:
        try:
            urls = configuration(world, registration_of(world, tool)).launch_urls
        except ConfigurationError:
            continue
        if any((one.scheme, one.netloc) == (parts.scheme, parts.netloc) for one in map(urlsplit, urls)):
            return tool
    return None
