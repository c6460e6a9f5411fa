"""A course's settings besides its navigation: its state and its sections (Canvas's course Settings)."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.pages import blueprint, navigation
from sandbox.pages.viewing import refuse, the_course, viewer
from sandbox.permissions import granted, reads_as_admin
from sandbox.world import Course, Section, User, World, current_world

# What a button makes of the course, and the right to it.
EVENTS = {
    "offer": ("Publish", "available", "manage_courses_publish"),
    "claim": ("Unpublish", "unpublished", "manage_courses_publish"),
    "conclude": ("Conclude", "completed", "manage_courses_conclude"),
}


@blueprint.get("/courses/<int:course_id>/settings/details")
def course_details(course_id: int) -> str:
    """The course's state, dates and sections."""
    world, course, user = current_world(), the_course(course_id), viewer()
    if not reads_as_admin(world, user.id, course.id):
        refuse()
    return render_template(
        "course_details.html",
        course=course,
        nav=navigation.of_course(course, user),
        term=world.term_of(course),
        events=_events(world, user, course),
        sections=[_line(world, each) for each in world.sections_of(course.id)],
        may_add=granted(world, user.id, "manage_sections_add", course_id=course.id),
        may_edit=granted(world, user.id, "manage_sections_edit", course_id=course.id),
    )


@blueprint.post("/courses/<int:course_id>/settings/details")
def change_course(course_id: int) -> Response:
    """Publish, unpublish or conclude the course."""
    world, course, user = current_world(), the_course(course_id), viewer()
    event = request.form.get("event", "")
    if event not in _events(world, user, course):
        refuse()
    with world.lock:
        course.workflow_state = EVENTS[event][1]
    return _back(course)


@blueprint.post("/courses/<int:course_id>/sections")
def add_section(course_id: int) -> Response:
    """Add a section."""
    world, course, user = current_world(), the_course(course_id), viewer()
    if not granted(world, user.id, "manage_sections_add", course_id=course.id):
        refuse()
    with world.lock:
        name = request.form.get("name", "").strip() or course.name
        world.add_section(Section(world.next_id("section"), course.id, name, world.clock.now()))
    return _back(course)


@blueprint.post("/courses/<int:course_id>/sections/<int:section_id>/crosslist")
def crosslist_section(course_id: int, section_id: int) -> Response:
    """Cross-list a section into another course, or bring it back when none is named."""
    world, course, user = current_world(), the_course(course_id), viewer()
    section = next(each for each in world.sections_of(course.id) if each.id == section_id)
    wanted = request.form.get("course_id", type=int) or section.nonxlist_course_id or course.id
    there = the_course(wanted)
    if not all(granted(world, user.id, "manage_sections_edit", course_id=id) for id in (course.id, there.id)):
        refuse()
    with world.lock:
        home = section.nonxlist_course_id or course.id
        world.move_section(section, there.id)
        section.nonxlist_course_id = None if home == there.id else home
    return _back(course)


def _events(world: World, user: User, course: Course) -> dict[str, str]:
    """The buttons that a person gets."""
    return {
        event: label
        for event, (label, state, right) in EVENTS.items()
        if state != course.workflow_state
        and (granted(world, user.id, right, course_id=course.id) or _may_reopen(world, user, course))
    }


def _may_reopen(world: World, user: User, course: Course) -> bool:
    """A concluded course leaves its teachers no rights in it, but they may open it again."""
    return course.workflow_state == "completed" and reads_as_admin(world, user.id, course.id)


def _line(world: World, section: Section) -> tuple[Section, int, Course | None]:
    """A section, how many are in it, and the course that it came from."""
    rows = world.enrollments_in(section.course_id)
    count = sum(row.section_id == section.id and row.state in ("active", "invited") for row in rows)
    return section, count, world.courses.get(section.nonxlist_course_id or 0)


def _back(course: Course) -> Response:
    return redirect(url_for("pages.course_details", course_id=course.id), 303)
