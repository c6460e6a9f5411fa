"""Imports: an uploaded sheet, its rows, what was found out about each of them and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.institutions import Person
from app.models.visits import of_own_institution, words


class ImportState(StrEnum):
    """Where an import stands; those in WORKING have a job."""

    COLUMNS = "columns"  # what its columns mean is to be confirmed
    READING = "reading"  # its rows go into the database
    LISTING = "listing"  # the people of the account are listed, when that is cheaper than asking for each
    LOOKING = "looking"  # every row is compared with Canvas
    READY = "ready"  # a person decides
    SENDING = "sending"  # its files go to Canvas's own importer
    FOLLOWING = "following"  # and are worked on there
    RUNNING = "running"  # row by row through the API
    DONE = "done"
    CANCELED = "canceled"  # what was done until then stays, and can be undone
    UNDOING = "undoing"
    UNDONE = "undone"


class ImportRoad(StrEnum):
    """How rows get into Canvas."""

    API = "api"
    SIS = "sis"
    FILES = "files"  # a person hands the files in; Canvas is never asked


class RowKind(StrEnum):
    """What a row is about."""

    PAIR = "pair"
    ACCOUNT = "account"  # a row of users.csv


class RowState(StrEnum):
    """Where a row stands."""

    READ = "read"
    SEEN = "seen"  # compared with Canvas: its verdict is known
    DOING = "doing"  # begun, and noted before the first write
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    KEPT = "kept"  # undone as far as it may be: somebody uses what it made


class Import(Base):
    """One uploaded file and everything that is done with it."""

    __tablename__ = "imports"
    __table_args__ = (
        UniqueConstraint("institution_id", "id"),
        of_own_institution("person_id"),
        Index("ix_imports_created", "institution_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    person_id: Mapped[int | None]  # who uploaded it; None: from the command line
    run_by: Mapped[int | None]  # in whose name it works: the same, until somebody runs it
    undone_by: Mapped[int | None]
    file_name: Mapped[str]
    size: Mapped[int]  # bytes
    created_at: Mapped[datetime]
    state: Mapped[ImportState] = mapped_column(words(ImportState))
    road: Mapped[ImportRoad | None] = mapped_column(words(ImportRoad))
    paused: Mapped[bool] = mapped_column(default=False, server_default=false())
    canceling: Mapped[bool] = mapped_column(default=False, server_default=false())  # Canvas is being stopped
    choices: Mapped[dict[str, Any]] = mapped_column(JSON)  # how the file is to be read, if not as guessed
    mapping: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))  # of a sheet
    headers: Mapped[dict[str, list[str]]] = mapped_column(JSON)  # by the name of the table
    cursor: Mapped[str]  # how far the present stage is, in its own words
    total: Mapped[int]  # rows of the present stage
    done: Mapped[int]  # of them done with
    pace_since: Mapped[datetime]  # from when, and from how many on, the time left is reckoned
    pace_from: Mapped[int]
    problem: Mapped[str | None]  # why it waits: a word of app.pairing.imports.progress
    rights: Mapped[dict[str, str]] = mapped_column(JSON)  # what the service account lacks, by ability
    listed: Mapped[bool] = mapped_column(default=False, server_default=false())
    sis_import_id: Mapped[str | None]  # Canvas's number
    sis_words: Mapped[list[str]] = mapped_column(JSON)  # what Canvas said of no row in particular
    finished_at: Mapped[datetime | None]
    undo_until: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]  # its rows were thrown away

    person: Mapped[Person | None] = relationship(primaryjoin="foreign(Import.person_id) == Person.id")


class ImportChunk(Base):
    """A piece of an uploaded file: server and worker may be on different machines."""

    __tablename__ = "import_chunks"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRow(Base):
    """One pair of a row, or one row of users.csv."""

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_next", "import_id", "state", "lane", "id"),
        Index("ix_import_rows_verdict", "import_id", "verdict", "id"),
        Index("ix_import_rows_observer", "import_id", "observer_key", "id"),
        Index("ix_import_rows_login", "import_id", "new_login", "id"),
        Index("ix_import_rows_pair", "import_id", "pair_key", "id"),
        Index("ix_import_rows_line", "import_id", "pair_line"),
        Index("ix_import_rows_link", "link_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"))
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    source: Mapped[str]  # the name of its table
    number: Mapped[int]  # as a spreadsheet shows it
    kind: Mapped[RowKind] = mapped_column(words(RowKind))
    raw: Mapped[list[str]] = mapped_column(JSON)
    given: Mapped[dict[str, Any]] = mapped_column(JSON)  # app.pairing.imports.given.Wanted
    state: Mapped[RowState] = mapped_column(words(RowState))
    lane: Mapped[int]  # rows of one observer are in one lane, which is worked on in order
    verdict: Mapped[str | None]  # a word of app.pairing.imports.verdicts
    chosen: Mapped[str | None]  # what an admin decided: "new", or the Canvas number of an account
    candidates: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    observer_key: Mapped[str | None]  # the same for all rows about one observer
    new_login: Mapped[str | None]  # in lower case, of an observer whom Canvas does not know
    pair_key: Mapped[str | None]  # the same for all rows about one pair
    observer_id: Mapped[str | None]  # Canvas's numbers
    student_id: Mapped[str | None]
    course_id: Mapped[str | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # what Canvas held of it
    link_id: Mapped[int | None] = mapped_column(ForeignKey("links.id", ondelete="SET NULL"))
    made_account: Mapped[bool] = mapped_column(default=False, server_default=false())
    made_link: Mapped[bool] = mapped_column(default=False, server_default=false())
    ended_link: Mapped[bool] = mapped_column(default=False, server_default=false())
    told: Mapped[str | None]  # why it failed: Canvas's words, or one of our reasons
    said: Mapped[str | None]  # by Canvas's own importer, a line for each warning or error
    user_line: Mapped[int | None]  # in the files handed to Canvas's own importer, counted as it counts
    pair_line: Mapped[int | None]


class ImportPerson(Base):
    """An account of the school, looked up for one import and forgotten when that is over."""

    __tablename__ = "import_people"
    __table_args__ = (
        Index("ix_import_people_sis", "import_id", "sis_id"),
        Index("ix_import_people_login", "import_id", "login"),
        Index("ix_import_people_email", "import_id", "email"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    canvas_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    sis_id: Mapped[str | None]
    login: Mapped[str | None]  # in lower case, as the e-mail address
    email: Mapped[str | None]
