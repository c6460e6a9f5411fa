"""Finding and ordering people by what the caller may see of them."""

from collections.abc import Callable, Iterable

from sandbox.rest import params
from sandbox.rest.api import host_account, may
from sandbox.world import User, current_world


def matches(user: User, term: str, root_id: int, *, course_id: int | None = None) -> bool:
    """Whether a lower-case term is in a name, or in login, SIS id or e-mail where the caller may see them."""
    if term in user.name.lower() or term in user.sortable_name.lower() or term == str(user.id):
        return True
    where = {"course_id": course_id} if course_id else {"account_id": root_id}
    login = current_world().login_in(user, root_id)
    if login and term in login.unique_id.lower() and may("view_user_logins", **where):
        return True
    if login and term in (login.sis_user_id or "").lower() and may("read_sis", **where):
        return True
    return term in (user.email or "").lower() and may("read_email_addresses", **where)


def by_name(user: User) -> tuple[str, int]:
    """How Canvas sorts people."""
    return user.sortable_name.lower(), user.id


def ordered(users: Iterable[User]) -> list[User]:
    """People in the order `sort` and `order` ask for; whoever lacks the thing comes as if it were blank."""
    root_id = host_account().id

    def of_login(field: str) -> Callable[[User], str]:
        def value(user: User) -> str:
            login = current_world().login_in(user, root_id)
            return (getattr(login, field) or "").lower() if login else ""

        return value

    keys: dict[str, Callable[[User], str | int | float]] = {
        "email": lambda user: (user.email or "").lower(),
        "sis_id": of_login("sis_user_id"),
        "integration_id": of_login("integration_id"),
        "login_id": of_login("unique_id"),
        "last_login": lambda user: user.last_login.timestamp() if user.last_login else 0,
        "id": lambda user: user.id,
    }
    chosen = keys.get(params.text("sort") or "")
    key = by_name if chosen is None else lambda user: (chosen(user), *by_name(user))
    return sorted(users, key=key, reverse=params.text("order") == "desc")
