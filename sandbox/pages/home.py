"""The dashboard."""

from dataclasses import dataclass, field

from flask import render_template

from sandbox.dates import is_over
from sandbox.pages import blueprint
from sandbox.pages.viewing import viewer
from sandbox.permissions import may_read_course
from sandbox.world import Account, Course, User, World, current_world

ROLES = {
    "TeacherEnrollment": "Teacher",
    "TaEnrollment": "TA",
    "DesignerEnrollment": "Designer",
    "StudentEnrollment": "Student",
    "StudentViewEnrollment": "Student",
    "ObserverEnrollment": "Observer",
}


@dataclass(slots=True)
class Dashboard:
    """What a person takes part in: own courses with roles, observed students with theirs."""

    courses: dict[int, tuple[Course, list[str]]] = field(default_factory=dict)
    past: dict[int, Course] = field(default_factory=dict)
    observed: dict[int, tuple[User, dict[int, Course]]] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)


@blueprint.get("/")
def home() -> str:
    """My courses; for observers, by student."""
    world, user = current_world(), viewer()
    with world.lock:
        dashboard = dashboard_of(world, user)
    return render_template("dashboard.html", dashboard=dashboard)


def dashboard_of(world: World, user: User) -> Dashboard:
    """Sort a person's enrollments for the dashboard."""
    found = Dashboard()
    for student in world.students_of(user.id):
        found.observed[student.id] = student, {}
    for row in world.enrollments_of(user.id):
        course = world.courses[row.course_id]
        if row.state not in ("active", "invited", "completed") or not may_read_course(
            world, user.id, course.id
        ):
            continue
        if row.state == "completed" or is_over(world, row):
            found.past[course.id] = course
        elif row.associated_user_id is not None:
            student = world.users[row.associated_user_id]
            found.observed.setdefault(student.id, (student, {}))[1][course.id] = course
        else:
            roles = found.courses.setdefault(course.id, (course, []))[1]
            roles += [ROLES[row.type]] if ROLES[row.type] not in roles else []
    own = {admin.account_id for admin in world.admins if admin.user_id == user.id}
    found.accounts = [world.accounts[id] for id in sorted(own)]
    return found
