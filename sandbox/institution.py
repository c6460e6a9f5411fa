"""The accounts of a world file."""

from sandbox.providers import AUTH_TYPES
from sandbox.reading import Reader, WorldError
from sandbox.references import fresh, known
from sandbox.world import Account, AuthenticationProvider, World


def read_accounts(world: World, top: Reader) -> None:
    """Take the accounts out of the file; without any there is one."""
    for reader in top.each("accounts"):
        account = Account(
            id=fresh(world, reader, "account", world.accounts),
            name=reader.text("name", "Canvas"),
            domain=reader.text_or_none("domain"),
            parent_account_id=known(reader, "parent_account_id", world.accounts),
            self_registration=reader.one_of("self_registration", ("none", "observer", "all"), "none"),
            discovery_url=reader.text_or_none("discovery_url"),
            trusted_account_ids=reader.numbers("trusted_account_ids"),
            authentication_providers=_providers(world, reader),
            unknown_user_url=reader.text_or_none("unknown_user_url"),
            login_handle_name=reader.text_or_none("login_handle_name"),
            change_password_url=reader.text_or_none("change_password_url"),
            terms_type=reader.one_of("terms_type", ("default", "custom", "no_terms"), "default"),
            terms_passive=reader.yes_or_no("terms_passive", False),
            terms_content=reader.text_or_none("terms_content"),
            recaptcha_key=reader.text_or_none("recaptcha_key"),
            default_locale=reader.text_or_none("default_locale"),
            default_time_zone=reader.text("default_time_zone", "Etc/UTC"),
            brand=reader.anything("brand"),
            allow_sis_import=reader.yes_or_no("allow_sis_import", True),
            default_notifications_disabled_for_observers=reader.yes_or_no(
                "default_notifications_disabled_for_observers", False
            ),
        )
        if account.authentication_providers and account.parent_account_id is not None:
            raise reader.complain("authentication_providers", "only a root account has them")
        world.add_account(account)
    if not world.accounts:
        world.add_account(Account(id=1, name="Canvas", domain="localhost"))
    for index, account in enumerate(world.accounts.values()):
        for trusted in account.trusted_account_ids:
            if trusted not in world.accounts:
                raise WorldError(f"accounts[{index}].trusted_account_ids: there is no {trusted}")
    if next(iter(world.accounts.values())).parent_account_id is not None:
        raise WorldError("accounts[0].parent_account_id: the first account must be a root account")


def _providers(world: World, account: Reader) -> list[AuthenticationProvider]:
    """The ways of logging in, in order of position unless that is given."""
    taken = {each.id for other in world.accounts.values() for each in other.authentication_providers}
    found: list[AuthenticationProvider] = []
    for reader in account.each("authentication_providers"):
        provider = AuthenticationProvider(
            id=fresh(world, reader, "authentication_provider", taken),
            auth_type=reader.one_of("auth_type", AUTH_TYPES),
            position=reader.number_or_none("position") or len(found) + 1,
            parent_registration=reader.yes_or_no("parent_registration", False),
            workflow_state=reader.one_of("workflow_state", ("active", "deleted"), "active"),
            settings=reader.anything("settings") or {},
        )
        if provider.parent_registration and provider.auth_type != "saml":
            raise reader.complain("parent_registration", "only a saml provider may have it")
        if provider.parent_registration and any(each.parent_registration for each in found):
            raise reader.complain("parent_registration", "another provider of the account has it")
        taken.add(provider.id)
        found.append(provider)
    return found
