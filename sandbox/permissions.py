"""Who may do what, by role, account and course (Canvas's permissions registry and role overrides)."""

from sandbox.dates import STAFF, is_over, state_by_dates
from sandbox.roles import role_of
from sandbox.world import Account, Admin, Course, Enrollment, RoleOverride, User, World

TEACHING = frozenset({"TeacherEnrollment", "TaEnrollment"})
TEACHER = frozenset({"TeacherEnrollment"})
STUDENTS = frozenset({"StudentEnrollment", "StudentViewEnrollment"})

# Permissions that only a role in a root account can carry.
ROOT_ONLY = frozenset(
    {"manage_user_observers", "manage_user_logins", "manage_sis", "import_sis", "become_user"}
)
ACCOUNT_ONLY = ROOT_ONLY | {"read_course_list", "manage_account_settings", "manage_role_overrides"}

# Course roles that have a permission unless an override says otherwise; AccountAdmin has every one.
COURSE_DEFAULTS: dict[str, frozenset[str]] = {
    "read_roster": STAFF | {"StudentEnrollment"},
    "read_email_addresses": TEACHING,
    "view_user_logins": TEACHING,
    "read_sis": TEACHER,
    "read_reports": STAFF,
    "manage_students": STAFF,
    "manage_grades": TEACHING,
    "view_all_grades": TEACHING,
    "allow_course_admin_actions": TEACHER,
    "add_observer_to_course": STAFF,
    "remove_observer_from_course": STAFF,
    "add_student_to_course": STAFF,
    "remove_student_from_course": STAFF,
    "add_ta_to_course": STAFF,
    "remove_ta_from_course": STAFF,
    "add_designer_to_course": STAFF,
    "remove_designer_from_course": STAFF,
    "add_teacher_to_course": TEACHER,
    "remove_teacher_from_course": TEACHER,
    "manage_sections_add": STAFF,
    "manage_sections_edit": STAFF,
    "manage_sections_delete": STAFF,
    "manage_courses_publish": TEACHER | {"DesignerEnrollment"},
    "manage_courses_conclude": TEACHER | {"DesignerEnrollment"},
    "manage_courses_delete": TEACHER | {"DesignerEnrollment"},
    "send_messages": STAFF | {"StudentEnrollment", "ObserverEnrollment"},
    "send_messages_all": STAFF,
    "generate_observer_pairing_code": frozenset(),
}
# Everything a role can be given.
PERMISSIONS = (*sorted(ACCOUNT_ONLY), *sorted(COURSE_DEFAULTS))
# What staff keep in a concluded course.
READING = frozenset(
    {"read_roster", "read_email_addresses", "view_user_logins", "read_sis", "read_reports", "view_all_grades"}
)


def granted(
    world: World, user_id: int, permission: str, account_id: int | None = None, course_id: int | None = None
) -> bool:
    """Whether a person holds a permission in an account or course, accounts above it included."""
    if course_id is not None:
        account_id = world.courses[course_id].account_id
    if account_id is None:
        raise ValueError("a permission is held in an account or in a course")
    chain = world.account_chain(account_id)
    if _granted_by_accounts(world, user_id, permission, chain):
        return True
    if course_id is None or permission in ACCOUNT_ONLY:
        return False
    return any(
        _role_has(world, row, permission, chain)
        for row in counting_enrollments(world, user_id, course_id)
        if permission in READING or not is_over(world, row)
    )


def counting_enrollments(world: World, user_id: int, course_id: int) -> list[Enrollment]:
    """A person's active enrollments in a course; before it is published or begins it is its staff's alone."""
    published = world.courses[course_id].workflow_state in ("available", "completed")
    return [
        row
        for row in world.enrollments_of(user_id)
        if row.course_id == course_id
        and row.state == "active"
        and (row.type in STAFF or (published and state_by_dates(world, row) != "pending"))
    ]


def may_add(world: World, user_id: int, course: Course, kind: str) -> bool:
    """Whether a person may enroll others of a type; blueprints and templates take no observers at all."""
    if kind == "ObserverEnrollment" and (course.blueprint or course.template):
        return False
    name = kind.removesuffix("Enrollment").lower()
    return granted(world, user_id, f"add_{name}_to_course", course_id=course.id)


