"""Changing who is in a course, from its People page (Canvas's People page)."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import enrolling
from sandbox.dates import concluded
from sandbox.enrolling import Wish
from sandbox.pages import blueprint, navigation
from sandbox.pages.home import ROLES
from sandbox.pages.viewing import refuse, root_account, the_course, viewer
from sandbox.permissions import granted, may_add, may_remove
from sandbox.roles import role_of
from sandbox.world import Course, Enrollment, Section, User, World, current_world

KINDS = ("StudentEnrollment", "TeacherEnrollment", "TaEnrollment", "DesignerEnrollment", "ObserverEnrollment")
ROW = "/courses/<int:course_id>/enrollments/<int:enrollment_id>"
STATES = {"delete": "deleted", "deactivate": "inactive", "conclude": "completed", "reactivate": "active"}


def addable(world: World, user: User, course: Course) -> dict[str, str]:
    """The types of enrollment a person may give others in a course, with their names."""
    if concluded(world, course):
        return {}
    return {kind: ROLES[kind] for kind in KINDS if may_add(world, user.id, course, kind)}


@blueprint.post("/courses/<int:course_id>/users")
def add_person(course_id: int) -> Response | tuple[str, int]:
    """Enroll somebody by username, e-mail address or SIS id."""
    world, course, user = current_world(), the_course(course_id), viewer()
    kind, section = request.form.get("type", ""), _section(course)
    if kind not in addable(world, user, course):
        refuse()
    with world.lock:
        person = _named(world, request.form.get("person", "").strip())
        if person is None:
            return _problem(course, "There is nobody with that username, e-mail address or SIS id."), 400
        problem = _enroll(world, course, person, section, Wish(type=kind))
    return (_problem(course, problem), 400) if problem else _to_people(course)


@blueprint.get("/courses/<int:course_id>/users/<int:user_id>/enrollments")
def person_in_course(course_id: int, user_id: int) -> str:
    """What one person is in the course, and what may be done about it."""
    world, course, user = current_world(), the_course(course_id), viewer()
    person = world.users.get(user_id) or abort(404)
    rows = [row for row in world.enrollments_of(user_id) if row.course_id == course.id]
    if not granted(world, user.id, "read_roster", course_id=course.id):
        refuse()
    alive = [row for row in rows if row.state != "deleted"]
    observers = may_add(world, user.id, course, "ObserverEnrollment")
    return render_template(
        "person.html",
        course=course,
        nav=navigation.of_course(course, user),
        person=person,
        rows=[_line(world, user, row) for row in alive],
        students=_others(world, course, "StudentEnrollment", user_id) if observers else [],
        observers=_others(world, course, "ObserverEnrollment", user_id) if observers else [],
        is_student=any(row.type == "StudentEnrollment" for row in alive),
        is_observer=any(row.type == "ObserverEnrollment" for row in alive),
        sections=world.sections_of(course.id),
        opens_user=granted(world, user.id, "read_roster", account_id=root_account().id),
    )


@blueprint.post(ROW + "/<any(delete, deactivate, conclude, reactivate):task>")
def change_enrollment(course_id: int, enrollment_id: int, task: str) -> Response:
    """Remove, deactivate, conclude or reactivate one enrollment."""
    world, course, user = current_world(), the_course(course_id), viewer()
    row = _row(world, course, enrollment_id)
    allowed = granted(world, user.id, "allow_course_admin_actions", course_id=course.id)
    if not (allowed if task == "conclude" else may_remove(world, user.id, row)):
        refuse()
    with world.lock:
        enrolling.change_state(world, row, STATES[task])
    return redirect(url_for("pages.person_in_course", course_id=course.id, user_id=row.user_id), 303)


@blueprint.post(ROW + "/move")
def move_enrollment(course_id: int, enrollment_id: int) -> Response:
    """Edit sections: a new enrollment in the other section, and an end to the old one."""
    world, course, user = current_world(), the_course(course_id), viewer()
    row, section = _row(world, course, enrollment_id), _section(course)
    if not (may_add(world, user.id, course, row.type) and may_remove(world, user.id, row)):
        refuse()
    with world.lock:
        wish = Wish(row.type, row.state, row.associated_user_id, row.limit_to_section, role_id=row.role_id)
        if section is not None and section.id != row.section_id:
            enrolling.enroll(world, world.users[row.user_id], section, wish)
            enrolling.change_state(world, row, "deleted")
    return redirect(url_for("pages.person_in_course", course_id=course.id, user_id=row.user_id), 303)


@blueprint.post("/courses/<int:course_id>/users/<int:user_id>/link")
def link_in_course(course_id: int, user_id: int) -> Response | tuple[str, int]:
    """Link to students: an observer sees a student in this course alone, section by section."""
    world, course, user = current_world(), the_course(course_id), viewer()
    if not may_add(world, user.id, course, "ObserverEnrollment"):
        refuse()
    other = world.users.get(request.form.get("other", type=int) or 0) or abort(404)
    person = world.users.get(user_id) or abort(404)
    observer, student = (person, other) if request.form.get("as") == "observer" else (other, person)
    wish = Wish("ObserverEnrollment", associated_user_id=student.id)
    with world.lock:
        for row in list(world.enrollments_in(course.id)):
            if row.user_id == student.id and row.type == "StudentEnrollment" and row.state != "deleted":
                problem = _enroll(world, course, observer, world.sections[row.section_id], wish)
                if problem:
                    return _problem(course, problem), 400
    return redirect(url_for("pages.person_in_course", course_id=course.id, user_id=user_id), 303)


def _enroll(world: World, course: Course, person: User, section: Section | None, wish: Wish) -> str | None:
    """Enroll, or say what is in the way."""
    if world.login_in(person, world.course_root(course.id).id) is None:
        return f"{person.name} has no login in this school."
    for text in enrolling.objections(world, person, course, wish).values():
        return text
    enrolling.enroll(world, person, section or enrolling.default_section(world, course), wish)
    return None


def _named(world: World, text: str) -> User | None:
    """Somebody by username, SIS id or e-mail address."""
    root = root_account().id
    found = world.user_by_login(root, text) or world.user_by_sis_id(root, text)
    people = (user for user in world.users.values() if user.email and user.email.lower() == text.lower())
    return found or next(people, None)


def _row(world: World, course: Course, enrollment_id: int) -> Enrollment:
    row = world.enrollments.get(enrollment_id)
    if row is None or row.course_id != course.id or row.state == "deleted":
        abort(404)
    return row


def _section(course: Course) -> Section | None:
    """The section the form names, if it is one of the course."""
    wanted = request.form.get("section_id", type=int)
    return next((each for each in current_world().sections_of(course.id) if each.id == wanted), None)


def _others(world: World, course: Course, kind: str, user_id: int) -> list[User]:
    """The people with a running enrollment of a type, each once, by name."""
    rows = world.enrollments_in(course.id)
    ids = {row.user_id for row in rows if row.type == kind and row.state in ("active", "invited")}
    return sorted(
        (world.users[each] for each in ids - {user_id}), key=lambda each: each.sortable_name.lower()
    )


def _line(world: World, user: User, row: Enrollment) -> dict[str, object]:
    """An enrollment as the page shows it, with what the viewer may do to it."""
    return {
        "row": row,
        "role": ROLES.get(role_of(world, row)[1], role_of(world, row)[1]),
        "section": world.sections[row.section_id],
        "student": world.users.get(row.associated_user_id or 0),
        "may_remove": may_remove(world, user.id, row),
        "may_conclude": granted(world, user.id, "allow_course_admin_actions", course_id=row.course_id),
    }


def _problem(course: Course, text: str) -> str:
    return render_template(
        "refusal.html", title="Nobody was added", text=text, nav=navigation.of_course(course, viewer())
    )


def _to_people(course: Course) -> Response:
    return redirect(url_for("pages.people", course_id=course.id), 303)
