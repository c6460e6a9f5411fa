"""How a code is spelled: made, shown, and read back from what a person typed.

Ours has 10 characters of a 32-letter alphabet without look-alikes: 9 random ones (45 bits) and a check
character. The check is a weighted sum over GF(32) whose weights all differ, so every single wrong character
and every swap of two characters is noticed before it could count as a guess.
"""

import re
import secrets
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
POSSIBLE = len(ALPHABET) ** (LENGTH - 1)

LOOK_ALIKES = str.maketrans("OIL", "011")
NATIVE_LENGTH = 6
SEPARATORS = re.compile(r"[\s\-\u2010-\u2015_.]+")
BETWEEN_CODES = re.compile(r"[,;\n]+")


@dataclass(frozen=True, slots=True)
class Ours:
    """A code of ours, in the one form that is looked up."""

    text: str


@dataclass(frozen=True, slots=True)
class Native:
    """One of Canvas's own codes; upper and lower case differ."""

    text: str


@dataclass(frozen=True, slots=True)
class Typo:
    """Nothing that could be a code."""


def make() -> str:
    """A new random code, without the dash."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_character(body)


def show(text: str) -> str:
    """The code as people see it: XXXXX-XXXXX."""
    return f"{text[:5]}-{text[5:]}"


def read(typed: str) -> Ours | Native | Typo:
    """What a person meant: any case, spaces and dashes anywhere, O for 0, I or L for 1."""
    bare = SEPARATORS.sub("", typed)
    text = bare.upper().translate(LOOK_ALIKES)
    if len(text) == LENGTH and set(text) <= set(ALPHABET) and check_character(text[:-1]) == text[-1]:
        return Ours(text)
    if len(bare) == NATIVE_LENGTH and bare.isascii() and bare.isalnum():
        return Native(bare)
    return Typo()


def several(typed: str) -> list[str]:
    """The codes in one field, separated by commas, semicolons or line ends; each once, in order."""
    parts = [part.strip() for part in BETWEEN_CODES.split(typed)]
    return list(dict.fromkeys(filter(None, parts)))


def check_character(body: str) -> str:
    """The character that makes the weighted sum of all characters zero."""
    total = 0
    for weight, character in zip(_WEIGHTS, body, strict=True):
        total ^= _product(weight, ALPHABET.index(character))
    return ALPHABET[total]


def _product(a: int, b: int) -> int:
    """Multiplication in GF(32), modulo x^5 + x^2 + 1."""
    result = 0
    while b:
        if b & 1:
            result ^= a
        a <<= 1
        if a & 0b100000:
            a ^= 0b100101
        b >>= 1
    return result


def _powers(count: int) -> list[int]:
    powers = [2]
    while len(powers) < count:
        powers.append(_product(powers[-1], 2))
    return powers


_WEIGHTS = _powers(LENGTH - 1)  # the check character itself weighs 1; x is primitive, so no weight repeats
