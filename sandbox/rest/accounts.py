"""The Accounts API as far as pairing needs it (Canvas API docs, "Accounts")."""

from sandbox.answers import not_found
from sandbox.leaving import remove_from_root
from sandbox.permissions import is_account_member
from sandbox.rest import params
from sandbox.rest.api import caller, may, path_account, path_user, require, serves
from sandbox.rest.bodies import Json, account_json, address, bare_user
from sandbox.rest.paging import numbered
from sandbox.world import Account, User, current_world


@serves("GET", "/accounts")
def list_own() -> list[Json]:
    """The accounts where the caller has a role; most people have none."""
    world = current_world()
    own = {admin.account_id for admin in world.admins if admin.user_id == caller().id}
    found = [world.accounts[each] for each in sorted(own)]
    return [_account(account) for account in numbered(found, len(found))]


@serves("GET", "/accounts/:id")
def show(id: str) -> Json:
    """One account: a root account for everyone who belongs to it, a sub-account for its admins."""
    account, world = path_account(id), current_world()
    belongs = account.id in world.root_accounts_of(caller())
    require(belongs or is_account_member(world, caller().id, account.id))
    return _account(account)


@serves("GET", "/accounts/:account_id/sub_accounts")
def list_sub_accounts(account_id: str) -> list[Json]:
    """The accounts right below one, or with `recursive` all below it, for whoever has a role there."""
    account, world = path_account(account_id), current_world()
    require(is_account_member(world, caller().id, account.id))
    recursive = params.flag(params.params(), "recursive")
    found = [
        other
        for other in world.accounts.values()
        if other.parent_account_id == account.id
        or (recursive and other is not account and account in world.account_chain(other.id))
    ]
    return [_account(other) for other in numbered(found, len(found))]


@serves("GET", "/accounts/:account_id/terms_of_service", public=True)
def terms_of_service(account_id: str) -> Json:
    """A root account's terms; they tell without any right who may sign up."""
    root = current_world().root_account(path_account(account_id).id)
    return {
        "id": root.id,
        "terms_type": root.terms_type,
        "passive": root.terms_passive,
        "account_id": root.id,
        "content": root.terms_content,
        "self_registration_type": root.self_registration,
    }


@serves("GET", "/accounts/:account_id/permissions")
def permissions(account_id: str) -> Json:
    """Which of the named permissions the caller holds in an account, for whoever has a role there."""
    account = path_account(account_id)
    require(is_account_member(current_world(), caller().id, account.id))
    return {name: may(name, account_id=account.id) for name in params.many("permissions")}


@serves("DELETE", "/accounts/:account_id/users/:user_id")
def remove_user(account_id: str, user_id: str) -> Json:
    """Take a person out of a root account; somebody from the SIS only with the right over SIS data."""
    root, user, world = path_account(account_id), path_user(user_id), current_world()
    if root.parent_account_id is not None or root.id not in world.root_accounts_of(user):
        raise not_found()
    from_sis = any(login.sis_user_id for login in user.logins if login.account_id == root.id)
    rights = ("manage_user_logins", "manage_sis") if from_sis else ("manage_user_logins",)
    require(all(may(right, account_id=root.id) for right in rights))
    remove_from_root(world, user, root)
    return bare_user(user)


def effective_locale(user: User, root: Account) -> str:
    """The language that a person gets: theirs, the account's, or English."""
    return user.locale or root.default_locale or "en"


def _account(account: Account) -> Json:
    """An account with what `include` asks for; the parameter has been read as `includes` too."""
    body = account_json(account)
    if "registration_settings" not in {*params.many("include"), *params.many("includes")}:
        return body
    root = current_world().root_account(account.id)
    body["registration_settings"] = {
        "login_handle_name": root.login_handle_name or "Email",
        "require_email": False,
    }
    if account is root:
        body |= {
            "terms_required": root.terms_type != "no_terms" and not root.terms_passive,
            "terms_of_use_url": address("/terms_of_use"),
            "privacy_policy_url": address("/privacy_policy"),
            "recaptcha_key": root.recaptcha_key if root.self_registration != "none" else None,
        }
    return body
