"""Which login a row of users.csv means, and who stands in its way (`SIS::UserImporter`)."""

from sandbox import providers
from sandbox.sis.run import Row, RowProblem, Run
from sandbox.world import Login, User

Found = tuple[User, Login]


def find_login(run: Run, row: Row) -> Found | None:
    """The login with the row's SIS id, or one without any that has its login name; None for a newcomer."""
    user_id, wanted = row["user_id"], row["login_id"]
    found = run.world.login_by_sis_id(run.root_id, user_id)
    _check_integration_id(run, row, found)
    holder = _by_name(run, wanted)
    if found is None and holder is not None and _may_take(run, holder[1]):
        found = holder
    mine = found is not None and holder is not None and found[1] is holder[1]
    if holder is not None and not mine and row["status"].lower() != "deleted":
        raise RowProblem(_claimed(holder, user_id, "user_id requested login information"))
    provider = row.get("authentication_provider_id", "")
    if provider and provider_id(run, provider) is None:
        raise RowProblem(f"unrecognized authentication provider {provider} for {user_id}, skipping")
    return found


def provider_id(run: Run, text: str) -> int | None:
    """The account's login provider with this id or of this kind."""
    found = providers.find(run.world.accounts[run.root_id], text)
    return found.id if found else None


def _by_name(run: Run, unique_id: str) -> Found | None:
    user = run.world.user_by_login(run.root_id, unique_id)
    logins = user.logins if user else []
    for login in logins:
        here = login.account_id == run.root_id and login.workflow_state != "deleted"
        if user and here and login.unique_id.lower() == unique_id.lower():
            return user, login
    return None


def _may_take(run: Run, login: Login) -> bool:
    """Whether a row may make a login its own: it has no SIS id, or the import says to change that."""
    return login.sis_user_id is None or run.batch.options.update_sis_id_if_login_claimed


def _check_integration_id(run: Run, row: Row, found: Found | None) -> None:
    wanted = row.get("integration_id", "")
    holder = run.world.login_by_integration_id(run.root_id, wanted) if wanted else None
    if holder is None or holder[1].workflow_state == "deleted":
        return
    if found is None or found[1] is not holder[1]:
        raise RowProblem(_claimed(holder, row["user_id"], "requested integration_id"))


def _claimed(holder: Found, user_id: str, what: str) -> str:
    user, login = holder
    name = f"SIS ID {login.sis_user_id}" if login.sis_user_id else f"Canvas ID {user.id}"
    return f"An existing Canvas user with the {name} has already claimed {user_id}'s {what}, skipping"
