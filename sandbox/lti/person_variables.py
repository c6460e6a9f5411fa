"""Variables about the person who launches; without one, each stays literal (the user guard of Canvas)."""

from collections.abc import Callable

from sandbox.lti.launch import Launch, given_and_family
from sandbox.lti.roles import administered_accounts
from sandbox.world import User, global_id

Value = str | int | bool | None
LONGEST_LIST = 40_000


def _of_user(read: Callable[[Launch, User], Value]) -> Callable[[Launch], Value]:
    """A variable that exists for somebody logged in only."""
    return lambda launch: read(launch, launch.user) if launch.user else None


def _login_name(launch: Launch) -> Value:
    return launch.login.unique_id if launch.login else None


def _sis_id(launch: Launch) -> Value:
    return launch.login.sis_user_id if launch.login else None


def _integration_id(launch: Launch) -> Value:
    return launch.login.integration_id if launch.login else None


def _adminable_accounts(launch: Launch, user: User) -> str:
    ids = ",".join(map(str, administered_accounts(launch.world, user, launch.root)))
    return ids if len(ids) <= LONGEST_LIST else ids[:LONGEST_LIST] + ",truncated"


def _is_root_admin(launch: Launch, user: User) -> bool:
    return any(row.user_id == user.id and row.account_id == launch.root.id for row in launch.world.admins)


def _avatar(launch: Launch, user: User) -> str:
    return f"{launch.base_url}/images/messages/avatar-50.png"


VARIABLES: dict[str, Callable[[Launch], Value]] = {
    "Canvas.user.id": _of_user(lambda launch, user: user.id),
    "User.id": _of_user(lambda launch, user: user.id),
    "Canvas.user.globalId": _of_user(lambda launch, user: global_id(user.id)),
    "Canvas.user.loginId": _login_name,
    "User.username": _login_name,
    "Canvas.user.sisSourceId": _sis_id,
    "Person.sourcedId": _sis_id,
    "Canvas.user.sisIntegrationId": _integration_id,
    "com.instructure.Person.pronouns": _of_user(lambda launch, user: user.pronouns),
    "vnd.Canvas.Person.email.sis": _of_user(lambda launch, user: user.email if _sis_id(launch) else None),
    "Canvas.user.isRootAccountAdmin": _of_user(_is_root_admin),
    "Canvas.user.adminableAccounts": _of_user(_adminable_accounts),
    "Canvas.user.prefersHighContrast": _of_user(lambda launch, user: str(user.high_contrast).lower()),
    "Canvas.masqueradingUser.id": lambda launch: launch.real_user.id if launch.real_user else None,
    "Canvas.masqueradingUser.userId": lambda launch: launch.real_user.lti_id if launch.real_user else None,
    "com.instructure.User.student_view": _of_user(lambda launch, user: user.test_student),
    "Person.name.full": _of_user(lambda launch, user: user.name),
    "Person.name.display": _of_user(lambda launch, user: user.short_name),
    "Person.name.given": _of_user(lambda launch, user: given_and_family(user)[0]),
    "Person.name.family": _of_user(lambda launch, user: given_and_family(user)[1]),
    "com.instructure.Person.name_sortable": _of_user(lambda launch, user: user.sortable_name),
    "Person.email.primary": _of_user(lambda launch, user: user.email),
    "Person.address.timezone": _of_user(lambda launch, user: launch.time_zone),
    "User.image": _of_user(_avatar),
    "vnd.instructure.User.uuid": _of_user(lambda launch, user: user.uuid),
    "vnd.instructure.User.current_uuid": _of_user(lambda launch, user: user.uuid),
}
