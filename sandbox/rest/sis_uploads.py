"""The file and the options of a request for an SIS import (SIS Imports API, "Import SIS data")."""

from flask import g, request

from sandbox.answers import Refused, broken
from sandbox.ids import number
from sandbox.rest import params
from sandbox.rest.api import blueprint
from sandbox.sis.batch import Options
from sandbox.world import Account, current_world

EXTENSIONS = {"application/zip": "zip", "text/xml": "xml", "text/plain": "csv", "text/csv": "csv"}
DROP_STATUSES = ("deleted", "completed", "inactive")
# Parameters with few values, in the order in which they are looked at.
CHOICES = {
    "diffing_drop_status": DROP_STATUSES,
    "diffing_user_remove_status": ("deleted", "suspended"),
    "batch_mode_enrollment_drop_status": DROP_STATUSES,
}


@blueprint.before_request
def leave_raw_uploads_alone() -> None:
    """A raw body is never read as parameters, whatever it is called; those are in the query then."""
    if request.method == "POST" and request.path.endswith("/sis_imports") and not _is_multipart():
        g.params = params.from_query()


def uploaded() -> tuple[str, bytes]:
    """File name and content, from the field `attachment` or from the raw body."""
    if params.text("import_type") not in (None, "instructure_csv"):
        raise broken()
    if _is_multipart() and ("attachment" in request.files or "attachment" in params.params()):
        file = request.files.get("attachment")
        if file is None or not file.filename:
            raise _missing()
        return file.filename, file.read()
    extension = params.text("extension") or _extension_by_type()
    content = request.get_data()
    if not content:
        raise _missing()
    return f"sis_import.{extension}", content


def wanted_options(account: Account) -> Options:
    """Everything else the request asks for; the first wrong thing is refused."""
    values = params.params()
    term_id = _term_id(account)
    threshold = _amount("change_threshold")
    if params.flag(values, "multi_term_batch_mode") and threshold is None:
        raise Refused(400, {"message": "change_threshold is required to use multi term_batch mode."})
    for name, allowed in CHOICES.items():
        if params.text(name) not in (None, *allowed):
            raise Refused(400, {"message": f"Invalid {name}"})
    return Options(
        batch_mode=_on("batch_mode"),
        batch_mode_term_id=term_id,
        multi_term_batch_mode=_on("multi_term_batch_mode"),
        skip_deletes=params.flag(values, "skip_deletes"),
        override_sis_stickiness=_on("override_sis_stickiness"),
        add_sis_stickiness=_on("add_sis_stickiness"),
        clear_sis_stickiness=_on("clear_sis_stickiness"),
        update_sis_id_if_login_claimed=params.flag(values, "update_sis_id_if_login_claimed"),
        diffing_data_set_identifier=params.text("diffing_data_set_identifier"),
        diffing_remaster_data_set=_on("diffing_remaster_data_set"),
        diffing_drop_status=params.text("diffing_drop_status"),
        diffing_user_remove_status=params.text("diffing_user_remove_status"),
        batch_mode_enrollment_drop_status=params.text("batch_mode_enrollment_drop_status"),
        change_threshold=threshold,
        diff_row_count_threshold=_amount("diff_row_count_threshold"),
    )


def _is_multipart() -> bool:
    return request.mimetype == "multipart/form-data"


def _missing() -> Refused:
    return Refused(400, {"error": True, "error_message": "Missing attachment"})


def _extension_by_type() -> str:
    """What a raw body is, by its content type; a character set other than UTF-8 is refused."""
    charset = request.mimetype_params.get("charset", "")
    if charset and charset.lower() != "utf-8":
        raise Refused(400, {"error": "Invalid content type, UTF-8 required"})
    return EXTENSIONS.get(request.mimetype, "zip")


def _term_id(account: Account) -> int | None:
    """The term of batch mode; without any terms of its own an account has the one numbered 1."""
    if not params.flag(params.params(), "batch_mode"):
        return None
    known = {term.id: term.sis_term_id for term in current_world().terms_of(account.id)} or {1: None}
    wanted = params.text("batch_mode_term_id") or ""
    sis_id = wanted.removeprefix("sis_term_id:")
    by_sis_id = (term_id for term_id, each in known.items() if each == sis_id != wanted)
    found = next(by_sis_id, number(wanted))
    if found in known:
        return found
    if params.flag(params.params(), "multi_term_batch_mode"):
        return None
    problem = "Batch mode specified, but the given batch_mode_term_id cannot be found."
    raise Refused(400, {"message": problem})


def _on(name: str) -> bool | None:
    """Yes, or nothing at all."""
    return params.flag(params.params(), name) or None


def _amount(name: str) -> int | None:
    text = params.text(name) or ""
    return int(text) if text.isascii() and text.isdigit() else None
