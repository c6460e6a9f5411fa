"""The Inbox."""

from typing import Any

import pytest

from tests.facts import fact
from tests.sandbox.campus import Browser
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import ADMIN, FAR, MATHS, MIA, NILS, PARENT, SERVICE, TA, TEACHER, A, small_world

MEMORY = "Conversations documentation, from memory"


def write(canvas: Sandbox, token: str, *to: object, **data: Any) -> Any:
    given = {"recipients[]": [str(each) for each in to], "body": "Hello", "subject": "A code"} | data
    return canvas.post("/conversations", token, **given)


@pytest.fixture
def pair(canvas: Sandbox) -> Sandbox:
    """The parent observes Mia."""
    canvas.put(f"/users/{PARENT}/observees/{MIA}", "tok-admin")
    return canvas


@fact("rest 4.3", "Writing answers 201 with the conversations, one for each recipient.", uncertain=MEMORY)
def test_everyone_written_to_has_a_conversation_of_their_own(pair: Sandbox) -> None:
    answer = write(pair, "tok-teacher", MIA, NILS)
    assert answer.status_code == 201
    first, second = answer.json()
    assert (first["audience"], second["audience"]) == ([MIA], [NILS])
    assert (first["subject"], first["last_message"], first["private"]) == ("A code", "Hello", True)
    assert first["messages"][0]["author_id"] == TEACHER
    (got,) = pair.get("/conversations", "tok-mia")
    assert (got["workflow_state"], got["participants"][0]["id"]) == ("unread", TEACHER)
    assert pair.get("/conversations", "tok-ta") == []
    assert pair.get("/conversations", "tok-teacher") == []
    sent = pair.get("/conversations", "tok-teacher", scope="sent")
    assert {each["id"] for each in sent} == {first["id"], second["id"]}


@fact("rest 4.3", "group_conversation puts all recipients into one conversation.", uncertain=MEMORY)
def test_a_group_conversation_is_one(pair: Sandbox) -> None:
    (made,) = write(pair, "tok-teacher", f"{MIA},{NILS}", group_conversation="true").json()
    assert (made["private"], sorted(made["audience"])) == (False, [MIA, NILS])
    (again,) = write(pair, "tok-teacher", MIA, NILS, group_conversation="true").json()
    assert again["id"] != made["id"]


@fact(
    "rest 4.3", "Two people go on in their conversation unless force_new asks for another.", uncertain=MEMORY
)
def test_two_people_go_on_in_their_conversation(pair: Sandbox) -> None:
    ids = [write(pair, "tok-teacher", MIA, **more).json()[0]["id"] for more in ({}, {}, {"force_new": "1"})]
    assert ids[0] == ids[1] != ids[2]
    assert pair.get(f"/conversations/{ids[0]}", "tok-mia")["message_count"] == 2


@fact("rest 4.3", "Nobody writes without recipients, body or a known context.", uncertain=MEMORY)
@pytest.mark.parametrize(
    ("data", "attribute", "problem"),
    [
        ({"recipients[]": []}, "recipients", "blank"),
        ({"recipients[]": ["999"]}, "recipients", "invalid"),
        ({"recipients[]": [str(FAR)]}, "recipients", "invalid"),
        ({"body": " "}, "body", "blank"),
        ({"subject": "x" * 256}, "subject", "too long"),
        ({"context_code": "course_999"}, "context_code", "invalid"),
        ({"context_code": "account_1"}, "context_code", "invalid"),
        ({"context_code": "planet_1"}, "context_code", "invalid"),
    ],
)
def test_what_is_wrong_is_named(canvas: Sandbox, data: dict[str, Any], attribute: str, problem: str) -> None:
    answer = write(canvas, "tok-teacher", MIA, **data)
    assert (answer.status_code, answer.json()) == (400, [{"attribute": attribute, "message": problem}])


@fact(
    "rest 4.3",
    "Observers reach their teachers and students; students their own observers; staff everybody they see.",
    uncertain="the address book was not read; the best simple reading",
)
@pytest.mark.parametrize(
    ("token", "to", "status"),
    [
        ("tok-parent", TEACHER, 201),
        ("tok-parent", TA, 201),
        ("tok-parent", MIA, 201),
        ("tok-parent", NILS, 400),
        ("tok-parent", ADMIN, 400),
        ("tok-parent", PARENT, 201),
        ("tok-mia", PARENT, 201),
        ("tok-nils", PARENT, 400),
        ("tok-nils", MIA, 201),
        ("tok-teacher", PARENT, 201),
        ("tok-limited", PARENT, 201),
        ("tok-limited", NILS, 400),
        ("tok-admin", PARENT, 201),
        ("tok-admin", FAR, 400),
        ("tok-service", PARENT, 400),
    ],
)
def test_people_write_to_those_they_may_reach(pair: Sandbox, token: str, to: int, status: int) -> None:
    assert write(pair, token, to).status_code == status


