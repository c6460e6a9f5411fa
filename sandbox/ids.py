"""Ids in paths and parameters, in every form Canvas takes (Canvas API docs, "Object IDs, SIS IDs")."""

import binascii
from collections.abc import Iterable
from typing import Protocol, TypeVar

from sandbox.records import GLOBAL_ID_BASE
from sandbox.world import Account, Course, Section, Term, User, World


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
        case "sis_integration_id":
            found = world.login_by_integration_id(root_account_id, value)
            return found[0] if found and found[1].workflow_state != "deleted" else None
        case "sis_login_id":
            return world.user_by_login(root_account_id, value)
        case "lti_1_1_id" | "lti_1_3_id" | "lti_context_id" | "lti_user_id":
            return world.user_by_lti_id(value)
        case "uuid":
            return next((user for user in world.users.values() if user.uuid == value), None)
        case _:
            return None


def find_course(world: World, text: str, *, root_account_id: int) -> Course | None:
    """The course, unless it is deleted, by number, `sis_course_id:`, `lti_context_id:` or `uuid:`."""
    local_id = number(text)
    kind, value = _split(text)
    if local_id is not None:
        course = world.courses.get(local_id)
    elif kind == "sis_course_id":
        course = world.course_by_sis_id(root_account_id, value)
    else:
        course = _by_opaque(world.courses.values(), text)
    return None if course is None or course.workflow_state == "deleted" else course


def find_section(world: World, text: str, *, root_account_id: int) -> Section | None:
    """The section, unless it or its course is deleted, by number or `sis_section_id:`."""
    local_id = number(text)
    kind, value = _split(text)
    if local_id is not None:
        section = world.sections.get(local_id)
    else:
        section = world.section_by_sis_id(root_account_id, value) if kind == "sis_section_id" else None
    if section is None or section.workflow_state == "deleted":
        return None
    return None if world.courses[section.course_id].workflow_state == "deleted" else section


def find_term(world: World, text: str, *, root_account_id: int) -> Term | None:
    """A root account's term by number, `sis_term_id:`, `default` or `current`."""
    terms, local_id = world.terms_of(root_account_id), number(text)
    kind, value = _split(text)
    for term in terms:
        if term.id == local_id or (kind == "sis_term_id" and term.sis_term_id == value):
            return term
    if text == "current":
        now = world.clock.now()
        running = (
            term for term in terms[1:] if term.start_at and term.end_at and term.start_at <= now < term.end_at
        )
        return next(running, terms[0])
    return terms[0] if text == "default" else None


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
