"""users.csv: every row message and everything a row does."""

from typing import Any

import pytest

from tests.facts import fact
from tests.sandbox.importing import csv, imported, said, school
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import ADMIN, MIA, NILS, PARENT, A, B

HEADER = "user_id,login_id,status,email,integration_id,authentication_provider_id"
CLAIMED = "An existing Canvas user with the {} has already claimed {}'s {}, skipping"
NAME = "user_id requested login information"


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    """The school; one person has a login without a SIS id, and one an integration id."""
    world = school()
    by_id = {user["id"]: user for user in world["users"]}
    del by_id[MIA]["logins"][0]["sis_user_id"]
    by_id[NILS]["logins"][0]["integration_id"] = "int-nils"
    sandbox.use(world)
    return sandbox


def user_of(canvas: Sandbox, login: str) -> dict[str, Any]:
    """The person with this login name."""
    users = canvas.state()["users"]
    return next(user for user in users if any(each["unique_id"] == login for each in user["logins"]))


MESSAGES = [
    (",new,active,,,", "No user_id given for a user"),
    ("new,,active,,,", "No login_id given for user new"),
    ("new,new,,,,", "No status given for user new"),
    ("new,new,sleeping,,,", "Improper status for user new"),
    ("new,n\0w,active,,,", "Some of the fields contain NULL character"),
    ("new,new,active,,int-nils,", CLAIMED.format("SIS ID sis-nils", "new", "requested integration_id")),
    ("sis-parent,nils,active,,,", CLAIMED.format("SIS ID sis-nils", "sis-parent", NAME)),
    ("sis-parent,MIA,active,,,", CLAIMED.format("Canvas ID 11", "sis-parent", NAME)),
    ("new,nils,active,,,", CLAIMED.format("SIS ID sis-nils", "new", NAME)),
    ("new,new,active,,,saml", "unrecognized authentication provider saml for new, skipping"),
    ("sis-admin,admin,deleted,,,", "Can't remove yourself user_id 'sis-admin'"),
    (
        f"new,{'x' * 101},active,,,",
        f"Could not save the user with user_id: 'new'. Invalid login_id: '{'x' * 101}'",
    ),
]


@fact("rest 6.5", "user_id, login_id and status are required; status is active, suspended or deleted.")
@fact("rest 6.5", "A field with a NUL gets its row left out.")
@fact("rest 6.5", "A login name or integration id that somebody else has gets the row left out.")
@fact("rest 6.5", "The holder is named by SIS id, or by Canvas id without one.")
@fact("rest 6.5", "An unknown login provider, a bad login_id or one's own removal gets the row left out.")
def test_every_wrong_row_of_users_gets_its_message(canvas: Sandbox) -> None:
    before = canvas.state()["users"]
    batch = imported(canvas, csv(HEADER, *(row for row, _ in MESSAGES)))
    assert said(batch) == [message for _, message in MESSAGES]
    assert batch["data"]["counts"]["users"] == 0
    assert canvas.state()["users"] == before


@fact("rest 6.5", "A name that is too long gets a message.", uncertain="what the message says of the error")
@fact("rest 6.5", "A declared_user_type is one of six.", uncertain="what is said of another one")
def test_names_and_types_are_checked(canvas: Sandbox) -> None:
    header = "user_id,login_id,status,full_name,declared_user_type"
    types = ("administrative", "observer", "staff", "student", "student_other", "teacher", "robot")
    rows = [f"t{kind},t{kind},active,,{kind}" for kind in types]
    batch = imported(canvas, csv(header, f"long,long,active,{'x' * 256},", *rows))
    assert said(batch) == [
        "A user did not pass validation (user: long, error: name)",
        "Could not save the user with user_id: 'trobot'."
        " Unknown reason: declared_user_type is not included in the list",
    ]
    assert batch["data"]["counts"]["users"] == 6
    assert user_of(canvas, "tobserver")["logins"][0]["declared_user_type"] == "observer"


