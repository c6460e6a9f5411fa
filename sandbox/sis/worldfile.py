"""SIS imports in a world file; one that had not finished begins again."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from sandbox.reading import Reader
from sandbox.references import fresh, required
from sandbox.sis.batch import STATES, File, Options, Problem, SisBatch
from sandbox.world import World

Json = dict[str, Any]
UNFINISHED = ("initializing", "created", "importing", "cleanup_batch", "restoring")


def dump_sis_imports(world: World) -> list[Json]:
    """All imports, oldest first; what a restore would go by is left out."""
    return [_dumped(batch) for batch in world.sis_batches.values()]


def read_sis_imports(world: World, top: Reader) -> None:
    """Take the imports out of the file."""
    for reader in top.each("sis_imports"):
        world.add_sis_batch(_read(world, reader))


def _dumped(batch: SisBatch) -> Json:
    plain = ("id", "account_id", "user_id", "file_name", "workflow_state", "progress", "rows", "rows_done")
    lists = ("supplied", "completed", "counts", "statistics")
    moments = ("created_at", "updated_at", "started_at", "ended_at")
    return {
        **{name: getattr(batch, name) for name in (*plain, *lists)},
        **{name: _moment(getattr(batch, name)) for name in moments},
        "content": base64.b64encode(batch.content).decode(),
        "options": {name: getattr(batch.options, name) for name in Options.__slots__},
        "problems": [
            {"file": each.file, "message": each.message, "row": each.row, "failure": each.failure}
            | {"created_at": _moment(each.created_at)}
            for each in batch.problems
        ],
        "csv_files": [_file(each) for each in batch.csv_files],
        "errors_file": _file(batch.errors_file) if batch.errors_file else None,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _file(file: File) -> Json:
    return {name: getattr(file, name) for name in File.__slots__}


def _read(world: World, reader: Reader) -> SisBatch:
    created_at = reader.moment("created_at", world.clock.now())
    account_id = required(reader, "account_id", world.accounts)
    if world.accounts[account_id].parent_account_id is not None:
        raise reader.complain("account_id", "must be a root account")
    batch = SisBatch(
        id=fresh(world, reader, "sis_batch", world.sis_batches),
        account_id=account_id,
        user_id=required(reader, "user_id", world.users),
        created_at=created_at,
        updated_at=reader.moment("updated_at", created_at),
        file_name=reader.text("file_name", "sis_import.csv"),
        content=_content(reader),
        options=_options(reader.inside("options")),
        workflow_state=reader.one_of("workflow_state", STATES, "created"),
        started_at=reader.moment_or_none("started_at"),
        ended_at=reader.moment_or_none("ended_at"),
        progress=int(reader.amount("progress", 0)),
        rows=int(reader.amount("rows", 0)),
        rows_done=int(reader.amount("rows_done", 0)),
        supplied=reader.texts("supplied"),
        completed=reader.texts("completed"),
        counts=reader.anything("counts") or {},
        statistics=reader.anything("statistics") or {},
        problems=[_problem(each, created_at) for each in reader.each("problems")],
        csv_files=[_read_file(each) for each in reader.each("csv_files")],
        errors_file=_errors_file(reader),
    )
    return _anew(batch) if batch.workflow_state in UNFINISHED else batch


def _anew(batch: SisBatch) -> SisBatch:
    """The same upload, with nothing done yet."""
    return SisBatch(
        batch.id,
        batch.account_id,
        batch.user_id,
        batch.created_at,
        batch.updated_at,
        batch.file_name,
        batch.content,
        batch.options,
    )


def _content(reader: Reader) -> bytes:
    try:
        return base64.b64decode(reader.text("content", ""), validate=True)
    except binascii.Error:
        raise reader.complain("content", "must be base64") from None


def _options(reader: Reader) -> Options:
    usual = Options()
    found: Json = {}
    for name in ("batch_mode_term_id", "change_threshold", "diff_row_count_threshold"):
        found[name] = int(reader.amount(name, 0)) if reader.has_value(name) else None
    for name in Options.__slots__:
        if name.endswith(("identifier", "status")):
            found[name] = reader.text_or_none(name)
        elif name not in found:
            found[name] = reader.yes_or_no(name, False) if reader.has_value(name) else getattr(usual, name)
    reader.finish()
    return Options(**found)


def _problem(reader: Reader, usual: datetime) -> Problem:
    return Problem(
        file=reader.text("file", ""),
        message=reader.text("message"),
        row=reader.number_or_none("row"),
        failure=reader.yes_or_no("failure", False),
        created_at=reader.moment("created_at", usual),
    )


def _errors_file(reader: Reader) -> File | None:
    if not reader.has_value("errors_file"):
        return None
    inner = reader.inside("errors_file")
    found = _read_file(inner)
    inner.finish()
    return found


def _read_file(reader: Reader) -> File:
    return File(
        id=reader.number("id"),
        name=reader.text("name"),
        size=int(reader.amount("size", 0)),
        source=reader.text_or_none("source"),
    )
