"""Observers in bulk: an admin uploads a sheet, sees what it would do, has it done, and can undo it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from flask import Response, abort, render_template, request, stream_with_context
from sqlalchemy.orm import Session

from app import db
from app.canvas.oauth import IMPORT_SCOPES
from app.models import Import, ImportRoad, ImportState
from app.pairing.imports import files, intake, steering, undoing
from app.sheets.columns import Mapping
from app.sheets.troubles import Refused
from app.web import (
    copies,
    guard,
    import_columns,
    import_pages,
    import_rows,
    import_verdicts,
    import_words,
    visit,
)
from app.web.import_pages import Page

bp = guard.portal("imports", __name__, "/admin/import")

S = ImportState
A_FORM = 64 * 1024  # bytes around an uploaded file


@bp.url_value_preprocessor
def room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a sheet be larger than a form; set before anybody reads it."""
    if endpoint == "imports.upload":
        request.max_content_length = intake.LARGEST + A_FORM


@bp.context_processor
def speak() -> dict[str, object]:
    """What every page of an import says it with."""
    return {"words": import_words, "verdicts": import_verdicts, "scopes": IMPORT_SCOPES}


@bp.post("/")
def home() -> Page:
    """A field for a file, and the imports there were."""
    return import_pages.home()


@bp.post("/upload")
def upload() -> Page:
    """Take a file in."""
    visit.acting()
    file = request.files.get("sheet")
    if file is None or not file.filename:
        return import_pages.home(str(import_words.NO_FILE)), 422
    launch = visit.launch()
    try:
        with db.transaction() as session:
            taken = intake.take_in(
                session, launch.institution_id, launch.person_id, file.filename, file.stream, visit.now()
            )
    except Refused as refused:
        return import_pages.home(import_words.of_trouble(refused)), 422
    return _show(taken.id)


@bp.post("/<row:import_id>")
def show(import_id: int) -> Page:
    """One import, at whatever it is."""
    return _show(import_id)


@bp.post("/<row:import_id>/progress")
def how_far(import_id: int) -> Page:
    """The same; only how far it is when a script asks."""
    of = _find(import_id)
    return import_pages.how_far(of) if "HX-Request" in request.headers else import_pages.show(of)


@bp.post("/<row:import_id>/reread")
def reread(import_id: int) -> Page:
    """Read the file in another way."""
    visit.acting()
    choices = import_columns.choices(request.form)
    try:
        with db.transaction() as session:
            of = _held(session, import_id)
            if of.state is S.COLUMNS:
                intake.reread(session, of, choices)
    except Refused as refused:
        return _show(import_id, wrong=import_words.of_trouble(refused)), 422
    return _show(import_id)


@bp.post("/<row:import_id>/preview")
def preview(import_id: int) -> Page:
    """Begin the preview with the columns as they were decided."""
    visit.acting()
    with db.transaction() as session:
        of = _held(session, import_id)
        mapping = import_columns.decided(of, request.form) if intake.is_sheet(of) else None
        missing = mapping.missing if mapping else ()
        if not missing:
            intake.read_days(of, import_columns.decided_days(request.form, visit.launch().person.locale))
            road = ImportRoad.FILES if request.form.get("road") == ImportRoad.FILES else None
            steering.preview(session, of, mapping, visit.now(), road)
    if missing:
        return _show(import_id, wrong=import_words.of_sides(missing), mapping=mapping), 422
    return _show(import_id)


@bp.post("/<row:import_id>/ask-nobody")
def ask_nobody(import_id: int) -> Page:
    """Make the files of the sheet alone, where Canvas could not be asked."""
    return _steer(import_id, lambda session, of, _by, now: steering.ask_nobody(session, of, now))


@bp.post("/<row:import_id>/choose")
def choose(import_id: int) -> Page:
    """Take decisions about rows that were asked about."""
    choices = [
        (int(name.removeprefix("row-")), value)
        for name, value in request.form.items()
        if name.startswith("row-") and name.removeprefix("row-").isdecimal() and value
    ]
    return _steer(import_id, lambda session, of, *click: steering.choose(session, of, choices[:500], *click))


@bp.post("/<row:import_id>/run/<any(api, sis):road>")
def run(import_id: int, road: str) -> Page:
    """Do what the preview shows."""
    return _steer(import_id, lambda session, of, *click: steering.run(session, of, ImportRoad(road), *click))


@bp.post("/<row:import_id>/pause")
def pause(import_id: int) -> Page:
    """Stop for a while."""
    return _steer(import_id, steering.pause)


@bp.post("/<row:import_id>/resume")
def resume(import_id: int) -> Page:
    """Go on."""
    return _steer(import_id, steering.resume)


@bp.post("/<row:import_id>/cancel")
def cancel(import_id: int) -> Page:
    """Give it up."""
    return _steer(import_id, steering.cancel)


@bp.post("/<row:import_id>/undo")
def look_before_undoing(import_id: int) -> Page:
    """What undoing would do."""
    of = _find(import_id)
    with db.reading() as session:
        may = steering.may_undo(session, of, visit.now())
        outlook = undoing.outlook(session, of.id)
    return render_template("admin/import_undo.html", launch=visit.launch(), of=of, may=may, outlook=outlook)


@bp.post("/<row:import_id>/undo/now")
def undo(import_id: int) -> Page:
    """Undo it."""
    return _steer(import_id, steering.undo)


@bp.post("/<row:import_id>/<any(problems, results, unwritten):kind>.csv")
def download(import_id: int, kind: str) -> Response:
    """Rows as a file: those with a problem, those that Canvas's files cannot say, or all, and why."""
    of = _find(import_id)
    copies.note("import", batch=of.id, rows=kind)
    lines: dict[str, Callable[[Import], Iterator[bytes]]] = {
        "problems": import_rows.problems,
        "results": import_rows.results,
        "unwritten": import_rows.unwritten,
    }
    return _file(lines[kind](of), f"{kind}-{of.id}.csv", "text/csv; charset=utf-8")


@bp.post("/<row:import_id>/files.zip")
def just_the_files(import_id: int) -> Response:
    """The files for Canvas's own importer, to be handed in by a person."""
    of = _find(import_id)
    copies.note("import", batch=of.id, rows="files")

    def content() -> Iterator[bytes]:
        with files.zipped(of) as source:
            while piece := source.read(65_536):
                yield piece

    return _file(content(), f"observers-{of.id}.zip", "application/zip")


def _file(content: Iterator[bytes], name: str, mimetype: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream_with_context(content), mimetype=mimetype, headers=headers)


def _steer(import_id: int, what: Callable[[Session, Import, int | None, datetime], object]) -> Page:
    """Do what somebody clicked: `what` is told who that is, and when it was."""
    by = visit.acting().person_id
    with db.transaction() as session:
        what(session, _held(session, import_id), by, visit.now())
    return _show(import_id)


def _show(import_id: int, wrong: str | None = None, mapping: Mapping | None = None) -> str:
    return import_pages.show(_find(import_id), wrong, mapping)


def _held(session: Session, import_id: int) -> Import:
    return steering.find(session, visit.launch().institution_id, import_id) or abort(404)


def _find(import_id: int) -> Import:
    with db.reading() as session:
        found = session.get(Import, import_id)
    if found is None or found.institution_id != visit.launch().institution_id:
        abort(404)
    return found
