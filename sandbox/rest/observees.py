"""The User Observees API: who observes whom (Canvas API docs, "User Observees")."""

from sandbox import sessions
from sandbox.answers import Refused, broken, message, not_found
from sandbox.ids import number
from sandbox.links import common_roots, link, unlink
from sandbox.pairing import make_code, may_make_code
from sandbox.parents import Proof
from sandbox.providers import for_parents
from sandbox.rest import params
from sandbox.rest.api import caller, host_account, may, path_user, refuse, require, serves, token_problem
from sandbox.rest.bodies import Json, bare_user, timestamp, user_json
from sandbox.rest.paging import numbered
from sandbox.world import ObservationLink, User, current_world

RIGHT = "manage_user_observers"
UNKNOWN = "Unknown observee."


@serves("GET", "/users/:user_id/observees")
def list_observees(user_id: str) -> list[Json]:
    """The students a person observes; asking for `uuid` or `lti_id` breaks Canvas."""
    observer = _managed(user_id)
    if {"uuid", "lti_id"} & set(params.many("include")):
        raise broken()
    students = current_world().students_of(observer.id)
    return [_listed(student, observer.id, student.id) for student in numbered(students, len(students))]


@serves("GET", "/users/:user_id/observers")
def list_observers(user_id: str) -> list[Json]:
    """The people who observe a student."""
    student = _managed(user_id)
    observers = current_world().observers_of(student.id)
    return [_listed(person, person.id, student.id) for person in numbered(observers, len(observers))]


@serves("GET", "/users/:user_id/observees/:observee_id")
def show_observee(user_id: str, observee_id: str) -> Json:
    """One student a person observes."""
    observer, student = _managed(user_id), path_user(observee_id)
    if not _links(observer, student):
        raise not_found()
    return _shown(student, observer, student)


@serves("GET", "/users/:user_id/observers/:observer_id")
def show_observer(user_id: str, observer_id: str) -> Json:
    """One person who observes a student."""
    student, observer = _managed(user_id), path_user(observer_id)
    if not _links(observer, student):
        raise not_found()
    return _shown(observer, observer, student)


@serves("POST", "/users/:user_id/observees")
def add_with_proof(user_id: str) -> Json:
    """Observe a student, proven by token, pairing code or the student's login.

    A code is spent by being found, whatever comes of it; without a common account the answer is a 200
    that links nobody.
    """
    observer = _managed(user_id)
    student = _proven_student(observer)
    roots = _wanted_roots() & common_roots(current_world(), observer, student)
    if caller().id != observer.id:
        roots = _permitted(roots)
        require(bool(roots))
    for root_id in sorted(roots):
        link(current_world(), observer, student, root_id)
    return _shown(student, observer, student)


@serves("PUT", "/users/:user_id/observees/:observee_id")
def add(user_id: str, observee_id: str) -> Json:
    """Link two people; for admins alone, observers may not do this for themselves."""
    observer, student = path_user(user_id), path_user(observee_id)
    roots = _wanted_roots() & common_roots(current_world(), observer, student)
    if not roots:
        raise not_found()
    permitted = _permitted(roots)
    require(bool(permitted))
    for root_id in sorted(permitted):
        link(current_world(), observer, student, root_id)
    return _shown(student, observer, student)


@serves("DELETE", "/users/:user_id/observees/:observee_id")
def remove(user_id: str, observee_id: str) -> Json:
    """End all links of a pair that the caller may end; `root_account_id` is ignored, as by Canvas."""
    observer, student = _managed(user_id), path_user(observee_id)
    rows = _links(observer, student)
    if not rows:
        raise not_found()
    for row in rows:
        unlink(current_world(), row)
    return _shown(student, observer, student)


@serves("POST", "/users/:user_id/observer_pairing_codes")
def create_pairing_code(user_id: str) -> Json:
    """A new six-character code for a student, good for seven days; older ones stay good."""
    world, student = current_world(), path_user(user_id)
    require(may_make_code(world, caller().id, student))
    code = make_code(world, student)
    return {
        "user_id": code.user_id,
        "code": code.code,
        "expires_at": timestamp(code.expires_at),
        "workflow_state": code.state,
    }


def _managed(user_id: str) -> User:
    """The path's person, if they are the caller or in an account where the caller manages observers."""
    user = path_user(user_id)
    if user.id == caller().id:
        return user
    roots = current_world().root_accounts_of(user)
    if not roots:
        raise not_found()
    if not _permitted(roots):
        refuse()
    return user


def _permitted(roots: set[int]) -> set[int]:
    return {root_id for root_id in roots if may(RIGHT, account_id=root_id)}


def _wanted_roots() -> set[int]:
    """The root accounts `root_account_id` asks for: one, `all`, or the host's when it is absent."""
    world, wanted = current_world(), params.text("root_account_id")
    if wanted is None:
        return {host_account().id}
    if wanted == "all":
        return {account.id for account in world.accounts.values() if account.parent_account_id is None}
    root_id = number(wanted)
    if root_id is None or root_id not in world.accounts:
        raise not_found()
    return {root_id}


def _proven_student(observer: User) -> User:
    """The student whose token, pairing code or login was given, checked in this order."""
    world = current_world()
    token_value, code = params.text("access_token"), params.params().get("pairing_code")
    if token_value is not None:
        token = world.tokens.get(token_value)
        if token is None or token_problem(world, token):
            raise Refused(422, message(UNKNOWN))
        return world.users[token.user_id]
    if code:
        row = world.usable_code(str(code))
        if row is None:
            raise Refused(422, message("Invalid pairing code."))
        row.state = "deleted"
        return world.users[row.user_id]
    return _student_by_login(observer)


def _student_by_login(observer: User) -> User:
    if "observee" not in params.params():
        raise broken()
    given = params.group("observee")
    unique_id = params.text_in(given, "unique_id") or ""
    if for_parents(host_account()):
        sessions.begin().parent_registration = Proof(unique_id, observer.id)
        raise Refused(200, {"redirect": "/saml_observee"})
    student = current_world().user_by_login(host_account().id, unique_id)
    if student is None or not common_roots(current_world(), observer, student):
        raise Refused(422, message(UNKNOWN))
    login = next(
        each
        for each in student.logins
        if (each.account_id, each.unique_id.lower()) == (host_account().id, unique_id.lower())
    )
    if login.password is None or login.password != given.get("password"):
        raise Refused(401, message("Invalid credentials provided."))
    return student


def _links(observer: User, student: User) -> list[ObservationLink]:
    """The pair's active links that the caller sees: their own all, an admin's where they have the right."""
    rows = list(current_world().active_links(observer_id=observer.id, student_id=student.id))
    if caller().id in (observer.id, student.id):
        return rows
    return [row for row in rows if may(RIGHT, account_id=row.root_account_id)]


def _shown(user: User, observer: User, student: User) -> Json:
    """A user without any context: base keys only, for admins too."""
    roots = sorted({row.root_account_id for row in _links(observer, student)})
    return bare_user(user) | {"observation_link_root_account_ids": roots}


def _listed(user: User, observer_id: int, student_id: int) -> Json:
    """A user in a list, seen from the host's account."""
    world = current_world()
    include = [each for each in params.many("include") if each in ("avatar_url", "email")]
    body = user_json(user, account=host_account(), include=include)
    rows = _links(world.users[observer_id], world.users[student_id])
    return body | {"observation_link_root_account_ids": sorted({row.root_account_id for row in rows})}
