"""A course: its home, people, navigation settings, and an observer's view of grades."""

from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.pages import blueprint, navigation
from sandbox.pages.enrolling import addable
from sandbox.pages.home import ROLES
from sandbox.pages.pairing_codes import may_export
from sandbox.pages.viewing import refuse, root_account, the_course, viewer
from sandbox.permissions import granted, reads_as_admin, visible_sections
from sandbox.world import Course, Enrollment, User, World, current_world

PAGE = 100


@dataclass(frozen=True, slots=True)
class Person:
    """A line of the People page: one person in one role, with all sections."""

    user: User
    role: str
    sections: list[str]
    observing: list[User]
    inactive: bool


@blueprint.get("/courses/<int:course_id>")
def course(course_id: int) -> str:
    """The course's home page."""
    world, found, user = current_world(), the_course(course_id), viewer()
    students = sorted({row.associated_user_id for row in _own(world, user, found) if row.associated_user_id})
    return render_template(
        "course.html",
        course=found,
        nav=navigation.of_course(found, user),
        staff=reads_as_admin(world, user.id, found.id),
        buttons=navigation.buttons("course_home_sub_navigation", found, user),
        observed=[world.users[id] for id in students],
    )


@blueprint.get("/courses/<int:course_id>/users")
def people(course_id: int) -> str:
    """Everybody in the course whom the viewer may see, with roles, sections and, for observers, students."""
    world, found, user = current_world(), the_course(course_id), viewer()
    if not granted(world, user.id, "read_roster", course_id=found.id):
        refuse()
    with world.lock:
        lines = roster(world, user, found)
    page = max(request.args.get("page", 1, type=int), 1)
    root = root_account()
    return render_template(
        "people.html",
        course=found,
        nav=navigation.of_course(found, user),
        people=lines[(page - 1) * PAGE : page * PAGE],
        page=page,
        pages=max(-(-len(lines) // PAGE), 1),
        count=len(lines),
        may_act=granted(world, user.id, "become_user", account_id=root.id),
        cards=_shows_cards(world, user, found),
        addable=addable(world, user, found),
        manages=reads_as_admin(world, user.id, found.id),
        sections=world.sections_of(found.id),
        may_export=may_export(world, user, found),
    )


def _shows_cards(world: World, user: User, course: Course) -> bool:
    """Whether a click on a student's name opens their card: for staff, where Canvas has cards on."""
    return world.settings.student_context_cards and reads_as_admin(world, user.id, course.id)


@blueprint.get("/courses/<int:course_id>/users/<int:user_id>")
def student_card(course_id: int, user_id: int) -> str:
    """The card of a student, now or before: sections, and the tools of student_context_card."""
    world, found, user = current_world(), the_course(course_id), viewer()
    rows = [row for row in world.enrollments_in(found.id) if row.user_id == user_id]
    students = [row for row in rows if row.type == "StudentEnrollment"]
    if not students:
        abort(404)
    seen = visible_sections(world, user.id, found.id)
    shown = [row for row in students if seen is None or row.section_id in seen]
    if not (shown and _shows_cards(world, user, found)):
        refuse()
    return render_template(
        "card.html",
        course=found,
        nav=navigation.of_course(found, user),
        student=world.users[user_id],
        sections=[world.sections[id].name for id in sorted({row.section_id for row in shown})],
        links=navigation.of_card(found, user, world.users[user_id]),
    )


def roster(world: World, viewer: User, course: Course) -> list[Person]:
    """The lines of the People page, staff first, then by name."""
    seen = visible_sections(world, viewer.id, course.id)
    states = ("active", "invited", "inactive") if reads_as_admin(world, viewer.id, course.id) else ("active",)
    rows: dict[tuple[int, int], list[Enrollment]] = {}
    order = list(ROLES)
    for row in world.enrollments_in(course.id):
        shown = seen is None or row.section_id in seen
        if shown and row.state in states and row.type != "StudentViewEnrollment":
            rows.setdefault((order.index(row.type), row.user_id), []).append(row)
    lines = [(place, _line(world, mine)) for (place, _), mine in rows.items()]
    lines.sort(key=lambda entry: (entry[0], entry[1].user.sortable_name.lower(), entry[1].user.id))
    return [line for _, line in lines]


def _line(world: World, rows: list[Enrollment]) -> Person:
    students = sorted({row.associated_user_id for row in rows if row.associated_user_id is not None})
    return Person(
        user=world.users[rows[0].user_id],
        role=ROLES[rows[0].type],
        sections=[world.sections[id].name for id in sorted({row.section_id for row in rows})],
        observing=[world.users[id] for id in students],
        inactive=all(row.state == "inactive" for row in rows),
    )


@blueprint.get("/courses/<int:course_id>/settings")
def course_settings(course_id: int) -> str:
    """Settings > Navigation: which tools the course shows."""
    found, user = _managed(course_id), viewer()
    placed, _ = navigation.placed("course_navigation", found)
    entries = [
        (tool, placement.label(user.locale), navigation.is_shown(found, tool, placement))
        for tool, placement in placed
    ]
    return render_template(
        "course_settings.html",
        course=found,
        nav=navigation.of_course(found, user),
        entries=entries,
        buttons=navigation.buttons("course_settings_sub_navigation", found, user),
    )


@blueprint.post("/courses/<int:course_id>/settings")
def save_course_settings(course_id: int) -> Response:
    """Show or hide one tool in this course."""
    world, found = current_world(), _managed(course_id)
    with world.lock:
        found.navigation[request.form["client_id"]] = request.form.get("shown") == "1"
    return redirect(url_for("pages.course_settings", course_id=course_id), 303)


def _managed(course_id: int) -> Course:
    """A course whose settings the viewer may change."""
    found, user = the_course(course_id), viewer()
    if not reads_as_admin(current_world(), user.id, found.id):
        refuse()
    return found


@blueprint.get("/courses/<int:course_id>/grades/<int:student_id>")
def grades(course_id: int, student_id: int) -> str:
    """A student's grades: for the student, those who observe them in the course, and staff."""
    world, found, user = current_world(), the_course(course_id), viewer()
    student = world.users.get(student_id)
    observes = any(row.associated_user_id == student_id for row in _own(world, user, found))
    staff = granted(world, user.id, "view_all_grades", course_id=found.id)
    if student is None or not (observes or staff or user.id == student_id):
        refuse()
    return render_template(
        "grades.html", course=found, nav=navigation.of_course(found, user), student=student
    )


def _own(world: World, user: User, course: Course) -> list[Enrollment]:
    """The viewer's own rows in a course, current and past."""
    rows = world.enrollments_of(user.id)
    return [
        row for row in rows if row.course_id == course.id and row.state in ("active", "invited", "completed")
    ]
