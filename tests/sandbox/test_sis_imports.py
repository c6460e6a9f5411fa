"""The SIS Imports API: states, messages, files, ends and restores."""

from typing import Any

import pytest

from tests.facts import fact
from tests.sandbox.importing import IMPORTS, csv, imported, school, send, settle, zipped
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import MIA, NILS, A, B

OBSERVERS = csv("observer_id,student_id,status", "sis-parent,sis-mia,active")
BAD = "observer_id,student_id,status"


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    sandbox.use(school())
    return sandbox


def state(canvas: Sandbox, batch_id: int) -> str:
    found: str = canvas.get(f"{IMPORTS}/{batch_id}", "tok-admin")["workflow_state"]
    return found


@fact("rest 8", "A finished import has progress 100, its times, counts per importer, statistics and files.")
@fact("rest 8", "Imports of at most 50 rows run in one go.")
@fact("rest 6.1", "Statistics count links as UserObserver.")
@fact("rest 6.1", "processing_warnings and processing_errors are absent when there are none.")
def test_a_finished_import_tells_what_it_did(canvas: Sandbox) -> None:
    batch = imported(canvas, OBSERVERS)
    assert (batch["progress"], batch["workflow_state"]) == (100, "imported")
    assert batch["started_at"] <= batch["ended_at"] == batch["updated_at"]
    data = batch["data"]
    assert list(data["counts"]) == [
        *(
            "change_sis_ids",
            "accounts",
            "terms",
            "abstract_courses",
            "courses",
            "sections",
            "xlists",
            "users",
        ),
        *("enrollments", "admins", "group_categories", "groups", "group_memberships"),
        *("grade_publishing_results", "user_observers", "error_count", "warning_count"),
    ]
    assert {name for name, count in data["counts"].items() if count} == {"user_observers"}
    assert (data["supplied_batches"], data["completed_importers"]) == (["user_observer"], ["user_observer"])
    assert data["running_immediately"] is True
    assert data["downloadable_attachment_ids"] == [each["id"] for each in batch["csv_attachments"]]
    assert data["statistics"]["UserObserver"] == {
        "created": 1,
        "concluded": 0,
        "deactivated": 0,
        "restored": 0,
        "deleted": 0,
    }
    assert {"processing_warnings", "processing_errors", "errors_attachment"}.isdisjoint(batch)
    many = csv(BAD, *["sis-parent,sis-mia,active"] * 51)
    assert imported(canvas, many)["data"]["running_immediately"] is False


@fact("rest 6.1", "An import goes from created by importing to its end, with its progress on the way.")
@fact("rest 6.1", "An account works on one import at a time, in the order in which they came.")
@fact("rest 6.1", "importing lists the import that is being worked on.")
def test_imports_are_worked_on_one_by_one(canvas: Sandbox) -> None:
    settle(canvas, hold=True)
    rows = csv(BAD, *["sis-parent,sis-mia,active"] * 4)
    first, second = send(canvas, rows)["id"], send(canvas, OBSERVERS)["id"]
    assert (state(canvas, first), state(canvas, second)) == ("created", "created")
    assert canvas.get(f"{IMPORTS}/importing", "tok-admin") == {"sis_imports": []}
    settle(canvas, hold=False, hold_after=3)
    batch = canvas.get(f"{IMPORTS}/{first}", "tok-admin")
    assert (batch["workflow_state"], batch["progress"], batch["ended_at"]) == ("importing", 75, None)
    assert batch["started_at"] is not None
    assert state(canvas, second) == "created"
    assert canvas.get(f"{IMPORTS}/importing", "tok-admin") == {"sis_imports": [batch]}
    settle(canvas, hold_after=None)
    assert (state(canvas, first), state(canvas, second)) == ("imported", "imported")


@fact("rest 6.1", "The list is newest first, by states and times of making, and has no last page.")
def test_imports_are_listed_newest_first(canvas: Sandbox) -> None:
    for content in (OBSERVERS, csv(BAD, ",,"), "a,b\n"):
        imported(canvas, content)
        canvas.advance(3600)
    answer = canvas.api("GET", IMPORTS, "tok-admin", params={"per_page": 2})
    batches = answer.json()["sis_imports"]
    assert [batch["id"] for batch in batches] == [3, 2]
    assert 'rel="next"' in answer.headers["link"]
    assert 'rel="last"' not in answer.headers["link"]

    def listed(**params: Any) -> list[int]:
        found = canvas.get(IMPORTS, "tok-admin", **params)["sis_imports"]
        return [batch["id"] for batch in found]

    assert listed(created_since=batches[1]["created_at"]) == [3, 2]
    assert listed(created_before=batches[1]["created_at"]) == [1]
    assert listed(**{"workflow_state[]": ["imported", "failed_with_messages"]}) == [3, 1]
    assert listed(**{"workflow_state[]": ["aborted"]}) == []


