"""Courses and what is in them as Canvas's JSON (Canvas's course, section and enrollment JSON)."""

from sandbox.clock import BEGINNING
from sandbox.rest.api import caller, may
from sandbox.rest.bodies import Json, address, timestamp
from sandbox.roles import role_of
from sandbox.world import Account, Course, Enrollment, Section, Term, current_world


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
        "enrollment_state": shown_state(row),
        "role": role_of(world, row)[1],
        "role_id": role_of(world, row)[0],
    }
    if row.user_id == caller().id or may("read_reports", course_id=course.id):
        body |= {"last_activity_at": None, "last_attended_at": None, "total_activity_time": 0}
    manages_sis = may("manage_sis", account_id=root.id)
    if manages_sis:
        body["sis_import_id"] = row.sis_batch_id
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
    root, term = current_world().course_root(course.id), current_world().term_of(course)
    body: Json = {
        "id": course.id,
        "name": course.name,
        "account_id": course.account_id,
        "uuid": course.uuid,
        "start_at": timestamp(course.start_at),
        "grading_standard_id": None,
        "is_public": course.is_public,
        "created_at": timestamp(course.created_at),
        "course_code": course.course_code,
        "default_view": "modules",
        "root_account_id": root.id,
        "enrollment_term_id": term.id if term else None,
        "homeroom_course": False,
        "course_color": None,
        "friendly_name": None,
        "end_at": timestamp(course.end_at),
        "public_syllabus": False,
        "public_syllabus_to_auth": False,
        "storage_quota_mb": 500,
        "is_public_to_auth_users": False,
        "apply_assignment_group_weights": False,
        "calendar": {"ics": address(f"/feeds/calendars/course_{course.uuid}.ics")},
        "time_zone": "Etc/UTC",
        "blueprint": course.blueprint,
        "template": course.template,
        "enrollments": enrollments,
        "hide_final_grades": False,
        "workflow_state": course.workflow_state,
        "restrict_enrollments_to_course_dates": course.restrict_enrollments_to_course_dates,
    }
    manages_sis = may("manage_sis", account_id=root.id)
    if manages_sis or may("read_sis", course_id=course.id):
        body |= {"sis_course_id": course.sis_course_id, "integration_id": None}
    if manages_sis:
        body["sis_import_id"] = course.sis_batch_id
    return body


def course_enrollment_json(row: Enrollment) -> Json:
    """An enrollment as it stands inside a course."""
    body: Json = {
        "type": row.type.removesuffix("Enrollment").lower(),
        "role": role_of(current_world(), row)[1],
        "role_id": role_of(current_world(), row)[0],
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
        "start_at": timestamp(section.start_at),
        "end_at": timestamp(section.end_at),
        "created_at": timestamp(section.created_at),
        "restrict_enrollments_to_section_dates": section.restrict_enrollments_to_section_dates or None,
        "nonxlist_course_id": section.nonxlist_course_id,
    }
    manages_sis = may("manage_sis", account_id=root.id)
    if manages_sis or may("read_sis", course_id=course.id):
        body |= {
            "sis_section_id": section.sis_section_id,
            "sis_course_id": course.sis_course_id,
            "integration_id": None,
        }
    if manages_sis:
        body["sis_import_id"] = section.sis_batch_id
    return body


def shown_state(row: Enrollment) -> str:
    """A row's raw state; in a deleted course or section every row is deleted."""
    world = current_world()
    place = world.courses[row.course_id].workflow_state, world.sections[row.section_id].workflow_state
    return "deleted" if "deleted" in place else row.state


def term_json(term: Term) -> Json:
    """An enrollment term (Canvas API docs, "Enrollment Terms")."""
    body: Json = {
        "id": term.id,
        "name": term.name,
        "start_at": timestamp(term.start_at),
        "end_at": timestamp(term.end_at),
        "created_at": timestamp(BEGINNING),
        "workflow_state": "active",
        "grading_period_group_id": None,
    }
    if may("read_sis", account_id=term.root_account_id):
        body["sis_term_id"] = term.sis_term_id
    return body


def _sis_keys(row: Enrollment, root: Account) -> Json:
    world = current_world()
    login = world.login_in(world.users[row.user_id], root.id)
    return {
        "sis_account_id": None,
        "sis_course_id": world.courses[row.course_id].sis_course_id,
        "course_integration_id": None,
        "sis_section_id": world.sections[row.section_id].sis_section_id,
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
