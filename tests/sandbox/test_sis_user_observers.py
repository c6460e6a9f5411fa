"""user_observers.csv: every row message and everything a row does."""

import pytest

from tests.facts import fact
from tests.sandbox.importing import csv, imported, said, school
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import BOTH_PARENT, MIA, PARENT, A, B

HEADER = "observer_id,student_id,status"
LINKED = [(A, "Observer", MIA, "active"), (B, "Observer", MIA, "active"), (1010, "Observer", MIA, "active")]


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    sandbox.use(school())
    return sandbox


MESSAGES = [
    ("", "sis-mia", "active", "No observer_id given for a user observer"),
    ("", "", "", "No observer_id given for a user observer"),
    ("sis-parent", "", "nonsense", "No user_id given for a user observer"),
    ("nobody", "nobody", "nonsense", "Can't observe yourself user nobody"),
    ("nobody", "nothing", "nonsense", 'Improper status "nonsense" for a user_observer'),
    ("nobody", "nothing", "actively", 'Improper status "actively" for a user_observer'),
    ("nobody", "nothing", "", 'Improper status "" for a user_observer'),
    ("nobody", "nothing", "active", "An observer referenced a non-existent user nobody"),
    ("sis-parent", "nothing", "active", "A student referenced a non-existent user nothing"),
    ("sis-parent", "nothing", "deleted", "A student referenced a non-existent user nothing"),
    ("sis-parent", "second-parent", "active", "Can't observe yourself user second-parent"),
    (
        "sis-parent",
        "sis-mia",
        "deleted",
        "Can't delete a non-existent observer for observer: sis-parent, student: sis-mia",
    ),
]


@fact("rest 6.3", "Columns are observer_id, student_id and status; all three are required.")
@fact(
    "rest 6.3", "Row errors come in a fixed order: observer, student, oneself, status, then who is unknown."
)
@fact("rest 6.3", "Two SIS ids of one person are the same person.")
@fact("rest 6.3", "Deleting a link that is not there is an error, and so is deleting one twice.")
@fact("rest 6.1", "Rows that are wrong only give imported_with_messages.")
def test_every_wrong_row_of_user_observers_gets_its_message(sandbox: Sandbox) -> None:
    world = school()
    parent = next(user for user in world["users"] if user["id"] == PARENT)
    parent["logins"].append({"account_id": 1, "unique_id": "parent2", "sis_user_id": "second-parent"})
    sandbox.use(world)
    rows = [",".join(columns) for *columns, _ in MESSAGES]
    batch = imported(sandbox, csv(HEADER, *rows), "user_observers.csv")
    assert said(batch) == [message for *_, message in MESSAGES]
    assert batch["workflow_state"] == "imported_with_messages"
    assert batch["data"]["counts"]["user_observers"] == 0
    assert batch["data"]["counts"]["warning_count"] == len(MESSAGES)
    assert sandbox.state()["observation_links"] == []


@fact("rest 6.3", "An active row links two people by their SIS ids and enrolls the observer.")
@fact("rest 6.3", "The status ignores case.")
@fact("rest 6.3", "Rows that worked are counted in data.counts.user_observers.")
def test_an_active_row_links_and_enrolls(canvas: Sandbox) -> None:
    batch = imported(canvas, csv(HEADER, "sis-parent,sis-mia,ACTIVE", "sis-parent,sis-nils,Active"))
    assert batch["workflow_state"] == "imported"
    assert batch["data"]["counts"]["user_observers"] == 2
    assert canvas.enrollments(PARENT) == [*LINKED, (B, "Observer", 12, "active")]
    assert [student["id"] for student in canvas.get(f"/users/{PARENT}/observees", "tok-admin")] == [12, MIA]


@fact("rest 6.3", "An active row heals the enrollments of a link that was there already, unlike PUT.")
def test_an_active_row_heals_what_put_does_not(canvas: Sandbox) -> None:
    row = csv(HEADER, "sis-parent,sis-mia,active")
    imported(canvas, row)
    state = canvas.state()
    for enrollment in state["enrollments"]:
        if enrollment["user_id"] == PARENT:
            enrollment["state"] = "deleted"
    canvas.use(state)
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert {row[3] for row in canvas.enrollments(PARENT)} == {"deleted"}
    imported(canvas, row)
    assert canvas.enrollments(PARENT) == LINKED


@fact("rest 6.3", "A deleted row does what DELETE does: the link and its enrollments go.")
@fact("rest 6.3", "Only active links are searched, so deleting twice is an error the second time.")
def test_a_deleted_row_unlinks_once(canvas: Sandbox) -> None:
    imported(canvas, csv(HEADER, "sis-parent,sis-mia,active"))
    gone = csv(HEADER, "sis-parent,sis-mia,deleted")
    assert imported(canvas, gone)["data"]["counts"]["user_observers"] == 1
    assert canvas.get(f"/users/{PARENT}/observees", "tok-admin") == []
    assert {row[3] for row in canvas.enrollments(PARENT)} == {"deleted"}
    again = imported(canvas, gone)
    assert said(again) == ["Can't delete a non-existent observer for observer: sis-parent, student: sis-mia"]
    imported(canvas, csv(HEADER, "sis-parent,sis-mia,active"))
    assert canvas.enrollments(PARENT) == LINKED


@fact("rest 6.3", "With skip_deletes a deleted row is left out without a word or a count.")
@fact("rest 6.1", "skip_deletes is shown on the import.")
def test_skip_deletes_leaves_links_alone(canvas: Sandbox) -> None:
    imported(canvas, csv(HEADER, "sis-parent,sis-mia,active"))
    gone = csv(HEADER, "sis-parent,sis-mia,deleted", "nobody,nothing,deleted")
    batch = imported(canvas, gone, skip_deletes="true")
    assert batch["workflow_state"] == "imported"
    assert batch["skip_deletes"] is True
    assert batch["data"]["counts"]["user_observers"] == 0
    assert canvas.enrollments(PARENT) == LINKED


@fact("rest 6.3", "People are looked up among the undeleted logins of the root account.")
def test_only_people_of_the_account_are_found(canvas: Sandbox) -> None:
    deleted = csv("user_id,login_id,status", "sis-nils,nils,deleted")
    imported(canvas, deleted)
    rows = ("sis-parent,sis-far,active", "sis-parent,sis-nils,active", "sis-bothparent,sis-both,active")
    batch = imported(canvas, csv(HEADER, *rows))
    assert said(batch) == [
        "A student referenced a non-existent user sis-far",
        "A student referenced a non-existent user sis-nils",
    ]
    links = canvas.state()["observation_links"]
    assert [(link["observer_id"], link["root_account_id"]) for link in links] == [(BOTH_PARENT, 1)]


@fact("rest 6.3", "An account may have the notifications of observers switched off as they are linked.")
def test_an_account_may_silence_observers(sandbox: Sandbox) -> None:
    world = school()
    world["accounts"][0]["default_notifications_disabled_for_observers"] = True
    sandbox.use(world)
    imported(sandbox, csv(HEADER, "sis-parent,sis-mia,active"))
    users = sandbox.state()["users"]
    assert [user["id"] for user in users if user["default_notifications_disabled"]] == [PARENT]


@fact("rest 6.3", "Links are no part of what batch mode cleans up.")
def test_batch_mode_leaves_links_alone(canvas: Sandbox) -> None:
    imported(canvas, csv(HEADER, "sis-parent,sis-mia,active"))
    other = csv(HEADER, "sis-parent,sis-nils,active")
    imported(canvas, other, batch_mode="1", batch_mode_term_id="1")
    assert {link["state"] for link in canvas.state()["observation_links"]} == {"active"}
