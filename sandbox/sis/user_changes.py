"""What a row of users.csv does to a person (`SIS::UserImporter`)."""

from sandbox.enrolling import change_state
from sandbox.people import sortable
from sandbox.sis.logins import provider_id
from sandbox.sis.run import Row, Run
from sandbox.world import Login, User


def write_user(user: User, row: Row) -> None:
    """Names, and the end of any pending registration; without new names the old ones stay."""
    parts = f"{row.get('first_name', '')} {row.get('last_name', '')}".strip()
    full = row.get("full_name", "")
    if name := full or parts:
        if user.short_name == user.name:
            user.short_name = name
        user.name = name
        user.sortable_name = _sortable(row) if parts and not full else sortable(name)
    user.short_name = row.get("short_name") or user.short_name
    user.sortable_name = row.get("sortable_name") or user.sortable_name
    user.pronouns = row.get("pronouns") or user.pronouns
    user.workflow_state = "registered"


def write_login(run: Run, user: User, login: Login, row: Row) -> None:
    """Everything a row says of the login."""
    login.workflow_state = state = row["status"].lower()
    login.sis_user_id = row["user_id"]
    login.sis_batch_id = run.batch.id
    if state != "deleted":
        login.unique_id = row["login_id"]
        login.integration_id = row.get("integration_id") or login.integration_id
        login.password = row.get("password") or login.password
        login.declared_user_type = row.get("declared_user_type") or login.declared_user_type
    if provider := row.get("authentication_provider_id"):
        login.authentication_provider_id = provider_id(run, provider)
    run.world.index_login(user, login)


def remove(run: Run, user: User) -> None:
    """End the enrollments of someone without another login here; their observers' rows follow, links stay."""
    if run.root_id in run.world.root_accounts_of(user):
        return
    for row in run.world.enrollments_of(user.id):
        if row.state != "deleted" and run.world.course_root(row.course_id).id == run.root_id:
            before = row.state
            change_state(run.world, row, "deleted")
            run.changed("Enrollment", row, before, "deleted")


def _sortable(row: Row) -> str:
    """Last name first, as the columns tell them apart."""
    names = (row.get("last_name", ""), row.get("first_name", ""))
    return ", ".join(name for name in names if name)
