"""Finding out whether Canvas made an account, when its answer was lost."""

from collections.abc import Callable
from datetime import timedelta

from app import db
from app.canvas import Canvas, observees, users
from app.canvas.users import User
from app.crypto import Keyring
from app.errors import CanvasForbids, NotConnected, ScopeMissing, TokenDead
from app.models import Road
from app.pairing.sign_up import noting
from app.pairing.sign_up.outcomes import Clock, Work

NOT_YET = timedelta(seconds=20)  # Canvas may still be at work on a call whose answer was lost
LATE = timedelta(minutes=2)  # by then it is not
GIVE_UP = timedelta(days=7)  # when nobody can find out: the use is worth more than the certainty
CLOSED_DOOR = (NotConnected, TokenDead, ScopeMissing, CanvasForbids)  # only an admin can open it


def find_out(canvas: Canvas, work: Work) -> User | None:
    """The account, if Canvas made it: the student's observers tell, or the login that was free before."""
    if work.before is None:
        return None  # Canvas was never asked
    if work.road is Road.PLAIN:
        found = account(canvas, work)
        return found if found and found.name == work.name else None
    new = [one for one in observees.list_observers(canvas, work.student) if one.id not in work.before]
    return next((one for one in new if _is_theirs(one, work)), None)


def _is_theirs(user: User, work: Work) -> bool:
    """By the login where Canvas tells it, else by the name."""
    if user.login is not None:
        return user.login.casefold() == work.login.casefold()
    return user.name == work.name


def account(canvas: Canvas, work: Work) -> User | None:
    """Who has this login. CanvasForbids if Canvas tells no logins: then nothing could be found out."""
    wanted = work.login.casefold()
    found = users.search_account(canvas, "self", work.login)
    if any(one.login is None for one in found):
        raise CanvasForbids("GET", "/api/v1/accounts/self/users", 200, "no login is told")
    return next((one for one in found if one.login and one.login.casefold() == wanted), None)


def finish(
    keyring: Keyring, sign_up_id: int, service: Callable[[int], Canvas], clock: Clock, head_start: timedelta
) -> timedelta | None:
    """Find out what became of a sign-up whose request died or heard nothing; how long to wait, or None."""
    with db.reading() as session:
        work = noting.find(session, keyring, sign_up_id)
    if work is None:
        return None
    age = clock() - work.created_at
    try:
        user = find_out(service(work.institution_id), work)
    except CLOSED_DOOR:
        if age < GIVE_UP:
            raise
        user = None
    if user is None and age < LATE and work.before is not None:
        return NOT_YET
    with db.transaction() as session:
        if user is None:
            noting.undone(session, work, clock())
        else:
            noting.made(session, keyring, work, user, clock(), head_start)
    return None
