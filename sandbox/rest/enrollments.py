"""The Enrollments API (Canvas API docs, "Enrollments")."""

from sandbox import enrolling
from sandbox.answers import Refused, not_found
from sandbox.ids import number
from sandbox.permissions import may_add, may_remove, visible_sections
from sandbox.rest import params, wishes
from sandbox.rest.api import caller, may, path_account, path_course, path_section, path_user, require, serves
from sandbox.rest.bodies import Json, user_json
from sandbox.rest.course_bodies import enrollment_json
from sandbox.rest.listing import Context, chosen, refuse_filters, sort_key
from sandbox.rest.paging import bookmarked
from sandbox.world import Course, Enrollment, Section, User, current_world

TASKS = {"delete": "deleted", "inactivate": "inactive", "deactivate": "inactive"}


@serves("POST", "/courses/:course_id/enrollments")
def create_in_course(course_id: str) -> Json:
    """Enroll a person in a course: in the section given, else in the default one."""
    course = path_course(course_id)
    asked = _wished_role(course)
    section_id = params.text_in(params.group("enrollment"), "course_section_id")
    section = None if section_id is None else path_section(section_id)
    if section is not None and section.course_id != course.id:
        raise not_found()
    return _create(course, section, asked)


@serves("POST", "/sections/:section_id/enrollments")
def create_in_section(section_id: str) -> Json:
    """Enroll a person in a section."""
    section = path_section(section_id)
    course = current_world().courses[section.course_id]
    return _create(course, section, _wished_role(course))


@serves("GET", "/courses/:course_id/enrollments")
def list_of_course(course_id: str) -> list[Json]:
    """A course's enrollments."""
    course = path_course(course_id)
    return _list_of_place(course, None)


@serves("GET", "/sections/:section_id/enrollments")
def list_of_section(section_id: str) -> list[Json]:
    """A section's enrollments."""
    section = path_section(section_id)
    return _list_of_place(current_world().courses[section.course_id], section)


@serves("GET", "/users/:user_id/enrollments")
def list_of_user(user_id: str) -> list[Json]:
    """A person's enrollments: one's own, those of a student one observes, or as an admin."""
    world, user = current_world(), path_user(user_id)
    own = user.id == caller().id
    observes = any(world.active_links(observer_id=caller().id, student_id=user.id))
    roots = {each for each in world.root_accounts_of(user) if may("read_roster", account_id=each)}
    require(own or observes or bool(roots))
    rows = [
        row
        for row in world.enrollments_of(user.id)
        if world.courses[row.course_id].workflow_state != "deleted"
        and (own or observes or world.course_root(row.course_id).id in roots)
    ]
    return _page(chosen(rows, Context.OWN if own else Context.USER))


@serves("GET", "/accounts/:account_id/enrollments/:id")
def show(account_id: str, id: str) -> Json:
    """One enrollment, one's own or with `read_roster`."""
    account, row = path_account(account_id), current_world().enrollments.get(number(id) or 0)
    root = current_world().root_account(account.id)
    if row is None or current_world().course_root(row.course_id) is not root:
        raise not_found()
    require(row.user_id == caller().id or may("read_roster", account_id=account.id))
    return enrollment_json(row, user=_listed_user(row, []))


@serves("DELETE", "/courses/:course_id/enrollments/:id")
def end(course_id: str, id: str) -> Json:
    """Conclude (the default), delete or deactivate an enrollment, as `task` says."""
    course = path_course(course_id)
    row = _row(course, id)
    state = TASKS.get(params.text("task") or "", "completed")
    removable = may_remove(current_world(), caller().id, row)
    require(_may_conclude(row) if state == "completed" else removable)
    enrolling.change_state(current_world(), row, state)
    return enrollment_json(row)


@serves("PUT", "/courses/:course_id/enrollments/:id/reactivate")
def reactivate(course_id: str, id: str) -> Json:
    """Make an inactive enrollment active again."""
    row = _row(path_course(course_id), id)
    if row.state != "inactive":
        raise Refused(400, {"error": "enrollment not inactive"})
    require(may_remove(current_world(), caller().id, row))
    enrolling.change_state(current_world(), row, "active")
    return enrollment_json(row)


