"""Being somebody else: administrators act as a user, teachers look through Student View."""

from hashlib import sha1

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from sandbox import sessions
from sandbox.pages import blueprint
from sandbox.pages.viewing import refuse, root_account, the_course, viewer
from sandbox.permissions import may_act_as, reads_as_admin
from sandbox.world import Course, Enrollment, Login, User, World, current_world


@blueprint.post("/users/<int:user_id>/masquerade")
def masquerade(user_id: int) -> Response:
    """Act as another person (Canvas API docs, "Masquerading")."""
    world, user, root = current_world(), viewer(), root_account()
    other = world.users.get(user_id)
    if other is None or root.id not in world.root_accounts_of(other):
        abort(404)
    if not may_act_as(world, user.id, other, root.id):
        refuse()
    sessions.act_as(other.id)
    return redirect(url_for("pages.home"), 303)


@blueprint.post("/courses/<int:course_id>/student_view")
def student_view(course_id: int) -> Response:
    """See the course as its test student."""
    world, course, user = current_world(), the_course(course_id), viewer()
    if not reads_as_admin(world, user.id, course.id):
        refuse()
    with world.lock:
        sessions.act_as(test_student(world, course).id)
    return redirect(url_for("pages.course", course_id=course.id), 303)


@blueprint.post("/stop_acting")
def stop_acting() -> Response:
    """Be oneself again."""
    sessions.stop_acting()
    return redirect(url_for("pages.home"), 303)


def test_student(world: World, course: Course) -> User:
    """The course's test student, enrolled in every section; made when first needed."""
    rows = [row for row in world.enrollments_in(course.id) if row.type == "StudentViewEnrollment"]
    user = world.users[rows[0].user_id] if rows else _make_test_student(world, course)
    enrolled, now = {row.section_id for row in rows}, world.clock.now()
    for section in world.sections_of(course.id):
        if section.id not in enrolled:
            world.add_enrollment(
                Enrollment(
                    id=world.next_id("enrollment"),
                    user_id=user.id,
                    course_id=course.id,
                    section_id=section.id,
                    type="StudentViewEnrollment",
                    created_at=now,
                    updated_at=now,
                )
            )
    return user


def _make_test_student(world: World, course: Course) -> User:
    user_id = world.next_id("user")
    # The log-in name is a digest, so that nobody enrolls a test student by typing a name.
    unique_id = sha1(f"Test Student_{user_id}".encode(), usedforsecurity=False).hexdigest()
    return world.add_user(
        User(
            id=user_id,
            name="Test Student",
            short_name="Test Student",
            sortable_name="Student, Test",
            created_at=world.clock.now(),
            logins=[Login(world.course_root(course.id).id, unique_id)],
            test_student=True,
        )
    )
