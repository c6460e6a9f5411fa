"""Records as Canvas's JSON, with the keys each caller may see (Canvas's user, enrollment and course JSON)."""

from datetime import UTC, datetime
from typing import Any

from flask import request

from sandbox.permissions import ROLE_IDS, is_account_member
from sandbox.rest.api import caller, may
from sandbox.world import Account, Course, Enrollment, Section, User, current_world

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
            body |= {"sis_user_id": login.sis_user_id if login else None, "integration_id": None}
        if may("manage_sis", account_id=root.id) and not pending:
            body["sis_import_id"] = None
        if root.trusted_account_ids and login:
            body["root_account"] = current_world().accounts[login.account_id].domain
        if views_logins and not pending:
            body["login_id"] = login.unique_id if login else None
    if "email" in include and may("read_email_addresses", **where) and not pending:
        body["email"] = user.email
    return body | _on_request(user, include)


def enrollment_json(row: Enrollment, *, user: Json | None = None) -> Json:
    """An enrollment; lists add the `user`."""
    world = current_world()
    course = world.courses[row.course_id]
    root = world.root_account(course.account_id)
    body: Json = {
        "id": row.id,
        "user_id": row.user_id,
        "course_id": row.course_id,
        "type": row.type,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
        "associated_user_id": row.associated_user_id,
        "start_at": timestamp(row.start_at),
        "end_at": timestamp(row.end_at),
        "course_section_id": row.section_id,
        "root_account_id": root.id,
        "limit_privileges_to_course_section": row.limit_to_section,
        "enrollment_state": "deleted" if course.workflow_state == "deleted" else row.state,
        "role": row.type,
        "role_id": ROLE_IDS[row.type],
    }
    if row.user_id == caller().id or may("read_reports", course_id=course.id):
        body |= {"last_activity_at": None, "last_attended_at": None, "total_activity_time": 0}
    manages_sis = may("manage_sis", account_id=root.id)
    if manages_sis:
        body["sis_import_id"] = None
    if manages_sis or may("read_sis", course_id=course.id):
        body |= _sis_keys(row, root)
    body["html_url"] = address(f"/courses/{row.course_id}/users/{row.user_id}")
    if row.type == "StudentEnrollment":
        body["grades"] = _grades(row)
    if user is not None:
        body["user"] = user
    return body


def course_json(course: Course, enrollments: list[Json]) -> Json:
    """A course with the enrollments of the caller (and, for observers, of those they observe)."""
    root = current_world().course_root(course.id)
    body: Json = {
        "id": course.id,
        "name": course.name,
        "account_id": course.account_id,
        "uuid": course.uuid,
        "start_at": None,
        "grading_standard_id": None,
        "is_public": False,
        "created_at": timestamp(course.created_at),
        "course_code": course.course_code,
        "default_view": "modules",
        "root_account_id": root.id,
        "enrollment_term_id": 1,
        "homeroom_course": False,
        "course_color": None,
        "friendly_name": None,
        "end_at": None,
        "public_syllabus": False,
        "public_syllabus_to_auth": False,
        "storage_quota_mb": 500,
        "is_public_to_auth_users": False,
        "apply_assignment_group_weights": False,
        "calendar": {"ics": address(f"/feeds/calendars/course_{course.uuid}.ics")},
        "time_zone": "Etc/UTC",
        "blueprint": False,
        "template": False,
        "enrollments": enrollments,
        "hide_final_grades": False,
        "workflow_state": course.workflow_state,
        "restrict_enrollments_to_course_dates": False,
    }
    manages_sis = may("manage_sis", account_id=root.id)
    if manages_sis or may("read_sis", course_id=course.id):
        body |= {"sis_course_id": None, "integration_id": None}
    if manages_sis:
        body["sis_import_id"] = None
    return body


def course_enrollment_json(row: Enrollment) -> Json:
    """An enrollment as it stands inside a course."""
    body: Json = {
        "type": row.type.removesuffix("Enrollment").lower(),
        "role": row.type,
        "role_id": ROLE_IDS[row.type],
        "user_id": row.user_id,
        "enrollment_state": row.state,
        "limit_privileges_to_course_section": row.limit_to_section,
    }
    if row.type == "ObserverEnrollment":
        body["associated_user_id"] = row.associated_user_id
    return body


def section_json(section: Section) -> Json:
    """A section."""
    course = current_world().courses[section.course_id]
    root = current_world().course_root(course.id)
    body: Json = {
        "id": section.id,
        "course_id": section.course_id,
        "name": section.name,
        "start_at": None,
        "end_at": None,
        "created_at": timestamp(section.created_at),
        "restrict_enrollments_to_section_dates": None,
        "nonxlist_course_id": None,
    }
    manages_sis = may("manage_sis", account_id=root.id)
    if manages_sis or may("read_sis", course_id=course.id):
        body |= {"sis_section_id": None, "sis_course_id": None, "integration_id": None}
    if manages_sis:
        body["sis_import_id"] = None
    return body


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
        "default_time_zone": "Etc/UTC",
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
        extras["last_login"] = None
    return extras


def _sis_keys(row: Enrollment, root: Account) -> Json:
    login = current_world().login_in(current_world().users[row.user_id], root.id)
    return {
        "sis_account_id": None,
        "sis_course_id": None,
        "course_integration_id": None,
        "sis_section_id": None,
        "section_integration_id": None,
        "sis_user_id": login.sis_user_id if login else None,
    }


def _grades(row: Enrollment) -> Json:
    return {
        "html_url": address(f"/courses/{row.course_id}/grades/{row.user_id}"),
        "current_grade": None,
        "current_score": None,
        "final_grade": None,
        "final_score": None,
    }
