"""Days as people write them, and none where two could be meant."""

from datetime import date

import pytest

from app.sheets import days, words

MARCH = date(2027, 3, 12)


@pytest.mark.parametrize(
    "text",
    [
        "2027-03-12",
        " 2027/3/12 ",
        "2027-03-12 00:00:00",
        "2027-03-12T23:59:59Z",
        "12.03.2027",
        "12.3.27",
        "2027年3月12日",
        "12 March 2027",
        "March 12th, 2027",
        "12-Mar-27",
        "12 de marzo de 2027",
        "12 mars 2027",
        "12. März 2027",
        "12 de março de 2027",
        "12 marzo 2027",
        "12 maart 2027",
        "١٢ مارس ٢٠٢٧",
    ],
)
@pytest.mark.parametrize("day_first", [True, False, None])
def test_a_day_that_can_mean_only_one_is_read(text: str, day_first: bool | None) -> None:
    assert days.read(text, day_first) == MARCH


def test_day_and_month_are_told_apart_by_whoever_uploads() -> None:
    assert days.read("12/3/2027", True) == days.read("3/12/2027", False) == MARCH
    assert days.read("3/12/2027", None) is None


@pytest.mark.parametrize("day_first", [True, False, None])
def test_a_number_that_is_no_month_decides(day_first: bool | None) -> None:
    assert days.read("3/25/2027", day_first) == days.read("25/3/2027", day_first) == date(2027, 3, 25)
    assert days.read("4/4/2027", day_first) == date(2027, 4, 4)


@pytest.mark.parametrize("text", ["", "soon", "2027", "31.2.2027", "12/2027", "March", "12 3 2027", "46093"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert days.read(text, True) is None


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("Coach", "coach"),
        ("track coach", "coach"),
        ("Mother", "parent"),
        ("Legal guardian", "parent"),
        ("tutor legal", "parent"),
        ("Tutor", "tutor"),
        ("Entrenadora", "coach"),
        ("Erziehungsberechtigte", "parent"),
        ("conseiller", "advisor"),
        ("教练", "coach"),
        ("المدرب", "coach"),
        ("neighbor", None),
        ("", None),
    ],
)
def test_a_purpose_is_understood_in_the_languages_of_sheets(text: str, purpose: str | None) -> None:
    assert words.purpose(text) == purpose
