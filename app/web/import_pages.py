"""The pages of an import: which one is shown, and what stands on it."""

from typing import Any

from flask import render_template, request

from app import db
from app.canvas.oauth import Extra
from app.models import Import, ImportRoad, ImportState
from app.pairing import bars
from app.pairing.imports import choosing, intake, overview, progress, steering
from app.sheets.columns import Mapping
from app.web import headers, import_columns, import_rows, visit

Page = str | tuple[str, int]
S = ImportState


def home(wrong: str | None = None) -> str:
    """A field for a file, and the imports there were."""
    launch = visit.launch()
    headers.lead_out(launch.institution.canvas_url)
    with db.reading() as session:
        found = overview.imports(session, launch.institution_id)
    return render_template(
        "admin/import.html",
        launch=launch,
        imports=found,
        wrong=wrong,
        largest=intake.LARGEST // 1024**2,
        extra=Extra.IMPORT in (launch.institution.extras or ()),
    )


def show(of: Import, wrong: str | None = None, mapping: Mapping | None = None) -> str:
    """An import, at whatever it is."""
    shared = {"launch": visit.launch(), "of": of, "wrong": wrong}
    if of.state is S.COLUMNS:
        columns = import_columns.shown(of, visit.launch().person.locale, mapping)
        return render_template("admin/import_columns.html", columns=columns, **shared)
    if of.state in progress.WORKING:
        return render_template("admin/import_progress.html", **(shared | _pace(of)))
    return _rows(of, shared)


def how_far(of: Import) -> Page:
    """Only how far it is, for a script; 286 tells it to ask no more."""
    if of.state in progress.WORKING and not of.paused:
        return render_template("admin/import_pace.html", **_pace(of))
    return render_template("admin/import_arrived.html", of=of), 286


def _rows(of: Import, shared: dict[str, Any]) -> str:
    chosen = request.form.get("show", "")[:40]
    after = request.form.get("after", "0")
    with db.reading() as session:
        rows, following = overview.page(
            session, of, chosen, int(after) if after.isdigit() and len(after) < 10 else 0
        )
        numbers = overview.preview(session, of)
        result = overview.result(session, of)
        may_undo = steering.may_undo(session, of, visit.now())
        barred = of.road is ImportRoad.FILES and any(
            one.ended_at is None for one in bars.every(session, of.institution_id)
        )
    template = "admin/import_preview.html" if of.state is S.READY else "admin/import_result.html"
    return render_template(
        template,
        numbers=numbers,
        result=result,
        chosen=chosen,
        rows=[import_rows.row(one, chosen == overview.UNWRITTEN) for one in rows],
        following=following,
        barred=barred,
        may_undo=may_undo,
        proposed=numbers.proposed(of.rights),
        NEW=choosing.NEW,
        LEFT_OUT=choosing.LEFT_OUT,
        **shared,
    )


def _pace(of: Import) -> dict[str, Any]:
    pace = progress.pace(of, visit.now())
    minutes = None if pace.left is None else max(1, round(pace.left.total_seconds() / 60))
    return {"of": of, "pace": pace, "minutes": minutes}
