"""The permissions of the service account's role, asked for one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.canvas import Canvas, accounts
from app.errors import CanvasFailure, ScopeMissing
from app.inspector import failures
from app.inspector.findings import Finding, Part, Said, Who, problem, unchecked, well
from app.inspector.findings import said as _


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission by Canvas's name and label, and what it is for."""

    name: str
    label: str
    purpose: Said


# Canvas's labels are not translated: they are what an administrator looks for.
NEEDED = (
    Permission("read_roster", "Users - view list", _("to see who is in a course")),
    Permission(
        "manage_user_observers",
        "Users - manage observers",
        _("to connect observers to all courses of a student"),
    ),
    Permission(
        "add_observer_to_course",
        "Users - Observers → Observers - add",
        _("to connect observers to one course"),
    ),
    Permission(
        "remove_observer_from_course",
        "Users - Observers → Observers - remove",
        _("to end such a connection"),
    ),
)
SCOPE = "url:GET|/api/v1/accounts/:account_id/permissions"


def examine(canvas: Canvas) -> Iterator[Finding]:
    """One finding for each permission (Canvas "Accounts", GET /api/v1/accounts/:id/permissions)."""
    try:
        held = accounts.permissions(canvas, [one.name for one in NEEDED])
    except CanvasFailure as failure:
        why = failures.told(failure)
        if isinstance(failure, ScopeMissing):
            why = _("To look, Observatory needs the scope %(scope)s.", scope=SCOPE)
        yield from (unchecked(Part.PERMISSIONS, Said(one.label), why) for one in NEEDED)
        return
    for one in NEEDED:
        yield well(Part.PERMISSIONS, Said(one.label)) if one.name in held else _missing(one)


def _missing(one: Permission) -> Finding:
    means = _("The service account's role in the root account lacks this permission.")
    how = _("Admin → Permissions → Account Roles → the service account's role → %(label)s", label=one.label)
    return problem(Part.PERMISSIONS, Said(one.label), means, Who.ADMIN, how)
