"""SIS imports as Canvas's JSON (SIS Imports API, "SisImport"; lib/api/v1/sis_import.rb)."""

from sandbox.rest.bodies import Json, address, timestamp, user_json
from sandbox.sis.batch import File, Problem, SisBatch
from sandbox.sis.processing import SMALL
from sandbox.sis.report import messages
from sandbox.world import current_world


def sis_import_json(batch: SisBatch) -> Json:
    """An import; what there is nothing to say of is absent."""
    world, options = current_world(), batch.options
    body: Json = {
        "id": batch.id,
        "created_at": timestamp(batch.created_at),
        "started_at": timestamp(batch.started_at),
        "ended_at": timestamp(batch.ended_at),
        "updated_at": timestamp(batch.updated_at),
        "progress": batch.progress,
        "workflow_state": batch.workflow_state,
        "data": _data(batch),
        "batch_mode": options.batch_mode,
        "batch_mode_term_id": options.batch_mode_term_id,
        "multi_term_batch_mode": options.multi_term_batch_mode,
        "override_sis_stickiness": options.override_sis_stickiness,
        "add_sis_stickiness": options.add_sis_stickiness,
        "update_sis_id_if_login_claimed": options.update_sis_id_if_login_claimed,
        "clear_sis_stickiness": options.clear_sis_stickiness,
        "diffing_data_set_identifier": options.diffing_data_set_identifier,
        "diffing_remaster": options.diffing_remaster_data_set,
        "diffed_against_import_id": None,
        "diffing_drop_status": options.diffing_drop_status,
        "diffing_user_remove_status": options.diffing_user_remove_status,
        "skip_deletes": options.skip_deletes,
        "change_threshold": options.change_threshold,
        "diff_row_count_threshold": options.diff_row_count_threshold,
    }
    for name, failures in (("processing_warnings", False), ("processing_errors", True)):
        if batch.ended_at and (said := messages(batch, failures=failures)):
            body[name] = said
    if batch.csv_files:
        body["csv_attachments"] = [file_json(batch, each) for each in batch.csv_files]
    if batch.errors_file:
        body["errors_attachment"] = file_json(batch, batch.errors_file)
    account = world.accounts[batch.account_id]
    return body | {"user": user_json(world.users[batch.user_id], account=account, include=[])}


def sis_error_json(batch: SisBatch, problem: Problem) -> Json:
    """One message about a row or a file."""
    where = {"sis_import_id": batch.id, "file": problem.file}
    return where | {"message": problem.message, "row": problem.row}


def file_json(batch: SisBatch, file: File) -> Json:
    """A file with an address that opens it without a login."""
    when = timestamp(batch.ended_at or batch.created_at)
    return {
        "id": file.id,
        "uuid": file.uuid,
        "folder_id": None,
        "display_name": file.name,
        "filename": file.name,
        "upload_status": "success",
        "content-type": "text/csv",
        "url": address(f"/files/{file.id}/download?download_frd=1&verifier={file.uuid}"),
        "size": file.size,
        "created_at": when,
        "updated_at": when,
        "unlock_at": None,
        "locked": False,
        "hidden": False,
        "lock_at": None,
        "hidden_for_user": False,
        "thumbnail_url": None,
        "modified_at": when,
        "mime_class": "file",
        "media_entry_id": None,
        "category": "uncategorized",
        "locked_for_user": False,
    }


def _data(batch: SisBatch) -> Json:
    """What the files were and what came of them, known when the work is done."""
    data: Json = {"import_type": "instructure_csv"}
    if not batch.ended_at:
        return data
    return data | {
        "supplied_batches": batch.supplied,
        "counts": batch.counts,
        "downloadable_attachment_ids": [each.id for each in batch.csv_files],
        "running_immediately": batch.rows <= SMALL,
        "completed_importers": batch.completed,
        "statistics": batch.statistics,
    }
