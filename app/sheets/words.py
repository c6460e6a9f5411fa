"""What a column's header, or the word in an action column, says.

A phrase counts wherever it stands in a header; short ones only as whole words. Of several, the longest
decides, so that "user name" is not taken for a name.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from app.sheets.vocabulary import ABOUT_PEOPLE, ACTIONS, PARENTS, PURPOSES, STUDENTS, TOPICS, Phrases, spelled

NUMBER = re.compile(r"(?<!\d)([1-9])(?!\d)")
LONGEST = 80  # a header; anything longer is a sentence
WHOLE_WORD = 5  # Latin phrases shorter than this
IGNORED = "ignored"


class Side(StrEnum):
    """Whom a column is about."""

    OBSERVER = "observer"
    STUDENT = "student"


@dataclass(frozen=True, slots=True)
class Said:
    """What one header says. `person` tells two parents, or two students, of one row apart."""

    side: Side | None
    topic: str | None  # a key of ABOUT_PEOPLE or TOPICS, or None: only a person is named
    person: str


@lru_cache(maxsize=4096)
def read(header: str) -> Said | None:
    """What this header says; None when no word of it is known."""
    if len(header) > LONGEST:
        return None
    text = spelled(header)
    topic = _longest(text, ABOUT_PEOPLE | TOPICS)
    parent = _longest(text, PARENTS)
    side = None
    if parent is not None:  # also "the student's mother"
        side = Side.OBSERVER
    elif any(_stands(phrase, text) for phrase in STUDENTS):
        side = Side.STUDENT
    if topic is None and side is None:
        return None
    number = NUMBER.search(text)
    return Said(side, topic, f"{parent or ''}{number[1] if number else ''}")


@lru_cache(maxsize=1024)
def adds(text: str) -> bool | None:
    """Whether the word in a row's action column adds (as a blank does) or removes; None: not understood."""
    word = spelled(text)
    if not word:
        return not text.strip() or None
    return next((adding for adding, phrases in ACTIONS.items() if word in phrases), None)


@lru_cache(maxsize=1024)
def purpose(text: str) -> str | None:
    """What an observer is to a student, as a key of PURPOSES; None: not understood."""
    return _longest(spelled(text), PURPOSES) if len(text) <= LONGEST else None


def _longest(text: str, kinds: Phrases) -> str | None:
    """The kind whose longest phrase stands in the text."""
    best, length = None, 0
    for kind, phrases in kinds.items():
        for phrase in phrases:
            if len(phrase) > length and _stands(phrase, text):
                best, length = kind, len(phrase)
    return best


def _stands(phrase: str, text: str) -> bool:
    if phrase.isascii() and len(phrase) < WHOLE_WORD:
        return f" {phrase} " in f" {text} "
    return phrase in text
