"""Conversations and their messages, as records."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Message:
    """One message; its author reads it at once."""

    id: int
    author_id: int
    body: str
    created_at: datetime


@dataclass(slots=True)
class Conversation:
    """People and their messages, the oldest first; a private one is between two."""

    id: int
    user_ids: list[int]
    subject: str | None = None
    private: bool = True
    context_code: str | None = None
    messages: list[Message] = field(default_factory=list)
    unread_by: list[int] = field(default_factory=list)

    @property
    def last(self) -> Message:
        """The newest message."""
        return self.messages[-1]
