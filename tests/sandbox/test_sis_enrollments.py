"""enrollments.csv: every row message and everything a row does."""

import pytest

from tests.facts import fact
from tests.sandbox.importing import IMPORTS, csv, imported, said, school
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import BOTH, DRAFT, FAR, MATHS, MIA, NILS, PARENT, TA, A, B

HEADER = "course_id,section_id,user_id,role,status,associated_user_id"
MESSAGES = [
    (",,sis-mia,student,active,", "No course_id or section_id given for an enrollment"),
    ("maths,,,student,active,", "No user_id given for an enrollment"),
    ("maths,,sis-mia,student,gone,", 'Improper status "gone" for an enrollment'),
    (
        "maths,maths-a,nobody,student,active,",
        "User not found for enrollment (User ID: nobody, Course ID: maths, Section ID: maths-a)",
    ),
    (
        "x,y,sis-mia,student,active,",
        "Neither course nor section existed for user enrollment"
        " (Course ID: x, Section ID: y, User ID: sis-mia)",
    ),
    ("maths,y,sis-mia,student,active,", "An enrollment referenced a non-existent section y"),
    ("x,maths-a,sis-mia,student,active,", "An enrollment referenced a non-existent course x"),
    (
        "draft,maths-a,sis-mia,student,active,",
        "An enrollment listed a section (maths-a) and a course (draft) that are unrelated for user (sis-mia)",
    ),
    ("maths,,sis-mia,wizard,active,", 'Improper role "wizard" for an enrollment'),
    ("maths,,sis-parent,observer,active,who", "An enrollment referenced a non-existent associated user who"),
    (
        "maths,,sis-parent,observer,active,sis-parent",
        "An enrollment did not pass validation (course: maths, section: , user: sis-parent, role: observer,"
        " error: Cannot observe yourself)",
    ),
]


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    sandbox.use(school())
    return sandbox


@fact("rest 6.4", "A row that names no place, person, status or role that exists gets a message of its own.")
def test_every_wrong_row_of_enrollments_gets_its_message(canvas: Sandbox) -> None:
    before = canvas.state()["enrollments"]
    batch = imported(canvas, csv(HEADER, *(row for row, _ in MESSAGES)))
    assert said(batch) == [message for _, message in MESSAGES]
    assert batch["data"]["counts"]["enrollments"] == 0
    assert canvas.state()["enrollments"] == before


@fact("rest 6.4", "An observer is enrolled with the person they observe; nothing asks if that one is there.")
@fact("rest 6.4", "Without a section the course's default section is meant; without a course the section's.")
@fact("rest 6.4", "Rows that worked are counted in data.counts.enrollments.")
def test_an_observer_is_enrolled_with_anybody(canvas: Sandbox) -> None:
    rows = ("maths,,sis-parent,observer,active,sis-ta", ",maths-b,sis-parent,Observer,ACTIVE,sis-mia")
    batch = imported(canvas, csv(HEADER, *rows))
    assert batch["data"]["counts"]["enrollments"] == 2
    assert canvas.enrollments(PARENT) == [(A, "Observer", TA, "active"), (B, "Observer", MIA, "active")]


@fact("rest 6.4", "associated_user_id is ignored for every role but an observer's.")
def test_an_associated_user_counts_for_observers_only(canvas: Sandbox) -> None:
    batch = imported(
        canvas, csv(HEADER, "maths,,sis-nobody,ta,active,who", "maths,,sis-parent,ta,active,who")
    )
    assert said(batch)[0].startswith("User not found")
    assert canvas.enrollments(PARENT) == [(A, "Ta", None, "active")]


