"""One app on the Apps page: what it may do, where it is deployed, and where it is on."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.lti import installing
from sandbox.lti.configurations import PRIVACY_LEVELS, ConfigurationError, full_configuration
from sandbox.pages import blueprint, navigation
from sandbox.pages.apps import managed_account, managed_app, managed_root, may_manage, title_of
from sandbox.pages.viewing import refuse, the_course, viewer
from sandbox.permissions import reads_as_admin
from sandbox.world import Account, ContextControl, Course, Tool, World, current_world

PATH = "/accounts/<int:account_id>/apps/<client_id>"


@blueprint.get(PATH)
def app(account_id: int, client_id: str) -> str:
    """The app as its administrator sees it; before it is on, the step that confirms it."""
    world, account = current_world(), managed_account(account_id)
    found = managed_app(account, client_id)
    root, problem, full = world.root_account(account.id), None, None
    try:
        full = full_configuration(world, found)
    except ConfigurationError as unreadable:
        problem = str(unreadable)
    return render_template(
        "app.html",
        account=account,
        nav=navigation.of_account(account, viewer()),
        app=found,
        title=title_of(world, found),
        full=full,
        problem=problem,
        may_confirm=account.id == root.id,
        privacy_levels=PRIVACY_LEVELS,
        deployments=[(tool, place_of(world, tool)) for tool in world.deployments(client_id)],
        places=[one for one in world.accounts.values() if account in world.account_chain(one.id)],
    )


def place_of(world: World, tool: Tool) -> Account | Course:
    """Where a deployment is."""
    return world.accounts[tool.account_id] if tool.course_id is None else world.courses[tool.course_id]


@blueprint.post(PATH)
def confirm_app(account_id: int, client_id: str) -> Response:
    """Take placements, scopes or data away from an app, and switch it on or off."""
    world = current_world()
    account = managed_root(account_id)
    found = managed_app(account, client_id)
    try:
        full = full_configuration(world, found)
    except ConfigurationError as problem:
        abort(400, str(problem))
    placements, scopes = request.form.getlist("placements"), request.form.getlist("scopes")
    with world.lock:
        found.disabled_placements = [name for name in full.placements if name not in placements]
        kept = [scope for scope in full.scopes if scope in scopes]
        found.scopes = None if kept == list(full.scopes) else kept
        level = request.form.get("privacy_level")
        found.privacy_level = level if level in PRIVACY_LEVELS and level != full.privacy_level else None
        found.enabled = request.form.get("enabled") == "1"
    return _back(account, client_id)


@blueprint.post(PATH + "/delete")
def delete_app(account_id: int, client_id: str) -> Response:
    """Delete an app and everything deployed of it."""
    world, account = current_world(), managed_root(account_id)
    with world.lock:
        installing.forget(world, managed_app(account, client_id).client_id)
    return redirect(url_for("pages.apps", account_id=account.id), 303)


@blueprint.post(PATH + "/deployments")
def deploy_app(account_id: int, client_id: str) -> Response:
    """Deploy an app once more, in an account below or in a course of one."""
    world, account = current_world(), managed_account(account_id)
    found, place = managed_app(account, client_id), _place(world, account)
    with world.lock:
        installing.deploy(world, found.client_id, place)
    return _back(account, client_id)


@blueprint.post(PATH + "/deployments/<int:tool_id>/delete")
def withdraw_app(account_id: int, client_id: str, tool_id: int) -> Response:
    """Delete one deployment."""
    world, account = current_world(), managed_account(account_id)
    with world.lock:
        installing.withdraw(world, _deployment(world, account, client_id, tool_id))
    return _back(account, client_id)


@blueprint.post(PATH + "/deployments/<int:tool_id>/availability")
def switch_app(account_id: int, client_id: str, tool_id: int) -> Response:
    """Switch a deployment on or off in an account (with all below it) or in a course."""
    world, account = current_world(), managed_account(account_id)
    tool, place = _deployment(world, account, client_id, tool_id), _place(world, account)
    course_id = place.id if isinstance(place, Course) else None
    above = None if isinstance(place, Course) else place.id
    with world.lock:
        installing.control(tool, ContextControl(request.form.get("available") == "1", above, course_id))
    return _back(account, client_id)


def _deployment(world: World, account: Account, client_id: str, tool_id: int) -> Tool:
    found = managed_app(account, client_id)
    tool = next((one for one in world.deployments(found.client_id) if one.id == tool_id), None)
    if tool is None:
        abort(404)
    if not may_manage(world, viewer(), world.accounts[tool.account_id]):
        refuse()
    return tool


def _place(world: World, account: Account) -> Account | Course:
    """The account or course that a form names; it must be below the account of the page."""
    course_id = request.form.get("course_id", type=int)
    place = world.courses.get(course_id) if course_id else world.accounts.get(_account_id(account))
    if place is None:
        abort(404, "There is no such place.")
    above = place.account_id if isinstance(place, Course) else place.id
    if account not in world.account_chain(above):
        abort(404, "There is no such place in this account.")
    return place


def _account_id(account: Account) -> int:
    return request.form.get("account_id", account.id, type=int)


def _back(account: Account, client_id: str) -> Response:
    return redirect(url_for("pages.app", account_id=account.id, client_id=client_id), 303)


@blueprint.post("/courses/<int:course_id>/apps")
def add_to_course(course_id: int) -> Response:
    """Install a registered app in one course by its client ID (course Settings > Apps)."""
    world, course = current_world(), the_course(course_id)
    if not reads_as_admin(world, viewer().id, course.id):
        refuse()
    found = world.registrations.get(request.form.get("client_id", "").strip())
    if found is None or not found.enabled or found.root_account_id != world.course_root(course.id).id:
        abort(404, "No app with this client ID is switched on for this school.")
    with world.lock:
        installing.deploy(world, found.client_id, course)
    return redirect(url_for("pages.course_settings", course_id=course.id), 303)
