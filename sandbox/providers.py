"""The ways of logging in that a root account offers (Canvas API docs, "Authentication Providers")."""

from sandbox.records import Account, AuthenticationProvider

AUTH_TYPES = (
    *("apple", "canvas", "cas", "clever", "facebook", "github", "google", "ldap", "linkedin", "microsoft"),
    *("openid_connect", "saml"),
)
# An account has at most one of each of these, so their address needs no id.
SINGLETONS = frozenset({"apple", "canvas", "facebook", "github", "google", "linkedin"})


def offered(root: Account) -> list[AuthenticationProvider]:
    """The providers in use, first in line first."""
    return sorted(_active(root), key=lambda provider: (provider.position, provider.id))


def find(root: Account, text: str) -> AuthenticationProvider | None:
    """The provider in use with this id, or the first one of this type."""
    return next((each for each in offered(root) if text in (str(each.id), each.auth_type)), None)


def login_path(provider: AuthenticationProvider | None) -> str:
    """Where people log in with a provider; without any there is still Canvas's own page."""
    if provider is None or provider.auth_type in SINGLETONS:
        return f"/login/{provider.auth_type if provider else 'canvas'}"
    return f"/login/{provider.auth_type}/{provider.id}"


def place(root: Account, provider: AuthenticationProvider, position: int | None) -> None:
    """Put a provider in line, at the end unless said otherwise; the others make room."""
    line = [each for each in offered(root) if each is not provider]
    line.insert(len(line) if position is None else max(0, position - 1), provider)
    _number(line)


def close(root: Account, provider: AuthenticationProvider) -> None:
    """Delete a provider; without Canvas's own nobody signs up by themself."""
    provider.workflow_state = "deleted"
    if provider.auth_type == "canvas":
        root.self_registration = "none"
    _number(offered(root))


def reopen(root: Account, provider: AuthenticationProvider) -> None:
    """Bring a deleted provider back, at the end of the line."""
    provider.workflow_state = "active"
    place(root, provider, None)


def for_parents(root: Account) -> AuthenticationProvider | None:
    """The SAML provider by which parents prove whose parents they are, if there is one."""
    return next((each for each in _active(root) if each.parent_registration), None)


def use_for_parents(root: Account, provider: AuthenticationProvider, wanted: bool) -> None:
    """Switch parent registration of a provider; only one of an account has it."""
    for each in root.authentication_providers:
        each.parent_registration = wanted if each is provider else each.parent_registration and not wanted


def admits(root: Account, kind: str | None) -> bool:
    """Whether people may sign up by themselves as what they say they are."""
    return root.self_registration == "all" or (root.self_registration == "observer" and kind == "observer")


def _active(root: Account) -> list[AuthenticationProvider]:
    return [each for each in root.authentication_providers if each.workflow_state == "active"]


def _number(line: list[AuthenticationProvider]) -> None:
    for position, provider in enumerate(line, 1):
        provider.position = position