@fact("rest 6.4", "A row is known by section, user, type, associated user and role, so another one is added.")
@fact("rest 6.4", "To remove an observer's row the same associated_user_id must be repeated.")
def test_an_associated_user_is_part_of_what_a_row_is(canvas: Sandbox) -> None:
    rows = [f"maths,maths-a,sis-parent,observer,active,{who}" for who in ("sis-mia", "sis-nils", "")]
    imported(canvas, csv(HEADER, *rows, *rows))
    observed = [(A, "Observer", who, "active") for who in (MIA, NILS, None)]
    assert canvas.enrollments(PARENT) == observed
    imported(canvas, csv(HEADER, "maths,maths-a,sis-parent,observer,deleted,sis-nils"))
    states = [state for *_, state in canvas.enrollments(PARENT)]
    assert states == ["active", "deleted", "active"]


@pytest.mark.parametrize("status", ["active", "completed", "inactive", "deleted"])
@fact("rest 6.4", "A status is active, completed, inactive, deleted or deleted_last_completed.")
@fact("rest 6.4", "A row changes an enrollment that is there already, an active one too.")
@fact("rest 1.9", "A state that a SIS row gives a student is taken over by the linked observers.")
def test_a_row_sets_the_state_of_an_enrollment_and_its_observers(canvas: Sandbox, status: str) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    imported(canvas, csv(HEADER, f"maths,maths-b,sis-nils,student,{status},"))
    assert canvas.enrollments(NILS) == [(B, "Student", None, status)]
    assert canvas.enrollments(PARENT) == [(B, "Observer", NILS, status)]


@fact(
    "rest 6.4",
    "deleted_last_completed deletes a row unless it is the last in its course: that one is concluded.",
    uncertain="which of the two happens when",
)
def test_the_last_row_of_a_course_is_concluded(canvas: Sandbox) -> None:
    gone = "maths,{},sis-mia,student,deleted_last_completed,"
    imported(canvas, csv(HEADER, gone.format("maths-a"), gone.format("maths-b")))
    assert canvas.enrollments(MIA)[:2] == [(A, "Student", None, "deleted"), (B, "Student", None, "completed")]


