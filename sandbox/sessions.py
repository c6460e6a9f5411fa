"""Who is logged in: one server-side session per browser, named by a cookie, as in Canvas."""

import secrets
from dataclasses import dataclass

from flask import Response, after_this_request, g, request

from sandbox.world import User, World, current_world

COOKIE = "canvas_session"
# Canvas sends an old-fashioned twin too; here it also serves programs that keep Secure cookies to https.
PLAIN_COOKIE = "_legacy_normandy_session"


@dataclass(slots=True)
class Session:
    """One browser: the person it acts as, the person really there, and where to go after login."""

    id: str
    user_id: int | None = None
    real_user_id: int | None = None
    return_to: str | None = None
    authorization: object | None = None  # the OAuth request being decided; `sandbox.oauth` reads it
    message: str | None = None  # what the next login page says, once
    parent_registration: object | None = None  # a `sandbox.parents.Proof` under way


def _sessions(world: World) -> dict[str, Session]:
    sessions: dict[str, Session] = world.memory.setdefault("sessions", {})
    return sessions


def current() -> Session | None:
    """The session of this request's browser, if it has one."""
    if "session" in g:
        found: Session = g.session
        return found
    ids = (request.cookies.get(name, "") for name in (COOKIE, PLAIN_COOKIE))
    sessions = _sessions(current_world())
    return next((sessions[id] for id in ids if id in sessions), None)


def begin() -> Session:
    """This browser's session, made (and its cookies set) if there is none."""
    return current() or _start(Session(secrets.token_urlsafe(32)))


def _start(session: Session) -> Session:
    world = current_world()
    with world.lock:
        _sessions(world)[session.id] = session
    g.session = session

    @after_this_request
    def set_cookies(response: Response) -> Response:
        # SameSite=None lets a tool's frame come back with the session; browsers accept Secure on loopback.
        response.set_cookie(COOKIE, session.id, secure=True, httponly=True, samesite="None")
        response.set_cookie(PLAIN_COOKIE, session.id, httponly=True)
        return response

    return session


def current_user_id() -> int | None:
    """The person this browser acts as, None when nobody is logged in."""
    session = current()
    return session.user_id if session else None


def current_user() -> User | None:
    """The person this browser acts as."""
    user_id = current_user_id()
    return None if user_id is None else current_world().users.get(user_id)


def real_user() -> User | None:
    """Who is behind a masquerade or Student View; None when people are themselves."""
    session = current()
    if session is None or session.real_user_id is None:
        return None
    return current_world().users.get(session.real_user_id)


def log_in(user_id: int) -> Session:
    """Give the browser a fresh session of this person; what it was about to do is kept."""
    old = current()
    fresh = Session(secrets.token_urlsafe(32), user_id=user_id)
    if old:
        fresh.return_to, fresh.authorization = old.return_to, old.authorization
        log_out()
    return _start(fresh)


def issue_token(user_id: int) -> str:
    """A token that opens one session of a person by being in an address (API docs, "OAuth2 Endpoints")."""
    token = secrets.token_urlsafe(32)
    current_world().memory.setdefault("session_tokens", {})[token] = user_id
    return token


def redeem_token(token: str) -> int | None:
    """Spend a session token; whose it was."""
    tokens: dict[str, int] = current_world().memory.setdefault("session_tokens", {})
    return tokens.pop(token, None)


def log_out() -> None:
    """Forget this browser's session."""
    session = current()
    world = current_world()
    if session:
        with world.lock:
            _sessions(world).pop(session.id, None)
    g.pop("session", None)


def end_all(user_id: int) -> None:
    """Log a person out everywhere."""
    world = current_world()
    with world.lock:
        sessions = _sessions(world)
        for id in [id for id, session in sessions.items() if session.user_id == user_id]:
            del sessions[id]


def act_as(user_id: int) -> None:
    """Masquerade: from now on the browser acts as another person (Canvas API docs, "Masquerading")."""
    session = begin()
    session.real_user_id = session.real_user_id or session.user_id
    session.user_id = user_id


def stop_acting() -> None:
    """Be oneself again."""
    session = current()
    if session and session.real_user_id is not None:
        session.user_id, session.real_user_id = session.real_user_id, None
