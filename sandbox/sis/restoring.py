"""Bringing back the states from before an import (SIS Imports API, "Restore workflow_states")."""

from sandbox.enrolling import change_state
from sandbox.sis.batch import Change, SisBatch
from sandbox.world import Enrollment, World

# What the rows of user_observers.csv made or ended is not among what a restore brings back.
NOT_RESTORED = frozenset({"UserObserver", "EnrollmentTerm"})
ONLY = {"undelete": "deleted", "unconclude": "completed"}


def restore(world: World, batch: SisBatch, only: str | None, *, partly: bool) -> None:
    """Undo an import's changes of state, the last one first; a record it made is deleted."""
    for change in reversed(batch.changes):
        wanted = only is None or change.after == ONLY[only]
        if wanted and change.kind not in NOT_RESTORED:
            _restore(world, change)
    batch.workflow_state = "partially_restored" if only or partly else "restored"
    batch.updated_at = world.clock.now()


def _restore(world: World, change: Change) -> None:
    state = "deleted" if change.before == "non-existent" else change.before
    match change.record:
        case Enrollment() as row if row.state != state:
            change_state(world, row, state)
        case Enrollment():
            pass
        case record:
            record.workflow_state = state
