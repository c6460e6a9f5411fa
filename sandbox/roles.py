"""Canvas's roles and an account's own (Canvas API docs, "Roles")."""

from sandbox.world import Enrollment, Role, World

ROLE_IDS = {
    "StudentEnrollment": 3,
    "TeacherEnrollment": 4,
    "TaEnrollment": 5,
    "DesignerEnrollment": 6,
    "ObserverEnrollment": 7,
    "StudentViewEnrollment": 8,
}
ACCOUNT_ADMIN = "AccountAdmin"
# The base of every custom role that is held in an account.
ACCOUNT_MEMBERSHIP = "AccountMembership"
LABELS = {
    ACCOUNT_ADMIN: "Account Admin",
    "StudentEnrollment": "Student",
    "TeacherEnrollment": "Teacher",
    "TaEnrollment": "TA",
    "DesignerEnrollment": "Designer",
    "ObserverEnrollment": "Observer",
}


def role_of(world: World, row: Enrollment) -> tuple[int, str]:
    """Id and name of an enrollment's role: a custom one's label, or its type."""
    role = world.roles.get(row.role_id or 0)
    return (ROLE_IDS[row.type], row.type) if role is None else (role.id, role.label)


def custom_roles(world: World, account_id: int) -> list[Role]:
    """The roles that an account and those above it have made, the deleted ones left out."""
    above = {account.id for account in world.account_chain(account_id)}
    return [
        role for role in world.roles.values() if role.account_id in above and role.workflow_state != "deleted"
    ]
