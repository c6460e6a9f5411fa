"""Ids in paths and parameters, in every form Canvas takes (Canvas API docs, "Object IDs, SIS IDs")."""

import binascii
from collections.abc import Iterable
from typing import Protocol, TypeVar

from sandbox.records import GLOBAL_ID_BASE
from sandbox.world import Account, Course, User, World


class _Opaque(Protocol):
    @property
    def lti_context_id(self) -> str: ...

    @property
    def uuid(self) -> str: ...


Record = TypeVar("Record", bound=_Opaque)


def number(text: str) -> int | None:
    """A local id from `42`, `10000000000042` or `1~42`; None for anything else."""
    shard, tilde, rest = text.rpartition("~")
    digits = rest if tilde else text
    if not digits.isascii() or not digits.isdigit() or (tilde and shard != "1"):
        return None
    value = int(digits)
    return value - GLOBAL_ID_BASE if GLOBAL_ID_BASE < value < 2 * GLOBAL_ID_BASE else value


def find_user(world: World, text: str, *, caller_id: int | None, root_account_id: int) -> User | None:
    """The person meant by `self`, a number, `sis_user_id:`, `sis_login_id:`, `lti_1_3_id:` and the like."""
    if text == "self":
        return None if caller_id is None else world.users[caller_id]
    kind, value = _split(text)
    match kind:
        case "":
            local_id = number(text)
            return None if local_id is None else world.users.get(local_id)
        case "sis_user_id":
            return world.user_by_sis_id(root_account_id, value)
        case "sis_login_id":
            return world.user_by_login(root_account_id, value)
        case "lti_1_1_id" | "lti_1_3_id" | "lti_context_id" | "lti_user_id":
            return world.user_by_lti_id(value)
        case "uuid":
            return next((user for user in world.users.values() if user.uuid == value), None)
        case _:
            return None


def find_course(world: World, text: str) -> Course | None:
    """The course, unless it is deleted, by number, `lti_context_id:` or `uuid:`."""
    local_id = number(text)
    course = _by_opaque(world.courses.values(), text) if local_id is None else world.courses.get(local_id)
    return None if course is None or course.workflow_state == "deleted" else course


def find_account(world: World, text: str, *, root_account_id: int) -> Account | None:
    """The account by `self`, number, `lti_context_id:` or `uuid:`."""
    if text == "self":
        return world.accounts[root_account_id]
    local_id = number(text)
    if local_id is None:
        return _by_opaque(world.accounts.values(), text)
    return world.accounts.get(local_id)


def _split(text: str) -> tuple[str, str]:
    """Kind and value of `kind:value`; the old `hex:kind:…` carries the value in hexadecimal."""
    kind, colon, value = text.partition(":")
    if not colon:
        return "", text
    if kind != "hex":
        return kind, value
    kind, _, digits = value.partition(":")
    try:
        return kind, binascii.unhexlify(digits).decode()
    except (ValueError, binascii.Error):
        return "unreadable", value


def _by_opaque(records: Iterable[Record], text: str) -> Record | None:
    kind, value = _split(text)
    for record in records:
        if kind == "lti_context_id" and record.lti_context_id == value:
            return record
        if kind == "uuid" and record.uuid == value:
            return record
    return None