@fact("rest 6.4", "A student enrolled by a row brings their linked observers along.")
@fact("rest 6.4", "A linked observer's row takes over a sis_batch_id only if it has one already.")
def test_a_student_brings_linked_observers(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    imported(canvas, csv(HEADER, "maths,maths-a,sis-nils,student,active,"))
    assert canvas.enrollments(PARENT) == [(B, "Observer", NILS, "active"), (A, "Observer", NILS, "active")]
    imported(canvas, csv(HEADER, "maths,maths-b,sis-parent,observer,active,sis-nils"))
    imported(canvas, csv(HEADER, *(f"maths,maths-{each},sis-nils,student,completed," for each in "ab")))
    rows = [row for row in canvas.state()["enrollments"] if row["user_id"] == PARENT]
    found = {(row["section_id"], row["state"], row["sis_batch_id"]) for row in rows}
    assert found == {(A, "completed", None), (B, "completed", 3)}


@fact("rest 1.9", "A row that changes nothing of a student leaves the linked observers' rows alone.")
def test_a_nightly_repeat_leaves_observers_alone(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    row = canvas.get(f"/courses/{MATHS}/enrollments", "tok-admin", user_id=PARENT)[0]["id"]
    canvas.delete(f"/courses/{MATHS}/enrollments/{row}", "tok-admin", task="conclude")
    imported(canvas, csv(HEADER, "maths,maths-b,sis-nils,student,active,"))
    assert canvas.enrollments(PARENT) == [(B, "Observer", NILS, "completed")]


@fact("rest 6.4", "Dates act only when both are given; limit_section_privileges is taken when it is there.")
@fact(
    "rest 6.4",
    "A date that cannot be read gets a message.",
    uncertain="whether the row goes on without dates, as here",
)
def test_dates_and_limits_are_taken(canvas: Sandbox) -> None:
    header = "section_id,user_id,role,status,start_date,end_date,limit_section_privileges"
    both = "maths-a,sis-nobody,student,active,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,"
    rows = (
        both.replace("sis-nobody", "sis-nils") + "true",
        "maths-b,sis-nils,student,active,2026-09-01T00:00:00Z,,",
        "maths-a,sis-parent,observer,active,soon,2026-10-01T00:00:00Z,",
    )
    batch = imported(canvas, csv(header, *rows))
    assert said(batch) == ["Bad date format for user sis-parent in section maths-a"]
    assert batch["data"]["counts"]["enrollments"] == 3
    found = {(row["user_id"], row["section_id"]): row for row in canvas.state()["enrollments"]}
    dated, half, undated = found[NILS, A], found[NILS, B], found[PARENT, A]
    assert (dated["start_at"], dated["end_at"]) == ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z")
    assert dated["limit_to_section"] is True
    assert (half["start_at"], half["limit_to_section"], undated["start_at"]) == (None, False, None)
    named = csv("course_id,user_id,role,status,start_date", "maths,sis-nils,student,active,soon")
    assert said(imported(canvas, named)) == ["Bad date format for user sis-nils in course maths"]


@fact("rest 6.4", "A custom role is named in every letter, or by role_id; a built-in one in any case.")
def test_custom_roles_are_named_exactly(sandbox: Sandbox) -> None:
    role = {"id": 90, "account_id": 1, "label": "Mentor", "base_role_type": "ObserverEnrollment"}
    sandbox.use(school() | {"roles": [role]})
    header = "course_id,user_id,role,role_id,status,associated_user_id"
    rows = (
        "maths,sis-parent,Mentor,,active,sis-mia",
        "maths,sis-parent,mentor,,active,sis-mia",
        "maths,sis-parent,,90,active,sis-nils",
        "maths,sis-parent,,7,active,sis-mia",
    )
    batch = imported(sandbox, csv(header, *rows))
    assert said(batch) == ['Improper role "mentor" for an enrollment']
    found = [row for row in sandbox.state()["enrollments"] if row["user_id"] == PARENT]
    assert [(row["type"], row["role_id"], row["associated_user_id"]) for row in found] == [
        ("ObserverEnrollment", 90, MIA),
        ("ObserverEnrollment", 90, NILS),
        ("ObserverEnrollment", None, MIA),
    ]


@fact("rest 6.4", "A person may be named by user_integration_id in place of user_id.")
def test_an_integration_id_names_a_person(canvas: Sandbox) -> None:
    imported(canvas, csv("user_id,login_id,status,integration_id", "sis-parent,parent,active,int-1"))
    imported(canvas, csv("course_id,user_integration_id,role,status", "maths,int-1,observer,active"))
    assert canvas.enrollments(PARENT) == [(A, "Observer", None, "active")]


@fact("rest 6.4", "root_account names another account's person, who needs a usable login here.")
def test_a_person_of_another_account_needs_a_login_here(canvas: Sandbox) -> None:
    header = "course_id,user_id,role,status,root_account"
    rows = [f"maths,sis-{who},student,active,127.0.0.1" for who in ("far", "both")]
    batch = imported(canvas, csv(header, *rows))
    assert said(batch) == ["User 127.0.0.1:sis-far does not have a usable login for this account"]
    assert (A, "Student", None, "active") in canvas.enrollments(BOTH)
    assert all(section not in (A, B) for section, *_ in canvas.enrollments(FAR))


@fact("rest 6.4", "Students and observers are not enrolled in a blueprint course.")
def test_a_blueprint_course_takes_no_students_or_observers(sandbox: Sandbox) -> None:
    world = school()
    world["courses"][0]["blueprint"] = True
    sandbox.use(world)
    rows = [f"maths,,sis-parent,{role},active," for role in ("student", "observer", "ta")]
    assert said(imported(sandbox, csv(HEADER, *rows))) == [
        'Student enrollment for "sis-parent" not allowed in blueprint course "maths"',
        'Observer enrollment for "sis-parent" not allowed in blueprint course "maths"',
    ]
    assert [kind for _, kind, *_ in sandbox.enrollments(PARENT)] == ["Ta"]


@fact("rest 6.4", "A temporary enrollment's source must exist.")
def test_a_temporary_enrollment_needs_its_source(canvas: Sandbox) -> None:
    header = "course_id,user_id,role,status,temporary_enrollment_source_user_id"
    batch = imported(canvas, csv(header, "maths,sis-parent,ta,active,who"))
    assert said(batch) == ["An enrollment referenced a non-existent temporary enrollment source user who"]


@fact("rest 6.4", "A deleted login takes its person out, unless they have another login in the account.")
def test_a_deleted_login_enrolls_nobody_without_another(sandbox: Sandbox) -> None:
    world = school()
    parent = next(user for user in world["users"] if user["id"] == PARENT)
    parent["logins"].append({"account_id": 1, "unique_id": "parent2"})
    sandbox.use(world)
    imported(sandbox, csv("user_id,login_id,status", "sis-parent,parent,deleted", "sis-nils,nils,deleted"))
    rows = [f"maths,maths-a,{who},student,active," for who in ("sis-parent", "sis-nils")]
    batch = imported(sandbox, csv(HEADER, *rows))
    assert said(batch) == [
        "Enrolled a user sis-parent in course maths, but referenced a deleted sis login",
        "Attempted enrolling with deleted sis login nils in course maths",
    ]
    assert batch["data"]["counts"]["enrollments"] == 1
    assert sandbox.enrollments(PARENT) == [(A, "Student", None, "active")]


@fact("rest 6.4", "A deleted person is not enrolled.")
def test_a_deleted_person_is_not_enrolled(sandbox: Sandbox) -> None:
    world = school()
    parent = next(user for user in world["users"] if user["id"] == PARENT)
    parent["workflow_state"] = parent["logins"][0]["workflow_state"] = "deleted"
    sandbox.use(world)
    batch = imported(sandbox, csv(HEADER, "maths,,sis-parent,observer,active,sis-mia"))
    assert said(batch) == ["Attempted enrolling of deleted user sis-parent in course maths"]
    assert sandbox.enrollments(PARENT) == []


@fact("rest 8", "An imported enrollment shows its import to whoever manages SIS data.")
def test_an_imported_enrollment_shows_its_import(canvas: Sandbox) -> None:
    batch = imported(canvas, csv(HEADER, "draft,,sis-parent,observer,active,sis-mia"))
    rows = canvas.get(f"/courses/{DRAFT}/enrollments", "tok-admin", user_id=PARENT)
    assert [row["sis_import_id"] for row in rows] == [batch["id"]]
    assert canvas.get(f"/courses/{MATHS}/enrollments", "tok-admin", user_id=MIA)[0]["sis_import_id"] is None


@fact("rest 6.4", "With skip_deletes a row that deletes is left out.")
def test_skip_deletes_keeps_enrollments(canvas: Sandbox) -> None:
    batch = imported(canvas, csv(HEADER, "maths,maths-b,sis-nils,student,deleted,"), skip_deletes="1")
    assert canvas.enrollments(NILS) == [(B, "Student", None, "active")]
    assert canvas.get(f"{IMPORTS}/{batch['id']}", "tok-admin")["workflow_state"] == "imported"


@fact(
    "rest 6.4",
    "Batch mode removes what earlier imports enrolled in the term and this one does not name.",
    uncertain="only what the documentation says of it is done here",
)
def test_batch_mode_removes_what_is_not_named(canvas: Sandbox) -> None:
    row = "maths,maths-a,{},student,active,"
    imported(canvas, csv(HEADER, row.format("sis-parent"), row.format("sis-nils")))
    settled = csv(HEADER, row.format("sis-parent"))
    term = {"batch_mode": "1", "batch_mode_term_id": "1"}
    stopped = imported(canvas, settled, **term, change_threshold="1")
    assert stopped["workflow_state"] == "aborted"
    batch = imported(canvas, settled, **term, batch_mode_enrollment_drop_status="inactive")
    assert (batch["batch_mode"], batch["batch_mode_term_id"]) == (True, 1)
    assert canvas.enrollments(PARENT) == [(A, "Student", None, "active")]
    assert canvas.enrollments(NILS) == [(B, "Student", None, "active"), (A, "Student", None, "inactive")]