@fact(
    "rest 6.5",
    "An e-mail address that is wrong gets a message.",
    uncertain="that the rest of the row is done",
)
def test_a_wrong_email_leaves_the_rest_done(canvas: Sandbox) -> None:
    long = f"{'x' * 250}@x.test"
    batch = imported(canvas, csv(HEADER, "e1,e1,active,nonsense,,", f"e2,e2,active,{long},,"))
    assert said(batch) == [
        "The email address associated with user 'e1' is invalid (email: 'nonsense')",
        f"An email did not pass validation ({long}, error: path)",
    ]
    assert (user_of(canvas, "e1")["email"], user_of(canvas, "e2")["email"]) == (None, None)


@fact("rest 6.5", "People made by an import are registered, with a confirmed e-mail address and no message.")
@fact("rest 6.5", "Names come from full_name, or first_name and last_name; others may be given beside them.")
def test_a_row_makes_a_person(canvas: Sandbox) -> None:
    header = "user_id,login_id,status,password,first_name,last_name,full_name,sortable_name,short_name,email"
    rows = (
        "n1,n1@x.test,active,secret,Ada,Byron King,,,,ada@x.test",
        "n2,n2,Active,,,,Bo Ek,,Bosse,",
        "n3,n3,active,,C,D,Cleo Dahl,Zed,,",
        "n4,n4,active,,,,,,,",
    )
    batch = imported(canvas, csv(header, *rows))
    assert batch["workflow_state"] == "imported"
    assert batch["data"]["counts"]["users"] == 4
    ada = user_of(canvas, "n1@x.test")
    names = [
        (user["name"], user["sortable_name"], user["short_name"])
        for user in (ada, *(user_of(canvas, f"n{each}") for each in (2, 3, 4)))
    ]
    assert names == [
        ("Ada Byron King", "Byron King, Ada", "Ada Byron King"),
        ("Bo Ek", "Ek, Bo", "Bosse"),
        ("Cleo Dahl", "Zed", "Cleo Dahl"),
        ("n4", "n4", "n4"),
    ]
    assert (ada["workflow_state"], ada["email"]) == ("registered", "ada@x.test")
    assert ada["logins"][0] | {"sis_user_id": "n1", "password": "secret", "account_id": 1} == ada["logins"][0]
    shown = canvas.get("/users/sis_user_id:n1", "tok-admin")
    assert shown["name"] == "Ada Byron King"
    found = canvas.get("/accounts/1/users", "tok-admin", search_term="n1@x.test")
    assert [(each["sis_user_id"], each["sis_import_id"]) for each in found] == [("n1", batch["id"])]


@fact("rest 6.5", "pronouns are taken over.")
@fact(
    "rest 6.5",
    "ssha_password, canvas_password_notification and home_account are optional columns too.",
    uncertain="what they do: here they are read and do nothing",
)
def test_the_rarer_columns_are_taken(canvas: Sandbox) -> None:
    header = "user_id,login_id,status,pronouns,ssha_password,canvas_password_notification,home_account"
    batch = imported(canvas, csv(header, "sis-parent,parent,active,they/them,{SSHA}x,true,false"))
    assert batch["workflow_state"] == "imported"
    assert user_of(canvas, "parent")["pronouns"] == "they/them"


@fact("rest 6.5", "A row changes the login with its SIS id; what it leaves out stays as it is.")
@fact(
    "rest 6.5",
    "A login without a SIS id is taken over by the row with its login name.",
    uncertain="from memory",
)
def test_a_row_changes_the_login_with_its_sis_id(canvas: Sandbox) -> None:
    header = "user_id,login_id,status,integration_id,declared_user_type"
    imported(canvas, csv(header, "sis-parent,renamed,active,int-2,observer", "sis-mia,mia,active,,"))
    users = {user["id"]: user for user in canvas.state()["users"]}
    parent = users[PARENT]["logins"][0]
    assert (parent["unique_id"], parent["integration_id"]) == ("renamed", "int-2")
    assert (users[PARENT]["name"], users[PARENT]["email"]) == ("Per Holm", "parent@holm.test")
    assert users[MIA]["logins"][0]["sis_user_id"] == "sis-mia"
    imported(canvas, csv(HEADER, "sis-nobody,parent,active,,,"))
    assert canvas.get("/users/sis_login_id:parent", "tok-admin")["id"] not in (PARENT, MIA)


