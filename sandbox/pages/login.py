"""Logging in by one click or by password, and out."""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox import sessions
from sandbox.pages import blueprint
from sandbox.pages.viewing import root_account
from sandbox.world import Enrollment, User, World, current_world

SHOWN = 40
KINDS = {
    "TeacherEnrollment": "Teachers",
    "TaEnrollment": "Teaching assistants",
    "DesignerEnrollment": "Designers",
    "ObserverEnrollment": "Observers",
    "StudentEnrollment": "Students",
}
WRONG_PASSWORD = "Please verify your username or password and try again."  # noqa: S105


@dataclass(frozen=True, slots=True)
class Group:
    """People of one kind to choose from, and how many more there are."""

    name: str
    people: list[tuple[User, str]]
    more: int


@blueprint.get("/login")
def login() -> Response:
    """Go to the discovery page if the account has one, else to Canvas's own login (login_controller.rb)."""
    forced = request.args.get("force_login") == "1"
    if sessions.current_user_id() is not None and not forced:
        return redirect(url_for("pages.home"))
    discovery_url = root_account().discovery_url
    if discovery_url and not request.args.get("authentication_provider"):
        return redirect(discovery_url)
    return redirect(url_for("pages.login_form", unique_id=request.args.get("unique_id")))


@blueprint.get("/login/canvas")
def login_form() -> str:
    """The personas and the password form."""
    return _form(request.args.get("unique_id", ""))


@blueprint.post("/login/canvas")
def log_in() -> Response | tuple[str, int]:
    """Become a persona, or prove to be somebody with a password."""
    world = current_world()
    if "user_id" in request.form:
        user = world.users.get(request.form.get("user_id", type=int) or 0)
    else:
        user = _by_password(world)
    if user is None:
        return _form(request.form.get("pseudonym_session[unique_id]", ""), WRONG_PASSWORD), 400
    session = sessions.log_in(user.id)
    target, session.return_to = session.return_to or url_for("pages.home"), None
    return redirect(target)


def _by_password(world: World) -> User | None:
    unique_id = request.form.get("pseudonym_session[unique_id]", "").strip()
    password = request.form.get("pseudonym_session[password]", "")
    root = root_account()
    user = world.user_by_login(root.id, unique_id)
    login = world.login_in(user, root.id) if user else None
    return user if login and login.password and login.password == password else None


def _form(unique_id: str, problem: str | None = None) -> str:
    world = current_world()
    with world.lock:
        groups = personas(world)
    return render_template("login.html", groups=groups, unique_id=unique_id, problem=problem)


def personas(world: World) -> list[Group]:
    """Everybody who can log in, once, under the first thing that they are."""
    names = ["Administrators", *KINDS.values(), "Everybody else"]
    kinds: dict[str, dict[int, str]] = {name: {} for name in names}
    placed: set[int] = set()

    def place(kind: str, user_id: int, detail: str) -> None:
        user = world.users[user_id]
        if user_id not in placed and user.logins and not user.test_student:
            placed.add(user_id)
            kinds[kind][user_id] = detail

    for admin in world.admins:
        place("Administrators", admin.user_id, world.accounts[admin.account_id].name)
    active = [row for row in world.enrollments.values() if row.state == "active"]
    for kind, name in KINDS.items():
        for row in (row for row in active if row.type == kind):
            place(name, row.user_id, _detail(world, row))
    for user_id in world.users:
        place("Everybody else", user_id, "in no course now")
    return [_group(world, name, people) for name, people in kinds.items() if people]


def _detail(world: World, row: Enrollment) -> str:
    """What tells this person apart: whom they observe, or where they take part."""
    if row.associated_user_id is not None:
        return f"observes {world.users[row.associated_user_id].name}"
    return world.courses[row.course_id].name


def _group(world: World, name: str, people: dict[int, str]) -> Group:
    shown = [(world.users[id], detail) for id, detail in list(people.items())[:SHOWN]]
    return Group(name, shown, len(people) - len(shown))


@blueprint.route("/logout", methods=["GET", "POST"])
def logout() -> Response | str:
    """Ask on GET, as Canvas does; leave on POST."""
    if request.method == "GET":
        return render_template("logout.html")
    sessions.log_out()
    return redirect(url_for("pages.login"))
