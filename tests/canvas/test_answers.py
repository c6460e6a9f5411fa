"""Answers with wrong types and missing keys: named, and never anything but CanvasNonsense."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from app.canvas import Canvas, accounts, courses, observees, users
from app.errors import CanvasFailure, CanvasNonsense, CanvasRejects
from tests.canvas.endpoints import COURSE, ENDPOINTS, MIA, Call
from tests.canvas.remote import Remote, Reply
from tests.facts import fact

MISSING: Any = object()
ODD = [
    MISSING,
    None,
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    10**30,
    [],
    [None],
    [[]],
    ["x"],
    {},
    {"id": "x"},
    "2026-02-30",
]


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in the answer that something odd can stand at."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from places(value, (*path, key))


def odd(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    data = copy.deepcopy(data)
    place = data
    for key in path[:-1]:
        place = place[key]
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return data


def outcome(call: Call, canvas: Canvas) -> object:
    try:
        return call(canvas)
    except (CanvasNonsense, CanvasRejects) as failure:
        return failure


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_odd_value_anywhere_is_read_or_named(canvas: Canvas, remote: Remote, name: str) -> None:
    call, good = ENDPOINTS[name]
    remote.says(Reply(data=good))
    whole = call(canvas)
    for path in places(good):
        for value in ODD:
            remote.says(Reply(data=odd(good, path, value)))
            found = outcome(call, canvas)
            named = isinstance(found, CanvasFailure) and found.message != ""
            assert named or type(found) is type(whole)


@pytest.mark.parametrize(
    ("name", "path", "value", "complaint"),
    [
        ("observees.find", ("id",), MISSING, "id: nothing, not an id"),
        ("observees.find", ("id",), True, "id: bool, not an id"),
        ("observees.find", ("name",), None, "name: NoneType, not a text"),
        ("observees.add", ("observation_link_root_account_ids",), MISSING, "not a list of ids"),
        (
            "observees.list_observees",
            (0, "observation_link_root_account_ids", 0),
            [],
            "[0].observation_link_root_acco",
        ),
        ("enrollments.of_course", (0, "user", "name"), 5, "[0].user.name: int, not a text"),
        (
            "enrollments.observe_section",
            ("associated_user_id",),
            None,
            "associated_user_id: NoneType, not an id",
        ),
        ("observees.make_pairing_code", ("expires_at",), "2026-11-29T07:00:00", "not a time with a zone"),
        ("observees.make_pairing_code", ("code",), "", "code: str, not a token"),
        (
            "authentication_providers.get",
            ("self_registration",),
            "some",
            "self_registration: str, not none, observer or",
        ),
        (
            "sis_imports.get",
            ("processing_warnings", 0),
            ["x"],
            "processing_warnings: list, not a list of pai",
        ),
        ("sis_imports.get", ("data", "counts", "users"), -1, "data.counts.users: int, not a number"),
        ("sis_imports.errors", ("sis_import_errors",), None, "sis_import_errors: NoneType, not a list"),
        ("accounts.permissions", ("read_roster",), "yes", "read_roster: str, not true or false"),
        ("courses.students", (0, "enrollments", 0, "course_section_id"), {}, "[0].enrollments[0].course_sec"),
    ],
)
def test_what_was_wrong_is_named(
    canvas: Canvas, remote: Remote, name: str, path: tuple[Any, ...], value: Any, complaint: str
) -> None:
    call, good = ENDPOINTS[name]
    remote.says(Reply(data=odd(good, path, value)))
    with pytest.raises(CanvasNonsense) as caught:
        call(canvas)
    assert complaint in caught.value.message
    assert "Holm" not in caught.value.message, "what was found is never shown"


@fact(
    "rest 7", "Permissions held are told as booleans, or as texts.", uncertain="the documentation shows texts"
)
@pytest.mark.parametrize(("sent", "held"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_a_permission_is_read_in_both_forms(canvas: Canvas, remote: Remote, sent: object, held: bool) -> None:
    remote.says(Reply(data={"read_roster": sent}))
    assert (accounts.permissions(canvas, ["read_roster"]) == {"read_roster"}) is held


@fact("rest 0", "An id is a number or a text, and may name another shard.")
@pytest.mark.parametrize(
    ("sent", "read"), [(41, "41"), ("41", "41"), ("1~41", "1~41"), (10000000000041, "10000000000041")]
)
def test_an_id_is_a_text_however_it_is_sent(canvas: Canvas, remote: Remote, sent: object, read: str) -> None:
    remote.says(Reply(data={**MIA, "id": sent}))
    assert users.profile(canvas, "41").id == read


def test_a_course_out_of_its_dates_is_left_out(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(data=[{"id": 4, "access_restricted_by_date": True}, COURSE]))
    assert [course.id for course in courses.of_student(canvas, "41")] == ["3"]
    assert [seen.course.id for seen in courses.observed(canvas)] == ["3"]


@fact("rest 1.3", "A 200 whose list of root accounts is empty made no link.")
def test_a_200_with_no_link_is_a_refusal(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(data={**MIA, "observation_link_root_account_ids": []}))
    with pytest.raises(CanvasRejects) as caught:
        observees.add(canvas, "10", "41")
    assert caught.value.message == observees.LINKED_NOTHING
