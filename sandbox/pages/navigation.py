"""The links beside a page, those of installed tools included (Canvas API docs, "Navigation Tools")."""

from dataclasses import dataclass

from flask import request, url_for

from sandbox import sessions
from sandbox.lti import tools
from sandbox.lti.configurations import Placement
from sandbox.lti.roles import Context
from sandbox.lti.tools import Placed, is_visible
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


def placed(placement: str, context: Context) -> tuple[list[Placed], list[str]]:
    """Tools with this placement in a context, whoever looks."""
    return tools.placed_tools(current_world(), placement, context, root_account())


def is_shown(course: Course, tool: Tool, placement: Placement) -> bool:
    """Whether a course shows a tool: a teacher's choice, else the tool's default."""
    return course.navigation.get(tool.client_id, placement.shown_by_default)


def of_course(course: Course, user: User) -> Navigation:
    """A course's menu for a person."""
    world = current_world()
    links = [Link("Home", url_for("pages.course", course_id=course.id))]
    if granted(world, user.id, "read_roster", course_id=course.id):
        links.append(Link("People", url_for("pages.people", course_id=course.id)))
    found, problems = placed("course_navigation", course)
    shown = [(tool, placement) for tool, placement in found if is_shown(course, tool, placement)]
    links += _tool_links("courses", course, user, shown)
    if reads_as_admin(world, user.id, course.id):
        links.append(Link("Settings", url_for("pages.course_settings", course_id=course.id)))
        return Navigation(links, problems)
    return Navigation(links, [])


def of_account(account: Account, user: User) -> Navigation:
    """An account's menu for an administrator."""
    links = [Link("Courses and people", url_for("pages.account", account_id=account.id))]
    if granted(current_world(), user.id, "manage_lti_registrations", account_id=account.id):
        links.append(Link("Apps", url_for("pages.apps", account_id=account.id)))
    manages = granted(current_world(), user.id, "manage_account_settings", account_id=account.id)
    if manages and account.parent_account_id is None:
        links.append(Link("Authentication", url_for("pages.authentication", account_id=account.id)))
    imports = account.parent_account_id is None and account.allow_sis_import
    if imports and granted(current_world(), user.id, "import_sis", account_id=account.id):
        links.append(Link("SIS Import", url_for("pages.sis_import", account_id=account.id)))
    found, problems = placed("account_navigation", account)
    shown = [(tool, placement) for tool, placement in found if placement.shown_by_default]
    return Navigation(links + _tool_links("accounts", account, user, shown), problems)


def of_user(user: User) -> Navigation:
    """The account menu of a person."""
    links = [
        Link("Settings", url_for("pages.profile_settings")),
        Link("Observing", url_for("pages.observees")),
    ]
    found, problems = placed("user_navigation", user)
    return Navigation(links + _tool_links("users", user, user, found), problems)


def everywhere() -> dict[str, object]:
    """The tools in the bar around every page."""
    user, root = sessions.current_user(), root_account()
    if user is None or current_world().login_in(user, root.id) is None:
        return {"global_links": []}
    found, _ = placed("global_navigation", root)
    return {"global_links": _tool_links("accounts", root, user, found, launch_type="global_navigation")}


def buttons(placement: str, course: Course, user: User) -> list[Link]:
    """Tools beside a course's home or its settings (the two `…_sub_navigation` placements)."""
    found, _ = placed(placement, course)
    return _tool_links("courses", course, user, found, launch_type=placement)


def of_card(course: Course, viewer: User, student: User) -> list[Link]:
    """The tools on a student's card (placement student_context_card)."""
    found, _ = placed("student_context_card", course)
    asked = {"launch_type": "student_context_card", "student_id": str(student.id)}
    return _tool_links("courses", course, viewer, found, **asked)


def _tool_links(kind: str, context: Context, user: User, found: list[Placed], **asked: str) -> list[Link]:
    world, root = current_world(), root_account()
    return [
        Link(
            placement.label(user.locale),
            url_for(
                "pages.tool",
                kind=kind,
                context_id=context.id,
                tool_id=tool.id,
                display="borderless" if placement.new_window else None,
                **asked,  # type: ignore[arg-type]  # url_for's keywords are of any type
            ),
            placement.new_window,
        )
        for tool, placement in found
        if is_visible(world, user, context, root, placement)
    ]
