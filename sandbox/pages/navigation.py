"""The links beside a page, those of installed tools included (Canvas API docs, "Navigation Tools")."""

from dataclasses import dataclass

from flask import request, url_for

from sandbox.lti.roles import Context
from sandbox.lti.tools import ConfigurationError, Placement, configuration, is_visible, tools_for
from sandbox.pages.viewing import root_account
from sandbox.permissions import granted, reads_as_admin
from sandbox.world import Account, Course, Tool, User, current_world


@dataclass(frozen=True, slots=True)
class Link:
    """An entry; `new_window` for tools that ask for one."""

    text: str
    url: str
    new_window: bool = False

    @property
    def current(self) -> bool:
        """Whether it leads to the page that is shown."""
        return self.url == request.path


@dataclass(frozen=True, slots=True)
class Navigation:
    """Entries, and tools whose configuration cannot be had."""

    links: list[Link]
    problems: list[str]

    @property
    def opens_windows(self) -> bool:
        """Whether a tool may come to need this page as its opener."""
        return any(link.new_window for link in self.links)


def placed_tools(placement: str, context: Context) -> tuple[list[tuple[Tool, Placement]], list[str]]:
    """Tools with this placement in a context, whoever looks."""
    world, root = current_world(), root_account()
    found, problems = [], []
    match context:
        case Course():
            tools = tools_for(world, context.account_id)
        case Account():
            tools = tools_for(world, context.id)
        case User():
            tools = [tool for tool in world.tools.values() if tool.account_id == root.id]
    for tool in tools:
        try:
            placed = configuration(world, tool).placements.get(placement)
        except ConfigurationError as problem:
            problems.append(str(problem))
            continue
        below = isinstance(context, Account) and context.parent_account_id is not None
        if placed and not (placed.root_account_only and below):
            found.append((tool, placed))
    return found, problems


def is_shown(course: Course, tool: Tool, placement: Placement) -> bool:
    """Whether a course shows a tool: a teacher's choice, else the tool's default."""
    return course.navigation.get(tool.client_id, placement.shown_by_default)


def of_course(course: Course, user: User) -> Navigation:
    """A course's menu for a person."""
    world = current_world()
    links = [Link("Home", url_for("pages.course", course_id=course.id))]
    if granted(world, user.id, "read_roster", course_id=course.id):
        links.append(Link("People", url_for("pages.people", course_id=course.id)))
    placed, problems = placed_tools("course_navigation", course)
    shown = [(tool, placement) for tool, placement in placed if is_shown(course, tool, placement)]
    links += _tool_links("courses", course, user, shown)
    if reads_as_admin(world, user.id, course.id):
        links.append(Link("Settings", url_for("pages.course_settings", course_id=course.id)))
        return Navigation(links, problems)
    return Navigation(links, [])


def of_account(account: Account, user: User) -> Navigation:
    """An account's menu for an administrator."""
    links = [Link("Courses and people", url_for("pages.account", account_id=account.id))]
    placed, problems = placed_tools("account_navigation", account)
    shown = [(tool, placement) for tool, placement in placed if placement.shown_by_default]
    return Navigation(links + _tool_links("accounts", account, user, shown), problems)


def of_user(user: User) -> Navigation:
    """The account menu of a person."""
    links = [
        Link("Settings", url_for("pages.profile_settings")),
        Link("Observing", url_for("pages.observees")),
    ]
    placed, problems = placed_tools("user_navigation", user)
    return Navigation(links + _tool_links("users", user, user, placed), problems)


def _tool_links(kind: str, context: Context, user: User, placed: list[tuple[Tool, Placement]]) -> list[Link]:
    world, root = current_world(), root_account()
    return [
        Link(
            placement.text,
            url_for(
                "pages.tool",
                kind=kind,
                context_id=context.id,
                tool_id=tool.id,
                display="borderless" if placement.new_window else None,
            ),
            placement.new_window,
        )
        for tool, placement in placed
        if is_visible(world, user, context, root, placement)
    ]
