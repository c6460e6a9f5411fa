"""What a failed call to Canvas means, in one sentence."""

from app.errors import (
    CanvasForbids,
    CanvasMissing,
    CanvasThrottled,
    CanvasUnreachable,
    Failure,
    NotConnected,
    ScopeMissing,
    TokenDead,
)
from app.inspector.findings import Said
from app.inspector.findings import said as _


def told(failure: Failure) -> Said:
    """Why Canvas did not do it."""
    match failure:
        case NotConnected():
            return _("No service account is connected.")
        case TokenDead():
            return _("Canvas no longer accepts the service account.")
        case ScopeMissing():
            return _("The service account lacks a scope for this.")
        case CanvasForbids():
            return _("The service account lacks a permission for this.")
        case CanvasMissing():
            return _("Canvas does not know it.")
        case CanvasThrottled():
            return _("Canvas is busy and asked to wait. Try again in a minute.")
        case CanvasUnreachable():
            return _("Canvas did not answer in time. Try again in a minute.")
        case _:
            return _("Canvas answered in a way this program does not know (%(kind)s).", kind=_kind(failure))


def _kind(failure: Failure) -> str:
    return type(failure).__name__
