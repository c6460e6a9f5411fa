"""The world failing. Raised by adapters, mapped to a page once in app.web.errors or retried by the worker.

An answer nobody likes is not here: it is returned. A bug is not here either: it is not caught.
None of these carries a secret: method, path and status at the most.
"""

from dataclasses import dataclass
from datetime import timedelta


class Failure(Exception):
    """Something outside this program is not as it should be."""


class SettingsWrong(Failure):
    """The environment does not make sense; says everything that is wrong."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


class SecretUnreadable(Failure):
    """A sealed value cannot be opened with the keys we hold."""


class NotConnected(Failure):
    """This institution has no service account, or no OAuth key, for what was asked."""


class CanvasFailure(Failure):
    """A call to Canvas did not give what was asked for."""

    left: float | None = None  # units of the token's request budget, where Canvas told

    def __init__(self, method: str, path: str, status: int | None = None, message: str = "") -> None:
        super().__init__(f"{method} {path}: {status or 'no answer'} {message}".rstrip())
        self.method = method
        self.path = path
        self.status = status
        self.message = message


class CanvasUnreachable(CanvasFailure):
    """No answer, or an answer of a broken server. The effect may or may not have happened."""


class CanvasThrottled(CanvasFailure):
    """Too many calls; after this time there is room again."""

    wait = timedelta(seconds=30)


class CanvasNonsense(CanvasFailure):
    """An answer that Canvas would not give: a proxy's page, cut JSON, wrong types, endless pages."""


class TokenDead(CanvasFailure):
    """The access token is not accepted and cannot be refreshed: connect again."""


class ScopeMissing(CanvasFailure):
    """The developer key or the token lacks the scope for this call."""


class CanvasForbids(CanvasFailure):
    """The person behind the token may not do this."""


class CanvasMissing(CanvasFailure):
    """What was asked about does not exist, or not for us."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What Canvas finds wrong with one field, as `pseudonym.unique_id`; `type` is its word for programs."""

    field: str
    type: str
    message: str


class CanvasRejects(CanvasFailure):
    """Canvas understood and said no; `message` is its reason, `fields` the reasons by field."""

    fields: tuple[FieldError, ...] = ()


RETRYABLE = (CanvasUnreachable, CanvasThrottled, CanvasNonsense)
