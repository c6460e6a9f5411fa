"""What an import tells at its end: its messages as a file, and what it changed in numbers (SisBatch)."""

import csv
import io
from collections import Counter
from typing import Any

from sandbox.sis.batch import Change, SisBatch

SHOWN = 24
COLUMNS = ("sis_import_id", "file", "message", "row")
KINDS = (
    "Account",
    "EnrollmentTerm",
    "AbstractCourse",
    "Course",
    "CourseSection",
    "GroupCategory",
    "Group",
    "Pseudonym",
    "CommunicationChannel",
    "Enrollment",
    "GroupMembership",
    "UserObserver",
    "AccountUser",
)
EFFECTS = ("created", "concluded", "deactivated", "restored", "deleted")


def errors_csv(batch: SisBatch) -> bytes:
    """Every message of an import."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((batch.id, each.file, each.message, each.row) for each in batch.problems)
    return text.getvalue().encode()


def messages(batch: SisBatch, *, failures: bool) -> list[list[str]]:
    """File and text of the first errors or warnings, with a word about those left out."""
    found = [[each.file, each.message] for each in batch.problems if each.failure is failures]
    kind, more = "errors" if failures else "warnings", len(found) - SHOWN
    if more <= 0:
        return found
    said = f"and {more} more {kind} that were not included"
    return [*found[:SHOWN], [said, f"Download the error file to see all {kind}."]]


def statistics(batch: SisBatch) -> dict[str, Any]:
    """How many records of each kind were made, concluded, deactivated, restored and deleted."""
    counted = Counter((change.kind, _effect(change)) for change in batch.changes)
    numbers = {kind: {effect: counted[kind, effect] for effect in EFFECTS} for kind in KINDS}
    return {"total_state_changes": len(batch.changes), **numbers}


def _effect(change: Change) -> str | None:
    if change.after == "deleted":
        return "deleted"
    if change.before == "non-existent":
        return "created"
    named = {"completed": "concluded", "inactive": "deactivated"}.get(change.after)
    return named or ("restored" if change.before == "deleted" else None)
