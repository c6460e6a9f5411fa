"""How a person appears in the roles claim (canvas-lms, lib/lti/substitutions_helper.rb)."""

from sandbox.roles import role_of
from sandbox.world import Account, Course, Enrollment, User, World

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
PERSON = LIS + "institution/person#"
MEMBER = LIS + "membership#"
SYSTEM_USER = LIS + "system/person#User"
NOBODY = LIS + "system/person#None"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

Context = Course | Account | User

MEMBERSHIP = {
    "TeacherEnrollment": [MEMBER + "Instructor"],
    # A TA is an Instructor, too: only the sub-role tells them apart.
    "TaEnrollment": [LIS + "membership/Instructor#TeachingAssistant", MEMBER + "Instructor"],
    "StudentEnrollment": [MEMBER + "Learner"],
    "StudentViewEnrollment": [MEMBER + "Learner"],
    "ObserverEnrollment": [MEMBER + "Mentor"],
    "DesignerEnrollment": [MEMBER + "ContentDeveloper"],
}
INSTITUTION = {
    "TeacherEnrollment": "Instructor",
    "TaEnrollment": "Instructor",
    "DesignerEnrollment": "Instructor",
    "StudentEnrollment": "Student",
    "StudentViewEnrollment": "Student",
}
NOT_CURRENT = frozenset({"rejected", "completed", "deleted", "inactive"})


def current_enrollments(world: World, user: User, course: Course) -> list[Enrollment]:
    """A person's enrollments in a course that are not over."""
    if course.workflow_state == "completed":
        return []
    return [
        row
        for row in world.enrollments_of(user.id)
        if row.course_id == course.id and row.state not in NOT_CURRENT
    ]


def launch_roles(world: World, user: User | None, context: Context, root: Account) -> list[str]:
    """Context, institution and system roles, sorted; a concluded enrollment leaves no context role."""
    if user is None:
        return [NOBODY]
    roles = {SYSTEM_USER, *_institution_roles(world, user, root)}
    if isinstance(context, Course):
        roles.update(context_roles(world, user, context))
    if user.test_student:
        roles.add(TEST_USER)
    return sorted(roles)


def context_roles(world: World, user: User, course: Course) -> list[str]:
    """What a person is in a course now, sorted."""
    return sorted({role for row in current_enrollments(world, user, course) for role in MEMBERSHIP[row.type]})


def _institution_roles(world: World, user: User, root: Account) -> set[str]:
    """What a person is anywhere in the root account, whatever the course of the launch."""
    roles = {
        PERSON + INSTITUTION[row.type]
        for row in world.enrollments_of(user.id)
        if row.state == "active"
        and row.type in INSTITUTION
        and world.course_root(row.course_id).id == root.id
    }
    if administered_accounts(world, user, root):
        roles.add(PERSON + "Administrator")
    return roles


def administered_accounts(world: World, user: User, root: Account) -> list[int]:
    """Accounts a person administers under a root account, those below included, in order."""
    own = {admin.account_id for admin in world.admins if admin.user_id == user.id}
    return sorted(
        account.id
        for account in world.accounts.values()
        if world.root_account(account.id).id == root.id
        and any(above.id in own for above in world.account_chain(account.id))
    )


def role_names(world: World, user: User, context: Course | Account) -> list[str]:
    """Canvas's own names of a person's roles, as `$Canvas.membership.roles` lists them."""
    names = []
    if isinstance(context, Course):
        held = {role_of(world, row) for row in current_enrollments(world, user, context)}
        names = [name for _, name in sorted(held)]
    chain = {
        a.id for a in world.account_chain(context.account_id if isinstance(context, Course) else context.id)
    }
    rows = [admin for admin in world.admins if admin.user_id == user.id and admin.account_id in chain]
    for admin in rows:
        custom = world.roles[admin.role_id].label if admin.role_id else "Custom Admin"
        plain = admin.permissions is None and admin.role_id is None
        name = "Account Admin" if plain else custom
        names += [name] if name not in names else []
    return names
