"""Rows of users.csv (`SIS::UserImporter`; "SIS Import Format", users.csv)."""

import re

from sandbox.people import sortable
from sandbox.sis.logins import find_login
from sandbox.sis.run import Row, RowProblem, Run
from sandbox.sis.user_changes import remove, write_login, write_user
from sandbox.world import Login, User

STATES = ("active", "suspended", "deleted")
USER_TYPES = ("administrative", "observer", "staff", "student", "student_other", "teacher")
LONGEST_LOGIN = 100
LONGEST = 255
EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)*")


def import_user(run: Run, row: Row) -> bool:
    """Make, change, suspend or delete one person's login; a problem with the e-mail leaves the rest done."""
    user_id, status = row.get("user_id", ""), row.get("status", "").lower()
    _check_fields(row)
    if run.skips(status):
        return False
    found = find_login(run, row)
    if status == "deleted" and found and found[0].id == run.batch.user_id:
        raise RowProblem(f"Can't remove yourself user_id '{user_id}'")
    _check_save(row, user_id)
    before = found[1].workflow_state if found else "non-existent"
    user, login = found or _newcomer(run, row)
    if found is None or status != "deleted":
        write_user(user, row)
    write_login(run, user, login, row)
    run.changed("Pseudonym", login, before, status)
    if status == "deleted":
        remove(run, user)
    else:
        _write_email(run, user, row)
    return True


def _check_fields(row: Row) -> None:
    """What must be there in every row."""
    user_id = row.get("user_id", "")
    if not user_id:
        raise RowProblem("No user_id given for a user")
    if not row.get("login_id"):
        raise RowProblem(f"No login_id given for user {user_id}")
    if not row.get("status"):
        raise RowProblem(f"No status given for user {user_id}")
    if row["status"].lower() not in STATES:
        raise RowProblem(f"Improper status for user {user_id}")
    if any("\0" in value for value in row.values()):
        raise RowProblem("Some of the fields contain NULL character")


def _check_save(row: Row, user_id: str) -> None:
    """What a login and a name must be like."""
    login_id, refusal = row["login_id"], f"Could not save the user with user_id: '{user_id}'."
    if len(login_id) > LONGEST_LOGIN or not login_id.isprintable():
        raise RowProblem(f"{refusal} Invalid login_id: '{login_id}'")
    kind = row.get("declared_user_type", "")
    if kind and kind not in USER_TYPES:
        raise RowProblem(f"{refusal} Unknown reason: declared_user_type is not included in the list")
    names = ("first_name", "last_name", "full_name", "sortable_name", "short_name")
    if any(len(row.get(each, "")) > LONGEST for each in names):
        raise RowProblem(f"A user did not pass validation (user: {user_id}, error: name)")


def _newcomer(run: Run, row: Row) -> tuple[User, Login]:
    """A person with a login that is not there yet."""
    login = Login(run.root_id, row["login_id"], workflow_state=row["status"].lower())
    name = row["login_id"]
    user = User(
        id=run.world.next_id("user"),
        name=name,
        short_name=name,
        sortable_name=sortable(name),
        created_at=run.world.clock.now(),
        logins=[login],
    )
    return run.world.add_user(user), login


def _write_email(run: Run, user: User, row: Row) -> None:
    """Take the address over as confirmed."""
    email, user_id = row.get("email", ""), row["user_id"]
    if not email:
        return
    if not EMAIL.fullmatch(email):
        run.warn(f"The email address associated with user '{user_id}' is invalid (email: '{email}')")
    elif len(email) > LONGEST:
        run.warn(f"An email did not pass validation ({email}, error: path)")
    else:
        user.email = email
