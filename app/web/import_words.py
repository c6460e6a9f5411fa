"""Imports in words: verdicts, troubles of files, what became of a row; for pages and for files alike."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from app.models import Import, ImportRoad, ImportRow, ImportState, RowState
from app.pairing.imports import rights, undoing
from app.pairing.imports.progress import Problem
from app.pairing.imports.verdicts import Verdict
from app.pairing.rules import Reason
from app.sheets.kinds import Kind
from app.sheets.troubles import Refused, Trouble
from app.sheets.vocabulary import What
from app.sheets.words import Side

NO_FILE = later("Choose a file first, then press the button.")

HEADINGS = {
    Verdict.NEW: later("A new account is made, and connected"),
    Verdict.MATCHED: later("Somebody with an account is connected"),
    Verdict.CONSENT: later("The student is asked first"),
    Verdict.REMOVE: later("A connection is ended"),
    Verdict.ACCOUNT: later("A new account is made"),
    Verdict.ALREADY: later("Connected already"),
    Verdict.NOT_LINKED: later("Not connected, so there is nothing to end"),
    Verdict.KNOWN: later("The account is there already"),
    Verdict.REPEATED: later("The same as an earlier row"),
    Verdict.LEFT_OUT: later("Left out, as you decided"),
    Verdict.AMBIGUOUS: later("Several accounts fit the observer"),
    Verdict.SHARED_EMAIL: later("Two people seem to share one e-mail address"),
    Verdict.UNCLEAR_ACTION: later("It is not clear whether to add or to remove"),
    Verdict.NO_OBSERVER: later("The row does not say who observes"),
    Verdict.NO_STUDENT: later("The row does not say which student"),
    Verdict.NO_SIS_ID: later("An SIS id is missing"),
    Verdict.UNKNOWN_STUDENT: later("Canvas does not know the student"),
    Verdict.AMBIGUOUS_STUDENT: later("Several accounts fit the student"),
    Verdict.UNKNOWN_OBSERVER: later("Canvas does not know the observer"),
    Verdict.NO_EMAIL: later("The observer has no account and no e-mail address"),
    Verdict.BAD_EMAIL: later("The e-mail address is not one"),
    Verdict.NO_ACCOUNTS: later("The observer needs an account, and none may be made"),
    Verdict.LOGIN_TAKEN: later("Somebody else has this login"),
    Verdict.SELF: later("Observer and student are the same person"),
    Verdict.BLOCKED: later("These two must not be connected"),
    Verdict.CONTRADICTS: later("An earlier row says the opposite"),
    Verdict.UNKNOWN_COURSE: later("Canvas does not know the course or section"),
    Verdict.AMBIGUOUS_COURSE: later("Several courses have this name"),
    Verdict.COURSE_OVER: later("The course is over"),
    Verdict.DATE_EVERYWHERE: later("An end date, but no course"),
    Verdict.UNCLEAR_DATE: later("The end date cannot be read"),
    Verdict.DATE_OVER: later("The end date is over"),
    Verdict.UNCLEAR_PURPOSE: later("The purpose is not one of yours"),
    Verdict.LINKED_EVERYWHERE: later("Connected for all courses, not for this one alone"),
    Verdict.NOT_IN_COURSE: later("The student is not in this course or section"),
    Verdict.NOT_OBSERVER: later("Not an observer's account"),
    Verdict.NOT_OURS: later("Suspending or deleting accounts is not done here"),
}
STEPS = {
    Verdict.ALREADY: later("Nothing is changed, an end date or a purpose neither."),
    Verdict.CONSENT: later(
        "Your policy says that students are asked. Nothing is connected before they agree."
    ),
    Verdict.AMBIGUOUS: later("Choose the right one. Rows you do not decide are left out."),
    Verdict.SHARED_EMAIL: later(
        "Say whether it is one person. A separate account needs a login or an SIS id of its own in the sheet."
        " Rows you do not decide are left out."
    ),
    Verdict.UNCLEAR_ACTION: later("Write “add” or “remove” into that column, and upload the sheet again."),
    Verdict.NO_OBSERVER: later("Add an e-mail address, a login or an SIS id, and upload the row again."),
    Verdict.NO_STUDENT: later("Add the student's SIS id, login or e-mail, and upload the row again."),
    Verdict.NO_SIS_ID: later(
        "Canvas's files know students, courses and sections by SIS ids only."
        " Add the SIS id, and upload the row again."
    ),
    Verdict.UNKNOWN_STUDENT: later("Check the student's id, and upload the row again."),
    Verdict.AMBIGUOUS_STUDENT: later("Give the student's SIS id instead, and upload the row again."),
    Verdict.UNKNOWN_OBSERVER: later("Check the id, or add a name and an e-mail address for a new account."),
    Verdict.NO_EMAIL: later("Add an e-mail address or a login, and upload the row again."),
    Verdict.BAD_EMAIL: later("Correct the address, and upload the row again."),
    Verdict.NO_ACCOUNTS: later("Observatory's account lacks a right; see below what is missing."),
    Verdict.LOGIN_TAKEN: later("Give another login, or the SIS id of the account that has it."),
    Verdict.SELF: later("Nobody can observe themselves. Correct the row."),
    Verdict.BLOCKED: later("They are on the do-not-pair list. Nothing is done."),
    Verdict.CONTRADICTS: later("One row adds and the other removes. Keep one of them."),
    Verdict.UNKNOWN_COURSE: later("Check its id or code, and upload the row again."),
    Verdict.AMBIGUOUS_COURSE: later("Give the course's SIS id instead, and upload the row again."),
    Verdict.COURSE_OVER: later("Nobody can be added to it any more."),
    Verdict.DATE_EVERYWHERE: later(
        "Only a connection for one course can end by itself. Add the course, or leave the date out."
    ),
    Verdict.UNCLEAR_DATE: later("Write it as 2027-03-12, and upload the row again."),
    Verdict.DATE_OVER: later("Write a later one, or leave it out, and upload the row again."),
    Verdict.UNCLEAR_PURPOSE: later(
        "Write parent, coach, advisor, mentor, tutor or other, as your policy allows, or leave it out."
    ),
    Verdict.LINKED_EVERYWHERE: later("Leave the course empty to end the whole connection."),
    Verdict.NOT_IN_COURSE: later("Check the course, or enroll the student first."),
    Verdict.NOT_OBSERVER: later("Accounts of students and staff come from your SIS, not from here."),
    Verdict.NOT_OURS: later("Use Canvas's own SIS import for that."),
}
TROUBLES = {
    Trouble.BYTES: later("The file is too large. Cut it into several, or leave out pictures."),
    Trouble.ROWS: later("The sheet has too many rows. Cut it into several files."),
    Trouble.COLUMNS: later("A row has too many columns. Leave out those that are not needed."),
    Trouble.BINARY: later("This is no sheet. Choose a .csv, .xlsx or .zip file."),
    Trouble.OTHER_PROGRAM: later("This sheet is of another program. Save it as .xlsx or .csv first."),
    Trouble.OLD_OR_LOCKED: later("This is an old .xls file, or it has a password. Save it as .xlsx or .csv."),
    Trouble.EMPTY: later("The file is empty. Choose another one."),
    Trouble.HEADER_ONLY: later("There are no rows below the header. Choose another file."),
    Trouble.OPEN_QUOTE: later("A quotation mark opens and never closes. Correct the row and try again."),
    Trouble.ENCODING: later("The letters cannot be read. Save the sheet as CSV UTF-8 and try again."),
    Trouble.ZIP_NOTHING: later("No file in this zip is one of Canvas's, and not exactly one is a sheet."),
    Trouble.ZIP_LOCKED: later("The zip has a password. Make one without."),
    Trouble.ZIP_NESTED: later("There is a zip in this zip. Unpack it first."),
    Trouble.ZIP_WORKBOOK: later("There is a workbook in this zip. Take it out, and upload it by itself."),
}
OTHER_TROUBLE = later("The file cannot be read. Save it anew as .xlsx or .csv and try again.")
PROBLEMS = {
    Problem.NOT_CONNECTED: later(
        "No account is connected, or Canvas no longer accepts it. Connect one on the first page, then go on."
    ),
    Problem.SCOPE: later(
        "The connected account lacks scopes for imports."
        " Add them to the developer key, connect the account again, then go on."
    ),
    Problem.NOT_ALLOWED: later(
        "Canvas does not let Observatory's account do this. Give its role the permission, then go on."
    ),
    Problem.UNREADABLE: later("The file can no longer be read. Cancel, and upload it again."),
    Problem.SIS_FAILED: later(
        "Canvas's importer did not take the files. You can go on: then the rest is done one by one."
    ),
    Problem.SIS_REFUSED: later(
        "Canvas did not take the files in. You can go on: then everything is done one by one."
    ),
}
TOLD = {
    undoing.IN_USE: later("The account is in use by now, so it stays."),
    Reason.CANVAS_AWAY: later("Canvas gave no answer about this row, however often it was asked."),
    Reason.NOT_ALLOWED: later("Canvas does not let Observatory's account do this."),
    Reason.OBSERVER_UNKNOWN: later("Canvas does not know one of the two any more."),
    Reason.LINKED_NOTHING: later("Canvas made no connection: perhaps it is the same person."),
    Reason.STUDENT_LEFT_COURSE: later("The student is no longer in the course."),
    Reason.COURSE_CONCLUDED: later("The course is over."),
    Reason.CANVAS_REFUSED: later("Canvas refused the connection."),
    Reason.OWN_CODE: later("Observer and student are the same person."),
    "unknown_observer": later("Canvas does not know the observer."),
}
STANDS = {
    ImportState.COLUMNS: later("waits for you to check its columns"),
    ImportState.READING: later("is being read"),
    ImportState.LISTING: later("is being compared with Canvas"),
    ImportState.LOOKING: later("is being compared with Canvas"),
    ImportState.READY: later("waits for you to decide"),
    ImportState.SENDING: later("is being done"),
    ImportState.FOLLOWING: later("is being done"),
    ImportState.RUNNING: later("is being done"),
    ImportState.DONE: later("done"),
    ImportState.CANCELED: later("canceled"),
    ImportState.UNDOING: later("is being undone"),
    ImportState.UNDONE: later("undone"),
}
UNDER_WAY = later("The import is under way")
PAGES = {
    ImportState.READING: later("The preview is being made"),
    ImportState.LISTING: later("The preview is being made"),
    ImportState.LOOKING: later("The preview is being made"),
    ImportState.DONE: later("The import is done"),
    ImportState.CANCELED: later("The import was canceled"),
    ImportState.UNDOING: later("The import is being undone"),
    ImportState.UNDONE: later("The import was undone"),
}
DOING = {
    ImportState.READING: later("Reading the sheet …"),
    ImportState.LISTING: later("Asking Canvas who has an account …"),
    ImportState.LOOKING: later("Comparing every row with Canvas. Nothing is changed …"),
    ImportState.SENDING: later("Handing the files to Canvas …"),
    ImportState.FOLLOWING: later("Canvas is working on the files …"),
    ImportState.RUNNING: later("Doing one row after another …"),
    ImportState.UNDOING: later("Undoing one row after another …"),
}
LACKS = {
    "sis": later("Observatory's account may not use Canvas's SIS import."),
    "create": later(
        "Observatory's account may not make accounts, so only people who have one are connected."
    ),
}
NOT_IN_FILES = later("Not in the files as a whole")
SIDES = {Side.OBSERVER: later("the observer"), Side.STUDENT: later("the student")}
STATES = {
    RowState.DONE: later("done"),
    RowState.FAILED: later("failed"),
    RowState.UNDONE: later("undone"),
    RowState.KEPT: later("kept when the rest was undone"),
    RowState.DOING: later("begun"),
    RowState.UNDOING: later("is being undone"),
    RowState.SEEN: later("not done"),
    RowState.READ: later("not looked at"),
}
GIVEN = {
    What.SIS_ID: later("SIS id"),
    What.LOGIN: later("login"),
    What.EMAIL: later("e-mail"),
    What.CANVAS_ID: later("number in Canvas"),
}


def of_trouble(refused: Refused) -> str:
    """Why a file is not read, and what to do."""
    words = TROUBLES.get(refused.trouble, OTHER_TROUBLE)
    place = refused.facts.get("row")
    return f"{words} {_('Row %(row)s.', row=place)}" if place else str(words)


def of_sides(missing: Iterable[Side]) -> str:
    """Who is not identified by any column."""
    who = _(" and ").join(str(SIDES[side]) for side in missing)
    return _(
        "No column says who %(who)s is: choose one with an SIS id, a login or an e-mail address.", who=who
    )


def reason_of(row: ImportRow) -> str:
    """What became of a row, or will, in one or two sentences."""
    if row.state in (RowState.FAILED, RowState.KEPT):
        told = row.told or ""
        return str(TOLD.get(told, told))
    verdict = Verdict(row.verdict or Verdict.UNCLEAR_ACTION)
    return " ".join(
        f"{words}".rstrip(".") + "." for words in (HEADINGS[verdict], STEPS.get(verdict)) if words
    )


def why_unwritten(row: ImportRow) -> str:
    """Why Canvas's files cannot say what is to be done about a row, and what to do."""
    told = row.before or {}
    if row.verdict == Verdict.CONSENT:
        return _("The student is asked first. Do this row one by one.")
    if not told.get("student_sis"):
        return _("The student has no SIS id in Canvas. Give them one, or do this row one by one.")
    if row.observer_id and not told.get("observer_sis"):
        return _("The observer's account has no SIS id in Canvas. Give it one, or do this row one by one.")
    return _("The section has no SIS id in Canvas. Give it one, or do this row one by one.")


