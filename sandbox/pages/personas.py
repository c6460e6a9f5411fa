"""The people whom a login page offers to become by one click."""

from dataclasses import dataclass

from sandbox.world import Enrollment, User, World

SHOWN = 40
KINDS = {
    "TeacherEnrollment": "Teachers",
    "TaEnrollment": "Teaching assistants",
    "DesignerEnrollment": "Designers",
    "ObserverEnrollment": "Observers",
    "StudentEnrollment": "Students",
}


@dataclass(frozen=True, slots=True)
class Group:
    """People of one kind to choose from, and how many more there are."""

    name: str
    people: list[tuple[User, str]]
    more: int


def personas(world: World) -> list[Group]:
    """Everybody who can log in, once, under the first thing that they are."""
    names = ["Administrators", *KINDS.values(), "Everybody else"]
    kinds: dict[str, dict[int, str]] = {name: {} for name in names}
    placed: set[int] = set()

    def place(kind: str, user_id: int, detail: str) -> None:
        user = world.users[user_id]
        if user_id not in placed and world.root_accounts_of(user) and not user.test_student:
            placed.add(user_id)
            kinds[kind][user_id] = detail

    for admin in world.admins:
        place("Administrators", admin.user_id, world.accounts[admin.account_id].name)
    active = [row for row in world.enrollments.values() if row.state == "active"]
    for kind, name in KINDS.items():
        for row in (row for row in active if row.type == kind):
            place(name, row.user_id, _detail(world, row))
    for user_id in world.users:
        place("Everybody else", user_id, "in no course now")
    return [_group(world, name, people) for name, people in kinds.items() if people]


def _detail(world: World, row: Enrollment) -> str:
    """What tells this person apart: whom they observe, or where they take part."""
    if row.associated_user_id is not None:
        return f"observes {world.users[row.associated_user_id].name}"
    return world.courses[row.course_id].name


def _group(world: World, name: str, people: dict[int, str]) -> Group:
    shown = [(world.users[id], detail) for id, detail in list(people.items())[:SHOWN]]
    return Group(name, shown, len(people) - len(shown))
