"""The Conversations API (Canvas API docs, "Conversations")."""

import re

from sandbox.answers import Refused, not_found
from sandbox.conversations import inbox, may_write_to, members, reply, write
from sandbox.ids import find_user, number
from sandbox.mail import Conversation, Message
from sandbox.rest import params
from sandbox.rest.api import caller, host_account, may, serves
from sandbox.rest.bodies import Json, avatar_url, timestamp
from sandbox.rest.paging import numbered
from sandbox.rest.rosters import KINDS
from sandbox.world import User, current_world

LONGEST_SUBJECT = 255


@serves("GET", "/conversations")
def list_own() -> list[Json]:
    """The caller's inbox, newest first; `scope` may ask for unread, sent or archived ones."""
    found = [each for each in inbox(current_world(), caller().id) if _in_scope(each)]
    return [_conversation(each) for each in numbered(found, len(found))]


@serves("GET", "/conversations/unread_count")
def unread_count() -> Json:
    """How many conversations the caller has yet to read, as text."""
    unread = [each for each in inbox(current_world(), caller().id) if caller().id in each.unread_by]
    return {"unread_count": str(len(unread))}


@serves("POST", "/conversations", status=201)
def create() -> list[Json]:
    """Write to people: one private conversation with each, or one with all as a group conversation."""
    world, recipients, body = current_world(), _recipients(), _body()
    subject = params.text("subject")
    if subject is not None and len(subject) > LONGEST_SUBJECT:
        raise _wrong("subject", "too long")
    context_code = _context_code()
    everybody = params.flag(params.params(), "group_conversation")
    groups = [recipients] if everybody else [[each] for each in recipients]
    new = params.flag(params.params(), "force_new")
    private = not everybody or len(recipients) == 1
    made = [
        write(world, caller().id, group, body, subject=subject, private=private, new=new or not private)
        for group in groups
    ]
    for conversation in made:
        conversation.context_code = context_code or conversation.context_code
    return [_conversation(each) | {"messages": _messages(each)} for each in made]


@serves("GET", "/conversations/:id")
def show(id: str) -> Json:
    """One conversation with its messages, newest first; it is read by that."""
    found = _own(id)
    if params.text("auto_mark_as_read") != "false" and caller().id in found.unread_by:
        found.unread_by.remove(caller().id)
    return _conversation(found) | {"messages": _messages(found)}


@serves("POST", "/conversations/:id/add_message", status=201)
def add_message(id: str) -> Json:
    """Answer in a conversation."""
    found, body = _own(id), _body()
    message = reply(current_world(), found, caller().id, body)
    return _conversation(found) | {"messages": [_message(message, found)]}


def _own(id: str) -> Conversation:
    found = current_world().conversations.get(number(id) or 0)
    if found is None or caller().id not in found.user_ids:
        raise not_found()
    return found


def _in_scope(conversation: Conversation) -> bool:
    match params.text("scope"):
        case "unread":
            return caller().id in conversation.unread_by
        case "sent":
            return any(message.author_id == caller().id for message in conversation.messages)
        case "archived" | "starred":
            return False
        case _:
            # What one has only written oneself is in "sent", not in the inbox.
            return any(message.author_id != caller().id for message in conversation.messages)


def _body() -> str:
    body = params.text("body")
    if body is None:
        raise _wrong("body", "blank")
    return body


def _recipients() -> list[int]:
    """The people the request names, by id or as a course's; whom the caller may not reach are left out."""
    wanted = [each for text in params.many("recipients") for each in text.split(",") if each]
    if not wanted:
        raise _wrong("recipients", "blank")
    found = [user_id for text in wanted for user_id in _named(text)]
    if not found:
        raise _wrong("recipients", "invalid")
    return list(dict.fromkeys(found))


def _named(text: str) -> list[int]:
    """Whom a person's id means, or `course_1`, `course_1_teachers` and the like."""
    world, root_id = current_world(), host_account().id
    if not text.startswith("course_"):
        user = find_user(world, text, caller_id=caller().id, root_account_id=root_id)
        return [user.id] if user and may_write_to(world, caller(), user) else []
    match = re.fullmatch(r"course_(\d+)(?:_(\w+)s)?", text)
    course = world.courses.get(int(match[1])) if match else None
    if match is None or course is None or not may("send_messages_all", course_id=course.id):
        return []
    kinds = frozenset({KINDS[match[2]]}) if match[2] in KINDS else None
    return members(world, caller(), course.id, kinds)


def _context_code() -> str | None:
    """The course or account it is about, where the caller must be allowed to write."""
    text = params.text("context_code")
    if text is None:
        return None
    kind, _, id = text.rpartition("_")
    context_id = number(id) or 0
    if kind == "course" and context_id in current_world().courses:
        allowed = may("send_messages", course_id=context_id)
    else:
        known = kind == "account" and context_id in current_world().accounts
        allowed = known and may("send_messages", account_id=context_id)
    if not allowed:
        raise _wrong("context_code", "invalid")
    return text


def _wrong(attribute: str, problem: str) -> Refused:
    return Refused(400, [{"attribute": attribute, "message": problem}])


def _conversation(conversation: Conversation) -> Json:
    """A conversation as the caller sees it."""
    world, me, last = current_world(), caller().id, conversation.last
    own = [message for message in conversation.messages if message.author_id == me]
    audience = [each for each in conversation.user_ids if each != me]
    return {
        "id": conversation.id,
        "subject": conversation.subject,
        "workflow_state": "unread" if me in conversation.unread_by else "read",
        "last_message": last.body,
        "last_message_at": timestamp(last.created_at),
        "last_authored_message": own[-1].body if own else None,
        "last_authored_message_at": timestamp(own[-1].created_at) if own else None,
        "message_count": len(conversation.messages),
        "subscribed": True,
        "private": conversation.private,
        "starred": False,
        "properties": ["last_author"] if last.author_id == me else [],
        "audience": audience,
        "audience_contexts": {"courses": {}, "groups": {}},
        "avatar_url": avatar_url(),
        "participants": [_participant(world.users[each]) for each in [*audience, me]],
        "visible": True,
        "context_code": conversation.context_code,
        "context_name": _context_name(conversation.context_code),
    }


def _participant(user: User) -> Json:
    return {"id": user.id, "name": user.short_name, "full_name": user.name, "pronouns": None}


def _context_name(context_code: str | None) -> str | None:
    kind, _, id = (context_code or "").rpartition("_")
    world = current_world()
    if kind == "course":
        return world.courses[int(id)].name
    return world.accounts[int(id)].name if kind == "account" else None


def _messages(conversation: Conversation) -> list[Json]:
    return [_message(each, conversation) for each in reversed(conversation.messages)]


def _message(message: Message, conversation: Conversation) -> Json:
    return {
        "id": message.id,
        "author_id": message.author_id,
        "created_at": timestamp(message.created_at),
        "generated": False,
        "body": message.body,
        "forwarded_messages": [],
        "attachments": [],
        "media_comment": None,
        "participating_user_ids": conversation.user_ids,
    }
