"""The Users API as far as pairing needs it (Canvas API docs, "Users")."""

from collections.abc import Iterable, Iterator

from sandbox.rest import params
from sandbox.rest.accounts import effective_locale
from sandbox.rest.api import caller, host_account, may, path_account, path_user, require, serves
from sandbox.rest.bodies import Json, address, avatar_url, user_json
from sandbox.rest.paging import numbered
from sandbox.rest.rosters import KINDS
from sandbox.rest.searching import matches, ordered
from sandbox.roles import role_of
from sandbox.world import Account, User, current_world

KINDS_BY_TYPE = {kind: name for name, kind in KINDS.items()}


@serves("GET", "/users/:id")
def show(id: str) -> Json:
    """One person: oneself, or as an admin of one of their accounts."""
    user = path_user(id)
    require(_may_show(user))
    own = user.id == caller().id
    include = ["avatar_url", "email", *params.many("include")]
    body = user_json(user, account=host_account(), include=include)
    body |= {"locale": user.locale}
    if own:
        body |= {"email": user.email, "effective_locale": effective_locale(user, host_account())}
    body["permissions"] = {
        "can_update_name": own or may("manage_user_logins", account_id=host_account().id),
        "can_update_avatar": False,
        "limit_parent_app_web_access": False,
    }
    return body


@serves("GET", "/users/:user_id/profile")
def profile(user_id: str) -> Json:
    """A person's profile; the e-mail of others only with the right to it."""
    user, root = path_user(user_id), host_account()
    own = user.id == caller().id
    require(_may_show(user))
    login = current_world().login_in(user, root.id)
    body: Json = {
        "id": user.id,
        "name": user.name,
        "short_name": user.short_name,
        "sortable_name": user.sortable_name,
        "avatar_url": avatar_url(),
        "title": None,
        "bio": None,
        "pronunciation": None,
    }
    if own or may("read_email_addresses", account_id=root.id):
        body["primary_email"] = user.email
    if own or may("view_user_logins", account_id=root.id):
        body["login_id"] = login.unique_id if login else None
    if may("read_sis", account_id=root.id):
        body["sis_user_id"] = login.sis_user_id if login else None
    body |= {
        "integration_id": login.integration_id if login else None,
        "time_zone": user.time_zone or root.default_time_zone,
        "locale": user.locale,
        "effective_locale": effective_locale(user, root),
    }
    if own:
        body["calendar"] = {"ics": address(f"/feeds/calendars/user_{user.uuid}.ics")}
    return body | {"lti_user_id": user.lti_context_id, "k5_user": False, "use_classic_font_in_k5": False}


@serves("GET", "/accounts/:account_id/users")
def search(account_id: str) -> list[Json]:
    """The people of an account; no `last` page is announced."""
    account = path_account(account_id)
    require(may("read_roster", account_id=account.id))
    term = params.search_term()
    users = _of_kind(_of_uuids(_of_term(_people(account, term or ""), account, term)))
    include = params.many("include")
    return [user_json(user, account=account, include=include) for user in numbered(users)]


def _may_show(user: User) -> bool:
    if user.id == caller().id:
        return True
    roots = current_world().root_accounts_of(user)
    rights = ("read_roster", "manage_user_logins")
    return any(may(right, account_id=each) for each in roots for right in rights)


def _people(account: Account, term: str) -> Iterable[User]:
    """Who of an account a term may mean, in the order asked for; by id everybody of a root is known."""
    plain = account.parent_account_id is None and not term and not _deleted_too()
    if plain and params.text("sort") == "id" and params.text("order") != "desc":
        return current_world().members(account.id)
    found = _by_name(account, term)
    return ordered(found) if params.text("sort") or params.text("order") else found


def _by_name(account: Account, term: str) -> Iterator[User]:
    """A sub-account's people are enrolled below it, or administer there."""
    world = current_world()
    if account.parent_account_id is None:
        for user in world.users_by_name(term):
            if _belongs(user, account) and not user.test_student:
                yield user
        return
    ids = {admin.user_id for admin in world.admins if admin.account_id == account.id}
    for course in world.courses.values():
        if course.workflow_state != "deleted" and account in world.account_chain(course.account_id):
            rows = world.enrollments_in(course.id)
            ids |= {row.user_id for row in rows if row.state not in ("deleted", "rejected")}
    yield from (user for user in world.users_by_name(term) if user.id in ids and not user.test_student)


def _belongs(user: User, root: Account) -> bool:
    """Whether a person has a login in a root account, or had one and the deleted ones are asked for."""
    if _deleted_too():
        return any(login.account_id == root.id for login in user.logins)
    return root.id in current_world().root_accounts_of(user)


def _deleted_too() -> bool:
    return params.flag(params.params(), "include_deleted_users")


def _of_term(users: Iterable[User], account: Account, term: str | None) -> Iterable[User]:
    root_id = current_world().root_account(account.id).id
    return users if term is None else (user for user in users if matches(user, term, root_id))


def _of_uuids(users: Iterable[User]) -> Iterable[User]:
    wanted = params.many("uuids")
    return (user for user in users if user.uuid in wanted) if wanted else users


def _of_kind(users: Iterable[User]) -> Iterable[User]:
    """Only those with an enrollment of the type and the role asked for."""
    kind, role_id = params.text("enrollment_type"), params.text("role_filter_id")
    if kind is None and role_id is None:
        return users
    world = current_world()
    return (
        user
        for user in users
        if any(
            kind in (None, KINDS_BY_TYPE.get(row.type))
            and role_id in (None, str(role_of(world, row)[0]))
            and row.state != "deleted"
            for row in world.enrollments_of(user.id)
        )
    )
