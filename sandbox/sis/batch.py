"""An SIS import as Canvas keeps it (SIS Imports API, "SisImport")."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.records import opaque_id

FINISHED = frozenset({"imported", "imported_with_messages", "aborted", "failed", "failed_with_messages"})
RESTORED = frozenset({"restoring", "partially_restored", "restored"})
STATES = ("initializing", "created", "importing", "cleanup_batch", *sorted(FINISHED), *sorted(RESTORED))
# One number for each of Canvas's importers, in the order in which they run.
COUNTED = (
    "change_sis_ids",
    "accounts",
    "terms",
    "abstract_courses",
    "courses",
    "sections",
    "xlists",
    "users",
    "enrollments",
    "admins",
    "group_categories",
    "groups",
    "group_memberships",
    "grade_publishing_results",
    "user_observers",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the request asks of an import; the names are those of its parameters."""

    batch_mode: bool | None = None
    batch_mode_term_id: int | None = None
    multi_term_batch_mode: bool | None = None
    skip_deletes: bool = False
    override_sis_stickiness: bool | None = None
    add_sis_stickiness: bool | None = None
    clear_sis_stickiness: bool | None = None
    update_sis_id_if_login_claimed: bool = False
    diffing_data_set_identifier: str | None = None
    diffing_remaster_data_set: bool | None = None
    diffing_drop_status: str | None = None
    diffing_user_remove_status: str | None = None
    batch_mode_enrollment_drop_status: str | None = None
    change_threshold: int | None = None
    diff_row_count_threshold: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A message about a row or a file; a failure makes the whole import failed."""

    file: str
    message: str
    row: int | None
    failure: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class File:
    """A file to download: one of the uploaded CSV files, or (without `source`) the list of problems."""

    id: int
    name: str
    size: int
    source: str | None = None

    @property
    def uuid(self) -> str:
        """What its address proves by instead of a login."""
        return opaque_id("attachment", self.id)


@dataclass(frozen=True, slots=True)
class Change:
    """A record whose state an import changed; `before` is `non-existent` for a new one."""

    kind: str
    record: Any
    before: str
    after: str


@dataclass(slots=True)
class SisBatch:
    """One upload and what became of it."""

    id: int
    account_id: int
    user_id: int
    created_at: datetime
    updated_at: datetime
    file_name: str
    content: bytes
    options: Options = Options()
    workflow_state: str = "created"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progress: int = 0
    rows: int = 0
    rows_done: int = 0
    supplied: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    csv_files: list[File] = field(default_factory=list)
    errors_file: File | None = None
    # What a restore goes by; not part of a world file.
    changes: list[Change] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether its turn has not come."""
        return self.workflow_state in ("initializing", "created")

    @property
    def runs(self) -> bool:
        """Whether it is being worked on."""
        return self.workflow_state in ("importing", "cleanup_batch")
