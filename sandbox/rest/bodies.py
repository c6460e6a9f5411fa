"""Records as Canvas's JSON, with the keys each caller may see (Canvas's user and account JSON)."""

from datetime import UTC, datetime
from typing import Any

from flask import request

from sandbox.permissions import is_account_member
from sandbox.rest.api import caller, may
from sandbox.world import Account, Course, User, current_world

Json = dict[str, Any]


def timestamp(moment: datetime | None) -> str | None:
    """A time as Canvas writes it: UTC, no fraction."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def address(path: str) -> str:
    """A full address on the requested host."""
    return request.host_url.rstrip("/") + path


def avatar_url() -> str:
    """The picture of someone who has none."""
    return address("/images/messages/avatar-50.png")


def bare_user(user: User) -> Json:
    """The five keys everybody sees."""
    return {
        "id": user.id,
        "name": user.name,
        "created_at": timestamp(user.created_at),
        "sortable_name": user.sortable_name,
        "short_name": user.short_name,
    }


def user_json(
    user: User,
    *,
    account: Account,
    course: Course | None = None,
    include: list[str],
    pending: bool = False,
) -> Json:
    """A user in the context of an account or course, with what the caller's rights add.

    `pending` withholds e-mail and login of someone who has not accepted any invitation yet.
    """
    body = bare_user(user)
    where: dict[str, int] = {"course_id": course.id} if course else {"account_id": account.id}
    root = current_world().root_account(account.id)
    login = current_world().login_in(user, root.id)
    reads_sis = may("read_sis", **where) or may("manage_sis", account_id=root.id)
    views_logins = may("view_user_logins", **where)
    if reads_sis or views_logins or _sees_as_admin(account, where):
        if reads_sis:
            body |= {
                "sis_user_id": login.sis_user_id if login else None,
                "integration_id": login.integration_id if login else None,
            }
        if may("manage_sis", account_id=root.id) and not pending:
            body["sis_import_id"] = login.sis_batch_id if login else None
        if root.trusted_account_ids and login:
            body["root_account"] = current_world().accounts[login.account_id].domain
        if views_logins and not pending:
            body["login_id"] = login.unique_id if login else None
    if "email" in include and may("read_email_addresses", **where) and not pending:
        body["email"] = user.email
    return body | _on_request(user, include)


def account_json(account: Account) -> Json:
    """An account; whoever only reads it sees no quotas."""
    world = current_world()
    root = world.root_account(account.id)
    body: Json = {
        "id": account.id,
        "name": account.name,
        "workflow_state": "active",
        "parent_account_id": account.parent_account_id,
        "root_account_id": None if account is root else root.id,
        "uuid": account.uuid,
        "default_time_zone": account.default_time_zone,
    }
    if may("manage_account_settings", account_id=account.id):
        body |= {
            "default_storage_quota_mb": 500,
            "default_user_storage_quota_mb": 50,
            "default_group_storage_quota_mb": 50,
        }
    if account is not root:
        if may("read_sis", account_id=account.id):
            body |= {"sis_account_id": None, "integration_id": None}
        if may("manage_sis", account_id=root.id):
            body["sis_import_id"] = None
    return body


def _sees_as_admin(account: Account, where: dict[str, int]) -> bool:
    return may("manage_students", **where) or is_account_member(current_world(), caller().id, account.id)


def _on_request(user: User, include: list[str]) -> Json:
    extras: Json = {}
    if "avatar_url" in include:
        extras["avatar_url"] = avatar_url()
    if "uuid" in include:
        extras["uuid"] = user.uuid
    if "time_zone" in include:
        extras["time_zone"] = user.time_zone
    if "last_login" in include:
        extras["last_login"] = timestamp(user.last_login)
    return extras
