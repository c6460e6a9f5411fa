"""A Canvas client that somebody else wrote, canvasapi, drives the sandbox as it comes."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import (
    BadRequest,
    CanvasException,
    Forbidden,
    InvalidAccessToken,
    ResourceDoesNotExist,
    Unauthorized,
)

from tests.facts import fact
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import ADMIN, MATHS, MIA, NILS, PARENT, TEACHER, A, B

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly")  # it asks for https


def of(sandbox: Sandbox, who: str) -> Canvas:
    return Canvas(sandbox.url, f"tok-{who}")


def ids(found: Any) -> list[int]:
    return [one.id for one in found]


@fact("rest 1.6", "An admin links by id; the link brings an enrollment per section.")
@fact("rest 1.1", "Linked students are listed, one page after the other.")
@fact("rest 1.7", "An observer removes a student; the link and its enrollments go.")
def test_it_links_lists_and_unlinks(canvas: Sandbox) -> None:
    admin = of(canvas, "admin").get_user(PARENT)

    linked = admin.add_observee(MIA)
    admin.add_observee(NILS)

    assert linked.id == MIA
    parent = of(canvas, "parent").get_user("self")
    assert ids(parent.get_observees(per_page=1)) == [NILS, MIA]  # Another before Holm
    assert parent.show_observee(MIA).name == "Mia Holm"
    assert ids(of(canvas, "mia").get_user("self").get_observers()) == [PARENT]
    assert ids(parent.get_enrollments(type=["ObserverEnrollment"]))
    assert parent.remove_observee(MIA).id == MIA
    assert ids(parent.get_observees()) == [NILS]
    with pytest.raises(ResourceDoesNotExist):
        parent.show_observee(MIA)


@fact("rest 1.8", "A student makes a pairing code of six characters for themself.")
@fact("rest 1.3", "An observer uses it once.")
def test_it_makes_a_code_and_uses_it(canvas: Sandbox) -> None:
    code = of(canvas, "mia").get_user("self").create_pairing_code().code
    parent = of(canvas, "parent").get_user("self")

    student = parent.add_observee_with_credentials(pairing_code=code)

    assert (len(code), student.id) == (6, MIA)
    with pytest.raises(CanvasException, match="Invalid pairing code"):
        parent.add_observee_with_credentials(pairing_code=code)


@fact("rest 1.3", "The student's login and password prove the right to observe; a wrong password is a 401.")
def test_it_links_by_the_students_login(canvas: Sandbox) -> None:
    parent = of(canvas, "parent").get_user("self")

    student = parent.add_observee_with_credentials(observee={"unique_id": "mia", "password": "pw"})

    assert student.id == MIA
    with pytest.raises(Unauthorized, match="Invalid credentials"):
        parent.add_observee_with_credentials(observee={"unique_id": "nils", "password": "wrong"})


@fact("rest 1.6", "Not even the observer may link by id.")
def test_it_is_told_what_a_parent_may_not(canvas: Sandbox) -> None:
    with pytest.raises(Forbidden):
        of(canvas, "parent").get_user("self").add_observee(MIA)


@fact("rest 3.1", "An observer is enrolled in one section with the student they observe.")
@fact(
    "rest 3.3", "Conclude, inactivate and delete are tasks of one call; what is inactive can be made active."
)
def test_it_enrolls_an_observer_and_ends_it_in_every_way(canvas: Sandbox) -> None:
    course = of(canvas, "teacher").get_course(MATHS)
    wish = {
        "type": "ObserverEnrollment",
        "course_section_id": B,
        "associated_user_id": MIA,
        "enrollment_state": "active",
    }

    row = course.enroll_user(PARENT, enrollment=wish)

    assert (row.course_section_id, row.associated_user_id, row.enrollment_state) == (B, MIA, "active")
    assert row.deactivate("inactivate").enrollment_state == "inactive"
    assert row.reactivate().enrollment_state == "active"
    assert row.deactivate("conclude").enrollment_state == "completed"
    assert row.deactivate("delete").enrollment_state == "deleted"


@fact("rest 4.3", "A course's users are asked for by kind, with their enrollments.")
def test_it_reads_a_course(canvas: Sandbox) -> None:
    course = of(canvas, "teacher").get_course(MATHS)

    students = list(course.get_users(enrollment_type=["student"], include=["enrollments"]))

    assert ids(students) == [NILS, MIA]
    assert {row["course_section_id"] for row in students[1].enrollments} == {A, B}
    assert set(ids(course.get_sections())) == {A, B}


@fact(
    "rest 4.1", "An admin creates a user with a login and a SIS id; a login that is taken is refused by name."
)
def test_it_creates_users(canvas: Sandbox) -> None:
    account = of(canvas, "admin").get_account(1)
    login = {"unique_id": "new@home.test", "password": "long enough", "sis_user_id": "new-1"}

    made = account.create_user(login, user={"name": "New Parent", "skip_registration": True})

    assert (made.name, made.sis_user_id) == ("New Parent", "new-1")
    assert ids(account.get_users(search_term="New Parent")) == [made.id]
    with pytest.raises(BadRequest):
        account.create_user(login, user={"name": "New Parent"})


@fact("rest 5", "The canvas provider's self_registration is read and set by an admin.")
def test_it_reads_and_sets_self_registration(canvas: Sandbox) -> None:
    account = of(canvas, "admin").get_account(1)
    (provider,) = [one for one in account.get_authentication_providers() if one.auth_type == "canvas"]

    provider.update(self_registration="observer")

    assert account.get_authentication_provider(provider.id).self_registration == "observer"
    with pytest.raises(CanvasException):
        list(of(canvas, "teacher").get_account(1).get_authentication_providers())


@fact("rest 6.1", "A zip is uploaded, followed until it is imported, and its bad rows are told.")
def test_it_imports_a_zip_and_reads_the_messages(canvas: Sandbox, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("users.csv", "user_id,login_id,full_name,status\np-9,p9@home.test,Pat Nine,active\n")
        files.writestr(
            "user_observers.csv", "observer_id,student_id,status\np-9,sis-mia,active\np-9,nobody,active\n"
        )
    path = tmp_path / "families.zip"
    path.write_bytes(packed.getvalue())
    account = of(canvas, "admin").get_account(1)

    begun = account.create_sis_import(str(path))
    done = followed(account, begun.id)

    assert done.workflow_state == "imported_with_messages"
    assert done.data["counts"]["users"] == 1
    assert done.data["counts"]["user_observers"] == 1
    assert done.processing_warnings == [
        ["user_observers.csv", "A student referenced a non-existent user nobody"]
    ]
    observer = of(canvas, "admin").get_user("p-9", "sis_user_id")
    assert ids(observer.get_observees()) == [MIA]
    assert begun.id in ids(account.get_sis_imports())


def followed(account: Any, number: int) -> Any:
    for _ in range(200):
        found = account.get_sis_import(number)
        if found.workflow_state.startswith(("imported", "failed", "aborted")):
            return found
        time.sleep(0.05)
    raise AssertionError(f"still {found.workflow_state}")


def test_it_is_told_that_its_token_is_dead(canvas: Sandbox) -> None:
    with pytest.raises(InvalidAccessToken):
        Canvas(canvas.url, "made up").get_current_user()


@fact("lti 7.6", "as_user_id answers as the other person, for those who may.")
def test_it_acts_as_somebody_else(canvas: Sandbox) -> None:
    assert of(canvas, "admin").get_user("self", as_user_id=MIA).id == MIA
    with pytest.raises(CanvasException):
        of(canvas, "teacher").get_user("self", as_user_id=ADMIN)
    assert of(canvas, "teacher").get_user("self").id == TEACHER
