"""Conversations in a world file."""

from typing import Any

from sandbox.clock import BEGINNING
from sandbox.mail import Conversation, Message
from sandbox.reading import Reader
from sandbox.references import fresh, required
from sandbox.world import World


def read_conversations(world: World, top: Reader) -> None:
    """Take the conversations out of the file."""
    for reader in top.each("conversations"):
        conversation = Conversation(
            id=fresh(world, reader, "conversation", world.conversations),
            user_ids=_people(world, reader, "user_ids"),
            subject=reader.text_or_none("subject"),
            private=reader.yes_or_no("private", True),
            context_code=reader.text_or_none("context_code"),
            messages=[_message(world, each) for each in reader.each("messages")],
            unread_by=_people(world, reader, "unread_by"),
        )
        if not conversation.messages:
            raise reader.complain("messages", "is missing")
        world.add_conversation(conversation)


def dump_conversations(world: World) -> dict[str, Any]:
    """The conversations as a world file has them."""
    return {
        "conversations": [
            {
                "id": each.id,
                "user_ids": each.user_ids,
                "subject": each.subject,
                "private": each.private,
                "context_code": each.context_code,
                "messages": [_dumped(message) for message in each.messages],
                "unread_by": each.unread_by,
            }
            for each in world.conversations.values()
        ]
    }


def _message(world: World, reader: Reader) -> Message:
    return Message(
        id=reader.number_or_none("id") or world.next_id("message"),
        author_id=required(reader, "author_id", world.users),
        body=reader.text("body"),
        created_at=reader.moment("created_at", BEGINNING),
    )


def _dumped(message: Message) -> dict[str, Any]:
    created_at = message.created_at.isoformat().replace("+00:00", "Z")
    return {"id": message.id, "author_id": message.author_id, "body": message.body, "created_at": created_at}


def _people(world: World, reader: Reader, key: str) -> list[int]:
    """People who must be there."""
    found = reader.numbers(key)
    for index, user_id in enumerate(found):
        if user_id not in world.users:
            raise reader.complain(f"{key}[{index}]", f"there is no {user_id}")
    return found
