"""Audit events in plain words: who did what to whom."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Row

from app.db import BY, COMMAND
from app.models import Person
from app.trail import Named

# By the words of app.audit.Event. `who` did it; `student` and `observer` are whom it was about.
SENTENCES: Mapping[str, Any] = {
    "launch:accept": _("%(who)s opened Observatory in Canvas."),
    "code:issue": _("%(who)s made a code for %(student)s."),
    "code:make-in-canvas": _("%(who)s had Canvas make a code for %(student)s."),
    "code:revoke": _("%(who)s took back a code for %(student)s."),
    "code:refuse": _("A code that %(who)s typed was refused."),
    "code:use-for": _("%(who)s used a code for %(observer)s."),
    "code:redeem": _("A code for %(student)s was used by %(who)s."),
    "link:add": _("%(who)s connected %(observer)s with %(student)s."),
    "link:connect": _("From here on %(observer)s can see %(student)s in Canvas."),
    "link:fail": _("Canvas did not connect %(observer)s with %(student)s."),
    "link:leave": _("%(who)s ended the connection of %(observer)s with %(student)s."),
    "link:end": _("From here on %(observer)s cannot see %(student)s in Canvas any more."),
    "link:follow": _("%(observer)s was moved along when %(student)s changed sections."),
    "link:mend": _("%(who)s had %(observer)s connected with %(student)s again."),
    "drift:leave": _("%(who)s left %(observer)s with %(student)s as it is in Canvas."),
    "link:ask": _("%(student)s was asked whether %(observer)s may be connected."),
    "link:approve": _("%(student)s said yes to %(observer)s."),
    "link:decline": _("%(student)s said no to %(observer)s."),
    "link:extend": _("The last day of %(observer)s as an observer of %(student)s was changed."),
    "link:request-end": _("%(student)s asked the office to end the connection with %(observer)s."),
    "link:settle-request": _("%(who)s answered %(student)s, who asked to end it with %(observer)s."),
    "agreement:accept": _("%(who)s accepted the agreement for observers."),
    "bar:make": _("%(who)s put an entry about %(student)s on the do-not-pair list."),
    "bar:end": _("%(who)s took an entry about %(student)s off the do-not-pair list."),
    "bar:hit": _("The do-not-pair list kept somebody from %(student)s."),
    "bar:stand": _("Somebody observes %(student)s in Canvas, against the do-not-pair list."),
    "bar:see": _("%(who)s saw that the do-not-pair list kept somebody from %(student)s."),
    "bar:look": _("%(who)s looked at the do-not-pair list."),
    "observer:sign-in": _("%(who)s signed in."),
    "account:make": _("An account was made for %(who)s."),
    "observer:make": _("%(who)s made an account for %(observer)s."),
    "counter:check": _("%(who)s saw the papers of %(observer)s, for %(student)s."),
    "registration:change": _("%(who)s changed who can make an account."),
    "front-page:change": _("%(who)s changed the first page."),
    "discovery:change": _("%(who)s changed the page that leads to the right login."),
    "service:connect": _("%(who)s connected a service account."),
    "service:lose": _("Canvas no longer accepted the service account."),
    "platform:add": _("Canvas was registered, or what is known of it was changed."),
    "platform:invite": _("A link was made with which a Canvas can register itself."),
    "deployment:adopt": _("A Canvas showed where Observatory is installed."),
    "key:rotate": _("%(who)s made a new key that Canvas knows Observatory by."),
    "secrets:rotate": _("%(who)s sealed all secrets anew."),
    "policy:change": _("%(who)s changed the policy."),
    "import:upload": _("%(who)s uploaded a file to import."),
    "import:decide": _("%(who)s answered questions about the rows of an import."),
    "import:begin": _("%(who)s began an import."),
    "import:pause": _("%(who)s paused an import."),
    "import:resume": _("%(who)s had an import go on."),
    "import:finish": _("An import of %(who)s was finished."),
    "import:cancel": _("%(who)s stopped an import."),
    "import:undo": _("%(who)s undid an import."),
    "data:export": _("%(who)s saved a copy of what Observatory keeps."),
    "data:purge": _("What need not be kept any longer was deleted."),
}
OF_THEMSELF: Mapping[str, Any] = {  # the same, when the student did it
    "code:issue": _("%(who)s made a code to give away."),
    "code:make-in-canvas": _("%(who)s had Canvas make a code to give away."),
    "code:revoke": _("%(who)s took back their own code."),
    "link:leave": _("%(who)s ended the connection with %(observer)s."),
}
OF_THEIR_OWN: Mapping[str, Any] = {  # and when the observer did
    "link:leave": _("%(who)s ended their connection with %(student)s."),
    "link:mend": _("%(who)s had their connection with %(student)s made again."),
}
KINDS: Mapping[str, tuple[Any, tuple[str, ...]]] = {  # groups of events, by what their words begin with
    "codes": (_("Codes"), ("code",)),
    "connections": (_("Connections"), ("link", "drift")),
    "visits": (_("Visits and sign-ins"), ("launch", "observer", "account", "agreement", "counter")),
    "bars": (_("Do-not-pair list"), ("bar",)),
    "imports": (_("Imports"), ("import",)),
    "data": (_("Copies and deletions of data"), ("data",)),
}
SETTINGS = _("Settings")  # whatever is in no other group
SAID = frozenset(
    {"student", "observer", "course", "scope", "way", "found", BY}
)  # facts that are told otherwise
WAYS: Mapping[str, Any] = {
    "code": _("by a code"),
    "native_code": _("by a code of Canvas"),
    "admin": _("by an administrator"),
    "import": _("by an import"),
    "canvas": _("made in Canvas"),
}


# Of the do-not-pair list, which only administrators see, and only as themselves.
OF_THE_LIST = tuple(one for one in SENTENCES if one.startswith("bar:"))


def events_of(kind: str) -> tuple[str, ...]:
    """The words of the events of a group; none for a group there is not."""
    if kind in KINDS:
        return tuple(one for one in SENTENCES if one.partition(":")[0] in KINDS[kind][1])
    grouped = {first for _words, firsts in KINDS.values() for first in firsts}
    return tuple(one for one in SENTENCES if kind == "settings" and one.partition(":")[0] not in grouped)


def kinds() -> dict[str, Any]:
    """The groups of events with their names."""
    return {**{kind: words for kind, (words, _firsts) in KINDS.items()}, "settings": SETTINGS}


def name(person: Person | None) -> str:
    """What somebody is called; their number in Canvas if their name is not kept any more."""
    if person is None:
        return str(gettext("somebody"))
    if person.name == person.canvas_user_id:
        return str(gettext("Canvas user %(number)s", number=person.canvas_user_id))
    return person.name


def sentence(event: Row[Any], named: Named) -> str:
    """Who did what to whom."""
    people = named.people
    words = _words(event)
    if words is None:
        return str(event.event)
    who = _actor(event, named)
    student, observer = (
        name(people.get(actor if id is None else id))
        if (actor := event.actor_id) or id
        else gettext("somebody")
        for id in (event.student_id, event.observer_id)
    )
    return str(words) % {"who": who, "student": student, "observer": observer}


def _actor(event: Row[Any], named: Named) -> str:
    if event.actor_id is not None:
        return name(named.people.get(event.actor_id))
    if event.facts.get(BY) == COMMAND:
        return str(gettext("Whoever runs the server"))
    return str(gettext("Observatory"))


def _words(event: Row[Any]) -> Any:
    special: Mapping[str, Any] = {}
    if event.actor_id is not None and event.actor_id in (event.student_id, event.observer_id):
        special = OF_THEMSELF if event.actor_id == event.student_id else OF_THEIR_OWN
    elif event.student_id is None and event.event == "code:make-in-canvas":
        special = OF_THEMSELF  # so it was written down at first
    return special.get(event.event) or SENTENCES.get(event.event)


def details(event: Row[Any], named: Named) -> list[str]:
    """What else is known of an event, in few words each."""
    told = []
    if event.course_id is not None:
        told.append(
            named.courses.get(event.course_id) or gettext("course %(number)s", number=event.course_id)
        )
    elif event.facts.get("scope") == "all":
        told.append(gettext("all courses"))
    if event.facts.get("way") in WAYS:
        told.append(str(WAYS[event.facts["way"]]))
    told += [f"{key}: {value}" for key, value in event.facts.items() if key not in SAID and value]
    if event.policy:
        told.append(gettext("policy %(number)s", number=event.policy))
    return told
