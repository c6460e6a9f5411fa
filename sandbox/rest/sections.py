"""The Sections API (Canvas API docs, "Sections")."""

from sandbox.answers import Refused, not_found
from sandbox.permissions import may_read_course
from sandbox.rest import params
from sandbox.rest.api import caller, may, path_course, path_section, require, serves
from sandbox.rest.bodies import Json, bare_user
from sandbox.rest.course_bodies import section_json
from sandbox.rest.paging import numbered
from sandbox.world import Course, Section, User, current_world


@serves("GET", "/courses/:course_id/sections")
def list_sections(course_id: str) -> list[Json]:
    """A course's sections."""
    course = path_course(course_id)
    require(may_read_course(current_world(), caller().id, course.id))
    sections = current_world().sections_of(course.id)
    return [_section(section) for section in numbered(sections, len(sections))]


@serves("GET", "/courses/:course_id/sections/:id")
def show_section_of_course(course_id: str, id: str) -> Json:
    """One section, by its course."""
    course, section = path_course(course_id), path_section(id)
    if section.course_id != course.id:
        raise not_found()
    require(may_read_course(current_world(), caller().id, course.id))
    return _section(section)


@serves("GET", "/sections/:id")
def show_section(id: str) -> Json:
    """One section."""
    section = path_section(id)
    require(may_read_course(current_world(), caller().id, section.course_id))
    return _section(section)


@serves("POST", "/courses/:course_id/sections")
def create(course_id: str) -> Json:
    """A new section of a course."""
    course, world = path_course(course_id), current_world()
    require(may("manage_sections_add", course_id=course.id))
    made = Section(
        id=world.next_id("section"),
        course_id=course.id,
        name=params.text_in(params.group("course_section"), "name") or course.name,
        created_at=world.clock.now(),
    )
    _change(made)
    return section_json(world.add_section(made))


@serves("PUT", "/sections/:id")
def update(id: str) -> Json:
    """Another name, other dates."""
    section = path_section(id)
    require(may("manage_sections_edit", course_id=section.course_id))
    _change(section)
    return section_json(section)


@serves("DELETE", "/sections/:id")
def delete(id: str) -> Json:
    """Delete a section; one with people in it cannot be deleted."""
    section, world = path_section(id), current_world()
    require(may("manage_sections_delete", course_id=section.course_id))
    rows = world.enrollments_in(section.course_id)
    if any(row.section_id == section.id and row.state not in ("deleted", "rejected") for row in rows):
        raise Refused(400, {"message": "You can't delete a section that has enrollments"})
    section.workflow_state = "deleted"
    return section_json(section)


@serves("POST", "/sections/:id/crosslist/:new_course_id")
def crosslist(id: str, new_course_id: str) -> Json:
    """Move a section, and everybody in it, into another course."""
    section, course, world = path_section(id), path_course(new_course_id), current_world()
    require(may("manage_sections_edit", course_id=section.course_id))
    require(may("manage_sections_edit", course_id=course.id))
    if course.id != section.course_id:
        home = section.nonxlist_course_id or section.course_id
        world.move_section(section, course.id)
        section.nonxlist_course_id = None if home == course.id else home
    return section_json(section)


@serves("DELETE", "/sections/:id/crosslist")
def uncrosslist(id: str) -> Json:
    """Bring a section back to the course it came from."""
    section, world = path_section(id), current_world()
    if section.nonxlist_course_id is None:
        raise Refused(400, {"message": "cannot uncrosslist a section that is not crosslisted"})
    require(may("manage_sections_edit", course_id=section.course_id))
    world.move_section(section, section.nonxlist_course_id)
    section.nonxlist_course_id = None
    return section_json(section)


def _change(section: Section) -> None:
    """Set what `course_section[...]` names; a SIS id needs the right to manage them."""
    given = params.group("course_section")
    section.name = params.text_in(given, "name") or section.name
    if "start_at" in given:
        section.start_at = params.moment(given, "start_at")
    if "end_at" in given:
        section.end_at = params.moment(given, "end_at")
    if "restrict_enrollments_to_section_dates" in given:
        section.restrict_enrollments_to_section_dates = params.flag(
            given, "restrict_enrollments_to_section_dates"
        )
    root_id = current_world().course_root(section.course_id).id
    if "sis_section_id" in given and may("manage_sis", account_id=root_id):
        section.sis_section_id = params.text_in(given, "sis_section_id")
        current_world().index_section(section)


def _section(section: Section) -> Json:
    course, include = current_world().courses[section.course_id], params.many("include")
    body = section_json(section)
    if "total_students" in include:
        body["total_students"] = len(students_of(course, section))
    if "students" in include and may("read_roster", course_id=course.id):
        body["students"] = [bare_user(user) for user in students_of(course, section)]
    return body


def students_of(course: Course, section: Section | None) -> list[User]:
    """The active and invited students of a course or section, each once."""
    ids = {
        row.user_id
        for row in current_world().enrollments_in(course.id)
        if row.type == "StudentEnrollment"
        and row.state in ("active", "invited")
        and (section is None or row.section_id == section.id)
    }
    return sorted((current_world().users[each] for each in ids), key=lambda user: user.sortable_name.lower())
