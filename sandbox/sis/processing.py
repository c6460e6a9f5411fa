"""The work of an import, one row at a time (`SIS::CSV::ImportRefactored`, SisBatch)."""

import traceback
from collections.abc import Callable, Iterator

from sandbox.sis.batch import COUNTED, File
from sandbox.sis.cleanup import clean_up
from sandbox.sis.courses import import_course, import_section, import_term
from sandbox.sis.enrollments import import_enrollment
from sandbox.sis.files import KINDS, Malformed, Refused, Upload, kind_of, unpack
from sandbox.sis.report import errors_csv, statistics
from sandbox.sis.run import Row, RowProblem, Run
from sandbox.sis.user_observers import import_user_observer
from sandbox.sis.users import import_user

# Imports of at most this many rows run in one go.
SMALL = 50
IMPORTERS: dict[str, Callable[[Run, Row], bool]] = {
    "term": import_term,
    "course": import_course,
    "section": import_section,
    "user": import_user,
    "enrollment": import_enrollment,
    "user_observer": import_user_observer,
}
Sorted = dict[str, list[Upload]]


def work_through(run: Run) -> Iterator[None]:
    """Begin, import every file, finish; stops for a while after each row, with nothing held."""
    batch = run.batch
    with run.world.lock:
        if not batch.waits:  # it was aborted just now
            return
        batch.workflow_state = "importing"
        batch.started_at = batch.updated_at = run.world.clock.now()
        batch.counts = dict.fromkeys(COUNTED, 0)
    yield
    try:
        yield from _import(run)
    except Exception as problem:  # noqa: BLE001 - as Canvas: whatever goes wrong ends the import alone
        traceback.print_exception(problem)
        _crash(run)
    with run.world.lock:
        if batch.workflow_state != "aborted":
            _finish(run)


def _import(run: Run) -> Iterator[None]:
    batch, files = run.batch, _sorted(run)
    batch.supplied = list(files)
    for kind, uploads in files.items():
        for upload in uploads:
            for number, row in enumerate(upload.rows(), 2):
                with run.world.lock:
                    if batch.workflow_state == "aborted":
                        return
                    run.file, run.row = upload.name, number
                    _import_row(run, kind, row)
                yield
        batch.completed.append(kind)
    with run.world.lock:
        if batch.options.batch_mode and batch.workflow_state != "aborted":
            batch.workflow_state = "cleanup_batch"
            clean_up(run)


def _import_row(run: Run, kind: str, row: Row) -> None:
    batch = run.batch
    try:
        if IMPORTERS[kind](run, row):
            batch.counts[f"{kind}s"] += 1
    except RowProblem as problem:
        run.warn(str(problem))
    batch.rows_done += 1
    batch.progress = min(100 * batch.rows_done // batch.rows, 99)


def _sorted(run: Run) -> Sorted:
    """The readable files by kind, in the order of importing; what is wrong with the others is noted."""
    found: Sorted = {kind: [] for kind in KINDS}
    run.file = run.batch.file_name
    try:
        uploads = unpack(run.batch.file_name, run.batch.content)
    except Refused:
        run.fail("The uncompressed content of this file is too large")
        return {}
    for upload in uploads:
        run.file = upload.name
        kind = _kind(run, upload)
        if kind:
            found[kind].append(upload)
    run.batch.csv_files = [_file(run, upload) for each in found.values() for upload in each]
    return {kind: each for kind, each in found.items() if each}


def _kind(run: Run, upload: Upload) -> str | None:
    """What kind of file it is, read to its end once; None with a message, or for an empty one without."""
    if not upload.name.lower().endswith(".csv"):
        run.warn("Skipping unknown file type")
        return None
    if not upload.is_utf8():
        run.fail("Invalid UTF-8")
        return None
    try:
        headers = upload.headers()
        kind = kind_of(headers) if headers is not None else None
        if headers is not None and kind is None:
            run.fail("Couldn't find Canvas CSV import headers")
        if kind:
            run.batch.rows += upload.count()
    except Malformed:
        run.fail("Malformed CSV")
        return None
    return kind


def _file(run: Run, upload: Upload) -> File:
    return File(run.world.next_id("attachment"), upload.name.rpartition("/")[2], upload.size(), upload.name)


def _crash(run: Run) -> None:
    with run.world.lock:
        number = run.world.next_id("error_report")
        run.file = run.batch.file_name
        run.fail(f"Error while importing CSV. Please contact support. (Error report {number})")


def _finish(run: Run) -> None:
    """Say how it went: a failed file makes the import failed, bad rows only give it messages."""
    batch, now = run.batch, run.world.clock.now()
    failures = sum(1 for each in batch.problems if each.failure)
    batch.counts |= {"error_count": failures, "warning_count": len(batch.problems) - failures}
    batch.statistics = statistics(batch)
    state = "failed" if failures else "imported"
    batch.workflow_state = f"{state}_with_messages" if batch.problems else state
    batch.progress, batch.ended_at, batch.updated_at = 100, now, now
    if batch.problems:
        size = len(errors_csv(batch))
        file_id = run.world.next_id("attachment")
        batch.errors_file = File(file_id, f"sis_errors_attachment_{batch.id}.csv", size)