@fact("rest 6.5", "update_sis_id_if_login_claimed gives the login that has the name the new SIS id.")
def test_a_claimed_login_gets_the_new_sis_id_if_asked(canvas: Sandbox) -> None:
    batch = imported(canvas, csv(HEADER, "renumbered,nils,active,,,"), update_sis_id_if_login_claimed="true")
    assert batch["update_sis_id_if_login_claimed"] is True
    assert canvas.get("/users/sis_user_id:renumbered", "tok-admin")["id"] == NILS


@fact("rest 6.5", "authentication_provider_id is a provider's id or its type.")
def test_a_row_may_bind_a_login_to_a_provider(sandbox: Sandbox) -> None:
    world = school()
    world["accounts"][0]["authentication_providers"] = [
        {"id": 5, "auth_type": "canvas"},
        {"id": 6, "auth_type": "saml"},
    ]
    sandbox.use(world)
    imported(sandbox, csv(HEADER, "p1,p1,active,,,saml", "p2,p2,active,,,5"))
    found = [user_of(sandbox, each)["logins"][0]["authentication_provider_id"] for each in ("p1", "p2")]
    assert found == [6, 5]


@fact("rest 6.5", "A deleted person without another login loses their enrollments.")
@fact("rest 6.5", "The linked observers' enrollments go with the deleted student's, the links stay.")
def test_a_deleted_student_leaves_their_links(canvas: Sandbox) -> None:
    canvas.put(f"/users/{PARENT}/observees/{NILS}", "tok-admin")
    batch = imported(canvas, csv(HEADER, "sis-nils,nils,deleted,,,"))
    assert batch["data"]["statistics"]["Pseudonym"]["deleted"] == 1
    assert canvas.enrollments(NILS) == [(B, "Student", None, "deleted")]
    assert canvas.enrollments(PARENT) == [(B, "Observer", NILS, "deleted")]
    assert [link["state"] for link in canvas.state()["observation_links"]] == ["active"]
    assert canvas.api("GET", "/users/sis_user_id:sis-nils", "tok-admin").status_code == 404


@fact("rest 6.5", "A deleted person with another login in the account keeps their enrollments.")
def test_another_login_keeps_the_enrollments(sandbox: Sandbox) -> None:
    world = school()
    nils = next(user for user in world["users"] if user["id"] == NILS)
    nils["logins"].append({"account_id": 1, "unique_id": "nils2"})
    sandbox.use(world)
    imported(sandbox, csv(HEADER, "sis-nils,nils,deleted,,,"))
    assert sandbox.enrollments(NILS) == [(B, "Student", None, "active")]
    assert sandbox.get("/users/sis_login_id:nils2", "tok-admin")["id"] == NILS


@fact("rest 6.5", "A deleted login comes back by an active row.", uncertain="that its enrollments stay away")
def test_an_active_row_brings_a_login_back(canvas: Sandbox) -> None:
    imported(canvas, csv(HEADER, "sis-nils,nils,deleted,,,"))
    imported(canvas, csv(HEADER, "sis-nils,nils,active,,,"))
    assert canvas.get("/users/sis_user_id:sis-nils", "tok-admin")["id"] == NILS
    assert canvas.enrollments(NILS) == [(B, "Student", None, "deleted")]


@fact("rest 6.5", "A suspended person keeps everything but cannot log in.")
def test_a_suspended_person_cannot_log_in(canvas: Sandbox) -> None:
    imported(canvas, csv(HEADER, "sis-parent,parent,suspended,,,"))
    form = {"pseudonym_session[unique_id]": "parent", "pseudonym_session[password]": "pw"}
    assert canvas.call("POST", "/login/canvas", data=form).status_code == 400
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    assert (A, "Observer", MIA, "active") in canvas.enrollments(PARENT)
    imported(canvas, csv(HEADER, "sis-parent,parent,active,,,"))
    assert canvas.call("POST", "/login/canvas", data=form).status_code == 302


@fact("rest 6.5", "With skip_deletes a row that deletes is left out.")
def test_skip_deletes_keeps_people(canvas: Sandbox) -> None:
    rows = ("sis-nils,nils,deleted,,,", "sis-admin,admin,deleted,,,")
    batch = imported(canvas, csv(HEADER, *rows), skip_deletes="1")
    assert (batch["workflow_state"], batch["data"]["counts"]["users"]) == ("imported", 0)
    assert canvas.get("/users/sis_user_id:sis-admin", "tok-admin")["id"] == ADMIN
