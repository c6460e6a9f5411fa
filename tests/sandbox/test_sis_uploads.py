"""Uploads to the SIS Imports API: the ways in, the guards, the options, the first answer."""

from typing import Any

import pytest

from tests.facts import fact
from tests.sandbox.importing import ADMIN, IMPORTS, csv, imported, school, send, settle, zipped
from tests.sandbox.running import Sandbox

OBSERVERS = csv("observer_id,student_id,status", "sis-parent,sis-mia,active")
DROPS = ("diffing_drop_status", "diffing_user_remove_status", "batch_mode_enrollment_drop_status")


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    sandbox.use(school())
    return sandbox


def raw(canvas: Sandbox, content: str | bytes, kind: str | None, query: str = "") -> Any:
    headers = {"Content-Type": kind} if kind else {}
    data = content if isinstance(content, bytes) else content.encode()
    return canvas.api("POST", f"{IMPORTS}{query}", "tok-admin", content=data, headers=headers)


def refused(canvas: Sandbox, path: str = IMPORTS, token: str = ADMIN, **data: str) -> Any:
    files = {"attachment": ("file.csv", OBSERVERS)}
    answer = canvas.api("POST", path, token, files=files, data=data)
    return answer.status_code, answer.json()


@fact("rest 8", "A sis_import just made has these keys, progress 0, no times of work and bare data.")
@fact("rest 6.1", "The answer to an upload is 200 with the import; the work is done afterwards.")
def test_an_import_just_made_has_every_key(canvas: Sandbox) -> None:
    settle(canvas, hold=True)
    batch = send(canvas, OBSERVERS)
    assert batch.pop("created_at") == batch.pop("updated_at")
    user = batch.pop("user")
    assert (user["id"], user["sis_user_id"]) == (40, "sis-admin")
    assert batch == {
        "id": 1,
        "started_at": None,
        "ended_at": None,
        "progress": 0,
        "workflow_state": "created",
        "data": {"import_type": "instructure_csv"},
        "batch_mode": None,
        "batch_mode_term_id": None,
        "multi_term_batch_mode": None,
        "override_sis_stickiness": None,
        "add_sis_stickiness": None,
        "update_sis_id_if_login_claimed": False,
        "clear_sis_stickiness": None,
        "diffing_data_set_identifier": None,
        "diffing_remaster": None,
        "diffed_against_import_id": None,
        "diffing_drop_status": None,
        "diffing_user_remove_status": None,
        "skip_deletes": False,
        "change_threshold": None,
        "diff_row_count_threshold": None,
    }


@pytest.mark.parametrize(
    ("kind", "query", "zipped_up"),
    [
        ("text/csv", "", False),
        ("text/csv; charset=UTF-8", "", False),
        ("text/plain", "", False),
        ("application/zip", "", True),
        ("application/x-www-form-urlencoded", "", True),
        ("application/json", "?extension=csv", False),
        (None, "?extension=zip&skip_deletes=1", True),
        ("application/json", "?import_type=instructure_csv", True),
    ],
)
@fact("rest 6.1", "A raw body is CSV for text/csv and text/plain, otherwise a zip, unless extension says so.")
def test_a_raw_body_is_taken(canvas: Sandbox, kind: str | None, query: str, zipped_up: bool) -> None:
    content = zipped(rows=OBSERVERS) if zipped_up else OBSERVERS
    answer = raw(canvas, content, kind, query)
    assert answer.status_code == 200, answer.text
    settle(canvas)
    batch = canvas.get(f"{IMPORTS}/1", "tok-admin")
    assert (batch["workflow_state"], batch["skip_deletes"]) == ("imported", "skip" in query)


@fact("rest 6.1", "The name of a multipart file decides between CSV and zip.")
def test_a_files_name_decides_what_it_is(canvas: Sandbox) -> None:
    assert imported(canvas, zipped(rows=OBSERVERS), "rows.ZIP")["workflow_state"] == "imported"
    assert imported(canvas, zipped(rows=OBSERVERS), "rows.csv")["workflow_state"] == "failed_with_messages"
    odd = imported(canvas, OBSERVERS, "rows.txt")
    assert odd["processing_warnings"] == [["rows.txt", "Skipping unknown file type"]]


@fact("rest 6.1", "A raw body of text/xml is XML, which no importer reads.", uncertain="what is said of it")
def test_a_raw_body_of_xml_is_read_by_nobody(canvas: Sandbox) -> None:
    assert raw(canvas, "<x/>", "text/xml").status_code == 200
    settle(canvas)
    batch = canvas.get(f"{IMPORTS}/1", "tok-admin")
    assert batch["processing_warnings"] == [["sis_import.xml", "Skipping unknown file type"]]


@fact("rest 6.1", "An import to a sub-account is refused with 400 before anything else is looked at.")
@fact("rest 6.1", "An account with imports switched off answers 403 of its own.")
@fact("rest 6.1", "Importing needs import_sis, which only the root account gives.")
@fact("rest 6.1", "The same guards stand before reading.", uncertain="seen as a filter before all actions")
def test_the_guards_stand_in_their_order(sandbox: Sandbox) -> None:
    world = school()
    world["accounts"][2]["allow_sis_import"] = False
    world["admins"].append({"user_id": 50, "account_id": 1, "permissions": ["manage_sis"]})
    sandbox.use(world)
    roots_only = (400, {"errors": ["SIS imports can only be executed on root accounts"]})
    disabled = (403, {"errors": ["SIS imports are not enabled for this account"]})
    assert refused(sandbox, "/accounts/2/sis_imports", "tok-mia", import_type="x") == roots_only
    assert refused(sandbox, "/accounts/3/sis_imports", "tok-mia", import_type="x") == disabled
    assert refused(sandbox, "/accounts/99/sis_imports")[0] == 404
    for token in ("tok-mia", "tok-subadmin", "tok-nobody"):
        assert refused(sandbox, IMPORTS, token, import_type="x")[0] == 403
    assert sandbox.api("POST", IMPORTS).status_code == 401
    for path in ("sis_imports", "sis_imports/importing", "sis_import_errors"):
        assert sandbox.api("GET", f"/accounts/2/{path}", "tok-admin").status_code == 400
        assert sandbox.api("GET", f"/accounts/1/{path}", "tok-mia").status_code == 403


