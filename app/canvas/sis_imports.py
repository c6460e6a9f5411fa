"""SIS Imports API: many changes in one file, which Canvas works through by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from app.canvas.answers import Fields
from app.canvas.client import Canvas, path
from app.canvas.http import Upload

WORKED = frozenset({"imported", "imported_with_messages", "restored", "partially_restored"})
ABORTED = "aborted"
FAILED = frozenset({"failed", "failed_with_messages", ABORTED})
COUNTS = ("users", "enrollments", "user_observers", "error_count", "warning_count")
MEDIA_TYPES = {"csv": "text/csv", "zip": "application/zip"}


@dataclass(frozen=True, slots=True)
class SisImport:
    """An import, as far as it is. Errors and warnings are (file, words): the first 24 of each kind."""

    id: str
    state: str
    progress: int  # per cent
    counts: Mapping[str, int]
    errors: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...]
    created_at: datetime
    ended_at: datetime | None

    @property
    def finished(self) -> bool:
        """Whether Canvas is done with it."""
        return self.state in WORKED | FAILED

    @property
    def worked(self) -> bool:
        """Whether Canvas took the file; single rows may be wrong all the same."""
        return self.state in WORKED


@dataclass(frozen=True, slots=True)
class RowError:
    """What was wrong with one row; rows are counted from 1, which is the header."""

    file: str
    row: int | None
    message: str


def start(
    canvas: Canvas, account_id: str, name: str, content: bytes | IO[bytes], skip_deletes: bool = False
) -> SisImport:
    """Hand in a file; `name` ends in .csv or .zip. Canvas works later, one import at a time.

    SIS Imports API, POST /api/v1/accounts/:account_id/sis_imports.
    """
    extension = name.rpartition(".")[2].lower()
    file = Upload("attachment", name, content, MEDIA_TYPES[extension])
    options = [("import_type", "instructure_csv")]
    if skip_deletes:
        options.append(("skip_deletes", "true"))
    return _import(canvas.upload(_where(account_id), file, *options).object())


def get(canvas: Canvas, account_id: str, import_id: str) -> SisImport:
    """How far an import is. SIS Imports API, GET /api/v1/accounts/:account_id/sis_imports/:id."""
    return _import(canvas.get(_where(account_id, import_id)).object())


def of_account(canvas: Canvas, account_id: str) -> Iterator[SisImport]:
    """All imports, the newest first; a page is asked for when it is reached.

    SIS Imports API, GET /api/v1/accounts/:account_id/sis_imports.
    """
    return (_import(fields) for fields in canvas.pages(_where(account_id), under="sis_imports"))


def errors(canvas: Canvas, account_id: str, import_id: str) -> Iterator[RowError]:
    """Every wrong row, also beyond the first 24; Canvas keeps them for 30 days.

    SIS Import Errors API, GET /api/v1/accounts/:account_id/sis_imports/:id/errors.
    """
    found = canvas.pages(_where(account_id, import_id, "errors"), under="sis_import_errors")
    return (
        RowError(
            fields.optional_text("file") or "",
            fields.number("row") if fields.has("row") else None,
            fields.text("message"),
        )
        for fields in found
    )


def abort(canvas: Canvas, account_id: str, import_id: str) -> SisImport:
    """Stop an import that has not been worked through; CanvasMissing when it has.

    SIS Imports API, PUT /api/v1/accounts/:account_id/sis_imports/:id/abort.
    """
    return _import(canvas.put(_where(account_id, import_id, "abort")).object())


def _where(account_id: str, *rest: str) -> str:
    return path("accounts", account_id, "sis_imports", *rest)


def _import(fields: Fields) -> SisImport:
    return SisImport(
        fields.id(),
        fields.text("workflow_state"),
        fields.number("progress") if fields.has("progress") else 0,
        _counts(fields),
        _messages(fields, "processing_errors"),
        _messages(fields, "processing_warnings"),
        fields.moment("created_at"),
        fields.optional_moment("ended_at"),
    )


def _counts(fields: Fields) -> Mapping[str, int]:
    data = fields.object("data") if fields.has("data") else None
    if data is None or not data.has("counts"):
        return {}
    counts = data.object("counts")
    return {name: counts.number(name) for name in COUNTS if counts.has(name)}


def _messages(fields: Fields, name: str) -> tuple[tuple[str, str], ...]:
    return fields.text_pairs(name) if fields.has(name) else ()