@fact("rest 6.1", "manage_sis is enough for reading; an import of another account is not found.")
def test_imports_are_read_with_either_right(sandbox: Sandbox) -> None:
    world = school()
    world["admins"].append({"user_id": 50, "account_id": 1, "permissions": ["manage_sis"]})
    sandbox.use(world)
    imported(sandbox, OBSERVERS)
    for token, status in (("tok-nobody", 200), ("tok-mia", 403), ("tok-subadmin", 403)):
        assert sandbox.api("GET", f"{IMPORTS}/1", token).status_code == status
        assert sandbox.api("GET", f"{IMPORTS}/1/errors", token).status_code == status
    assert sandbox.api("GET", f"{IMPORTS}/2", "tok-admin").status_code == 404
    assert sandbox.api("GET", f"{IMPORTS}/x", "tok-admin").status_code == 404
    assert sandbox.api("GET", "/accounts/3/sis_imports/1", "tok-faradmin").status_code == 404


@fact("rest 6.1", "At most 24 messages of each kind are shown, and one more says how many are not.")
@fact("rest 6.1", "The error file has every message: sis_import_id, file, message and row.")
@fact("rest 6.1", "A row's number counts the header as 1.")
def test_the_error_file_has_every_message(canvas: Sandbox) -> None:
    batch = imported(canvas, csv(BAD, *["sis-parent,nobody,active"] * 30), "user_observers.csv")
    warnings = batch["processing_warnings"]
    message = "A student referenced a non-existent user nobody"
    assert warnings[:24] == [["user_observers.csv", message]] * 24
    assert warnings[24:] == [
        ["and 6 more warnings that were not included", "Download the error file to see all warnings."]
    ]
    file = batch["errors_attachment"]
    content = canvas.http.get(file["url"]).text
    lines = content.splitlines()
    assert lines[0] == "sis_import_id,file,message,row"
    assert lines[1:] == [f"1,user_observers.csv,{message},{row}" for row in range(2, 32)]
    assert (file["size"], file["content-type"]) == (len(content), "text/csv")
    exactly = imported(canvas, csv(BAD, *["sis-parent,nobody,active"] * 24))
    assert len(exactly["processing_warnings"]) == 24
    broken = imported(canvas, zipped(**{f"{number}.csv": "a,b\n" for number in range(26)}), "x.zip")
    assert broken["processing_errors"][24:] == [
        ["and 2 more errors that were not included", "Download the error file to see all errors."]
    ]


@fact("rest 8", "Files of an import can be had by their address alone.", uncertain="the form of the address")
def test_files_open_by_address_token_or_session(canvas: Sandbox) -> None:
    batch = imported(canvas, zipped(**{"deep/rows.csv": OBSERVERS, "other": "a,b\n"}), "x.zip")
    file = batch["csv_attachments"][0]
    assert canvas.http.get(file["url"]).text == OBSERVERS
    bare = file["url"].partition("?")[0].removeprefix(canvas.url)
    assert canvas.call("GET", bare).status_code == 403
    assert canvas.call("GET", bare, "tok-mia").status_code == 403
    assert canvas.call("GET", bare, "tok-admin").text == OBSERVERS
    assert canvas.call("GET", bare.replace(f"/{file['id']}/", "/999/"), "tok-admin").status_code == 404
    canvas.call("POST", "/login/canvas", data={"user_id": 40})
    assert canvas.call("GET", bare).text == OBSERVERS


@fact("rest 6.1", "Messages are listed newest first, of one import or of all of the account.")
@fact("rest 6.1", "failure lists only what made an import fail.", uncertain="from the documentation")
@fact("rest 6.1", "Messages are kept for thirty days.")
def test_messages_are_listed_newest_first(canvas: Sandbox) -> None:
    imported(canvas, csv(BAD, ",,", "sis-parent,,"), "first.csv")
    imported(canvas, "a,b\n", "second.csv")
    no_headers = {
        "sis_import_id": 2,
        "file": "second.csv",
        "message": "Couldn't find Canvas CSV import headers",
        "row": None,
    }
    rows = [
        {
            "sis_import_id": 1,
            "file": "first.csv",
            "message": f"No {what} given for a user observer",
            "row": row,
        }
        for what, row in (("user_id", 3), ("observer_id", 2))
    ]
    every = "/accounts/1/sis_import_errors"
    assert canvas.get(every, "tok-admin") == {"sis_import_errors": [no_headers, *rows]}
    assert canvas.get(f"{IMPORTS}/1/errors", "tok-admin") == {"sis_import_errors": rows}
    assert canvas.get(every, "tok-admin", failure="true") == {"sis_import_errors": [no_headers]}
    paged = canvas.api("GET", every, "tok-admin", params={"per_page": 1, "page": 2})
    assert paged.json() == {"sis_import_errors": rows[:1]}
    canvas.advance(31 * 24 * 3600)
    assert canvas.get(every, "tok-admin") == {"sis_import_errors": []}


