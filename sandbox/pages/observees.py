"""`/profile/observees`: the students a person observes, added by pairing code (User Observees API)."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.links import common_roots, link, unlink
from sandbox.pages import blueprint, navigation
from sandbox.pages.viewing import root_account, viewer
from sandbox.world import User, World, current_world


@blueprint.get("/profile/observees")
def observees() -> str:
    """My students, and the form for a code."""
    return _page(current_world(), viewer())


@blueprint.post("/profile/observees")
def add_observee() -> Response | tuple[str, int]:
    """Spend a pairing code. It is spent even if no link comes of it."""
    world, user = current_world(), viewer()
    with world.lock:
        code = world.usable_code(request.form.get("pairing_code", ""))
        if code is None:
            return _page(world, user, "Invalid pairing code."), 422
        code.state = "deleted"
        student = world.users[code.user_id]
        if root_account().id in common_roots(world, user, student):
            link(world, user, student, root_account().id)
    return redirect(url_for("pages.observees"), 303)


@blueprint.post("/profile/observees/<int:student_id>/remove")
def remove_observee(student_id: int) -> Response:
    """Stop observing a student."""
    world, user = current_world(), viewer()
    with world.lock:
        for row in world.active_links(observer_id=user.id, student_id=student_id):
            unlink(world, row)
    return redirect(url_for("pages.observees"), 303)


def _page(world: World, user: User, problem: str | None = None) -> str:
    return render_template(
        "observees.html",
        students=world.students_of(user.id),
        problem=problem,
        nav=navigation.of_user(user),
    )
