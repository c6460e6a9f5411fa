"""The scopes of the service account's token, tried out one by one without changing anything.

Canvas keeps a key's scopes from everybody but the administrators of keys. But it looks at the scope before it
looks for what the path names (Canvas "Developer Keys", Enforce Scopes): a call about number 0, which nobody
has, fails as "not there" with the scope, and as "Insufficient scopes" without it.
"""

import re
from collections.abc import Iterable, Iterator

from app.canvas import Canvas
from app.canvas.oauth import SERVICE_SCOPES
from app.errors import RETRYABLE, CanvasFailure, ScopeMissing, TokenDead
from app.inspector import failures
from app.inspector.findings import Finding, Part, Said, Who, problem, unchecked, well
from app.inspector.findings import said as _

NOBODY = "0"  # Canvas counts from one
HOW = _(
    "Admin → Developer Keys → Observatory's API key → Edit → Scopes: tick it. "
    "Then connect the service account again: a token keeps the scopes it was given."
)


def examine(canvas: Canvas, wanted: Iterable[str] = SERVICE_SCOPES) -> Iterator[Finding]:
    """One finding for each scope; after a call that brought no answer the others are not tried."""
    broken: CanvasFailure | None = None
    for scope in wanted:
        what = Said(scope)
        if broken is not None:
            yield unchecked(Part.SCOPES, what, failures.told(broken))
            continue
        if not is_harmless(scope):
            yield unchecked(Part.SCOPES, what, _("Trying it out would change something in Canvas."))
            continue
        try:
            missing = _is_missing(canvas, scope)
        except CanvasFailure as failure:
            broken = failure
            yield unchecked(Part.SCOPES, what, failures.told(failure))
            continue
        means = _("The service account's token lacks this scope.")
        yield problem(Part.SCOPES, what, means, Who.ADMIN, HOW) if missing else well(Part.SCOPES, what)


def is_harmless(scope: str) -> bool:
    """Whether the scope can be tried: it reads, or its path names something that can be nobody's."""
    return scope.startswith("url:GET|") or ":" in scope.partition("|")[2]


def _is_missing(canvas: Canvas, scope: str) -> bool:
    """Raises what says nothing about the scope: a dead token, or no answer."""
    try:
        _try(canvas, scope)
    except ScopeMissing:
        return True
    except (TokenDead, *RETRYABLE):
        raise
    except CanvasFailure:
        return False  # not there, not permitted or not complete: the scope was looked at before that
    return False


def _try(canvas: Canvas, scope: str) -> None:
    method, path = re.sub(r":\w+", NOBODY, scope.removeprefix("url:")).split("|")
    match method:
        case "GET":
            canvas.get(path, ("per_page", "1"))
        case "POST":
            canvas.post(path)
        case "PUT":
            canvas.put(path)
        case "DELETE":
            canvas.delete(path)
        case _:
            raise ValueError(f"no call is known for {scope}")
