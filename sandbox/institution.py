"""The accounts of a world file."""

from sandbox.reading import Reader, WorldError
from sandbox.references import fresh, known
from sandbox.world import Account, World


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
            brand=reader.anything("brand"),
        )
        world.add_account(account)
    if not world.accounts:
        world.add_account(Account(id=1, name="Canvas", domain="localhost"))
    for index, account in enumerate(world.accounts.values()):
        for trusted in account.trusted_account_ids:
            if trusted not in world.accounts:
                raise WorldError(f"accounts[{index}].trusted_account_ids: there is no {trusted}")
    if next(iter(world.accounts.values())).parent_account_id is not None:
        raise WorldError("accounts[0].parent_account_id: the first account must be a root account")
