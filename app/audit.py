"""The vocabulary of events, and writing one down."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app import chain
from app.db import BY


class Event(StrEnum):
    """Everything that is written down: `subject:action`. The README's table is checked against it."""

    LAUNCH_ACCEPTED = "launch:accept"
    CODE_ISSUED = "code:issue"
    CODE_MADE_IN_CANVAS = "code:make-in-canvas"
    CODE_REVOKED = "code:revoke"
    CODE_REFUSED = "code:refuse"
    CODE_USED_FOR = "code:use-for"
    CODE_REDEEMED = "code:redeem"
    LINK_ADDED = "link:add"
    LINK_CONNECTED = "link:connect"
    LINK_FAILED = "link:fail"
    LINK_ENDING = "link:leave"
    LINK_ENDED = "link:end"
    LINK_FOLLOWED = "link:follow"
    LINK_MENDED = "link:mend"
    DRIFT_LEFT = "drift:leave"
    LINK_ASKED = "link:ask"
    LINK_APPROVED = "link:approve"
    LINK_DECLINED = "link:decline"
    LINK_EXTENDED = "link:extend"
    END_REQUESTED = "link:request-end"
    END_REQUEST_SETTLED = "link:settle-request"
    AGREEMENT_ACCEPTED = "agreement:accept"
    OBSERVER_MADE = "observer:make"
    ID_CHECKED = "counter:check"
    BAR_MADE = "bar:make"
    BAR_ENDED = "bar:end"
    BAR_HIT = "bar:hit"
    BAR_STANDS = "bar:stand"
    BAR_SEEN = "bar:see"
    BAR_LOOKED = "bar:look"
    OBSERVER_SIGNED_IN = "observer:sign-in"
    ACCOUNT_MADE = "account:make"
    REGISTRATION_CHANGED = "registration:change"
    FRONT_PAGE_CHANGED = "front-page:change"
    DISCOVERY_CHANGED = "discovery:change"
    SERVICE_CONNECTED = "service:connect"
    SERVICE_LOST = "service:lose"
    PLATFORM_ADDED = "platform:add"
    PLATFORM_INVITED = "platform:invite"
    DEPLOYMENT_ADOPTED = "deployment:adopt"
    KEYS_ROTATED = "key:rotate"
    SECRETS_ROTATED = "secrets:rotate"
    POLICY_CHANGED = "policy:change"
    IMPORT_UPLOADED = "import:upload"
    IMPORT_DECIDED = "import:decide"
    IMPORT_BEGUN = "import:begin"
    IMPORT_PAUSED = "import:pause"
    IMPORT_RESUMED = "import:resume"
    IMPORT_DONE = "import:finish"
    IMPORT_CANCELED = "import:cancel"
    IMPORT_UNDONE = "import:undo"
    DATA_EXPORTED = "data:export"
    DATA_PURGED = "data:purge"


Fact = str | int | bool | None


def record(
    session: Session,
    institution_id: int,
    event: Event,
    now: datetime,
    actor_id: int | None = None,
    **facts: Fact,
) -> None:
    """Write an event with the change it tells of. Facts are ids and words, never names or secrets.

    Those called `student` and `observer` (people.id) and `course` (Canvas's number) can be searched by.
    Where nobody acts but a command does, `by` says so.
    """
    if actor_id is None and session.info.get(BY):
        facts[BY] = session.info[BY]
    student, observer, course = (facts.get(name) for name in ("student", "observer", "course"))
    told = {
        "institution_id": institution_id,
        "at": now,
        "event": event,
        "actor_id": actor_id,
        "student_id": student if isinstance(student, int) else None,
        "observer_id": observer if isinstance(observer, int) else None,
        "course_id": course if isinstance(course, str) else None,
        "facts": facts,
    }
    chain.add(session, told)
