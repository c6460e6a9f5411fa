"""Every message of Canvas's importer about the files of an import, and why none comes as a surprise."""

from dataclasses import replace

import pytest

from app.models import RowKind
from app.pairing.imports import files
from app.pairing.imports.given import Wanted
from app.pairing.imports.messages import TABLES, foretold
from app.pairing.imports.verdicts import Case, Ends, Found, Verdict, Where, decide
from app.sheets.pairs import Action, Given, Place

USER = Wanted(RowKind.ACCOUNT, Action.ADD, "active", Given(sis_id="P1", login="ann", email="ann@family.test"))
LINK = Wanted(RowKind.PAIR, Action.ADD, "active", Given(sis_id="P1"), Given(sis_id="S1"))
ROW = replace(LINK, course=Place(sis_id="C1"), section=Place(sis_id="C1-A"))
NOBODY = Found()
NEW = Case(Action.ADD, NOBODY, kind=RowKind.ACCOUNT)
PAIR = Case(Action.ADD, Found(accounts=("44",)), Found(accounts=("105",)))
IN_COURSE = replace(PAIR, where=Where.FOUND, course_found=True, section_found=True)
PLACE = "Course ID: C1, Section ID: C1-A"


def user(**given: str) -> Wanted:
    return replace(USER, observer=replace(USER.observer, **given))


def bare(of: Wanted) -> Wanted:
    return replace(of, observer=Given())


FORETOLD: list[tuple[str, Wanted, Case, str]] = [
    ("users", user(sis_id=""), NEW, "No user_id given for a user"),
    ("users", user(login=""), NEW, "No login_id given for user P1"),
    ("users", replace(USER, action_given=""), NEW, "No status given for user P1"),
    ("users", replace(USER, action_given="gone"), NEW, "Improper status for user P1"),
    *(
        (
            "users",
            USER,
            replace(NEW, login_taken=whose),
            f"An existing Canvas user with the {whose} has already claimed"
            " P1's user_id requested login information, skipping",
        )
        for whose in ("SIS ID P2", "Canvas ID 7")
    ),
    (
        "users",
        user(login="a\tb"),
        NEW,
        "Could not save the user with user_id: 'P1'. Invalid login_id: 'a\tb'",
    ),
    (
        "users",
        user(email="ann"),
        NEW,
        "The email address associated with user 'P1' is invalid (email: 'ann')",
    ),
    ("user_observers", bare(LINK), PAIR, "No observer_id given for a user observer"),
    ("user_observers", replace(LINK, student=Given()), PAIR, "No user_id given for a user observer"),
    ("user_observers", replace(LINK, student=LINK.observer), PAIR, "Can't observe yourself user P1"),
    (
        "user_observers",
        replace(LINK, action_given="maybe"),
        PAIR,
        'Improper status "maybe" for a user_observer',
    ),
    (
        "user_observers",
        LINK,
        replace(PAIR, observer=NOBODY),
        "An observer referenced a non-existent user P1",
    ),
    ("user_observers", LINK, replace(PAIR, student=NOBODY), "A student referenced a non-existent user S1"),
    ("user_observers", LINK, replace(PAIR, student=PAIR.observer), "Can't observe yourself user S1"),
    (
        "user_observers",
        LINK,
        replace(PAIR, action=Action.REMOVE),
        "Can't delete a non-existent observer for observer: P1, student: S1",
    ),
    (
        "enrollments",
        replace(ROW, course=Place(), section=Place()),
        IN_COURSE,
        "No course_id or section_id given for an enrollment",
    ),
    ("enrollments", bare(ROW), IN_COURSE, "No user_id given for an enrollment"),
    (
        "enrollments",
        replace(ROW, action_given="maybe"),
        IN_COURSE,
        'Improper status "maybe" for an enrollment',
    ),
    (
        "enrollments",
        ROW,
        replace(IN_COURSE, observer=NOBODY),
        f"User not found for enrollment (User ID: P1, {PLACE})",
    ),
    (
        "enrollments",
        ROW,
        replace(IN_COURSE, course_found=False, section_found=False),
        f"Neither course nor section existed for user enrollment ({PLACE}, User ID: P1)",
    ),
    (
        "enrollments",
        ROW,
        replace(IN_COURSE, section_found=False),
        "An enrollment referenced a non-existent section C1-A",
    ),
    (
        "enrollments",
        ROW,
        replace(IN_COURSE, course_found=False),
        "An enrollment referenced a non-existent course C1",
    ),
    (
        "enrollments",
        ROW,
        replace(IN_COURSE, where=Where.UNKNOWN),
        "An enrollment listed a section (C1-A) and a course (C1) that are unrelated for user (P1)",
    ),
    (
        "enrollments",
        ROW,
        replace(IN_COURSE, student=NOBODY),
        "An enrollment referenced a non-existent associated user S1",
    ),
]
# Messages whose row is stopped by a verdict of ours, so that Canvas's importer never has it to complain of.
STOPPED = {
    "Unknown reason: declared_user_type is not included in the list": (
        replace(NEW, observers_only=False),
        Verdict.NOT_OBSERVER,
    ),
    "Can't remove yourself user_id '<id>'": (replace(NEW, action=Action.UNCLEAR), Verdict.NOT_OURS),
    "Bad date format for user <u> in course|section <id>": (
        replace(IN_COURSE, ends=Ends.UNCLEAR),
        Verdict.UNCLEAR_DATE,
    ),
    "Attempted enrolling of deleted user <u> in course <c>": (
        replace(IN_COURSE, observer=NOBODY),
        Verdict.UNKNOWN_OBSERVER,  # Canvas shows nobody who is deleted
    ),
    "Attempted enrolling with deleted sis login <login> in course <c>": (
        replace(IN_COURSE, observer=NOBODY),
        Verdict.UNKNOWN_OBSERVER,
    ),
}
# Messages for which the column is neither taken from anybody's file into ours nor made by us.
NEVER_SENT = {
    "User <root>:<u> does not have a usable login for this account": "root_account",
    "An enrollment referenced a non-existent temporary enrollment source user <t>": (
        "temporary_enrollment_source_user_id"
    ),
}
# Messages that a preview cannot know. The importer's own answer is put beside the row when it comes.
UNFORESEEABLE = {
    "Some of the fields contain NULL character": "no file with one is read",
    "requested integration_id, skipping": "Canvas is not asked who has which integration_id",
    "unrecognized authentication provider <p> for <id>, skipping": "Canvas is not asked for providers",
    "An email did not pass validation (<e>, error:...)": "the rules are within Canvas",
    "A user did not pass validation (user: <id>, error:...)": "the rules are within Canvas",
    "Failed to return user observer for observer: <o>, student: <s>": "a fault within Canvas",
    'Improper role "<r>" for an enrollment': "only rows of the role observer are taken, and it is built in",
    'Observer enrollment for "<u>" not allowed in blueprint course "<c>"': "the preview reads no blueprints",
    "Enrolled a user <u> in course <c>, but referenced a deleted sis login": "the row works nevertheless",
    "An enrollment did not pass validation (course: c, ...)": "the rules are within Canvas",
    "An enrollment failed to save (...)": "a fault within Canvas",
    "Couldn't find Canvas CSV import headers": "what has other headers is a sheet, of which we make files",
    "Malformed CSV": "we write the files anew",
    "Invalid UTF-8": "we write the files anew",
    "Skipping unknown file type": "we write nothing else",
    "Error while importing CSV. Please contact support. (Error report N)": "a fault within Canvas",
}


