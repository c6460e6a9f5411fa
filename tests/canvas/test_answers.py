"""Answers with wrong types and missing keys: named, and never anything but CanvasNonsense."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.canvas import Canvas, courses, enrollments, observees, users
from app.errors import CanvasFailure, CanvasNonsense, CanvasRejects
from tests.canvas.remote import Remote, Reply

MIA = {"id": 41, "name": "Mia Holm", "sortable_name": "Holm, Mia", "observation_link_root_account_ids": [1]}
ROW = {
    "id": 501,
    "user_id": 77,
    "course_id": 3,
    "type": "StudentEnrollment",
    "created_at": "2026-02-01T08:00:00Z",
    "associated_user_id": 41,
    "course_section_id": 9,
    "enrollment_state": "active",
    "user": {"id": 77, "name": "Per Holm", "sortable_name": "Holm, Per"},
}
COURSE = {
    "id": 3,
    "name": "Maths",
    "access_restricted_by_date": False,
    "enrollments": [{"type": "observer", "user_id": 77, "associated_user_id": 41}],
}
PROFILE = {"id": 77, "name": "Per", "time_zone": "Europe/Copenhagen", "locale": "da"}

Call = Callable[[Canvas], object]
ENDPOINTS: dict[str, tuple[Call, Any]] = {
    "users.profile": (users.profile, PROFILE),
    "observees.list": (lambda canvas: observees.list_observees(canvas, "10"), [MIA]),
    "observees.find": (lambda canvas: observees.find(canvas, "10", "41"), MIA),
    "observees.add": (lambda canvas: observees.add(canvas, "10", "41"), MIA),
    "enrollments.list": (lambda canvas: enrollments.observers_in_course(canvas, "3"), [ROW]),
    "enrollments.observe": (lambda canvas: enrollments.observe_section(canvas, "9", "77", "41"), ROW),
    "courses.students": (lambda canvas: courses.students(canvas, "3"), [{**MIA, "enrollments": [ROW]}]),
    "courses.of_student": (lambda canvas: courses.of_student(canvas, "41"), [COURSE]),
    "courses.observed": (courses.observed, [COURSE]),
}
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
        ("observees.list", (0, "observation_link_root_account_ids", 0), [], "[0].observation_link_root_acco"),
        ("enrollments.list", (0, "user", "name"), 5, "[0].user.name: int, not a text"),
        ("enrollments.observe", ("associated_user_id",), None, "associated_user_id: NoneType, not an id"),
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


def test_a_200_with_no_link_is_a_refusal(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(data={**MIA, "observation_link_root_account_ids": []}))
    with pytest.raises(CanvasRejects) as caught:
        observees.add(canvas, "10", "41")
    assert caught.value.message == observees.LINKED_NOTHING
