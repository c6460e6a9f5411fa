"""How codes are spelled, and what is made of what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pairing import spelling
from app.pairing.spelling import ALPHABET, LENGTH, Native, Ours, Typo

codes = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1).map(
    lambda body: body + spelling.check_character(body)
)


def test_codes_have_no_look_alikes() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    assert not set("OILU") & set(ALPHABET)


def test_codes_are_made_at_random_and_read_back() -> None:
    made = {spelling.make() for _ in range(1000)}

    assert len(made) == 1000
    assert all(spelling.read(spelling.show(text)) == Ours(text) for text in made)


@given(codes)
def test_every_single_wrong_character_is_noticed(code: str) -> None:
    for place in range(LENGTH):
        for other in set(ALPHABET) - {code[place]}:
            assert spelling.read(code[:place] + other + code[place + 1 :]) == Typo()


@given(codes)
def test_every_swap_of_two_characters_is_noticed(code: str) -> None:
    for one in range(LENGTH):
        for other in range(one + 1, LENGTH):
            if code[one] != code[other]:
                swapped = list(code)
                swapped[one], swapped[other] = swapped[other], swapped[one]
                assert spelling.read("".join(swapped)) == Typo()


@given(codes, st.integers(0, LENGTH - 1))
def test_a_missing_or_doubled_character_is_noticed(code: str, place: int) -> None:
    assert spelling.read(code[:place] + code[place + 1 :]) == Typo()
    assert spelling.read(code[:place] + code[place] + code[place:]) == Typo()


@given(codes, st.sampled_from(["O", "o", "0"]), st.sampled_from(["I", "i", "l", "L", "1"]))
def test_look_alikes_are_read_as_what_was_meant(code: str, zero: str, one: str) -> None:
    assert spelling.read(code.replace("0", zero).replace("1", one)) == Ours(code)


@given(
    codes,
    st.lists(
        st.sampled_from(["", " ", "-", "\u2013", "\u2014", "\u2011", "_", ".", "\u00a0", "\t"]),
        min_size=LENGTH + 1,
        max_size=LENGTH + 1,
    ),
)
def test_spaces_and_dashes_mean_nothing(code: str, between: list[str]) -> None:
    typed = between[0] + "".join(c + gap for c, gap in zip(code, between[1:], strict=True))

    assert spelling.read(typed.lower()) == Ours(code)


@given(st.text())
def test_anything_at_all_can_be_read(typed: str) -> None:
    read = spelling.read(typed)

    if isinstance(read, Ours):
        assert set(read.text) <= set(ALPHABET)
    elif isinstance(read, Native):
        assert read.text.isascii()
        assert len(read.text) == 6


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("aB3dE9", Native("aB3dE9")),
        (" aB3 dE9 ", Native("aB3dE9")),
        ("AB3DE9", Native("AB3DE9")),
        ("aB3dE", Typo()),
        ("aB3dE99", Typo()),
        ("aB3dÉ9", Typo()),
        ("", Typo()),
        ("- -", Typo()),
    ],
)
def test_canvas_codes_are_told_apart_by_their_length_and_keep_their_case(
    typed: str, read: Native | Typo
) -> None:
    assert spelling.read(typed) == read


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("", []),
        (" , ;\n ", []),
        ("A", ["A"]),
        ("A, B;C\nD\r\nE", ["A", "B", "C", "D", "E"]),
        ("A, A ,B", ["A", "B"]),
        ("A B", ["A B"]),
    ],
)
def test_several_codes_are_separated_by_commas_semicolons_or_lines(typed: str, parts: list[str]) -> None:
    assert spelling.several(typed) == parts
