"""The Roles API, reading only (Canvas API docs, "Roles")."""

from sandbox.answers import not_found
from sandbox.clock import BEGINNING
from sandbox.permissions import ACCOUNT_ONLY, COURSE_DEFAULTS, PERMISSIONS, STUDENTS, override_for
from sandbox.rest import params
from sandbox.rest.api import may, path_account, require, serves
from sandbox.rest.bodies import Json, account_json, timestamp
from sandbox.rest.paging import numbered
from sandbox.roles import ACCOUNT_ADMIN, ACCOUNT_MEMBERSHIP, LABELS, ROLE_IDS, custom_roles
from sandbox.world import Account, Role, current_world


@serves("GET", "/accounts/:account_id/roles")
def list_roles(account_id: str) -> list[Json]:
    """Canvas's roles and the account's own; with `show_inherited` those of the accounts above too."""
    account = path_account(account_id)
    require(may("manage_role_overrides", account_id=account.id))
    states = params.many("state") or ["active"]
    inherited = params.flag(params.params(), "show_inherited")
    found = [
        role
        for role in [*_builtin_roles(account), *custom_roles(current_world(), account.id)]
        if role.workflow_state in states
        and (inherited or role.id <= BUILTIN or role.account_id == account.id)
    ]
    return [role_json(role, account) for role in numbered(found, len(found))]


@serves("GET", "/accounts/:account_id/roles/:id")
def show(account_id: str, id: str) -> Json:
    """One role, of Canvas or of the account or those above it."""
    account = path_account(account_id)
    require(may("manage_role_overrides", account_id=account.id))
    for role in [*_builtin_roles(account), *custom_roles(current_world(), account.id)]:
        if str(role.id) == id:
            return role_json(role, account)
    raise not_found()


BUILTIN = 8


def _builtin_roles(account: Account) -> list[Role]:
    """Canvas's own roles, as records."""
    root = current_world().root_account(account.id).id
    ids = {ACCOUNT_ADMIN: 1} | {name: ROLE_IDS[name] for name in ROLE_IDS if name in LABELS}
    return [Role(role_id, root, name, name) for name, role_id in ids.items()]


def role_json(role: Role, account: Account) -> Json:
    """A role with its permissions as they stand in an account."""
    for_accounts = role.base_role_type in (ACCOUNT_ADMIN, ACCOUNT_MEMBERSHIP)
    return {
        "id": role.id,
        "role": role.label,
        "label": LABELS.get(role.label, role.label),
        "last_updated_at": timestamp(BEGINNING),
        "created_at": timestamp(BEGINNING),
        "base_role_type": role.base_role_type
        if role.id > BUILTIN or not for_accounts
        else ACCOUNT_MEMBERSHIP,
        "workflow_state": role.workflow_state,
        "is_account_role": for_accounts,
        "account": account_json(current_world().accounts[role.account_id]),
        "permissions": {
            name: _permission(role, name, account)
            for name in PERMISSIONS
            if for_accounts or (name not in ACCOUNT_ONLY and not _kept_from(role, name))
        },
    }


def _kept_from(role: Role, permission: str) -> bool:
    return permission == "generate_observer_pairing_code" and role.base_role_type in STUDENTS


def _permission(role: Role, name: str, account: Account) -> Json:
    """One permission of a role: whether it is on here, and who decides."""
    chain = current_world().account_chain(account.id)
    override = override_for(current_world(), role.label, name, chain)
    usual = role.base_role_type == ACCOUNT_ADMIN or role.base_role_type in COURSE_DEFAULTS.get(name, ())
    own = override is not None and override.account_id == account.id
    body: Json = {
        "enabled": usual if override is None else override.enabled,
        "locked": override is not None and override.locked,
        "readonly": override is not None and override.locked and not own,
        "explicit": own,
    }
    if own:
        body["prior_default"] = usual
    if body["enabled"]:
        body["applies_to_self"] = override is None or override.applies_to_self
        body["applies_to_descendants"] = override is None or override.applies_to_descendants
    return body
