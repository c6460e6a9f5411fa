"""The Authentication Providers API (Canvas API docs, "Authentication Providers")."""

from sandbox import providers
from sandbox.answers import Refused, message, not_found
from sandbox.providers import AUTH_TYPES, SINGLETONS
from sandbox.rest import params
from sandbox.rest.api import may, path_account, refuse, require, serves
from sandbox.rest.bodies import Json
from sandbox.world import Account, AuthenticationProvider, current_world

PATH = "/accounts/:account_id/authentication_providers"
NO_CHANGE = "Can not change type of authorization config, please delete and create new config."
# What Canvas says about a SAML provider, set or not.
SAML = (
    *("idp_entity_id", "log_in_url", "log_out_url", "requested_authn_context", "certificate_fingerprint"),
    *("identifier_format", "login_attribute", "sig_alg", "jit_provisioning", "federated_attributes"),
    "metadata_uri",
)
# Told to Canvas, never told by it.
SECRETS = frozenset({"auth_password", "client_secret", "private_key"})
# What a provider of a type cannot be without.
NEEDED = {"cas": "auth_base", "ldap": "auth_host"}
OWN = frozenset({"auth_type", "position", "self_registration", "parent_registration"})
NOT_SETTINGS = OWN | {"id", "account_id", "access_token", "as_user_id"}
SSO_KEYS = {
    "login_handle_name": "login_handle_name",
    "change_password_url": "change_password_url",
    "auth_discovery_url": "discovery_url",
    "unknown_user_url": "unknown_user_url",
}


@serves("GET", PATH)
def list_providers(account_id: str) -> list[Json]:
    """All providers in use, in their order."""
    root = _managed(account_id)
    return [provider_json(root, each) for each in providers.offered(root)]


@serves("GET", f"{PATH}/:id")
def show(account_id: str, id: str) -> Json:
    """One provider; Canvas's own is shown to everybody who is logged in."""
    root = path_account(account_id)
    provider = providers.find(root, id)
    if provider is None or provider.auth_type != "canvas":
        _managed(account_id)
    return provider_json(root, _provider(root, id))


@serves("POST", PATH)
def create(account_id: str) -> Json:
    """Add a provider at the end of the line, or where `position` says."""
    root = _managed(account_id)
    given = _given()
    auth_type = params.text_in(given, "auth_type") or ""
    if auth_type not in AUTH_TYPES:
        allowed = ", ".join(AUTH_TYPES)
        raise Refused(400, message(f"invalid or missing auth_type '{auth_type}', must be one of {allowed}"))
    if auth_type in SINGLETONS and providers.find(root, auth_type):
        raise Refused(422, message(f"duplicate provider {auth_type}"))
    provider = AuthenticationProvider(current_world().next_id("authentication_provider"), auth_type, 0)
    _insist(provider, given)
    root.authentication_providers.append(provider)
    providers.place(root, provider, None)
    _change(root, provider, given)
    return provider_json(root, provider)


@serves("PUT", f"{PATH}/:id")
def update(account_id: str, id: str) -> Json:
    """Change what is given; the type stays."""
    root = _managed(account_id)
    provider = _provider(root, id)
    given = _given()
    if params.text_in(given, "auth_type") not in (None, provider.auth_type):
        raise Refused(400, {"message": NO_CHANGE})
    _insist(provider, given)
    _change(root, provider, given)
    return provider_json(root, provider)


@serves("DELETE", f"{PATH}/:id")
def delete(account_id: str, id: str) -> Json:
    """Delete a provider; it can be restored."""
    root = _managed(account_id)
    provider = _provider(root, id)
    body = provider_json(root, provider)
    providers.close(root, provider)
    return body


@serves("PUT", f"{PATH}/:id/restore")
def restore(account_id: str, id: str) -> Json:
    """Bring a deleted provider back."""
    root = _managed(account_id)
    found = (each for each in root.authentication_providers if id in (str(each.id), each.auth_type))
    provider = next(found, None)
    if provider is None:
        raise not_found()
    if provider.workflow_state == "deleted":
        if provider.auth_type in SINGLETONS and providers.find(root, provider.auth_type):
            raise Refused(422, message(f"duplicate provider {provider.auth_type}"))
        providers.reopen(root, provider)
    return provider_json(root, provider)


@serves("GET", "/accounts/:account_id/sso_settings")
def show_sso_settings(account_id: str) -> Json:
    """Where people are sent before and after a provider."""
    return _sso_settings(_managed(account_id))


@serves("PUT", "/accounts/:account_id/sso_settings")
def update_sso_settings(account_id: str) -> Json:
    """Change what is given; a blank value takes a setting away."""
    root = _managed(account_id)
    given = params.group("sso_settings")
    if not given:
        raise Refused(400, message("sso_settings is missing"))
    for key in given.keys() & SSO_KEYS:
        setattr(root, SSO_KEYS[key], params.text_in(given, key))
    return _sso_settings(root)


def provider_json(root: Account, provider: AuthenticationProvider) -> Json:
    """A provider without its secrets; Canvas's own tells who may sign up."""
    body: Json = {
        "id": provider.id,
        "auth_type": provider.auth_type,
        "position": provider.position,
    }
    if provider.auth_type == "canvas":
        return body | {"self_registration": root.self_registration}
    if provider.auth_type == "saml":
        body |= dict.fromkeys(SAML) | {"parent_registration": provider.parent_registration}
    return body | {key: value for key, value in provider.settings.items() if key not in SECRETS}


def registration_mode(value: object) -> str:
    """Who may sign up: one of Canvas's words, anything else is a yes (everybody) or a no."""
    if value in ("all", "none", "observer"):
        return str(value)
    return "all" if params.flag({"value": value}, "value") else "none"


def _managed(account_id: str) -> Account:
    """The path's root account, if the caller manages its settings; sub-accounts have no providers."""
    account = path_account(account_id)
    if account.parent_account_id is not None:
        refuse()
    require(may("manage_account_settings", account_id=account.id))
    return account


def _provider(root: Account, id: str) -> AuthenticationProvider:
    provider = providers.find(root, id)
    if provider is None:
        raise not_found()
    return provider


def _given() -> params.Params:
    """The parameters, on the top level or in their group."""
    return params.group("authentication_provider") or params.params()


def _insist(provider: AuthenticationProvider, given: params.Params) -> None:
    """Refuse a provider that could not work."""
    needed = NEEDED.get(provider.auth_type)
    if needed and not params.text_in(provider.settings | given, needed):
        problem = {"attribute": needed, "type": "blank", "message": "blank"}
        raise Refused(422, {"errors": {needed: [problem]}})


def _change(root: Account, provider: AuthenticationProvider, given: params.Params) -> None:
    position = params.text_in(given, "position")
    if position is not None and position.isascii() and position.isdigit():
        providers.place(root, provider, int(position))
    if provider.auth_type == "canvas":
        if "self_registration" in given:
            root.self_registration = registration_mode(given["self_registration"])
        return
    if provider.auth_type == "saml" and "parent_registration" in given:
        providers.use_for_parents(root, provider, params.flag(given, "parent_registration"))
    provider.settings |= {key: value for key, value in given.items() if key not in NOT_SETTINGS}


def _sso_settings(root: Account) -> Json:
    return {"sso_settings": {key: getattr(root, name) for key, name in SSO_KEYS.items()}}
