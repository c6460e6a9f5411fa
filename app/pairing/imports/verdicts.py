"""What becomes of a row: the one place where it is decided, purely."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from app.models import RowKind
from app.sheets.pairs import Action


class Verdict(StrEnum):
    """Everything that can become of a row. Each has its words in admin/import_words.html."""

    # something will be done
    NEW = "new"  # an account is made for the observer, and they are connected
    MATCHED = "matched"  # somebody with an account is connected
    CONSENT = "consent"  # the student is asked first
    REMOVE = "remove"  # a connection is ended
    ACCOUNT = "account"  # an account is made, of a row of users.csv
    # nothing is to be done
    ALREADY = "already"
    NOT_LINKED = "not_linked"
    KNOWN = "known"  # the account of a row of users.csv is there
    REPEATED = "repeated"
    # an admin decides
    AMBIGUOUS = "ambiguous"
    SHARED_EMAIL = "shared_email"
    OTHER_NAME = "other_name"  # whoever has the given id is called something else
    # nothing can be done
    UNCLEAR_ACTION = "unclear_action"
    NO_OBSERVER = "no_observer"
    NO_STUDENT = "no_student"
    NO_SIS_ID = "no_sis_id"  # Canvas is not asked, and its files know nobody and nothing otherwise
    UNKNOWN_STUDENT = "unknown_student"
    AMBIGUOUS_STUDENT = "ambiguous_student"
    UNKNOWN_OBSERVER = "unknown_observer"
    NO_EMAIL = "no_email"  # and nothing else to find them by, or to write to
    BAD_EMAIL = "bad_email"
    NO_ACCOUNTS = "no_accounts"  # no account may be made
    LOGIN_TAKEN = "login_taken"
    SELF = "self"
    BLOCKED = "blocked"
    CONTRADICTS = "contradicts"
    UNKNOWN_COURSE = "unknown_course"
    AMBIGUOUS_COURSE = "ambiguous_course"
    COURSE_OVER = "course_over"
    DATE_EVERYWHERE = "date_everywhere"  # only what is about one course ends by itself
    UNCLEAR_DATE = "unclear_date"
    DATE_OVER = "date_over"
    UNCLEAR_PURPOSE = "unclear_purpose"
    LINKED_EVERYWHERE = "linked_everywhere"  # it cannot be ended in one course only
    NOT_IN_COURSE = "not_in_course"
    NOT_OBSERVER = "not_observer"  # a row of users.csv or enrollments.csv about somebody else
    NOT_OURS = "not_ours"  # a row of users.csv that suspends or deletes
    LEFT_OUT = "left_out"  # an admin said so


DOES = frozenset({Verdict.NEW, Verdict.MATCHED, Verdict.CONSENT, Verdict.REMOVE, Verdict.ACCOUNT})
NOTHING = frozenset({Verdict.ALREADY, Verdict.NOT_LINKED, Verdict.KNOWN, Verdict.REPEATED, Verdict.LEFT_OUT})
ASKS = frozenset({Verdict.AMBIGUOUS, Verdict.SHARED_EMAIL, Verdict.OTHER_NAME})
PROBLEMS = frozenset(Verdict) - DOES - NOTHING - ASKS


class Where(StrEnum):
    """What was found of the course of a row."""

    EVERYWHERE = "everywhere"  # it names none
    FOUND = "found"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    NO_SIS_ID = "no_sis_id"
    OVER = "over"
    STUDENT_ELSEWHERE = "student_elsewhere"


class Ends(StrEnum):
    """When the connection of a row is to end by itself."""

    NEVER = "never"
    AHEAD = "ahead"
    OVER = "over"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a person."""

    given: bool = True  # by an identifier
    accounts: tuple[str, ...] = ()  # Canvas's numbers
    doubtful: bool = False  # one account has the e-mail address, but another name
    other_name: bool = False  # one account has the id, but a name that has nothing in common


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the verdict of a row depends on."""

    action: Action
    observer: Found
    student: Found = field(default_factory=Found)
    kind: RowKind = RowKind.PAIR
    where: Where = Where.EVERYWHERE
    course_found: bool = False
    section_found: bool = False
    linked: bool = False
    everywhere: bool = False  # linked over all courses
    named: bool = False  # the row gives the observer's name
    email: str = ""  # of the observer, as given
    login: str = ""
    promised: bool = False  # the observer's account is made by an earlier row
    shared: bool = False  # an earlier row has the same identifier, and another name, address or login
    may_create: bool = True
    email_fine: bool = True
    ends: Ends = Ends.NEVER
    purpose_fine: bool = True
    login_taken: str | None = None  # whose it is: "SIS ID …" or "Canvas ID …"
    earlier: Action | None = None  # what an earlier row asks for the same pair
    blocked: bool = False
    consent: bool = False
    left_out: bool = False
    observers_only: bool = True  # a file of Canvas declares an observer, or nobody in particular
    unasked: bool = False  # Canvas is not asked: only SIS ids count


Rule = tuple[Verdict, Callable[[Case], bool]]


def _unknown(case: Case) -> bool:
    return not case.observer.accounts and not case.promised


def _nothing_to_write_to(case: Case) -> bool:
    return _unknown(case) and not (case.email or case.login)


def _lacks_sis_id(case: Case) -> bool:
    lost = not case.student.accounts or (_nothing_to_write_to(case) and not case.named)
    return case.unasked and (lost or case.where is Where.NO_SIS_ID)


def _same(case: Case) -> bool:
    return bool(case.observer.accounts) and case.observer.accounts == case.student.accounts


# The first that holds is the verdict.
ACCOUNTS: tuple[Rule, ...] = (
    (Verdict.NO_OBSERVER, lambda case: not case.observer.given),
    (Verdict.NOT_OURS, lambda case: case.action is not Action.ADD),
    (Verdict.NOT_OBSERVER, lambda case: not case.observers_only),
    (Verdict.KNOWN, lambda case: bool(case.observer.accounts) or case.promised),
    (Verdict.LOGIN_TAKEN, lambda case: case.login_taken is not None),
    (Verdict.NO_ACCOUNTS, lambda case: not case.may_create),
    (Verdict.ACCOUNT, lambda case: True),
)
PAIRS: tuple[Rule, ...] = (
    (Verdict.NOT_OBSERVER, lambda case: not case.observers_only),
    (Verdict.LEFT_OUT, lambda case: case.left_out),
    (Verdict.NO_EMAIL, lambda case: not case.observer.given and case.named),
    (Verdict.NO_OBSERVER, lambda case: not case.observer.given),
    (Verdict.NO_STUDENT, lambda case: not case.student.given),
    (Verdict.UNCLEAR_ACTION, lambda case: case.action is Action.UNCLEAR),
    (Verdict.NO_SIS_ID, _lacks_sis_id),
    (Verdict.UNKNOWN_STUDENT, lambda case: not case.student.accounts),
    (Verdict.AMBIGUOUS_STUDENT, lambda case: len(case.student.accounts) > 1),
    (Verdict.SELF, _same),
    (Verdict.OTHER_NAME, lambda case: case.observer.other_name or case.student.other_name),
    (Verdict.AMBIGUOUS, lambda case: len(case.observer.accounts) > 1),
    (Verdict.SHARED_EMAIL, lambda case: case.observer.doubtful or case.shared),
    (Verdict.UNKNOWN_COURSE, lambda case: case.where is Where.UNKNOWN),
    (Verdict.AMBIGUOUS_COURSE, lambda case: case.where is Where.AMBIGUOUS),
    (Verdict.REPEATED, lambda case: case.earlier is case.action),
    (Verdict.CONTRADICTS, lambda case: case.earlier is not None),
)
REMOVALS: tuple[Rule, ...] = (
    (Verdict.UNKNOWN_OBSERVER, _unknown),
    (
        Verdict.LINKED_EVERYWHERE,
        lambda case: case.everywhere and case.where is not Where.EVERYWHERE,
    ),
    (Verdict.NOT_LINKED, lambda case: not case.linked),
    (Verdict.REMOVE, lambda case: True),
)
ADDITIONS: tuple[Rule, ...] = (
    (Verdict.DATE_EVERYWHERE, lambda case: case.ends is not Ends.NEVER and case.where is Where.EVERYWHERE),
    (Verdict.UNCLEAR_DATE, lambda case: case.ends is Ends.UNCLEAR),
    (Verdict.DATE_OVER, lambda case: case.ends is Ends.OVER),
    (Verdict.UNCLEAR_PURPOSE, lambda case: not case.purpose_fine and case.where is not Where.EVERYWHERE),
    (Verdict.ALREADY, lambda case: case.linked),
    (Verdict.COURSE_OVER, lambda case: case.where is Where.OVER),
    (Verdict.NOT_IN_COURSE, lambda case: case.where is Where.STUDENT_ELSEWHERE),
    (Verdict.BLOCKED, lambda case: case.blocked),
    (Verdict.BAD_EMAIL, lambda case: _unknown(case) and not case.email_fine),
    (Verdict.UNKNOWN_OBSERVER, lambda case: _nothing_to_write_to(case) and not case.named),
    (Verdict.NO_EMAIL, lambda case: _nothing_to_write_to(case)),
    (Verdict.NO_ACCOUNTS, lambda case: _unknown(case) and not case.may_create),
    (Verdict.CONSENT, lambda case: case.consent),
    (Verdict.MATCHED, lambda case: bool(case.observer.accounts)),
    (Verdict.NEW, lambda case: True),
)


def decide(case: Case) -> Verdict:
    """The verdict."""
    if case.kind is RowKind.ACCOUNT:
        rules = ACCOUNTS
    else:
        rules = (*PAIRS, *(ADDITIONS if case.action is Action.ADD else REMOVALS))
    return next(verdict for verdict, holds in rules if holds(case))
