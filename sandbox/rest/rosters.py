"""The people of a course (Canvas API docs, "Courses", List users in course)."""

from sandbox.ids import find_user
from sandbox.permissions import STUDENTS, visible_sections
from sandbox.rest import params
from sandbox.rest.api import caller, host_account, may, path_course, require, serves
from sandbox.rest.bodies import Json, user_json
from sandbox.rest.course_bodies import enrollment_json
from sandbox.rest.paging import numbered, page_of
from sandbox.rest.searching import matches, ordered
from sandbox.world import Course, Enrollment, User, current_world

KINDS = {
    "teacher": "TeacherEnrollment",
    "student": "StudentEnrollment",
    "student_view": "StudentViewEnrollment",
    "ta": "TaEnrollment",
    "observer": "ObserverEnrollment",
    "designer": "DesignerEnrollment",
}
UNACCEPTED = ("invited", "creation_pending", "rejected")


@serves("GET", "/courses/:course_id/users")
@serves("GET", "/courses/:course_id/search_users")  # its older name, which clients still use
def list_users(course_id: str) -> list[Json]:
    """The people enrolled in a course, by sortable name; `email` comes with the right to it."""
    course = path_course(course_id)
    rights = ("read_roster", "view_all_grades", "manage_grades")
    require(any(may(right, course_id=course.id) for right in rights))
    people = ordered(_people(course))
    position = _position_of_wanted(people)
    page = None if position is None else page_of(position)
    return [_person(user, course) for user in numbered(people, page=page)]


def _people(course: Course) -> list[User]:
    """Everyone with a row that fits the filters."""
    world, term = current_world(), params.search_term()
    visible = visible_sections(world, caller().id, course.id)
    kinds, states, wanted = _kinds(), _states(), _wanted_ids()
    root_id = world.course_root(course.id).id
    ids = {
        row.user_id
        for row in world.enrollments_in(course.id)
        if (row.type in kinds if kinds else row.type != "StudentViewEnrollment" or _wants_test_student())
        and row.state in states
        and (visible is None or row.section_id in visible)
        and (wanted is None or row.user_id in wanted)
    }
    return [
        world.users[each]
        for each in ids
        if term is None or matches(world.users[each], term, root_id, course_id=course.id)
    ]


def _person(user: User, course: Course) -> Json:
    world, include = current_world(), params.many("include")
    rows = [row for row in world.enrollments_of(user.id) if row.course_id == course.id]
    alive = [row for row in rows if row.state != "deleted"]
    body = user_json(
        user,
        account=world.accounts[course.account_id],
        course=course,
        include=[*include, "email"],
        pending=bool(alive) and all(row.state in UNACCEPTED for row in alive),
    )
    if "enrollments" in include:
        body["enrollments"] = [enrollment_json(row) for row in _shown_rows(rows)]
    return body


def _shown_rows(rows: list[Enrollment]) -> list[Enrollment]:
    states = _states()
    return [row for row in rows if row.state in states]


def _kinds() -> set[str]:
    """Enrollment types asked for; asking for the role by its name works too."""
    kinds = {KINDS[kind] for kind in params.many("enrollment_type") if kind in KINDS}
    kinds |= set(params.many("enrollment_role"))
    return kinds | STUDENTS if kinds >= {"StudentEnrollment"} and _wants_test_student() else kinds


def _wants_test_student() -> bool:
    return "test_student" in params.many("include")


def _states() -> set[str]:
    """Enrollment states asked for; active and invited when nothing is said."""
    states = set(params.many("enrollment_state")) or {"active", "invited"}
    if params.flag(params.params(), "include_inactive"):
        states.add("inactive")
    return states | {"creation_pending"} if "invited" in states else states


def _wanted_ids() -> set[int] | None:
    """The people `user_ids[]` names, None when it is absent."""
    texts = params.many("user_ids")
    if not texts:
        return None
    world, root_id = current_world(), host_account().id
    found = (find_user(world, text, caller_id=caller().id, root_account_id=root_id) for text in texts)
    return {user.id for user in found if user}


def _position_of_wanted(people: list[User]) -> int | None:
    """Where the person named by `user_id` stands; their page is given instead of the one asked for."""
    text = params.text("user_id")
    if text is None:
        return None
    user = find_user(current_world(), text, caller_id=caller().id, root_account_id=host_account().id)
    return people.index(user) if user in people else None