def _wished_role(course: Course) -> wishes.Asked:
    """The role asked for; wrong parameters are told before a missing right."""
    asked = wishes.wished_role(course)
    require(may_add(current_world(), caller().id, course, asked.type))
    return asked


def _create(course: Course, section: Section | None, asked: wishes.Asked) -> Json:
    """Enroll after every check, in Canvas's order: person, login, concluded course, validations."""
    world, user = current_world(), wishes.wished_user()
    if world.login_in(user, world.course_root(course.id).id) is None and not user.test_student:
        raise not_found()
    wishes.refuse_concluded(course, user, section)
    wish = wishes.wish(asked)
    problems = enrolling.objections(world, user, course, wish)
    if problems:
        errors = {
            name: [{"attribute": name, "message": text, "type": text}] for name, text in problems.items()
        }
        raise Refused(400, {"errors": errors})
    place = section or enrolling.default_section(world, course)
    return enrollment_json(enrolling.enroll(world, user, place, wish))


def _list_of_place(course: Course, section: Section | None) -> list[Json]:
    """Rows of a course or section that the caller may see."""
    world = current_world()
    rows = [row for row in world.enrollments_in(course.id) if section is None or row.section_id == section.id]
    if any(may(right, course_id=course.id) for right in ("read_roster", "view_all_grades", "manage_grades")):
        visible = visible_sections(world, caller().id, course.id)
        rows = [row for row in rows if visible is None or row.section_id in visible]
    else:
        rows = _rows_for_outsider(course, rows)
    return _page(chosen(rows, Context.PLACE, course))


def _rows_for_outsider(course: Course, rows: list[Enrollment]) -> list[Enrollment]:
    """What someone without a roster sees: observers themselves and their students, anyone oneself."""
    own = [row for row in current_world().enrollments_of(caller().id) if row.course_id == course.id]
    observing = [
        row for row in own if row.type == "ObserverEnrollment" and row.state in ("active", "completed")
    ]
    asks_for_self = params.text("user_id") is not None and path_user(params.text("user_id") or "") == caller()
    require(bool(observing) or asks_for_self)
    observed = {row.associated_user_id for row in observing}
    return [
        row
        for row in rows
        if row.user_id == caller().id or (row.user_id in observed and row.type == "StudentEnrollment")
    ]


def _page(rows: list[Enrollment]) -> list[Json]:
    refuse_filters(rows)
    include = params.many("include")
    found = []
    for row in bookmarked(sorted(rows, key=sort_key), sort_key):
        body = enrollment_json(row, user=_listed_user(row, include))
        if "can_be_removed" in include:
            body["can_be_removed"] = may_remove(current_world(), caller().id, row)
        if "observed_users" in include and row.associated_user_id is not None:
            body["observed_user"] = _observed(row, row.associated_user_id)
        found.append(body)
    return found


def _listed_user(row: Enrollment, include: list[str]) -> Json:
    world = current_world()
    course = world.courses[row.course_id]
    account = world.accounts[course.account_id]
    return user_json(world.users[row.user_id], account=account, course=course, include=include)


def _observed(row: Enrollment, student_id: int) -> Json:
    """The observed student with their enrollments in the same course."""
    world = current_world()
    theirs = [
        each
        for each in world.enrollments_of(student_id)
        if each.course_id == row.course_id
        and each.type == "StudentEnrollment"
        and each.state not in ("deleted", "rejected")
    ]
    course = world.courses[row.course_id]
    student: User = world.users[student_id]
    body = user_json(student, account=world.accounts[course.account_id], course=course, include=[])
    return body | {"enrollments": [enrollment_json(each) for each in theirs]}


def _row(course: Course, id: str) -> Enrollment:
    row = current_world().enrollments.get(number(id) or 0)
    if row is None or row.course_id != course.id or row.state == "deleted":
        raise not_found()
    return row


def _may_conclude(row: Enrollment) -> bool:
    return may("allow_course_admin_actions", course_id=row.course_id)