@pytest.mark.parametrize(("table", "row", "case", "message"), FORETOLD, ids=[each[3] for each in FORETOLD])
def test_what_a_preview_can_know_it_says_in_the_words_of_canvas(
    table: str, row: Wanted, case: Case, message: str
) -> None:
    assert foretold(table, row, case) == message


def test_no_rule_is_without_an_example() -> None:
    for table, rules in TABLES.items():
        examples = [(row, case) for name, row, case, _ in FORETOLD if name == table]
        used = {next(n for n, (holds, _) in enumerate(rules) if holds(*each)) for each in examples}
        assert used == set(range(len(rules))), table


@pytest.mark.parametrize("message", STOPPED)
def test_a_row_that_a_verdict_stops_never_reaches_the_importer(message: str) -> None:
    case, verdict = STOPPED[message]
    assert decide(case) is verdict
    assert verdict not in {*files.MAKING, *files.LINKING}


@pytest.mark.parametrize("message", NEVER_SENT)
def test_a_column_that_is_never_sent_causes_no_message(message: str) -> None:
    columns = {*files.USERS, *files.EXTRA, *files.LINKS, *files.ENROLLMENTS, *files.DATES}
    assert NEVER_SENT[message] not in columns


def test_a_message_is_listed_once_and_has_its_reason() -> None:
    listed = [*(each[3] for each in FORETOLD), *STOPPED, *NEVER_SENT, *UNFORESEEABLE]
    assert len(listed) == len(set(listed))
    assert all(UNFORESEEABLE.values())
