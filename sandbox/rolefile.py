"""Roles, admins and role overrides of a world file."""

from sandbox.reading import Reader
from sandbox.references import fresh, known, required
from sandbox.roles import ACCOUNT_ADMIN, ACCOUNT_MEMBERSHIP, ROLE_IDS
from sandbox.world import Admin, Role, RoleOverride, World

BASES = (*(name for name in ROLE_IDS if name != "StudentViewEnrollment"), ACCOUNT_MEMBERSHIP)


def read_roles(world: World, top: Reader) -> None:
    """Take roles out of the file, then who holds them in accounts and what is changed about them."""
    for reader in top.each("roles"):
        _role(world, reader)
    for reader in top.each("admins"):
        _admin(world, reader)
    names = (*ROLE_IDS, ACCOUNT_ADMIN, *(role.label for role in world.roles.values()))
    for reader in top.each("role_overrides"):
        override = RoleOverride(
            account_id=known(reader, "account_id", world.accounts) or next(iter(world.accounts)),
            role=reader.one_of("role", names),
            permission=reader.text("permission"),
            enabled=reader.yes_or_no("enabled", True),
            locked=reader.yes_or_no("locked", False),
            applies_to_self=reader.yes_or_no("applies_to_self", True),
            applies_to_descendants=reader.yes_or_no("applies_to_descendants", True),
        )
        world.role_overrides.append(override)


def _role(world: World, reader: Reader) -> None:
    role = Role(
        id=fresh(world, reader, "role", (*range(1, 9), *world.roles)),
        account_id=known(reader, "account_id", world.accounts) or next(iter(world.accounts)),
        label=reader.text("label"),
        base_role_type=reader.one_of("base_role_type", BASES),
        workflow_state=reader.one_of("workflow_state", ("active", "inactive", "deleted"), "active"),
    )
    world.add_role(role)


def _admin(world: World, reader: Reader) -> None:
    role_id = known(reader, "role_id", world.roles)
    if role_id is not None and world.roles[role_id].base_role_type != ACCOUNT_MEMBERSHIP:
        raise reader.complain("role_id", "is no role of accounts")
    admin = Admin(
        user_id=required(reader, "user_id", world.users),
        account_id=known(reader, "account_id", world.accounts) or next(iter(world.accounts)),
        permissions=reader.texts_or_none("permissions"),
        role_id=role_id,
    )
    world.admins.append(admin)
