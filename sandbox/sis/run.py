"""One import at work: where it stands, what it has to say, and what it has changed."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.sis.batch import Change, Problem, SisBatch
from sandbox.world import World

Row = dict[str, str]


class RowProblem(Exception):
    """Why a row is left out."""


@dataclass(slots=True)
class Run:
    """An import on its way through its files."""

    world: World
    batch: SisBatch
    file: str = ""
    row: int | None = None
    # The terms named by the upload, for batch mode over several terms.
    terms: set[int] = field(default_factory=set)

    @property
    def root_id(self) -> int:
        """The root account it works in."""
        return self.batch.account_id

    def warn(self, message: str) -> None:
        """Say something about the row (or file) at hand."""
        self._note(message, self.row, failure=False)

    def fail(self, message: str) -> None:
        """Say why the file at hand is not imported."""
        self._note(message, None, failure=True)

    def changed(self, kind: str, record: Any, before: str, after: str) -> None:
        """Remember a change of state."""
        if before != after:
            self.batch.changes.append(Change(kind, record, before, after))

    def skips(self, status: str) -> bool:
        """Whether rows with this status are left out without a word."""
        return self.batch.options.skip_deletes and status.lower().startswith("deleted")

    def _note(self, message: str, row: int | None, *, failure: bool) -> None:
        now = self.world.clock.now()
        self.batch.problems.append(Problem(self.file, message, row, failure, now))
