"""SIS Import under an account: upload a file, watch it, read what came of it."""

from flask import Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from sandbox import sessions
from sandbox.pages import blueprint, navigation
from sandbox.pages.viewing import refuse, the_account, viewer
from sandbox.permissions import granted
from sandbox.rest.api import token_problem
from sandbox.sis.batch import File, Options, SisBatch
from sandbox.sis.files import Upload
from sandbox.sis.queue import abort as end
from sandbox.sis.report import errors_csv, messages
from sandbox.sis.uploading import take_in
from sandbox.world import Account, current_world

SHOWN = 20
STATES = {
    "created": "Waiting for its turn",
    "importing": "Importing",
    "cleanup_batch": "Cleaning up",
    "imported": "Imported",
    "imported_with_messages": "Imported, with messages about some rows",
    "failed": "Failed",
    "failed_with_messages": "Failed: a file could not be read",
    "aborted": "Stopped",
    "restored": "Undone",
    "partially_restored": "Partly undone",
}


@blueprint.get("/accounts/<int:account_id>/sis_import")
def sis_import(account_id: int) -> str:
    """The upload form, the import at work (or else the latest) and the others."""
    return _page(_importing_account(account_id))


@blueprint.post("/accounts/<int:account_id>/sis_import")
def upload_sis_import(account_id: int) -> WerkzeugResponse | tuple[str, int]:
    """Take a file in."""
    account, world = _importing_account(account_id), current_world()
    file = request.files.get("attachment")
    if file is None or not file.filename:
        return _page(account, "Choose a file first."), 400
    options = Options(skip_deletes="skip_deletes" in request.form)
    with world.lock:
        take_in(world, account.id, viewer().id, (file.filename, file.read()), options)
    return redirect(url_for("pages.sis_import", account_id=account.id))


@blueprint.post("/accounts/<int:account_id>/sis_import/<int:batch_id>/abort")
def stop_sis_import(account_id: int, batch_id: int) -> WerkzeugResponse:
    """End an import that has not finished."""
    account, world = _importing_account(account_id), current_world()
    with world.lock:
        batch = world.sis_batches.get(batch_id)
        if batch is None or batch.account_id != account.id:
            abort(404)
        end(batch, world)
    return redirect(url_for("pages.sis_import", account_id=account.id))


@blueprint.get("/files/<int:file_id>/download")
def download_file(file_id: int) -> Response:
    """A file of an import, for whoever has the verifier of its address or may import."""
    world = current_world()
    with world.lock:
        found = _find(file_id)
        if found is None:
            abort(404)
        batch, file = found
        if request.args.get("verifier") != file.uuid and not _may_download(batch):
            abort(world.settings.forbidden_status)
        content = _content(batch, file)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(content, headers=headers, content_type="text/csv")


def _importing_account(account_id: int) -> Account:
    """A root account to which the viewer may import."""
    account = the_account(account_id)
    if account.parent_account_id is not None or not account.allow_sis_import:
        abort(404)
    if not granted(current_world(), viewer().id, "import_sis", account_id=account.id):
        refuse()
    return account


def _page(account: Account, problem: str | None = None) -> str:
    world = current_world()
    with world.lock:
        batches = [each for each in world.sis_batches.values() if each.account_id == account.id][::-1]
        unfinished = [each for each in batches if each.waits or each.runs]
        shown = next(iter([*unfinished[::-1], *batches]), None)
        return render_template(
            "sis_import.html",
            account=account,
            nav=navigation.of_account(account, viewer()),
            shown=shown,
            moves=bool(unfinished),
            warnings=messages(shown, failures=False) if shown else [],
            errors=messages(shown, failures=True) if shown else [],
            others=[each for each in batches if each is not shown][:SHOWN],
            people={batch.user_id: world.users[batch.user_id].name for batch in batches},
            states=STATES,
            problem=problem,
        )


def _find(file_id: int) -> tuple[SisBatch, File] | None:
    for batch in current_world().sis_batches.values():
        for file in (*batch.csv_files, batch.errors_file):
            if file is not None and file.id == file_id:
                return batch, file
    return None


def _may_download(batch: SisBatch) -> bool:
    """Whether a browser's session or a token belongs to somebody who may import."""
    world = current_world()
    value = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    token = world.tokens.get(value)
    user_id = token.user_id if token and not token_problem(world, token) else sessions.current_user_id()
    return user_id is not None and granted(world, user_id, "import_sis", account_id=batch.account_id)


def _content(batch: SisBatch, file: File) -> bytes:
    if file.source is None:
        return errors_csv(batch)
    member = file.source if batch.file_name.lower().endswith(".zip") else None
    with Upload(file.source, batch.content, member).opened() as opened:
        return opened.read()
