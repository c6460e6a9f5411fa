"""A course's list of pairing codes, and the page of one person (Canvas's People page and user details)."""

import csv
import io
from datetime import UTC

from flask import abort, render_template
from werkzeug.wrappers import Response

from sandbox.pages import blueprint
from sandbox.pages.home import ROLES
from sandbox.pages.viewing import refuse, root_account, the_course, viewer
from sandbox.pairing import RIGHT, make_code, make_list_code, may_make_code
from sandbox.permissions import granted
from sandbox.world import Course, User, World, current_world

COLUMNS = ("Last Name", "First Name", "SIS ID", "Pairing Code", "Expires At")


def may_export(world: World, user: User, course: Course) -> bool:
    """Whether a person gets a course's codes: by right, where people may sign up by themselves."""
    signs_up = world.course_root(course.id).self_registration != "none"
    return signs_up and granted(world, user.id, RIGHT, course_id=course.id)


@blueprint.get("/courses/<int:course_id>/observer_pairing_codes.csv")
def export_pairing_codes(course_id: int) -> Response:
    """A new code for every active student of the course, each as a formula that keeps its zeros."""
    world, course = current_world(), the_course(course_id)
    if not may_export(world, viewer(), course):
        refuse()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    with world.lock:
        for student in _active_students(world, course):
            login = world.login_in(student, world.course_root(course.id).id)
            last, _, first = student.sortable_name.partition(", ")
            code = make_list_code(world, student)
            expires_at = f"{code.expires_at.astimezone(UTC):%Y-%m-%d %H:%M:%S UTC}"
            sis_id = (login.sis_user_id if login else None) or ""
            writer.writerow((last, first, sis_id, f'="{code.code}"', expires_at))
    name = f"{course.course_code}_Pairing_Codes.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), headers=headers, content_type="text/csv; charset=utf-8")


@blueprint.get("/users/<int:user_id>")
def user_details(user_id: int) -> str:
    """A person's page: for themselves and for those who administer people."""
    return _details(_person(user_id))


@blueprint.post("/users/<int:user_id>/pairing_code")
def generate_pairing_code(user_id: int) -> str:
    """Generate pairing code: shown once, here."""
    world, student, user = current_world(), _person(user_id), viewer()
    with world.lock:
        if not _offers_code(world, user, student):
            refuse()
        code = make_code(world, student).code
    return _details(student, code)


def _person(user_id: int) -> User:
    """Whom the viewer may see: themselves, and as an administrator the people of this school."""
    world, user, root = current_world(), viewer(), root_account()
    person = world.users.get(user_id)
    if person is None or root.id not in world.root_accounts_of(person):
        abort(404)
    rights = ("read_roster", "manage_user_logins")
    admin = any(granted(world, user.id, right, account_id=root.id) for right in rights)
    if not (admin or user is person):
        refuse()
    return person


def _details(person: User, code: str | None = None) -> str:
    world, root = current_world(), root_account()
    rows = [row for row in world.enrollments_of(person.id) if row.state != "deleted"]
    return render_template(
        "user.html",
        person=person,
        login=world.login_in(person, root.id),
        rows=[(world.courses[row.course_id], ROLES[row.type], row.state) for row in rows],
        observees=world.students_of(person.id),
        observers=world.observers_of(person.id),
        offers_code=_offers_code(world, viewer(), person),
        code=code,
    )


def _offers_code(world: World, user: User, student: User) -> bool:
    """Whether the button shows: Canvas wants self-registration on, and of administrators one right more."""
    if root_account().self_registration == "none" or not may_make_code(world, user.id, student):
        return False
    courses = {row.course_id for row in world.enrollments_of(student.id) if row.state != "deleted"}
    right = "allow_course_admin_actions"
    return user is student or any(granted(world, user.id, right, course_id=each) for each in courses)


def _active_students(world: World, course: Course) -> list[User]:
    rows = world.enrollments_in(course.id)
    ids = {row.user_id for row in rows if row.type == "StudentEnrollment" and row.state == "active"}
    return sorted((world.users[each] for each in ids), key=lambda each: (each.sortable_name.lower(), each.id))
