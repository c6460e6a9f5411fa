"""Days as people write them in sheets: never guessed where two readings are possible."""

import re
from datetime import date
from functools import cache

from babel.dates import get_month_names

from app.sheets.vocabulary import spelled

TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}\S*)?\s*([AaPp][Mm]|Z)?\Z")
YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})")
ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th|er|º|ª)\b", re.IGNORECASE)
LANGUAGES = ("en", "es", "fr", "de", "pt", "it", "nl", "ar")
MONTHS = 12


def read(text: str, day_first: bool | None) -> date | None:
    """The day; None when it is none, or when day and month could be meant either way and nobody has said."""
    bare = TIME.sub("", text.strip())
    if found := YEAR_FIRST.fullmatch(bare):
        year, month, day = map(int, found.groups())
        return _day(year, month, day)
    if found := YEAR_LAST.fullmatch(bare):
        first, second, year = (int(found[group]) for group in (1, 3, 4))
        return _year_last(first, second, year, True if found[2] == "." else day_first)
    return _with_a_name(bare)


def _year_last(first: int, second: int, year: int, day_first: bool | None) -> date | None:
    if first > MONTHS or first == second:
        day_first = True
    elif second > MONTHS:
        day_first = False
    if day_first is None:
        return None
    day, month = (first, second) if day_first else (second, first)
    return _day(year, month, day)


def _with_a_name(text: str) -> date | None:
    """A day with the month's name: "12 March 2027", "Mar 12, 2027", "12-Mar-27"."""
    words = spelled(ORDINAL.sub(r"\1", text)).split()
    months = {_months()[word] for word in words if word in _months()}
    numbers = [int(word) for word in words if word.isdecimal()]
    if len(months) != 1 or len(numbers) != 2:  # noqa: PLR2004 - the day and the year
        return None
    return _day(numbers[1], months.pop(), numbers[0])


@cache
def _months() -> dict[str, int]:
    found: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=language).items():
                found.setdefault(spelled(name), number)
    return found


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year + 2000 if year < 100 else year, month, day)  # noqa: PLR2004 - two digits
    except ValueError:
        return None
