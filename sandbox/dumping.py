"""A world as the JSON object of a world file, with every state in it."""

from datetime import UTC, datetime
from typing import Any

from sandbox.appfile import dump_apps
from sandbox.conversationfile import dump_conversations
from sandbox.sis.worldfile import dump_sis_imports
from sandbox.world import AccessToken, Account, Course, User, World

Json = dict[str, Any]


def dump(world: World) -> Json:
    """The whole world; `sandbox.worldfile.load` makes the same one of it."""
    by_hand: dict[int, list[str]] = {}
    for token in world.tokens.values():
        if _plain(token):
            by_hand.setdefault(token.user_id, []).append(token.token)
    return {
        "settings": _fields(world.settings),
        "clock": {"ahead": world.clock.ahead},
        "accounts": [_account(account) for account in world.accounts.values()],
        "users": [_user(user, by_hand.get(user.id, [])) for user in world.users.values()],
        "terms": [_fields(term) for term in world.terms.values()],
        "roles": [_fields(role) for role in world.roles.values()],
        "admins": [_fields(admin) for admin in world.admins],
        "role_overrides": [_fields(override) for override in world.role_overrides],
        "courses": [_course(world, course) for course in world.courses.values()],
        "enrollments": [_fields(row) for row in world.enrollments.values()],
        "observation_links": [_fields(link) for link in world.links],
        "pairing_codes": [_fields(code) for code in world.pairing_codes],
        "developer_keys": [_fields(key) for key in world.developer_keys.values()],
        "access_tokens": [_fields(token) for token in world.tokens.values() if not _plain(token)],
        **dump_conversations(world),
        **dump_apps(world),
        "sis_imports": dump_sis_imports(world),
    }


def _plain(token: AccessToken) -> bool:
    """Whether a token is one that a world file writes on its user."""
    return token == AccessToken(token.token, token.user_id)


def _fields(record: Any) -> Json:
    """A record's fields as JSON."""
    return {name: _json(getattr(record, name)) for name in record.__slots__}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _user(user: User, tokens: list[str]) -> Json:
    return _fields(user) | {"logins": [_fields(login) for login in user.logins], "tokens": tokens}


def _account(account: Account) -> Json:
    providers = [_fields(provider) for provider in account.authentication_providers]
    return _fields(account) | {"authentication_providers": providers}


def _course(world: World, course: Course) -> Json:
    sections = [
        {name: value for name, value in _fields(section).items() if name != "course_id"}
        for section in world.every_section_of(course.id)
    ]
    return _fields(course) | {"sections": sections}
