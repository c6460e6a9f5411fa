"""Conversations API: messages in Canvas's own inbox."""

from collections.abc import Iterable

from app.canvas.client import Canvas, path


def send(
    canvas: Canvas, recipients: Iterable[str], subject: str, body: str, course_id: str | None = None
) -> tuple[str, ...]:
    """Write to each of these people, at most 100, by themselves; the ids of the conversations.

    Without `force_new` Canvas adds to the last conversation of the two and drops the subject.
    Conversations API, POST /api/v1/conversations.
    """
    people = [("recipients[]", person) for person in recipients]
    message = {"subject": subject, "body": body, "group_conversation": "false", "force_new": "true"}
    if course_id:
        message["context_code"] = f"course_{course_id}"
    return tuple(one.id() for one in canvas.post(path("conversations"), *people, *message.items()).objects())