def table_name(kind: str) -> str:
    """A file of Canvas by its name."""
    return {Kind.SHEET: _("a sheet")}.get(Kind(kind), f"{kind}.csv")


def state(of: Import) -> str:
    """Where an import stands, in a few words."""
    if of.paused:
        return _("paused")
    if of.state is ImportState.READY and of.road is ImportRoad.FILES:
        return _("its files are ready")
    return str(STANDS[of.state])


def heading(of: Import) -> str:
    """The heading of an import's page."""
    if of.paused:
        return _("The import has stopped")
    return str(PAGES.get(of.state, UNDER_WAY))


def list_heading(show: str) -> str:
    """The heading of a list of rows of one kind."""
    if show in set(RowState):
        return str(STATES[RowState(show)]).capitalize()
    return str(HEADINGS[Verdict(show)] if show in set(Verdict) else NOT_IN_FILES)


def doing(of: Import) -> str:
    """What is being done at this moment."""
    alone = of.road is ImportRoad.FILES and of.state is ImportState.LOOKING
    return str(DOING[ImportState.READING if alone else of.state])


def lack(ability: str, why: str) -> str:
    """What the service account lacks, what follows, and who can mend it."""
    words = LACKS[ability]
    if why == rights.SCOPE:
        return f"{words} " + _("The developer key lacks a scope for it; whoever keeps the key can add it.")
    if why == rights.PERMISSION:
        return f"{words} " + _("Its role in Canvas lacks a permission; an administrator can give it.")
    return f"{words} " + _("Canvas has it switched off for this account.")
