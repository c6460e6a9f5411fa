"""The Accounts API as far as pairing needs it (Canvas API docs, "Accounts")."""

from sandbox.permissions import is_account_member
from sandbox.rest.api import caller, path_account, require, serves
from sandbox.rest.bodies import Json, account_json
from sandbox.world import current_world


@serves("GET", "/accounts/:id")
def show(id: str) -> Json:
    """One account: a root account for everyone who belongs to it, a sub-account for its admins."""
    account, world = path_account(id), current_world()
    belongs = account.id in world.root_accounts_of(caller())
    require(belongs or is_account_member(world, caller().id, account.id))
    return account_json(account)