@fact(
    "rest 6.1",
    "abort ends an import that has not finished; a finished one is not found.",
    uncertain="the 404",
)
def test_an_import_can_be_ended(canvas: Sandbox) -> None:
    settle(canvas, hold_after=1)
    rows = csv(BAD, "sis-parent,sis-mia,active", "sis-parent,sis-nils,active")
    batch = send(canvas, rows)["id"]
    settle(canvas)
    assert state(canvas, batch) == "importing"
    assert canvas.put(f"{IMPORTS}/{batch}/abort", "tok-mia").status_code == 403
    answer = canvas.put(f"{IMPORTS}/{batch}/abort", "tok-admin")
    assert (answer.status_code, answer.json()["workflow_state"]) == (200, "aborted")
    settle(canvas, hold_after=None)
    assert state(canvas, batch) == "aborted"
    assert {link["student_id"] for link in canvas.state()["observation_links"]} == {MIA}
    assert canvas.put(f"{IMPORTS}/{batch}/abort", "tok-admin").status_code == 404
    assert imported(canvas, OBSERVERS)["workflow_state"] == "imported"


@fact("rest 6.1", "abort_all_pending ends what waits.", uncertain="that what is being worked on goes on")
def test_what_waits_can_be_ended_at_once(canvas: Sandbox) -> None:
    settle(canvas, hold_after=1)
    rows = csv(BAD, *["sis-parent,sis-mia,active"] * 2)
    batches = [send(canvas, rows)["id"] for _ in range(3)]
    settle(canvas)
    assert canvas.put(f"{IMPORTS}/abort_all_pending", "tok-mia").status_code == 403
    answer = canvas.put(f"{IMPORTS}/abort_all_pending", "tok-admin")
    assert (answer.status_code, answer.json()) == (200, {"aborted": True})
    settle(canvas, hold_after=None)
    assert [state(canvas, each) for each in batches] == ["imported", "aborted", "aborted"]


@fact("rest 6.1", "restore_states needs manage_sis and takes not both undelete_only and unconclude_only.")
@fact("rest 6.1", "It answers with a Progress.", uncertain="here the work is done before the answer")
@fact(
    "rest 6.1", "It brings back states from before the import, but no links.", uncertain="links are not named"
)
def test_an_import_can_be_undone(sandbox: Sandbox) -> None:
    world = school()
    world["admins"].append({"user_id": 50, "account_id": 1, "permissions": ["import_sis"]})
    sandbox.use(world)
    imported(sandbox, csv(BAD, "sis-parent,sis-nils,active"))
    rows = csv(
        "course_id,section_id,user_id,role,status",
        "maths,maths-b,sis-nils,student,deleted",
        "maths,maths-a,sis-mia,student,completed",
        "maths,maths-a,sis-nils,student,active",
    )
    links = csv(BAD, "sis-parent,sis-nils,deleted")
    batch = imported(sandbox, zipped(rows=rows, links=links), "x.zip")["id"]
    path = f"{IMPORTS}/{batch}/restore_states"
    assert sandbox.put(path, "tok-nobody").status_code == 403
    both = sandbox.put(path, "tok-admin", undelete_only="1", unconclude_only="1")
    assert both.status_code == 400
    assert sandbox.put(path, "tok-admin", undelete_only="true").status_code == 200
    assert state(sandbox, batch) == "partially_restored"
    assert sandbox.enrollments(NILS) == [(B, "Student", None, "active"), (A, "Student", None, "active")]
    assert sandbox.enrollments(MIA)[0] == (A, "Student", None, "completed")
    progress = sandbox.put(path, "tok-admin").json()
    assert (progress["tag"], progress["workflow_state"], progress["completion"]) == (
        "sis_batch_state_restore",
        "completed",
        100,
    )
    assert sandbox.get(f"/progress/{progress['id']}", "tok-admin") == progress
    assert sandbox.api("GET", "/progress/99", "tok-admin").status_code == 404
    assert state(sandbox, batch) == "restored"
    assert sandbox.enrollments(NILS) == [(B, "Student", None, "active"), (A, "Student", None, "deleted")]
    assert sandbox.enrollments(MIA)[0] == (A, "Student", None, "active")
    assert [link["state"] for link in sandbox.state()["observation_links"]] == ["deleted"]


@fact("rest 6.1", "A nightly file of many thousand rows is imported while everything else goes on.")
def test_many_thousand_rows_are_imported_in_the_background(canvas: Sandbox) -> None:
    rows = (f"s{number},login{number},active,Kid {number}" for number in range(20_000))
    send(canvas, csv("user_id,login_id,status,full_name", *rows))
    assert canvas.get("/users/self", "tok-mia")["id"] == MIA
    settle(canvas)
    batch = canvas.get(f"{IMPORTS}/1", "tok-admin")
    assert (batch["workflow_state"], batch["data"]["counts"]["users"]) == ("imported", 20_000)
