"""Canvas's Inbox: conversations, and who may write to whom (Canvas API docs, "Conversations")."""

from collections.abc import Iterable

from sandbox.mail import Conversation, Message
from sandbox.permissions import TEACHING, counting_enrollments, granted, visible_sections
from sandbox.world import Enrollment, User, World

STUDENT = "StudentEnrollment"
OBSERVER = "ObserverEnrollment"


def write(
    world: World, author_id: int, to: list[int], body: str, *, subject: str | None, private: bool, new: bool
) -> Conversation:
    """Say something to people, in the private conversation that two have already unless it is to be new."""
    people = sorted({author_id, *to})
    found = None if new or not private else _private(world, people)
    if found is not None:
        reply(world, found, author_id, body)
        return found
    made = Conversation(world.next_id("conversation"), people, subject, private)
    reply(world, made, author_id, body)
    return world.add_conversation(made)


def reply(world: World, conversation: Conversation, author_id: int, body: str) -> Message:
    """Say something in a conversation; everybody else has it unread."""
    message = Message(world.next_id("message"), author_id, body, world.clock.now())
    conversation.messages.append(message)
    conversation.unread_by = [each for each in conversation.user_ids if each != author_id]
    return message


def inbox(world: World, user_id: int) -> list[Conversation]:
    """A person's conversations, the one with the newest message first."""
    found = (each for each in world.conversations.values() if user_id in each.user_ids)
    return sorted(found, key=lambda each: each.last.id, reverse=True)


def may_write_to(world: World, author: User, other: User) -> bool:
    """Whether one person may write to another: a course they share allows it, or an account's role."""
    if author.id == other.id:
        return True
    for root_id in world.root_accounts_of(other):
        if granted(world, author.id, "send_messages", account_id=root_id):
            return True
    return any(_share(world, author, other, course_id) for course_id in _courses(world, author))


def members(world: World, author: User, course_id: int, kinds: frozenset[str] | None) -> list[int]:
    """Everybody of a course, of some types if given, whom the author may write to."""
    rows = world.enrollments_in(course_id)
    ids = {row.user_id for row in rows if row.state == "active" and (kinds is None or row.type in kinds)}
    return sorted(each for each in ids - {author.id} if _share(world, author, world.users[each], course_id))


def _courses(world: World, user: User) -> set[int]:
    return {row.course_id for row in world.enrollments_of(user.id) if row.state == "active"}


def _share(world: World, author: User, other: User, course_id: int) -> bool:
    """Whether a course lets one person write to another: the role's right, and that they see each other.

    Teachers reach everybody in the sections they see, students everybody but observers of others,
    observers the teachers and the students they observe.
    """
    if not granted(world, author.id, "send_messages", course_id=course_id):
        return False
    mine = counting_enrollments(world, author.id, course_id)
    visible = visible_sections(world, author.id, course_id)
    theirs = [
        row
        for row in counting_enrollments(world, other.id, course_id)
        if visible is None or row.section_id in visible
    ]
    return any(_reaches(row, each) for row in mine for each in theirs)


def _reaches(mine: Enrollment, theirs: Enrollment) -> bool:
    if mine.type == OBSERVER:
        return theirs.type in TEACHING or theirs.user_id == mine.associated_user_id
    if mine.type == STUDENT and theirs.type == OBSERVER:
        return theirs.associated_user_id == mine.user_id
    return True


def _private(world: World, people: Iterable[int]) -> Conversation | None:
    found = (each for each in world.conversations.values() if each.private and each.user_ids == list(people))
    return next(found, None)
