"""What every API request goes through: token, scope, lock, and the shape of the answer."""

import json
import re
import traceback
from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any, NoReturn, TypeVar

from flask import Blueprint, g, request
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from sandbox import ids, sessions
from sandbox.answers import Refused, bad_token, broken, forbidden, not_found, out_of_scope, unauthenticated
from sandbox.gate import USER_ID
from sandbox.permissions import granted, may_act_as
from sandbox.rest import params
from sandbox.world import AccessToken, Account, Course, Section, User, World, current_world

blueprint = Blueprint("rest", __name__, url_prefix="/api/v1")
View = TypeVar("View", bound=Callable[..., Any])
STRING_IDS = "application/json+canvas-string-ids"


def serves(method: str, path: str, *, public: bool = False, status: int = 200) -> Callable[[View], View]:
    """Serve a route written as Canvas documents it; its scope is `url:METHOD|/api/v1…`.

    A public one answers people without a token too; for them `visitor` is None.
    """

    def register(view: View) -> View:
        @wraps(view)
        def serve(**path_ids: str) -> Response:
            with current_world().lock:
                authenticate(f"url:{method}|/api/v1{path}", public=public)
                return _reply(view(**path_ids), status)

        rule = re.sub(r":(\w+)", r"<\1>", path)
        name = f"{view.__module__.rpartition('.')[2]}_{view.__name__}_{len(path)}"
        blueprint.add_url_rule(rule, name, serve, methods=[method])
        return view

    return register


def visitor() -> User | None:
    """The person this request acts as; None for a stranger at a public route."""
    user: User | None = g.caller
    return user


def caller() -> User:
    """The person this request acts as."""
    user = visitor()
    if user is None:
        raise unauthenticated()
    return user


def has_token() -> bool:
    """Whether the request came with a token of its own."""
    return bool(g.has_token)


def host_account() -> Account:
    """The root account served at the requested host."""
    return current_world().account_for_host(request.host)


def path_user(text: str) -> User:
    """The person an id in a path or parameter means; 404 when there is none."""
    user = ids.find_user(current_world(), text, caller_id=caller().id, root_account_id=host_account().id)
    if user is None:
        raise not_found()
    return user


def path_course(text: str) -> Course:
    """The course an id in a path means; 404 when there is none."""
    course = ids.find_course(current_world(), text, root_account_id=host_account().id)
    if course is None:
        raise not_found()
    return course


def path_section(text: str) -> Section:
    """The section an id in a path means; 404 when there is none."""
    section = ids.find_section(current_world(), text, root_account_id=host_account().id)
    if section is None:
        raise not_found()
    return section


def path_account(text: str) -> Account:
    """The account an id in a path means; 404 when there is none."""
    account = ids.find_account(current_world(), text, root_account_id=host_account().id)
    if account is None:
        raise not_found()
    return account


def refuse() -> NoReturn:
    """End the request: the caller is known but may not do this."""
    raise forbidden(current_world().settings)


def may(permission: str, *, account_id: int | None = None, course_id: int | None = None) -> bool:
    """Whether the caller holds a permission; a stranger holds none."""
    user = visitor()
    return user is not None and granted(current_world(), user.id, permission, account_id, course_id)


def require(permitted: bool) -> None:
    """Refuse the request unless permitted."""
    if not permitted:
        refuse()


@blueprint.errorhandler(Refused)
def answer_refusal(refused: Refused) -> Response:
    """Send a refusal."""
    return refused.response()


@blueprint.errorhandler(Exception)
def answer_failure(problem: Exception) -> Response:
    """A failure of the sandbox looks like one of Canvas's."""
    if isinstance(problem, HTTPException):
        return not_found().response()
    traceback.print_exception(problem)
    return broken().response()


@blueprint.route("/<path:anything>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def unknown_route(anything: str) -> Response:
    """Canvas answers an unknown route like an unknown record."""
    return not_found().response()


def token_problem(world: World, token: AccessToken | None) -> Refused | None:
    """Why a token is not accepted, or None; by-hand tokens say that they have expired, OAuth's do not."""
    if token is None:
        return bad_token()
    if token.revoked:
        return bad_token("Revoked access token.")
    if token.expires_at is not None and token.expires_at <= world.clock.now():
        if token.client_id is not None:
            return bad_token()
        expired_at = token.expires_at.astimezone(UTC)
        return bad_token("Expired access token.", expired_at=f"{expired_at:%Y-%m-%dT%H:%M:%SZ}")
    return None


def authenticate(scope: str, *, public: bool = False) -> None:
    """Find out who calls, by token or else by the browser's session."""
    world = current_world()
    value = _bearer() or (None if _has_bearer() else params.text("access_token"))
    g.has_token = value is not None
    if value is None:
        user_id = sessions.current_user_id()
        if user_id is None and public:
            g.caller = None
            return
        if user_id is None:
            raise unauthenticated()
        g.caller = world.users[user_id]
    else:
        token = world.tokens.get(value)
        problem = token_problem(world, token)
        if problem or token is None:
            raise problem or bad_token()
        g.caller = world.users[token.user_id]
        _enforce_scopes(world, token, scope)
    request.environ[USER_ID] = g.caller.id
    _masquerade(world, world.tokens.get(value or ""))


def _has_bearer() -> bool:
    return request.headers.get("Authorization", "").startswith("Bearer")


def _bearer() -> str | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() or None if kind == "Bearer" else None


def _enforce_scopes(world: World, token: AccessToken, scope: str) -> None:
    """A scoped key's token reaches its scopes only (API docs, "Developer Keys").

    It loses `include` but with a key that allows it.
    """
    key = world.developer_keys.get(token.client_id or "")
    scopes = token.scopes if token.scopes is not None else key.scopes if key else None
    if scopes is None:
        return
    if scope not in scopes:
        raise out_of_scope()
    if not (key and key.allow_includes):
        params.strip_includes()


def _masquerade(world: World, token: AccessToken | None) -> None:
    """Act as another person when asked and permitted (API docs, "Masquerading")."""
    wanted = params.text("as_user_id")
    if wanted is None:
        return
    if token is not None and token.real_user_id is not None:
        raise Refused(401, {"errors": "Cannot change masquerade"})
    root = host_account()
    user = ids.find_user(world, wanted, caller_id=caller().id, root_account_id=root.id)
    if user is None or not may_act_as(world, caller().id, user, root.id):
        raise Refused(401, {"errors": "Invalid as_user_id"})
    g.caller = user


def _reply(body: Any, status: int) -> Response:
    """The answer as JSON, ids as texts when the client asked for that."""
    if STRING_IDS in request.headers.get("Accept", ""):
        body = _with_text_ids(body)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, status=status, content_type="application/json; charset=utf-8")
    if "link" in g:
        response.headers["link"] = g.link
    return response


def _with_text_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_text_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _id_text(each) if _is_id(name) else _with_text_ids(each) for name, each in value.items()}


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith(("_id", "_ids"))


def _id_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_id_text(each) for each in value]
    return str(value) if isinstance(value, int) else value
