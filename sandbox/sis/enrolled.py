"""Who, where and as what: the references of a row of enrollments.csv (`SIS::EnrollmentImporter`)."""

from typing import TypeVar

from sandbox.enrolling import default_section
from sandbox.roles import ROLE_IDS, custom_roles
from sandbox.sis.run import Row, RowProblem, Run
from sandbox.world import Course, Section, User

Placed = TypeVar("Placed", Course, Section)
BUILT_IN = {
    "student": "StudentEnrollment",
    "teacher": "TeacherEnrollment",
    "ta": "TaEnrollment",
    "designer": "DesignerEnrollment",
    "observer": "ObserverEnrollment",
}


def find_person(run: Run, row: Row) -> User:
    """The person by SIS id or integration id, in the account named by `root_account` if there is one."""
    name = row.get("user_id") or row.get("user_integration_id", "")
    domain = row.get("root_account", "")
    home_id = run.root_id if not domain else _account_of(run, domain)
    by_sis_id = bool(row.get("user_id"))
    find = run.world.login_by_sis_id if by_sis_id else run.world.login_by_integration_id
    found = find(home_id, name) if home_id is not None else None
    if found is None:
        place = f"Course ID: {row.get('course_id', '')}, Section ID: {row.get('section_id', '')}"
        raise RowProblem(f"User not found for enrollment (User ID: {name}, {place})")
    if home_id != run.root_id and run.world.login_in(found[0], run.root_id) is None:
        raise RowProblem(f"User {domain}:{name} does not have a usable login for this account")
    return found[0]


def find_place(run: Run, row: Row) -> tuple[Course, Section]:
    """Course and section; the one that is not named follows from the other."""
    course_id, section_id = row.get("course_id", ""), row.get("section_id", "")
    course = _undeleted(run.world.course_by_sis_id(run.root_id, course_id) if course_id else None)
    section = _undeleted(run.world.section_by_sis_id(run.root_id, section_id) if section_id else None)
    if course is None and section is None:
        ids = f"Course ID: {course_id}, Section ID: {section_id}, User ID: {row.get('user_id', '')}"
        raise RowProblem(f"Neither course nor section existed for user enrollment ({ids})")
    if section is None and section_id:
        raise RowProblem(f"An enrollment referenced a non-existent section {section_id}")
    if course is None and course_id:
        raise RowProblem(f"An enrollment referenced a non-existent course {course_id}")
    if section is None and course is not None:
        return course, default_section(run.world, course)
    if section is None:
        raise AssertionError("a section or a course has been found")
    if course is not None and course.id not in (section.course_id, section.nonxlist_course_id):
        raise RowProblem(
            f"An enrollment listed a section ({section_id}) and a course ({course_id})"
            f" that are unrelated for user ({row.get('user_id', '')})"
        )
    return run.world.courses[section.course_id], section


def _undeleted(found: Placed | None) -> Placed | None:
    return None if found is None or found.workflow_state == "deleted" else found


def find_role(run: Run, row: Row, course: Course) -> tuple[str, int | None]:
    """Type and custom role; a custom role's name must match in every letter."""
    name, wanted_id = row.get("role", ""), row.get("role_id", "")
    built_in = {str(number): kind for kind, number in ROLE_IDS.items() if kind in BUILT_IN.values()}
    kind = built_in.get(wanted_id) if wanted_id else BUILT_IN.get(name.lower())
    if kind:
        return kind, None
    for role in custom_roles(run.world, course.account_id):
        fits = str(role.id) == wanted_id if wanted_id else role.label == name
        if fits and role.workflow_state == "active" and role.base_role_type in BUILT_IN.values():
            return role.base_role_type, role.id
    raise RowProblem(f'Improper role "{name}" for an enrollment')


def find_associated(run: Run, row: Row) -> int | None:
    """The person an observer observes; nothing asks whether they are in the course."""
    wanted = row.get("associated_user_id", "")
    if not wanted:
        return None
    found = run.world.user_by_sis_id(run.root_id, wanted)
    if found is None:
        raise RowProblem(f"An enrollment referenced a non-existent associated user {wanted}")
    return found.id


def _account_of(run: Run, domain: str) -> int | None:
    """The root account that a domain belongs to."""
    roots = (each for each in run.world.accounts.values() if each.parent_account_id is None)
    return next((root.id for root in roots if root.domain == domain), None)
