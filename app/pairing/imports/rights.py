"""What the service account may do of what an import needs; looked at before an admin chooses a road."""

from collections.abc import Callable

from app.canvas import Canvas, accounts, sis_imports, users
from app.canvas.users import NewUser
from app.errors import RETRYABLE, CanvasFailure, CanvasForbids, ScopeMissing, TokenDead
from app.pairing.imports.directory import HERE

NOBODY = "0"  # Canvas counts from one
SCOPE, PERMISSION, CLOSED = "scope", "permission", "closed"
CREATES = ("manage_user_logins",)
IMPORTS = ("import_sis",)


def lacking(canvas: Canvas) -> dict[str, str]:
    """What is missing for "create", "sis" and "sis_ids", and why; changes nothing in Canvas.

    Canvas looks at a scope before it looks for what the path names: number 0 is nobody's.
    Sources: "Developer Keys"; "Permissions"; SIS Imports API.
    """
    held = accounts.permissions(canvas, [*CREATES, *IMPORTS, "manage_sis", "read_sis"])
    found = {
        "create": _lack(lambda: users.create(canvas, NOBODY, NewUser(name="-", login="-")), held, CREATES),
        "sis": _lack(lambda: sis_imports.get(canvas, HERE, NOBODY), held, IMPORTS),
        "sis_ids": None if "read_sis" in held else PERMISSION,
        "manage_sis": None if "manage_sis" in held else PERMISSION,
    }
    return {name: lack for name, lack in found.items() if lack}


def _lack(attempt: Callable[[], object], held: frozenset[str], needed: tuple[str, ...]) -> str | None:
    try:
        attempt()
    except ScopeMissing:
        return SCOPE
    except CanvasForbids:
        return PERMISSION if not held.issuperset(needed) else CLOSED
    except (TokenDead, *RETRYABLE):
        raise
    except CanvasFailure:
        pass  # there is no number 0: so the scope is there
    return None if held.issuperset(needed) else PERMISSION
