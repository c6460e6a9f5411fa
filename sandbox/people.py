"""The people of a world file with their logins."""

from sandbox.clock import BEGINNING
from sandbox.reading import Reader
from sandbox.references import fresh, known
from sandbox.world import AccessToken, Login, User, World

SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "v", "phd", "esq", "esq."})


def sortable(name: str) -> str:
    """ "Mia Holm" as "Holm, Mia", the way Canvas sorts people; a suffix goes last."""
    words = name.split()
    suffix = [words.pop()] if len(words) > 2 and words[-1].lower() in SUFFIXES else []
    if "," in name or len(words) < 2:
        return name
    return ", ".join([words[-1], " ".join(words[:-1]), *suffix])


def read_user(world: World, reader: Reader) -> None:
    """Take a user out of the file, with logins and tokens."""
    user_id = fresh(world, reader, "user", world.users)
    name = reader.text("name", f"User {user_id}")
    user = User(
        id=user_id,
        name=name,
        short_name=reader.text("short_name", name),
        sortable_name=reader.text("sortable_name", sortable(name)),
        created_at=reader.moment("created_at", BEGINNING),
        email=reader.text_or_none("email"),
        locale=reader.text_or_none("locale"),
        time_zone=reader.text_or_none("time_zone"),
        test_student=reader.yes_or_no("test_student", False),
        workflow_state=reader.one_of(
            "workflow_state", ("registered", "pre_registered", "deleted"), "registered"
        ),
        high_contrast=reader.yes_or_no("high_contrast", False),
        pronouns=reader.text_or_none("pronouns"),
        default_notifications_disabled=reader.yes_or_no("default_notifications_disabled", False),
        last_login=reader.moment_or_none("last_login"),
        logins=_logins(world, reader, user_id),
    )
    world.add_user(user)
    for token in reader.texts("tokens"):
        if token in world.tokens:
            raise reader.complain("tokens", "another user has the same token")
        world.tokens[token] = AccessToken(token, user.id)


def _logins(world: World, reader: Reader, user_id: int) -> list[Login]:
    """A user's logins; without the key there is one at the first account."""
    first = next(iter(world.accounts))
    if not reader.has("logins"):
        return [Login(first, f"user{user_id}", "password")]
    found = []
    for each in reader.each("logins"):
        login = Login(
            account_id=known(each, "account_id", world.accounts) or first,
            unique_id=each.text("unique_id"),
            password=each.text_or_none("password"),
            sis_user_id=each.text_or_none("sis_user_id"),
            integration_id=each.text_or_none("integration_id"),
            authentication_provider_id=each.number_or_none("authentication_provider_id"),
            workflow_state=each.one_of("workflow_state", ("active", "suspended", "deleted"), "active"),
            declared_user_type=each.text_or_none("declared_user_type"),
            sis_batch_id=each.number_or_none("sis_batch_id"),
        )
        if world.accounts[login.account_id].parent_account_id is not None:
            raise each.complain("account_id", "must be a root account")
        providers = (other.id for other in world.accounts[login.account_id].authentication_providers)
        if login.authentication_provider_id not in (None, *providers):
            raise each.complain("authentication_provider_id", "is no provider of the account")
        gone = login.workflow_state == "deleted"
        if not gone and world.user_by_login(login.account_id, login.unique_id):
            raise each.complain("unique_id", "another user has the same login")
        if login.sis_user_id and world.login_by_sis_id(login.account_id, login.sis_user_id):
            raise each.complain("sis_user_id", "another user has the same SIS id")
        found.append(login)
    return found
