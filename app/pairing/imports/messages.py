"""What Canvas's own importer would say of a row of one of its own files.

Sources: the row messages of `SIS::UserImporter`, `SIS::EnrollmentImporter` and `SIS::UserObserverImporter`,
in the order in which they look; "SIS Import Format Documentation".
"""

import re
from collections.abc import Callable

from app.pairing.imports.given import Wanted
from app.pairing.imports.verdicts import Case, Where
from app.sheets.pairs import Action

EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)*")
LONGEST_LOGIN = 100  # Pseudonym::MAX_UNIQUE_ID_LENGTH
STATES = {
    "user": ("active", "suspended", "deleted"),
    "link": ("active", "deleted"),
    "enrollment": ("active", "deleted", "completed", "inactive", "deleted_last_completed"),
}

Rule = tuple[Callable[[Wanted, Case], bool], Callable[[Wanted, Case], str]]


def _improper(row: Wanted, kind: str) -> bool:
    return row.action_given.lower() not in STATES[kind]


def _bad_login(login: str) -> bool:
    return len(login) > LONGEST_LOGIN or not login.isprintable()


def _known(case: Case) -> bool:
    return bool(case.observer.accounts) or case.promised


def _place(row: Wanted) -> str:
    return f"Course ID: {row.course.sis_id}, Section ID: {row.section.sis_id}"


USERS: tuple[Rule, ...] = (
    (lambda row, case: not row.observer.sis_id, lambda row, case: "No user_id given for a user"),
    (
        lambda row, case: not row.observer.login,
        lambda row, case: f"No login_id given for user {row.observer.sis_id}",
    ),
    (
        lambda row, case: not row.action_given,
        lambda row, case: f"No status given for user {row.observer.sis_id}",
    ),
    (
        lambda row, case: _improper(row, "user"),
        lambda row, case: f"Improper status for user {row.observer.sis_id}",
    ),
    (
        lambda row, case: case.login_taken is not None,
        lambda row, case: (
            f"An existing Canvas user with the {case.login_taken} has already claimed"
            f" {row.observer.sis_id}'s user_id requested login information, skipping"
        ),
    ),
    (
        lambda row, case: _bad_login(row.observer.login),
        lambda row, case: (
            f"Could not save the user with user_id: '{row.observer.sis_id}'."
            f" Invalid login_id: '{row.observer.login}'"
        ),
    ),
    (
        lambda row, case: bool(row.observer.email) and not EMAIL.fullmatch(row.observer.email),
        lambda row, case: (
            f"The email address associated with user '{row.observer.sis_id}' is invalid"
            f" (email: '{row.observer.email}')"
        ),
    ),
)
LINKS: tuple[Rule, ...] = (
    (
        lambda row, case: not row.observer.sis_id,
        lambda row, case: "No observer_id given for a user observer",
    ),
    (lambda row, case: not row.student.sis_id, lambda row, case: "No user_id given for a user observer"),
    (
        lambda row, case: row.observer.sis_id == row.student.sis_id,
        lambda row, case: f"Can't observe yourself user {row.student.sis_id}",
    ),
    (
        lambda row, case: _improper(row, "link"),
        lambda row, case: f'Improper status "{row.action_given}" for a user_observer',
    ),
    (
        lambda row, case: not _known(case),
        lambda row, case: f"An observer referenced a non-existent user {row.observer.sis_id}",
    ),
    (
        lambda row, case: not case.student.accounts,
        lambda row, case: f"A student referenced a non-existent user {row.student.sis_id}",
    ),
    (
        lambda row, case: case.observer.accounts == case.student.accounts,
        lambda row, case: f"Can't observe yourself user {row.student.sis_id}",
    ),
    (
        lambda row, case: case.action is Action.REMOVE and not case.linked,
        lambda row, case: (
            "Can't delete a non-existent observer for observer:"
            f" {row.observer.sis_id}, student: {row.student.sis_id}"
        ),
    ),
)
ENROLLMENTS: tuple[Rule, ...] = (
    (
        lambda row, case: not (row.course or row.section),
        lambda row, case: "No course_id or section_id given for an enrollment",
    ),
    (lambda row, case: not row.observer.sis_id, lambda row, case: "No user_id given for an enrollment"),
    (
        lambda row, case: _improper(row, "enrollment"),
        lambda row, case: f'Improper status "{row.action_given}" for an enrollment',
    ),
    (
        lambda row, case: not _known(case),
        lambda row, case: f"User not found for enrollment (User ID: {row.observer.sis_id}, {_place(row)})",
    ),
    (
        lambda row, case: not (case.course_found or case.section_found),
        lambda row, case: (
            f"Neither course nor section existed for user enrollment ({_place(row)},"
            f" User ID: {row.observer.sis_id})"
        ),
    ),
    (
        lambda row, case: bool(row.section) and not case.section_found,
        lambda row, case: f"An enrollment referenced a non-existent section {row.section.sis_id}",
    ),
    (
        lambda row, case: bool(row.course) and not case.course_found,
        lambda row, case: f"An enrollment referenced a non-existent course {row.course.sis_id}",
    ),
    (
        lambda row, case: case.where is Where.UNKNOWN and case.course_found and case.section_found,
        lambda row, case: (
            f"An enrollment listed a section ({row.section.sis_id}) and a course ({row.course.sis_id})"
            f" that are unrelated for user ({row.observer.sis_id})"
        ),
    ),
    (
        lambda row, case: bool(row.student.sis_id) and not case.student.accounts,
        lambda row, case: f"An enrollment referenced a non-existent associated user {row.student.sis_id}",
    ),
)
TABLES = {"users": USERS, "user_observers": LINKS, "enrollments": ENROLLMENTS}


def foretold(table: str, row: Wanted, case: Case) -> str | None:
    """The message for a row of such a table; None: Canvas would take it, or it is no file of Canvas."""
    rules = () if row.of_others else TABLES.get(table, ())
    return next((words(row, case) for holds, words in rules if holds(row, case)), None)