@fact("rest 6.1", "An import_type that Canvas does not know ends in its 500.")
def test_an_unknown_import_type_breaks_canvas(canvas: Sandbox) -> None:
    status, body = refused(canvas, import_type="ims_xml")
    assert (status, body["errors"][0]["error_code"]) == (500, "internal_server_error")


@fact("rest 6.1", "Without a file the answer is 400, Missing attachment.", uncertain="for an empty raw body")
def test_a_missing_file_is_refused(canvas: Sandbox) -> None:
    missing = (400, {"error": True, "error_message": "Missing attachment"})
    for answer in (
        canvas.api("POST", IMPORTS, "tok-admin", files={"other": ("x.csv", "x")}),
        canvas.api("POST", IMPORTS, "tok-admin", files={"attachment": (None, "text")}),
        raw(canvas, "", "text/csv"),
    ):
        assert (answer.status_code, answer.json()) == missing


@fact("rest 6.1", "A raw body in another character set than UTF-8 is refused.")
def test_a_raw_body_must_be_utf8(canvas: Sandbox) -> None:
    answer = raw(canvas, OBSERVERS, "text/csv; charset=iso-8859-1")
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid content type, UTF-8 required"})


@fact("rest 6.1", "batch_mode needs the id of a term of the account.")
@fact("rest 6.1", "multi_term_batch_mode needs a change_threshold.")
@fact("rest 6.1", "The statuses for diffing and for batch mode must be among the few there are.")
def test_wrong_options_are_refused(canvas: Sandbox) -> None:
    no_term = {"message": "Batch mode specified, but the given batch_mode_term_id cannot be found."}
    assert refused(canvas, batch_mode="true") == (400, no_term)
    assert refused(canvas, batch_mode="true", batch_mode_term_id="99") == (400, no_term)
    threshold = {"message": "change_threshold is required to use multi term_batch mode."}
    assert refused(canvas, batch_mode="true", multi_term_batch_mode="true") == (400, threshold)
    for name in DROPS:
        assert refused(canvas, **{name: "gone"}) == (400, {"message": f"Invalid {name}"})
    for name, allowed in zip(DROPS, ("inactive", "suspended", "completed"), strict=True):
        assert refused(canvas, **{name: allowed})[0] == 200
    assert refused(canvas, diffing_user_remove_status="completed")[0] == 400


@fact("rest 6.1", "Every documented option is kept and shown; batch_mode_enrollment_drop_status is not.")
@fact("rest 6.1", "Diffing is asked for by an identifier.", uncertain="here it is kept and does nothing")
def test_every_option_is_kept_and_shown(canvas: Sandbox) -> None:
    settle(canvas, hold=True)
    flags = ("batch_mode", "multi_term_batch_mode", "override_sis_stickiness", "add_sis_stickiness")
    more = ("clear_sis_stickiness", "update_sis_id_if_login_claimed", "skip_deletes")
    texts = {
        "diffing_data_set_identifier": "students",
        "diffing_drop_status": "inactive",
        "diffing_user_remove_status": "suspended",
    }
    numbers = {"change_threshold": 10, "diff_row_count_threshold": 500, "batch_mode_term_id": 1}
    asked = dict.fromkeys((*flags, *more), "true") | texts | {key: str(each) for key, each in numbers.items()}
    asked |= {"diffing_remaster_data_set": "1", "batch_mode_enrollment_drop_status": "completed"}
    batch = send(canvas, OBSERVERS, **asked)
    shown = dict.fromkeys((*flags, *more, "diffing_remaster"), True) | texts | numbers
    assert {name: batch[name] for name in shown} == shown
    assert "batch_mode_enrollment_drop_status" not in batch
    kept = canvas.state()["sis_imports"][0]["options"]
    assert kept["batch_mode_enrollment_drop_status"] == "completed"
    canvas.use(canvas.state())
    assert canvas.get(f"{IMPORTS}/{batch['id']}", "tok-admin") == batch


@fact("rest 7", "Every SIS import address has a scope of its own.")
def test_a_scoped_token_needs_the_scope_of_each_address(sandbox: Sandbox) -> None:
    world = school()
    path = "/api/v1/accounts/:account_id/sis_imports"
    scopes = [f"url:POST|{path}", f"url:GET|{path}/:id/errors"]
    world["developer_keys"] = [{"client_id": "1", "client_secret": "s", "scopes": scopes}]
    world["access_tokens"] = [{"token": "scoped", "user_id": 40, "client_id": "1", "scopes": scopes}]
    sandbox.use(world)
    send(sandbox, OBSERVERS, token="scoped")
    assert sandbox.api("GET", f"{IMPORTS}/1/errors", "scoped").status_code == 200
    for address in (IMPORTS, f"{IMPORTS}/1", f"{IMPORTS}/importing", "/accounts/1/sis_import_errors"):
        assert sandbox.api("GET", address, "scoped").status_code == 401
