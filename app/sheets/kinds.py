"""Canvas's own files, told by their headers."""

from collections.abc import Callable, Sequence
from enum import StrEnum

Headers = frozenset[str]


class Kind(StrEnum):
    """What a table is."""

    USERS = "users"
    USER_OBSERVERS = "user_observers"
    ENROLLMENTS = "enrollments"
    SHEET = "sheet"  # anything else


# By the headers in lower case and not by the file's name, in Canvas's order (SIS::CSV importers).
FITS: dict[Kind, Callable[[Headers], bool]] = {
    Kind.USERS: lambda headers: headers >= {"user_id", "login_id"},
    Kind.ENROLLMENTS: lambda headers: bool(
        headers & {"section_id", "course_id"} and headers & {"user_id", "user_integration_id"}
    ),
    Kind.USER_OBSERVERS: lambda headers: headers >= {"observer_id", "student_id"},
}
# The columns of each file that Canvas reads (SIS Import Format Documentation), the required ones first.
COLUMNS = {
    Kind.USERS: (
        *("user_id", "login_id", "status", "integration_id", "authentication_provider_id", "password"),
        *("ssha_password", "first_name", "last_name", "full_name", "sortable_name", "short_name", "email"),
        *("pronouns", "declared_user_type", "canvas_password_notification", "home_account"),
    ),
    Kind.USER_OBSERVERS: ("observer_id", "student_id", "status"),
    Kind.ENROLLMENTS: (
        *("course_id", "user_id", "role", "section_id", "status", "associated_user_id", "role_id"),
        *("user_integration_id", "start_date", "end_date", "limit_section_privileges", "notify"),
        *("root_account", "temporary_enrollment_source_user_id"),
    ),
}


def kind_of(header: Sequence[str]) -> Kind:
    """The kind of table with this header."""
    names = frozenset(each.strip().lower() for each in header)
    return next((kind for kind, fits in FITS.items() if fits(names)), Kind.SHEET)