@fact(
    "rest 7",
    "An account role with send_messages writes to everybody of the account.",
    uncertain="send_messages, or read_roster alone",
)
def test_a_service_account_with_send_messages_writes_to_its_people(canvas: Sandbox) -> None:
    admins = [{"user_id": SERVICE, "account_id": 1, "permissions": ["send_messages"]}]
    canvas.use(small_world() | {"admins": admins})
    (made,) = write(canvas, "tok-service", PARENT, context_code="account_1").json()
    assert (made["context_code"], made["context_name"]) == ("account_1", "Holm School")
    assert write(canvas, "tok-service", FAR).status_code == 400


@fact("rest 4.3", "course_1_students and the like need send_messages_all.", uncertain=MEMORY)
def test_staff_write_to_all_of_a_kind(pair: Sandbox) -> None:
    made = write(pair, "tok-teacher", f"course_{MATHS}_students", context_code=f"course_{MATHS}").json()
    assert sorted(each["audience"][0] for each in made) == [MIA, NILS]
    assert made[0]["context_name"] == f"Course {MATHS}"
    for whom in (f"course_{MATHS}", "course_x", "course_999"):
        assert write(pair, "tok-mia", whom).status_code == 400


def test_reading_and_answering(pair: Sandbox) -> None:
    (made,) = write(pair, "tok-teacher", MIA).json()
    path = f"/conversations/{made['id']}"
    assert pair.get("/conversations/unread_count", "tok-mia") == {"unread_count": "1"}
    assert pair.get("/conversations", "tok-mia", scope="unread")[0]["id"] == made["id"]
    pair.get(path, "tok-mia", auto_mark_as_read="false")
    assert pair.get("/conversations/unread_count", "tok-mia") == {"unread_count": "1"}
    pair.get(path, "tok-mia")
    assert pair.get("/conversations/unread_count", "tok-mia") == {"unread_count": "0"}
    answer = pair.post(f"{path}/add_message", "tok-mia", body="Thanks")
    assert (answer.status_code, answer.json()["messages"][0]["body"]) == (201, "Thanks")
    assert pair.get("/conversations", "tok-teacher")[0]["workflow_state"] == "unread"
    assert pair.get("/conversations", "tok-teacher", scope="archived") == []
    assert pair.post(f"{path}/add_message", "tok-mia").status_code == 400
    assert pair.api("GET", path, "tok-nils").status_code == 404
    state = pair.state()
    pair.use(state)
    assert pair.state()["conversations"] == state["conversations"]
    assert write(pair, "tok-teacher", MIA).json()[0]["message_count"] == 3


def test_the_inbox_page_shows_and_answers(pair: Sandbox) -> None:
    (made,) = write(pair, "tok-teacher", MIA, body="Here is <b>your</b> code").json()
    browser = Browser(pair.url)
    browser.http.headers["User-Agent"] = "tests"
    browser.log_in(MIA)
    page = browser.get("/conversations").text
    assert "unread" in page
    assert "Here is &lt;b&gt;your&lt;/b&gt; code" in page
    assert "unread" not in browser.get("/conversations").text
    assert browser.post(f"/conversations/{made['id']}", data={"body": "Thanks"}).status_code == 303
    assert pair.get("/conversations", "tok-teacher")[0]["last_message"] == "Thanks"
    nils = Browser(pair.url).log_in(NILS)
    assert "No conversations" in nils.get("/conversations").text
    assert nils.post(f"/conversations/{made['id']}", data={"body": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("conversation", "problem"),
    [
        ({"user_ids": [999]}, "conversations[0].user_ids[0]: there is no 999"),
        ({"user_ids": [MIA]}, "conversations[0].messages: is missing"),
        ({"messages": [{"author_id": MIA}]}, "conversations[0].messages[0].body: is missing"),
    ],
)
def test_a_malformed_conversation_names_the_key(
    canvas: Sandbox, conversation: dict[str, Any], problem: str
) -> None:
    answer = canvas.call("PUT", "/_sandbox/state", json=small_world() | {"conversations": [conversation]})
    assert (answer.status_code, answer.json()) == (400, {"error": problem})


def test_a_message_of_a_limited_teacher_stays_in_their_section(pair: Sandbox) -> None:
    made = write(pair, "tok-limited", f"course_{MATHS}_students").json()
    assert [each["audience"] for each in made] == [[MIA]]
    assert {row["section_id"] for row in pair.state()["enrollments"] if row["user_id"] == MIA} >= {A}