def may_remove(world: World, user_id: int, row: Enrollment) -> bool:
    """Whether a person may delete or deactivate a row; their own only with administrative actions besides."""
    name = row.type.removesuffix("Enrollment").removesuffix("View").lower()
    if not granted(world, user_id, f"remove_{name}_from_course", course_id=row.course_id):
        return False
    own = row.user_id == user_id
    return not own or granted(world, user_id, "allow_course_admin_actions", course_id=row.course_id)


def is_account_member(world: World, user_id: int, account_id: int) -> bool:
    """Whether a person has any admin role in the account or above it."""
    chain = {account.id for account in world.account_chain(account_id)}
    return any(admin.user_id == user_id and admin.account_id in chain for admin in world.admins)


def may_read_course(world: World, user_id: int, course_id: int) -> bool:
    """Whether a person may see that a course exists: a current, former or invited member, or an admin."""
    course = world.courses[course_id]
    if course.workflow_state == "deleted":
        return False
    if is_account_member(world, user_id, course.account_id):
        return True
    return any(
        row.course_id == course_id
        and row.state in ("active", "invited", "completed")
        and (course.workflow_state != "unpublished" or row.type in STAFF)
        for row in world.enrollments_of(user_id)
    )


def reads_as_admin(world: World, user_id: int, course_id: int) -> bool:
    """Whether a person sees a course as its staff do (`read_as_admin`)."""
    if is_account_member(world, user_id, world.courses[course_id].account_id):
        return True
    return any(row.type in STAFF for row in counting_enrollments(world, user_id, course_id))


def visible_sections(world: World, user_id: int, course_id: int) -> set[int] | None:
    """The sections whose people a person may see; None means all of the course."""
    if is_account_member(world, user_id, world.courses[course_id].account_id):
        return None
    rows = counting_enrollments(world, user_id, course_id)
    if not rows or any(not row.limit_to_section for row in rows):
        return None
    return {row.section_id for row in rows}


def _granted_by_accounts(world: World, user_id: int, permission: str, chain: list[Account]) -> bool:
    """Whether an admin role somewhere in the chain grants the permission."""
    ids = [account.id for account in chain]
    for admin in world.admins:
        if admin.user_id != user_id or admin.account_id not in ids:
            continue
        if permission in ROOT_ONLY and admin.account_id != ids[-1]:
            continue
        if _admin_has(world, admin, permission, chain):
            return True
    return False


def _admin_has(world: World, admin: Admin, permission: str, chain: list[Account]) -> bool:
    """Whether an admin role has a permission: its own list, its overrides, or all that overrides leave."""
    if admin.permissions is not None:
        return permission in admin.permissions
    if admin.role_id is not None:
        role = world.roles[admin.role_id]
        override = override_for(world, role.label, permission, chain)
        return role.workflow_state == "active" and override is not None and override.enabled
    override = override_for(world, "AccountAdmin", permission, chain)
    return override is None or override.enabled


def _role_has(world: World, row: Enrollment, permission: str, chain: list[Account]) -> bool:
    """Whether an enrollment's role has a permission; a custom one has its base's defaults."""
    if permission == "generate_observer_pairing_code" and row.type in STUDENTS:
        return False
    override = override_for(world, role_of(world, row)[1], permission, chain)
    return row.type in COURSE_DEFAULTS.get(permission, ()) if override is None else override.enabled


def override_for(world: World, role: str, permission: str, chain: list[Account]) -> RoleOverride | None:
    """The override in force at the first account of a chain: the nearest, but none below a lock."""
    found = None
    for account in reversed(chain):
        for row in world.role_overrides:
            if (row.account_id, row.role, row.permission) != (account.id, role, permission):
                continue
            if row.applies_to_self if account is chain[0] else row.applies_to_descendants:
                if row.locked:
                    return row
                found = row
    return found


def may_act_as(world: World, user_id: int, other: User, root_account_id: int) -> bool:
    """Whether someone may act as another; as an admin only with all of that admin's permissions."""
    if not granted(world, user_id, "become_user", account_id=root_account_id):
        return False
    for admin in world.admins:
        chain = world.account_chain(admin.account_id)
        if admin.user_id != other.id or chain[-1].id != root_account_id:
            continue
        for permission in PERMISSIONS:
            held = granted(world, other.id, permission, account_id=admin.account_id)
            if held and not granted(world, user_id, permission, account_id=admin.account_id):
                return False
    return True
