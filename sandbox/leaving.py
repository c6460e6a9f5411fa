"""Taking a person out of a root account (Canvas's `User#remove_from_root_account`)."""

from sandbox import sessions
from sandbox.enrolling import change_state
from sandbox.links import unlink
from sandbox.world import Account, User, World


def remove_from_root(world: World, user: User, root: Account) -> None:
    """End a person's links on both sides, their enrollments, roles and logins in a root account."""
    links = [*world.active_links(observer_id=user.id), *world.active_links(student_id=user.id)]
    for row in links:
        if row.root_account_id == root.id:
            unlink(world, row)
    for enrollment in world.enrollments_of(user.id):
        if enrollment.state != "deleted" and world.course_root(enrollment.course_id) is root:
            change_state(world, enrollment, "deleted")
    world.admins = [
        admin
        for admin in world.admins
        if admin.user_id != user.id or world.root_account(admin.account_id) is not root
    ]
    for login in user.logins:
        if login.account_id == root.id:
            login.workflow_state = "deleted"
    world.forget_lists()
    if not world.root_accounts_of(user):
        sessions.end_all(user.id)
