"""Canvas's own codes, redeemed with the observer's own token."""

from typing import Any

import pytest

from app.models import Guesses, Link, Way
from tests.journeys.rows import rows
from tests.people import Observer, School, Student, field

pytestmark = pytest.mark.both_databases

KENJI = 105
CODE = "aB3dE9"


@pytest.fixture
def coded(registered: School) -> School:
    """Kenji has made a code in Canvas. No service account is needed for what follows."""
    made = {"user_id": KENJI, "code": CODE, "expires_at": "2099-01-01T00:00:00Z"}
    registered.changes(lambda world: world["pairing_codes"].append(made))
    return registered


@pytest.fixture
def parent(coded: School) -> Observer:
    return Observer(coded, 44).enters()


def test_a_canvas_code_connects_with_the_observers_own_token(coded: School, parent: Observer) -> None:
    coded.forgets_calls()

    page = parent.redeems(f" {CODE[:3]} {CODE[3:]} ")

    assert "You are connected to Kenji Tanaka" in page.text
    assert "You can see all courses." in page.text
    assert (parent.id, KENJI) in coded.links()
    assert [(row["method"], row["user_id"]) for row in coded.writes()] == [("POST", parent.id)]
    assert [link.way for link in rows(Link)] == [Way.NATIVE_CODE]


def test_a_code_typed_before_signing_in_keeps_its_letters(coded: School) -> None:
    parent = Observer(coded, 44)

    assert "You are connected to Kenji Tanaka" in parent.redeems(CODE).text


@pytest.mark.parametrize("code", ["ZZZZZZ", CODE.upper(), CODE.lower()])
def test_upper_and_lower_case_matter_and_a_miss_counts(coded: School, parent: Observer, code: str) -> None:
    page = parent.redeems(code)

    assert page.status_code == 422
    assert "Canvas does not accept this code." in page.text
    assert "Capital and small letters matter in a six-character code" in page.text
    assert field(page) == code
    assert {row.misses for row in rows(Guesses)} == {1}
    assert (parent.id, KENJI) not in coded.links()


def test_wrong_canvas_codes_lead_to_waiting_like_ours(parent: Observer) -> None:
    for _ in range(6):
        parent.redeems("ZZZZZZ")

    page = parent.redeems(CODE)

    assert "There were too many wrong codes." in page.text
    assert field(page) == CODE


def test_a_code_that_connects_nobody_is_told_so(coded: School) -> None:
    kenji = Observer(coded, KENJI).enters()

    page = kenji.redeems(CODE)

    assert page.status_code == 422
    assert "Canvas took the code but connected nobody." in page.text
    assert "Canvas has used this one up." in page.text
    assert [row.misses for row in rows(Guesses)] == [0]
    assert rows(Link) == []
    assert coded.links() == {(40, 101)}


def test_a_canvas_code_for_somebody_already_connected_says_so(coded: School, parent: Observer) -> None:
    parent.redeems(CODE)
    second = {"user_id": KENJI, "code": "Zz9Yy8", "expires_at": "2099-01-01T00:00:00Z"}
    coded.changes(lambda world: world["pairing_codes"].append(second))

    page = parent.redeems("Zz9Yy8, oops")

    assert "Kenji Tanaka: you were connected already." in page.text
    assert len(rows(Link)) == 1


def test_an_answer_that_is_lost_is_found_again(coded: School, parent: Observer) -> None:
    coded.canvas.fault(method="POST", route="/api/v1/users", reset="after", count=1)

    page = parent.redeems(CODE)

    assert "You are connected to Kenji Tanaka" in page.text
    assert (parent.id, KENJI) in coded.links()


@pytest.mark.parametrize("fault", [{"reset": "before"}, {"status": 500}, {"html_error": True}])
def test_a_canvas_that_does_not_answer_loses_nothing_that_was_typed(
    coded: School, parent: Observer, fault: dict[str, Any]
) -> None:
    coded.canvas.fault(method="POST", route="/api/v1/users", **fault)

    page = parent.redeems(CODE)

    assert page.status_code == 422
    assert "Canvas does not answer at the moment." in page.text
    assert "Please try again in a minute." in page.text
    assert field(page) == CODE
    coded.mended()
    assert "You are connected" in parent.press(page, "Connect me").text


def test_a_right_that_the_key_lacks_is_told(coded: School, parent: Observer) -> None:
    coded.canvas.fault(method="POST", route="/api/v1/users", status=403)

    page = parent.redeems(CODE)

    assert page.status_code == 422
    assert "Canvas does not let Observatory do this yet." in page.text
    assert field(page) == CODE


def test_a_dead_sign_in_is_renewed_and_the_code_is_kept(coded: School, parent: Observer) -> None:
    coded.changes(lambda world: world.update(access_tokens=[]))
    parent.logs_in()

    consent = parent.redeems(CODE)
    page = parent.signs_in(consent)

    assert field(page) == CODE
    assert "You are connected to Kenji Tanaka" in parent.press(page, "Connect me").text


def test_the_student_sees_that_it_was_a_code_of_canvas(school: School) -> None:
    made = {"user_id": KENJI, "code": CODE, "expires_at": "2099-01-01T00:00:00Z"}
    school.changes(lambda world: world["pairing_codes"].append(made))
    Observer(school, 44).redeems(CODE)

    assert (
        "Aiko Tanaka sees all your courses by a code of Canvas, since"
        in Student(school, KENJI).sees_observers()
    )
