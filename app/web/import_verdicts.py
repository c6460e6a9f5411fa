"""What becomes of a row of an import, in words; for pages, files and terminals alike."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from app.models import ImportRow, RowState
from app.pairing.imports import overview, progress, undoing
from app.pairing.imports.verdicts import Verdict
from app.pairing.rules import Reason

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
    Verdict.SHARED_EMAIL: later("Two people seem to share one e-mail address, login or id"),
    Verdict.OTHER_NAME: later("The name in the sheet is not the one in Canvas"),
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
    Verdict.NOT_OBSERVER: later("Not about an observer"),
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
    Verdict.OTHER_NAME: later(
        "Check the id: it may be another person's. If it is right, take the row all the same."
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
    Verdict.NO_ACCOUNTS: later("Observatory's account lacks a right: see “What is missing”."),
    Verdict.LOGIN_TAKEN: later("Give another login, or the SIS id of the account that has it."),
    Verdict.SELF: later("Nobody can observe themselves. Correct the row."),
    Verdict.BLOCKED: later("They are on the do-not-pair list. If that is over, end the entry first."),
    Verdict.CONTRADICTS: later("One row adds and the other removes. Keep one of them."),
    Verdict.UNKNOWN_COURSE: later("Check its id or code, and upload the row again."),
    Verdict.AMBIGUOUS_COURSE: later("Give the course's SIS id instead, and upload the row again."),
    Verdict.COURSE_OVER: later(
        "Nobody can be added to it any more. Open it again in Canvas, or leave the row out."
    ),
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
    Verdict.NOT_OBSERVER: later(
        "Accounts and enrollments of other people come from your SIS, not from here."
        " If it is an observer with a role of your own, write “observer” for the role."
    ),
    Verdict.NOT_OURS: later("Use Canvas's own SIS import for that."),
}
TOLD = {
    progress.CANCELED: later("The import was canceled before this row was done. Upload the row again."),
    undoing.IN_USE: later("The account is in use by now, so it stays."),
    undoing.MAYBE_IN_USE: later(
        "Canvas does not tell whether the account was used, so it stays. Delete it in Canvas, or tick"
        " “Allow Include Parameters” on the API key before the next time."
    ),
    Reason.CANVAS_AWAY: later("Canvas gave no answer about this row. Upload it again later."),
    Reason.NOT_ALLOWED: later(
        "Canvas does not let Observatory's account do this. Give its role the permission first."
    ),
    Reason.OBSERVER_UNKNOWN: later("Canvas does not know one of the two any more. Check their ids."),
    Reason.LINKED_NOTHING: later(
        "Canvas made no connection: perhaps it is the same person. Check their ids."
    ),
    Reason.STUDENT_LEFT_COURSE: later(
        "The student is no longer in the course. Enroll them first, or leave the row out."
    ),
    Reason.COURSE_CONCLUDED: later("The course is over. Open it again in Canvas, or leave the row out."),
    Reason.CANVAS_REFUSED: later(
        "Canvas, or your do-not-pair list, refused the connection. Look at that list first."
    ),
    Reason.OWN_CODE: later("Observer and student are the same person. Correct the row."),
    "unknown_observer": later("Canvas does not know the observer. Check the id, or add an e-mail address."),
}
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
NOT_IN_FILES = later("Not in the files as a whole")


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
    if row.course_id and not told.get("places"):
        return _("The section has no SIS id in Canvas. Give it one, or do this row one by one.")
    return _("The student is on the do-not-pair list, which Canvas does not know. Do this row one by one.")


def list_heading(show: str) -> str:
    """The heading of a list of rows of one kind."""
    if show == overview.WARNED:
        return _("Done, but Canvas says something about it")
    if show in set(RowState):
        return str(STATES[RowState(show)]).capitalize()
    return str(HEADINGS[Verdict(show)] if show in set(Verdict) else NOT_IN_FILES)
