"""Imports in words: verdicts, troubles of files, what became of a row; for pages and for files alike."""

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from app.models import Import, ImportRoad, ImportState
from app.pairing.imports import rights
from app.pairing.imports.progress import Problem
from app.sheets.kinds import Kind
from app.sheets.troubles import Refused, Trouble
from app.sheets.vocabulary import What
from app.sheets.words import Side

NO_FILE = later("Choose a file first, then press the button.")

TROUBLES = {
    Trouble.BYTES: later("The file is too large. Cut it into several, or leave out pictures."),
    Trouble.ROWS: later("The sheet has too many rows. Cut it into several files."),
    Trouble.COLUMNS: later("A row has too many columns. Leave out those that are not needed."),
    Trouble.BINARY: later("This is no sheet. Choose a .csv, .xlsx or .zip file."),
    Trouble.OTHER_PROGRAM: later("This sheet is of another program. Save it as .xlsx or .csv first."),
    Trouble.OLD_OR_LOCKED: later("This is an old .xls file, or it has a password. Save it as .xlsx or .csv."),
    Trouble.EMPTY: later("The file is empty. Choose another one."),
    Trouble.HEADER_ONLY: later("There are no rows below the header. Choose another file."),
    Trouble.LONG_CELL: later("A cell holds too much text. Shorten it, or leave its column out."),
    Trouble.LONG_LINE: later("A row is too long. Shorten it, or leave out columns that are not needed."),
    Trouble.NUL: later("A cell holds a sign that is no letter. Type the cell anew, and try again."),
    Trouble.NO_SUCH_SHEET: later("The workbook has no sheet of this name. Choose another one."),
    Trouble.DAMAGED_ZIP: later("The zip is damaged. Make it anew, and try again."),
    Trouble.UNSAFE_WORKBOOK: later(
        "The workbook is built in a way that is not safe to open. Save the sheet as .csv and try again."
    ),
    Trouble.ZIP_ENTRIES: later("There are too many files in this zip. Upload only those that are needed."),
    Trouble.ZIP_SIZE: later("The files in this zip are too large. Cut them into several."),
    Trouble.ZIP_RATIO: later("This zip is packed too tightly to be safe. Upload its file without the zip."),
    Trouble.ZIP_NAME: later("A file in this zip has a name that leads out of it. Make the zip anew."),
    Trouble.OPEN_QUOTE: later("A quotation mark opens and never closes. Correct the row and try again."),
    Trouble.ENCODING: later("The letters cannot be read. Save the sheet as CSV UTF-8 and try again."),
    Trouble.ZIP_NOTHING: later(
        "Nothing in this zip is for an import, or several sheets are. Upload one sheet."
    ),
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
CANCELING = {
    ImportState.SENDING: later("Waiting until it is sure what Canvas has taken …"),
    ImportState.FOLLOWING: later("Telling Canvas to stop …"),
    ImportState.RUNNING: later("Looking at what Canvas has done already …"),
}
WHEN_CANCELED = later(
    "Canvas is being stopped. What it has done until then stays and is counted."
    " Then the import is canceled, and you can undo it."
)
LACKS = {
    "sis": later("Observatory's account may not use Canvas's SIS import."),
    "create": later(
        "Observatory's account may not make accounts, so only people who have one are connected."
    ),
    "sis_ids": later("Observatory's account may not see SIS ids, so rows that give one may find nobody."),
    "manage_sis": later(
        "Observatory's account may not manage SIS data, so accounts with an SIS id cannot be taken away."
    ),
}
SIDES = {Side.OBSERVER: later("the observer"), Side.STUDENT: later("the student")}
GIVEN = {
    What.SIS_ID: later("SIS id"),
    What.LOGIN: later("login"),
    What.EMAIL: later("e-mail"),
    What.CANVAS_ID: later("number in Canvas"),
}


def of_trouble(refused: Refused) -> str:
    """Why a file is not read, and what to do."""
    words = TROUBLES.get(refused.trouble, OTHER_TROUBLE)
    row, column = refused.facts.get("row"), refused.facts.get("column")
    if row and column:
        return f"{words} {_('Row %(row)s, column %(column)s.', row=row, column=column)}"
    return f"{words} {_('Row %(row)s.', row=row)}" if row else str(words)


def of_sides(missing: Iterable[Side]) -> str:
    """Who is not identified by any column."""
    who = _(" and ").join(str(SIDES[side]) for side in missing)
    return _(
        "No column says who %(who)s is: choose one with an SIS id, a login or an e-mail address.", who=who
    )


def table_name(kind: str) -> str:
    """A file of Canvas by its name."""
    return {Kind.SHEET: _("a sheet")}.get(Kind(kind), f"{kind}.csv")


def state(of: Import) -> str:
    """Where an import stands, in a few words."""
    if of.paused:
        return _("paused")
    if of.canceling:
        return _("is being canceled")
    if of.state is ImportState.READY and of.road is ImportRoad.FILES:
        return _("its files are ready")
    return str(STANDS[of.state])


def heading(of: Import) -> str:
    """The heading of an import's page."""
    if of.paused:
        return _("The import has stopped")
    if of.canceling:
        return _("The import is being canceled")
    return str(PAGES.get(of.state, UNDER_WAY))


def doing(of: Import) -> str:
    """What is being done at this moment."""
    if of.canceling:
        return str(CANCELING[of.state])
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
